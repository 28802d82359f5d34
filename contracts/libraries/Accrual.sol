// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Accrual
/// @notice What a lease owes, cumulative from its start, so that any split into settlements pays the same.
library Accrual {
    uint256 internal constant HOUR = 3600;
    uint256 internal constant BPS = 10_000;

    /// @notice Base units owed after `elapsed` seconds; rounded down, the consumer gains.
    /// @param rate base units per card-hour
    function owed(uint256 cards, uint256 elapsed, uint256 rate) internal pure returns (uint256) {
        return (cards * elapsed * rate) / HOUR;
    }

    /// @notice The fee on a cumulative `amount`; rounded up, the treasury gains.
    function feeUp(uint256 amount, uint256 feeBps) internal pure returns (uint256) {
        return (amount * feeBps + BPS - 1) / BPS;
    }

    /// @notice Price and fee together after `elapsed` seconds.
    function total(uint256 cards, uint256 elapsed, uint256 rate, uint256 feeBps) internal pure returns (uint256) {
        uint256 amount = owed(cards, elapsed, rate);
        return amount + feeUp(amount, feeBps);
    }
}
