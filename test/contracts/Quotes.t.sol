// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {IMarket} from "../../contracts/interfaces/IMarket.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {Accrual} from "../../contracts/libraries/Accrual.sol";
import {Ask, Order, SlotHeader} from "../../contracts/types/Trade.sol";
import {Deal, PageBytes} from "./support/PageBytes.sol";
import {Fixture} from "./support/Fixture.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice Buy at a firm quote: procured below it, or all money back.
contract QuotesTest is Fixture {
    uint256 private constant HELD = 12_240_000; // 2 cards, 2 hours at 3 USD, 2 % on top
    // At step 4 of the clock: 3 × 0.8⁴ = 1.2288 USD.
    uint256 private constant PAID = 5_013_504;

    function setUp() public {
        setUpMarket();
        // The quote must not depend on what is there to bid with.
        (, uint256 bidding, , ) = vault.balanceOf(CONSUMER);
        vm.prank(CONSUMER);
        vault.requestUnbid(bidding);
        vm.warp(block.timestamp + 100);
        vm.prank(CONSUMER);
        vault.finishUnbid();
    }

    function test_takeQuote_locksAllThatTheOrderCanCost() public {
        uint256 before = available(CONSUMER);
        bytes32 id = take(quoted(1));
        eq(before - available(CONSUMER), HELD, "available pays");
        eq(locked(), HELD, "locked");
        (uint256 amount, uint40 takenAt, uint40 deadline) = shop.quoteOf(id);
        eq(amount, HELD, "held");
        eq(takenAt, block.timestamp, "since now");
        eq(deadline, block.timestamp + 600 + 60, "until a slot with it can't be committed any more");
    }

    function test_procure_opensTheLeaseAndSharesTheSurplus() public {
        Order memory order = quoted(1);
        bytes32 id = take(order);
        uint256 before = available(CONSUMER);
        (IAuction.Skip reason, Opened memory page) = commitOne(dealOf(order, 4));
        eq(reason, IAuction.Skip.NONE, "filled");
        eq(locked(), PAID, "the lease's price alone stays locked");
        uint256 surplus = HELD - PAID;
        eq(available(CONSUMER) - before, surplus / 2, "half of the surplus");
        (, uint256 fees, ) = vault.totals();
        eq(fees, surplus - surplus / 2, "the rest");
        (uint256 amount, , ) = shop.quoteOf(id);
        eq(amount, 0, "nothing held");
        vm.expectRevert(abi.encodeWithSelector(IMarket.QuoteNotOpen.selector, id));
        shop.refundQuote(id);
        vm.warp(block.timestamp + 7200 + 300);
        leaseBook.settle(refOf(page, 0));
        eq(locked(), 0, "settled");
        eq(available(PAYOUT), 4_915_200, "2 cards, 2 hours at 1.2288 USD");
    }

    function test_procure_tellsWhoGotWhat() public {
        Order memory order = quoted(1);
        bytes32 id = take(order);
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        bytes memory page = PageBytes.encode(only(dealOf(order, 4)));
        vm.recordLogs();
        vm.prank(SCHEDULER);
        auction.commitPage(header.slot, 0, page);
        uint256 surplus = HELD - PAID;
        told(id, abi.encode(PAID, surplus / 2, surplus - surplus / 2));
    }

    function test_procure_atTheQuoteLeavesNoSurplus() public {
        Order memory order = quoted(1);
        take(order);
        (IAuction.Skip reason, ) = commitOne(dealOf(order, 0));
        eq(reason, IAuction.Skip.NONE, "filled");
        eq(locked(), HELD, "all of it");
        (, uint256 fees, ) = vault.totals();
        eq(fees, 0, "no surplus");
    }

    /// @dev However it is priced: what came in is what is locked, what went back, and what was kept.
    function testFuzz_procure_conservesTheMoney(uint96 price, uint8 step, uint16 cards, uint24 duration) public {
        Order memory order = quoted(1);
        order.startPrice = uint128(bound(price, 100 * USD, 1_000 * USD));
        order.cards = uint32(bound(cards, 1, 8));
        order.duration = uint32(bound(duration, 60, 100_000));
        fund(CONSUMER, 1e15);
        uint256 before = available(CONSUMER);
        bytes32 id = take(order);
        (uint256 held, , ) = shop.quoteOf(id);
        (IAuction.Skip reason, ) = commitOne(dealOf(order, uint8(bound(step, 0, 15))));
        eq(reason, IAuction.Skip.NONE, "filled");
        (uint256 inLeases, uint256 fees, ) = vault.totals();
        eq(before - available(CONSUMER), inLeases + fees, "conserved");
        ok(inLeases <= held, "never above the quote");
        uint256 shared = available(CONSUMER) + held - before;
        ok(shared == fees || shared + 1 == fees, "half each, rounded down for the consumer");
    }

    function test_refundQuote_returnsAllAfterTheDeadline() public {
        uint256 before = available(CONSUMER);
        bytes32 id = take(quoted(1));
        (, , uint40 deadline) = shop.quoteOf(id);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IMarket.QuoteStillOpen.selector, id, deadline));
        shop.refundQuote(id);
        vm.warp(deadline + 1);
        shop.refundQuote(id);
        eq(available(CONSUMER), before, "all of it");
        eq(locked(), 0, "nothing held");
        vm.expectRevert(abi.encodeWithSelector(IMarket.QuoteNotOpen.selector, id));
        shop.refundQuote(id);
    }

    /// @dev No slot that takes the order can be committed any more when the money goes back.
    function test_refundQuote_neverBeforeTheLastSlotIsCommitted() public {
        Order memory order = quoted(1);
        bytes32 id = take(order);
        vm.warp(order.validUntil - 10);
        uint64 slot = currentSlot();
        Deal[] memory deals = only(dealOf(order, 0));
        vm.warp(slotEnd(slot) + 60);
        vm.expectRevert(abi.encodeWithSelector(IMarket.QuoteStillOpen.selector, id, uint64(order.validUntil + 60)));
        shop.refundQuote(id);
        commitSlotOf(slot, deals);
        eq(locked(), HELD, "procured in the last moment");
    }

    function test_fill_skipsAQuoteThatNobodyTook_orAfterTheClose_orTwice() public {
        Order memory order = quoted(1);
        (IAuction.Skip reason, ) = commitOne(dealOf(order, 0));
        eq(reason, IAuction.Skip.ORDER_SIGNATURE, "nobody took it");
        vm.warp(block.timestamp + 10);
        uint64 slot = currentSlot();
        vm.warp(slotEnd(slot));
        take(order);
        eq(commitSlotOf(slot, only(dealOf(order, 0))), IAuction.Skip.ORDER_SIGNATURE, "taken after the close");
        (reason, ) = commitOne(dealOf(order, 0));
        eq(reason, IAuction.Skip.NONE, "in the next slot");
        vm.warp(block.timestamp + 10);
        (reason, ) = commitOne(dealOf(order, 0));
        eq(reason, IAuction.Skip.ORDER_SIGNATURE, "once");
    }

    function test_fill_skippedForAnotherReasonKeepsTheQuote() public {
        Order memory order = quoted(1);
        bytes32 id = take(order);
        Deal memory deal = dealOf(order, 0);
        deal.askSignature = signature(CONSUMER_KEY, askId(deal.ask));
        (IAuction.Skip reason, ) = commitOne(deal);
        eq(reason, IAuction.Skip.ASK_SIGNATURE, "skipped");
        (uint256 amount, , ) = shop.quoteOf(id);
        eq(amount, HELD, "still held");
    }

    function test_takeQuote_twiceFails() public {
        Order memory order = quoted(1);
        bytes32 id = take(order);
        refused(order, abi.encodeWithSelector(IMarket.QuoteTaken.selector, id));
        commitOne(dealOf(order, 0));
        refused(order, abi.encodeWithSelector(IMarket.QuoteTaken.selector, id));
    }

    function test_takeQuote_failsForAnothersOrder() public {
        Order memory order = quoted(1);
        bytes memory signed = quoteSignature(order, uint64(block.timestamp));
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotConsumer.selector, CONSUMER, address(this)));
        shop.takeQuote(order, uint64(block.timestamp), signed);
    }

    function test_takeQuote_failsWithoutTheSchedulersSignature() public {
        Order memory order = quoted(1);
        bytes memory signed = quoteSignature(order, uint64(block.timestamp));
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.BadSignature.selector, SCHEDULER));
        shop.takeQuote(order, uint64(block.timestamp + 1), signed);
        order.startPrice -= 1;
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.BadSignature.selector, SCHEDULER));
        shop.takeQuote(order, uint64(block.timestamp), signed);
    }

    function test_takeQuote_failsOnceTheQuoteOrTheOrderExpired() public {
        Order memory order = quoted(1);
        uint64 until = uint64(block.timestamp);
        bytes memory signed = quoteSignature(order, until);
        vm.warp(until + 1);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.Expired.selector, 0, until));
        shop.takeQuote(order, until, signed);
        order.validUntil = uint64(block.timestamp - 1);
        refused(order, timeRefusal(order.validUntil));
        order.validUntil = uint64(block.timestamp + 601);
        refused(order, timeRefusal(order.validUntil));
        order.validUntil = uint64(block.timestamp);
        take(order);
    }

    function test_takeQuote_failsForTermsThatNoPageHolds() public {
        Order memory order = quoted(uint256(type(uint64).max) + 1);
        refused(order, abi.encodeWithSelector(IMarket.ValueTooWide.selector, order.nonce, type(uint64).max));
        order = quoted(1);
        order.startPrice = uint128(type(uint96).max) + 1;
        refused(order, abi.encodeWithSelector(IMarket.ValueTooWide.selector, order.startPrice, type(uint96).max));
        // The greatest price fits; the money is what is missing.
        order.startPrice = type(uint96).max;
        uint256 needed = Accrual.total(2, 7200, type(uint96).max, 200);
        refused(
            order,
            abi.encodeWithSelector(IVault.InsufficientAvailable.selector, CONSUMER, available(CONSUMER), needed)
        );
        order = quoted(1);
        order.cards = 65_536;
        refused(order, abi.encodeWithSelector(IMarket.ValueTooWide.selector, 65_536, type(uint16).max));
        order = quoted(1);
        order.duration = 59;
        refused(order, abi.encodeWithSelector(IMarket.DurationOutOfBounds.selector, 59, 60, 31_536_000));
        order.duration = 31_536_001;
        refused(order, abi.encodeWithSelector(IMarket.DurationOutOfBounds.selector, 31_536_001, 60, 31_536_000));
        order = quoted(1);
        order.startPrice = 0;
        refused(order, abi.encodeWithSelector(IMarket.PriceZero.selector));
    }

    function test_takeQuote_failsAboveTheFundsOrTheCap() public {
        Order memory order = quoted(1);
        order.startPrice = uint128(1e13);
        uint256 needed = 40_800_000 * USD;
        refused(
            order,
            abi.encodeWithSelector(IVault.InsufficientAvailable.selector, CONSUMER, available(CONSUMER), needed)
        );
        vm.prank(CONSUMER);
        vault.setCaps(0, uint96(HELD - 1));
        vm.warp(block.timestamp + 200);
        refused(quoted(1), abi.encodeWithSelector(IVault.LeaseCapExceeded.selector, CONSUMER, HELD - 1, HELD));
    }

    function test_takeQuote_stopsWhilePaused_whatWasTakenGoesOn() public {
        Order memory order = quoted(1);
        take(order);
        bytes32 second = take(quoted(2));
        vm.prank(ADMIN);
        authority.execute(address(shop), abi.encodeCall(shop.pause, ()));
        refused(quoted(3), abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        (IAuction.Skip reason, ) = commitOne(dealOf(order, 0));
        eq(reason, IAuction.Skip.NONE, "procured");
        vm.warp(block.timestamp + 1_000);
        shop.refundQuote(second);
        eq(locked(), HELD, "the other's money is back");
    }

    function test_procure_failsForStrangers() public {
        bytes32 id = take(quoted(1));
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotProtocol.selector, address(this)));
        shop.procure(id, 0);
    }

    /// @dev `QuoteProcured` is among the recorded events, with this data.
    function told(bytes32 id, bytes memory data) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 found = 0;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IMarket.QuoteProcured.selector) continue;
            ok(logs[i].topics[1] == id, "of the order");
            eq(keccak256(logs[i].data), keccak256(data), "the price and the shares");
            ++found;
        }
        eq(found, 1, "told once");
    }

    function quoted(uint256 nonce) private view returns (Order memory order) {
        order = anOrder(nonce);
        order.validUntil = uint64(block.timestamp + 600);
    }

    function dealOf(Order memory order, uint8 step) private view returns (Deal memory deal) {
        Ask memory ask = anAsk(order.nonce);
        deal = signedDeal(order, CONSUMER_KEY, ask, SIGNER_KEY, step);
        deal.orderSignature = hex"00";
    }

    function quoteSignature(Order memory order, uint64 validUntil) private view returns (bytes memory) {
        return signature(SCHEDULER_KEY, formats.quoteId(address(auction), orderId(order), validUntil));
    }

    function take(Order memory order) private returns (bytes32) {
        bytes memory signed = quoteSignature(order, uint64(block.timestamp));
        vm.prank(CONSUMER);
        return shop.takeQuote(order, uint64(block.timestamp), signed);
    }

    function refused(Order memory order, bytes memory refusal) private {
        bytes memory signed = quoteSignature(order, uint64(block.timestamp));
        vm.prank(CONSUMER);
        vm.expectRevert(refusal);
        shop.takeQuote(order, uint64(block.timestamp), signed);
    }

    function timeRefusal(uint64 validUntil) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(
                IMarket.QuoteTimeOutOfBounds.selector,
                validUntil,
                block.timestamp,
                block.timestamp + 600
            );
    }

    function commitSlotOf(uint64 slot, Deal[] memory deals) private returns (IAuction.Skip) {
        (IAuction.Skip[] memory reasons, ) = commitAt(slot, deals);
        return reasons[0];
    }
}
