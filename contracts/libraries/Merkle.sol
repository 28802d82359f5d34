// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Merkle
/// @notice Trees with domain-separated leaves, nodes and roots; a root binds its tag and its leaf count.
/// leaf = keccak(0x00 ‖ tag ‖ bytes), node = keccak(0x01 ‖ left ‖ right), an unpaired node moves up as it is,
/// root = keccak(0x02 ‖ tag ‖ uint32 count ‖ top), top = 0 for no leaf.
library Merkle {
    uint8 internal constant ORDERS = 1;
    uint8 internal constant ASKS = 2;
    uint8 internal constant MATCHES = 4;
    uint8 internal constant LEASES = 6;

    /// @notice The tree holds `count` leaves: `index` is none of them, or the proof has another length.
    error ProofMalformed(uint256 index, uint256 count);

    /// @notice Root over the leaves, in their order. `leaves` is used as scratch and holds nothing useful afterwards.
    function root(uint8 tag, bytes32[] memory leaves) internal pure returns (bytes32) {
        return rootOf(tag, uint32(leaves.length), topOf(leaves));
    }

    /// @notice Root of the tree of `count` leaves with this top.
    function rootOf(uint8 tag, uint32 count, bytes32 top_) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(2), tag, count, top_));
    }

    /// @notice Top of the tree over the leaves. `leaves` is used as scratch and holds nothing useful afterwards.
    function topOf(bytes32[] memory leaves) internal pure returns (bytes32 result) {
        uint256 width = leaves.length;
        if (width == 0) return 0;
        // In assembly: a page of 200 leases hashes 199 nodes, and encoding each by the compiler costs three times the hash.
        assembly ("memory-safe") {
            let data := add(leaves, 32)
            let scratch := mload(64)
            mstore8(scratch, 1)
            for {} gt(width, 1) {} {
                let half := shr(1, width)
                let from := data
                let to := data
                for {
                    let i := 0
                } lt(i, half) {
                    i := add(i, 1)
                } {
                    mcopy(add(scratch, 1), from, 64)
                    mstore(to, keccak256(scratch, 65))
                    from := add(from, 64)
                    to := add(to, 32)
                }
                if and(width, 1) {
                    mstore(to, mload(from))
                }
                width := add(half, and(width, 1))
            }
            result := mload(data)
        }
    }

    /// @notice Top of the tree of `count` leaves in which `leaf_` stands at `index`.
    /// @param proof siblings from the leaf up; none where the node moves up unpaired
    function top(
        bytes32 leaf_,
        uint256 index,
        uint256 count,
        bytes32[] calldata proof
    ) internal pure returns (bytes32 node) {
        if (index >= count) revert ProofMalformed(index, count);
        node = leaf_;
        uint256 used = 0;
        uint256 at_ = index;
        for (uint256 width = count; width > 1; width = (width + 1) / 2) {
            uint256 sibling = at_ ^ 1;
            if (sibling < width) {
                if (used == proof.length) revert ProofMalformed(index, count);
                bytes32 other = proof[used++];
                node = at_ & 1 == 0 ? _pair(node, other) : _pair(other, node);
            }
            at_ >>= 1;
        }
        if (used != proof.length) revert ProofMalformed(index, count);
    }

    function _pair(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), left, right));
    }
}
