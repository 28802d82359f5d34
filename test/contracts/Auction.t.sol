// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {ILeaseBook} from "../../contracts/interfaces/ILeaseBook.sol";
import {Ask, Match, Order, SlotHeader, SupplyKind} from "../../contracts/types/Trade.sol";
import {Market} from "./support/Market.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice A page's matches: what fills, and the reason for each that is skipped (issue 1, "Bad input").
contract AuctionTest is Market {
    function setUp() public {
        setUpMarket();
    }

    function test_fill_locksThePriceOfTheStepAndOpensTheLease() public {
        Order memory order = anOrder(1);
        Match memory cleared = signedMatch(order, CONSUMER_KEY, anAsk(1), SIGNER_KEY, 2);
        uint256 before = bidding(CONSUMER);
        skips(cleared, IAuction.Skip.NONE);
        ILeaseBook.Lease memory lease = leaseBook.leaseOf(1);
        eq(lease.rate, 1_920_000, "p[2] = 3 x 0.64");
        eq(lease.locked, 7_680_000 + 153_600, "2 cards, 2 hours, 2 % on top");
        eq(before - bidding(CONSUMER), lease.locked, "bidding pays");
        eq(vault.totalLocked(), lease.locked, "locked");
        eq(auction.filled(askId(cleared.ask)), 2, "filled");
        ok(auction.isNonceUsed(CONSUMER, 1), "the order's nonce is used");
        ok(!auction.isNonceUsed(PROVIDER, 1), "the ask's nonce is not");
    }

    function test_skip_badOrderSignature() public {
        skips(signedMatch(anOrder(1), SIGNER_KEY, anAsk(1), SIGNER_KEY, 0), IAuction.Skip.ORDER_SIGNATURE);
    }

    function test_skip_malformedSignatures() public {
        Match memory cleared = aMatch(anOrder(1), anAsk(1));
        cleared.orderSignature = hex"00";
        skips(cleared, IAuction.Skip.ORDER_SIGNATURE);
        cleared = aMatch(anOrder(1), anAsk(1));
        cleared.askSignature = new bytes(65);
        skips(cleared, IAuction.Skip.ASK_SIGNATURE);
    }

    /// @dev The other root of the same signature would make a second, equally valid text of it.
    function test_skip_signatureWithUpperS() public {
        Order memory order = anOrder(1);
        Match memory cleared = aMatch(order, anAsk(1));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CONSUMER_KEY, orderId(order));
        uint256 upper = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141 - uint256(s);
        cleared.orderSignature = abi.encodePacked(r, upper, v == 27 ? uint8(28) : uint8(27));
        skips(cleared, IAuction.Skip.ORDER_SIGNATURE);
    }

    function test_skip_messageOfAnotherChainOrContract() public {
        Order memory order = anOrder(1);
        Match memory cleared = aMatch(order, anAsk(1));
        cleared.orderSignature = signature(CONSUMER_KEY, formats.orderId(1, address(auction), order));
        skips(cleared, IAuction.Skip.ORDER_SIGNATURE);
        cleared.orderSignature = signature(CONSUMER_KEY, formats.orderId(block.chainid, address(vault), order));
        skips(cleared, IAuction.Skip.ORDER_SIGNATURE);
    }

    function test_skip_badAskSignature() public {
        skips(signedMatch(anOrder(1), CONSUMER_KEY, anAsk(1), PROVIDER_KEY, 0), IAuction.Skip.ASK_SIGNATURE);
    }

    function test_skip_askOfARotatedKey() public {
        Match memory cleared = aMatch(anOrder(1), anAsk(1));
        vm.prank(PROVIDER);
        registry.rotateSigner(vm.addr(0x77));
        skips(cleared, IAuction.Skip.ASK_SIGNATURE);
    }

    function test_skip_orderExpiredAtSlotEnd() public {
        uint64 slotEnd = (currentSlot() + 1) * 10;
        Order memory order = anOrder(1);
        order.validUntil = slotEnd - 1;
        skips(aMatch(order, anAsk(1)), IAuction.Skip.ORDER_EXPIRED);
        slotEnd = (currentSlot() + 1) * 10;
        order.validUntil = slotEnd;
        skips(aMatch(order, anAsk(1)), IAuction.Skip.NONE);
    }

    /// @dev Life in the book is judged at the slot's end, however late the page; the start is judged at the page.
    function test_fill_judgesExpiryAtSlotEndAndStartAtThePage() public {
        uint64 slotEnd = (currentSlot() + 1) * 10;
        Order memory order = anOrder(1);
        order.validUntil = slotEnd;
        order.latestStart = slotEnd + 60;
        Ask memory ask = anAsk(1);
        ask.validUntil = slotEnd;
        Match[] memory page = pageOf(aMatch(order, ask));
        uint64 slot = announce(2);
        vm.warp(slotEnd + 60);
        eq(uint256(reasonOf(slot, 0, page)), uint256(IAuction.Skip.NONE), "in time");
        order.nonce = 2;
        page = pageOf(aMatch(order, ask));
        vm.warp(slotEnd + 61);
        eq(uint256(reasonOf(slot, 1, page)), uint256(IAuction.Skip.ORDER_EXPIRED), "too late to start");
    }

    function test_skip_askOutOfItsTime() public {
        Ask memory ask = anAsk(1);
        ask.validUntil = (currentSlot() + 1) * 10 - 1;
        skips(aMatch(anOrder(1), ask), IAuction.Skip.ASK_EXPIRED);
        ask = anAsk(1);
        ask.validFrom = (currentSlot() + 1) * 10 + 1;
        skips(aMatch(anOrder(1), ask), IAuction.Skip.ASK_EXPIRED);
    }

    function test_skip_replayedOrder() public {
        Match memory cleared = aMatch(anOrder(1), anAsk(1));
        Match[] memory matches = new Match[](2);
        (matches[0], matches[1]) = (cleared, cleared);
        IAuction.Skip[] memory reasons = commit(matches);
        eq(uint256(reasons[0]), uint256(IAuction.Skip.NONE), "first");
        eq(uint256(reasons[1]), uint256(IAuction.Skip.ORDER_NONCE_USED), "same page");
        skips(cleared, IAuction.Skip.ORDER_NONCE_USED);
    }

    function test_skip_cancelledOrderAndAsk() public {
        uint256[] memory nonces = new uint256[](1);
        nonces[0] = 7;
        vm.prank(PROVIDER);
        auction.cancelNonces(nonces);
        skips(aMatch(anOrder(1), anAsk(7)), IAuction.Skip.ASK_NONCE_USED);
        vm.prank(CONSUMER);
        auction.cancelNonces(nonces);
        skips(aMatch(anOrder(7), anAsk(1)), IAuction.Skip.ORDER_NONCE_USED);
    }

    function test_skip_nodeThatIsNotAsAsked() public {
        Ask memory ask = anAsk(1);
        ask.supply = keccak256("nobody's");
        skips(aMatch(anOrder(1), ask), IAuction.Skip.NODE_MISMATCH);
        ask = anAsk(1);
        ask.nodeEpoch = 1;
        skips(aMatch(anOrder(1), ask), IAuction.Skip.NODE_MISMATCH);
        ask = anAsk(1);
        ask.resourceClass = keccak256("B200");
        skips(aMatch(anOrder(1), ask), IAuction.Skip.NODE_MISMATCH);
        ask = anAsk(1);
        ask.region = keccak256("eu");
        skips(aMatch(anOrder(1), ask), IAuction.Skip.NODE_MISMATCH);
        ask = anAsk(1);
        ask.supplyKind = SupplyKind.CLUSTER;
        skips(aMatch(anOrder(1), ask), IAuction.Skip.NODE_MISMATCH);
    }

    function test_skip_askOfARaisedEpoch() public {
        vm.prank(PROVIDER);
        registry.raiseEpoch(NODE);
        skips(aMatch(anOrder(1), anAsk(1)), IAuction.Skip.NODE_MISMATCH);
    }

    function test_skip_wrongClass() public {
        Order memory order = anOrder(1);
        order.requirement = keccak256("a class nobody has");
        skips(aMatch(order, anAsk(1)), IAuction.Skip.CLASS_MISMATCH);
    }

    function test_fill_anyOfSeveralClasses() public {
        bytes32 other = keccak256("A100");
        bytes32[] memory classes = new bytes32[](2);
        (classes[0], classes[1]) = CLASS < other ? (CLASS, other) : (other, CLASS);
        Order memory order = anOrder(1);
        order.requirement = keccak256(abi.encodePacked(classes));
        Match memory cleared = aMatch(order, anAsk(1));
        skips(cleared, IAuction.Skip.CLASS_MISMATCH);
        cleared.classes = classes;
        skips(cleared, IAuction.Skip.NONE);
    }

    function test_skip_wrongRegion() public {
        Order memory order = anOrder(1);
        order.region = keccak256("eu");
        skips(aMatch(order, anAsk(1)), IAuction.Skip.REGION_MISMATCH);
        order.region = REGION;
        skips(aMatch(order, anAsk(1)), IAuction.Skip.NONE);
    }

    function test_skip_unknownOrUnbondingProvider() public {
        Ask memory ask = anAsk(1);
        ask.provider = address(0xdead);
        skips(aMatch(anOrder(1), ask), IAuction.Skip.PROVIDER_NOT_SELLING);
        vm.prank(PROVIDER);
        registry.startUnbonding();
        skips(aMatch(anOrder(1), anAsk(1)), IAuction.Skip.PROVIDER_NOT_SELLING);
    }

    function test_skip_zeroCards() public {
        Order memory order = anOrder(1);
        order.cards = 0;
        skips(aMatch(order, anAsk(1)), IAuction.Skip.QUANTITY);
    }

    function test_skip_moreCardsThanTheAsk() public {
        Order memory order = anOrder(1);
        order.cards = 6;
        skips(aMatch(order, anAsk(1)), IAuction.Skip.NONE);
        order.nonce = 2;
        order.cards = 3;
        skips(aMatch(order, anAsk(1)), IAuction.Skip.QUANTITY);
        order.cards = 2;
        skips(aMatch(order, anAsk(1)), IAuction.Skip.NONE);
    }

    function test_skip_moreCardsThanTheNode() public {
        Ask memory ask = anAsk(1);
        ask.cards = 100;
        Order memory order = anOrder(1);
        order.cards = 9;
        skips(aMatch(order, ask), IAuction.Skip.QUANTITY);
    }

    function test_skip_durationOutOfBounds() public {
        Order memory order = anOrder(1);
        order.duration = 59;
        skips(aMatch(order, anAsk(1)), IAuction.Skip.DURATION);
        order.duration = 31_536_001;
        skips(aMatch(order, anAsk(1)), IAuction.Skip.DURATION);
    }

    function test_skip_priceBelowTheReserve() public {
        Ask memory ask = anAsk(1);
        ask.reservePrice = 2_400_001;
        skips(signedMatch(anOrder(1), CONSUMER_KEY, ask, SIGNER_KEY, 1), IAuction.Skip.PRICE);
        ask.reservePrice = 2_400_000;
        skips(signedMatch(anOrder(1), CONSUMER_KEY, ask, SIGNER_KEY, 1), IAuction.Skip.NONE);
    }

    function test_skip_askBelowOne() public {
        Ask memory ask = anAsk(1);
        ask.reservePrice = 0;
        skips(aMatch(anOrder(1), ask), IAuction.Skip.PRICE);
    }

    function test_skip_orderAboveTheFunds() public {
        Order memory order = anOrder(1);
        order.startPrice = uint128(200_000 * USD);
        skips(aMatch(order, anAsk(1)), IAuction.Skip.FUNDS);
        order.startPrice = type(uint128).max;
        order.duration = 31_536_000;
        order.cards = 8;
        skips(aMatch(order, anAsk(1)), IAuction.Skip.FUNDS);
    }

    function test_skip_leavesTheOthersAlone() public {
        Match[] memory matches = new Match[](3);
        matches[0] = aMatch(anOrder(1), anAsk(1));
        matches[1] = signedMatch(anOrder(2), SIGNER_KEY, anAsk(1), SIGNER_KEY, 0);
        matches[2] = aMatch(anOrder(3), anAsk(1));
        IAuction.Skip[] memory reasons = commit(matches);
        eq(uint256(reasons[1]), uint256(IAuction.Skip.ORDER_SIGNATURE), "bad one");
        eq(leaseBook.leaseCount(), 2, "two leases");
        ok(!auction.isNonceUsed(CONSUMER, 2), "nothing consumed");
    }

    function skips(Match memory cleared, IAuction.Skip wanted) private {
        uint256 leases = leaseBook.leaseCount();
        uint256 locked = vault.totalLocked();
        uint256 sold = auction.filled(askId(cleared.ask));
        bool used = auction.isNonceUsed(cleared.order.consumer, cleared.order.nonce);
        eq(uint256(commitOne(cleared)), uint256(wanted), "reason");
        if (wanted == IAuction.Skip.NONE) return;
        eq(leaseBook.leaseCount(), leases, "no lease");
        eq(vault.totalLocked(), locked, "no money moved");
        eq(auction.filled(askId(cleared.ask)), sold, "no card sold");
        ok(auction.isNonceUsed(cleared.order.consumer, cleared.order.nonce) == used, "no nonce used");
    }

    function announce(uint16 pages) private returns (uint64) {
        SlotHeader memory header = aHeader(currentSlot(), pages);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        return header.slot;
    }

    function pageOf(Match memory cleared) private pure returns (Match[] memory page) {
        page = new Match[](1);
        page[0] = cleared;
    }

    function reasonOf(uint64 slot, uint16 page, Match[] memory matches) private returns (IAuction.Skip) {
        return commitPageOf(slot, page, matches)[0];
    }
}
