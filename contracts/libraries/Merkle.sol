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
        // In assembly: a page of 200 leases hashes 199 nodes, and encoding each by the compiler costs three times the hash. The
        // byte before a pair is of a node that is used up already, or of the array's length, which is put back.
        assembly ("memory-safe") {
            let length := width
            let data := add(leaves, 32)
            for {} gt(width, 1) {} {
                let from := sub(data, 1)
                let to := data
                for {
                    let end := add(from, shl(6, shr(1, width)))
                } lt(from, end) {
                    from := add(from, 64)
                } {
                    mstore8(from, 1)
                    mstore(to, keccak256(from, 65))
                    to := add(to, 32)
                }
                if and(width, 1) {
                    mstore(to, mload(add(from, 1)))
                }
                width := shr(1, add(width, 1))
            }
            mstore(leaves, length)
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
        bool fits;
        assembly ("memory-safe") {
            let from := proof.offset
            let end := add(from, shl(5, proof.length))
            let scratch := mload(64)
            mstore8(scratch, 1)
            node := leaf_
            fits := 1
            for {
                let at_ := index
                let width := count
            } gt(width, 1) {
                at_ := shr(1, at_)
                width := shr(1, add(width, 1))
            } {
                if lt(xor(at_, 1), width) {
                    fits := and(fits, lt(from, end))
                    let right := shl(5, and(at_, 1))
                    mstore(add(add(scratch, 1), right), node)
                    mstore(add(add(scratch, 1), xor(right, 32)), calldataload(from))
                    node := keccak256(scratch, 65)
                    from := add(from, 32)
                }
            }
            fits := and(fits, eq(from, end))
        }
        if (!fits) revert ProofMalformed(index, count);
    }
}
