// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {IBond} from "../../contracts/interfaces/IBond.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {Verdict, Wrong} from "../../contracts/types/Claim.sol";
import {Order, SlotHeader} from "../../contracts/types/Trade.sol";
import {Deal, PageBytes} from "./support/PageBytes.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice What backs the scheduler's matches, and how it comes and goes.
contract BondTest is Fixture {
    uint40 private constant WINDOW = 86_400;
    uint40 private constant WAIT = 2 * WINDOW + 3600 + 70;

    function setUp() public {
        setUpMarket();
        vm.warp((block.timestamp / WINDOW + 1) * WINDOW + 100);
    }

    function test_exposure_isTheStartPriceOfTwoWindows() public {
        uint256 each = 12_240_000;
        fill(1, 3);
        eq(exposure(), each, "at the start price, fee included, whatever was cleared");
        fill(2, 0);
        eq(exposure(), 2 * each, "they add up");
        pass(WINDOW);
        fill(3, 0);
        eq(exposure(), 3 * each, "the past window counts");
        pass(WINDOW);
        eq(exposure(), each, "the one before it does not");
        pass(WINDOW);
        eq(exposure(), 0, "nothing is open");
    }

    function test_page_failsBeyondTheBond() public {
        uint256 spare = BOND_AMOUNT - 12_240_000;
        vm.prank(SCHEDULER);
        bond.requestBond(spare);
        fill(1, 0);
        pass(10);
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        bytes memory page = PageBytes.encode(only(aDeal(anOrder(2), anAsk(1))));
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(IBond.BondTooLow.selector, 12_240_000, 24_480_000));
        auction.commitPage(header.slot, 0, page);
    }

    function test_skips_costTheirPenalty() public {
        Deal[] memory deals = new Deal[](3);
        for (uint256 i = 0; i < 3; ++i) deals[i] = aDeal(anOrder(i), anAsk(1));
        deals[0].orderSignature = "";
        deals[1].orderSignature = "";
        (IAuction.Skip[] memory reasons, ) = commit(deals);
        eq(reasons[2], IAuction.Skip.NONE, "the good one");
        eq(held(), BOND_AMOUNT - 20 * USD, "ten each");
        eq(available(TREASURY), 20 * USD, "to the treasury");
    }

    function test_bond_leavesAfterEveryWindow() public {
        fill(1, 0);
        uint256 backing = BOND_AMOUNT;
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(IBond.BondTooLow.selector, backing, backing + 12_240_000));
        bond.requestBond(backing);
        vm.prank(SCHEDULER);
        bond.requestBond(1000 * USD);
        uint40 readyAt = uint40(block.timestamp) + WAIT;
        vm.warp(readyAt - 1);
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(IBond.LeavingNotReady.selector, readyAt));
        bond.returnBond();
        vm.warp(readyAt);
        vm.prank(SCHEDULER);
        bond.returnBond();
        eq(available(SCHEDULER), 1000 * USD, "back");
        eq(held(), BOND_AMOUNT - 1000 * USD, "the rest stays");
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(IBond.NothingLeaving.selector));
        bond.returnBond();
    }

    /// @dev What is on its way out still pays; what the bond no longer has does not come back.
    function test_bond_onItsWayOutStillPays() public {
        vm.prank(SCHEDULER);
        bond.requestBond(BOND_AMOUNT);
        decided(1, CONSUMER, BOND_AMOUNT - 300 * USD);
        eq(held(), 0, "the penalty took what restitution left");
        (, uint256 leaving, ) = bond.bond();
        eq(leaving, 0, "nothing leaves any more");
        decided(2, CONSUMER, 1);
        eq(available(CONSUMER), 500_000 * USD + BOND_AMOUNT - 300 * USD, "there is nothing more to pay");
        vm.warp(block.timestamp + WAIT);
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(IBond.NothingLeaving.selector));
        bond.returnBond();
    }

    function test_bond_isTheSchedulersAlone() public {
        bytes memory refusal = abi.encodeWithSelector(IBond.NotScheduler.selector, address(this));
        vm.expectRevert(refusal);
        bond.addBond(1);
        vm.expectRevert(refusal);
        bond.requestBond(1);
        vm.expectRevert(refusal);
        bond.returnBond();
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(IBond.ZeroAmount.selector));
        bond.addBond(0);
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(IBond.ZeroAmount.selector));
        bond.requestBond(0);
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(IVault.InsufficientAvailable.selector, SCHEDULER, 0, 1));
        bond.addBond(1);
    }

    function test_protocolCalls_failForStrangers() public {
        bytes memory refusal = abi.encodeWithSelector(IBond.NotProtocol.selector, address(this));
        Verdict memory verdict;
        vm.expectRevert(refusal);
        bond.charge(1, 0, 0, 0);
        vm.expectRevert(refusal);
        bond.open(verdict);
        vm.expectRevert(refusal);
        bond.decide(verdict);
        vm.expectRevert(refusal);
        bond.show(verdict, 1, 1, 1);
        vm.expectRevert(refusal);
        bond.refute(verdict);
    }

    function test_claim_needsItsDeposit() public {
        Verdict memory verdict;
        verdict.challenger = address(0xFEE);
        vm.prank(address(claims));
        vm.expectRevert(abi.encodeWithSelector(IVault.InsufficientAvailable.selector, address(0xFEE), 0, 50 * USD));
        bond.open(verdict);
    }

    function decided(uint64 slot, address harmed, uint256 restitution) private {
        Verdict memory verdict;
        (verdict.wrong, verdict.slot, verdict.challenger) = (Wrong.PRICE, slot, address(0xFEE));
        (verdict.harmed, verdict.restitution) = (harmed, restitution);
        vm.prank(address(claims));
        bond.decide(verdict);
    }

    function fill(uint256 nonce, uint8 step) private {
        if (currentSlot() <= auction.lastSlot()) pass(10);
        Order memory order = anOrder(nonce);
        (IAuction.Skip reason, ) = commitOne(signedDeal(order, CONSUMER_KEY, anAsk(1), SIGNER_KEY, step));
        eq(reason, IAuction.Skip.NONE, "filled");
    }

    function held() private view returns (uint256 amount) {
        (amount, , ) = bond.bond();
    }

    function exposure() private view returns (uint256 amount) {
        (, , amount) = bond.bond();
    }

    function pass(uint256 duration) private {
        vm.warp(block.timestamp + duration);
    }
}
