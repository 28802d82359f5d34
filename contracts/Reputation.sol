// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClusters} from "./interfaces/IClusters.sol";
import {IReputation} from "./interfaces/IReputation.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {PowerSplit} from "./libraries/PowerSplit.sol";
import {Standing} from "./libraries/Standing.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";

/// @title Reputation
/// @notice A number from 0 to 10,000 for each provider, from recorded outcomes alone.
contract Reputation is IReputation {
    /// @dev Two words. The first is all that an auction reads on a day that has an outcome, the second changes with each outcome.
    /// `day` 0 means that nothing was ever recorded.
    struct Record {
        uint96 good;
        uint96 bad;
        uint32 day;
        uint16 score;
        uint16 scoreBefore;
        uint96 newGood;
        uint96 newBad;
    }

    /// @notice Alone records outcomes.
    address public immutable LEASE_BOOK;
    /// @notice Knows whom a cluster's account stands for.
    IClusters public immutable CLUSTERS;
    /// @notice The weight that a newcomer's 5,000 has: the least stake of a provider, base units.
    uint256 public immutable PRIOR;

    mapping(address provider => Record) private _records;

    constructor(Addresses memory a, Parameters memory p) {
        ParameterBounds.check(p);
        LEASE_BOOK = a.leaseBook;
        CLUSTERS = IClusters(a.clusters);
        PRIOR = p.minProviderStake;
    }

    /// @inheritdoc IReputation
    function record(address[] calldata providers, uint256[] calldata good, uint256[] calldata bad) external {
        if (msg.sender != LEASE_BOOK) revert NotProtocol(msg.sender);
        for (uint256 i = 0; i < providers.length; ++i) _addTo(providers[i], good[i], bad[i]);
    }

    /// @inheritdoc IReputation
    function scoreAt(address provider, uint40 time) external view returns (uint16) {
        uint256 day = time / 1 days;
        IClusters.Member[] memory members = _membersOf(provider);
        if (members.length == 0) return _scoreOn(provider, day);
        uint16 least = type(uint16).max;
        for (uint256 i = 0; i < members.length; ++i) {
            uint16 score = _scoreOn(members[i].provider, day);
            if (score < least) least = score;
        }
        return least;
    }

    function _addTo(address provider, uint256 good, uint256 bad) private {
        IClusters.Member[] memory members = _membersOf(provider);
        if (members.length == 0) {
            _add(provider, good, bad);
            return;
        }
        uint256[] memory goodParts = PowerSplit.parts(members, good);
        uint256[] memory badParts = PowerSplit.parts(members, bad);
        for (uint256 i = 0; i < members.length; ++i) _add(members[i].provider, goodParts[i], badParts[i]);
    }

    /// @dev Never fails: money moves in the same transaction. Sums stop at 96 bits.
    function _add(address provider, uint256 good, uint256 bad) private {
        if (good == 0 && bad == 0) return;
        Record storage held = _records[provider];
        uint32 today = uint32(block.timestamp / 1 days);
        if (held.day != today) _turnTo(held, today);
        held.newGood = _narrow(held.newGood + good);
        held.newBad = _narrow(held.newBad + bad);
        emit ReputationChanged(provider, today, held.good, held.bad, held.newGood, held.newBad);
    }

    /// @dev What was new joins what counts; yesterday's score stays, because slots that closed yesterday may still be committed.
    function _turnTo(Record storage held, uint32 today) private {
        uint16 scoreBefore = _scoreFrom(held, today - 1);
        (uint256 good, uint256 bad) = _weightsOn(held, today);
        held.good = uint96(good);
        held.bad = uint96(bad);
        held.day = today;
        held.score = Standing.score(good, bad, PRIOR);
        held.scoreBefore = scoreBefore;
        held.newGood = 0;
        held.newBad = 0;
    }

    function _scoreOn(address provider, uint256 day) private view returns (uint16) {
        Record storage held = _records[provider];
        if (day + 1 < held.day) revert ScoreForgotten(provider, uint32(day));
        return _scoreFrom(held, day);
    }

    /// @dev The score on `day`, at the earliest the day before the last outcome.
    function _scoreFrom(Record storage held, uint256 day) private view returns (uint16) {
        uint256 last = held.day;
        if (last != 0 && day < last) return held.scoreBefore;
        if (last != 0 && day == last) return held.score;
        (uint256 good, uint256 bad) = _weightsOn(held, day);
        return Standing.score(good, bad, PRIOR);
    }

    /// @dev The weights that count on a day after the last outcome's.
    function _weightsOn(Record storage held, uint256 day) private view returns (uint256 good, uint256 bad) {
        uint256 age = day - held.day;
        good = _narrow(Standing.decayed(uint256(held.good) + held.newGood, age));
        bad = _narrow(Standing.decayed(uint256(held.bad) + held.newBad, age));
    }

    /// @dev An account with outcomes of its own is no cluster's, which saves asking.
    function _membersOf(address account) private view returns (IClusters.Member[] memory members) {
        if (_records[account].day == 0) members = CLUSTERS.membersOf(account);
    }

    function _narrow(uint256 weight) private pure returns (uint96) {
        return weight > type(uint96).max ? type(uint96).max : uint96(weight);
    }
}
