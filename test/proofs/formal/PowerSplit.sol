// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClusters} from "../../../contracts/interfaces/IClusters.sol";
import {PowerSplit} from "../../../contracts/libraries/PowerSplit.sol";

/// @title PowerSplitProofs
/// @notice Clusters of one to four members of any power: with more, only the loop is longer.
contract PowerSplitProofs {
    function parts_ofOneIsTheWhole(uint64 power, uint96 amount) external pure {
        require(power > 0);
        IClusters.Member[] memory members = new IClusters.Member[](1);
        members[0].power = power;
        uint256[] memory part = PowerSplit.parts(members, amount);
        assert(part[0] == amount);
    }

    /// @custom:engine bmc
    /// @custom:loops 2
    function parts_ofTwoSumToTheWhole(uint64 one, uint64 other, uint96 amount) external pure {
        require(one > 0 && other > 0);
        IClusters.Member[] memory members = new IClusters.Member[](2);
        members[0].power = one;
        members[1].power = other;
        uint256[] memory part = PowerSplit.parts(members, amount);
        assert(part[0] + part[1] == amount);
    }

    /// @custom:engine bmc
    /// @custom:loops 2
    function parts_ofTwoNeverAboveTheWhole(uint64 one, uint64 other, uint96 amount) external pure {
        require(one > 0 && other > 0);
        IClusters.Member[] memory members = new IClusters.Member[](2);
        members[0].power = one;
        members[1].power = other;
        uint256[] memory part = PowerSplit.parts(members, amount);
        assert(part[0] <= amount && part[1] <= amount);
    }

    /// @custom:engine bmc
    /// @custom:loops 3
    function parts_ofThreeSumToTheWhole(uint64 one, uint64 two, uint64 three, uint96 amount) external pure {
        require(one > 0 && two > 0 && three > 0);
        IClusters.Member[] memory members = new IClusters.Member[](3);
        members[0].power = one;
        members[1].power = two;
        members[2].power = three;
        uint256[] memory part = PowerSplit.parts(members, amount);
        assert(part[0] + part[1] + part[2] == amount);
    }

    /// @custom:engine bmc
    /// @custom:loops 4
    function parts_ofFourSumToTheWhole(uint64[4] calldata power, uint96 amount) external pure {
        require(power[0] > 0 && power[1] > 0 && power[2] > 0 && power[3] > 0);
        IClusters.Member[] memory members = new IClusters.Member[](4);
        members[0].power = power[0];
        members[1].power = power[1];
        members[2].power = power[2];
        members[3].power = power[3];
        uint256[] memory part = PowerSplit.parts(members, amount);
        assert(part[0] + part[1] + part[2] + part[3] == amount);
    }

    /// @custom:target overflow
    /// @custom:engine bmc
    /// @custom:loops 2
    function parts_ofTwoNeverOverflow(uint64 one, uint64 other, uint96 amount) external pure {
        require(one > 0 && other > 0);
        IClusters.Member[] memory members = new IClusters.Member[](2);
        members[0].power = one;
        members[1].power = other;
        PowerSplit.parts(members, amount);
    }
}
