// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev What `Ask.supply` names: a node id, or a cluster id whose ask `Clusters` made. `NODE_SET` is reserved.
enum SupplyKind {
    NODE,
    NODE_SET,
    CLUSTER
}

/// @notice A provider's sealed offer to the auction. Its reserve is known to the scheduler until the slot closes.
/// @param provider account whose stake backs the offer and which is paid
/// @param supply node id (`NODE`), or cluster id (`CLUSTER`; `provider` is then the cluster's account)
/// @param supplyKind what `supply` names
/// @param nodeEpoch the node's epoch at signing; raising the epoch on-chain revokes the ask
/// @param resourceClass keccak256 of the class name
/// @param region keccak256 of the region name
/// @param cards cards offered; cards once filled never return to the ask
/// @param reservePrice least accepted, token base units per card-hour, at least 1
/// @param validFrom first second (unix) at which the ask may win
/// @param validUntil last second (unix) at which the ask may win
/// @param nonce bit in the provider's nonce bitmap; setting it cancels the ask
struct Ask {
    address provider;
    bytes32 supply;
    SupplyKind supplyKind;
    uint32 nodeEpoch;
    bytes32 resourceClass;
    bytes32 region;
    uint32 cards;
    uint128 reservePrice;
    uint64 validFrom;
    uint64 validUntil;
    uint256 nonce;
}

/// @notice A provider's public offer at a firm price, bought in one transaction.
/// @param pricePerCardHour token base units per card-hour, at least 1
struct Listing {
    address provider;
    bytes32 node;
    uint32 nodeEpoch;
    bytes32 resourceClass;
    bytes32 region;
    uint32 cards;
    uint128 pricePerCardHour;
    uint64 validFrom;
    uint64 validUntil;
    uint256 nonce;
}

/// @notice A consumer's bid for one lease, filled whole or not at all.
/// @param requirement 0 = any class; a class id; or keccak256 of 2 to 16 ascending class ids, packed
/// @param cards cards wanted, at least 1
/// @param duration seconds of the lease
/// @param startPrice the most it pays, token base units per card-hour, before the fee
/// @param taskCompute compute request, 0 to 10,000 of the class's reference maximum
/// @param taskNetwork network request, likewise
/// @param taskStorage storage request, likewise
/// @param region 0 = anywhere; else keccak256 of the region name
/// @param latestStart last second (unix) at which the lease may start
/// @param validUntil last second (unix) of the order's life in the book
/// @param minReputation lowest provider reputation accepted, 0 to 10,000
/// @param minTier lowest attestation tier accepted
/// @param workload keccak256 of the workload's canonical bytes
/// @param nonce bit in the consumer's nonce bitmap; set by a fill or a cancellation
struct Order {
    address consumer;
    bytes32 requirement;
    uint32 cards;
    uint32 duration;
    uint128 startPrice;
    uint16 taskCompute;
    uint16 taskNetwork;
    uint16 taskStorage;
    bytes32 region;
    uint64 latestStart;
    uint64 validUntil;
    uint16 minReputation;
    uint8 minTier;
    bytes32 workload;
    uint256 nonce;
}

/// @notice The scheduler's firm price for an order, which is the order's start price.
/// @param validUntil last second (unix) at which it can be accepted
struct Quote {
    bytes32 orderId;
    uint64 validUntil;
}

/// @notice The gateway's promise that `item` is among the inputs of `slot`.
/// @param seq place in the slot's chain of receipts, from 0
/// @param item order id or ask id
/// @param head keccak256(previous head ‖ item); the first previous head is 0
struct Receipt {
    address scheduler;
    uint64 slot;
    uint32 seq;
    bytes32 item;
    bytes32 head;
}

/// @notice What a slot's first transaction fixes; every root binds its leaf count (see `Merkle`).
/// @param slot floor(unix seconds / slotSeconds) of the slot's orders
/// @param closeBlock last block whose timestamp is below the slot's end
/// @param seed hash of block `closeBlock + 1`
/// @param gammaWad the clock's reduction factor
/// @param pageCount transactions of matches that follow
/// @param orderCount leaves under `ordersRoot`
/// @param askCount leaves under `asksRoot`
/// @param matchCount matches of all pages
/// @param ordersRoot tree 1
/// @param asksRoot tree 2; its leaves carry the state vectors
/// @param inputsHash keccak256 of the slot's canonical input bytes
struct SlotHeader {
    uint64 slot;
    uint64 closeBlock;
    bytes32 seed;
    uint64 gammaWad;
    uint16 pageCount;
    uint32 orderCount;
    uint32 askCount;
    uint32 matchCount;
    bytes32 ordersRoot;
    bytes32 asksRoot;
    bytes32 inputsHash;
}
