// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Standing} from "../../../contracts/libraries/Standing.sol";

/// @title StandingProofs
/// @notice Weights and scores, for all money of 96 bits. What halves a weight picks bits of its age and shifts, which z3 has no
/// arithmetic for.
contract StandingProofs {
    function outcomeCap_fourCoverTheStake(uint96 stake) external pure {
        assert(Standing.outcomeCap(stake) * 4 >= stake);
    }

    function outcomeCap_neverMoreThanNeeded(uint96 stake) external pure {
        assert(Standing.outcomeCap(stake) * 4 < uint256(stake) + 4);
    }

    /// @custom:target overflow
    function score_neverOverflows(uint96 good, uint96 bad, uint96 prior) external pure {
        require(prior > 0);
        Standing.score(good, bad, prior);
    }

    /// @custom:engine bmc
    /// @custom:division plain
    function score_neverAboveTheBest(uint96 good, uint96 bad, uint96 prior) external pure {
        require(prior > 0);
        assert(Standing.score(good, bad, prior) <= 10_000);
    }

    /// @custom:engine bmc
    /// @custom:division plain
    function score_isNotCutOff(uint96 good, uint96 bad, uint96 prior) external pure {
        require(prior > 0);
        uint256 whole =
            (10_000 * (uint256(prior) + 2 * uint256(good))) / (2 * (uint256(prior) + good + 4 * uint256(bad)));
        assert(Standing.score(good, bad, prior) == whole);
    }

    /// @custom:engine bmc
    /// @custom:division plain
    function score_startsInTheMiddle(uint96 prior) external pure {
        require(prior > 0);
        assert(Standing.score(0, 0, prior) == 5_000);
    }

    /// @custom:unproved two quotients of different divisors
    function score_risesWithGood(uint96 less, uint96 more, uint96 bad, uint96 prior) external pure {
        require(prior > 0 && less <= more);
        assert(Standing.score(less, bad, prior) <= Standing.score(more, bad, prior));
    }

    /// @custom:unproved two quotients of different divisors
    function score_fallsWithBad(uint96 good, uint96 less, uint96 more, uint96 prior) external pure {
        require(prior > 0 && less <= more);
        assert(Standing.score(good, less, prior) >= Standing.score(good, more, prior));
    }

    /// @custom:unproved bits and shifts
    function decayed_isTheWeightAtFirst(uint128 weight) external pure {
        assert(Standing.decayed(weight, 0) == weight);
    }

    /// @custom:unproved bits and shifts
    function decayed_neverAboveTheWeight(uint128 weight, uint256 age) external pure {
        assert(Standing.decayed(weight, age) <= weight);
    }

    /// @custom:unproved bits and shifts
    function decayed_halvesIn30Days(uint128 weight) external pure {
        assert(Standing.decayed(weight, 30) == weight / 2);
    }

    function decayed_isGoneAtLast(uint128 weight, uint256 age) external pure {
        require(age >= 3_840);
        assert(Standing.decayed(weight, age) == 0);
    }

    /// @custom:unproved bits and shifts
    /// @custom:target overflow
    function decayed_neverOverflows(uint128 weight, uint256 age) external pure {
        Standing.decayed(weight, age);
    }
}
