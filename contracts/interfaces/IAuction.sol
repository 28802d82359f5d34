// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Order, SlotHeader} from "../types/Trade.sol";

/// @title Auction
/// @notice Slots of cleared Bid orders. A slot is its header, then pages of matches; the contract checks each match by itself as of
/// the slot's close, so that nothing that happens after the close changes it.
interface IAuction {
    /// @dev Why a match was skipped. A skipped match consumes nothing, and is the scheduler's fault: each costs its bond the skip penalty.
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
        PROVIDER_NOT_SELLING,
        QUANTITY,
        DURATION,
        PRICE,
        FUNDS,
        CAP,
        REPUTATION,
        TIER,
        IN_CLUSTER
    }

    /// @param headerHash keccak256(abi.encode(header)); 0 before the header
    /// @param matchesLeft matches that the header announced and no page has brought yet
    struct SlotState {
        bytes32 headerHash;
        uint16 pagesCommitted;
        uint16 pageCount;
        uint32 matchesLeft;
    }

    /// @notice The slot's header is fixed.
    event SlotCommitted(uint64 indexed slot, address indexed scheduler, SlotHeader header);
    /// @notice A page was processed and its leases run from `start`.
    /// @param matchRoot tree 4 over the page's matches, skipped ones included
    /// @param accounts 20 bytes each, packed: the page's account table
    /// @param records for each match 157 bytes, packed: skip 1 ‖ order id 32 ‖ ask id 32 ‖ node 32 ‖ workload 32 ‖ order nonce 8 ‖
    /// lease 20 (see `ILeaseBook.settlePages`)
    event PageCommitted(
        uint64 indexed slot,
        uint16 page,
        uint64 indexed pageId,
        uint40 start,
        bytes32 matchRoot,
        bytes accounts,
        bytes records
    );
    /// @notice What the account signed with this order nonce is void for slots that close from now on.
    event OrderCancelled(address indexed account, uint64 nonce);
    /// @notice What the provider signed with this ask nonce is void for slots that close from now on.
    event AskCancelled(address indexed provider, uint64 nonce);
    /// @notice The order needs no signature in slots that close from now on.
    event OrderApproved(bytes32 indexed orderId, address indexed consumer);

    error NotScheduler(address caller);
    error SlotNotClosed(uint64 slot, uint64 endsAt);
    error SlotTooLate(uint64 slot, uint64 deadline);
    error SlotAlreadyCommitted(uint64 slot);
    error SlotUnknown(uint64 slot);
    /// @notice Slots are committed in ascending order, each whole or given up before the next.
    error SlotOutOfOrder(uint64 slot, uint64 last);
    error SlotUnfinished(uint64 slot, uint64 deadline);
    error MatchCountWrong(uint32 announced, uint256 got);
    /// @notice The seed's block is more than 256 blocks back.
    error SeedGone(uint64 blockNumber);
    error PageOutOfOrder(uint16 expected, uint16 got);
    error PageMalformed(uint256 offset);
    error PageTooLarge(uint256 count);
    /// @notice Matches clear in ascending keccak256(order id ‖ seed), across pages too.
    error MatchOutOfOrder(uint256 index);
    error WrongSeed(bytes32 expected, bytes32 got);
    error WrongGamma(uint64 expected, uint64 got);
    error NotConsumer(address consumer, address caller);
    error BadSignature(address expected);

    /// @notice First transaction of a slot: fixes all that the slot is made of. The scheduler alone; fails while entry is paused.
    function commitSlot(SlotHeader calldata header) external;

    /// @notice Page `page` (0, 1, …) of a committed slot, until the commit deadline. Layout of `data`: ADR 0007, "Pages".
    function commitPage(uint64 slot, uint16 page, bytes calldata data) external;

    /// @notice Approves an order of the caller, for accounts that can't sign.
    function approveOrder(Order calldata order) external;

    /// @notice Approves an order of a smart wallet with its ERC-1271 signature; the call to it has a gas cap. Anyone may send it.
    function approveOrderSigned(Order calldata order, bytes calldata signature) external;

    /// @notice Cancels every order of the caller that carries one of the nonces.
    function cancelOrders(uint64[] calldata nonces) external;

    /// @notice Cancels every ask of the caller that carries one of the nonces.
    function cancelAsks(uint64[] calldata nonces) external;

    /// @notice Whether the consumer's nonce was used by a fill, and when it was cancelled (unix seconds; 0 if never).
    function orderNonce(address consumer, uint64 nonce) external view returns (bool filled, uint40 cancelledAt);

    /// @notice Cards sold out of the provider's ask with this nonce, and when it was cancelled (unix seconds; 0 if never).
    function askNonce(address provider, uint64 nonce) external view returns (uint16 sold, uint40 cancelledAt);

    /// @notice When the order was approved on-chain (unix seconds; 0 if never).
    function approvedAt(bytes32 orderId) external view returns (uint40);

    /// @notice What is known of a slot; all zero before its header.
    function slotState(uint64 slot) external view returns (SlotState memory);

    /// @notice Whether entry is paused, or was at `time` (unix seconds) or later.
    function pausedSince(uint40 time) external view returns (bool);

    /// @notice EIP-712 domain separator of orders, asks, listings and receipts.
    function domainSeparator() external view returns (bytes32);
}
