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

/// @notice Re-enters the vault with money of its own in the middle of others' transfers.
contract JumpyToken is TestStablecoin {
    Vault private _vault;
    uint256 private _mood;
    bool private _inside;

    /// @notice Has `amount` in the vault, and as much beside it.
    function enter(Vault vault, uint256 amount) external {
        _vault = vault;
        _mint(address(this), 2 * amount);
        _approve(address(this), address(vault), type(uint256).max);
        vault.deposit(amount);
    }

    /// @param mood 0 none; 1 withdraws, 2 deposits, 3 moves to bidding and takes fees
    function arm(uint256 mood) external {
        _mood = mood;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (_mood != 0 && !_inside && (from == address(_vault) || to == address(_vault))) {
            _inside = true;
            bytes[3] memory calls = [
                abi.encodeCall(_vault.withdraw, (1e6)),
                abi.encodeCall(_vault.deposit, (1e6)),
                abi.encodeCall(_vault.fundBidding, (1e6))
            ];
            (bool done, ) = address(_vault).call(calls[_mood - 1]);
            if (_mood == 3) (done, ) = address(_vault).call(abi.encodeCall(_vault.collectFees, ()));
            _inside = false;
        }
        super._update(from, to, amount);
    }
}
