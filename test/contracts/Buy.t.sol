// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IMarket} from "../../contracts/interfaces/IMarket.sol";
import {IProviderRegistry} from "../../contracts/interfaces/IProviderRegistry.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {Accrual} from "../../contracts/libraries/Accrual.sol";
import {LeaseRef} from "../../contracts/types/Lease.sol";
import {Listing} from "../../contracts/types/Trade.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice Buy at a list price, and each of its refusals.
contract BuyTest is Fixture {
    uint256 private constant TOTAL = 12_240_000; // 2 cards, 2 hours at 3 USD, 2 % on top

    function setUp() public {
        setUpMarket();
    }

    function test_buy_locksFromAvailableAndOpensTheLease() public {
        uint256 before = available(CONSUMER);
        uint64 leaseId = buy(aListing(1), 2, 7200, TOTAL);
        eq(leaseId, 1 << 8, "the first page's only lease");
        eq(before - available(CONSUMER), TOTAL, "available pays");
        eq(locked(), TOTAL, "locked");
        (bool over, uint40 end) = leaseBook.check(boughtLease(leaseId, aListing(1), 2, 7200, uint40(block.timestamp)));
        ok(!over && end == block.timestamp + 7200, "runs from now");
        (uint16 sold, bool cancelled) = shop.listingNonce(PROVIDER, 1);
        ok(sold == 2 && !cancelled, "sold");
        // Sixteen nonces share a word.
        buy(aListing(16), 1, 7200, TOTAL);
        (sold, cancelled) = shop.listingNonce(PROVIDER, 16);
        ok(sold == 1 && !cancelled, "sold of another word");
    }

    function test_buy_failsWithAnothersSignature() public {
        Listing memory listing = aListing(1);
        bytes memory forged = signature(CONSUMER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.BadSignature.selector, vm.addr(SIGNER_KEY)));
        shop.buy(listing, forged, 2, 7200, 0, TOTAL);
    }

    /// @dev A key is a hash's to find: whoever recovers from a signature that was made up is the seller's key here.
    function test_buy_takesTheGreatestLowS() public {
        Listing memory listing = aListing(1);
        bytes32 r = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798;
        bytes32 s = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
        address key = ecrecover(listingId(listing), 27, r, s);
        vm.warp(block.timestamp + 1000);
        vm.prank(PROVIDER);
        registry.rotateSigner(key);
        vm.warp(block.timestamp + 1000);
        vm.prank(CONSUMER);
        uint64 leaseId = shop.buy(listing, abi.encodePacked(r, s, uint8(27)), 2, 7200, 0, TOTAL);
        eq(leaseId, 1 << 8, "sold");
    }

    function test_buy_failsOutsideTheListingsTime() public {
        Listing memory listing = aListing(1);
        listing.validUntil = uint64(block.timestamp);
        buy(listing, 1, 7200, TOTAL);
        vm.warp(block.timestamp + 1);
        fails(
            listing,
            1,
            7200,
            abi.encodeWithSelector(IMarket.Expired.selector, listing.validFrom, listing.validUntil)
        );
        listing.validFrom = uint64(block.timestamp + 1);
        listing.validUntil = uint64(block.timestamp + 2);
        fails(
            listing,
            1,
            7200,
            abi.encodeWithSelector(IMarket.Expired.selector, listing.validFrom, listing.validUntil)
        );
    }

    function test_buy_failsWhenTheListingIsCancelled() public {
        uint64[] memory nonces = new uint64[](1);
        nonces[0] = 300;
        vm.prank(PROVIDER);
        shop.cancelListings(nonces);
        fails(aListing(300), 1, 7200, abi.encodeWithSelector(IMarket.ListingVoid.selector, PROVIDER, 300));
        buy(aListing(301), 1, 7200, TOTAL);
    }

    function test_buy_failsForValuesThatNoPageHolds() public {
        Listing memory listing = aListing(uint256(type(uint64).max) + 1);
        fails(listing, 1, 7200, abi.encodeWithSelector(IMarket.ValueTooWide.selector, listing.nonce, type(uint64).max));
        listing = aListing(1);
        listing.pricePerCardHour = uint128(type(uint96).max) + 1;
        fails(
            listing,
            1,
            7200,
            abi.encodeWithSelector(IMarket.ValueTooWide.selector, listing.pricePerCardHour, type(uint96).max)
        );
    }

    /// @dev The greatest price fits; the money is what is missing.
    function test_buy_takesTheGreatestPrice() public {
        Listing memory listing = aListing(1);
        listing.pricePerCardHour = type(uint96).max;
        uint256 needed = Accrual.total(1, 7200, type(uint96).max, 200);
        fails(
            listing,
            1,
            7200,
            abi.encodeWithSelector(IVault.InsufficientAvailable.selector, CONSUMER, available(CONSUMER), needed)
        );
    }

    function test_buy_failsForZeroCardsAndBeyondTheListingOrTheNode() public {
        Listing memory listing = aListing(1);
        fails(listing, 0, 7200, abi.encodeWithSelector(IMarket.QuantityUnavailable.selector, 8, 0));
        buy(listing, 6, 7200, 3 * TOTAL);
        fails(listing, 3, 7200, abi.encodeWithSelector(IMarket.QuantityUnavailable.selector, 2, 3));
        listing.cards = 100;
        fails(listing, 9, 7200, abi.encodeWithSelector(IMarket.QuantityUnavailable.selector, 8, 9));
    }

    function test_buy_failsForADurationOutOfBounds() public {
        fails(aListing(1), 1, 59, abi.encodeWithSelector(IMarket.DurationOutOfBounds.selector, 59, 60, 31_536_000));
    }

    function test_buy_failsAboveTheBuyersLimit() public {
        Listing memory listing = aListing(1);
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.PriceTooHigh.selector, TOTAL, TOTAL - 1));
        shop.buy(listing, signed, 2, 7200, 0, TOTAL - 1);
    }

    function test_buy_failsAboveTheFunds() public {
        Listing memory listing = aListing(1);
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.expectRevert(abi.encodeWithSelector(IVault.InsufficientAvailable.selector, address(this), 0, TOTAL));
        shop.buy(listing, signed, 2, 7200, 0, TOTAL);
        (uint16 sold, ) = shop.listingNonce(PROVIDER, 1);
        eq(sold, 0, "nothing sold");
    }

    function test_buy_failsForAWrongNodeClassRegionOrEpoch() public {
        Listing memory listing = aListing(1);
        listing.node = keccak256("nobody's");
        fails(listing, 1, 7200, abi.encodeWithSelector(IMarket.NodeMismatch.selector, listing.node));
        bytes memory mismatch = abi.encodeWithSelector(IMarket.NodeMismatch.selector, NODE);
        listing = aListing(1);
        listing.resourceClass = keccak256("B200");
        fails(listing, 1, 7200, mismatch);
        listing = aListing(1);
        listing.region = keccak256("eu");
        fails(listing, 1, 7200, mismatch);
        vm.prank(PROVIDER);
        registry.raiseEpoch(NODE);
        fails(aListing(1), 1, 7200, mismatch);
    }

    function test_buy_failsAtPriceZero() public {
        Listing memory listing = aListing(1);
        listing.pricePerCardHour = 0;
        fails(listing, 1, 7200, abi.encodeWithSelector(IMarket.PriceZero.selector));
    }

    function test_buy_failsWhenTheProviderUnbonds() public {
        vm.prank(PROVIDER);
        registry.startUnbonding();
        fails(aListing(1), 1, 7200, abi.encodeWithSelector(IMarket.ProviderNotSelling.selector, PROVIDER));
    }

    function test_buy_countsNoFurtherThanItsCounter() public {
        vm.prank(PROVIDER);
        registry.updateNode(NODE, "y", 65_535, 1, 1);
        Listing memory listing = aListing(1);
        (listing.cards, listing.pricePerCardHour) = (65_535, 1);
        fails(listing, 32_768, 7200, abi.encodeWithSelector(IMarket.QuantityUnavailable.selector, 32_767, 32_768));
        buy(listing, 32_767, 7200, type(uint256).max);
        fails(listing, 1, 7200, abi.encodeWithSelector(IMarket.QuantityUnavailable.selector, 0, 1));
    }

    function test_buy_stopsWhilePaused() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        shop.pause();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        shop.unpause();
        uint64 id = buy(aListing(1), 1, 7200, TOTAL);
        LeaseRef memory ref = boughtLease(id, aListing(1), 1, 7200, uint40(block.timestamp));
        vm.prank(ADMIN);
        authority.execute(address(shop), abi.encodeCall(shop.pause, ()));
        fails(aListing(1), 1, 7200, abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        bytes memory signed = signature(SIGNER_KEY, listingId(aListing(1)));
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        shop.extend(ref, aListing(1), signed, 1, 7200, TOTAL);
        vm.prank(ADMIN);
        authority.execute(address(shop), abi.encodeCall(shop.unpause, ()));
        buy(aListing(1), 1, 7200, TOTAL);
    }

    /// @dev The stake of a lease that outlasts the unbonding stays until its end.
    function test_buy_longLeaseHoldsTheStake() public {
        buy(aListing(1), 1, 604_801, type(uint256).max);
        uint64 end = uint64(block.timestamp + 604_801);
        vm.prank(PROVIDER);
        registry.startUnbonding();
        vm.warp(end - 1);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.UnbondNotReady.selector, end));
        registry.exit();
    }

    // ── prolonging ──

    function test_extend_startsWhereTheLeaseEnds() public {
        uint64 id = buy(aListing(1), 2, 7200, TOTAL);
        uint40 start = uint40(block.timestamp);
        LeaseRef memory parent = boughtLease(id, aListing(1), 2, 7200, start);
        vm.warp(start + 7199);
        uint64 next = extend(parent, aListing(2), 1, 3600);
        LeaseRef memory child = boughtLease(next, aListing(2), 1, 3600, start + 7200);
        (, uint40 end) = leaseBook.check(child);
        eq(end, start + 10_800, "an hour more");
        vm.warp(start + 10_800 + 300);
        leaseBook.settle(parent);
        leaseBook.settle(child);
        eq(available(PAYOUT), 15_000_000, "both");
        eq(locked(), 0, "nothing held");
    }

    /// @dev A lease that has not begun yet is closed at its start plus the minimum.
    function test_extend_canBeClosedBeforeItBegins() public {
        uint64 id = buy(aListing(1), 2, 7200, TOTAL);
        uint40 start = uint40(block.timestamp);
        uint64 next = extend(boughtLease(id, aListing(1), 2, 7200, start), aListing(2), 1, 3600);
        LeaseRef memory child = boughtLease(next, aListing(2), 1, 3600, start + 7200);
        vm.prank(CONSUMER);
        leaseBook.close(child);
        (, uint40 end) = leaseBook.check(child);
        eq(end, start + 7200 + 900, "the minimum");
        next = extend(boughtLease(id, aListing(1), 2, 7200, start), aListing(2), 1, 3600);
        child = boughtLease(next, aListing(2), 1, 3600, start + 7200);
        vm.prank(PROVIDER);
        leaseBook.leaveNow(child);
        (, end) = leaseBook.check(child);
        eq(end, start + 7200, "never begins");
    }

    function test_extend_failsForAnothersOrAnEndedLease() public {
        uint64 id = buy(aListing(1), 2, 7200, TOTAL);
        LeaseRef memory parent = boughtLease(id, aListing(1), 2, 7200, uint40(block.timestamp));
        bytes memory signed = signature(SIGNER_KEY, listingId(aListing(1)));
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotConsumer.selector, CONSUMER, address(this)));
        shop.extend(parent, aListing(1), signed, 1, 7200, TOTAL);
        vm.warp(block.timestamp + 7200);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.LeaseOver.selector, id));
        shop.extend(parent, aListing(1), signed, 1, 7200, TOTAL);
    }

    function test_extend_failsWithAnotherProvidersListing() public {
        uint64 id = buy(aListing(1), 2, 7200, TOTAL);
        LeaseRef memory parent = boughtLease(id, aListing(1), 2, 7200, uint40(block.timestamp));
        Listing memory other = aListing(2);
        other.provider = address(0x0123);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.OtherProvider.selector, PROVIDER, address(0x0123)));
        shop.extend(parent, other, "", 1, 7200, TOTAL);
    }

    function extend(
        LeaseRef memory parent,
        Listing memory listing,
        uint16 cards,
        uint32 duration
    ) private returns (uint64) {
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        return shop.extend(parent, listing, signed, cards, duration, type(uint256).max);
    }

    function buy(Listing memory listing, uint16 cards, uint32 duration, uint256 limit) private returns (uint64) {
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        return shop.buy(listing, signed, cards, duration, keccak256("work"), limit);
    }

    function fails(Listing memory listing, uint16 cards, uint32 duration, bytes memory refusal) private {
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        vm.expectRevert(refusal);
        shop.buy(listing, signed, cards, duration, 0, type(uint256).max);
    }
}
