// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ILeaseBook} from "../../contracts/interfaces/ILeaseBook.sol";
import {IMarket} from "../../contracts/interfaces/IMarket.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {LeaseRef} from "../../contracts/types/Lease.sol";
import {Listing} from "../../contracts/types/Trade.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice Open-ended leases: an hour at a time, for as long as the consumer allows and can pay.
contract RenewalsTest is Fixture {
    uint256 private constant HOUR_PRICE = 6_120_000; // 2 cards at 3 USD, 2 % on top

    uint40 private begun;

    function setUp() public {
        setUpMarket();
        begun = uint40(block.timestamp);
    }

    function test_renew_prolongsByAnHourAtATimeUntilTheLast() public {
        LeaseRef memory lease = anHour();
        allow(lease, begun + 3600 + 5400);
        vm.warp(begun + 1);
        uint256 before = available(CONSUMER);
        uint64 id = renew(lease, aListing(2));
        eq(before - available(CONSUMER), HOUR_PRICE, "an hour ahead");
        LeaseRef memory second = boughtLease(id, aListing(2), 2, 3600, begun + 3600);
        (, uint40 end) = leaseBook.check(second);
        eq(end, begun + 7200, "an hour more");
        eq(shop.renewalOf(id).until, begun + 3600 + 5400, "goes on");
        eq(shop.renewalOf(lease.pageId << 8).until, 0, "not from the same lease again");
        vm.warp(begun + 7000);
        id = renew(second, aListing(2));
        LeaseRef memory last = boughtLease(id, aListing(2), 2, 1800, begun + 7200);
        (, end) = leaseBook.check(last);
        eq(end, begun + 9000, "until the last second allowed");
        vm.warp(begun + 8000);
        refused(last, aListing(3), abi.encodeWithSelector(IMarket.NotRenewable.selector, id));
        vm.warp(begun + 9000 + 300);
        leaseBook.settle(lease);
        leaseBook.settle(second);
        leaseBook.settle(last);
        eq(available(PAYOUT), 15_000_000, "two hours and a half");
        eq(locked(), 0, "nothing held");
    }

    function test_renew_failsBeforeTheLastHour_andOnceItIsOver() public {
        LeaseRef memory lease = aLease(7200);
        uint64 id = lease.pageId << 8;
        allow(lease, begun + 100_000);
        vm.warp(begun + 3599);
        refused(lease, aListing(2), abi.encodeWithSelector(IMarket.RenewalTooEarly.selector, id, begun + 3600));
        vm.warp(begun + 7200);
        refused(lease, aListing(2), abi.encodeWithSelector(IMarket.LeaseOver.selector, id));
        vm.warp(begun + 3600);
        renew(lease, aListing(2));
    }

    function test_renew_failsWithoutTheConsumersWord() public {
        LeaseRef memory lease = anHour();
        uint64 id = lease.pageId << 8;
        refused(lease, aListing(2), abi.encodeWithSelector(IMarket.NotRenewable.selector, id));
        allow(lease, begun + 100_000);
        allow(lease, 0);
        refused(lease, aListing(2), abi.encodeWithSelector(IMarket.NotRenewable.selector, id));
        allow(lease, begun + 3600);
        refused(lease, aListing(2), abi.encodeWithSelector(IMarket.NotRenewable.selector, id));
    }

    function test_renew_failsForAClosedLease() public {
        LeaseRef memory lease = anHour();
        allow(lease, begun + 100_000);
        vm.prank(CONSUMER);
        leaseBook.close(lease);
        refused(lease, aListing(2), abi.encodeWithSelector(IMarket.NotRenewable.selector, lease.pageId << 8));
    }

    function test_renew_failsOnOtherTermsThanWereAllowed() public {
        LeaseRef memory lease = anHour();
        allow(lease, begun + 100_000);
        Listing memory listing = aListing(2);
        listing.pricePerCardHour += 1;
        refused(lease, listing, abi.encodeWithSelector(IMarket.PriceTooHigh.selector, 3 * USD + 1, 3 * USD));
        listing = aListing(2);
        listing.node = keccak256("another");
        refused(lease, listing, abi.encodeWithSelector(IMarket.NodeMismatch.selector, listing.node));
        listing = aListing(2);
        listing.resourceClass = keccak256("T4");
        refused(lease, listing, abi.encodeWithSelector(IMarket.NodeMismatch.selector, NODE));
        listing = aListing(2);
        listing.provider = address(0x0123);
        refused(lease, listing, abi.encodeWithSelector(IMarket.OtherProvider.selector, PROVIDER, address(0x0123)));
    }

    /// @dev It ends when it can't be renewed: the funds, the cap, the cards, or the pause say no.
    function test_renew_failsWithoutFunds_cards_orWhilePaused() public {
        LeaseRef memory lease = anHour();
        allow(lease, begun + 100_000);
        Listing memory listing = aListing(2);
        listing.cards = 1;
        refused(lease, listing, abi.encodeWithSelector(IMarket.QuantityUnavailable.selector, 1, 2));
        uint256 rest = available(CONSUMER);
        vm.prank(CONSUMER);
        vault.withdraw(rest - HOUR_PRICE + 1);
        refused(
            lease,
            aListing(2),
            abi.encodeWithSelector(IVault.InsufficientAvailable.selector, CONSUMER, HOUR_PRICE - 1, HOUR_PRICE)
        );
        vm.prank(ADMIN);
        authority.execute(address(shop), abi.encodeCall(shop.pause, ()));
        refused(lease, aListing(2), abi.encodeWithSelector(Pausable.EnforcedPause.selector));
        vm.warp(begun + 3600 + 300);
        leaseBook.settle(lease);
        eq(locked(), 0, "ended by itself");
    }

    function test_allowRenewal_failsForAnothers_orAnEndedLease_orAForgedOne() public {
        LeaseRef memory lease = anHour();
        IMarket.Renewal memory renewal = terms(begun + 100_000);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NotConsumer.selector, CONSUMER, address(this)));
        shop.allowRenewal(lease, renewal);
        lease.lease.consumer = address(this);
        (bool done, bytes memory why) = address(shop).call(abi.encodeCall(shop.allowRenewal, (lease, renewal)));
        ok(!done && bytes4(why) == ILeaseBook.WrongRoot.selector, "proves nothing");
        lease.lease.consumer = CONSUMER;
        vm.warp(begun + 3600);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.LeaseOver.selector, lease.pageId << 8));
        shop.allowRenewal(lease, renewal);
    }

    function anHour() private returns (LeaseRef memory) {
        return aLease(3600);
    }

    function aLease(uint32 duration) private returns (LeaseRef memory) {
        bytes memory signed = signature(SIGNER_KEY, listingId(aListing(1)));
        vm.prank(CONSUMER);
        uint64 id = shop.buy(aListing(1), signed, 2, duration, keccak256("work"), type(uint256).max);
        return boughtLease(id, aListing(1), 2, duration, begun);
    }

    function terms(uint40 until) private pure returns (IMarket.Renewal memory) {
        return IMarket.Renewal({node: NODE, resourceClass: CLASS, maxRate: uint96(3 * USD), until: until});
    }

    function allow(LeaseRef memory lease, uint40 until) private {
        vm.prank(CONSUMER);
        shop.allowRenewal(lease, terms(until));
    }

    function renew(LeaseRef memory lease, Listing memory listing) private returns (uint64) {
        return shop.renew(lease, listing, signature(SIGNER_KEY, listingId(listing)));
    }

    function refused(LeaseRef memory lease, Listing memory listing, bytes memory refusal) private {
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.expectRevert(refusal);
        shop.renew(lease, listing, signed);
    }
}
