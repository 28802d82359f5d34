// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestStablecoin} from "../../../contracts/TestStablecoin.sol";
import {Vault} from "../../../contracts/Vault.sol";

/// @notice Delivers one unit less than it was asked for.
contract SkimmingToken is TestStablecoin {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && amount > 0) super._update(to, address(1), 1);
    }
}

/// @notice Gives its thief the floor in the middle of a deposit.
contract ReentrantToken is TestStablecoin {
    Thief private _thief;

    function arm(Thief thief) external {
        _thief = thief;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(_thief) && address(_thief) != address(0)) _thief.onTransfer();
        super._update(from, to, amount);
    }
}

contract Thief {
    Vault private immutable _VAULT;

    constructor(Vault vault) {
        _VAULT = vault;
        vault.TOKEN().approve(address(vault), type(uint256).max);
    }

    function deposit(uint256 amount) external {
        _VAULT.deposit(amount);
    }

    function onTransfer() external {
        (uint256 available, , , ) = _VAULT.balanceOf(address(this));
        _VAULT.withdraw(available);
    }
}
