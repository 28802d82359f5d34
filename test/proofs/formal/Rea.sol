// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rea} from "../../../contracts/libraries/Rea.sol";

/// @title ReaProofs
/// @notice The clock and the price of a step. 256 steps of a free gamma multiply 256 unknowns: BMC sees the first.
contract ReaProofs {
    function clock_startsAtOne(uint64 gammaWad, uint8 steps) external pure {
        assert(Rea.clock(gammaWad, steps)[0] == 1e18);
    }

    /// @custom:engine bmc
    function clock_secondIsGamma(uint64 gammaWad) external pure {
        assert(Rea.clock(gammaWad, 1)[1] == gammaWad);
    }

    /// @custom:engine bmc
    function clock_fallsAtFirst(uint64 gammaWad) external pure {
        require(gammaWad <= 0.973e18);
        uint256[] memory g = Rea.clock(gammaWad, 1);
        assert(g[1] < g[0]);
    }

    /// @dev Hence nothing is cut off by `priceAt`'s conversion to 128 bits.
    function quotient_neverAboveStart(uint128 start, uint64 g) external pure {
        require(g <= 1e18);
        assert((uint256(start) * g) / 1e18 <= start);
    }

    /// @custom:unproved the conversion to 128 bits, around a product
    function priceAt_neverAboveStart(uint128 start, uint64 g) external pure {
        require(g <= 1e18);
        assert(Rea.priceAt(start, g) <= start);
    }

    /// @custom:unproved the conversion to 128 bits, around a product
    function priceAt_fallsWithTheClock(uint128 start, uint64 lower, uint64 higher) external pure {
        require(lower <= higher && higher <= 1e18);
        assert(Rea.priceAt(start, lower) <= Rea.priceAt(start, higher));
    }
}
