// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LeaseRef} from "../types/Lease.sol";
import {Listing} from "../types/Trade.sol";

/// @title Market
/// @notice Buy at a provider's list price, at once.
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

    /// @notice A lease was opened from a listing.
    /// @param leaseId `pageId << 8`: a page of one
    event ListingBought(bytes32 indexed listingId, address indexed consumer, uint64 indexed leaseId, Sale sale);
    /// @notice The listing is void from now on.
    event ListingCancelled(address indexed provider, uint64 nonce);

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

    /// @notice Cancels every listing of the caller that carries one of the nonces.
    function cancelListings(uint64[] calldata nonces) external;

    /// @notice Cards sold out of the provider's listing with this nonce, and whether it is cancelled.
    function listingNonce(address provider, uint64 nonce) external view returns (uint16 sold, bool cancelled);
}
