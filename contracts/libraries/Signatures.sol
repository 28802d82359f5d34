// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Signatures
/// @notice ECDSA without an allocation, and ERC-1271 that can't eat the caller's gas.
library Signatures {
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    /// @notice Gas that a smart wallet gets to judge a signature.
    uint256 internal constant WALLET_GAS = 100_000;
    bytes4 private constant MAGIC = 0x1626ba7e;

    /// @notice The signer of 65 bytes (r, s, v) at calldata `offset`; zero for no valid signature, s in the upper half included.
    /// @dev By hand: OpenZeppelin's recovery copies its arguments twice, which two signatures a match make 2,000 gas.
    function recoverAt(bytes32 digest, uint256 offset) internal view returns (address signer) {
        assembly ("memory-safe") {
            let scratch := mload(64)
            mstore(scratch, digest)
            let v := byte(0, calldataload(add(offset, 64)))
            mstore(add(scratch, 32), v)
            calldatacopy(add(scratch, 64), offset, 64)
            if iszero(gt(mload(add(scratch, 96)), HALF_ORDER)) {
                if or(eq(v, 27), eq(v, 28)) {
                    mstore(0, 0)
                    // On a bad signature the call succeeds and returns nothing.
                    pop(staticcall(gas(), 1, scratch, 128, 0, 32))
                    signer := mload(0)
                }
            }
        }
    }

    /// @notice Whether `signer` signed: by ECDSA whatever its code, else by its ERC-1271 answer.
    function isValid(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signature.length == 65) {
            uint256 offset;
            assembly ("memory-safe") {
                offset := signature.offset
            }
            if (recoverAt(digest, offset) == signer && signer != address(0)) return true;
        }
        return signer.code.length != 0 && _walletSays(signer, digest, signature);
    }

    function _walletSays(address wallet, bytes32 digest, bytes calldata signature) private view returns (bool) {
        bytes memory call_ = abi.encodeWithSelector(MAGIC, digest, signature);
        bool ok;
        bytes32 answer;
        assembly ("memory-safe") {
            mstore(0, 0)
            // 32 bytes of the answer alone are copied, however much there is.
            ok := staticcall(WALLET_GAS, wallet, add(call_, 32), mload(call_), 0, 32)
            ok := and(ok, gt(returndatasize(), 31))
            answer := mload(0)
        }
        return ok && answer == bytes32(MAGIC);
    }
}
