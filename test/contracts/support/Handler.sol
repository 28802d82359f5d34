// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../../contracts/interfaces/IAuction.sol";
import {ILeaseBook} from "../../../contracts/interfaces/ILeaseBook.sol";
import {Accrual} from "../../../contracts/libraries/Accrual.sol";
import {Exception, Lease, LeaseRef} from "../../../contracts/types/Lease.sol";
import {Ask, Listing, Order} from "../../../contracts/types/Trade.sol";
import {Deal} from "./PageBytes.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";

/// @notice Many people use one market in any order, with what must hold noted down.
/// @dev An operation that the market refuses just has no effect; its revert is swallowed by the runner.
contract Handler is Fixture {
    uint256 public constant CONSUMERS = 3;
    uint256 public constant PROVIDERS = 2;

    struct Sold {
        Order order;
        Ask ask;
        uint256 consumerKey;
        uint256 providerKey;
    }

    /// @dev Alone may empty the market: to the fuzzer that would be one more operation.
    address private immutable _TEST = msg.sender;
    Sold[] private _trades;
    /// @dev Every lease that was opened, and the page it came in.
    LeaseRef[] private _leases;
    Opened[] private _pages;
    mapping(bytes32 id => uint256 count) public leasesOfOrder;
    mapping(address provider => mapping(uint64 nonce => uint256 cards)) private _asked;
    /// @notice Times something happened that must never happen.
    string public broken;
    uint256 public donated;
    uint256 private _nonce;
    uint256 private _draws;

    constructor() {
        deployMarket();
        for (uint256 i = 0; i < CONSUMERS; ++i) {
            fund(consumer(i), 1_000_000 * USD);
            vm.prank(consumer(i));
            vault.fundBidding(400_000 * USD);
        }
        for (uint256 i = 0; i < PROVIDERS; ++i) {
            fund(provider(i), 1_000 * USD);
            vm.prank(provider(i));
            registry.register(payout(i), provider(i), 100 * USD, "p");
            addNode(provider(i), nodeName(i), 8);
        }
        bondMonitors();
        vm.warp(block.timestamp + 10);
    }

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

    /// @param twist a quarter of its draws corrupt the match, each in a way of its own
    function bid(
        uint256 who,
        uint256 whose,
        uint32 cards,
        uint32 duration,
        uint64 reserve,
        uint8 step,
        uint8 twist
    ) external {
        Deal[] memory deals = new Deal[](1 + (draw(twist) % 3));
        for (uint256 i = 0; i < deals.length; ++i) {
            _trades.push(random(draw(who) % CONSUMERS, draw(whose) % PROVIDERS, cards, duration, reserve));
            deals[i] = dealOf(_trades[_trades.length - 1], step % 12);
        }
        trade(deals, draw(twist));
    }

    /// @dev Other orders against an ask that was used before.
    function bidAgain(uint256 which, uint32 cards, uint8 step, uint8 twist) external {
        if (_trades.length == 0) return;
        Deal[] memory deals = new Deal[](2);
        for (uint256 i = 0; i < 2; ++i) {
            Sold memory sold = _trades[which % _trades.length];
            sold.order.nonce = ++_nonce;
            sold.order.cards = uint32(1 + (draw(cards) % 4));
            deals[i] = dealOf(sold, step % 12);
        }
        trade(deals, draw(twist));
    }

    function replay(uint256 which, uint8 step) external {
        if (_trades.length == 0) return;
        trade(only(dealOf(_trades[which % _trades.length], step % 12)), 15);
    }

    function buy(uint256 who, uint256 whose, uint32 cards, uint32 duration, uint64 price, uint8 nonce) external {
        uint256 p = whose % PROVIDERS;
        Listing memory listing = aListing(1e9 + (nonce % 4));
        listing.provider = provider(p);
        listing.node = node(p);
        listing.nodeEpoch = registry.nodeOf(listing.node).epoch;
        listing.pricePerCardHour = uint128(draw(price) % (200 * USD));
        listing.validUntil = type(uint64).max;
        bytes32 id = listingId(listing);
        bytes memory signed = signature(providerKey(p), id);
        address buyer = consumer(who % CONSUMERS);
        LeaseRef memory ref;
        ref.lease.cards = uint16(draw(cards) % 6);
        ref.lease.duration = uint32(bound(draw(duration), 50, 200_000));
        uint256 wanted = Accrual.total(ref.lease.cards, ref.lease.duration, listing.pricePerCardHour, 200);
        vm.prank(buyer);
        uint64 lease = shop.buy(listing, signed, ref.lease.cards, ref.lease.duration, 0, wanted);
        (ref.pageId, ref.count, ref.start) = (lease >> 8, 1, uint40(block.timestamp));
        ref.source = keccak256(abi.encodePacked(uint8(1), id, listing.node));
        (ref.lease.consumer, ref.lease.provider) = (buyer, listing.provider);
        ref.lease.rate = uint96(listing.pricePerCardHour);
        _leases.push(ref);
        (uint16 sold, ) = shop.listingNonce(listing.provider, uint64(listing.nonce));
        if (sold > listing.cards) broken = "a listing sold more than it has";
    }

    function close(uint256 which, uint256 who) external {
        if (_leases.length == 0) return;
        LeaseRef memory ref = _leases[which % _leases.length];
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
        vm.prank(ref.lease.provider);
        leaseBook.leaveNow(ref);
    }

    /// @dev Within the settle lag mostly, and mostly after what is settled.
    function attestOutage(uint256 which, uint16 ago, uint16 lasting) external {
        if (_leases.length == 0) return;
        LeaseRef memory ref = _leases[_leases.length - 1 - (which % _leases.length)];
        uint40 from = uint40(block.timestamp - (draw(ago) % 310));
        if (draw(which) % 2 == 0) from = ref.start;
        uint40 to = from + uint40(1 + (draw(lasting) % 300));
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
        if (_leases.length != 0) leaseBook.settle(_leases[which % _leases.length]);
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

    function depart(uint256 whose, bool done) external {
        // Seldom, or nobody would be left to sell.
        if (!done && draw(whose) % 8 != 0) return;
        vm.prank(provider(whose % PROVIDERS));
        if (done) registry.exit();
        else registry.startUnbonding();
    }

    function comeBack(uint256 whose) external {
        uint256 p = whose % PROVIDERS;
        fund(provider(p), 100 * USD);
        vm.prank(provider(p));
        registry.register(payout(p), provider(p), 100 * USD, "again");
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
        if (released || unstaked || opened) broken = "a stranger moved money";
    }

    // ── what the invariants read ──

    function accounts() public view returns (address[] memory all) {
        all = new address[](CONSUMERS + 2 * PROVIDERS + 5);
        for (uint256 i = 0; i < CONSUMERS; ++i) all[i] = consumer(i);
        for (uint256 i = 0; i < PROVIDERS; ++i) all[CONSUMERS + i] = provider(i);
        for (uint256 i = 0; i < PROVIDERS; ++i) all[CONSUMERS + PROVIDERS + i] = payout(i);
        all[all.length - 1] = TREASURY;
        all[all.length - 5] = SCHEDULER;
        for (uint256 i = 0; i < 3; ++i) all[all.length - 2 - i] = vm.addr(monitorKeys()[i]);
    }

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
        vm.warp(block.timestamp + 40_000_000);
        for (uint256 i = 0; i < _pages.length; ++i) leaseBook.settlePages(settlementOf(_pages[i]));
        for (uint256 i = 0; i < _leases.length; ++i) {
            (bool over, ) = leaseBook.check(_leases[i]);
            if (!over) leaseBook.settle(_leases[i]);
        }
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

    function random(
        uint256 c,
        uint256 p,
        uint32 cards,
        uint32 duration,
        uint64 reserve
    ) private returns (Sold memory sold) {
        Order memory order = anOrder(++_nonce);
        order.consumer = consumer(c);
        order.cards = uint32(draw(cards) % 10);
        order.duration = uint32(bound(draw(duration), 50, 200_000));
        order.startPrice = uint128(bound(draw(reserve), 1, 200 * USD));
        Ask memory ask = anAsk(_nonce);
        ask.provider = provider(p);
        ask.supply = node(p);
        ask.nodeEpoch = registry.nodeOf(ask.supply).epoch;
        ask.cards = uint32(1 + (draw(cards) % 12));
        ask.reservePrice = uint128(draw(reserve) % (order.startPrice / 8 + 2));
        (order.validUntil, order.latestStart) = (type(uint40).max, type(uint40).max);
        ask.validUntil = type(uint40).max;
        return Sold(order, ask, consumerKey(c), providerKey(p));
    }

    function dealOf(Sold memory sold, uint8 step) private view returns (Deal memory) {
        return signedDeal(sold.order, sold.consumerKey, sold.ask, sold.providerKey, step);
    }

    /// @dev A page of the deals; a small `twist` forges the first.
    function trade(Deal[] memory deals, uint256 twist) private {
        twist %= 16;
        Deal memory first = deals[0];
        if (twist == 0) first.orderSignature = signature(0xBAD, orderId(first.order));
        if (twist == 1) first.askSignature = hex"1234";
        if (twist == 2) first.order.cards += 1;
        if (twist == 3) first.ask.reservePrice += 1;
        for (uint256 i = 0; i < deals.length; ++i) {
            uint256 cards = deals[i].ask.cards;
            if (_asked[deals[i].ask.provider][uint64(deals[i].ask.nonce)] == 0) {
                _asked[deals[i].ask.provider][uint64(deals[i].ask.nonce)] = cards;
            }
        }
        if (currentSlot() <= auction.lastSlot()) vm.warp((uint256(auction.lastSlot()) + 1) * 10);
        uint256 lockedBefore = locked();
        (IAuction.Skip[] memory reasons, Opened memory opened) = commit(deals);
        _pages.push(opened);
        uint256 total = 0;
        for (uint256 i = 0; i < deals.length; ++i) {
            if (reasons[i] == IAuction.Skip.NONE) total += filled(deals[i], opened);
            if (i == 0 && twist < 4 && reasons[0] == IAuction.Skip.NONE) broken = "a forged match was filled";
        }
        if (locked() - lockedBefore != total) broken = "a page locked another sum than its leases";
    }

    function filled(Deal memory deal, Opened memory opened) private returns (uint256) {
        if (++leasesOfOrder[orderId(deal.order)] > 1) broken = "an order was used twice";
        LeaseRef memory ref = refOf(opened, placeOf(opened, orderId(deal.order)));
        _leases.push(ref);
        if (ref.lease.rate > deal.order.startPrice) broken = "a consumer pays more than its start price";
        if (ref.lease.rate < deal.ask.reservePrice) broken = "a provider gets less than its reserve";
        (uint16 sold, ) = auction.askNonce(deal.ask.provider, uint64(deal.ask.nonce));
        if (sold > _asked[deal.ask.provider][uint64(deal.ask.nonce)]) broken = "an ask sold more than it has";
        return Accrual.total(ref.lease.cards, ref.lease.duration, ref.lease.rate, 200);
    }

    /// @dev The runner likes small and extreme numbers; this spreads them evenly, and stays reproducible.
    function draw(uint256 seed) private returns (uint256) {
        return uint256(keccak256(abi.encode(seed, ++_draws)));
    }

    function mostlySmall(uint256 seed, uint256 most) private returns (uint256) {
        uint256 drawn = draw(seed);
        return bound(drawn >> 8, 0, drawn % 8 == 0 ? most : most / 50);
    }

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

    function anyone(uint256 who) private view returns (address) {
        address[] memory all = accounts();
        return all[who % all.length];
    }

    function consumerKey(uint256 i) private pure returns (uint256) {
        return 0xC000 + i;
    }

    function providerKey(uint256 i) private pure returns (uint256) {
        return 0xF000 + i;
    }

    function consumer(uint256 i) private pure returns (address) {
        return vm.addr(consumerKey(i));
    }

    function provider(uint256 i) private pure returns (address) {
        return vm.addr(providerKey(i));
    }

    function payout(uint256 i) private pure returns (address) {
        return address(uint160(0xFA0 + i));
    }

    function nodeName(uint256 i) private pure returns (string memory) {
        return string.concat("z", vm.toString(i));
    }

    function node(uint256 i) private pure returns (bytes32) {
        return keccak256(bytes(string.concat("x/", nodeName(i))));
    }
}
