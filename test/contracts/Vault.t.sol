// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {ParameterBounds} from "../../contracts/libraries/ParameterBounds.sol";
import {Addresses, Parameters} from "../../contracts/types/Parameters.sol";
import {SlotHeader} from "../../contracts/types/Trade.sol";
import {Vault} from "../../contracts/Vault.sol";
import {ReentrantToken, SkimmingToken, Thief} from "./support/BadTokens.sol";
import {Deal} from "./support/PageBytes.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice Deposits, bidding money, and who may move what.
contract VaultTest is Fixture {
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
        Vault other = vaultOf(address(skimming));
        skimming.mint(address(this), 100);
        skimming.approve(address(other), 100);
        vm.expectRevert(abi.encodeWithSelector(IVault.UnsupportedToken.selector, 100, 99));
        other.deposit(100);
    }

    function test_deposit_givesAReentrantTokenNothing() public {
        ReentrantToken reentrant = new ReentrantToken();
        Vault other = vaultOf(address(reentrant));
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
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        vm.prank(CONSUMER);
        vault.requestUnbid(500_000 * USD - 1);
        Deal[] memory page = only(aDeal(anOrder(1), anAsk(1)));
        (IAuction.Skip[] memory reasons, ) = commitPageOf(header, 0, page);
        eq(reasons[0], IAuction.Skip.NONE, "filled all the same");
        (, uint256 inBidding, uint256 unbidding, ) = vault.balanceOf(CONSUMER);
        eq(inBidding, 0, "bidding first");
        eq(unbidding, 500_000 * USD - 12_240_000, "the rest from the pending unbid");
    }

    /// @dev All that the vault holds must fit one balance.
    function test_deposit_refusesMoreThanABalanceHolds() public {
        uint256 most = type(uint96).max;
        token.mint(CONSUMER, most);
        vm.prank(CONSUMER);
        token.approve(address(vault), type(uint256).max);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IVault.ValueTooWide.selector, most + 1));
        vault.deposit(most + 1);
        uint256 held = token.balanceOf(address(vault));
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IVault.ValueTooWide.selector, most + 1));
        vault.deposit(most + 1 - held);
        vm.prank(CONSUMER);
        vault.deposit(most - held);
        eq(token.balanceOf(address(vault)), most, "full");
    }

    function test_constructor_refusesNoTreasury() public {
        Addresses memory a;
        a.authority = address(authority);
        vm.expectRevert(abi.encodeWithSelector(IVault.ZeroAddress.selector));
        new Vault(a, parameters());
        a.treasury = TREASURY;
        Parameters memory p = parameters();
        p.slotSeconds = 0;
        vm.expectRevert(
            abi.encodeWithSelector(ParameterBounds.ParameterOutOfBounds.selector, "slotSeconds", 0, 1, 3600)
        );
        new Vault(a, p);
    }

    // ── the administration ──

    function test_pause_stopsEntryAndNoWayOut() public {
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, CONSUMER));
        vault.pause();
        admin(abi.encodeCall(vault.pause, ()));
        bytes memory paused = abi.encodeWithSelector(Pausable.EnforcedPause.selector);
        vm.prank(CONSUMER);
        vm.expectRevert(paused);
        vault.deposit(1);
        vm.prank(CONSUMER);
        vm.expectRevert(paused);
        vault.depositWithPermit(1, 0, 0, 0, 0);
        vm.prank(CONSUMER);
        vm.expectRevert(paused);
        vault.fundBidding(1);
        vm.prank(CONSUMER);
        vault.requestUnbid(500_000 * USD);
        vm.warp(block.timestamp + 70);
        vm.prank(CONSUMER);
        vault.finishUnbid();
        vm.prank(CONSUMER);
        vault.withdraw(1_000_000 * USD);
        eq(token.balanceOf(CONSUMER), 1_000_000 * USD, "all of it left");
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        vault.unpause();
        admin(abi.encodeCall(vault.unpause, ()));
        fund(CONSUMER, 1);
    }

    function test_treasury_isTheAdministrationsChoice() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        vault.setTreasury(address(1));
        vm.prank(ADMIN);
        vm.expectRevert(abi.encodeWithSelector(IVault.ZeroAddress.selector));
        authority.execute(address(vault), abi.encodeCall(vault.setTreasury, (address(0))));
        admin(abi.encodeCall(vault.setTreasury, (address(0x7EA6))));
        ok(vault.treasury() == address(0x7EA6), "set");
        vm.expectRevert(abi.encodeWithSelector(IVault.NothingToCollect.selector));
        vault.collectFees();
    }

    // ── caps ──

    function test_caps_boundADayAndALease() public {
        setCaps(uint96(100 * USD), uint96(60 * USD));
        spend(60 * USD);
        vm.prank(address(shop));
        vm.expectRevert(abi.encodeWithSelector(IVault.LeaseCapExceeded.selector, CONSUMER, 60 * USD, 60 * USD + 1));
        vault.lockFromAvailable(CONSUMER, 60 * USD + 1);
        vm.prank(CONSUMER);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.DayCapExceeded.selector, CONSUMER, 100 * USD, 60 * USD, 41 * USD)
        );
        vault.fundBidding(41 * USD);
        spend(40 * USD);
        (uint96 perDay, uint96 perLease, uint96 spent) = vault.capsOf(CONSUMER);
        ok(perDay == 100 * USD && perLease == 60 * USD && spent == 100 * USD, "caps");
        vm.warp((block.timestamp / 1 days + 1) * 1 days);
        (, , spent) = vault.capsOf(CONSUMER);
        eq(spent, 0, "a new day");
        spend(60 * USD);
    }

    function test_caps_tightenAtOnceAndLoosenAfterADay() public {
        setCaps(uint96(100 * USD), 0);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IVault.CapTooSoon.selector, uint64(block.timestamp + 70)));
        vault.setCaps(uint96(50 * USD), 0);
        later(70);
        setCaps(uint96(50 * USD), 0);
        (uint96 perDay, , ) = vault.capsOf(CONSUMER);
        eq(perDay, 50 * USD, "tighter at once");
        later(70);
        setCaps(0, 0);
        later(1 days - 1);
        (perDay, , ) = vault.capsOf(CONSUMER);
        eq(perDay, 50 * USD, "not yet");
        later(1);
        (perDay, , ) = vault.capsOf(CONSUMER);
        eq(perDay, 0, "none any more");
        spend(1000 * USD);
    }

    function test_caps_aLooserOneIsTheOneAskedFor() public {
        setCaps(uint96(50 * USD), 0);
        later(70);
        setCaps(uint96(500 * USD), 0);
        later(1 days);
        (uint96 perDay, , ) = vault.capsOf(CONSUMER);
        eq(perDay, 500 * USD, "looser after a day");
    }

    /// @dev A looser cap that still waits gives way to a tighter one.
    function test_caps_aWaitingOneIsReplaced() public {
        setCaps(uint96(50 * USD), 0);
        later(70);
        setCaps(uint96(500 * USD), 0);
        later(70);
        setCaps(uint96(40 * USD), 0);
        later(2 days);
        (uint96 perDay, , ) = vault.capsOf(CONSUMER);
        eq(perDay, 40 * USD, "the last word");
    }

    /// @dev The cap per lease that a slot sees is that of its close.
    function test_caps_perLeaseHoldsForSlotsThatCloseLater() public {
        uint40 before = uint40(block.timestamp);
        setCaps(0, uint96(60 * USD));
        address[] memory one = new address[](1);
        one[0] = CONSUMER;
        (uint256[] memory spendable, uint256[] memory perLease) = vault.biddersAt(one, before);
        eq(perLease[0], type(uint256).max, "none at the time");
        eq(spendable[0], 500_000 * USD, "spendable");
        (, perLease) = vault.biddersAt(one, before + 1);
        eq(perLease[0], 60 * USD, "from the next second on");
        later(70);
        setCaps(0, 0);
        (, perLease) = vault.biddersAt(one, before + 70);
        eq(perLease[0], 60 * USD, "still");
        (, perLease) = vault.biddersAt(one, before + 71);
        eq(perLease[0], type(uint256).max, "none again");
    }

    function test_caps_refuseASumThatIsTooWide() public {
        setCaps(0, 0);
        spend(1);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IVault.ValueTooWide.selector, type(uint256).max));
        vault.fundBidding(type(uint256).max);
    }

    // ── protocol calls ──

    function testFuzz_protocolCalls_failForStrangers(address stranger, address account, uint256 amount) public {
        vm.assume(stranger != address(registry) && stranger != address(auction));
        vm.assume(stranger != address(leaseBook) && stranger != address(shop) && stranger != address(clusters));
        refused(stranger, abi.encodeCall(vault.stakeFor, (account, amount)));
        refused(stranger, abi.encodeCall(vault.unstakeFor, (account, amount)));
        refused(stranger, abi.encodeCall(vault.slash, (account, account, amount)));
        refused(stranger, abi.encodeCall(vault.lockFromAvailable, (account, amount)));
        refused(stranger, abi.encodeCall(vault.lockFromBidding, (list(account), list(amount))));
        refused(stranger, abi.encodeCall(vault.release, (list(account), list(amount), 0)));
        refused(stranger, abi.encodeCall(vault.distribute, (account, list(stranger), list(amount))));
    }

    function test_protocolCalls_areBoundToTheirContracts() public {
        address[4] memory parts = [address(registry), address(auction), address(leaseBook), address(shop)];
        for (uint256 i = 0; i < 4; ++i) {
            if (i != 0) refused(parts[i], abi.encodeCall(vault.unstakeFor, (PROVIDER, 1)));
            if (i != 1) refused(parts[i], abi.encodeCall(vault.lockFromBidding, (list(CONSUMER), list(1))));
            if (i < 2) refused(parts[i], abi.encodeCall(vault.release, (list(CONSUMER), list(1), 0)));
            if (i != 3) refused(parts[i], abi.encodeCall(vault.lockFromAvailable, (CONSUMER, 1)));
        }
    }

    function test_protocolCalls_takeNoMoreThanThereIs() public {
        uint256 there = 500_000 * USD;
        vm.prank(address(auction));
        vm.expectRevert(abi.encodeWithSelector(IVault.InsufficientBidding.selector, CONSUMER, there, there + 1));
        vault.lockFromBidding(list(CONSUMER), list(there + 1));
        vm.prank(address(registry));
        vm.expectRevert(abi.encodeWithSelector(IVault.InsufficientStake.selector, PROVIDER, 100 * USD, 100 * USD + 1));
        vault.unstakeFor(PROVIDER, 100 * USD + 1);
        vm.prank(address(leaseBook));
        vm.expectRevert();
        vault.release(list(CONSUMER), list(1), 0);
    }

    function refused(address caller, bytes memory call_) private {
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IVault.NotProtocol.selector, caller));
        (bool done, ) = address(vault).call(call_);
        ok(done, "the expected revert was seen");
    }

    function admin(bytes memory call_) private {
        vm.prank(ADMIN);
        authority.execute(address(vault), call_);
    }

    function setCaps(uint96 perDay, uint96 perLease) private {
        vm.prank(CONSUMER);
        vault.setCaps(perDay, perLease);
    }

    function spend(uint256 amount) private {
        vm.prank(address(shop));
        vault.lockFromAvailable(CONSUMER, amount);
    }

    function later(uint256 duration) private {
        vm.warp(block.timestamp + duration);
    }

    function list(address account) private pure returns (address[] memory one) {
        one = new address[](1);
        one[0] = account;
    }

    function list(uint256 amount) private pure returns (uint256[] memory one) {
        one = new uint256[](1);
        one[0] = amount;
    }

    function vaultOf(address other) private returns (Vault) {
        Addresses memory a = addressesFrom(3);
        a.token = other;
        return new Vault(a, parameters());
    }

    function permit(address owner, uint256 amount) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 typeHash = keccak256(
            "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
        );
        bytes32 structHash = keccak256(abi.encode(typeHash, owner, address(vault), amount, 0, block.timestamp));
        return vm.sign(0xA11CE, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
    }
}
