// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IReputation} from "../../contracts/interfaces/IReputation.sol";
import {ParameterBounds} from "../../contracts/libraries/ParameterBounds.sol";
import {Standing} from "../../contracts/libraries/Standing.sol";
import {Reputation} from "../../contracts/Reputation.sol";
import {Addresses, Parameters} from "../../contracts/types/Parameters.sol";
import {ClustersDouble, addressesOf, defaultParameters} from "./support/CustodyDoubles.sol";
import {Assertions, Vm, vm} from "./support/Vm.sol";

/// @notice What outcomes do to a provider's number, and when. This contract is the lease book.
contract ReputationTest is Assertions {
    uint256 private constant USD = 1e6;
    uint256 private constant PRIOR = 100 * USD;
    uint256 private constant CAP = 25 * USD;
    uint256 private constant FIRST_DAY = 20_000;
    address private constant ALICE = address(0xA11CE);
    address private constant BOB = address(0xB0B);
    address private constant CLUSTER = address(0xC1);

    ClustersDouble private clusters;
    Reputation private reputation;
    uint256[] private days_;
    uint256[] private goods;
    uint256[] private bads;

    function setUp() public {
        clusters = new ClustersDouble();
        reputation = deployed(uint96(PRIOR));
        vm.warp(FIRST_DAY * 1 days + 5 hours);
    }

    function test_constructor_failsWithoutALeastStake() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                ParameterBounds.ParameterOutOfBounds.selector,
                "minProviderStake",
                0,
                1,
                type(uint96).max
            )
        );
        deployed(0);
    }

    function test_scoreAt_is5000ForANewcomerOnAnyDay() public view {
        eq(scoreOn(ALICE, FIRST_DAY), 5000, "today");
        eq(scoreOn(ALICE, FIRST_DAY - 1), 5000, "yesterday");
        eq(scoreOn(ALICE, 0), 5000, "in 1970");
    }

    function test_record_failsForAnyoneElse() public {
        address[] memory providers = new address[](1);
        uint256[] memory amounts = new uint256[](1);
        vm.prank(ALICE);
        vm.expectRevert(abi.encodeWithSelector(IReputation.NotProtocol.selector, ALICE));
        reputation.record(providers, amounts, amounts);
    }

    function test_record_countsFromTheNextDay() public {
        recordOne(ALICE, 10 * USD, 0);
        eq(scoreOn(ALICE, FIRST_DAY), 5000, "not today");
        eq(scoreOn(ALICE, FIRST_DAY + 1), Standing.score(9_771_599, 0, PRIOR), "tomorrow, a day old");
        eq(scoreOn(ALICE, FIRST_DAY + 30), Standing.score(5 * USD, 0, PRIOR), "half after 30 days");
        eq(scoreOn(ALICE, FIRST_DAY + 30 * 200), 5000, "forgotten in the end");
    }

    function test_record_holdsFromTheFirstSecondOfTheDay() public {
        recordOne(ALICE, CAP, 0);
        uint40 midnight = uint40((FIRST_DAY + 1) * 1 days);
        eq(reputation.scoreAt(ALICE, midnight - 1), 5000, "last second");
        ok(reputation.scoreAt(ALICE, midnight) > 5000, "first second");
    }

    function test_record_leavesYesterdayAsItWas() public {
        recordOne(ALICE, 20 * USD, 0);
        uint256 tomorrow = scoreOn(ALICE, FIRST_DAY + 1);
        vm.warp((FIRST_DAY + 1) * 1 days);
        recordOne(ALICE, 0, 20 * USD);
        eq(scoreOn(ALICE, FIRST_DAY), 5000, "before the first outcome's day was over");
        eq(scoreOn(ALICE, FIRST_DAY + 1), tomorrow, "before the second's");
        vm.warp((FIRST_DAY + 9) * 1 days);
        uint256 before = scoreOn(ALICE, FIRST_DAY + 8);
        uint256 now_ = scoreOn(ALICE, FIRST_DAY + 9);
        recordOne(ALICE, CAP, 0);
        eq(scoreOn(ALICE, FIRST_DAY + 8), before, "yesterday, after eight quiet days");
        eq(scoreOn(ALICE, FIRST_DAY + 9), now_, "today");
    }

    function test_scoreAt_failsForADayThatIsForgotten() public {
        recordOne(ALICE, CAP, 0);
        scoreOn(ALICE, FIRST_DAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IReputation.ScoreForgotten.selector, ALICE, uint32(FIRST_DAY - 2)));
        this.scoreOn(ALICE, FIRST_DAY - 2);
    }

    function test_record_saysWhatHoldsAndWhatIsNew() public {
        recordOne(ALICE, 8 * USD, 4 * USD);
        vm.warp((FIRST_DAY + 30) * 1 days);
        vm.recordLogs();
        recordOne(ALICE, 3, 5);
        changedIs(vm.getRecordedLogs()[0], ALICE, [FIRST_DAY + 30, 4 * USD, 2 * USD, 3, 5]);
    }

    function test_record_ignoresAnOutcomeOfNothing() public {
        vm.recordLogs();
        recordOne(ALICE, 0, 0);
        eq(vm.getRecordedLogs().length, 0, "no event");
        eq(scoreOn(ALICE, 0), 5000, "no record");
    }

    function test_record_saturatesInsteadOfFailing() public {
        reputation = deployed(type(uint96).max);
        for (uint256 i = 0; i < 5; ++i) recordOne(ALICE, type(uint160).max, type(uint160).max);
        vm.warp((FIRST_DAY + 1) * 1 days);
        for (uint256 i = 0; i < 4; ++i) recordOne(ALICE, type(uint160).max, type(uint160).max);
        vm.warp((FIRST_DAY + 2) * 1 days);
        vm.recordLogs();
        recordOne(ALICE, 1, 1);
        uint256 most = type(uint96).max;
        changedIs(vm.getRecordedLogs()[0], ALICE, [FIRST_DAY + 2, most, most, 1, 1]);
    }

    function test_record_splitsAClustersOutcomesByPower() public {
        clusters.add(CLUSTER, ALICE, 1);
        clusters.add(CLUSTER, BOB, 3);
        vm.recordLogs();
        recordOne(CLUSTER, 10, 7);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        changedIs(logs[0], ALICE, [FIRST_DAY, 0, 0, 2, 1]);
        changedIs(logs[1], BOB, [FIRST_DAY, 0, 0, 8, 6]);
        eq(logs.length, 2, "members alone");
    }

    function test_scoreAt_isTheLeastMembersForACluster() public {
        clusters.add(CLUSTER, ALICE, 1);
        clusters.add(CLUSTER, BOB, 1);
        recordOne(BOB, 0, CAP);
        recordOne(ALICE, CAP, 0);
        eq(scoreOn(CLUSTER, FIRST_DAY + 1), scoreOn(BOB, FIRST_DAY + 1), "the worst of them");
        ok(scoreOn(BOB, FIRST_DAY + 1) < 5000 && scoreOn(ALICE, FIRST_DAY + 1) > 5000, "they differ");
    }

    /// @notice The first table of ADR 0008: all leases within a day, seen the next day, each worth the cap or more.
    function test_table_ofADay() public {
        careerIs(1, 0, 0, 5981);
        careerIs(10, 0, 0, 8547);
        careerIs(100, 0, 0, 9803);
        careerIs(0, 1, 0, 2528);
        careerIs(0, 10, 0, 464);
        careerIs(0, 100, 0, 50);
        careerIs(100, 1, 0, 9440);
        careerIs(100, 10, 0, 7081);
        careerIs(100, 100, 0, 2024);
    }

    /// @notice The second: one lease a day.
    function test_table_ofALeaseADay() public {
        careerIs(1, 0, 1, 5981);
        careerIs(10, 0, 1, 8440);
        careerIs(100, 0, 1, 9529);
        careerIs(0, 1, 1, 2528);
        careerIs(0, 10, 1, 508);
        careerIs(0, 100, 1, 126);
        careerIs(100, 1, 1, 8703);
        careerIs(100, 10, 1, 4662);
        careerIs(100, 100, 1, 359);
    }

    /// @notice The contract keeps two words a provider; this keeps every outcome, and decays each by itself.
    function testFuzz_scoreAt_equalsTheSumOverAllOutcomes(uint256 seed) public {
        uint256 day = FIRST_DAY;
        for (uint256 i = 0; i < 24; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            day += seed % 5 == 0 ? (seed >> 8) % 40 : (seed >> 8) % 2;
            vm.warp(day * 1 days + ((seed >> 16) % 1 days));
            uint256 good = (seed >> 40) % CAP;
            uint256 bad = seed % 3 == 0 ? (seed >> 80) % CAP : 0;
            recordOne(ALICE, good, bad);
            days_.push(day);
            goods.push(good);
            bads.push(bad);
            near(scoreOn(ALICE, day), naiveScore(day), "today");
            near(scoreOn(ALICE, day - 1), naiveScore(day - 1), "yesterday");
            near(scoreOn(ALICE, day + 1), naiveScore(day + 1), "tomorrow");
        }
    }

    function testFuzz_record_neverFailsAndStaysInRange(uint160 good, uint160 bad, uint96 stake, uint32 wait) public {
        reputation = deployed(stake == 0 ? 1 : stake);
        clusters.add(CLUSTER, ALICE, type(uint64).max);
        clusters.add(CLUSTER, BOB, 1);
        recordOne(CLUSTER, good, bad);
        recordOne(ALICE, bad, good);
        vm.warp(block.timestamp + wait);
        recordOne(BOB, good, bad);
        recordOne(CLUSTER, bad, good);
        uint256 today = block.timestamp / 1 days;
        ok(scoreOn(CLUSTER, today + 1) <= 10_000, "range");
        ok(scoreOn(CLUSTER, today + 1) <= scoreOn(ALICE, today + 1), "the least");
    }

    function scoreOn(address provider, uint256 day) public view returns (uint256) {
        return reputation.scoreAt(provider, uint40(day * 1 days + 12 hours));
    }

    function careerIs(uint256 good, uint256 bad, uint256 daysApart, uint256 wanted) private {
        reputation = deployed(uint96(PRIOR));
        uint256 day = FIRST_DAY;
        for (uint256 i = 0; i < good + bad; ++i) {
            if (i != 0) day += daysApart;
            vm.warp(day * 1 days);
            recordOne(ALICE, i < good ? CAP : 0, i < good ? 0 : CAP);
        }
        eq(scoreOn(ALICE, day + 1), wanted, "score");
    }

    function naiveScore(uint256 day) private view returns (uint256) {
        uint256 good = 0;
        uint256 bad = 0;
        for (uint256 i = 0; i < days_.length; ++i) {
            if (days_[i] >= day) continue;
            good += Standing.decayed(goods[i], day - days_[i]);
            bad += Standing.decayed(bads[i], day - days_[i]);
        }
        return (10_000 * (PRIOR / 2 + good)) / (PRIOR + good + 4 * bad);
    }

    function near(uint256 got, uint256 wanted, string memory what) private pure {
        ok(got <= wanted + 1 && wanted <= got + 1, what);
    }

    function recordOne(address provider, uint256 good, uint256 bad) private {
        address[] memory providers = new address[](1);
        uint256[] memory goods_ = new uint256[](1);
        uint256[] memory bads_ = new uint256[](1);
        (providers[0], goods_[0], bads_[0]) = (provider, good, bad);
        reputation.record(providers, goods_, bads_);
    }

    function changedIs(Vm.Log memory log, address provider, uint256[5] memory wanted) private pure {
        eq(log.topics[0], IReputation.ReputationChanged.selector, "event");
        eq(log.topics[1], bytes32(uint256(uint160(provider))), "provider");
        eq(keccak256(log.data), keccak256(abi.encode(wanted)), "day, good, bad, newGood, newBad");
    }

    function deployed(uint96 leastStake) private returns (Reputation) {
        Addresses memory a = addressesOf(address(0), address(0), address(clusters));
        a.leaseBook = address(this);
        Parameters memory p = defaultParameters();
        p.minProviderStake = leastStake;
        return new Reputation(a, p);
    }
}
