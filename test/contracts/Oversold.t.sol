// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {IOversold} from "../../contracts/interfaces/IOversold.sol";
import {IProviderRegistry} from "../../contracts/interfaces/IProviderRegistry.sol";
import {Lease} from "../../contracts/types/Lease.sol";
import {Ask, Listing, Order} from "../../contracts/types/Trade.sol";
import {Fixture} from "./support/Fixture.sol";
import {Deal} from "./support/PageBytes.sol";
import {vm} from "./support/Vm.sol";

/// @notice A card that was sold while it was in use: who sold it last pays.
contract OversoldTest is Fixture {
    IOversold.Shown[] private shown;

    function setUp() public {
        setUpMarket();
    }

    function test_oversold_byTheScheduler() public {
        bought(1, 6);
        matched(1, 3);
        uint256 before = available(CONSUMER);
        vm.warp(block.timestamp + 1200);
        oversold.claim(NODE, shown);
        // 3 cards at 3 USD for the 6,000 seconds that are left.
        eq(available(CONSUMER) - before, 15 * USD, "the rest of its price");
        (uint256 held, , ) = bond.bond();
        eq(held, BOND_AMOUNT - 1015 * USD, "from the bond, with the penalty");
        vm.expectRevert(abi.encodeWithSelector(IOversold.AlreadyShown.selector, 2 << 8));
        oversold.claim(NODE, shown);
    }

    function test_oversold_byTheProvider() public {
        matched(1, 6);
        bought(1, 3);
        uint256 before = available(CONSUMER);
        oversold.claim(NODE, shown);
        eq(available(CONSUMER) - before, 5 * USD, "18 USD, at most a tenth of the stake, half of it burned");
        (uint256 held, , ) = bond.bond();
        eq(held, BOND_AMOUNT, "the scheduler did no wrong");
        vm.expectRevert(abi.encodeWithSelector(IOversold.AlreadyShown.selector, 2 << 8));
        oversold.claim(NODE, shown);
    }

    /// @dev A slot has closed before what is bought in the second of its end.
    function test_oversold_atOnceIsTheBuys() public {
        uint256 end = slotEnd(currentSlot());
        vm.warp(end);
        bought(1, 3);
        vm.warp(end - 1);
        matched(1, 6);
        oversold.claim(NODE, inOrder());
        (uint256 held, , ) = bond.bond();
        eq(held, BOND_AMOUNT, "the provider's");
    }

    function test_fits_isNoWrong() public {
        bought(1, 6);
        matched(1, 2);
        vm.expectRevert(abi.encodeWithSelector(IOversold.FitsIn.selector, 8, 8));
        oversold.claim(NODE, shown);
    }

    function test_claim_countsALeaseOnce() public {
        bought(1, 6);
        shown.push(shown[0]);
        vm.expectRevert(abi.encodeWithSelector(IOversold.Unordered.selector, 1 << 8));
        oversold.claim(NODE, shown);
    }

    function test_claim_countsOnlyWhatRuns() public {
        bought(1, 6);
        matched(1, 3);
        vm.prank(CONSUMER);
        leaseBook.close(shown[0].ref);
        vm.warp(block.timestamp + 1000);
        vm.expectRevert(abi.encodeWithSelector(IOversold.NotRunning.selector, 1 << 8));
        oversold.claim(NODE, shown);
    }

    function test_claim_countsOnlyTheNodesOwn() public {
        addNode(PROVIDER, "other", 1);
        bytes32 other = keccak256("x/other");
        bought(1, 6);
        vm.expectRevert(abi.encodeWithSelector(IOversold.NotOfNode.selector, 1 << 8));
        oversold.claim(other, shown);
        delete shown;
        matched(1, 2);
        vm.expectRevert(abi.encodeWithSelector(IOversold.NotOfNode.selector, 2 << 8));
        oversold.claim(other, shown);
        shown[0].cleared.node = other;
        vm.expectRevert(abi.encodeWithSelector(IOversold.NotOfNode.selector, 2 << 8));
        oversold.claim(other, shown);
    }

    /// @dev Else the lease of another node would count, by the match of a neighbour in its page.
    function test_claim_countsALeaseByItsOwnMatchAlone() public {
        Deal[] memory pair = new Deal[](2);
        for (uint256 i = 0; i < 2; ++i) pair[i] = aDeal(anOrder(i), anAsk(1));
        (, Opened memory page) = commit(pair);
        bytes32[] memory leaves = new bytes32[](2);
        for (uint256 i = 0; i < 2; ++i) {
            bytes32 id = bytes32(number(page.records, 157 * i + 1, 32));
            IOversold.Shown storage lease = shown.push();
            lease.ref = refOf(page, i);
            lease.slot = auction.lastSlot();
            describeMatch(lease, id, askId(anAsk(1)), 2);
            (lease.cleared.index, lease.cleared.count) = (uint8(i), 2);
            leaves[i] = matchLeaf(lease);
        }
        for (uint256 i = 0; i < 2; ++i) shown[i].cleared.proof = formats.proofOf(leaves, i);
        vm.expectRevert(abi.encodeWithSelector(IOversold.FitsIn.selector, 8, 4));
        oversold.claim(NODE, shown);
        shown[1].cleared = shown[0].cleared;
        vm.expectRevert(abi.encodeWithSelector(IOversold.NotOfNode.selector, (1 << 8) | 1));
        oversold.claim(NODE, shown);
    }

    function test_slash_isForTheClaimAndTheLeaseBook() public {
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NotProtocol.selector, address(this)));
        registry.slash(PROVIDER, CONSUMER, 1, 0);
    }

    // ── hands ──

    function matched(uint256 nonce, uint32 cards) private {
        Order memory order = anOrder(nonce);
        order.cards = cards;
        Ask memory ask = anAsk(nonce);
        (IAuction.Skip reason, Opened memory page) = commitOne(aDeal(order, ask));
        eq(reason, IAuction.Skip.NONE, "filled");
        IOversold.Shown storage lease = shown.push();
        lease.ref = refOf(page, 0);
        lease.slot = auction.lastSlot();
        lease.cleared.count = 1;
        describeMatch(lease, orderId(order), askId(ask), uint16(cards));
    }

    function describeMatch(IOversold.Shown storage lease, bytes32 order, bytes32 ask, uint16 cards) private {
        (lease.cleared.orderId, lease.cleared.askId) = (order, ask);
        (lease.cleared.node, lease.cleared.cards) = (NODE, cards);
        (lease.cleared.runnerUp, lease.cleared.price) = (255, uint96(3 * USD));
        lease.cleared.shortlist = hex"00000000";
    }

    function matchLeaf(IOversold.Shown memory lease) private pure returns (bytes32) {
        bytes memory head = abi.encodePacked(uint8(0), uint8(4), uint8(0), lease.cleared.orderId, lease.cleared.askId);
        bytes memory tail = abi.encodePacked(uint8(0), uint8(255), uint8(0), uint96(3 * USD), keccak256(hex"00000000"));
        return keccak256(bytes.concat(head, abi.encodePacked(NODE, lease.cleared.cards), tail));
    }

    function bought(uint256 nonce, uint16 cards) private {
        Listing memory listing = aListing(nonce);
        bytes32 id = listingId(listing);
        bytes memory signed = signature(SIGNER_KEY, id);
        vm.prank(CONSUMER);
        uint64 leaseId = shop.buy(listing, signed, cards, 7200, 0, type(uint256).max);
        IOversold.Shown storage lease = shown.push();
        lease.listingId = id;
        (lease.ref.pageId, lease.ref.count) = (leaseId >> 8, 1);
        lease.ref.start = uint40(block.timestamp);
        lease.ref.source = keccak256(abi.encodePacked(uint8(1), id, NODE));
        lease.ref.lease = Lease(CONSUMER, PROVIDER, uint96(3 * USD), cards, 7200);
    }

    function inOrder() private view returns (IOversold.Shown[] memory list) {
        list = shown;
    }
}
