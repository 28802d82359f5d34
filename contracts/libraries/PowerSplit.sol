// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClusters} from "../interfaces/IClusters.sol";

/// @title PowerSplit
/// @notice Splits what a cluster earned, or answers for, by the computing power that its members contributed.
library PowerSplit {
    /// @notice Each member's part of `amount`, rounded down; the last member gets the rest, so that the parts sum to the whole.
    /// @param members at least one, of a total power above zero
    function parts(IClusters.Member[] memory members, uint256 amount) internal pure returns (uint256[] memory part) {
        uint256 total = 0;
        for (uint256 i = 0; i < members.length; ++i) total += members[i].power;
        part = new uint256[](members.length);
        uint256 left = amount;
        uint256 last = members.length - 1;
        for (uint256 i = 0; i < last; ++i) {
            part[i] = (amount * members[i].power) / total;
            left -= part[i];
        }
        part[last] = left;
    }
}
