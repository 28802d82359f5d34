// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Standing
/// @notice The arithmetic of `docs/adr/0008-reputation.md`: weights that halve every 30 days, and the score they give.
library Standing {
    /// @notice Days in which a weight halves.
    uint256 internal constant HALF_LIFE_DAYS = 30;
    /// @notice How many units of good one unit of bad outweighs.
    uint256 internal constant BAD_WEIGHT = 4;
    /// @notice The best score there is.
    uint256 internal constant BEST = 10_000;
    /// @dev The least stake over this is what one lease can count for at most.
    uint256 private constant LEASES_A_STAKE = 4;
    uint256 private constant ONE_SHIFT = 64;
    // floor(2^(64 − k / 30)) for k = 1, 2, 4, 8, 16 days.
    uint256 private constant AFTER_1 = 18_025_419_856_780_639_094;
    uint256 private constant AFTER_2 = 17_613_718_698_265_799_538;
    uint256 private constant AFTER_4 = 16_818_311_412_679_010_380;
    uint256 private constant AFTER_8 = 15_333_632_734_514_766_198;
    uint256 private constant AFTER_16 = 12_745_896_614_464_236_183;

    /// @notice Most that one lease counts for, good and bad each, base units: no single lease makes or breaks a record.
    function outcomeCap(uint256 minProviderStake) internal pure returns (uint256) {
        return (minProviderStake + LEASES_A_STAKE - 1) / LEASES_A_STAKE;
    }

    /// @notice What is left of `weight` after `age` days; rounded down, once.
    /// @param weight base units, at most 128 bits
    function decayed(uint256 weight, uint256 age) internal pure returns (uint256) {
        uint256 halvings = age / HALF_LIFE_DAYS;
        if (halvings >= 128) return 0;
        return (weight * _factor(age % HALF_LIFE_DAYS)) >> (ONE_SHIFT + halvings);
    }

    /// @notice 0 to 10,000; 5,000 where nothing is recorded; rounded down.
    /// @param prior good and bad luck that everybody starts with, base units, at least 1
    function score(uint256 good, uint256 bad, uint256 prior) internal pure returns (uint16) {
        return uint16((BEST * (prior + 2 * good)) / (2 * (prior + good + BAD_WEIGHT * bad)));
    }

    /// @dev 2^(64 − age / 30) for age below 30, from the powers of two that make up the age.
    function _factor(uint256 age) private pure returns (uint256 factor) {
        factor = 1 << ONE_SHIFT;
        if (age & 1 != 0) factor = (factor * AFTER_1) >> ONE_SHIFT;
        if (age & 2 != 0) factor = (factor * AFTER_2) >> ONE_SHIFT;
        if (age & 4 != 0) factor = (factor * AFTER_4) >> ONE_SHIFT;
        if (age & 8 != 0) factor = (factor * AFTER_8) >> ONE_SHIFT;
        if (age & 16 != 0) factor = (factor * AFTER_16) >> ONE_SHIFT;
    }
}
