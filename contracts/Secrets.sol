// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISecrets} from "./interfaces/ISecrets.sol";

/// @title Secrets
/// @notice Claims are announced by hash, and told a block later at the earliest: whoever reads one on its way can't make it his.
abstract contract Secrets is ISecrets {
    mapping(bytes32 commitment => uint256 blockNumber) private _announced;

    modifier revealed() {
        bytes32 commitment = keccak256(abi.encode(msg.sender, msg.data));
        uint256 announced = _announced[commitment];
        if (announced == 0) revert NotAnnounced(commitment);
        if (announced == block.number) revert RevealTooEarly(announced + 1);
        _;
    }

    /// @inheritdoc ISecrets
    function announce(bytes32 commitment) external {
        // The first time counts.
        if (_announced[commitment] == 0) _announced[commitment] = block.number;
        emit Announced(commitment);
    }
}
