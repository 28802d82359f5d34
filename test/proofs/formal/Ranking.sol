// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ranking} from "../../../contracts/libraries/Ranking.sol";

/// @title RankingProofs
/// @notice The same price as the claims' contract has it, which keeps no clock: the first steps for any gamma.
contract RankingProofs {
    /// @custom:engine bmc
    function priceAt_beginsAtStart(uint96 start, uint64 gammaWad) external pure {
        assert(Ranking.priceAt(start, 0, gammaWad) == start);
    }

    /// @custom:engine bmc
    /// @custom:loops 1
    function priceAt_fallsAtStep1(uint96 start, uint64 gammaWad) external pure {
        require(gammaWad <= 0.973e18);
        assert(Ranking.priceAt(start, 1, gammaWad) <= Ranking.priceAt(start, 0, gammaWad));
    }

    /// @custom:engine bmc
    /// @custom:loops 2
    function priceAt_fallsAtStep2(uint96 start, uint64 gammaWad) external pure {
        require(gammaWad <= 0.973e18);
        assert(Ranking.priceAt(start, 2, gammaWad) <= Ranking.priceAt(start, 1, gammaWad));
    }

    /// @custom:engine bmc
    /// @custom:loops 3
    function priceAt_fallsAtStep3(uint96 start, uint64 gammaWad) external pure {
        require(gammaWad <= 0.973e18);
        assert(Ranking.priceAt(start, 3, gammaWad) <= Ranking.priceAt(start, 2, gammaWad));
    }

    /// @custom:unproved the loop's invariant is a product
    function priceAt_neverAboveStart(uint96 start, uint256 step, uint64 gammaWad) external pure {
        require(gammaWad <= 0.973e18);
        assert(Ranking.priceAt(start, step, gammaWad) <= start);
    }

    /// @custom:unproved the loop's invariant is a product
    function priceAt_fallsAsStepsRise(uint96 start, uint256 step, uint64 gammaWad) external pure {
        require(gammaWad <= 0.973e18 && step < 255);
        assert(Ranking.priceAt(start, step + 1, gammaWad) <= Ranking.priceAt(start, step, gammaWad));
    }

    function lastStep_neverAboveLast(uint96 start, uint96 reserve, uint64 gammaWad) external pure {
        require(gammaWad <= 0.973e18);
        assert(Ranking.lastStep(start, reserve, gammaWad) <= 255);
    }
}
