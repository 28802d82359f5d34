// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILeaseBook} from "../../../contracts/interfaces/ILeaseBook.sol";
import {Accrual} from "../../../contracts/libraries/Accrual.sol";
import {Exception, Lease, LeaseRef} from "../../../contracts/types/Lease.sol";
import {ClusterActs} from "./ClusterActs.sol";
import {vm} from "./Vm.sol";

/// @notice Many people use one market in any order, with what must hold noted down.
/// @dev An operation that the market refuses just has no effect; its revert is swallowed by the runner.
contract Handler is ClusterActs {
    /// @dev Alone may empty the market: to the fuzzer that would be one more operation.
    address private immutable _TEST = msg.sender;

    // ── operations ──

    function deposit(uint256 who, uint96 amount) external {
        fund(anyone(who), bound(amount, 1, 1_000_000 * USD));
    }

    function withdraw(uint256 who, uint256 amount) external {
        address account = anyone(who);
        amount = mostlySmall(amount, available(account) + 1);
        vm.prank(account);
        vault.withdraw(amount);
    }

    function fundBidding(uint256 who, uint256 amount) external {
        address account = anyone(who);
        amount = bound(amount, 0, available(account) + 1);
        vm.prank(account);
        vault.fundBidding(amount);
    }

    function requestUnbid(uint256 who, uint256 amount) external {
        address account = anyone(who);
        amount = mostlySmall(amount, bidding(account) + 1);
        vm.prank(account);
        vault.requestUnbid(amount);
    }

    function finishUnbid(uint256 who) external {
        vm.prank(anyone(who));
        vault.finishUnbid();
    }

    function setCaps(uint256 who, uint96 perDay, uint96 perLease) external {
        if (draw(who) % 8 != 0) return;
        vm.prank(anyone(who));
        vault.setCaps(uint96(draw(perDay) % (100_000 * USD)), uint96(draw(perLease) % (100_000 * USD)));
    }

    function collectFees() external {
        vault.collectFees();
    }

    function close(uint256 which, uint256 who) external {
        if (_leases.length == 0) return;
        LeaseRef memory ref = _leases[which % _leases.length];
        if (isKeyless(ref.lease.provider)) who = 1;
        vm.prank(
            who % 3 == 0
                ? ref.lease.provider
                : who % 3 == 1
                    ? ref.lease.consumer
                    : anyone(who)
        );
        leaseBook.close(ref);
    }

    function leaveAtOnce(uint256 which) external {
        if (_leases.length == 0) return;
        LeaseRef memory ref = _leases[which % _leases.length];
        if (isKeyless(ref.lease.provider)) return;
        vm.prank(ref.lease.provider);
        leaseBook.leaveNow(ref);
    }

    /// @dev Within the settle lag mostly, of one of the latest leases, and one time in eight of times that make no sense.
    function attestOutage(uint256 which, uint16 ago, uint16 lasting) external {
        if (_leases.length == 0) return;
        LeaseRef memory ref = _leases[_leases.length - 1 - ((which % 4) % _leases.length)];
        uint40 from = uint40(block.timestamp - (draw(ago) % 310));
        if (from < ref.start) from = ref.start;
        uint40 longest = from < block.timestamp ? uint40(block.timestamp) - from : 1;
        if (draw(lasting) % 8 == 0) longest += 100;
        uint40 to = from + uint40(1 + (draw(lasting) % longest));
        uint64 id = (ref.pageId << 8) | ref.index;
        leaseBook.attestOutage(ref, NODE, from, to, wordsOf(id, NODE, from, to));
    }

    /// @dev Soon after its start a lease can still be a no-show.
    function noShow(uint256 which) external {
        if (_leases.length == 0) return;
        LeaseRef memory ref = _leases[_leases.length - 1 - ((which % 2) % _leases.length)];
        if (block.timestamp > ref.start + 200) return;
        if (block.timestamp < ref.start + 120) vm.warp(ref.start + 120);
        uint40 to = uint40(block.timestamp);
        uint64 id = (ref.pageId << 8) | ref.index;
        leaseBook.attestOutage(ref, NODE, ref.start, to, wordsOf(id, NODE, ref.start, to));
    }

    function slashMonitor(uint256 which, uint96 amount) external {
        if (draw(which) % 8 != 0) return;
        vm.prank(ADMIN);
        authority.execute(
            address(monitors),
            abi.encodeCall(monitors.slash, (vm.addr(monitorKeys()[which % 3]), draw(amount) % (50 * USD), 0))
        );
    }

    function settle(uint256 which) external {
        if (_leases.length == 0) return;
        LeaseRef memory ref = _leases[which % _leases.length];
        vm.prank(draw(which) % 2 == 0 ? ref.lease.provider : anyone(which));
        leaseBook.settle(ref);
    }

    function settlePages(uint256 first, uint256 second) external {
        uint256 count = _pages.length;
        if (count == 0) return;
        bytes memory both = bytes.concat(settlementOf(_pages[first % count]), settlementOf(_pages[second % count]));
        leaseBook.settlePages(bytes.concat(both, settlementOf(_pages[first % count])));
    }

    function cancel(uint256 who, uint256 which) external {
        uint64[] memory nonces = new uint64[](1);
        nonces[0] = uint64(bound(which, 0, _nonce + 1));
        address account = anyone(who);
        vm.prank(account);
        if (draw(which) % 2 == 0) auction.cancelOrders(nonces);
        else auction.cancelAsks(nonces);
    }

    function depart(uint256 whose, uint8 step) external {
        if (draw(step) % 8 != 0) return;
        vm.prank(provider(whose % PROVIDERS));
        registry.startUnbonding();
    }

    /// @dev Who left waits until it may go, and is back: else nobody would be left to sell.
    function comeBack(uint256 whose) external {
        address back = provider(whose % PROVIDERS);
        if (registry.providerOf(back).unbondingSince == 0) return;
        vm.warp(block.timestamp + parameters().unbondSeconds + 200_000);
        vm.prank(back);
        registry.exit();
        fund(back, 100 * USD);
        vm.prank(back);
        registry.register(payout(whose % PROVIDERS), back, 100 * USD, "again");
    }

    function raiseEpoch(uint256 whose) external {
        if (draw(whose) % 8 != 0) return;
        vm.prank(provider(whose % PROVIDERS));
        registry.raiseEpoch(node(whose % PROVIDERS));
    }

    function donate(uint32 amount) external {
        token.mint(address(vault), amount);
        donated += amount;
    }

    function wait(uint32 duration) external {
        vm.warp(block.timestamp + bound(draw(duration), 1, 50_000));
        vm.roll(block.number + 1);
    }

    function breakIn(uint256 who, uint256 amount) external {
        address[] memory accounts_ = new address[](1);
        accounts_[0] = anyone(who);
        uint256[] memory amounts = new uint256[](1);
        amounts[0] = amount;
        vm.prank(accounts_[0]);
        (bool released, ) = address(vault).call(abi.encodeCall(vault.release, (accounts_, amounts, 0)));
        vm.prank(accounts_[0]);
        (bool unstaked, ) = address(vault).call(abi.encodeCall(vault.unstakeFor, (accounts_[0], amount)));
        vm.prank(accounts_[0]);
        (bool opened, ) = address(leaseBook).call(abi.encodeCall(leaseBook.openPage, (bytes32(amount), 1)));
        vm.prank(accounts_[0]);
        (bool recorded, ) = address(reputation).call(abi.encodeCall(reputation.record, (accounts_, amounts, amounts)));
        bool procured = attempt(accounts_[0], address(shop), abi.encodeCall(shop.procure, (bytes32(amount), 0)));
        if (recorded || procured) broken = "a stranger made a record";
        if (released || unstaked || opened) broken = "a stranger moved money";
    }

    /// @dev The token re-enters the vault in the middle of a transfer, until it is disarmed.
    function arm(uint8 mood) external {
        jumpy.arm(draw(mood) % 4);
    }

    function pause(uint8 which, uint8 on) external {
        address[3] memory parts_ = [address(vault), address(auction), address(shop)];
        bytes memory call_ = draw(on) % 8 == 0 ? abi.encodeCall(vault.pause, ()) : abi.encodeCall(vault.unpause, ());
        vm.prank(ADMIN);
        authority.execute(parts_[which % 3], call_);
    }

    // ── what the invariants read ──

    function leaseCount() external view returns (uint256) {
        return _leases.length;
    }

    /// @notice What a lease still holds, by its own record; and a sentence when that record makes no sense.
    function heldBy(uint256 index) external view returns (uint256 held, string memory wrong) {
        LeaseRef memory ref = _leases[index];
        (bool over, uint40 end) = leaseBook.check(ref);
        if (over) return (0, "");
        Lease memory l = ref.lease;
        uint256 most = Accrual.total(l.cards, l.duration, l.rate, 200);
        (uint256 settled, uint256 billed) = settledUntil(ref, end);
        if (end > ref.start + l.duration) wrong = "a lease ends after its term";
        if (settled > end) wrong = "a lease is paid beyond its end";
        if (billed > settled - ref.start) wrong = "a lease is billed for more than its time";
        return (most - Accrual.total(l.cards, billed, l.rate, 200), wrong);
    }

    function settledUntil(LeaseRef memory ref, uint40 end) private view returns (uint256 settled, uint256 billed) {
        ILeaseBook.Page memory page = leaseBook.pageOf(ref.pageId);
        if ((page.live >> ref.index) & 1 == 0) {
            Exception memory own = leaseBook.exceptionOf((ref.pageId << 8) | ref.index);
            return (own.settledUntil, own.billed);
        }
        settled = page.settledUntil;
        if (settled > end) settled = end;
        if (settled < ref.start) settled = ref.start;
        billed = settled - ref.start;
    }

    /// @notice Permissionless and own calls alone empty the market; returns what is then left in the vault beside donations.
    function emptyEverything() external returns (uint256 left) {
        ok(msg.sender == _TEST, "for the test alone");
        jumpy.arm(0);
        vm.warp(block.timestamp + 40_000_000);
        refundAll();
        for (uint256 i = 0; i < _pages.length; ++i) leaseBook.settlePages(settlementOf(_pages[i]));
        for (uint256 i = 0; i < _leases.length; ++i) {
            (bool over, ) = leaseBook.check(_leases[i]);
            if (!over) leaseBook.settle(_leases[i]);
        }
        distributeAll();
        (uint256 held, uint256 pot, uint256 burned) = vault.totals();
        eq(held, 0, "escrow is zero");
        if (pot != 0) vault.collectFees();
        for (uint256 i = 0; i < PROVIDERS; ++i) depose(provider(i));
        for (uint256 i = 0; i < 3; ++i) {
            (uint96 bonded, ) = monitors.bondOf(vm.addr(monitorKeys()[i]));
            if (bonded == 0) continue;
            vm.prank(vm.addr(monitorKeys()[i]));
            monitors.startLeaving();
        }
        (uint256 held_, uint256 leaving, ) = bond.bond();
        vm.prank(SCHEDULER);
        bond.requestBond(held_ - leaving);
        address[] memory all = accounts();
        for (uint256 i = 0; i < all.length; ++i) unbid(all[i]);
        vm.warp(block.timestamp + 40_000_000);
        for (uint256 i = 0; i < PROVIDERS; ++i) {
            if (registry.providerOf(provider(i)).stake != 0) {
                vm.prank(provider(i));
                registry.exit();
            }
        }
        for (uint256 i = 0; i < 3; ++i) {
            (uint96 bonded, ) = monitors.bondOf(vm.addr(monitorKeys()[i]));
            if (bonded == 0) continue;
            vm.prank(vm.addr(monitorKeys()[i]));
            monitors.takeBond();
        }
        vm.prank(SCHEDULER);
        bond.returnBond();
        for (uint256 i = 0; i < all.length; ++i) takeAll(all[i]);
        return token.balanceOf(address(vault)) - donated - burned;
    }

    function parts() external view returns (address, address) {
        return (address(token), address(vault));
    }

    /// @notice A sentence when a provider's score is out of its range, or the registry and the vault keep different stakes.
    function wrongWithProviders() external view returns (string memory) {
        for (uint256 i = 0; i < PROVIDERS; ++i) {
            uint16 score = reputation.scoreAt(provider(i), uint40(block.timestamp));
            if (score > 10_000) return "a score beyond the best";
            (, , , uint256 staked) = vault.balanceOf(provider(i));
            if (staked != registry.providerOf(provider(i)).stake) return "two stakes of one provider";
        }
        return "";
    }

    // ── hands ──

    function depose(address account) private {
        if (registry.providerOf(account).stake == 0 || registry.providerOf(account).unbondingSince != 0) return;
        vm.prank(account);
        registry.startUnbonding();
    }

    function unbid(address account) private {
        uint256 inBidding = bidding(account);
        if (inBidding == 0) return;
        vm.prank(account);
        vault.requestUnbid(inBidding);
    }

    function takeAll(address account) private {
        (, , uint256 unbidding, ) = vault.balanceOf(account);
        if (unbidding != 0) {
            vm.prank(account);
            vault.finishUnbid();
        }
        uint256 free = available(account);
        if (free == 0) return;
        vm.prank(account);
        vault.withdraw(free);
    }
}
