// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Match} from "../types/Trade.sol";

/// @title Merkle
/// @notice Trees with domain-separated leaves, nodes and roots; a root binds its tag and its leaf count.
/// leaf = keccak(0x00 ‖ tag ‖ bytes), node = keccak(0x01 ‖ left ‖ right), an unpaired node moves up as it is,
/// root = keccak(0x02 ‖ tag ‖ uint32 count ‖ top), top = 0 for no leaf.
library Merkle {
    uint8 internal constant MATCHES = 4;

    function leaf(uint8 tag, bytes memory content) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), tag, content));
    }

    /// @notice Leaf of a match (tag 4).
    function matchLeaf(
        bytes32 orderId,
        bytes32 askId,
        uint128 price,
        Match calldata cleared
    ) internal pure returns (bytes32) {
        bytes32 shortlist = keccak256(abi.encodePacked(cleared.shortlist));
        return leaf(MATCHES, abi.encodePacked(orderId, askId, cleared.runnerUp, cleared.step, price, shortlist));
    }

    /// @notice Root over the leaves, in their order. `leaves` is used as scratch and holds nothing useful afterwards.
    function root(uint8 tag, bytes32[] memory leaves) internal pure returns (bytes32) {
        uint256 count = leaves.length;
        uint256 width = count;
        while (width > 1) {
            uint256 half = width / 2;
            for (uint256 i = 0; i < half; ++i) {
                leaves[i] = keccak256(abi.encodePacked(uint8(1), leaves[2 * i], leaves[2 * i + 1]));
            }
            if (width % 2 == 1) leaves[half] = leaves[width - 1];
            width = half + (width % 2);
        }
        bytes32 top = count == 0 ? bytes32(0) : leaves[0];
        return keccak256(abi.encodePacked(uint8(2), tag, uint32(count), top));
    }
}
