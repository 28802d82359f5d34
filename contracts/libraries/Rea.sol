// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Rea
/// @notice The reduced-price equilibrium auction in integers.
/// Clock: g[0] = 1e18, g[k+1] = floor(g[k] γ / 1e18), p[k] = floor(start g[k] / 1e18). The contracts need `p[step]`
/// alone; `clear` is the whole rule, which the tests run against the shared vectors.
library Rea {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant STEPS = 256;

    /// @param reserve base units per card-hour
    /// @param distance Eq. (5) of document 002
    /// @param entropyGap micro-bits, Eq. (6) of document 002
    struct Candidate {
        uint128 reserve;
        uint256 distance;
        uint256 entropyGap;
        bytes32 lottery;
        bytes32 askId;
    }

    /// @param found false when no candidate accepts the start price
    /// @param winner index of the winner
    /// @param runnerUp index of the runner-up; `type(uint256).max` without one
    struct Cleared {
        bool found;
        uint256 winner;
        uint256 runnerUp;
        uint8 step;
        uint256 price;
    }

    /// @notice g[0] to g[lastStep].
    function clock(uint256 gammaWad, uint256 lastStep) internal pure returns (uint256[] memory g) {
        g = new uint256[](lastStep + 1);
        g[0] = WAD;
        for (uint256 k = 0; k < lastStep; ++k) g[k + 1] = (g[k] * gammaWad) / WAD;
    }

    /// @notice p[k] for g[k]; never above `start`.
    function priceAt(uint128 start, uint256 gWad) internal pure returns (uint128) {
        // g ≤ 1e18, so the quotient is at most `start`.
        return uint128((uint256(start) * gWad) / WAD);
    }

    /// @notice The last step whose price is at or above `reserve`; `out` when even the start price is below it.
    function lastStepAt(
        uint128 start,
        uint256[] memory g,
        uint128 reserve
    ) internal pure returns (bool out, uint256 step) {
        if (reserve > start) return (true, 0);
        while (step + 1 < g.length && priceAt(start, g[step + 1]) >= reserve) ++step;
    }

    /// @notice Winner, runner-up, step and price among the candidates of one order.
    function clear(
        uint128 start,
        uint256[] memory g,
        Candidate[] memory candidates
    ) internal pure returns (Cleared memory result) {
        uint256 none = type(uint256).max;
        (uint256 first, uint256 second) = (none, none);
        (uint256 firstStep, uint256 secondStep) = (0, 0);
        for (uint256 i = 0; i < candidates.length; ++i) {
            (bool out, uint256 step) = lastStepAt(start, g, candidates[i].reserve);
            if (out) continue;
            if (first == none || _ranksBefore(step, candidates[i], firstStep, candidates[first])) {
                (second, secondStep) = (first, firstStep);
                (first, firstStep) = (i, step);
            } else if (second == none || _ranksBefore(step, candidates[i], secondStep, candidates[second])) {
                (second, secondStep) = (i, step);
            }
        }
        result.runnerUp = second;
        if (first == none) return result;
        uint256 priced = 0;
        if (second != none) {
            priced = _precedes(candidates[first], candidates[second]) ? secondStep : secondStep + 1;
        }
        result.found = true;
        result.winner = first;
        result.step = uint8(priced);
        result.price = priceAt(start, g[priced]);
    }

    function _ranksBefore(
        uint256 stepA,
        Candidate memory a,
        uint256 stepB,
        Candidate memory b
    ) private pure returns (bool) {
        return stepA == stepB ? _precedes(a, b) : stepA > stepB;
    }

    /// @dev The tie-break; stated reserves decide none.
    function _precedes(Candidate memory a, Candidate memory b) private pure returns (bool) {
        if (a.entropyGap != b.entropyGap) return a.entropyGap < b.entropyGap;
        if (a.distance != b.distance) return a.distance < b.distance;
        if (a.lottery != b.lottery) return a.lottery < b.lottery;
        return a.askId < b.askId;
    }
}
