// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Parameters} from "../types/Parameters.sol";

/// @title ParameterBounds
/// @notice The tables of `docs/adr/0001-shared-formats.md` and `0007-pages-and-leases.md`, checked once, at construction.
library ParameterBounds {
    error ParameterOutOfBounds(string name, uint256 value, uint256 minimum, uint256 maximum);

    function check(Parameters memory p) internal pure {
        _within("slotSeconds", p.slotSeconds, 1, 3_600);
        _within("commitDeadlineSeconds", p.commitDeadlineSeconds, 10, 3_600);
        _within("gammaWad", p.gammaWad, 0.5e18, 0.973e18);
        _within("feeBps", p.feeBps, 0, 1_000);
        _within("minLeaseSeconds", p.minLeaseSeconds, 1, 86_400);
        _within("maxLeaseSeconds", p.maxLeaseSeconds, 3_600, 31_536_000);
        _within("minLeaseSeconds", p.minLeaseSeconds, 1, p.maxLeaseSeconds);
        _within("minBillSeconds", p.minBillSeconds, 0, 3_600);
        _within("settleLagSeconds", p.settleLagSeconds, 0, 86_400);
        _within("unbondSeconds", p.unbondSeconds, 60, 7_776_000);
        // Else a provider could leave and come back between a slot's close and its commit, and the close would be forgotten.
        _within("unbondSeconds", p.unbondSeconds, uint256(p.slotSeconds) + p.commitDeadlineSeconds, type(uint32).max);
        _within("minProviderStake", p.minProviderStake, 1, type(uint96).max);
        _within("noticeSeconds", p.noticeSeconds, 0, 604_800);
        _within("slashBps", p.slashBps, 0, 5_000);
        _within("noShowGraceSeconds", p.noShowGraceSeconds, 1, 3_600);
        // Monitors speak within the settle lag: a shorter one would leave no time to see a no-show.
        _within("settleLagSeconds", p.settleLagSeconds, p.noShowGraceSeconds, 86_400);
        _within("faultOutageSeconds", p.faultOutageSeconds, 60, 604_800);
        _within("monitorBond", p.monitorBond, 1, type(uint96).max);
        _within("monitorQuorum", p.monitorQuorum, 1, 16);
        _within("claimWindowSeconds", p.claimWindowSeconds, 60, 604_800);
        _within("answerSeconds", p.answerSeconds, 60, 86_400);
        _within("claimDeposit", p.claimDeposit, 1, type(uint96).max);
        _within("claimPenalty", p.claimPenalty, 4, type(uint96).max);
        _within("skipPenalty", p.skipPenalty, 1, type(uint96).max);
        _within("quoteSeconds", p.quoteSeconds, 60, 86_400);
        _within("surplusShareBps", p.surplusShareBps, 0, 10_000);
    }

    function _within(string memory name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        if (value < minimum || value > maximum) revert ParameterOutOfBounds(name, value, minimum, maximum);
    }
}
