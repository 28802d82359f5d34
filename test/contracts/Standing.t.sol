// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Standing} from "../../contracts/libraries/Standing.sol";
import {Assertions} from "./support/Vm.sol";

/// @notice Decay and score, against their properties and an independent, slower decay.
contract StandingTest is Assertions {
    /// @dev floor(2^(96 − 1 / 30)): another precision than the library's, one multiplication a day.
    uint256 private constant A_DAY_LEAVES = 77418588781541848755018319705;

    function test_decayed_halvesExactlyEveryThirtyDays() public pure {
        eq(Standing.decayed(1 << 95, 0), 1 << 95, "today");
        eq(Standing.decayed(1 << 95, 30), 1 << 94, "30 days");
        eq(Standing.decayed(1 << 95, 2850), 1, "95 halvings");
        eq(Standing.decayed(1 << 95, 2880), 0, "96 halvings");
        eq(Standing.decayed(1 << 127, 127 * 30), 1, "127 halvings");
        eq(Standing.decayed(type(uint128).max, 128 * 30), 0, "128 halvings");
        eq(Standing.decayed(type(uint128).max, type(uint256).max), 0, "for ever");
    }

    function test_outcomeCap_isAQuarterOfTheStakeRoundedUp() public pure {
        eq(Standing.outcomeCap(100e6), 25e6, "a quarter");
        eq(Standing.outcomeCap(100e6 + 1), 25e6 + 1, "rounded up");
        eq(Standing.outcomeCap(1), 1, "never nothing");
    }

    function test_decayed_isTheKnownShareOfAMillion() public pure {
        // floor(10^6 × 2^(−n / 30)), from a calculator.
        eq(Standing.decayed(1e6, 1), 977159, "1 day");
        eq(Standing.decayed(1e6, 7), 850667, "7 days");
        eq(Standing.decayed(1e6, 29), 511686, "29 days");
        eq(Standing.decayed(1e6, 365), 217, "a year");
    }

    function testFuzz_decayed_equalsADayByDayDecay(uint96 weight, uint256 age) public pure {
        age = bound(age, 0, 400);
        uint256 factor = 1 << 96;
        for (uint256 day = 0; day < age; ++day) factor = (factor * A_DAY_LEAVES) >> 96;
        uint256 slow = (uint256(weight) * factor) >> 96;
        uint256 fast = Standing.decayed(weight, age);
        uint256 apart = slow > fast ? slow - fast : fast - slow;
        ok(apart <= 1 + (uint256(weight) >> 58), "as slow");
    }

    function testFuzz_decayed_neverGrowsWithAge(uint128 weight, uint256 age) public pure {
        age = bound(age, 0, 4000);
        ok(Standing.decayed(weight, age + 1) <= Standing.decayed(weight, age), "age");
        if (weight != 0) ok(Standing.decayed(weight - 1, age) <= Standing.decayed(weight, age), "weight");
    }

    function testFuzz_score_staysInRangeAndMovesWithOutcomes(uint96 good, uint96 bad, uint96 prior) public pure {
        if (prior == 0) prior = 1;
        uint256 score = Standing.score(good, bad, prior);
        ok(score <= 10_000, "range");
        ok(Standing.score(uint256(good) + 1, bad, prior) >= score, "good");
        ok(Standing.score(good, uint256(bad) + 1, prior) <= score, "bad");
        if (bad == 0) ok(score >= 5000, "no bad word");
        if (good == 0) ok(score <= 5000, "no good word");
    }

    function test_score_isExactAtItsAnchors() public pure {
        eq(Standing.score(0, 0, 1), 5000, "newcomer, least prior");
        eq(Standing.score(0, 0, type(uint96).max), 5000, "newcomer, most prior");
        eq(Standing.score(100, 0, 100), 7500, "as much good as prior");
        eq(Standing.score(0, 100, 100), 1000, "as much bad as prior");
        eq(Standing.score(type(uint96).max, 0, 1), 9999, "best");
        eq(Standing.score(0, type(uint96).max, 1), 0, "worst");
        eq(Standing.score(300, 100, 100), 4375, "(50 + 300) / (100 + 300 + 400)");
    }
}
