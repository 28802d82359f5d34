// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {Match, SlotHeader} from "../../contracts/types/Trade.sol";
import {Merkle} from "../../contracts/libraries/Merkle.sol";
import {Market} from "./support/Market.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice The header's window and seed, and the order of pages.
contract SlotTest is Market {
    function setUp() public {
        setUpMarket();
    }

    function test_commitSlot_announcesThePages() public {
        SlotHeader memory header = aHeader(currentSlot(), 3);
        commitSlot(header);
        (uint16 done, uint16 pages, bool committed) = auction.slotState(header.slot);
        ok(done == 0 && pages == 3 && committed, "state");
    }

    function test_commitSlot_failsForAnyoneElse() public {
        SlotHeader memory header = aHeader(currentSlot(), 0);
        vm.expectRevert(abi.encodeWithSelector(IAuction.NotScheduler.selector, address(this)));
        auction.commitSlot(header);
        vm.expectRevert(abi.encodeWithSelector(IAuction.NotScheduler.selector, address(this)));
        auction.commitPage(header.slot, 0, new Match[](0));
    }

    function test_commitSlot_failsBeforeTheEndAndAfterTheDeadline() public {
        uint64 slot = currentSlot();
        uint64 end = (slot + 1) * 10;
        SlotHeader memory header = aHeader(slot, 0);
        vm.warp(end - 1);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotNotClosed.selector, slot, end));
        commitSlot(header);
        vm.warp(end + 61);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotTooLate.selector, slot, end + 60));
        commitSlot(header);
        vm.warp(end + 60);
        commitSlot(header);
    }

    function test_commitSlot_failsTheSecondTime() public {
        SlotHeader memory header = aHeader(currentSlot(), 0);
        commitSlot(header);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotAlreadyCommitted.selector, header.slot));
        commitSlot(header);
    }

    function test_commitSlot_failsWithAnotherSeedOrGamma() public {
        SlotHeader memory header = aHeader(currentSlot(), 0);
        bytes32 seed = header.seed;
        header.seed = keccak256("mine");
        vm.expectRevert(abi.encodeWithSelector(IAuction.WrongSeed.selector, seed, header.seed));
        commitSlot(header);
        header.seed = 0;
        header.closeBlock = uint64(block.number);
        vm.expectRevert(abi.encodeWithSelector(IAuction.WrongSeed.selector, bytes32(0), bytes32(0)));
        commitSlot(header);
        header.closeBlock = type(uint64).max;
        vm.expectRevert(abi.encodeWithSelector(IAuction.WrongSeed.selector, bytes32(0), bytes32(0)));
        commitSlot(header);
        header.gammaWad = 0.9e18;
        vm.expectRevert(abi.encodeWithSelector(IAuction.WrongGamma.selector, uint64(0.8e18), uint64(0.9e18)));
        commitSlot(header);
    }

    function test_commitPage_takesEachPageOnceInOrder() public {
        SlotHeader memory header = aHeader(currentSlot(), 2);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotUnknown.selector, header.slot));
        commitPage(header.slot, 0, new Match[](0));
        commitSlot(header);
        vm.expectRevert(abi.encodeWithSelector(IAuction.PageOutOfOrder.selector, 0, 1));
        commitPage(header.slot, 1, new Match[](0));
        commitPage(header.slot, 0, new Match[](0));
        vm.expectRevert(abi.encodeWithSelector(IAuction.PageOutOfOrder.selector, 1, 0));
        commitPage(header.slot, 0, new Match[](0));
        commitPage(header.slot, 1, new Match[](0));
        vm.expectRevert(abi.encodeWithSelector(IAuction.PageOutOfOrder.selector, 2, 2));
        commitPage(header.slot, 2, new Match[](0));
    }

    function test_commitPage_failsAbove256Matches() public {
        SlotHeader memory header = aHeader(currentSlot(), 1);
        commitSlot(header);
        vm.expectRevert(abi.encodeWithSelector(IAuction.PageTooLarge.selector, 257));
        commitPage(header.slot, 0, new Match[](257));
    }

    function test_commitPage_rootCoversSkippedMatches() public {
        Match[] memory matches = new Match[](3);
        bytes32[] memory leaves = new bytes32[](3);
        for (uint256 i = 0; i < 3; ++i) {
            uint256 key = i == 1 ? SIGNER_KEY : CONSUMER_KEY;
            matches[i] = signedMatch(anOrder(i), key, anAsk(1), SIGNER_KEY, uint8(i));
            uint128 price = [uint128(3_000_000), 2_400_000, 1_920_000][i];
            leaves[i] = formats.matchLeaf(orderId(matches[i].order), askId(matches[i].ask), price, matches[i]);
        }
        SlotHeader memory header = aHeader(currentSlot(), 1);
        commitSlot(header);
        vm.recordLogs();
        commitPage(header.slot, 0, matches);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        eq(last.topics[0], IAuction.PageCommitted.selector, "event");
        (uint16 page, uint16 count, bytes32 root) = abi.decode(last.data, (uint16, uint16, bytes32));
        ok(page == 0 && count == 3, "page and count");
        eq(root, Merkle.root(4, leaves), "root");
    }

    function commitSlot(SlotHeader memory header) private {
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
    }

    function commitPage(uint64 slot, uint16 page, Match[] memory matches) private {
        vm.prank(SCHEDULER);
        auction.commitPage(slot, page, matches);
    }
}
