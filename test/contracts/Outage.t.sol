// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILeaseBook} from "../../contracts/interfaces/ILeaseBook.sol";
import {IMonitors} from "../../contracts/interfaces/IMonitors.sol";
import {IProviderRegistry} from "../../contracts/interfaces/IProviderRegistry.sol";
import {Exception, LeaseRef} from "../../contracts/types/Lease.sol";
import {Order} from "../../contracts/types/Trade.sol";
import {Fixture} from "./support/Fixture.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice What did not run is not billed; too much of it ends the lease, and costs the provider.
contract OutageTest is Fixture {
    uint256 private constant LAG = 300;
    uint256 private constant LOCK = 6_120_000; // two hours of one card at 3 USD, 2 % on top

    LeaseRef private ref;
    uint64 private id;
    uint40 private start;
    Opened private page;

    function setUp() public {
        setUpMarket();
        bondMonitors();
        Order memory order = anOrder(1);
        order.cards = 1;
        (, page) = commitOne(aDeal(order, anAsk(1)));
        ref = refOf(page, 0);
        (id, start) = (ref.pageId << 8, page.start);
    }

    function test_outage_isNotBilled() public {
        attest(1000, 1250);
        eq(available(PAYOUT), 833_333, "paid up to it");
        Exception memory own = leaseBook.exceptionOf(id);
        ok(own.billed == 1000 && own.settledUntil == start + 1250 && own.outage == 250, "its record");
        vm.warp(start + 7200 + LAG);
        leaseBook.settle(ref);
        eq(available(PAYOUT), 5_791_666, "6,950 of 7,200 seconds");
        eq(fees(), 115_834, "fee on them");
        eq(available(CONSUMER), 500_000 * USD + LOCK - 5_907_500, "the rest is back");
        eq(locked(), 0, "nothing held");
    }

    function test_outage_tellsFromWhenToWhen() public {
        vm.recordLogs();
        attest(1000, 1250);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        eq(logs[0].topics[0], ILeaseBook.OutageAttested.selector, "first of all");
        eq(keccak256(logs[0].data), keccak256(abi.encode(start + 1000, start + 1250, true)), "its time");
    }

    function test_outages_addUpOneAfterTheOther() public {
        attest(1000, 1200);
        attest(1200, 1300);
        attest(1350, 1400);
        eq(leaseBook.exceptionOf(id).outage, 350, "in all");
        eq(leaseBook.exceptionOf(id).billed, 1050, "and between them it ran");
        refused(1300, 1500);
    }

    function test_outage_upToTheEndLeavesNothingToPay() public {
        attest(7000, 7200);
        vm.warp(start + 7200 + LAG);
        leaseBook.settle(ref);
        eq(available(PAYOUT), 5_833_333, "7,000 seconds");
        eq(locked(), 0, "nothing held");
    }

    function test_outage_failsOutOfItsTime() public {
        vm.warp(start + 1000);
        refused(700, 1001);
        refused(700, 700);
        refused(699, 800);
        vm.warp(start + 7300);
        refused(7100, 7201);
        vm.warp(start + 1000 + LAG);
        vm.prank(PROVIDER);
        leaseBook.settle(ref);
        refused(999, 1100);
    }

    function test_outage_failsForALeaseThatIsOver() public {
        vm.warp(start + 7200 + LAG);
        leaseBook.settlePages(settlementOf(page));
        bytes[] memory words = wordsOf(id, NODE, start + 7100, start + 7200);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseOver.selector, id));
        leaseBook.attestOutage(ref, NODE, start + 7100, start + 7200, words);
    }

    function test_outage_needsTheQuorumsWordOnJustThis() public {
        vm.warp(start + 1000);
        bytes[] memory words = wordsOf(id, NODE, start + 800, start + 900);
        bytes[] memory one = new bytes[](1);
        one[0] = words[0];
        vm.expectRevert(abi.encodeWithSelector(IMonitors.QuorumMissing.selector, 1, 2));
        leaseBook.attestOutage(ref, NODE, start + 800, start + 900, one);
        // Another time, node or lease is another message, which none of them signed.
        vm.expectRevert();
        leaseBook.attestOutage(ref, NODE, start + 800, start + 901, words);
        vm.expectRevert();
        leaseBook.attestOutage(ref, keccak256("another"), start + 800, start + 900, words);
        words = wordsOf(id + 1, NODE, start + 800, start + 900);
        vm.expectRevert();
        leaseBook.attestOutage(ref, NODE, start + 800, start + 900, words);
    }

    // ── no-show and fault ──

    function test_noShow_endsTheLeaseAndForfeits() public {
        attest(0, 120);
        (bool over, ) = leaseBook.check(ref);
        ok(over, "over at once");
        eq(available(PAYOUT), 0, "nothing was earned");
        eq(available(CONSUMER), 500_000 * USD + LOCK, "all is back");
        (, , , uint256 staked) = vault.balanceOf(PROVIDER);
        eq(staked, 97 * USD, "an hour's notice at 3 USD");
        eq(available(TREASURY), (3 * USD) / 2, "half to the treasury, not to the consumer");
        eq(locked(), 0, "nothing held");
        eq(scoreTomorrow(), 4050, "a lease of 6 USD that did not run");
    }

    function test_noShow_inTwoParts() public {
        attest(0, 60);
        (bool over, ) = leaseBook.check(ref);
        ok(!over, "not yet");
        attest(60, 120);
        (over, ) = leaseBook.check(ref);
        ok(over, "two minutes");
    }

    function test_noShow_isNoneOnceItRan() public {
        attest(1, 300);
        (bool over, ) = leaseBook.check(ref);
        ok(!over, "it ran for a second");
    }

    function test_fault_endsTheLeaseBeyondTheBound() public {
        for (uint40 at_ = 300; at_ < 3900; at_ += 300) attest(at_, at_ + 300);
        (bool over, ) = leaseBook.check(ref);
        ok(!over, "an hour is the bound");
        attest(3900, 3901);
        (over, ) = leaseBook.check(ref);
        ok(over, "a second more");
        eq(available(PAYOUT), 250_000, "five minutes");
        eq(available(TREASURY), 1_374_583, "half of the 3,299 seconds that were left");
        eq(locked(), 0, "nothing held");
    }

    function test_fault_takesNoMoreThanTheBoundOfTheStake() public {
        Order memory order = anOrder(2);
        (order.cards, order.startPrice) = (5, uint128(40 * USD));
        vm.warp(block.timestamp + 10);
        (, page) = commitOne(aDeal(order, anAsk(1)));
        ref = refOf(page, 0);
        (id, start) = (ref.pageId << 8, page.start);
        attest(0, 200);
        (, , , uint256 staked) = vault.balanceOf(PROVIDER);
        eq(staked, 90 * USD, "a tenth");
    }

    // ── maintenance ──

    function test_maintenance_isNotBilledAndNoFault() public {
        announce(start + 3600, start + 3900);
        attest(3600, 3800);
        attest(3800, 3900);
        eq(leaseBook.exceptionOf(id).outage, 0, "no fault");
        eq(leaseBook.exceptionOf(id).billed, 3600, "not billed");
        attest(3900, 3950);
        eq(leaseBook.exceptionOf(id).outage, 50, "beyond the window it is one");
        vm.warp(start + 7200 + LAG);
        leaseBook.settle(ref);
        eq(locked(), 0, "nothing held");
    }

    function test_maintenance_halfInTheWindowIsAFault() public {
        announce(start + 3600, start + 3900);
        attest(3599, 3700);
        eq(leaseBook.exceptionOf(id).outage, 101, "all of it");
    }

    function test_maintenance_isAnnouncedInTimeByTheOwner() public {
        uint40 earliest = uint40(block.timestamp) + 3600;
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NotNodeOwner.selector, NODE, address(this)));
        registry.announceMaintenance(NODE, earliest, earliest + 1);
        fails(
            earliest - 1,
            earliest + 1,
            abi.encodeWithSelector(IProviderRegistry.MaintenanceTooSoon.selector, earliest - 1, earliest)
        );
        fails(earliest, earliest, invalid(earliest, earliest));
        fails(earliest, earliest + 86_401, invalid(earliest, earliest + 86_401));
        announce(earliest, earliest + 86_400);
        (uint40 from, uint40 to) = registry.maintenanceOf(NODE);
        ok(from == earliest && to == earliest + 86_400, "announced");
        announce(earliest + 10, earliest + 20);
        vm.warp(earliest + 10);
        fails(earliest + 9000, earliest + 9001, invalid(earliest + 9000, earliest + 9001));
        vm.warp(earliest + 20);
        announce(earliest + 9000, earliest + 9001);
    }

    // ── after an outage ──

    function test_close_afterAnOutageBillsNoMinimum() public {
        attest(50, 100);
        vm.prank(CONSUMER);
        leaseBook.close(ref);
        vm.warp(start + 100 + LAG);
        leaseBook.settle(ref);
        eq(available(PAYOUT), 41_666, "fifty seconds");
        eq(locked(), 0, "nothing held");
    }

    function test_settle_waitsOutTheOutage() public {
        attest(1000, 1200);
        vm.warp(start + 1200 + LAG);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.NothingDue.selector, id));
        leaseBook.settle(ref);
        vm.warp(start + 1201 + LAG);
        leaseBook.settle(ref);
        eq(leaseBook.exceptionOf(id).billed, 1001, "goes on");
    }

    // ── reputation ──

    function test_reputation_growsWithWhatWasPaid() public {
        vm.warp(start + 7200 + LAG);
        leaseBook.settlePages(settlementOf(page));
        eq(scoreTomorrow(), 5276, "6 of a hundred, a day old");
        eq(reputation.scoreAt(PROVIDER, uint40(block.timestamp)), 5000, "not before tomorrow");
    }

    function test_reputation_countsALeaseTheSameAloneAndWithItsPage() public {
        vm.warp(start + 3000 + LAG);
        vm.prank(PROVIDER);
        leaseBook.settle(ref);
        vm.warp(start + 7200 + LAG);
        leaseBook.settle(ref);
        eq(scoreTomorrow(), 5276, "6 of a hundred, a day old");
    }

    /// @dev A quarter of the least stake is the most that a lease counts.
    function test_reputation_capsALease() public {
        Order memory order = anOrder(2);
        (order.cards, order.startPrice) = (5, uint128(40 * USD));
        vm.warp(block.timestamp + 10);
        (, page) = commitOne(aDeal(order, anAsk(1)));
        vm.warp(page.start + 7200 + LAG);
        leaseBook.settlePages(settlementOf(page));
        eq(scoreTomorrow(), 5981, "25 of a hundred, a day old");
    }

    function scoreTomorrow() private view returns (uint256) {
        return reputation.scoreAt(PROVIDER, uint40(block.timestamp + 1 days));
    }

    // ── hands ──

    /// @dev Seconds after the start; time moves to the outage's end if it is not there yet.
    function attest(uint40 from, uint40 to) private {
        if (block.timestamp < start + to) vm.warp(start + to);
        bytes[] memory words = wordsOf(id, NODE, start + from, start + to);
        leaseBook.attestOutage(ref, NODE, start + from, start + to, words);
    }

    function refused(uint40 from, uint40 to) private {
        bytes[] memory words = wordsOf(id, NODE, start + from, start + to);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.OutageInvalid.selector, id, start + from, start + to));
        leaseBook.attestOutage(ref, NODE, start + from, start + to, words);
    }

    function announce(uint40 from, uint40 to) private {
        vm.prank(PROVIDER);
        registry.announceMaintenance(NODE, from, to);
    }

    function fails(uint40 from, uint40 to, bytes memory refusal) private {
        vm.prank(PROVIDER);
        vm.expectRevert(refusal);
        registry.announceMaintenance(NODE, from, to);
    }

    function invalid(uint40 from, uint40 to) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IProviderRegistry.MaintenanceInvalid.selector, from, to);
    }
}
