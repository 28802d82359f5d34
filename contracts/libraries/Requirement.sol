// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Requirement
/// @notice Which resource classes an order accepts.
library Requirement {
    uint256 internal constant MAX_CLASSES = 16;

    /// @notice Whether `requirement` allows `resourceClass`.
    /// @param classes the 2 to 16 distinct ascending ids that hash to `requirement`; empty for any class or a single one
    function allows(
        bytes32 requirement,
        bytes32[] calldata classes,
        bytes32 resourceClass
    ) internal pure returns (bool) {
        if (requirement == 0) return classes.length == 0;
        if (classes.length == 0) return requirement == resourceClass;
        if (classes.length < 2 || classes.length > MAX_CLASSES) return false;
        bool named = classes[0] == resourceClass;
        for (uint256 i = 1; i < classes.length; ++i) {
            if (classes[i] <= classes[i - 1]) return false;
            if (classes[i] == resourceClass) named = true;
        }
        return named && keccak256(abi.encodePacked(classes)) == requirement;
    }
}
