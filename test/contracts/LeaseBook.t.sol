// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../../contracts/libraries/Accrual.sol";
import {ILeaseBook} from "../../contracts/interfaces/ILeaseBook.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {Listing} from "../../contracts/types/Trade.sol";
import {Market} from "./support/Market.sol";
import {vm} from "./support/Vm.sol";

/// @notice Settling and closing; each test ends with every unit of the lease accounted for.
contract LeaseBookTest is Market {
    uint256 private constant LAG = 300;

    function setUp() public {
        setUpMarket();
    }

    function test_settle_paysUpToTheLagThenTheRest() public {
        uint64 id = open(1, 3600, uint128(3 * USD));
        leaseBook.settle(id);
        eq(available(PAYOUT), 0, "nothing due yet");
        vm.warp(block.timestamp + 1800 + LAG);
        leaseBook.settle(id);
        eq(available(PAYOUT), 1_500_000, "half");
        eq(available(TREASURY), 30_000, "half of the fee");
        vm.warp(block.timestamp + 1799);
        leaseBook.settle(id);
        ok(!leaseBook.leaseOf(id).closed, "a second is missing");
        vm.warp(block.timestamp + 1);
        leaseBook.settle(id);
        ended(id, ILeaseBook.End.COMPLETED, 3_000_000, 0);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseAlreadyEnded.selector, id));
        leaseBook.settle(id);
        leaseBook.settleMany(one(id));
    }

    function test_settle_failsForAnUnknownLease() public {
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseUnknown.selector, 9));
        leaseBook.settle(9);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseUnknown.selector, 9));
        leaseBook.settleMany(one(9));
    }

    function test_close_byConsumerBillsTheMinimum() public {
        uint64 id = open(1, 3600, uint128(3 * USD));
        vm.warp(block.timestamp + 10);
        close(id, CONSUMER);
        vm.warp(block.timestamp + 890 + LAG);
        leaseBook.settle(id);
        ended(id, ILeaseBook.End.CLOSED_BY_CONSUMER, 750_000, 2_250_000 + 45_000);
    }

    function test_close_byConsumerAfterTheMinimumBillsToTheSecond() public {
        uint64 id = open(1, 3600, uint128(3 * USD));
        vm.warp(block.timestamp + 1800);
        close(id, CONSUMER);
        vm.warp(block.timestamp + LAG);
        leaseBook.settle(id);
        ended(id, ILeaseBook.End.CLOSED_BY_CONSUMER, 1_500_000, 1_530_000);
    }

    function test_close_byConsumerNeverBillsBeyondTheTerm() public {
        uint64 id = open(1, 60, uint128(3 * USD));
        close(id, CONSUMER);
        vm.warp(block.timestamp + 60 + LAG);
        leaseBook.settle(id);
        ended(id, ILeaseBook.End.CLOSED_BY_CONSUMER, 50_000, 0);
    }

    function test_close_byProviderIsPaidToTheSecond() public {
        uint64 id = open(1, 3600, uint128(3 * USD));
        vm.warp(block.timestamp + 12);
        close(id, PROVIDER);
        vm.warp(block.timestamp + LAG);
        leaseBook.settle(id);
        ended(id, ILeaseBook.End.CLOSED_BY_PROVIDER, 10_000, 2_990_000 + 59_800);
    }

    function test_close_byProviderAtOnceReturnsAll() public {
        uint64 id = open(1, 3600, uint128(3 * USD));
        close(id, PROVIDER);
        vm.warp(block.timestamp + LAG);
        leaseBook.settle(id);
        ended(id, ILeaseBook.End.CLOSED_BY_PROVIDER, 0, 3_060_000);
    }

    function test_close_failsForStrangersAndASecondTime() public {
        uint64 id = open(1, 3600, uint128(3 * USD));
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.NotParty.selector, id, address(this)));
        leaseBook.close(id);
        close(id, CONSUMER);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseAlreadyEnded.selector, id));
        leaseBook.close(id);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseUnknown.selector, 77));
        leaseBook.close(77);
    }

    function test_close_failsAfterTheEnd() public {
        uint64 id = open(1, 3600, uint128(3 * USD));
        vm.warp(block.timestamp + 3600);
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseAlreadyEnded.selector, id));
        leaseBook.close(id);
    }

    function test_openLease_failsForAnyoneButTheAuction() public {
        ILeaseBook.Terms memory terms;
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.NotProtocol.selector, address(this)));
        leaseBook.openLease(terms);
    }

    function test_settle_paysAfterTheProvidersExit() public {
        uint64 id = open(1, 1_000_000, uint128(3 * USD));
        vm.prank(PROVIDER);
        registry.startUnbonding();
        vm.warp(block.timestamp + 604_800);
        vm.prank(PROVIDER);
        registry.exit();
        vm.warp(block.timestamp + 1_000_000);
        leaseBook.settle(id);
        eq(available(PAYOUT), Accrual.owed(1, 1_000_000, 3 * USD), "paid");
        eq(vault.totalLocked(), 0, "nothing held");
    }

    /// @notice Any split into settlements, with or without a close, pays the same to the unit.
    function testFuzz_settle_isPathIndependent(
        uint32 cards,
        uint32 duration,
        uint128 rate,
        uint32 closeAt,
        uint8 who,
        uint32[8] memory steps
    ) public {
        cards = uint32(bound(cards, 1, 8));
        duration = uint32(bound(duration, 60, 100_000));
        rate = uint128(bound(rate, 1, 100 * USD));
        uint64 often = open(cards, duration, rate);
        uint64 once = open(cards, duration, rate);
        uint256 start = block.timestamp;
        uint256 closing = start + bound(closeAt, 0, 2 * uint256(duration));
        bool closed = false;
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 next = block.timestamp + bound(steps[i], 0, duration / 2);
            if (!closed && who % 3 != 0 && next >= closing && closing < start + duration) {
                if (closing > block.timestamp) vm.warp(closing);
                closed = block.timestamp < start + duration;
                if (closed) close(often, who % 3 == 1 ? CONSUMER : PROVIDER);
                if (closed) close(once, who % 3 == 1 ? CONSUMER : PROVIDER);
            }
            if (next > block.timestamp) vm.warp(next);
            leaseBook.settleMany(one(often));
        }
        vm.warp(start + uint256(duration) + LAG);
        uint256 before = available(PAYOUT);
        uint256 fees = available(TREASURY);
        leaseBook.settle(once);
        uint256 paidOnce = available(PAYOUT) - before;
        uint256 feeOnce = available(TREASURY) - fees;
        leaseBook.settleMany(one(often));
        eq(vault.totalLocked(), 0, "nothing held");
        eq(available(PAYOUT), 2 * paidOnce, "same payout");
        eq(available(TREASURY), 2 * feeOnce, "same fee");
    }

    function open(uint32 cards, uint32 duration, uint128 rate) private returns (uint64) {
        Listing memory listing = aListing(leaseBook.leaseCount());
        listing.pricePerCardHour = rate;
        bytes memory signed = signature(SIGNER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        return auction.buy(listing, signed, cards, duration, 0, type(uint256).max);
    }

    function close(uint64 id, address party) private {
        vm.prank(party);
        leaseBook.close(id);
    }

    /// @dev The only lease of the test has ended: what was locked was paid, taken as fee or returned.
    function ended(uint64 id, ILeaseBook.End reason, uint256 paid, uint256 refunded) private view {
        ILeaseBook.Lease memory lease = leaseBook.leaseOf(id);
        ok(lease.closed && lease.endReason == reason, "ended for the reason");
        eq(available(PAYOUT), paid, "paid");
        eq(available(TREASURY), Accrual.feeUp(paid, 200), "fee");
        eq(lease.locked, paid + available(TREASURY) + refunded, "refunded");
        eq(available(CONSUMER), 500_000 * USD - lease.locked + refunded, "consumer");
        eq(vault.totalLocked(), 0, "nothing held");
    }
}
