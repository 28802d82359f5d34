// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Secrets
/// @notice Commit and reveal for claims.
interface ISecrets {
    /// @notice Somebody will tell something.
    event Announced(bytes32 indexed commitment);

    error NotAnnounced(bytes32 commitment);
    error RevealTooEarly(uint256 blockNumber);

    /// @notice Announces a claim: `commitment` is keccak256(abi.encode(sender, call data)) of the call that will make it, whose first
    /// argument is a salt.
    function announce(bytes32 commitment) external;
}
