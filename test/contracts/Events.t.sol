// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {IBond} from "../../contracts/interfaces/IBond.sol";
import {ILeaseBook} from "../../contracts/interfaces/ILeaseBook.sol";
import {IMarket} from "../../contracts/interfaces/IMarket.sol";
import {IMonitors} from "../../contracts/interfaces/IMonitors.sol";
import {IProviderRegistry} from "../../contracts/interfaces/IProviderRegistry.sol";
import {ISecrets} from "../../contracts/interfaces/ISecrets.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {End, LeaseRef} from "../../contracts/types/Lease.sol";
import {Order, SlotHeader} from "../../contracts/types/Trade.sol";
import {Fixture} from "./support/Fixture.sol";
import {Deal, PageBytes} from "./support/PageBytes.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice Whoever reads the events alone knows the market: each act tells of itself, with all that it changed.
contract EventsTest is Fixture {
    bytes32 private immutable BY_CONSUMER = bytes32(uint256(uint160(CONSUMER)));
    bytes32 private immutable BY_PROVIDER = bytes32(uint256(uint160(PROVIDER)));

    function setUp() public {
        setUpMarket();
        vm.recordLogs();
    }

    function test_vault_tellsOfMoneyThatComesAndGoes() public {
        uint256 amount = 7 * USD;
        fund(CONSUMER, amount);
        told(address(vault), bytes.concat(IVault.Deposited.selector, BY_CONSUMER), abi.encode(amount));
        vm.prank(CONSUMER);
        vault.withdraw(amount);
        told(address(vault), bytes.concat(IVault.Withdrawn.selector, BY_CONSUMER), abi.encode(amount));
    }

    function test_vault_tellsOfBiddingMoney() public {
        uint256 amount = 7 * USD;
        vm.prank(CONSUMER);
        vault.fundBidding(amount);
        told(address(vault), bytes.concat(IVault.BiddingFunded.selector, BY_CONSUMER), abi.encode(amount));
        vm.prank(CONSUMER);
        vault.requestUnbid(amount);
        uint256 readyAt = block.timestamp + 70;
        told(address(vault), bytes.concat(IVault.UnbidRequested.selector, BY_CONSUMER), abi.encode(amount, readyAt));
        vm.warp(readyAt);
        vm.prank(CONSUMER);
        vault.finishUnbid();
        told(address(vault), bytes.concat(IVault.UnbidFinished.selector, BY_CONSUMER), abi.encode(amount));
    }

    function test_vault_tellsOfMoneyCalledBackFromALeavingBid() public {
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        vm.prank(CONSUMER);
        vault.requestUnbid(500_000 * USD - 1);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        Deal[] memory page = inClearingOrder(only(aDeal(anOrder(1), anAsk(1))), header.seed);
        vm.prank(SCHEDULER);
        auction.commitPage(header.slot, 0, PageBytes.encode(page));
        told(address(vault), bytes.concat(IVault.UnbidRecalled.selector, BY_CONSUMER), abi.encode(12_240_000 - 1));
    }

    function test_vault_tellsOfCapsAndTreasury() public {
        vm.prank(CONSUMER);
        vault.setCaps(5, 3);
        told(address(vault), bytes.concat(IVault.CapsSet.selector, BY_CONSUMER), abi.encode(5, 3, block.timestamp));
        vm.prank(ADMIN);
        vault.setTreasury(PAYOUT);
        told(address(vault), bytes.concat(IVault.TreasurySet.selector), abi.encode(PAYOUT));
    }

    function test_registry_tellsOfAProvider() public {
        address other = address(0x0123);
        bytes32 byOther = bytes32(uint256(uint160(other)));
        fund(other, 1000 * USD);
        vm.prank(other);
        registry.register(PAYOUT, AUDITOR, 100 * USD, "who");
        bytes memory data = abi.encode(PAYOUT, AUDITOR, 100 * USD, "who");
        told(address(registry), bytes.concat(IProviderRegistry.ProviderRegistered.selector, byOther), data);
        vm.prank(other);
        registry.addStake(5);
        told(address(registry), bytes.concat(IProviderRegistry.StakeAdded.selector, byOther), abi.encode(5));
        vm.prank(other);
        registry.setPayout(other);
        told(address(registry), bytes.concat(IProviderRegistry.PayoutSet.selector, byOther), abi.encode(other));
        vm.prank(other);
        registry.setMetadata("else");
        told(address(registry), bytes.concat(IProviderRegistry.MetadataSet.selector, byOther), abi.encode("else"));
        vm.warp(block.timestamp + 1000);
        vm.prank(other);
        registry.rotateSigner(other);
        told(address(registry), bytes.concat(IProviderRegistry.SignerRotated.selector, byOther), abi.encode(other));
        vm.prank(other);
        registry.startUnbonding();
        uint256 exitAt = block.timestamp + 604_800;
        told(address(registry), bytes.concat(IProviderRegistry.UnbondingStarted.selector, byOther), abi.encode(exitAt));
        vm.warp(exitAt);
        vm.prank(other);
        registry.exit();
        data = abi.encode(100 * USD + 5);
        told(address(registry), bytes.concat(IProviderRegistry.ProviderExited.selector, byOther), data);
    }

    function test_registry_tellsOfANode() public {
        addNode(PROVIDER, "z2", 4);
        bytes32 second = keccak256("x/z2");
        ok(counted(IProviderRegistry.NodeAdded.selector, second) == 1, "added");
        vm.prank(PROVIDER);
        registry.updateNode(second, "w", 6, 1, 2);
        told(address(registry), bytes.concat(IProviderRegistry.NodeUpdated.selector, second), abi.encode("w", 6, 1, 2));
        vm.prank(PROVIDER);
        registry.raiseEpoch(second);
        told(address(registry), bytes.concat(IProviderRegistry.NodeEpochRaised.selector, second), abi.encode(1));
        uint256 from = block.timestamp + 3600;
        vm.prank(PROVIDER);
        registry.announceMaintenance(second, uint40(from), uint40(from + 60));
        bytes memory data = abi.encode(from, from + 60);
        told(address(registry), bytes.concat(IProviderRegistry.MaintenanceAnnounced.selector, second), data);
        vm.prank(AUDITOR);
        registry.attest(second, 2, keccak256("seen"));
        bytes memory topics = bytes.concat(
            IProviderRegistry.NodeAttested.selector,
            second,
            bytes32(uint256(uint160(AUDITOR)))
        );
        told(address(registry), topics, abi.encode(2, keccak256("seen")));
    }

    function test_bond_tellsOfWhatIsThereAndLeaves() public {
        fund(SCHEDULER, 9);
        vm.prank(SCHEDULER);
        bond.addBond(9);
        told(address(bond), bytes.concat(IBond.BondAdded.selector), abi.encode(BOND_AMOUNT + 9));
        vm.prank(SCHEDULER);
        bond.requestBond(4);
        uint256 readyAt = block.timestamp + bond.LEAVING_SECONDS();
        told(address(bond), bytes.concat(IBond.BondLeaving.selector), abi.encode(4, readyAt));
        vm.warp(readyAt);
        vm.prank(SCHEDULER);
        bond.returnBond();
        told(address(bond), bytes.concat(IBond.BondReturned.selector), abi.encode(4));
    }

    function test_monitors_tellOfTheirBonds() public {
        bondMonitors();
        address monitor = named()[2];
        bytes32 who = bytes32(uint256(uint160(monitor)));
        told(address(monitors), bytes.concat(IMonitors.MonitorBonded.selector, who), abi.encode(1000 * USD));
        bytes32 proof = keccak256("proof");
        vm.prank(ADMIN);
        monitors.slash(monitor, 9, proof);
        told(address(monitors), bytes.concat(IMonitors.MonitorSlashed.selector, who), abi.encode(9, proof));
        vm.prank(monitor);
        monitors.startLeaving();
        uint256 readyAt = block.timestamp + 604_800;
        told(address(monitors), bytes.concat(IMonitors.MonitorLeaving.selector, who), abi.encode(readyAt));
        vm.warp(readyAt);
        vm.prank(monitor);
        monitors.takeBond();
        told(address(monitors), bytes.concat(IMonitors.MonitorLeft.selector, who), abi.encode(1000 * USD - 9));
    }

    function test_auction_tellsOfCancellationsAndApprovals() public {
        uint64[] memory nonces = new uint64[](1);
        nonces[0] = 77;
        vm.prank(CONSUMER);
        auction.cancelOrders(nonces);
        told(address(auction), bytes.concat(IAuction.OrderCancelled.selector, BY_CONSUMER), abi.encode(77));
        vm.prank(PROVIDER);
        auction.cancelAsks(nonces);
        told(address(auction), bytes.concat(IAuction.AskCancelled.selector, BY_PROVIDER), abi.encode(77));
        vm.prank(PROVIDER);
        shop.cancelListings(nonces);
        told(address(shop), bytes.concat(IMarket.ListingCancelled.selector, BY_PROVIDER), abi.encode(77));
        Order memory order = anOrder(1);
        vm.prank(CONSUMER);
        auction.approveOrder(order);
        told(address(auction), bytes.concat(IAuction.OrderApproved.selector, orderId(order), BY_CONSUMER), "");
    }

    function test_auction_tellsOfASlotAndItsSkips() public {
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        bytes32 slot = bytes32(uint256(header.slot));
        bytes32 byScheduler = bytes32(uint256(uint160(SCHEDULER)));
        told(address(auction), bytes.concat(IAuction.SlotCommitted.selector, slot, byScheduler), abi.encode(header));
    }

    function test_secrets_tellOfAnAnnouncement() public {
        bytes32 secret = keccak256("of a claim");
        claims.announce(secret);
        told(address(claims), bytes.concat(ISecrets.Announced.selector, secret), "");
        receipts.announce(secret);
        told(address(receipts), bytes.concat(ISecrets.Announced.selector, secret), "");
    }

    function test_leaseBook_tellsOfAClosedLease() public {
        (, Opened memory opened) = commitOne(aDeal(anOrder(1), anAsk(1)));
        LeaseRef memory ref = refOf(opened, 0);
        bytes32 lease = bytes32(uint256(ref.pageId) << 8);
        vm.warp(block.timestamp + 3600);
        vm.recordLogs();
        vm.prank(CONSUMER);
        leaseBook.close(ref);
        bytes memory closed = abi.encode(block.timestamp, End.CLOSED_BY_CONSUMER);
        told(address(leaseBook), bytes.concat(ILeaseBook.LeaseClosed.selector, lease), closed);
        vm.warp(block.timestamp + 300);
        leaseBook.settle(ref);
        bytes memory over = abi.encode(End.CLOSED_BY_CONSUMER, 6_120_000);
        told(address(leaseBook), bytes.concat(ILeaseBook.LeaseEnded.selector, lease), over);
    }

    function test_leaseBook_tellsOfALeaseThatRanOut() public {
        (, Opened memory opened) = commitOne(aDeal(anOrder(1), anAsk(1)));
        LeaseRef memory ref = refOf(opened, 0);
        bytes32 lease = bytes32(uint256(ref.pageId) << 8);
        bytes memory over = abi.encode(End.COMPLETED, 0);
        vm.warp(ref.start + 7200 + 300);
        vm.recordLogs();
        leaseBook.settle(ref);
        told(address(leaseBook), bytes.concat(ILeaseBook.LeaseEnded.selector, lease), over);
    }

    // ── hands ──

    /// @dev Just this event is among those since the last look.
    function told(address emitter, bytes memory topics, bytes memory data) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bool same = keccak256(abi.encodePacked(logs[i].topics)) == keccak256(topics);
            if (same && logs[i].emitter == emitter && keccak256(logs[i].data) == keccak256(data)) return;
        }
        revert NotTrue("the event tells of it");
    }

    function counted(bytes32 selector, bytes32 about) private returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == selector && logs[i].topics[1] == about) ++count;
        }
    }
}
