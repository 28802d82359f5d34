// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {ILeaseBook} from "../../contracts/interfaces/ILeaseBook.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {Listing} from "../../contracts/types/Trade.sol";
import {Market} from "./support/Market.sol";
import {vm} from "./support/Vm.sol";

/// @notice Buy at a list price, and each of its refusals.
contract BuyTest is Market {
    uint256 private constant TOTAL = 12_240_000; // 2 cards, 2 hours at 3 USD, 2 % on top

    function setUp() public {
        setUpMarket();
    }

    function test_buy_locksFromAvailableAndOpensTheLease() public {
        uint256 before = available(CONSUMER);
        uint64 leaseId = buy(aListing(1), 2, 7200, TOTAL);
        ILeaseBook.Lease memory lease = leaseBook.leaseOf(leaseId);
        eq(before - available(CONSUMER), TOTAL, "available pays");
        eq(vault.totalLocked(), TOTAL, "locked");
        eq(lease.locked, TOTAL, "lease's lock");
        ok(lease.start == block.timestamp && lease.end == block.timestamp + 7200, "runs from now");
        eq(auction.filled(listingId(aListing(1))), 2, "sold");
    }

    function test_buy_failsWithAnothersSignature() public {
        Listing memory listing = aListing(1);
        bytes memory forged = signature(CONSUMER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IAuction.BadSignature.selector, vm.addr(SIGNER_KEY)));
        auction.buy(listing, forged, 2, 7200, 0, TOTAL);
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
            abi.encodeWithSelector(IAuction.Expired.selector, listing.validFrom, listing.validUntil)
        );
        listing.validFrom = uint64(block.timestamp + 1);
        listing.validUntil = uint64(block.timestamp + 2);
        fails(
            listing,
            1,
            7200,
            abi.encodeWithSelector(IAuction.Expired.selector, listing.validFrom, listing.validUntil)
        );
    }

    function test_buy_failsWhenTheListingIsCancelled() public {
        uint256[] memory nonces = new uint256[](1);
        nonces[0] = 300;
        vm.prank(PROVIDER);
        auction.cancelNonces(nonces);
        fails(aListing(300), 1, 7200, abi.encodeWithSelector(IAuction.NonceUsed.selector, PROVIDER, 300));
        buy(aListing(301), 1, 7200, TOTAL);
    }

    function test_buy_failsForZeroCardsAndBeyondTheListingOrTheNode() public {
        Listing memory listing = aListing(1);
        fails(listing, 0, 7200, abi.encodeWithSelector(IAuction.QuantityUnavailable.selector, 8, 0));
        buy(listing, 6, 7200, 3 * TOTAL);
        fails(listing, 3, 7200, abi.encodeWithSelector(IAuction.QuantityUnavailable.selector, 2, 3));
        listing.cards = 100;
        fails(listing, 9, 7200, abi.encodeWithSelector(IAuction.QuantityUnavailable.selector, 8, 9));
    }

    function test_buy_failsForADurationOutOfBounds() public {
        fails(aListing(1), 1, 59, abi.encodeWithSelector(IAuction.DurationOutOfBounds.selector, 59, 60, 31_536_000));
    }

    function test_buy_failsAboveTheBuyersLimit() public {
        Listing memory listing = aListing(1);
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IAuction.PriceTooHigh.selector, TOTAL, TOTAL - 1));
        auction.buy(listing, signed, 2, 7200, 0, TOTAL - 1);
    }

    function test_buy_failsAboveTheFunds() public {
        Listing memory listing = aListing(1);
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.expectRevert(abi.encodeWithSelector(IVault.InsufficientAvailable.selector, address(this), 0, TOTAL));
        auction.buy(listing, signed, 2, 7200, 0, TOTAL);
        eq(auction.filled(listingId(listing)), 0, "nothing sold");
    }

    function test_buy_failsForAWrongNodeClassRegionOrEpoch() public {
        Listing memory listing = aListing(1);
        listing.node = keccak256("nobody's");
        fails(listing, 1, 7200, abi.encodeWithSelector(IAuction.NodeMismatch.selector, listing.node));
        bytes memory mismatch = abi.encodeWithSelector(IAuction.NodeMismatch.selector, NODE);
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
        fails(listing, 1, 7200, abi.encodeWithSelector(IAuction.PriceZero.selector));
    }

    function test_buy_failsWhenTheProviderUnbonds() public {
        vm.prank(PROVIDER);
        registry.startUnbonding();
        fails(aListing(1), 1, 7200, abi.encodeWithSelector(IAuction.ProviderNotSelling.selector, PROVIDER));
    }

    function buy(Listing memory listing, uint32 cards, uint32 duration, uint256 limit) private returns (uint64) {
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        return auction.buy(listing, signed, cards, duration, keccak256("work"), limit);
    }

    function fails(Listing memory listing, uint32 cards, uint32 duration, bytes memory refusal) private {
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        vm.expectRevert(refusal);
        auction.buy(listing, signed, cards, duration, 0, type(uint256).max);
    }
}
