// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "./interfaces/IAuction.sol";

/// @title Nonces
/// @notice One bit per account and nonce; set by a fill or a cancellation, never unset.
abstract contract Nonces is IAuction {
    mapping(address account => mapping(uint256 word => uint256 bits)) private _used;

    /// @inheritdoc IAuction
    function cancelNonces(uint256[] calldata nonces) external {
        for (uint256 i = 0; i < nonces.length; ++i) {
            _useNonce(msg.sender, nonces[i]);
            emit NonceCancelled(msg.sender, nonces[i]);
        }
    }

    /// @inheritdoc IAuction
    function isNonceUsed(address account, uint256 nonce) public view returns (bool) {
        return _used[account][nonce >> 8] & (1 << (nonce & 0xff)) != 0;
    }

    function _useNonce(address account, uint256 nonce) internal {
        _used[account][nonce >> 8] |= 1 << (nonce & 0xff);
    }
}
