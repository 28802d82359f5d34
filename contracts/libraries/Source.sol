// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Source
/// @notice Where a page's leases came from; its root binds it, so that a lease can be traced to its node and its slot without
/// another word of storage.
library Source {
    /// @notice Leases of a slot's page.
    function slot(uint64 slot_, uint16 page, bytes32 matchRoot) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), slot_, page, matchRoot));
    }

    /// @notice A lease bought from a listing.
    function listing(bytes32 listingId, bytes32 node) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(1), listingId, node));
    }
}
