// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {Lease} from "../../contracts/types/Lease.sol";
import {Ask, Order, SlotHeader, SupplyKind} from "../../contracts/types/Trade.sol";
import {Deal} from "./support/PageBytes.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";
import {Wallet} from "./support/Wallet.sol";

/// @notice A page's matches: what fills, and the reason for each that is skipped (issue 1, "Bad input").
contract AuctionTest is Fixture {
    function setUp() public {
        setUpMarket();
    }

    function test_fill_locksThePriceOfTheStepAndOpensTheLease() public {
        Deal memory cleared = signedDeal(anOrder(1), CONSUMER_KEY, anAsk(1), SIGNER_KEY, 2);
        uint256 before = bidding(CONSUMER);
        (IAuction.Skip reason, Opened memory opened) = commitOne(cleared);
        eq(reason, IAuction.Skip.NONE, "filled");
        Lease memory lease = leaseOf(opened, 0);
        eq(lease.rate, 1_920_000, "p[2] = 3 x 0.64");
        ok(lease.cards == 2 && lease.duration == 7200, "cards and duration");
        ok(lease.consumer == CONSUMER && lease.provider == PROVIDER, "parties");
        eq(opened.start, block.timestamp, "runs from the page's block");
        eq(locked(), 7_680_000 + 153_600, "2 cards, 2 hours, 2 % on top");
        eq(before - bidding(CONSUMER), locked(), "bidding pays");
        (uint16 sold, ) = auction.askNonce(PROVIDER, 1);
        eq(sold, 2, "sold");
        (bool filled, ) = auction.orderNonce(CONSUMER, 1);
        ok(filled, "the order's nonce is used");
        (, uint40 end) = leaseBook.check(refOf(opened, 0));
        eq(end, block.timestamp + 7200, "the page proves the lease");
    }

    function test_skip_badOrderSignature() public {
        skips(signedDeal(anOrder(1), SIGNER_KEY, anAsk(1), SIGNER_KEY, 0), IAuction.Skip.ORDER_SIGNATURE);
    }

    function test_skip_malformedSignatures() public {
        Deal memory cleared = aDeal(anOrder(1), anAsk(1));
        cleared.orderSignature = hex"00";
        skips(cleared, IAuction.Skip.ORDER_SIGNATURE);
        cleared = aDeal(anOrder(1), anAsk(1));
        cleared.askSignature = new bytes(65);
        skips(cleared, IAuction.Skip.ASK_SIGNATURE);
    }

    /// @dev The other root of the same signature would make a second, equally valid text of it.
    function test_skip_signatureWithUpperS() public {
        Order memory order = anOrder(1);
        Deal memory cleared = aDeal(order, anAsk(1));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CONSUMER_KEY, orderId(order));
        uint256 upper = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 - uint256(s);
        cleared.orderSignature = abi.encodePacked(r, upper, v == 27 ? uint8(28) : uint8(27));
        skips(cleared, IAuction.Skip.ORDER_SIGNATURE);
    }

    function test_skip_messageOfAnotherChainOrContract() public {
        Order memory order = anOrder(1);
        Deal memory cleared = aDeal(order, anAsk(1));
        cleared.orderSignature = signature(CONSUMER_KEY, formats.orderId(1, address(auction), order));
        skips(cleared, IAuction.Skip.ORDER_SIGNATURE);
        cleared.orderSignature = signature(CONSUMER_KEY, formats.orderId(block.chainid, address(vault), order));
        skips(cleared, IAuction.Skip.ORDER_SIGNATURE);
    }

    function test_skip_badAskSignature() public {
        skips(signedDeal(anOrder(1), CONSUMER_KEY, anAsk(1), PROVIDER_KEY, 0), IAuction.Skip.ASK_SIGNATURE);
    }

    function test_skip_askOfAKeyThatWasReplacedBeforeTheClose() public {
        vm.warp(block.timestamp + 70);
        Deal memory cleared = aDeal(anOrder(1), anAsk(1));
        vm.prank(PROVIDER);
        registry.rotateSigner(vm.addr(0x77));
        skips(cleared, IAuction.Skip.ASK_SIGNATURE);
        skips(signedDeal(anOrder(1), CONSUMER_KEY, anAsk(1), 0x77, 0), IAuction.Skip.NONE);
    }

    function test_skip_orderExpiredAtSlotEnd() public {
        uint64 end = endOfSlot();
        Order memory order = anOrder(1);
        order.validUntil = end - 1;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.ORDER_EXPIRED);
        end = endOfSlot();
        order.validUntil = end;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.NONE);
    }

    /// @dev Whether the lease can start in time is judged as if the page came at its deadline: so nobody decides it by waiting.
    function test_skip_orderThatMightStartTooLate() public {
        Order memory order = anOrder(1);
        order.latestStart = endOfSlot() + 59;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.ORDER_EXPIRED);
        order.latestStart = endOfSlot() + 60;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.NONE);
    }

    function test_skip_askOutOfItsTime() public {
        Ask memory ask = anAsk(1);
        ask.validUntil = endOfSlot() - 1;
        skips(aDeal(anOrder(1), ask), IAuction.Skip.ASK_EXPIRED);
        ask = anAsk(1);
        ask.validFrom = endOfSlot() + 1;
        skips(aDeal(anOrder(1), ask), IAuction.Skip.ASK_EXPIRED);
        ask = anAsk(1);
        (ask.validFrom, ask.validUntil) = (endOfSlot(), endOfSlot());
        skips(aDeal(anOrder(1), ask), IAuction.Skip.NONE);
    }

    function test_skip_replayedOrder() public {
        Deal memory cleared = aDeal(anOrder(1), anAsk(1));
        skips(cleared, IAuction.Skip.NONE);
        skips(cleared, IAuction.Skip.ORDER_NONCE_USED);
    }

    /// @dev Two messages may carry one nonce; one of them is filled.
    function test_skip_anotherOrderWithTheNonce() public {
        Deal[] memory deals = new Deal[](2);
        deals[0] = aDeal(anOrder(1), anAsk(1));
        Order memory other = anOrder(1);
        other.duration = 3600;
        deals[1] = aDeal(other, anAsk(1));
        (IAuction.Skip[] memory reasons, ) = commit(deals);
        ok(reasons[0] != reasons[1], "one of them");
        ok(
            reasons[0] == IAuction.Skip.ORDER_NONCE_USED || reasons[1] == IAuction.Skip.ORDER_NONCE_USED,
            "the other is refused"
        );
    }

    function test_skip_cancelledOrderAndAsk() public {
        vm.prank(PROVIDER);
        auction.cancelAsks(nonces(7));
        skips(aDeal(anOrder(1), anAsk(7)), IAuction.Skip.ASK_NONCE_USED);
        skips(aDeal(anOrder(1), anAsk(8)), IAuction.Skip.NONE);
        vm.prank(CONSUMER);
        auction.cancelOrders(nonces(7));
        skips(aDeal(anOrder(7), anAsk(1)), IAuction.Skip.ORDER_NONCE_USED);
        vm.prank(CONSUMER);
        auction.cancelOrders(nonces(7));
        (bool filled, uint40 cancelledAt) = auction.orderNonce(CONSUMER, 7);
        ok(!filled && cancelledAt != 0 && cancelledAt < block.timestamp, "the first time counts");
    }

    /// @dev A provider may say the same nonce again; what it sold stays known.
    function test_cancelAsks_keepsWhatWasSold() public {
        skips(aDeal(anOrder(1), anAsk(7)), IAuction.Skip.NONE);
        vm.prank(PROVIDER);
        auction.cancelAsks(nonces(7));
        (uint16 sold, uint40 first) = auction.askNonce(PROVIDER, 7);
        ok(sold == 2 && first == block.timestamp, "both");
        vm.warp(block.timestamp + 5);
        vm.prank(PROVIDER);
        auction.cancelAsks(nonces(7));
        (, uint40 second) = auction.askNonce(PROVIDER, 7);
        eq(second, first, "the first time counts");
        (sold, ) = auction.askNonce(PROVIDER, 6);
        eq(sold, 0, "its neighbours know nothing of it");
    }

    // ── as of the close: what happens between the close and the commit changes nothing ──

    function test_close_cancellationsAfterItComeTooLate() public {
        SlotHeader memory header = closed();
        vm.prank(PROVIDER);
        auction.cancelAsks(nonces(1));
        vm.prank(CONSUMER);
        auction.cancelOrders(nonces(1));
        fills(header);
        (bool filled, uint40 cancelledAt) = auction.orderNonce(CONSUMER, 1);
        ok(filled && cancelledAt == 0, "filled, not cancelled");
        skips(aDeal(anOrder(1), anAsk(2)), IAuction.Skip.ORDER_NONCE_USED);
        skips(aDeal(anOrder(2), anAsk(1)), IAuction.Skip.ASK_NONCE_USED);
    }

    function test_close_keysEpochsAndExitsAfterItComeTooLate() public {
        vm.warp(block.timestamp + 70);
        SlotHeader memory header = closed();
        vm.prank(PROVIDER);
        registry.rotateSigner(vm.addr(0x77));
        vm.prank(PROVIDER);
        registry.raiseEpoch(NODE);
        vm.prank(PROVIDER);
        registry.startUnbonding();
        fills(header);
        skips(signedDeal(anOrder(2), CONSUMER_KEY, anAsk(2), 0x77, 0), IAuction.Skip.PROVIDER_NOT_SELLING);
    }

    function test_close_moneyAndCapsAfterItComeTooLate() public {
        SlotHeader memory header = closed();
        vm.prank(CONSUMER);
        vault.setCaps(0, 1);
        vm.prank(CONSUMER);
        vault.requestUnbid(500_000 * USD);
        fills(header);
        vm.prank(CONSUMER);
        vault.fundBidding(100 * USD);
        skips(aDeal(anOrder(2), anAsk(1)), IAuction.Skip.CAP);
    }

    // ── accounts that can't sign ──

    function test_fill_approvedOrderNeedsNoSignature() public {
        Order memory order = anOrder(1);
        vm.expectRevert(abi.encodeWithSelector(IAuction.NotConsumer.selector, CONSUMER, address(this)));
        auction.approveOrder(order);
        Deal memory cleared = aDeal(order, anAsk(1));
        cleared.orderSignature = "";
        skips(cleared, IAuction.Skip.ORDER_SIGNATURE);
        SlotHeader memory header = closed();
        vm.prank(CONSUMER);
        auction.approveOrder(order);
        (IAuction.Skip[] memory reasons, ) = commitPageOf(header, 0, only(cleared));
        eq(reasons[0], IAuction.Skip.ORDER_SIGNATURE, "approved after the close");
        uint40 first = auction.approvedAt(orderId(order));
        vm.warp(block.timestamp + 10);
        vm.prank(CONSUMER);
        auction.approveOrder(order);
        eq(auction.approvedAt(orderId(order)), first, "the first time counts");
        skips(cleared, IAuction.Skip.NONE);
    }

    function test_fill_smartWalletsOrderIsApprovedByItsSignature() public {
        Wallet wallet = new Wallet();
        Order memory order = anOrder(1);
        order.consumer = address(wallet);
        token.mint(address(this), 100 * USD);
        wallet.enter(vault, 100 * USD);
        Deal memory cleared = aDeal(order, anAsk(1));
        cleared.orderSignature = "";
        vm.expectRevert(abi.encodeWithSelector(IAuction.BadSignature.selector, address(wallet)));
        auction.approveOrderSigned(order, "no");
        wallet.answer(Wallet.Answer.BURN);
        vm.expectRevert(abi.encodeWithSelector(IAuction.BadSignature.selector, address(wallet)));
        auction.approveOrderSigned(order, "yes");
        wallet.answer(Wallet.Answer.SHORT);
        vm.expectRevert(abi.encodeWithSelector(IAuction.BadSignature.selector, address(wallet)));
        auction.approveOrderSigned(order, "yes");
        wallet.answer(Wallet.Answer.FAIL);
        vm.expectRevert(abi.encodeWithSelector(IAuction.BadSignature.selector, address(wallet)));
        auction.approveOrderSigned(order, "yes");
        wallet.answer(Wallet.Answer.CHECK);
        auction.approveOrderSigned(order, "yes");
        skips(cleared, IAuction.Skip.NONE);
    }

    function test_approveOrderSigned_takesAnOrdinarySignatureToo() public {
        Order memory order = anOrder(1);
        auction.approveOrderSigned(order, signature(CONSUMER_KEY, orderId(order)));
        ok(auction.approvedAt(orderId(order)) == block.timestamp, "approved");
        order.nonce = 2;
        bytes memory forged = signature(SIGNER_KEY, orderId(order));
        vm.expectRevert(abi.encodeWithSelector(IAuction.BadSignature.selector, CONSUMER));
        auction.approveOrderSigned(order, forged);
    }

    function test_domain_isTheOneThatEverybodySignsIn() public view {
        eq(auction.domainSeparator(), formats.domainSeparator(block.chainid, address(auction)), "domain");
    }

    // ── supply ──

    function test_skip_nodeThatIsNotAsAsked() public {
        Ask memory ask = anAsk(1);
        ask.supply = keccak256("nobody's");
        skips(aDeal(anOrder(1), ask), IAuction.Skip.NODE_MISMATCH);
        ask = anAsk(1);
        ask.nodeEpoch = 1;
        skips(aDeal(anOrder(1), ask), IAuction.Skip.NODE_MISMATCH);
        ask = anAsk(1);
        ask.resourceClass = keccak256("B200");
        Order memory any = anOrder(1);
        any.requirement = 0;
        skips(aDeal(any, ask), IAuction.Skip.NODE_MISMATCH);
        ask = anAsk(1);
        ask.region = keccak256("eu");
        skips(aDeal(anOrder(1), ask), IAuction.Skip.NODE_MISMATCH);
        ask = anAsk(1);
        ask.supplyKind = SupplyKind.NODE_SET;
        skips(aDeal(anOrder(1), ask), IAuction.Skip.NODE_MISMATCH);
        ask.supplyKind = SupplyKind.CLUSTER;
        skips(aDeal(anOrder(1), ask), IAuction.Skip.ASK_SIGNATURE);
    }

    function test_skip_askOfARaisedEpoch() public {
        vm.prank(PROVIDER);
        registry.raiseEpoch(NODE);
        skips(aDeal(anOrder(1), anAsk(1)), IAuction.Skip.NODE_MISMATCH);
    }

    /// @dev The page carries no requirement of one class: it is the ask's, and another changes the order's id.
    function test_skip_wrongClass() public {
        Order memory order = anOrder(1);
        order.requirement = keccak256("a class nobody has");
        (IAuction.Skip reason, ) = commitOneAs(aDeal(order, anAsk(1)), CLASS, 0);
        eq(reason, IAuction.Skip.ORDER_SIGNATURE, "not what was signed");
    }

    function test_fill_anyClass() public {
        Order memory order = anOrder(1);
        order.requirement = 0;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.NONE);
    }

    function test_fill_anyOfSeveralClasses() public {
        bytes32 other = keccak256("A100");
        Deal memory cleared = severalClasses(other, CLASS);
        skips(cleared, IAuction.Skip.NONE);
        cleared = severalClasses(other, keccak256("B200"));
        skips(cleared, IAuction.Skip.CLASS_MISMATCH);
    }

    /// @dev One set of classes has one requirement: lists in another order, with a repetition, or of more than 16 name nothing.
    function test_skip_classListsThatNameNothing() public {
        Deal memory cleared = severalClasses(keccak256("A100"), CLASS);
        (cleared.classes[0], cleared.classes[1]) = (cleared.classes[1], cleared.classes[0]);
        skips(listed(cleared), IAuction.Skip.CLASS_MISMATCH);
        (cleared.classes[0], cleared.classes[1]) = (CLASS, CLASS);
        skips(listed(cleared), IAuction.Skip.CLASS_MISMATCH);
        for (uint256 length = 16; length <= 17; ++length) {
            cleared.classes = new bytes32[](length);
            for (uint256 i = 0; i < length; ++i) cleared.classes[i] = bytes32(uint256(CLASS) + i);
            skips(listed(cleared), length == 17 ? IAuction.Skip.CLASS_MISMATCH : IAuction.Skip.NONE);
        }
    }

    /// @dev Likewise the region: bound to the ask's, or anywhere.
    function test_skip_wrongRegion() public {
        Order memory order = anOrder(1);
        order.region = keccak256("eu");
        (IAuction.Skip reason, ) = commitOneAs(aDeal(order, anAsk(1)), CLASS, REGION);
        eq(reason, IAuction.Skip.ORDER_SIGNATURE, "not what was signed");
        order = anOrder(2);
        order.region = REGION;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.NONE);
    }

    function test_skip_unknownOrUnbondingProvider() public {
        Ask memory ask = anAsk(1);
        ask.provider = address(0xdead);
        skips(aDeal(anOrder(1), ask), IAuction.Skip.PROVIDER_NOT_SELLING);
        vm.prank(PROVIDER);
        registry.startUnbonding();
        skips(aDeal(anOrder(1), anAsk(1)), IAuction.Skip.PROVIDER_NOT_SELLING);
    }

    function test_skip_zeroCards() public {
        Order memory order = anOrder(1);
        order.cards = 0;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.QUANTITY);
    }

    function test_skip_moreCardsThanTheAsk() public {
        Order memory order = anOrder(1);
        order.cards = 6;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.NONE);
        order.nonce = 2;
        order.cards = 3;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.QUANTITY);
        order.cards = 2;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.NONE);
    }

    function test_skip_moreCardsThanTheNode() public {
        Ask memory ask = anAsk(1);
        ask.cards = 100;
        Order memory order = anOrder(1);
        order.cards = 9;
        skips(aDeal(order, ask), IAuction.Skip.QUANTITY);
    }

    /// @dev 15 bits count what an ask has sold.
    function test_skip_moreCardsThanAnAskCounts() public {
        vm.prank(PROVIDER);
        registry.updateNode(NODE, "y", 65_535, 1, 1);
        Ask memory ask = anAsk(1);
        ask.cards = 65_535;
        Order memory order = anOrder(1);
        order.cards = 32_768;
        skips(aDeal(order, ask), IAuction.Skip.QUANTITY);
        order.cards = 32_767;
        skips(aDeal(order, ask), IAuction.Skip.NONE);
        order.nonce = 2;
        order.cards = 1;
        skips(aDeal(order, ask), IAuction.Skip.QUANTITY);
    }

    function test_skip_durationOutOfBounds() public {
        Order memory order = anOrder(1);
        order.duration = 59;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.DURATION);
        order.duration = 31_536_001;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.DURATION);
    }

    function test_skip_priceBelowTheReserve() public {
        Ask memory ask = anAsk(1);
        ask.reservePrice = 2_400_001;
        skips(signedDeal(anOrder(1), CONSUMER_KEY, ask, SIGNER_KEY, 1), IAuction.Skip.PRICE);
        ask.reservePrice = 2_400_000;
        skips(signedDeal(anOrder(1), CONSUMER_KEY, ask, SIGNER_KEY, 1), IAuction.Skip.NONE);
    }

    function test_skip_askBelowOne() public {
        Ask memory ask = anAsk(1);
        ask.reservePrice = 0;
        skips(aDeal(anOrder(1), ask), IAuction.Skip.PRICE);
    }

    function test_skip_orderAboveTheFunds() public {
        Order memory order = anOrder(1);
        order.startPrice = uint128(200_000 * USD);
        skips(aDeal(order, anAsk(1)), IAuction.Skip.FUNDS);
        order.startPrice = type(uint96).max;
        order.duration = 31_536_000;
        order.cards = 8;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.FUNDS);
    }

    /// @dev What is committed of an account in one page adds up.
    function test_skip_ordersAboveTheFundsTogether() public {
        Deal[] memory deals = new Deal[](2);
        for (uint256 i = 0; i < 2; ++i) {
            Order memory order = anOrder(i);
            order.startPrice = uint128(75_000 * USD);
            deals[i] = aDeal(order, anAsk(1));
        }
        (IAuction.Skip[] memory reasons, Opened memory opened) = commit(deals);
        ok((reasons[0] == IAuction.Skip.FUNDS) != (reasons[1] == IAuction.Skip.FUNDS), "one of them");
        uint200 live = leaseBook.pageOf(opened.pageId).live;
        ok(live == 1 || live == 2, "one lease");
    }

    function test_skip_aboveTheCapPerLease() public {
        vm.prank(CONSUMER);
        vault.setCaps(0, 12_240_000 - 1);
        skips(aDeal(anOrder(1), anAsk(1)), IAuction.Skip.CAP);
        vm.warp(block.timestamp + 70);
        vm.prank(CONSUMER);
        vault.setCaps(0, 12_240_000);
        skips(aDeal(anOrder(1), anAsk(1)), IAuction.Skip.NONE);
    }

    function test_skip_leavesTheOthersAlone() public {
        Deal[] memory deals = new Deal[](3);
        deals[0] = aDeal(anOrder(1), anAsk(1));
        deals[1] = signedDeal(anOrder(2), SIGNER_KEY, anAsk(1), SIGNER_KEY, 0);
        deals[2] = aDeal(anOrder(3), anAsk(1));
        (IAuction.Skip[] memory reasons, Opened memory opened) = commit(deals);
        eq(reasons[0], IAuction.Skip.NONE, "first");
        eq(reasons[1], IAuction.Skip.ORDER_SIGNATURE, "bad one");
        eq(reasons[2], IAuction.Skip.NONE, "last");
        uint256 live = leaseBook.pageOf(opened.pageId).live;
        ok(live == 3 || live == 5 || live == 6, "two leases, one hole");
        (bool filled, ) = auction.orderNonce(CONSUMER, 2);
        ok(!filled, "nothing consumed");
    }

    /// @dev The stake of a lease that outlasts the unbonding stays until its end.
    function test_fill_longLeaseHoldsTheStake() public {
        Order memory order = anOrder(1);
        order.duration = 604_801;
        skips(aDeal(order, anAsk(1)), IAuction.Skip.NONE);
        uint256 end = block.timestamp + 604_801;
        vm.prank(PROVIDER);
        registry.startUnbonding();
        vm.warp(end - 1);
        vm.prank(PROVIDER);
        vm.expectRevert();
        registry.exit();
        vm.warp(end);
        vm.prank(PROVIDER);
        registry.exit();
    }

    function skips(Deal memory cleared, IAuction.Skip wanted) private {
        uint64 order = uint64(cleared.order.nonce);
        uint64 ask = uint64(cleared.ask.nonce);
        uint256 held = locked();
        (uint16 sold, ) = auction.askNonce(cleared.ask.provider, ask);
        (bool used, ) = auction.orderNonce(cleared.order.consumer, order);
        (IAuction.Skip reason, Opened memory opened) = commitOne(cleared);
        eq(reason, wanted, "reason");
        if (wanted == IAuction.Skip.NONE) return;
        eq(leaseBook.pageOf(opened.pageId).live, 0, "no lease");
        eq(leaseOf(opened, 0).rate, 0, "an empty lease's record");
        eq(locked(), held, "no money moved");
        (uint16 soldAfter, ) = auction.askNonce(cleared.ask.provider, ask);
        eq(soldAfter, sold, "no card sold");
        (bool usedAfter, ) = auction.orderNonce(cleared.order.consumer, order);
        ok(usedAfter == used, "no nonce used");
    }

    /// @dev A page's deal whose order is read back as one for this class and region.
    function commitOneAs(
        Deal memory cleared,
        bytes32 requirement,
        bytes32 region
    ) private returns (IAuction.Skip reason, Opened memory opened) {
        (cleared.order.requirement, cleared.order.region) = (requirement, region);
        return commitOne(cleared);
    }

    function severalClasses(bytes32 one, bytes32 two) private view returns (Deal memory cleared) {
        bytes32[] memory classes = new bytes32[](2);
        (classes[0], classes[1]) = one < two ? (one, two) : (two, one);
        cleared = aDeal(anOrder(1), anAsk(1));
        cleared.classes = classes;
        return listed(cleared);
    }

    /// @dev Signed anew for its list of classes.
    function listed(Deal memory cleared) private view returns (Deal memory) {
        cleared.order.requirement = keccak256(abi.encodePacked(cleared.classes));
        cleared.orderSignature = signature(CONSUMER_KEY, orderId(cleared.order));
        return cleared;
    }

    /// @dev A slot of one match whose header stands, with its page to come.
    function closed() private returns (SlotHeader memory header) {
        header = aHeader(currentSlot(), 1, 1);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
    }

    function fills(SlotHeader memory header) private {
        (IAuction.Skip[] memory reasons, ) = commitPageOf(header, 0, only(aDeal(anOrder(1), anAsk(1))));
        eq(reasons[0], IAuction.Skip.NONE, "as of the close");
    }

    function endOfSlot() private view returns (uint64) {
        return uint64(slotEnd(currentSlot()));
    }

    function nonces(uint64 nonce) private pure returns (uint64[] memory one) {
        one = new uint64[](1);
        one[0] = nonce;
    }
}
