// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILeaseBook} from "../interfaces/ILeaseBook.sol";
import {AskProof, MatchProof, OrderProof} from "../types/Claim.sol";
import {SlotHeader} from "../types/Trade.sol";
import {Eip712} from "./Eip712.sol";
import {LeasePages} from "./LeasePages.sol";
import {Merkle} from "./Merkle.sol";
import {Source} from "./Source.sol";

/// @title SlotProofs
/// @notice Checks that a leaf belongs to a slot: orders and asks against its header, matches against their page's root.
library SlotProofs {
    /// @notice The proof leads to another root.
    error ProofMismatch(uint8 tree, uint256 index);

    /// @notice The order's id, after its leaf was found in the slot's tree 1.
    function orderIn(
        OrderProof calldata proof,
        SlotHeader calldata header,
        bytes32 domain
    ) internal pure returns (bytes32 orderId) {
        orderId = Eip712.digest(domain, Eip712.hashOrder(proof.order));
        bytes memory leaf = abi.encodePacked(uint8(0), Merkle.ORDERS, orderId, proof.code, proof.position);
        _check(Merkle.ORDERS, leaf, proof.index, header.orderCount, proof.proof, header.ordersRoot);
    }

    /// @notice The ask's id, after its leaf was found in the slot's tree 2.
    function askIn(
        AskProof calldata proof,
        SlotHeader calldata header,
        bytes32 domain
    ) internal pure returns (bytes32 askId) {
        askId = Eip712.digest(domain, keccak256(abi.encode(Eip712.ASK, proof.ask)));
        bytes memory head = abi.encodePacked(uint8(0), Merkle.ASKS, askId, proof.left, proof.idle, proof.code);
        bytes memory tail = abi.encodePacked(
            proof.compute,
            proof.network,
            proof.storage_,
            proof.entropyMicroBits,
            proof.reputation,
            proof.tier
        );
        _check(Merkle.ASKS, bytes.concat(head, tail), proof.index, header.askCount, proof.proof, header.asksRoot);
    }

    /// @notice A leaf that is known by its bytes alone.
    function leafIn(
        uint8 tree,
        bytes calldata content,
        uint256 index,
        bytes32[] calldata proof,
        SlotHeader calldata header
    ) internal pure {
        bytes memory leaf = bytes.concat(bytes1(0), bytes1(tree), content);
        bool ofOrders = tree == Merkle.ORDERS;
        _check(
            tree,
            leaf,
            index,
            ofOrders ? header.orderCount : header.askCount,
            proof,
            ofOrders ? header.ordersRoot : header.asksRoot
        );
    }

    /// @notice Finds the match in a page of the slot.
    function matchIn(MatchProof calldata proof, uint64 slot, ILeaseBook leaseBook) internal view {
        bytes32 source = Source.slot(slot, proof.page, matchRootOf(proof));
        bytes32 root = LeasePages.root(proof.count, proof.leaseTop, proof.start, source);
        if (root != leaseBook.pageOf(proof.pageId).root) revert ProofMismatch(Merkle.MATCHES, proof.index);
    }

    /// @notice The root of the page's tree of matches that the proof gives.
    function matchRootOf(MatchProof calldata proof) internal pure returns (bytes32) {
        bytes memory head = abi.encodePacked(
            uint8(0),
            Merkle.MATCHES,
            proof.skip,
            proof.orderId,
            proof.askId,
            proof.node,
            proof.cards
        );
        bytes memory tail = abi.encodePacked(
            proof.winner,
            proof.runnerUp,
            proof.step,
            proof.price,
            keccak256(proof.shortlist)
        );
        bytes32 top = Merkle.top(keccak256(bytes.concat(head, tail)), proof.index, proof.count, proof.proof);
        return Merkle.rootOf(Merkle.MATCHES, proof.count, top);
    }

    function _check(
        uint8 tree,
        bytes memory leaf,
        uint256 index,
        uint256 count,
        bytes32[] calldata proof,
        bytes32 root
    ) private pure {
        bytes32 top = Merkle.top(keccak256(leaf), index, count, proof);
        if (Merkle.rootOf(tree, uint32(count), top) != root) revert ProofMismatch(tree, index);
    }
}
