// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Listing, Match, SlotHeader} from "../types/Trade.sol";

/// @title Auction
/// @notice Slots of cleared Bid orders, and Buy at a list price.
interface IAuction {
    /// @dev Why a match was skipped. A skipped match consumes nothing and is the scheduler's fault.
    enum Skip {
        NONE,
        ORDER_SIGNATURE,
        ASK_SIGNATURE,
        ORDER_EXPIRED,
        ASK_EXPIRED,
        ORDER_NONCE_USED,
        ASK_NONCE_USED,
        NODE_MISMATCH,
        CLASS_MISMATCH,
        REGION_MISMATCH,
        PROVIDER_NOT_SELLING,
        QUANTITY,
        DURATION,
        PRICE,
        FUNDS
    }

    /// @notice The slot's header is fixed.
    event SlotCommitted(uint64 indexed slot, address indexed scheduler, SlotHeader header);
    /// @notice A page was processed.
    /// @param root Merkle root (see `Merkle`) over the page's match leaves, skipped ones included
    event PageCommitted(uint64 indexed slot, uint16 page, uint16 count, bytes32 root);
    /// @notice Match `index` of the page was bad and consumed nothing.
    event MatchSkipped(
        uint64 indexed slot,
        uint16 page,
        uint16 index,
        bytes32 indexed orderId,
        bytes32 indexed askId,
        Skip reason
    );
    /// @notice The order won cards of the ask.
    /// @param slot slot that cleared it
    event OrderFilled(
        bytes32 indexed orderId,
        bytes32 indexed askId,
        uint64 indexed slot,
        uint64 leaseId,
        uint32 cards,
        uint256 nonce
    );
    /// @notice Cards of the listing were bought.
    event ListingBought(bytes32 indexed listingId, address indexed consumer, uint64 indexed leaseId, uint32 cards);
    /// @notice What the account signed with this nonce is void.
    event NonceCancelled(address indexed account, uint256 nonce);

    error NotScheduler(address caller);
    error SlotNotClosed(uint64 slot, uint64 endsAt);
    error SlotTooLate(uint64 slot, uint64 deadline);
    error SlotAlreadyCommitted(uint64 slot);
    error SlotUnknown(uint64 slot);
    error PageOutOfOrder(uint16 expected, uint16 got);
    error PageTooLarge(uint256 count);
    error WrongSeed(bytes32 expected, bytes32 got);
    error WrongGamma(uint64 expected, uint64 got);
    error BadSignature(address expected);
    error Expired(uint64 validFrom, uint64 validUntil);
    error NonceUsed(address account, uint256 nonce);
    error PriceZero();
    error QuantityUnavailable(uint32 left, uint32 wanted);
    error DurationOutOfBounds(uint32 duration, uint32 minimum, uint32 maximum);
    error PriceTooHigh(uint256 total, uint256 maximum);
    error NodeMismatch(bytes32 node);
    error ProviderNotSelling(address provider);

    /// @notice First transaction of a slot: fixes all that the slot is made of.
    function commitSlot(SlotHeader calldata header) external;

    /// @notice Page `page` (0, 1, …) of a committed slot; each match is checked by itself and skipped when it is bad.
    function commitPage(uint64 slot, uint16 page, Match[] calldata matches) external;

    /// @notice Buys cards of a listing now, paying from the caller's available balance.
    /// @param maxTotal most the caller lets be locked, fee included, base units
    function buy(
        Listing calldata listing,
        bytes calldata signature,
        uint32 cards,
        uint32 duration,
        bytes32 workload,
        uint256 maxTotal
    ) external returns (uint64 leaseId);

    /// @notice Cancels every order, ask or listing of the caller that carries one of the nonces.
    function cancelNonces(uint256[] calldata nonces) external;

    /// @notice Whether a fill or a cancellation has used the nonce.
    function isNonceUsed(address account, uint256 nonce) external view returns (bool);

    /// @notice Cards already sold out of an ask or a listing.
    function filled(bytes32 id) external view returns (uint32);

    /// @notice Pages committed and announced for a slot; (0, 0, false) before its header.
    function slotState(uint64 slot) external view returns (uint16 pagesCommitted, uint16 pageCount, bool committed);
}
