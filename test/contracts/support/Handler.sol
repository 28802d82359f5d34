// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../../contracts/interfaces/IAuction.sol";
import {ILeaseBook} from "../../../contracts/interfaces/ILeaseBook.sol";
import {Ask, Listing, Match, Order} from "../../../contracts/types/Trade.sol";
import {Market} from "./Market.sol";
import {vm} from "./Vm.sol";

/// @notice Everything that honest, careless and hostile people do to a market, in any order, with what must hold noted down.
/// @dev An operation that the market refuses just has no effect; its revert is swallowed by the runner.
contract Handler is Market {
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
    bytes32[] public askIds;
    mapping(bytes32 id => uint256 cards) public askedCards;
    mapping(bytes32 id => uint256 count) public leasesOfOrder;
    mapping(bytes32 id => bool) private _known;
    /// @notice Times something happened that must never happen.
    string public broken;
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
        (uint256 c, uint256 p) = (draw(who) % CONSUMERS, draw(whose) % PROVIDERS);
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
        (order.validUntil, order.latestStart, ask.validUntil) = (type(uint64).max, type(uint64).max, type(uint64).max);
        _trades.push(Sold(order, ask, consumerKey(c), providerKey(p)));
        trade(_trades[_trades.length - 1], step % 12, draw(twist));
    }

    /// @dev Another order against an ask that was used before.
    function bidAgain(uint256 which, uint32 cards, uint8 step, uint8 twist) external {
        if (_trades.length == 0) return;
        Sold memory sold = _trades[which % _trades.length];
        sold.order.nonce = ++_nonce;
        sold.order.cards = uint32(1 + (draw(cards) % 4));
        trade(sold, step % 12, draw(twist));
    }

    function replay(uint256 which, uint8 step) external {
        if (_trades.length == 0) return;
        trade(_trades[which % _trades.length], step % 12, 15);
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
        note(id, listing.cards);
        bytes memory signed = signature(providerKey(p), id);
        vm.prank(consumer(who % CONSUMERS));
        auction.buy(
            listing,
            signed,
            uint32(draw(cards) % 6),
            uint32(bound(draw(duration), 50, 200_000)),
            0,
            type(uint256).max
        );
    }

    function close(uint64 which, uint256 who) external {
        if (leaseBook.leaseCount() == 0) return;
        uint64 id = 1 + (which % leaseBook.leaseCount());
        ILeaseBook.Lease memory lease = leaseBook.leaseOf(id);
        vm.prank(
            who % 3 == 0
                ? lease.provider
                : who % 3 == 1
                    ? lease.consumer
                    : anyone(who)
        );
        leaseBook.close(id);
    }

    function settle(uint64 which) external {
        if (leaseBook.leaseCount() != 0) leaseBook.settle(1 + (which % leaseBook.leaseCount()));
    }

    function settleMany(uint64 first, uint64 second) external {
        uint64 count = leaseBook.leaseCount();
        if (count == 0) return;
        uint64[] memory ids = new uint64[](3);
        (ids[0], ids[1], ids[2]) = (1 + (first % count), 1 + (second % count), 1 + (first % count));
        leaseBook.settleMany(ids);
    }

    function cancel(uint256 who, uint256 which) external {
        uint256[] memory nonces = new uint256[](1);
        nonces[0] = bound(which, 0, _nonce + 1);
        vm.prank(anyone(who));
        auction.cancelNonces(nonces);
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
        vm.prank(anyone(who));
        (bool released, ) = address(vault).call(abi.encodeCall(vault.release, (anyone(who), amount)));
        vm.prank(anyone(who));
        (bool unstaked, ) = address(vault).call(abi.encodeCall(vault.unstakeFor, (anyone(who), amount)));
        if (released || unstaked) broken = "a stranger moved money";
    }

    // ── what the invariants read ──

    uint256 public donated;

    function accounts() public pure returns (address[] memory all) {
        all = new address[](CONSUMERS + 2 * PROVIDERS + 1);
        for (uint256 i = 0; i < CONSUMERS; ++i) all[i] = consumer(i);
        for (uint256 i = 0; i < PROVIDERS; ++i) all[CONSUMERS + i] = provider(i);
        for (uint256 i = 0; i < PROVIDERS; ++i) all[CONSUMERS + PROVIDERS + i] = payout(i);
        all[all.length - 1] = TREASURY;
    }

    function askCount() external view returns (uint256) {
        return askIds.length;
    }

    /// @notice Permissionless and own calls alone empty the market; returns what is then left in the vault beside donations.
    function emptyEverything() external returns (uint256 left) {
        ok(msg.sender == _TEST, "for the test alone");
        vm.warp(block.timestamp + 10_000_000);
        uint64 count = leaseBook.leaseCount();
        uint64[] memory ids = new uint64[](count);
        for (uint64 i = 0; i < count; ++i) ids[i] = i + 1;
        leaseBook.settleMany(ids);
        for (uint256 i = 0; i < PROVIDERS; ++i) leaveNow(provider(i));
        address[] memory all = accounts();
        for (uint256 i = 0; i < all.length; ++i) unbidNow(all[i]);
        vm.warp(block.timestamp + 10_000_000);
        for (uint256 i = 0; i < PROVIDERS; ++i) {
            if (registry.providerOf(provider(i)).stake != 0) {
                vm.prank(provider(i));
                registry.exit();
            }
        }
        for (uint256 i = 0; i < all.length; ++i) takeAll(all[i]);
        ok(vault.totalLocked() == 0, "escrow is zero");
        return token.balanceOf(address(vault)) - donated;
    }

    function parts() external view returns (address, address, address, address) {
        return (address(token), address(vault), address(leaseBook), address(auction));
    }

    // ── hands ──

    function trade(Sold memory sold, uint8 step, uint256 twist) private {
        twist %= 16;
        Match memory cleared = signedMatch(sold.order, sold.consumerKey, sold.ask, sold.providerKey, step);
        if (twist == 0) cleared.orderSignature = signature(0xBAD, orderId(sold.order));
        if (twist == 1) cleared.askSignature = hex"1234";
        if (twist == 2) cleared.order.cards += 1;
        if (twist == 3) cleared.ask.reservePrice = 1;
        bytes32 order = orderId(cleared.order);
        note(askId(cleared.ask), cleared.ask.cards);
        if (block.timestamp % 10 != 0 || committedNow()) vm.warp((currentSlot() + 1) * 10);
        uint64 before = leaseBook.leaseCount();
        uint256 lockedBefore = vault.totalLocked();
        IAuction.Skip reason = commitOne(cleared);
        uint64 opened = leaseBook.leaseCount() - before;
        leasesOfOrder[order] += opened;
        if (leasesOfOrder[order] > 1) broken = "an order was used twice";
        if ((reason == IAuction.Skip.NONE) != (opened == 1)) broken = "a skipped match opened a lease";
        if (opened == 0 && vault.totalLocked() != lockedBefore) broken = "a skipped match moved money";
        if (opened == 1 && twist < 4) broken = "a forged match was filled";
        if (opened == 1 && leaseBook.leaseOf(leaseBook.leaseCount()).rate > cleared.order.startPrice) {
            broken = "a consumer pays more than its start price";
        }
        if (opened == 1 && leaseBook.leaseOf(leaseBook.leaseCount()).rate < cleared.ask.reservePrice) {
            broken = "a provider gets less than its reserve";
        }
    }

    /// @dev The runner likes small and extreme numbers; this spreads them evenly, and stays reproducible.
    function draw(uint256 seed) private returns (uint256) {
        return uint256(keccak256(abi.encode(seed, ++_draws)));
    }

    function mostlySmall(uint256 seed, uint256 most) private returns (uint256) {
        uint256 drawn = draw(seed);
        return bound(drawn >> 8, 0, drawn % 8 == 0 ? most : most / 50);
    }

    function committedNow() private view returns (bool committed) {
        (, , committed) = auction.slotState(currentSlot());
    }

    function note(bytes32 id, uint256 cards) private {
        if (_known[id]) return;
        _known[id] = true;
        askIds.push(id);
        askedCards[id] = cards;
    }

    function leaveNow(address account) private {
        if (registry.providerOf(account).stake == 0 || registry.providerOf(account).exitAt != 0) return;
        vm.prank(account);
        registry.startUnbonding();
    }

    function unbidNow(address account) private {
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

    function anyone(uint256 who) private pure returns (address) {
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
