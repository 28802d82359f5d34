// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeaseRef} from "../types/Lease.sol";
import {Listing, Order} from "../types/Trade.sol";

/// @title Market
/// @notice Buy: at a provider's list price, at once; or at the scheduler's firm quote, which the next slots procure.
interface IMarket {
    /// @notice What was bought.
    /// @param start first second (unix) that is billed
    /// @param rate token base units per card-hour
    /// @param parent lease that this one prolongs; 0 for none
    struct Sale {
        address provider;
        bytes32 node;
        uint64 nonce;
        uint16 cards;
        uint32 duration;
        uint40 start;
        uint96 rate;
        bytes32 workload;
        uint64 parent;
    }

    /// @notice What its consumer allows for an open-ended lease.
    /// @param node where it is prolonged, as the class that it was
    /// @param maxRate most that it pays, token base units per card-hour
    /// @param until second (unix) at which it ends at last; 0 for nothing
    struct Renewal {
        bytes32 node;
        bytes32 resourceClass;
        uint96 maxRate;
        uint40 until;
    }

    /// @notice A lease was opened from a listing.
    /// @param leaseId `pageId << 8`: a page of one
    event ListingBought(bytes32 indexed listingId, address indexed consumer, uint64 indexed leaseId, Sale sale);
    /// @notice The listing is void from now on.
    event ListingCancelled(address indexed provider, uint64 nonce);

    /// @notice Anyone may prolong the lease as far as `renewal` allows.
    event RenewalAllowed(uint64 indexed leaseId, address indexed consumer, Renewal renewal);
    /// @notice `amount` is locked until the order is procured, or `deadline` (unix seconds) has passed.
    event QuoteAccepted(bytes32 indexed orderId, address indexed consumer, uint256 amount, uint40 deadline);
    /// @notice The order won: `total` stays locked for its lease, `shared` went back to the consumer, `kept` to the fees.
    event QuoteProcured(bytes32 indexed orderId, address indexed consumer, uint256 total, uint256 shared, uint256 kept);
    /// @notice The order was not procured in time; all of it went back.
    event QuoteRefunded(bytes32 indexed orderId, address indexed consumer, uint256 amount);

    error BadSignature(address expected);
    error Expired(uint64 validFrom, uint64 validUntil);
    error ListingVoid(address provider, uint64 nonce);
    error PriceZero();
    error QuantityUnavailable(uint32 left, uint32 wanted);
    error DurationOutOfBounds(uint32 duration, uint32 minimum, uint32 maximum);
    error PriceTooHigh(uint256 total, uint256 maximum);
    error NodeMismatch(bytes32 node);
    /// @notice A cluster alone offers the node until then (unix seconds).
    error NodeInCluster(bytes32 node, uint64 until);
    error ProviderNotSelling(address provider);
    error ValueTooWide(uint256 value, uint256 maximum);
    error NotConsumer(address consumer, address caller);
    /// @notice A lease is prolonged by its own provider.
    error OtherProvider(address expected, address got);
    error LeaseOver(uint64 leaseId);
    /// @notice Its consumer allows no renewal beyond its end, or it was closed.
    error NotRenewable(uint64 leaseId);
    error RenewalTooEarly(uint64 leaseId, uint64 from);
    error QuoteTaken(bytes32 orderId);
    error QuoteNotOpen(bytes32 orderId);
    error QuoteStillOpen(bytes32 orderId, uint64 deadline);
    /// @notice An order at a firm quote expires soon, so that no quote holds money for long.
    error QuoteTimeOutOfBounds(uint256 validUntil, uint256 minimum, uint256 maximum);
    error NotProtocol(address caller);

    /// @notice Buys cards of a listing now, paying from the caller's available balance. Fails while entry is paused.
    /// @param maxTotal most the caller lets be locked, fee included, base units
    function buy(
        Listing calldata listing,
        bytes calldata signature,
        uint16 cards,
        uint32 duration,
        bytes32 workload,
        uint256 maxTotal
    ) external returns (uint64 leaseId);

    /// @notice Prolongs a running lease of the caller: a new lease that starts where the old one ends, linked to it. It ends no later
    /// than the longest lease would that starts now.
    function extend(
        LeaseRef calldata parent,
        Listing calldata listing,
        bytes calldata signature,
        uint16 cards,
        uint32 duration,
        uint256 maxTotal
    ) external returns (uint64 leaseId);

    /// @notice Lets anyone prolong the caller's running lease by an hour at a time, paid from the caller's available balance: an
    /// open-ended lease, which ends when it can't be renewed. The latest word counts.
    function allowRenewal(LeaseRef calldata lease, Renewal calldata renewal) external;

    /// @notice Prolongs an open-ended lease by an hour (less at its last), at the earliest in its last hour, with as many cards of the
    /// same provider. Anyone may call.
    function renew(
        LeaseRef calldata parent,
        Listing calldata listing,
        bytes calldata signature
    ) external returns (uint64 leaseId);

    /// @notice Accepts a firm quote: locks all that the order can cost, fee included, from the caller's available balance. The order
    /// needs no other signature.
    /// @param order at the quoted price as its start price; it expires within `QUOTE_SECONDS`
    /// @param validUntil last second (unix) at which the quote can be accepted
    /// @param signature of the scheduler, over `Quote(orderId, validUntil)`
    function takeQuote(
        Order calldata order,
        uint64 validUntil,
        bytes calldata signature
    ) external returns (bytes32 orderId);

    /// @notice Returns all of a quote that was not procured by its deadline. Anyone may call.
    function refundQuote(bytes32 orderId) external;

    /// @notice Cancels every listing of the caller that carries one of the nonces.
    function cancelListings(uint64[] calldata nonces) external;

    /// @notice Cards sold out of the provider's listing with this nonce, and whether it is cancelled.
    function listingNonce(address provider, uint64 nonce) external view returns (uint16 sold, bool cancelled);

    /// @notice What the lease's consumer allows; zeros for nothing.
    function renewalOf(uint64 leaseId) external view returns (Renewal memory);

    /// @notice Base units held for the order at a firm quote (0 once it was procured or refunded), when it was accepted, and until when
    /// it may be procured (unix seconds).
    function quoteOf(bytes32 orderId) external view returns (uint256 amount, uint40 takenAt, uint40 deadline);

    // Protocol calls.

    /// @notice Leaves `total` of what is held for an open quote locked, for the lease that the order won, and shares out the rest. The
    /// auction alone.
    function procure(bytes32 orderId, uint256 total) external;
}
