// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestStablecoin} from "../../../contracts/TestStablecoin.sol";
import {Vault} from "../../../contracts/Vault.sol";

/// @notice A smart wallet that judges signatures in many ways.
contract Wallet {
    enum Answer {
        CHECK,
        BURN,
        SHORT,
        FAIL
    }

    Answer private _answer;

    function answer(Answer how) external {
        _answer = how;
    }

    /// @notice Bids with money that it mints.
    function enter(Vault vault, uint256 amount) external {
        TestStablecoin token = TestStablecoin(address(vault.TOKEN()));
        token.mint(address(this), amount);
        token.approve(address(vault), amount);
        vault.deposit(amount);
        vault.fundBidding(amount);
    }

    function isValidSignature(bytes32, bytes calldata signature) external view returns (bytes4) {
        if (_answer == Answer.FAIL) revert();
        if (_answer == Answer.SHORT) {
            assembly ("memory-safe") {
                mstore(0, shl(224, 0x1626ba7e))
                return(0, 4)
            }
        }
        bytes32 burnt;
        if (_answer == Answer.BURN) for (uint256 i = 0; i < 10_000; ++i) burnt = keccak256(abi.encode(burnt));
        return keccak256(signature) == keccak256("yes") ? this.isValidSignature.selector : bytes4(0);
    }
}
