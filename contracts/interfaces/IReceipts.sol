// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AskProof, OrderProof, Verdict, Wrong} from "../types/Claim.sol";
import {Ask, Order, Receipt, SlotHeader} from "../types/Trade.sol";

/// @title Receipts
/// @notice What the scheduler's receipts bind it to, and demands for what it withholds (ADR 0009). Claims are announced first
/// (`ISecrets`) and decided at once; a demand waits for its answer at the bond, whose deposit pays for it.
interface IReceipts {
    /// @notice Two leaves side by side, between which an item would stand.
    /// @param tree 1 orders, 2 asks
    /// @param order the item when it is an order; else anything
    /// @param ask the item when it is an ask; else anything
    /// @param index where the item would stand
    /// @param left bytes of the leaf before it; empty at the edge
    /// @param right bytes of the leaf after it; empty at the edge
    struct Gap {
        uint8 tree;
        Order order;
        Ask ask;
        uint32 index;
        bytes left;
        bytes32[] leftProof;
        bytes right;
        bytes32[] rightProof;
    }

    /// @notice The demanded order, for everybody to read.
    event OrderShown(uint64 indexed slot, bytes32 indexed orderId, Order order, bytes32[] classes, bytes signature);
    /// @notice The demanded ask.
    event AskShown(uint64 indexed slot, bytes32 indexed askId, AskProof ask, bytes signature);

    error HeaderMismatch(uint64 slot);
    error WindowOver(uint64 slot, uint40 until);
    error NotReceipt(address signer);
    error ItemMismatch(bytes32 item);
    error NoWrong(Wrong wrong);
    error LeafUnknown(uint8 tree, uint32 index);
    /// @notice A leaf that says "eligible" needs a signature that could have been valid.
    error BadSignature(address expected);
    error AnswerIrrelevant();

    /// @notice Two receipts for one place in a slot's chain name different items or heads.
    function claimTwoHeads(
        bytes32 salt,
        Receipt calldata a,
        bytes calldata signatureA,
        Receipt calldata b,
        bytes calldata signatureB
    ) external;

    /// @notice An order was receipted for a slot that has no header, or not all its pages, after the commit deadline. Excused while entry
    /// is paused, or was at the slot's end or later.
    function claimUncommitted(
        bytes32 salt,
        Receipt calldata receipt,
        bytes calldata signature,
        Order calldata order
    ) external;

    /// @notice A receipted item is not in its slot's tree: its neighbours stand side by side.
    function claimOmitted(
        bytes32 salt,
        SlotHeader calldata header,
        Receipt calldata receipt,
        bytes calldata signature,
        Gap calldata gap
    ) external;

    /// @notice Demands that leaf `index` of a slot's tree is shown with its item, for a deposit.
    function demand(SlotHeader calldata header, uint8 tree, uint32 index) external;

    /// @notice Answers a demand for an order. Anyone may send it.
    function answerOrder(
        Verdict calldata verdict,
        SlotHeader calldata header,
        OrderProof calldata order,
        bytes calldata signature
    ) external;

    /// @notice Answers a demand for an ask. Anyone may send it.
    function answerAsk(
        Verdict calldata verdict,
        SlotHeader calldata header,
        AskProof calldata ask,
        bytes calldata signature
    ) external;
}
