// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../../contracts/interfaces/IAuction.sol";
import {Accrual} from "../../../contracts/libraries/Accrual.sol";
import {LeaseRef} from "../../../contracts/types/Lease.sol";
import {Ask, Order, SlotHeader} from "../../../contracts/types/Trade.sol";
import {Crowd} from "./Crowd.sol";
import {Deal} from "./PageBytes.sol";
import {vm} from "./Vm.sol";
import {Wallet} from "./Wallet.sol";

/// @notice Trade by slots, good matches and forged ones.
abstract contract SlotActs is Crowd {
    struct Sold {
        Order order;
        Ask ask;
        uint256 consumerKey;
        uint256 providerKey;
    }

    Sold[] private _trades;
    mapping(bytes32 id => uint256 count) public leasesOfOrder;
    /// @notice Matches that became leases.
    uint256 public filledCount;
    mapping(address provider => mapping(uint64 nonce => uint256 cards)) private _asked;

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

    /// @dev A smart wallet's order, approved in one of its moods.
    function walletBid(uint256 whose, uint32 cards, uint32 duration, uint64 reserve, uint8 mood) external {
        Sold memory sold = random(0, draw(whose) % PROVIDERS, cards, duration, reserve);
        sold.order.consumer = address(wallet);
        wallet.answer(Wallet.Answer(mood % 4));
        auction.approveOrderSigned(sold.order, "yes");
        if (mood % 4 != 0) broken = "a wallet that did not say yes has approved";
        vm.warp(block.timestamp + 10);
        Deal memory deal = dealOf(sold, uint8(draw(mood) % 12));
        deal.orderSignature = "";
        trade(only(deal), 15);
    }

    /// @notice What an honest scheduler would fill at the close, it fills at the deadline too, whatever its parties do meanwhile.
    function bidAcrossTheClose(uint256 whose, uint32 cards, uint32 duration, uint64 reserve, uint16 spite) external {
        Deal[] memory deals = new Deal[](2);
        for (uint256 i = 0; i < 2; ++i) {
            deals[i] = dealOf(random(i, draw(whose) % PROVIDERS, cards, duration, reserve), uint8(draw(spite) % 12));
        }
        if (currentSlot() <= auction.lastSlot()) vm.warp((uint256(auction.lastSlot()) + 1) * 10);
        SlotHeader memory header = aHeader(currentSlot(), 1, 2);
        uint256 atClose = vm.snapshotState();
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        (IAuction.Skip[] memory before, ) = commitPageOf(header, 0, deals);
        vm.revertToStateAndDelete(atClose);
        for (uint256 i = 0; i < 2; ++i) {
            // Money that was on its way out before the close is none that an honest scheduler counts on.
            Order memory o = deals[i].order;
            bool backed = bidding(o.consumer) >= Accrual.total(o.cards, o.duration, o.startPrice, 200);
            if (!backed) before[i] = IAuction.Skip.FUNDS;
        }
        for (uint256 i = 0; i < 4; ++i) spoil(deals[i % 2], draw(spite));
        vm.warp(block.timestamp + (spite % 60));
        for (uint256 i = 0; i < 2; ++i) note(deals[i]);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        (IAuction.Skip[] memory reasons, Opened memory opened) = commitPageOf(header, 0, deals);
        _pages.push(opened);
        for (uint256 i = 0; i < 2; ++i) {
            if (reasons[i] == IAuction.Skip.NONE) filled(deals[i], opened);
            if (before[i] == IAuction.Skip.NONE && reasons[i] != before[i]) broken = "the close was changed after it";
            address c = deals[i].order.consumer;
            attempt(c, address(vault), abi.encodeCall(vault.fundBidding, (available(c) / 2)));
        }
        attempt(ADMIN, address(auction), abi.encodeCall(auction.unpause, ()));
    }

    /// @dev What a party might do to get out of a match that it sees coming.
    function spoil(Deal memory deal, uint256 how) private {
        address c = deal.order.consumer;
        address p = deal.ask.provider;
        uint64[] memory nonces = new uint64[](1);
        uint16 fewer = how % 2 == 0 ? 1 : 8;
        // What takes long to undo is done seldom.
        bool seldom = draw(how) % 16 == 0;
        how %= 9;
        nonces[0] = uint64(how == 0 ? deal.order.nonce : deal.ask.nonce);
        if (how == 0) attempt(c, address(auction), abi.encodeCall(auction.cancelOrders, (nonces)));
        if (how == 1) attempt(p, address(auction), abi.encodeCall(auction.cancelAsks, (nonces)));
        if (how == 2) attempt(c, address(vault), abi.encodeCall(vault.requestUnbid, (bidding(c))));
        if (how == 3) attempt(c, address(vault), abi.encodeCall(vault.finishUnbid, ()));
        if (how == 4 && seldom) attempt(c, address(vault), abi.encodeCall(vault.setCaps, (1, 1)));
        if (how == 5 && seldom) attempt(p, address(registry), abi.encodeCall(registry.startUnbonding, ()));
        if (how == 6) attempt(p, address(registry), abi.encodeCall(registry.raiseEpoch, (deal.ask.supply)));
        if (how == 7)
            attempt(p, address(registry), abi.encodeCall(registry.updateNode, (deal.ask.supply, "y", fewer, 1, 1)));
        if (how == 8) attempt(ADMIN, address(auction), abi.encodeCall(auction.pause, ()));
    }

    function random(
        uint256 c,
        uint256 p,
        uint32 cards,
        uint32 duration,
        uint64 reserve
    ) internal returns (Sold memory sold) {
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
        // Nobody attests here.
        order.minTier = 0;
        ask.validUntil = type(uint40).max;
        return Sold(order, ask, consumerKey(c), providerKey(p));
    }

    function dealOf(Sold memory sold, uint8 step) internal view returns (Deal memory) {
        return signedDeal(sold.order, sold.consumerKey, sold.ask, sold.providerKey, step);
    }

    /// @dev A page of the deals; a small `twist` forges the first.
    function trade(Deal[] memory deals, uint256 twist) internal {
        twist %= 16;
        Deal memory first = deals[0];
        if (twist == 0) first.orderSignature = signature(0xBAD, orderId(first.order));
        if (twist == 1) first.askSignature = hex"1234";
        if (twist == 2) first.order.cards += 1;
        if (twist == 3) first.ask.reservePrice += 1;
        for (uint256 i = 0; i < deals.length; ++i) note(deals[i]);
        if (currentSlot() <= auction.lastSlot()) vm.warp((uint256(auction.lastSlot()) + 1) * 10);
        uint256 before = inLeases();
        (IAuction.Skip[] memory reasons, Opened memory opened) = commit(deals);
        _pages.push(opened);
        uint256 total = 0;
        for (uint256 i = 0; i < deals.length; ++i) {
            if (reasons[i] == IAuction.Skip.NONE) total += filled(deals[i], opened);
            if (i == 0 && twist < 4 && reasons[0] == IAuction.Skip.NONE) broken = "a forged match was filled";
        }
        if (inLeases() - before != total) broken = "a page locked another sum than its leases";
    }

    function filled(Deal memory deal, Opened memory opened) private returns (uint256) {
        ++filledCount;
        if (++leasesOfOrder[orderId(deal.order)] > 1) broken = "an order was used twice";
        LeaseRef memory ref = refOf(opened, placeOf(opened, orderId(deal.order)));
        _leases.push(ref);
        if (ref.lease.rate > deal.order.startPrice) broken = "a consumer pays more than its start price";
        if (ref.lease.rate < deal.ask.reservePrice) broken = "a provider gets less than its reserve";
        (uint16 sold, ) = auction.askNonce(deal.ask.provider, uint64(deal.ask.nonce));
        if (sold > _asked[deal.ask.provider][uint64(deal.ask.nonce)]) broken = "an ask sold more than it has";
        return Accrual.total(ref.lease.cards, ref.lease.duration, ref.lease.rate, 200);
    }

    /// @dev What the ask had to sell when it was first used.
    function note(Deal memory deal) private {
        uint64 nonce = uint64(deal.ask.nonce);
        if (_asked[deal.ask.provider][nonce] == 0) _asked[deal.ask.provider][nonce] = deal.ask.cards;
    }

    /// @dev What is locked for leases alone.
    function inLeases() internal view virtual returns (uint256);
}
