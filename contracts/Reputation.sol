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
        Counted counted;
        Fresh fresh;
    }

    struct Counted {
        uint96 good;
        uint96 bad;
        uint32 day;
        uint16 score;
        uint16 scoreBefore;
    }

    struct Fresh {
        uint96 good;
        uint96 bad;
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
        (Counted memory counted, Fresh memory fresh) = (held.counted, held.fresh);
        if (counted.day != today) {
            counted = _turned(counted, fresh, today);
            held.counted = counted;
            fresh = Fresh(0, 0);
        }
        fresh.good = _narrow(fresh.good + good);
        fresh.bad = _narrow(fresh.bad + bad);
        held.fresh = fresh;
        emit ReputationChanged(provider, today, counted.good, counted.bad, fresh.good, fresh.bad);
    }

    /// @dev What was new joins what counts; yesterday's score stays, because slots that closed yesterday may still be committed.
    function _turned(
        Counted memory counted,
        Fresh memory fresh,
        uint32 today
    ) private view returns (Counted memory turned) {
        turned.scoreBefore = _scoreFrom(counted, fresh, today - 1);
        (turned.good, turned.bad) = _weightsOn(counted, fresh, today);
        turned.day = today;
        turned.score = Standing.score(turned.good, turned.bad, PRIOR);
    }

    function _scoreOn(address provider, uint256 day) private view returns (uint16) {
        Counted memory counted = _records[provider].counted;
        if (day + 1 < counted.day) revert ScoreForgotten(provider, uint32(day));
        // What counts after the last outcome's day alone needs the second word.
        Fresh memory fresh;
        if (day > counted.day) fresh = _records[provider].fresh;
        return _scoreFrom(counted, fresh, day);
    }

    /// @dev The score on `day`, at the earliest the day before the last outcome.
    function _scoreFrom(Counted memory counted, Fresh memory fresh, uint256 day) private view returns (uint16) {
        uint256 last = counted.day;
        if (last != 0 && day < last) return counted.scoreBefore;
        if (last != 0 && day == last) return counted.score;
        (uint256 good, uint256 bad) = _weightsOn(counted, fresh, day);
        return Standing.score(good, bad, PRIOR);
    }

    /// @dev The weights that count on a day after the last outcome's.
    function _weightsOn(
        Counted memory counted,
        Fresh memory fresh,
        uint256 day
    ) private pure returns (uint96 good, uint96 bad) {
        uint256 age = day - counted.day;
        good = _narrow(Standing.decayed(uint256(counted.good) + fresh.good, age));
        bad = _narrow(Standing.decayed(uint256(counted.bad) + fresh.bad, age));
    }

    /// @dev An account with outcomes of its own is no cluster's, which saves asking.
    function _membersOf(address account) private view returns (IClusters.Member[] memory members) {
        if (_records[account].counted.day == 0) members = CLUSTERS.membersOf(account);
    }

    function _narrow(uint256 weight) private pure returns (uint96) {
        return weight > type(uint96).max ? type(uint96).max : uint96(weight);
    }
}
