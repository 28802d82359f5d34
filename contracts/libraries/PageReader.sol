// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Eip712} from "./Eip712.sol";
import {Merkle} from "./Merkle.sol";

/// @title PageReader
/// @notice Reads a page's bytes (ADR 0007, "Pages") where they lie. In assembly: decoding the same messages from ABI words, and
/// encoding them again to hash them, costs as much as all storage that a match writes.
library PageReader {
    uint256 internal constant ASK_HEAD = 70;
    uint256 internal constant MATCH_HEAD = 86;

    /// @notice `size` bytes at calldata `offset`, as an integer.
    function read(uint256 offset, uint256 size) internal pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := shr(sub(256, shl(3, size)), calldataload(offset))
        }
    }

    /// @notice EIP-712 digest of the ask at calldata `offset`.
    function askId(
        uint256 offset,
        bytes32 domain,
        address provider,
        bytes32 class_,
        bytes32 region
    ) internal pure returns (bytes32) {
        bytes32 typehash = Eip712.ASK;
        bytes32 structHash;
        assembly ("memory-safe") {
            let to := mload(64)
            let head := calldataload(offset)
            mstore(to, typehash)
            mstore(add(to, 32), provider)
            mstore(add(to, 64), calldataload(add(offset, 37)))
            mstore(add(to, 96), byte(2, head))
            mstore(add(to, 128), and(shr(216, head), 0xffff))
            mstore(add(to, 160), class_)
            mstore(add(to, 192), region)
            mstore(add(to, 224), and(shr(200, head), 0xffff))
            mstore(add(to, 256), shr(160, calldataload(add(offset, 7))))
            mstore(add(to, 288), shr(216, calldataload(add(offset, 19))))
            mstore(add(to, 320), shr(216, calldataload(add(offset, 24))))
            mstore(add(to, 352), shr(192, calldataload(add(offset, 29))))
            structHash := keccak256(to, 384)
        }
        return Eip712.digest(domain, structHash);
    }

    /// @notice EIP-712 digest of the order at calldata `offset`.
    function orderId(
        uint256 offset,
        bytes32 domain,
        address consumer,
        bytes32 requirement,
        bytes32 region
    ) internal pure returns (bytes32) {
        bytes32 typehash = Eip712.ORDER;
        bytes32 structHash;
        assembly ("memory-safe") {
            let to := mload(64)
            let head := calldataload(offset)
            let tail := calldataload(add(offset, 22))
            mstore(to, typehash)
            mstore(add(to, 32), consumer)
            mstore(add(to, 64), requirement)
            mstore(add(to, 96), and(shr(208, head), 0xffff))
            mstore(add(to, 128), and(shr(176, head), 0xffffffff))
            mstore(add(to, 160), and(shr(80, head), 0xffffffffffffffffffffffff))
            mstore(add(to, 192), shr(240, tail))
            mstore(add(to, 224), and(shr(224, tail), 0xffff))
            mstore(add(to, 256), and(shr(208, tail), 0xffff))
            mstore(add(to, 288), region)
            mstore(add(to, 320), and(shr(168, tail), 0xffffffffff))
            mstore(add(to, 352), and(shr(128, tail), 0xffffffffff))
            mstore(add(to, 384), and(shr(112, tail), 0xffff))
            mstore(add(to, 416), and(shr(104, tail), 0xff))
            mstore(add(to, 448), calldataload(add(offset, 49)))
            mstore(add(to, 480), and(shr(40, tail), 0xffffffffffffffff))
            structHash := keccak256(to, 512)
        }
        return Eip712.digest(domain, structHash);
    }

    /// @notice Leaf of a match (tree 4): skip 1 ‖ order id ‖ ask id ‖ node ‖ cards 2 ‖ winner 1 ‖ runner-up 1 ‖ step 1 ‖ price 12 ‖
    /// keccak256(shortlist).
    /// @param offset of the match; its shortlist of `count` indices lies at `shortlist`
    function matchLeaf(
        uint256 offset,
        uint256 shortlist,
        uint256 skip,
        bytes32 orderId_,
        bytes32 askId_,
        bytes32 node,
        uint256 price
    ) internal pure returns (bytes32 result) {
        uint8 tag = Merkle.MATCHES;
        assembly ("memory-safe") {
            let to := mload(64)
            let places := calldataload(add(offset, 81))
            let size := shl(2, byte(3, places))
            calldatacopy(to, shortlist, size)
            let listed := keccak256(to, size)
            mstore(to, or(shl(240, tag), shl(232, skip)))
            mstore(add(to, 3), orderId_)
            mstore(add(to, 35), askId_)
            mstore(add(to, 67), node)
            // cards 2, winner 1, runner-up 1, step 1, price 12
            let cards := and(calldataload(sub(offset, 26)), 0xffff)
            mstore(add(to, 99), shl(120, or(or(shl(120, cards), shl(96, shr(232, places))), price)))
            mstore(add(to, 116), listed)
            result := keccak256(to, 148)
        }
    }

    /// @notice Leaf of a lease (tree 6): rate 12 ‖ cards 2 ‖ duration 4 ‖ consumer 20 ‖ provider 20.
    /// @param terms rate, cards and duration, 18 bytes
    function leaseLeaf(uint256 terms, address consumer, address provider) internal pure returns (bytes32 result) {
        uint8 tag = Merkle.LEASES;
        assembly ("memory-safe") {
            let to := mload(64)
            // Each store covers what the one before left behind its end.
            mstore(to, or(shl(240, tag), shl(96, terms)))
            mstore(add(to, 20), shl(96, consumer))
            mstore(add(to, 40), shl(96, provider))
            result := keccak256(to, 60)
        }
    }
}
