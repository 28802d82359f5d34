// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProviderRegistry} from "../../contracts/interfaces/IProviderRegistry.sol";
import {Lease, LeaseRef} from "../../contracts/types/Lease.sol";
import {Ask, Listing, Order, SlotHeader} from "../../contracts/types/Trade.sol";
import {Fixture} from "./support/Fixture.sol";
import {Deal, PageBytes} from "./support/PageBytes.sol";
import {vm} from "./support/Vm.sol";

/// @notice One call a test, from parties that traded before; `snapshots/operations.json` holds what each used, and any difference
/// fails (`npm run snapshot` writes it anew). Without calldata and the 21,000 of a transaction; `npm run bench -- gas` has those.
/// @dev What a test needs lies in storage already, so that the call alone meets its words for the first time.
contract GasTest is Fixture {
    uint256 private constant PAGE = 20;
    uint64 private constant OLD = 1;
    uint64 private constant NEW = 2;

    SlotHeader private header;
    bytes private page;
    bytes private settlement;
    LeaseRef private follower;
    LeaseRef private bought;
    Listing private listing;
    bytes private listingSignature;
    Order private order;
    uint64[] private nonces;
    IProviderRegistry.NodeListing[] private nodes;

    function setUp() public {
        setUpMarket();
        vm.prank(PROVIDER);
        registry.updateNode(NODE, "y", 1_000, 1, 1);
        listing = aListing(OLD);
        listingSignature = signature(SIGNER_KEY, listingId(listing));
        trade(100);
        buy();
        vm.warp(block.timestamp + 7200 + 300);
        leaseBook.settlePages(settlement);
        leaseBook.settle(bought);
        token.mint(CONSUMER, 1_000 * USD);
        vm.prank(CONSUMER);
        token.approve(address(vault), type(uint256).max);
        vm.prank(CONSUMER);
        vault.requestUnbid(1 * USD);
        vm.prank(CONSUMER);
        vault.setCaps(uint96(100_000 * USD), uint96(50_000 * USD));
        order = anOrder(300);
        nonces = [uint64(400), 401];
        nodes.push(IProviderRegistry.NodeListing("x", "y", "z2", "H100-SXM-80G", "cn-310000", 8, 400_000, 20_000));
        vm.warp(block.timestamp + 100);
        trade(200);
        buy();
        delete page;
        header = aHeader(currentSlot(), 1, uint32(PAGE));
        page = PageBytes.encode(inClearingOrder(deals(250), header.seed));
    }

    function test_commitSlot() public {
        as_(SCHEDULER);
        auction.commitSlot(header);
        measured("commitSlot");
    }

    function test_commitPage() public {
        as_(SCHEDULER);
        auction.commitSlot(header);
        as_(SCHEDULER);
        auction.commitPage(header.slot, 0, page);
        measured("commitPage of 20");
    }

    function test_approveOrder() public {
        as_(CONSUMER);
        auction.approveOrder(order);
        measured("approveOrder");
    }

    function test_cancelOrders() public {
        as_(CONSUMER);
        auction.cancelOrders(nonces);
        measured("cancelOrders of 2");
    }

    function test_cancelAsks() public {
        as_(PROVIDER);
        auction.cancelAsks(nonces);
        measured("cancelAsks of 2");
    }

    function test_buy() public {
        as_(CONSUMER);
        shop.buy(listing, listingSignature, 1, 3600, keccak256("work"), type(uint256).max);
        measured("buy");
    }

    function test_extend() public {
        as_(CONSUMER);
        shop.extend(bought, listing, listingSignature, 1, 3600, type(uint256).max);
        measured("extend");
    }

    function test_cancelListings() public {
        as_(PROVIDER);
        shop.cancelListings(nonces);
        measured("cancelListings of 2");
    }

    function test_settlePages() public {
        vm.warp(block.timestamp + 7500);
        leaseBook.settlePages(settlement);
        measured("settlePages of 20, at the end");
    }

    function test_settlePages_midway() public {
        vm.warp(block.timestamp + 1000);
        leaseBook.settlePages(settlement);
        measured("settlePages of 20, midway");
    }

    function test_settle_atTheEnd() public {
        vm.warp(block.timestamp + 7500);
        leaseBook.settle(follower);
        measured("settle, at the end");
    }

    function test_settle_midway() public {
        vm.warp(block.timestamp + 1000);
        vm.prank(PROVIDER);
        leaseBook.settle(follower);
        measured("settle, midway");
    }

    function test_settle_bought() public {
        vm.warp(block.timestamp + 7500);
        leaseBook.settle(bought);
        measured("settle of a Buy, at the end");
    }

    function test_close_byConsumer() public {
        as_(CONSUMER);
        leaseBook.close(follower);
        measured("close, by the consumer");
    }

    function test_close_byProvider() public {
        as_(PROVIDER);
        leaseBook.close(follower);
        measured("close, by the provider");
    }

    function test_leaveNow() public {
        as_(PROVIDER);
        leaseBook.leaveNow(follower);
        measured("leaveNow");
    }

    function test_deposit() public {
        as_(CONSUMER);
        vault.deposit(10 * USD);
        measured("deposit");
    }

    function test_withdraw() public {
        as_(CONSUMER);
        vault.withdraw(10 * USD);
        measured("withdraw");
    }

    function test_fundBidding() public {
        as_(CONSUMER);
        vault.fundBidding(10 * USD);
        measured("fundBidding, capped");
    }

    function test_requestUnbid() public {
        as_(CONSUMER);
        vault.requestUnbid(10 * USD);
        measured("requestUnbid");
    }

    function test_finishUnbid() public {
        as_(CONSUMER);
        vault.finishUnbid();
        measured("finishUnbid");
    }

    function test_setCaps() public {
        as_(CONSUMER);
        vault.setCaps(uint96(90_000 * USD), uint96(40_000 * USD));
        measured("setCaps");
    }

    function test_collectFees() public {
        vault.collectFees();
        measured("collectFees");
    }

    function test_register() public {
        as_(CONSUMER);
        registry.register(CONSUMER, CONSUMER, 100 * USD, "c");
        measured("register");
    }

    function test_addNodes() public {
        as_(PROVIDER);
        registry.addNodes(nodes);
        measured("addNodes of 1");
    }

    function test_rotateSigner() public {
        as_(PROVIDER);
        registry.rotateSigner(CONSUMER);
        measured("rotateSigner");
    }

    function test_raiseEpoch() public {
        as_(PROVIDER);
        registry.raiseEpoch(NODE);
        measured("raiseEpoch");
    }

    function test_startUnbonding() public {
        as_(PROVIDER);
        registry.startUnbonding();
        measured("startUnbonding");
    }

    /// @dev Commits and keeps a page of two hours' leases.
    function trade(uint256 nonce) private {
        (, Opened memory opened) = commit(deals(nonce));
        settlement = settlementOf(opened);
        follower = refOf(opened, 7);
    }

    function deals(uint256 nonce) private view returns (Deal[] memory list) {
        list = new Deal[](PAGE);
        for (uint256 i = 0; i < PAGE; ++i) {
            Order memory each = anOrder(nonce + i);
            list[i] = aDeal(each, bigAsk());
            list[i].shortlist = new uint32[](16);
        }
    }

    function bigAsk() private view returns (Ask memory ask) {
        ask = anAsk(NEW);
        ask.cards = 1_000;
    }

    function buy() private {
        vm.prank(CONSUMER);
        uint64 id = shop.buy(listing, listingSignature, 1, 7200, keccak256("work"), type(uint256).max);
        bought.pageId = id >> 8;
        bought.count = 1;
        bought.start = uint40(block.timestamp);
        bought.source = keccak256(abi.encodePacked(uint8(1), listingId(listing), NODE));
        bought.lease = Lease(CONSUMER, PROVIDER, uint96(listing.pricePerCardHour), 1, 7200);
    }

    function as_(address account) private {
        vm.prank(account);
    }

    function measured(string memory operation) private {
        vm.snapshotGasLastCall("operations", operation);
    }
}
