// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILeaseBook} from "../../contracts/interfaces/ILeaseBook.sol";
import {Merkle} from "../../contracts/libraries/Merkle.sol";
import {Exception, LeaseRef} from "../../contracts/types/Lease.sol";
import {Order} from "../../contracts/types/Trade.sol";
import {Fixture} from "./support/Fixture.sol";
import {Deal} from "./support/PageBytes.sol";
import {SlowLease} from "./support/SlowLease.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice Settling and closing; each test ends with every unit of the lease accounted for.
contract LeaseBookTest is Fixture {
    uint256 private constant LAG = 300;
    uint256 private constant LOCK = 3_060_000; // an hour of one card at 3 USD, 2 % on top

    function setUp() public {
        setUpMarket();
        vm.prank(PROVIDER);
        registry.updateNode(NODE, "y", 65_535, 1, 1);
    }

    // ── one lease, by itself ──

    function test_settle_paysUpToTheLagThenTheRest() public {
        LeaseRef memory ref = open(1, 3600, uint96(3 * USD));
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.NothingDue.selector, idOf(ref)));
        leaseBook.settle(ref);
        pass(1800 + LAG);
        vm.prank(PROVIDER);
        leaseBook.settle(ref);
        eq(available(PAYOUT), 1_500_000, "half");
        eq(fees(), 30_000, "half of the fee");
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.NothingDue.selector, idOf(ref)));
        leaseBook.settle(ref);
        pass(1799);
        leaseBook.settle(ref);
        (bool over, ) = leaseBook.check(ref);
        ok(!over, "a second is missing");
        pass(1);
        leaseBook.settle(ref);
        ended(ref, 3_000_000, 0);
    }

    /// @dev Else anyone could unravel a page, and leave its providers to pay for lease after lease.
    function test_settle_midwayIsThePartiesAlone() public {
        LeaseRef memory ref = open(1, 3600, uint96(3 * USD));
        pass(1800 + LAG);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.NotParty.selector, idOf(ref), address(this)));
        leaseBook.settle(ref);
        vm.prank(CONSUMER);
        leaseBook.settle(ref);
        pass(100);
        leaseBook.settle(ref);
        eq(available(PAYOUT), 1_583_333, "what left its page is anyone's to settle");
    }

    function test_settlePages_tellsWhatWasPaidAndTheFee() public {
        Opened memory page = openMany(3);
        pass(900 + LAG);
        (uint256 paidBefore, uint256 feesBefore) = (available(PAYOUT), fees());
        vm.recordLogs();
        leaseBook.settlePages(settlementOf(page));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        (uint40 until, uint8 count, uint256 paid, uint256 fee) = abi.decode(
            logs[0].data,
            (uint40, uint8, uint256, uint256)
        );
        ok(until == page.start + 900 && count == 3, "of the page");
        ok(paid == available(PAYOUT) - paidBefore && fee == fees() - feesBefore && paid > fee, "the money");
    }

    function test_openPage_keepsTheRootOfTheFormats() public {
        LeaseRef memory ref = open(1, 3600, uint96(3 * USD));
        bytes32 root = keccak256(
            abi.encodePacked(uint8(2), uint8(6), uint32(1), leafOf(ref.lease), ref.start, ref.source)
        );
        eq(leaseBook.pageOf(ref.pageId).root, root, "root");
    }

    function test_settle_failsForALeaseThatIsNotThePages() public {
        LeaseRef memory ref = open(1, 3600, uint96(3 * USD));
        ref.pageId = 9;
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.PageUnknown.selector, 9));
        leaseBook.settle(ref);
        ref.pageId = 1;
        ref.lease.rate = 1;
        wrongRoot(ref);
        ref = refOf(lastPage, 0);
        ref.lease.consumer = address(this);
        wrongRoot(ref);
        ref = refOf(lastPage, 0);
        ref.start -= 1;
        wrongRoot(ref);
        ref = refOf(lastPage, 0);
        ref.source = keccak256("another");
        wrongRoot(ref);
        ref = refOf(lastPage, 0);
        ref.index = 1;
        vm.expectRevert(abi.encodeWithSelector(Merkle.ProofMalformed.selector, 1, 1));
        leaseBook.settle(ref);
        ref = refOf(lastPage, 0);
        ref.proof = new bytes32[](1);
        vm.expectRevert(abi.encodeWithSelector(Merkle.ProofMalformed.selector, 0, 1));
        leaseBook.settle(ref);
        ref.count = 2;
        wrongRoot(ref);
        ref.proof = new bytes32[](0);
        vm.expectRevert(abi.encodeWithSelector(Merkle.ProofMalformed.selector, 0, 2));
        leaseBook.settle(ref);
    }

    function test_settle_failsForAHole() public {
        Deal[] memory deals = new Deal[](1);
        deals[0] = signedDeal(anOrder(1), SIGNER_KEY, anAsk(1), SIGNER_KEY, 0);
        (, Opened memory opened) = commit(deals);
        LeaseRef memory hole = refOf(opened, 0);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseOver.selector, idOf(hole)));
        leaseBook.settle(hole);
    }

    function test_close_byConsumerBillsTheMinimum() public {
        LeaseRef memory ref = open(1, 3600, uint96(3 * USD));
        pass(10);
        close(ref, CONSUMER);
        pass(890 + LAG);
        leaseBook.settle(ref);
        ended(ref, 750_000, 2_250_000 + 45_000);
    }

    function test_close_byConsumerAfterTheMinimumBillsToTheSecond() public {
        LeaseRef memory ref = open(1, 3600, uint96(3 * USD));
        pass(1800);
        close(ref, CONSUMER);
        pass(LAG);
        leaseBook.settle(ref);
        ended(ref, 1_500_000, 1_530_000);
    }

    function test_close_failsWhereItWouldEndAnyway() public {
        LeaseRef memory ref = open(1, 900, uint96(3 * USD));
        bytes memory anyway = abi.encodeWithSelector(ILeaseBook.EndsAnyway.selector, idOf(ref), ref.start + 900);
        vm.prank(CONSUMER);
        vm.expectRevert(anyway);
        leaseBook.close(ref);
        vm.prank(PROVIDER);
        vm.expectRevert(anyway);
        leaseBook.close(ref);
    }

    /// @dev A provider's close is notice: the lease goes on for an hour, and it pays nothing for leaving so.
    function test_close_byProviderGivesNotice() public {
        LeaseRef memory ref = open(1, 7200, uint96(3 * USD));
        pass(1200);
        close(ref, PROVIDER);
        (, uint40 end) = leaseBook.check(ref);
        eq(end, ref.start + 4800, "an hour later");
        pass(3600 + LAG);
        leaseBook.settle(ref);
        ended(ref, 4_000_000, 2_000_000 + 40_000);
    }

    /// @dev After the provider's notice the consumer may leave at once; the other way round nothing is left to end.
    function test_close_byConsumerShortensANotice() public {
        LeaseRef memory ref = open(1, 7200, uint96(3 * USD));
        pass(1200);
        close(ref, PROVIDER);
        pass(600);
        close(ref, CONSUMER);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseOver.selector, idOf(ref)));
        leaseBook.close(ref);
        pass(LAG);
        leaseBook.settle(ref);
        ended(ref, 1_500_000, 4_500_000 + 90_000);
    }

    /// @dev What of the notice was not given is taken from the stake, never more than its bound.
    function test_leaveNow_forfeitsTheNotice() public {
        LeaseRef memory ref = open(1, 7200, uint96(3 * USD));
        pass(1200);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.NotParty.selector, idOf(ref), CONSUMER));
        leaseBook.leaveNow(ref);
        close(ref, PROVIDER);
        pass(2400);
        vm.prank(PROVIDER);
        leaseBook.leaveNow(ref);
        (, , , uint256 staked) = vault.balanceOf(PROVIDER);
        eq(staked, 99 * USD, "20 minutes of one card at 3 USD");
        pass(LAG);
        leaseBook.settle(ref);
        eq(available(CONSUMER), 500_000 * USD + USD / 2 + LOCK, "half to the consumer, beside its refund");
        eq(available(PAYOUT), 3_000_000, "an hour was given");
        eq(locked(), 0, "nothing held");
    }

    function test_leaveNow_takesNoMoreThanTheBound() public {
        LeaseRef memory ref = open(8, 36_000, uint96(30 * USD));
        pass(1200);
        vm.prank(PROVIDER);
        leaseBook.leaveNow(ref);
        (, , , uint256 staked) = vault.balanceOf(PROVIDER);
        eq(staked, 90 * USD, "a tenth");
    }

    /// @dev Near its end, the notice that is missing is what the lease had left.
    function test_leaveNow_nearTheEndForfeitsTheRest() public {
        LeaseRef memory ref = open(1, 3600, uint96(3 * USD));
        pass(3000);
        vm.prank(PROVIDER);
        leaseBook.leaveNow(ref);
        eq(available(CONSUMER), 500_000 * USD + 250_000, "half of ten minutes");
    }

    function test_close_failsForStrangersAndAfterTheEnd() public {
        LeaseRef memory ref = open(1, 3600, uint96(3 * USD));
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.NotParty.selector, idOf(ref), address(this)));
        leaseBook.close(ref);
        pass(3600);
        bytes memory over = abi.encodeWithSelector(ILeaseBook.LeaseOver.selector, idOf(ref));
        vm.prank(CONSUMER);
        vm.expectRevert(over);
        leaseBook.close(ref);
        vm.prank(PROVIDER);
        vm.expectRevert(over);
        leaseBook.leaveNow(ref);
    }

    function test_openPage_failsForAnyoneButTheMarketAndTheAuction() public {
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.NotProtocol.selector, address(this)));
        leaseBook.openPage(keccak256("mine"), 1);
    }

    function test_quote_isWhatALeaseLocks() public {
        eq(leaseBook.quote(1, 3600, uint96(3 * USD)), LOCK, "quoted");
        open(1, 3600, uint96(3 * USD));
        eq(locked(), LOCK, "locked");
    }

    // ── whole pages ──

    function test_settlePages_paysAllThatFollow() public {
        Opened memory page = openMany(5);
        uint256 held = locked();
        leaseBook.settlePages(settlementOf(page));
        eq(available(PAYOUT), 0, "nothing is due yet, and nothing fails");
        pass(1800 + LAG);
        leaseBook.settlePages(settlementOf(page));
        eq(available(PAYOUT), 5 * 1_500_000, "half of each");
        eq(fees(), 5 * 30_000, "half of each fee");
        leaseBook.settlePages(settlementOf(page));
        eq(available(PAYOUT), 5 * 1_500_000, "nothing twice");
        pass(1800);
        leaseBook.settlePages(bytes.concat(settlementOf(page), settlementOf(page)));
        eq(available(PAYOUT) + fees(), held, "all of it, once");
        eq(locked(), 0, "nothing held");
        pass(1000);
        leaseBook.settlePages(settlementOf(page));
        for (uint256 i = 0; i < 5; ++i) {
            (bool over, ) = leaseBook.check(refOf(page, i));
            ok(over, "over");
            LeaseRef memory ref = refOf(page, i);
            vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseOver.selector, idOf(ref)));
            leaseBook.settle(ref);
        }
    }

    /// @dev A lease that was closed or settled alone goes its own way; the page's settlement leaves it alone.
    function test_settlePages_passesOverExceptions() public {
        Opened memory page = openMany(3);
        pass(900 + LAG);
        LeaseRef memory first = refOf(page, 0);
        vm.prank(PROVIDER);
        leaseBook.settle(first);
        close(refOf(page, 1), CONSUMER);
        eq(leaseBook.pageOf(page.pageId).live, 4, "one follows");
        Exception memory own = leaseBook.exceptionOf(idOf(refOf(page, 0)));
        ok(own.settledUntil == page.start + 900 && own.end == page.start + 3600, "its own record");
        pass(2700);
        leaseBook.settlePages(settlementOf(page));
        eq(available(PAYOUT), 750_000 + 3_000_000, "one alone, one with the page");
        leaseBook.settle(refOf(page, 0));
        leaseBook.settle(refOf(page, 1));
        eq(available(PAYOUT), 3_000_000 + 3_000_000 + 1_000_000, "all three");
        eq(locked(), 0, "nothing held");
        eq(leaseBook.exceptionOf(idOf(refOf(page, 0))).end, 0, "forgotten");
    }

    function test_settlePages_paysManyProvidersOnceEach() public {
        address[3] memory providers = [PROVIDER, vm.addr(0xE1), vm.addr(0xE2)];
        uint256[3] memory keys = [SIGNER_KEY, 0xE1, 0xE2];
        for (uint256 i = 1; i < 3; ++i) {
            fund(providers[i], 1000 * USD);
            vm.prank(providers[i]);
            registry.register(providers[i], providers[i], 100 * USD, "");
            addNode(providers[i], i == 1 ? "z1" : "z2", 8);
        }
        pass(20);
        bytes memory data;
        for (uint256 round = 0; round < 2; ++round) {
            Deal[] memory deals = new Deal[](3);
            for (uint256 i = 0; i < 3; ++i) {
                deals[i] = aDeal(anHour(10 * round + i), anAsk(1));
                deals[i].ask.provider = providers[i];
                if (i != 0) deals[i].ask.supply = keccak256(bytes(i == 1 ? "x/z1" : "x/z2"));
                deals[i].askSignature = signature(keys[i], askId(deals[i].ask));
            }
            (, Opened memory page) = commit(deals);
            data = bytes.concat(data, settlementOf(page));
            pass(10);
        }
        pass(4000);
        leaseBook.settlePages(data);
        eq(available(PAYOUT), 6_000_000, "two leases");
        eq(available(providers[1]), 900 * USD + 6_000_000, "two leases");
        eq(available(providers[2]), 900 * USD + 6_000_000, "two leases");
        eq(locked(), 0, "nothing held");
    }

    function test_settlePages_failsForWhatIsNotAPage() public {
        Opened memory page = openMany(3);
        pass(1800);
        bytes memory data = settlementOf(page);
        bytes memory wrong = bytes.concat(data);
        wrong[7] = 0x09;
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.PageUnknown.selector, 9));
        leaseBook.settlePages(wrong);
        for (uint256 length = 1; length < data.length; length += 5) {
            wrong = new bytes(length);
            for (uint256 i = 0; i < length; ++i) wrong[i] = data[i];
            (bool done, bytes memory reason) = address(leaseBook).call(abi.encodeCall(leaseBook.settlePages, (wrong)));
            ok(!done && bytes4(reason) == ILeaseBook.PageMalformed.selector, "cut short");
        }
        // Any byte of the leases, accounts, source or start.
        for (uint256 i = 9; i < data.length; i += 11) {
            if (i == 45) continue;
            wrong = bytes.concat(data);
            wrong[i] ^= 0x01;
            (bool done, bytes memory reason) = address(leaseBook).call(abi.encodeCall(leaseBook.settlePages, (wrong)));
            bytes4 why = bytes4(reason);
            ok(
                !done && (why == ILeaseBook.WrongRoot.selector || why == ILeaseBook.PageMalformed.selector),
                "a byte was changed"
            );
        }
        wrong = bytes.concat(data);
        wrong[data.length - 1] = 0x05;
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.PageMalformed.selector, page.pageId));
        leaseBook.settlePages(wrong);
        leaseBook.settlePages(data);
    }

    function test_settle_paysAfterTheProvidersExit() public {
        LeaseRef memory ref = open(1, 600_000, uint96(3 * USD));
        vm.prank(PROVIDER);
        registry.startUnbonding();
        pass(604_800);
        vm.prank(PROVIDER);
        registry.exit();
        leaseBook.settle(ref);
        eq(available(PAYOUT), 500 * USD, "paid");
        eq(locked(), 0, "nothing held");
    }

    // ── against the slow reference ──

    /// @notice Any split into settlements, alone and with the page, with or without closes, pays what the reference says, and
    /// each of two leases of a page the same as one by itself.
    function testFuzz_settle_isPathIndependent(
        uint16 cards,
        uint32 duration,
        uint96 rate,
        uint8[10] memory moves,
        uint32[10] memory steps
    ) public {
        SlowLease memory slow;
        slow.cards = bound(cards, 1, 8);
        slow.duration = bound(duration, 60, 100_000);
        slow.rate = bound(rate, 1, 50 * USD);
        Opened memory page = openPair(uint16(slow.cards), uint32(slow.duration), uint96(slow.rate));
        slow.start = page.start;
        slow.end = slow.start + slow.duration;
        uint256 held = locked();
        for (uint256 i = 0; i < moves.length; ++i) {
            pass(bound(steps[i], 0, slow.duration / 4 + 1));
            move(page, slow, moves[i]);
        }
        uint256 allOver = slow.start + slow.duration + LAG;
        if (block.timestamp < allOver) vm.warp(allOver);
        leaseBook.settlePages(settlementOf(page));
        for (uint256 i = 0; i < 2; ++i) {
            (bool over, ) = leaseBook.check(refOf(page, i));
            if (!over) leaseBook.settle(refOf(page, i));
        }
        eq(locked(), 0, "nothing held");
        (uint256 paid, uint256 fee, uint256 refund) = slow.outcome(200);
        (uint256 whole, uint256 wholeFee, ) = slow.uncut(200);
        eq(available(PAYOUT), paid + whole, "the closed lease and the other");
        eq(fees(), fee + wholeFee, "fees");
        eq(held, paid + whole + fee + wholeFee + refund, "each unit");
    }

    /// @dev Lease 0 may be closed; lease 1 runs its term.
    function move(Opened memory page, SlowLease memory slow, uint8 what) private {
        what %= 6;
        LeaseRef memory ref = refOf(page, what == 1 ? 1 : 0);
        (bool over, uint40 end) = leaseBook.check(ref);
        if (what == 2 || what == 3) {
            address party = what == 2 ? CONSUMER : PROVIDER;
            bool takes = slow.close(block.timestamp, what == 2 ? 900 : 0, what == 2 ? 0 : 3600);
            vm.prank(party);
            if (!takes) vm.expectRevert();
            leaseBook.close(ref);
            return;
        }
        if (what > 3) return leaseBook.settlePages(settlementOf(page));
        if (over) return;
        uint256 until = block.timestamp - LAG;
        bool nothing = until <= settledUntil(ref) && until < end;
        vm.prank(what % 2 == 0 ? CONSUMER : PROVIDER);
        if (nothing) vm.expectRevert();
        leaseBook.settle(ref);
    }

    function settledUntil(LeaseRef memory ref) private view returns (uint256) {
        if ((leaseBook.pageOf(ref.pageId).live >> ref.index) & 1 == 0) {
            return leaseBook.exceptionOf(idOf(ref)).settledUntil;
        }
        uint256 ofPage = leaseBook.pageOf(ref.pageId).settledUntil;
        return ofPage < ref.start ? ref.start : ofPage;
    }

    // ── hands ──

    Opened private lastPage;
    uint256 private _nonce;

    function open(uint16 cards, uint32 duration, uint96 rate) private returns (LeaseRef memory) {
        return refOf(openAlike(1, cards, duration, rate), 0);
    }

    function openMany(uint256 count) private returns (Opened memory) {
        return openAlike(count, 1, 3600, uint96(3 * USD));
    }

    function openPair(uint16 cards, uint32 duration, uint96 rate) private returns (Opened memory) {
        return openAlike(2, cards, duration, rate);
    }

    function openAlike(
        uint256 count,
        uint16 cards,
        uint32 duration,
        uint96 rate
    ) private returns (Opened memory opened) {
        Deal[] memory deals = new Deal[](count);
        for (uint256 i = 0; i < count; ++i) {
            Order memory order = anHour(++_nonce);
            (order.cards, order.duration, order.startPrice) = (cards, duration, rate);
            deals[i] = aDeal(order, anAsk(1));
            deals[i].ask.cards = 65_535;
            deals[i].ask.reservePrice = 1;
            deals[i].askSignature = signature(SIGNER_KEY, askId(deals[i].ask));
        }
        (, opened) = commit(deals);
        ok(leaseBook.pageOf(opened.pageId).live == (1 << count) - 1, "all filled");
        lastPage = opened;
    }

    function anHour(uint256 nonce) private view returns (Order memory order) {
        order = anOrder(nonce);
        (order.cards, order.duration, order.minTier) = (1, 3600, 0);
    }

    function pass(uint256 duration) private {
        vm.warp(block.timestamp + duration);
    }

    function idOf(LeaseRef memory ref) private pure returns (uint64) {
        return (ref.pageId << 8) | ref.index;
    }

    function wrongRoot(LeaseRef memory ref) private {
        (bool done, bytes memory reason) = address(leaseBook).call(abi.encodeCall(leaseBook.settle, (ref)));
        ok(!done && bytes4(reason) == ILeaseBook.WrongRoot.selector, "wrong root");
    }

    function close(LeaseRef memory ref, address party) private {
        vm.prank(party);
        leaseBook.close(ref);
    }

    /// @dev The only lease of the test is over: what was locked was paid, taken as fee or returned.
    function ended(LeaseRef memory ref, uint256 paid, uint256 refunded) private {
        (bool over, ) = leaseBook.check(ref);
        ok(over, "over");
        eq(available(PAYOUT), paid, "paid");
        uint256 fee = fees();
        eq(fee, (paid * 200 + 9999) / 10_000, "fee");
        eq(available(CONSUMER), 500_000 * USD + refunded, "refunded");
        eq(locked(), 0, "nothing held");
        leaseBook.settlePages(settlementOf(lastPage));
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseOver.selector, idOf(ref)));
        leaseBook.settle(ref);
        if (fee == 0) return;
        vault.collectFees();
        eq(available(TREASURY), fee, "collected");
    }
}
