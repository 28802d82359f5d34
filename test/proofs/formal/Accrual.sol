// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../../../contracts/libraries/Accrual.sol";

/// @title AccrualProofs
/// @notice What a lease owes, for all cards, seconds and rates of their widths, and all fees up to the whole.
contract AccrualProofs {
    /// @custom:target overflow
    function owed_fitsItsWidths(uint16 cards, uint40 elapsed, uint96 rate) external pure {
        uint256(cards) * elapsed * rate;
    }

    function owed_isTheCheckedFormula(uint16 cards, uint40 elapsed, uint96 rate) external pure {
        assert(Accrual.owed(cards, elapsed, rate) == (uint256(cards) * elapsed * rate) / 3600);
    }

    function owed_isNothingAtTheStart(uint16 cards, uint96 rate) external pure {
        assert(Accrual.owed(cards, 0, rate) == 0);
    }

    /// @custom:engine bmc
    function owed_growsWithTime(uint16 cards, uint40 earlier, uint40 later, uint96 rate) external pure {
        require(earlier <= later);
        assert(Accrual.owed(cards, earlier, rate) <= Accrual.owed(cards, later, rate));
    }

    /// @custom:engine bmc
    function owed_growsWithCards(uint16 fewer, uint16 more, uint40 elapsed, uint96 rate) external pure {
        require(fewer <= more);
        assert(Accrual.owed(fewer, elapsed, rate) <= Accrual.owed(more, elapsed, rate));
    }

    /// @custom:engine bmc
    function owed_growsWithRate(uint16 cards, uint40 elapsed, uint96 lower, uint96 higher) external pure {
        require(lower <= higher);
        assert(Accrual.owed(cards, elapsed, lower) <= Accrual.owed(cards, elapsed, higher));
    }

    function owed_neverAboveExact(uint16 cards, uint40 elapsed, uint96 rate) external pure {
        assert(Accrual.owed(cards, elapsed, rate) * 3600 <= uint256(cards) * elapsed * rate);
    }

    function owed_lessThanOneBelowExact(uint16 cards, uint40 elapsed, uint96 rate) external pure {
        assert(Accrual.owed(cards, elapsed, rate) * 3600 + 3600 > uint256(cards) * elapsed * rate);
    }

    function owed_apartNeverMoreThanTogether(uint16 cards, uint40 one, uint40 other, uint96 rate) external pure {
        require(uint256(one) + other <= type(uint40).max);
        uint256 apart = Accrual.owed(cards, one, rate) + Accrual.owed(cards, other, rate);
        assert(apart <= Accrual.owed(cards, uint256(one) + other, rate));
    }

    /// @custom:target overflow
    function feeUp_fitsItsWidths(uint168 amount, uint16 feeBps) external pure {
        require(feeBps <= 10_000);
        uint256(amount) * feeBps + 9_999;
    }

    function feeUp_neverAboveAmount(uint168 amount, uint16 feeBps) external pure {
        require(feeBps <= 10_000);
        assert(Accrual.feeUp(amount, feeBps) <= amount);
    }

    function feeUp_neverBelowExact(uint168 amount, uint16 feeBps) external pure {
        require(feeBps <= 10_000);
        assert(Accrual.feeUp(amount, feeBps) * 10_000 >= uint256(amount) * feeBps);
    }

    function feeUp_lessThanOneAboveExact(uint168 amount, uint16 feeBps) external pure {
        require(feeBps <= 10_000);
        assert(Accrual.feeUp(amount, feeBps) * 10_000 < uint256(amount) * feeBps + 10_000);
    }

    /// @custom:engine bmc
    function feeUp_growsWithAmount(uint168 smaller, uint168 larger, uint16 feeBps) external pure {
        require(smaller <= larger && feeBps <= 10_000);
        assert(Accrual.feeUp(smaller, feeBps) <= Accrual.feeUp(larger, feeBps));
    }

    /// @custom:engine bmc
    function total_isOwedAndItsFee(uint16 cards, uint40 elapsed, uint96 rate, uint16 feeBps) external pure {
        require(feeBps <= 10_000);
        uint256 amount = Accrual.owed(cards, elapsed, rate);
        assert(Accrual.total(cards, elapsed, rate, feeBps) == amount + Accrual.feeUp(amount, feeBps));
    }

    /// @custom:engine bmc
    /// @custom:division plain
    function total_growsWithTime(uint16 cards, uint40 earlier, uint40 later, uint96 rate, uint16 feeBps) external pure {
        require(earlier <= later && feeBps <= 10_000);
        assert(Accrual.total(cards, earlier, rate, feeBps) <= Accrual.total(cards, later, rate, feeBps));
    }

    /// @dev A settlement is the difference of two: neither what it pays nor its fee is below zero.
    /// @custom:engine bmc
    /// @custom:target overflow
    function settlement_neverTakesBack(
        uint16 cards,
        uint40 earlier,
        uint40 later,
        uint96 rate,
        uint16 feeBps
    ) external pure {
        require(feeBps <= 10_000 && earlier <= later);
        uint256 before = Accrual.owed(cards, earlier, rate);
        uint256 due = Accrual.owed(cards, later, rate);
        due - before;
        Accrual.feeUp(due, feeBps) - Accrual.feeUp(before, feeBps);
    }
}
