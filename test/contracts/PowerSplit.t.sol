// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClusters} from "../../contracts/interfaces/IClusters.sol";
import {PowerSplit} from "../../contracts/libraries/PowerSplit.sol";
import {Assertions} from "./support/Vm.sol";

/// @notice Parts by power: nothing is made or lost, and nobody but the last gains by rounding.
contract PowerSplitTest is Assertions {
    function testFuzz_parts_sumToTheWholeAndAreFair(
        uint128 amount,
        uint64[16] memory powers,
        uint256 count
    ) public pure {
        count = bound(count, 1, 16);
        IClusters.Member[] memory members = new IClusters.Member[](count);
        uint256 total = 0;
        for (uint256 i = 0; i < count; ++i) {
            members[i].power = powers[i] == 0 ? 1 : powers[i];
            total += members[i].power;
        }
        uint256[] memory parts = PowerSplit.parts(members, amount);
        uint256 sum = 0;
        for (uint256 i = 0; i < count; ++i) {
            sum += parts[i];
            uint256 share = uint256(amount) * members[i].power;
            if (i + 1 < count) ok(parts[i] * total <= share && (parts[i] + 1) * total > share, "rounded down");
            else
                ok(parts[i] * total >= share && parts[i] * total < share + 16 * total, "the last: under 16 units more");
        }
        eq(sum, amount, "the whole");
    }
}
