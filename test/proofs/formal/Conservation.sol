// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../../../contracts/libraries/Accrual.sol";

/// @title ConservationProofs
/// @notice The books of one lease through any sequence of settlements and early ends. The lease is one of fixed cards, rate and fee, so
/// that nothing but times is multiplied; what is owed until the last settlement and until the end is kept, so that the invariant is a sum.
contract ConservationProofs {
    uint256 private constant CARDS = 8;
    uint256 private constant RATE = 1_250_000;
    uint256 private constant FEE_BPS = 250;

    uint256 private _locked;
    uint256 private _paid;
    uint256 private _fees;
    uint256 private _refunded;
    uint256 private _due;
    uint256 private _feeDue;
    uint256 private _wholeDue;
    uint256 private _wholeFee;

    constructor(uint40 duration) {
        _wholeDue = Accrual.owed(CARDS, duration, RATE);
        _wholeFee = Accrual.feeUp(_wholeDue, FEE_BPS);
        _locked = _wholeDue + _wholeFee;
    }

    /// @dev Anyone, any number of times, forward and within the lease.
    function settle(uint40 to) external {
        uint256 due = Accrual.owed(CARDS, to, RATE);
        require(due >= _due && due <= _wholeDue);
        _settle(due, Accrual.feeUp(due, FEE_BPS));
    }

    /// @dev Ends the lease early; what lies after is the consumer's again.
    function close(uint40 end) external {
        uint256 due = Accrual.owed(CARDS, end, RATE);
        require(due >= _due && due <= _wholeDue);
        uint256 fee = Accrual.feeUp(due, FEE_BPS);
        _refunded += _wholeDue + _wholeFee - due - fee;
        (_wholeDue, _wholeFee) = (due, fee);
    }

    function finish_paysAllThatWasLocked() external {
        _settle(_wholeDue, _wholeFee);
        assert(_paid + _fees + _refunded == _locked);
    }

    function paid_neverAboveLocked() external view {
        assert(_paid <= _locked);
    }

    function paid_isWhatIsDue() external view {
        assert(_paid == _due && _fees == _feeDue);
    }

    function _settle(uint256 due, uint256 feeDue) private {
        _paid += due - _due;
        _fees += feeDue - _feeDue;
        (_due, _feeDue) = (due, feeDue);
    }
}
