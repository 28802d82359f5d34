// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClusters} from "../../../contracts/interfaces/IClusters.sol";
import {Accrual} from "../../../contracts/libraries/Accrual.sol";
import {PowerSplit} from "../../../contracts/libraries/PowerSplit.sol";
import {Ranking} from "../../../contracts/libraries/Ranking.sol";
import {Rea} from "../../../contracts/libraries/Rea.sol";
import {Standing} from "../../../contracts/libraries/Standing.sol";

/// @title WrongProofs
/// @notice False statements, one of each harness: a checker that does not find them violated proves nothing.
contract WrongProofs {
    uint256 private _due;
    uint256 private _paid;

    /// @dev Pays the whole each time, where the difference is due.
    function settle(uint40 to) external {
        _due = Accrual.owed(1, to, 3600);
        unchecked {
            _paid += _due;
        }
    }

    function accrual_feeRoundsDown(uint160 amount) external pure {
        assert(Accrual.feeUp(amount, 250) * 10_000 <= uint256(amount) * 250);
    }

    /// @custom:target overflow
    function accrual_feeFitsAnyAmount(uint256 amount) external pure {
        amount * 250;
    }

    function conservation_paidTwice() external view {
        assert(_paid <= _due);
    }

    /// @custom:engine bmc
    /// @custom:loops 2
    function powerSplit_isEqual(uint64 one, uint64 other, uint96 amount) external pure {
        require(one > 0 && other > 0);
        IClusters.Member[] memory members = new IClusters.Member[](2);
        members[0].power = one;
        members[1].power = other;
        uint256[] memory part = PowerSplit.parts(members, amount);
        assert(part[0] == part[1]);
    }

    /// @custom:engine bmc
    function ranking_priceStays(uint96 start) external pure {
        assert(Ranking.priceAt(start, 1, 0.973e18) == start);
    }

    /// @custom:engine bmc
    function rea_clockStays() external pure {
        assert(Rea.clock(0.973e18, 1)[1] == 1e18);
    }

    function standing_newcomersAreTheBest(uint96 prior) external pure {
        require(prior > 0);
        assert(Standing.score(0, 0, prior) == 10_000);
    }
}
