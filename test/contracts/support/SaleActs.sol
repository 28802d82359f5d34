// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../../../contracts/libraries/Accrual.sol";
import {IMarket} from "../../../contracts/interfaces/IMarket.sol";
import {LeaseRef} from "../../../contracts/types/Lease.sol";
import {Listing, Order} from "../../../contracts/types/Trade.sol";
import {Deal} from "./PageBytes.sol";
import {SlotActs} from "./SlotActs.sol";
import {vm} from "./Vm.sol";

/// @notice Trade without a slot: listings, what prolongs them, firm quotes.
abstract contract SaleActs is SlotActs {
    /// @dev Every quote that was accepted.
    Order[] private _quoted;
    /// @notice Quotes that became leases.
    uint256 public procured;

    function buy(uint256 who, uint256 whose, uint32 cards, uint32 duration, uint64 price, uint8 nonce) external {
        Listing memory listing = offered(whose % PROVIDERS, 1e9 + (nonce % 4), draw(price) % (200 * USD));
        bytes memory signed = signature(providerKey(whose % PROVIDERS), listingId(listing));
        address buyer = consumer(who % CONSUMERS);
        uint16 wanted = uint16(draw(cards) % 6);
        uint32 length = uint32(bound(draw(duration), 50, 200_000));
        uint256 most = Accrual.total(wanted, length, listing.pricePerCardHour, 200);
        vm.prank(buyer);
        uint64 id = shop.buy(listing, signed, wanted, length, 0, most);
        sold(id, listing, buyer, wanted, length, uint40(block.timestamp));
    }

    /// @dev The consumer's word and a stranger's transaction, mostly in the last hour.
    function prolong(uint256 which, uint64 price, uint32 until, uint8 early) external {
        if (_leases.length == 0) return;
        LeaseRef memory ref = _leases[_leases.length - 1 - (which % _leases.length)];
        (bool over, uint40 end) = leaseBook.check(ref);
        if (over || end <= block.timestamp || registry.providerOf(ref.lease.provider).stake == 0) return;
        uint256 p = ref.lease.provider == provider(0) ? 0 : 1;
        IMarket.Renewal memory renewal = IMarket.Renewal({
            node: node(p),
            resourceClass: CLASS,
            maxRate: uint96(100 * USD),
            until: end + uint40(draw(until) % 9000)
        });
        vm.prank(ref.lease.consumer);
        shop.allowRenewal(ref, renewal);
        if (early % 4 != 0 && end > block.timestamp + 3600) vm.warp(end - 3600);
        Listing memory listing = offered(p, 1e9 + 4 + ++_nonce, draw(price) % (120 * USD));
        uint64 id = shop.renew(ref, listing, signature(providerKey(p), listingId(listing)));
        if (listing.pricePerCardHour > renewal.maxRate) broken = "a renewal above what was allowed";
        uint40 left = renewal.until - end;
        sold(id, listing, ref.lease.consumer, ref.lease.cards, uint32(left < 3600 ? left : 3600), end);
    }

    function takeQuote(uint256 who, uint32 cards, uint32 duration, uint64 price, uint16 lasting) external {
        uint256 c = who % CONSUMERS;
        Order memory order = anOrder(++_nonce);
        order.consumer = consumer(c);
        order.cards = uint32(1 + (draw(cards) % 9));
        order.duration = uint32(bound(draw(duration), 60, 100_000));
        order.startPrice = uint128(bound(draw(price), 1, 20 * USD));
        order.validUntil = uint64(block.timestamp + (draw(lasting) % 610));
        order.minTier = 0;
        uint64 until = uint64(block.timestamp);
        bytes32 id = formats.quoteId(address(auction), orderId(order), until);
        vm.prank(order.consumer);
        shop.takeQuote(order, until, signature(SCHEDULER_KEY, id));
        _quoted.push(order);
    }

    function procureQuote(uint256 which, uint256 whose, uint64 reserve, uint8 step) external {
        if (_quoted.length == 0) return;
        Order memory order = _quoted[_quoted.length - 1 - (which % _quoted.length)];
        Sold memory bid_ = random(0, draw(whose) % PROVIDERS, 1, 100, reserve);
        bid_.order = order;
        bid_.ask.cards = 8;
        bid_.ask.reservePrice = uint128(1 + (draw(reserve) % (order.startPrice / 8 + 1)));
        Deal memory deal = dealOf(bid_, step % 12);
        deal.orderSignature = hex"00";
        uint256 before = filledCount;
        trade(only(deal), 15);
        procured += filledCount - before;
    }

    function refundQuote(uint256 which) external {
        if (_quoted.length == 0) return;
        bytes32 id = orderId(_quoted[which % _quoted.length]);
        shop.refundQuote(id);
        if (leasesOfOrder[id] != 0) broken = "a quote was procured and refunded";
    }

    /// @notice Held for quotes that are neither procured nor refunded.
    function heldForQuotes() public view returns (uint256 sum) {
        for (uint256 i = 0; i < _quoted.length; ++i) {
            (uint256 amount, , ) = shop.quoteOf(orderId(_quoted[i]));
            sum += amount;
        }
    }

    function inLeases() internal view override returns (uint256) {
        return locked() - heldForQuotes();
    }

    function refundAll() internal {
        for (uint256 i = 0; i < _quoted.length; ++i) {
            bytes32 id = orderId(_quoted[i]);
            (uint256 amount, , ) = shop.quoteOf(id);
            if (amount != 0) shop.refundQuote(id);
        }
    }

    function offered(uint256 p, uint256 nonce, uint256 price) private view returns (Listing memory listing) {
        listing = aListing(nonce);
        listing.provider = provider(p);
        listing.node = node(p);
        listing.nodeEpoch = registry.nodeOf(listing.node).epoch;
        listing.pricePerCardHour = uint128(price);
        listing.validUntil = type(uint64).max;
    }

    function sold(
        uint64 id,
        Listing memory listing,
        address consumer_,
        uint16 cards,
        uint32 duration,
        uint40 start
    ) private {
        LeaseRef memory ref = boughtLease(id, listing, cards, duration, start);
        (ref.lease.consumer, ref.lease.provider) = (consumer_, listing.provider);
        _leases.push(ref);
        (uint16 count, ) = shop.listingNonce(listing.provider, uint64(listing.nonce));
        if (count > listing.cards) broken = "a listing sold more than it has";
    }
}
