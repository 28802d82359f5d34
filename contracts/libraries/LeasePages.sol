// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Lease, LeaseRef} from "../types/Lease.sol";
import {Merkle} from "./Merkle.sol";
import {PageReader} from "./PageReader.sol";

/// @title LeasePages
/// @notice Leaves and roots of pages of leases (ADR 0007, "Leases").
library LeasePages {
    /// @notice Most leases of a page: one bit each beside the time up to which the page is settled.
    uint256 internal constant MAX_LEASES = 200;

    /// @notice Leaf of one lease.
    function leaf(Lease memory lease) internal pure returns (bytes32) {
        uint256 terms = (uint256(lease.rate) << 48) | (uint256(lease.cards) << 32) | lease.duration;
        return PageReader.leaseLeaf(terms, lease.consumer, lease.provider);
    }

    /// @notice What a page stores.
    /// @param top top of the tree over the page's leaves
    function root(uint256 count, bytes32 top, uint40 start, bytes32 source) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(2), Merkle.LEASES, uint32(count), top, start, source));
    }

    /// @notice The root that the reference gives.
    function rootOf(LeaseRef calldata ref) internal pure returns (bytes32) {
        bytes32 top = Merkle.top(leaf(ref.lease), ref.index, ref.count, ref.proof);
        return root(ref.count, top, ref.start, ref.source);
    }
}
