// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {IMarket} from "../../contracts/interfaces/IMarket.sol";
import {IProviderRegistry} from "../../contracts/interfaces/IProviderRegistry.sol";
import {Lease, LeaseRef} from "../../contracts/types/Lease.sol";
import {Listing, Order, SlotHeader} from "../../contracts/types/Trade.sol";
import {Fixture} from "./support/Fixture.sol";
import {Deal} from "./support/PageBytes.sol";
import {vm} from "./support/Vm.sol";

/// @notice What `docs/security.md` found by playing the adversary; each test failed before its fix, or pins what is not mended yet.
contract AdversaryTest is Fixture {
    function setUp() public {
        setUpMarket();
    }

    /// @dev A slot so far away that its end overflows 40 bits would else pass for one that has just closed, and leave every honest
    /// slot out of order for ever.
    function test_commitSlot_refusesASlotWhoseEndWrapsAround() public {
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        uint256 end = slotEnd(header.slot) + 5 * 2 ** 40;
        header.slot = uint64(end / 10 - 1);
        vm.prank(SCHEDULER);
        vm.expectRevert(abi.encodeWithSelector(IAuction.SlotNotClosed.selector, header.slot, end));
        auction.commitSlot(header);
    }

    /// @dev The exit began at the close, and the page came with the deadline: the lease outlasts the unbonding delay all the same.
    function test_exit_waitsForALeaseThatWasCommittedLate() public {
        Order memory order = anOrder(1);
        order.duration = parameters().unbondSeconds;
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        vm.prank(PROVIDER);
        registry.startUnbonding();
        uint256 closed = block.timestamp;
        vm.warp(closed + parameters().commitDeadlineSeconds);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        (IAuction.Skip[] memory reasons, Opened memory page) = commitPageOf(header, 0, only(aDeal(order, anAsk(1))));
        ok(reasons[0] == IAuction.Skip.NONE, "filled");
        uint256 end = uint256(page.start) + order.duration;
        vm.warp(end - 1);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.UnbondNotReady.selector, end));
        registry.exit();
        vm.warp(end);
        vm.prank(PROVIDER);
        registry.exit();
    }

    /// @dev A lease names its parties by one byte of the page's table: with more, its record would name another and settlement in
    /// pages would be impossible.
    function test_commitPage_failsWithMoreAccountsThanALeaseCanName() public {
        SlotHeader memory header = aHeader(currentSlot(), 2, 0);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        bytes memory rest = hex"000000";
        bytes memory fits = bytes.concat(hex"c837", new bytes(20 * 255), rest);
        vm.prank(SCHEDULER);
        auction.commitPage(header.slot, 0, fits);
        bytes memory wide = bytes.concat(hex"c838", new bytes(20 * 256), rest);
        vm.prank(SCHEDULER);
        vm.expectRevert();
        auction.commitPage(header.slot, 1, wide);
    }

    /// @dev Extensions of extensions would else bind a provider's stake for as many years as its listing has cards.
    function test_extend_endsNoLaterThanTheLongestLease() public {
        uint32 longest = parameters().maxLeaseSeconds;
        uint40 start = uint40(block.timestamp);
        bytes memory signed = signature(SIGNER_KEY, listingId(aListing(1)));
        vm.prank(CONSUMER);
        uint64 id = shop.buy(aListing(1), signed, 1, longest - 3600, 0, type(uint256).max);
        LeaseRef memory parent;
        parent.pageId = id >> 8;
        parent.count = 1;
        parent.start = start;
        parent.source = keccak256(abi.encodePacked(uint8(1), listingId(aListing(1)), NODE));
        parent.lease = Lease(CONSUMER, PROVIDER, uint96(3 * USD), 1, longest - 3600);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.DurationOutOfBounds.selector, 3601, 60, 3600));
        shop.extend(parent, aListing(1), signed, 1, 3601, type(uint256).max);
        vm.prank(CONSUMER);
        shop.extend(parent, aListing(1), signed, 1, 3600, type(uint256).max);
    }

    /// @dev A provider that buys from itself and leaves at once burns as much of its stake as it takes out.
    function test_leaveNow_ofOnesOwnLeaseBurnsAsMuchAsItFrees() public {
        Listing memory dear = aListing(1);
        dear.pricePerCardHour = uint128(1_000 * USD);
        bytes memory signed = signature(SIGNER_KEY, listingId(dear));
        vm.prank(CONSUMER);
        uint64 id = shop.buy(dear, signed, 1, 3600, 0, type(uint256).max);
        LeaseRef memory own;
        own.pageId = id >> 8;
        own.count = 1;
        own.start = uint40(block.timestamp);
        own.source = keccak256(abi.encodePacked(uint8(1), listingId(dear), NODE));
        own.lease = Lease(CONSUMER, PROVIDER, uint96(dear.pricePerCardHour), 1, 3600);
        uint256 before = available(CONSUMER);
        vm.prank(PROVIDER);
        leaseBook.leaveNow(own);
        eq(available(CONSUMER), before + 5 * USD, "half of a tenth of 100 USD");
        (, , uint256 burned) = vault.totals();
        eq(burned, 5 * USD, "the other half");
        vm.warp(block.timestamp + parameters().settleLagSeconds);
        leaseBook.settle(own);
        eq(available(CONSUMER), before + 5 * USD + 1_020 * USD, "and the whole price");
    }
}
