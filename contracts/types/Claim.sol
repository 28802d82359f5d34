// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ask, Order, SlotHeader} from "./Trade.sol";

/// @notice What the scheduler can do wrong that a bounded proof shows (ADR 0009).
enum Wrong {
    NONE,
    WINNER,
    PRICE,
    LEFT_OUT,
    UNSERVED,
    OVERSOLD,
    FORGED,
    UNCOMMITTED,
    WITHHELD
}

/// @notice A wrong as the proofs of its claim showed it; the bond keeps its hash as the claim's id.
/// @param slot where it happened
/// @param order id of the order (or item) that it is about
/// @param askId ask that the claim says was free; 0 when the claim needs no such word and is decided
/// @param node its node
/// @param orderKey clearing key of the order: matches below it could use the ask before
/// @param left cards of the ask left at the close
/// @param idle cards of the node idle at the close
/// @param want cards that the order wants
/// @param harmed who gets the restitution; 0 for nobody
/// @param restitution base units
struct Verdict {
    Wrong wrong;
    uint64 slot;
    bytes32 order;
    bytes32 askId;
    bytes32 node;
    uint256 orderKey;
    uint16 left;
    uint16 idle;
    uint16 want;
    address challenger;
    address harmed;
    uint256 restitution;
}

/// @notice A match: the leaf of its page's tree 4, and the page as the lease book's root binds it.
/// @param leaseTop top of the page's tree of leases
/// @param shortlist 4-byte indices into the tree of asks
struct MatchProof {
    uint64 pageId;
    uint16 page;
    uint8 index;
    uint8 count;
    uint40 start;
    bytes32 leaseTop;
    uint8 skip;
    bytes32 orderId;
    bytes32 askId;
    bytes32 node;
    uint16 cards;
    uint8 winner;
    uint8 runnerUp;
    uint8 step;
    uint96 price;
    bytes shortlist;
    bytes32[] proof;
}

/// @notice An order's leaf of tree 1, with the order itself.
/// @param classes the ids behind a requirement of several; else empty
/// @param position from 1 among the slot's matches; 0 unmatched
struct OrderProof {
    uint32 index;
    uint8 code;
    uint32 position;
    Order order;
    bytes32[] classes;
    bytes32[] proof;
}

/// @notice An ask's leaf of tree 2, with the ask itself.
struct AskProof {
    uint32 index;
    uint16 left;
    uint16 idle;
    uint8 code;
    uint16 compute;
    uint16 network;
    uint16 storage_;
    uint32 entropyMicroBits;
    uint16 reputation;
    uint8 tier;
    Ask ask;
    bytes32[] proof;
}

/// @notice A match that a claim is about, with its order and its slot.
struct Case {
    SlotHeader header;
    MatchProof cleared;
    OrderProof order;
}
