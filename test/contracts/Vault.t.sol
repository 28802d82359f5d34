// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {Match, Order, SlotHeader} from "../../contracts/types/Trade.sol";
import {Vault} from "../../contracts/Vault.sol";
import {ReentrantToken, SkimmingToken, Thief} from "./support/BadTokens.sol";
import {Market} from "./support/Market.sol";
import {vm} from "./support/Vm.sol";

/// @notice Deposits, bidding money, and who may move what.
contract VaultTest is Market {
    function setUp() public {
        setUpMarket();
    }

    function test_withdraw_returnsWhatWasDeposited() public {
        vm.prank(CONSUMER);
        vault.withdraw(500_000 * USD);
        eq(token.balanceOf(CONSUMER), 500_000 * USD, "in the wallet");
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IVault.InsufficientAvailable.selector, CONSUMER, 0, 1));
        vault.withdraw(1);
    }

    function test_amounts_failAtZero() public {
        bytes memory refusal = abi.encodeWithSelector(IVault.ZeroAmount.selector);
        vm.expectRevert(refusal);
        vault.deposit(0);
        vm.expectRevert(refusal);
        vault.withdraw(0);
        vm.expectRevert(refusal);
        vault.fundBidding(0);
        vm.expectRevert(refusal);
        vault.requestUnbid(0);
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingUnbid.selector, address(this)));
        vault.finishUnbid();
    }

    function test_depositWithPermit_needsNoApproval() public {
        address owner = vm.addr(0xA11CE);
        token.mint(owner, 7 * USD);
        (uint8 v, bytes32 r, bytes32 s) = permit(owner, 7 * USD);
        vm.prank(owner);
        vault.depositWithPermit(7 * USD, block.timestamp, v, r, s);
        eq(available(owner), 7 * USD, "deposited");
    }

    function test_depositWithPermit_survivesSomeoneElseSpendingThePermit() public {
        address owner = vm.addr(0xA11CE);
        token.mint(owner, 7 * USD);
        (uint8 v, bytes32 r, bytes32 s) = permit(owner, 7 * USD);
        token.permit(owner, address(vault), 7 * USD, block.timestamp, v, r, s);
        vm.prank(owner);
        vault.depositWithPermit(7 * USD, block.timestamp, v, r, s);
        eq(available(owner), 7 * USD, "deposited");
    }

    function test_deposit_refusesATokenThatDeliversLess() public {
        SkimmingToken skimming = new SkimmingToken();
        Vault other = new Vault(skimming, address(1), address(2), address(3), parameters());
        skimming.mint(address(this), 100);
        skimming.approve(address(other), 100);
        vm.expectRevert(abi.encodeWithSelector(IVault.UnsupportedToken.selector, 100, 99));
        other.deposit(100);
    }

    function test_deposit_givesAReentrantTokenNothing() public {
        ReentrantToken reentrant = new ReentrantToken();
        Vault other = new Vault(reentrant, address(1), address(2), address(3), parameters());
        reentrant.mint(address(this), 1000);
        reentrant.approve(address(other), 1000);
        other.deposit(1000);
        Thief thief = new Thief(other);
        reentrant.mint(address(thief), 100);
        reentrant.arm(thief);
        vm.expectRevert();
        thief.deposit(100);
        eq(reentrant.balanceOf(address(other)), 1000, "the vault lost nothing");
    }

    function test_unbid_waitsOneSlotAndOneDeadline() public {
        uint64 readyAt = uint64(block.timestamp + 70);
        vm.prank(CONSUMER);
        vault.requestUnbid(100);
        vm.warp(readyAt - 1);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IVault.UnbidNotReady.selector, readyAt));
        vault.finishUnbid();
        vm.warp(readyAt);
        vm.prank(CONSUMER);
        vault.finishUnbid();
        eq(available(CONSUMER), 500_000 * USD + 100, "available");
        vm.prank(CONSUMER);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.InsufficientBidding.selector, CONSUMER, 500_000 * USD - 100, 500_000 * USD)
        );
        vault.requestUnbid(500_000 * USD);
    }

    /// @dev Else a consumer could walk away from a slot between its close and its commit.
    function test_unbid_doesNotEscapeAClosedSlot() public {
        SlotHeader memory header = aHeader(currentSlot(), 1);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        vm.prank(CONSUMER);
        vault.requestUnbid(500_000 * USD - 1);
        Order memory order = anOrder(1);
        Match[] memory page = new Match[](1);
        page[0] = aMatch(order, anAsk(1));
        eq(uint256(commitPageOf(header.slot, 0, page)[0]), uint256(IAuction.Skip.NONE), "filled all the same");
        (, uint256 inBidding, uint256 unbidding, ) = vault.balanceOf(CONSUMER);
        eq(inBidding, 0, "bidding first");
        eq(unbidding, 500_000 * USD - 12_240_000, "the rest from the pending unbid");
    }

    function testFuzz_protocolCalls_failForStrangers(address stranger, address account, uint256 amount) public {
        vm.assume(stranger != address(registry) && stranger != address(auction) && stranger != address(leaseBook));
        bytes memory refusal = abi.encodeWithSelector(IVault.NotProtocol.selector, stranger);
        vm.prank(stranger);
        vm.expectRevert(refusal);
        vault.stakeFor(account, amount);
        vm.prank(stranger);
        vm.expectRevert(refusal);
        vault.unstakeFor(account, amount);
        vm.prank(stranger);
        vm.expectRevert(refusal);
        vault.tryLockFromBidding(account, amount);
        vm.prank(stranger);
        vm.expectRevert(refusal);
        vault.lockFromAvailable(account, amount);
        vm.prank(stranger);
        vm.expectRevert(refusal);
        vault.release(account, amount);
    }

    function test_protocolCalls_areBoundToOneContractEach() public {
        bytes memory refusal = abi.encodeWithSelector(IVault.NotProtocol.selector, address(auction));
        vm.prank(address(auction));
        vm.expectRevert(refusal);
        vault.release(CONSUMER, 1);
        vm.prank(address(auction));
        vm.expectRevert(refusal);
        vault.unstakeFor(PROVIDER, 1);
    }

    function permit(address owner, uint256 amount) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typeHash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        );
        bytes32 structHash = keccak256(abi.encode(typeHash, owner, address(vault), amount, 0, block.timestamp));
        return vm.sign(0xA11CE, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }
}
