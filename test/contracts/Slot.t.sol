// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {Ask, Order, SlotHeader} from "../../contracts/types/Trade.sol";
import {Fixture} from "./support/Fixture.sol";
import {Deal, PageBytes} from "./support/PageBytes.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice The header's window and seed, the order of slots, pages and matches, and the bytes of a page.
contract SlotTest is Fixture {
    function setUp() public {
        setUpMarket();
    }

    function test_commitSlot_announcesThePages() public {
        SlotHeader memory header = aHeader(currentSlot(), 3, 7);
        commitSlot(header);
        IAuction.SlotState memory state = auction.slotState(header.slot);
        ok(state.pagesCommitted == 0 && state.pageCount == 3 && state.matchesLeft == 7, "state");
        eq(state.headerHash, keccak256(abi.encode(header)), "bound");
        eq(auction.lastSlot(), header.slot, "last");
    }

    function test_commitSlot_failsForAnyoneElse() public {
        SlotHeader memory header = aHeader(currentSlot(), 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IAuction.NotScheduler.selector, address(this)));
        auction.commitSlot(header);
        vm.expectRevert(abi.encodeWithSelector(IAuction.NotScheduler.selector, address(this)));
        auction.commitPage(header.slot, 0, "");
    }

    function test_commitSlot_failsBeforeTheEndAndAfterTheDeadline() public {
        uint64 slot = currentSlot();
        uint64 end = (slot + 1) * 10;
        SlotHeader memory header = aHeader(slot, 0, 0);
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotNotClosed.selector, slot, end));
        commitSlot(header);
        vm.warp(end + 61);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotTooLate.selector, slot, end + 60));
        commitSlot(header);
        vm.warp(end + 60);
        commitSlot(header);
    }

    function test_commitSlot_failsTheSecondTimeAndBackwards() public {
        SlotHeader memory header = aHeader(currentSlot(), 0, 0);
        commitSlot(header);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotAlreadyCommitted.selector, header.slot));
        commitSlot(header);
        uint64 slot = header.slot;
        header.slot = slot - 1;
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotOutOfOrder.selector, slot - 1, slot));
        commitSlot(header);
    }

    /// @dev A slot that has begun is finished first, or given up at its deadline.
    function test_commitSlot_waitsForTheSlotBefore() public {
        SlotHeader memory first = aHeader(currentSlot(), 2, 2);
        commitSlot(first);
        vm.warp(block.timestamp + 10);
        SlotHeader memory second = aHeader(first.slot + 1, 0, 0);
        uint64 deadline = (first.slot + 1) * 10 + 60;
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotUnfinished.selector, first.slot, deadline));
        commitSlot(second);
        vm.warp(deadline);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotUnfinished.selector, first.slot, deadline));
        commitSlot(second);
        vm.warp(deadline + 1);
        commitSlot(second);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotTooLate.selector, first.slot, deadline));
        commitPage(first.slot, 0, empty());
    }

    function test_commitSlot_failsWithAnotherSeedOrGamma() public {
        SlotHeader memory header = aHeader(currentSlot(), 0, 0);
        bytes32 seed = header.seed;
        header.seed = keccak256("mine");
        vm.expectRevert(abi.encodeWithSelector(IAuction.WrongSeed.selector, seed, header.seed));
        commitSlot(header);
        header.seed = 0;
        header.closeBlock = uint64(block.number);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SeedGone.selector, uint64(block.number + 1)));
        commitSlot(header);
        header.gammaWad = 0.9e18;
        vm.expectRevert(abi.encodeWithSelector(IAuction.WrongGamma.selector, uint64(0.8e18), uint64(0.9e18)));
        commitSlot(header);
    }

    function test_commitSlot_failsWithMatchesButNoPage() public {
        SlotHeader memory header = aHeader(currentSlot(), 0, 3);
        vm.expectRevert(abi.encodeWithSelector(IAuction.MatchCountWrong.selector, 3, 0));
        commitSlot(header);
    }

    function test_pause_stopsNewSlotsAndNotTheirPages() public {
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        commitSlot(header);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        auction.pause();
        vm.prank(ADMIN);
        authority.execute(address(auction), abi.encodeCall(auction.pause, ()));
        commitPageOf(header, 0, only(aDeal(anOrder(1), anAsk(1))));
        vm.warp(block.timestamp + 10);
        header = aHeader(currentSlot(), 0, 0);
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        auction.commitSlot(header);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        auction.unpause();
        vm.prank(ADMIN);
        authority.execute(address(auction), abi.encodeCall(auction.unpause, ()));
        commitSlot(header);
    }

    function test_commitPage_takesEachPageOnceInOrder() public {
        SlotHeader memory header = aHeader(currentSlot(), 2, 0);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotUnknown.selector, header.slot));
        commitPage(header.slot, 0, empty());
        commitSlot(header);
        vm.expectRevert(abi.encodeWithSelector(IAuction.PageOutOfOrder.selector, 0, 1));
        commitPage(header.slot, 1, empty());
        commitPage(header.slot, 0, empty());
        vm.expectRevert(abi.encodeWithSelector(IAuction.PageOutOfOrder.selector, 1, 0));
        commitPage(header.slot, 0, empty());
        commitPage(header.slot, 1, empty());
        vm.expectRevert(abi.encodeWithSelector(IAuction.PageOutOfOrder.selector, 2, 2));
        commitPage(header.slot, 2, empty());
    }

    function test_commitPage_bringsWhatTheHeaderAnnounced() public {
        SlotHeader memory header = aHeader(currentSlot(), 2, 1);
        commitSlot(header);
        bytes memory two = PageBytes.encode(inClearingOrder(deals(2), header.seed));
        vm.expectRevert(abi.encodeWithSelector(IAuction.MatchCountWrong.selector, 1, 2));
        commitPage(header.slot, 0, two);
        commitPage(header.slot, 0, empty());
        vm.expectRevert(abi.encodeWithSelector(IAuction.MatchCountWrong.selector, 1, 0));
        commitPage(header.slot, 1, empty());
        commitPage(header.slot, 1, PageBytes.encode(only(aDeal(anOrder(1), anAsk(1)))));
        eq(auction.slotState(header.slot).matchesLeft, 0, "all there");
    }

    /// @dev One order of clearing for everyone, within a page and across pages.
    function test_commitPage_failsOutOfClearingOrder() public {
        SlotHeader memory header = aHeader(currentSlot(), 2, 4);
        commitSlot(header);
        Deal[] memory sorted = inClearingOrder(deals(4), header.seed);
        Deal[] memory page = new Deal[](2);
        (page[0], page[1]) = (sorted[2], sorted[1]);
        vm.expectRevert(abi.encodeWithSelector(IAuction.MatchOutOfOrder.selector, 1));
        commitPage(header.slot, 0, PageBytes.encode(page));
        (page[0], page[1]) = (sorted[1], sorted[1]);
        vm.expectRevert(abi.encodeWithSelector(IAuction.MatchOutOfOrder.selector, 1));
        commitPage(header.slot, 0, PageBytes.encode(page));
        (page[0], page[1]) = (sorted[1], sorted[2]);
        commitPage(header.slot, 0, PageBytes.encode(page));
        (page[0], page[1]) = (sorted[0], sorted[3]);
        vm.expectRevert(abi.encodeWithSelector(IAuction.MatchOutOfOrder.selector, 0));
        commitPage(header.slot, 1, PageBytes.encode(page));
    }

    function test_commitPage_failsAbove200Matches() public {
        failsWithTheSame(201, abi.encodeWithSelector(IAuction.PageTooLarge.selector, 201));
    }

    /// @dev 200 are not too many; that they are the same is another matter.
    function test_commitPage_takes200Matches() public {
        failsWithTheSame(200, abi.encodeWithSelector(IAuction.MatchOutOfOrder.selector, 1));
    }

    function failsWithTheSame(uint32 count, bytes memory refusal) private {
        SlotHeader memory header = aHeader(currentSlot(), 1, count);
        commitSlot(header);
        Deal[] memory many = new Deal[](count);
        Deal memory one = aDeal(anOrder(1), anAsk(1));
        for (uint256 i = 0; i < count; ++i) many[i] = one;
        bytes memory page = PageBytes.encode(many);
        vm.expectRevert(refusal);
        commitPage(header.slot, 0, page);
    }

    /// @dev Cut anywhere, or with a byte too many, a page has no meaning.
    function test_commitPage_failsCutShort() public {
        SlotHeader memory header = aHeader(currentSlot(), 1, 2);
        commitSlot(header);
        bytes memory page = PageBytes.encode(inClearingOrder(deals(2), header.seed));
        for (uint256 length = 0; length < page.length; length += 7) malformed(header.slot, cut(page, length));
        malformed(header.slot, bytes.concat(page, hex"00"));
        commitPage(header.slot, 0, page);
    }

    /// @dev Indices that point nowhere: provider, kind, ask, consumer.
    function test_commitPage_failsWithIndicesOutOfItsTables() public {
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        commitSlot(header);
        bytes memory page = PageBytes.encode(only(aDeal(anOrder(1), anAsk(1))));
        uint256 asks = 2 + 40 + 1 + 64 + 1;
        uint256 matches = asks + 70 + 65 + 1;
        uint256[4] memory places = [asks, asks + 1, matches, matches + 1];
        for (uint256 i = 0; i < 4; ++i) {
            bytes memory wrong = bytes.concat(page);
            wrong[places[i]] = 0x01;
            malformed(header.slot, wrong);
        }
        commitPage(header.slot, 0, page);
    }

    function test_commitPage_rootCoversSkippedMatches() public {
        SlotHeader memory header = aHeader(currentSlot(), 1, 3);
        commitSlot(header);
        Deal[] memory page = new Deal[](3);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 signer = i == 1 ? SIGNER_KEY : CONSUMER_KEY;
            page[i] = signedDeal(anOrder(i), signer, anAsk(1), SIGNER_KEY, uint8(i));
            page[i].runnerUp = uint8(i);
            page[i].shortlist = new uint32[](i);
            for (uint256 j = 0; j < i; ++j) page[i].shortlist[j] = uint32(7 * j + i);
        }
        page = inClearingOrder(page, header.seed);
        bytes32[] memory leaves = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) leaves[i] = matchLeaf(page[i]);
        vm.recordLogs();
        commitPage(header.slot, 0, PageBytes.encode(page));
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        eq(last.topics[0], IAuction.PageCommitted.selector, "event");
        (uint16 number_, , bytes32 root) = abi.decode(last.data, (uint16, uint40, bytes32));
        eq(number_, 0, "page");
        bytes32 top = keccak256(abi.encodePacked(uint8(1), leaves[0], leaves[1]));
        top = keccak256(abi.encodePacked(uint8(1), top, leaves[2]));
        eq(root, keccak256(abi.encodePacked(uint8(2), uint8(4), uint32(3), top)), "root");
    }

    function test_commitPage_recordsAllOfAMatch() public {
        Order memory order = anOrder(0x0102030405060708);
        Ask memory ask = anAsk(1);
        (, Opened memory opened) = commitOne(aDeal(order, ask));
        bytes memory accounts = abi.encodePacked(PROVIDER, CONSUMER);
        eq(keccak256(opened.accounts), keccak256(accounts), "accounts");
        bytes memory match_ = abi.encodePacked(uint8(0), orderId(order), askId(ask), NODE, order.workload);
        bytes memory lease = abi.encodePacked(uint96(3 * USD), uint16(2), uint32(7200), uint8(1), uint8(0));
        bytes memory wanted = bytes.concat(match_, abi.encodePacked(uint64(order.nonce)), lease);
        eq(keccak256(opened.records), keccak256(wanted), "record");
    }

    /// @dev No accounts, kinds and asks, and then nothing where the count of matches should be.
    function test_commitPage_saysWhereItEndsTooEarly() public {
        SlotHeader memory header = aHeader(currentSlot(), 1, 0);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(IAuction.PageMalformed.selector, 132 + 4));
        auction.commitPage(header.slot, 0, hex"00000000");
    }

    /// @dev The second deal of `deals` is the one signed by the wrong key.
    function matchLeaf(Deal memory deal) private view returns (bytes32) {
        uint8 skip = uint8(deal.order.nonce == 1 ? IAuction.Skip.ORDER_SIGNATURE : IAuction.Skip.NONE);
        uint96 price = [uint96(3_000_000), 2_400_000, 1_920_000][deal.step];
        bytes memory head = abi.encodePacked(uint8(0), uint8(4), skip, orderId(deal.order), askId(deal.ask), NODE);
        bytes memory tail = abi.encodePacked(
            uint16(2),
            deal.winner,
            deal.runnerUp,
            deal.step,
            price,
            keccak256(PageBytes.shortlist(deal.shortlist))
        );
        return keccak256(bytes.concat(head, tail));
    }

    function deals(uint256 count) private view returns (Deal[] memory list) {
        list = new Deal[](count);
        for (uint256 i = 0; i < count; ++i) {
            Order memory order = anOrder(i);
            order.cards = 1;
            list[i] = aDeal(order, anAsk(1));
        }
    }

    function malformed(uint64 slot, bytes memory page) private {
        vm.prank(SCHEDULER);
        (bool done, bytes memory reason) = address(auction).call(abi.encodeCall(auction.commitPage, (slot, 0, page)));
        ok(!done && bytes4(reason) == IAuction.PageMalformed.selector, "refused as malformed");
    }

    function cut(bytes memory page, uint256 length) private pure returns (bytes memory short_) {
        short_ = new bytes(length);
        for (uint256 i = 0; i < length; ++i) short_[i] = page[i];
    }

    /// @dev A page of no match.
    function empty() private pure returns (bytes memory) {
        return PageBytes.encode(new Deal[](0));
    }

    function commitSlot(SlotHeader memory header) private {
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
    }

    function commitPage(uint64 slot, uint16 page, bytes memory data) private {
        vm.prank(SCHEDULER);
        auction.commitPage(slot, page, data);
    }
}
