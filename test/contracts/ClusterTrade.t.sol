// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../contracts/interfaces/IAuction.sol";
import {IClusters} from "../../contracts/interfaces/IClusters.sol";
import {IMarket} from "../../contracts/interfaces/IMarket.sol";
import {IProviderRegistry} from "../../contracts/interfaces/IProviderRegistry.sol";
import {LeaseRef} from "../../contracts/types/Lease.sol";
import {Ask, Listing, Order, SlotHeader, SupplyKind} from "../../contracts/types/Trade.sol";
import {Deal} from "./support/PageBytes.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice Two nodes of two providers bid as one, in the real market.
contract ClusterTradeTest is Fixture {
    uint256 private constant OTHER_KEY = 0xE1;
    bytes32 private constant OTHER_NODE = keccak256("x/z1");
    address private immutable OTHER = vm.addr(OTHER_KEY);
    uint256 private constant LAG = 300;

    uint40 private from;

    function setUp() public {
        setUpMarket();
        bondMonitors();
        fund(OTHER, 1000 * USD);
        vm.prank(OTHER);
        registry.register(OTHER, OTHER, 200 * USD, "");
        addNode(OTHER, "z1", 8);
        vm.warp(block.timestamp + 10);
        from = uint40(block.timestamp);
    }

    function test_cluster_winsAndSharesByPower() public {
        bytes32 cluster = form();
        (IAuction.Skip reason, Opened memory page) = commitOne(clusterDeal(cluster, 2));
        eq(reason, IAuction.Skip.NONE, "filled, without a signature");
        address account = accountOf(cluster);
        ok(leaseOf(page, 0).provider == account, "the cluster's account");
        vm.warp(page.start + 7200 + LAG);
        leaseBook.settlePages(settlementOf(page));
        eq(available(account), 12 * USD, "paid to it");
        clusters.distribute(cluster);
        eq(available(account), 0, "all of it shared");
        eq(available(PAYOUT), 9 * USD, "three quarters");
        eq(available(OTHER), 800 * USD + 3 * USD, "one quarter");
        eq(locked(), 0, "nothing held");
        uint40 tomorrow = uint40(block.timestamp + 1 days);
        ok(reputation.scoreAt(PROVIDER, tomorrow) > reputation.scoreAt(OTHER, tomorrow), "outcomes by power");
        eq(reputation.scoreAt(account, tomorrow), reputation.scoreAt(OTHER, tomorrow), "the least of them");
        vm.expectRevert(abi.encodeWithSelector(IClusters.NothingToDistribute.selector, cluster));
        clusters.distribute(cluster);
    }

    function test_cluster_countsFromTheNextClose() public {
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        from = uint40(block.timestamp);
        bytes32 cluster = form();
        Deal memory cleared = clusterDeal(cluster, 1);
        (IAuction.Skip[] memory reasons, ) = commitPageOf(header, 0, only(cleared));
        eq(reasons[0], IAuction.Skip.ASK_SIGNATURE, "formed after the close");
        vm.warp(block.timestamp + 10);
        (IAuction.Skip reason, ) = commitOne(cleared);
        eq(reason, IAuction.Skip.NONE, "from the next one on");
    }

    function test_cluster_sellsNoMoreThanItsScarcestMember() public {
        bytes32 cluster = form();
        (IAuction.Skip reason, ) = commitOne(clusterDeal(cluster, 5));
        eq(reason, IAuction.Skip.QUANTITY, "four cards");
        Deal memory cleared = clusterDeal(cluster, 4);
        cleared.order.nonce = 2;
        (reason, ) = commitOne(signed(cleared));
        eq(reason, IAuction.Skip.NONE, "all four");
        cleared.order.nonce = 3;
        cleared.order.cards = 1;
        (reason, ) = commitOne(signed(cleared));
        eq(reason, IAuction.Skip.QUANTITY, "sold out");
    }

    function test_cluster_forgedAskIsSkipped() public {
        bytes32 cluster = form();
        Deal memory cleared = clusterDeal(cluster, 1);
        cleared.ask.reservePrice -= 1;
        (IAuction.Skip reason, ) = commitOne(cleared);
        eq(reason, IAuction.Skip.ASK_SIGNATURE, "not what was formed");
        cleared.ask.reservePrice += 1;
        vm.warp(from + 7200);
        (reason, ) = commitOne(cleared);
        eq(reason, IAuction.Skip.ASK_EXPIRED, "the cycle is over");
    }

    /// @dev While it lasts, the members offer nothing by themselves; afterwards they do again.
    function test_cluster_holdsItsNodes() public {
        form();
        (IAuction.Skip reason, ) = commitOne(aDeal(anOrder(7), anAsk(7)));
        eq(reason, IAuction.Skip.IN_CLUSTER, "the auction");
        Listing memory listing = aListing(1);
        bytes memory signature_ = signature(SIGNER_KEY, listingId(listing));
        vm.prank(CONSUMER);
        vm.expectRevert(abi.encodeWithSelector(IMarket.NodeInCluster.selector, NODE, from + 7200));
        shop.buy(listing, signature_, 1, 7200, 0, type(uint256).max);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NodeInCluster.selector, 0, from + 7200));
        registry.startUnbonding();
        vm.warp(from + 7201);
        (reason, ) = commitOne(aDeal(anOrder(7), anAsk(7)));
        eq(reason, IAuction.Skip.NONE, "again its own");
        vm.prank(PROVIDER);
        registry.startUnbonding();
    }

    /// @dev The node's own ask of a slot that closed before the cluster was formed still holds.
    function test_cluster_leavesClosedSlotsAlone() public {
        SlotHeader memory header = aHeader(currentSlot(), 1, 1);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        from = uint40(block.timestamp);
        form();
        (IAuction.Skip[] memory reasons, ) = commitPageOf(header, 0, only(aDeal(anOrder(7), anAsk(7))));
        eq(reasons[0], IAuction.Skip.NONE, "as of the close");
    }

    function test_cluster_tierAndScoreAreTheLeast() public {
        bytes32 cluster = form();
        Deal memory cleared = clusterDeal(cluster, 1);
        cleared.order.minTier = 1;
        (IAuction.Skip reason, ) = commitOne(signed(cleared));
        eq(reason, IAuction.Skip.TIER, "the other node has none");
        vm.prank(AUDITOR);
        registry.attest(OTHER_NODE, 1, 0);
        (reason, ) = commitOne(cleared);
        eq(reason, IAuction.Skip.NONE, "now it has");
        cleared.order.nonce = 2;
        cleared.order.minReputation = 5001;
        (reason, ) = commitOne(signed(cleared));
        eq(reason, IAuction.Skip.REPUTATION, "newcomers both");
    }

    function test_cluster_faultCostsEveryMember() public {
        bytes32 cluster = form();
        (, Opened memory page) = commitOne(clusterDeal(cluster, 4));
        LeaseRef memory ref = refOf(page, 0);
        uint64 id = ref.pageId << 8;
        vm.warp(page.start + 120);
        leaseBook.attestOutage(
            ref,
            NODE,
            page.start,
            page.start + 120,
            wordsOf(id, NODE, page.start, page.start + 120)
        );
        (, , , uint256 staked) = vault.balanceOf(PROVIDER);
        eq(staked, 91 * USD, "three quarters of 12");
        (, , , staked) = vault.balanceOf(OTHER);
        eq(staked, 197 * USD, "one quarter");
        eq(available(TREASURY), 6 * USD, "half to the treasury");
    }

    /// @dev Members' stakes stay until the cluster's leases end.
    function test_cluster_leaseHoldsTheMembersStakes() public {
        bytes32 cluster = form();
        Deal memory cleared = clusterDeal(cluster, 1);
        cleared.order.duration = 700_000;
        commitOne(signed(cleared));
        uint256 end = block.timestamp + 700_000;
        vm.warp(from + 7201);
        vm.prank(OTHER);
        registry.startUnbonding();
        vm.warp(end - 1);
        vm.prank(OTHER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.UnbondNotReady.selector, uint64(end)));
        registry.exit();
        vm.warp(end);
        vm.prank(OTHER);
        registry.exit();
    }

    function test_clusterNode_failsForStrangers() public {
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NotProtocol.selector, address(this)));
        registry.clusterNode(NODE, PROVIDER, 0, 1);
    }

    function test_attest_isTheAuditorsAlone() public {
        vm.expectRevert();
        registry.attest(NODE, 1, 0);
        bytes32 nobodys = keccak256("nobody's");
        vm.prank(AUDITOR);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NodeUnknown.selector, nobodys));
        registry.attest(nobodys, 1, 0);
        IProviderRegistry.Attestation memory held = registry.attestationOf(NODE);
        ok(held.auditor == AUDITOR && held.tier == 3 && held.evidence == keccak256("seen"), "its name stays");
        uint40 ready = held.since + 70;
        vm.prank(AUDITOR);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.TooSoon.selector, ready));
        registry.attest(NODE, 1, 0);
        vm.warp(ready);
        vm.prank(AUDITOR);
        registry.attest(NODE, 1, 0);
        eq(registry.tierAt(NODE, ready), 3, "closed slots saw the old one");
        eq(registry.tierAt(NODE, ready + 1), 1, "later ones the new");
    }

    // ── hands ──

    /// @dev Four cards at 2 USD: PROVIDER with power 300, OTHER with 100.
    function form() private returns (bytes32) {
        IClusters.Consent[] memory consents = new IClusters.Consent[](2);
        (uint256 mine, uint256 others) = NODE < OTHER_NODE ? (0, 1) : (1, 0);
        consents[mine] = IClusters.Consent(PROVIDER, NODE, 0, 8, 300, uint96(2 * USD), from, from + 7200, 1);
        consents[others] = IClusters.Consent(OTHER, OTHER_NODE, 0, 4, 100, uint96(USD), from, from + 7200, 1);
        bytes memory members;
        for (uint256 i = 0; i < 2; ++i) members = abi.encodePacked(members, consents[i].node, consents[i].power);
        bytes[] memory signatures = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            consents[i].members = keccak256(members);
            signatures[i] = signature(
                i == mine ? SIGNER_KEY : OTHER_KEY,
                formats.consentId(address(auction), consents[i])
            );
        }
        return clusters.form(CLASS, REGION, consents, signatures);
    }

    function clusterDeal(bytes32 cluster, uint32 cards) private view returns (Deal memory cleared) {
        Ask memory ask = anAsk(0);
        ask.provider = accountOf(cluster);
        (ask.supply, ask.supplyKind) = (cluster, SupplyKind.CLUSTER);
        (ask.cards, ask.reservePrice) = (4, uint128(2 * USD));
        (ask.validFrom, ask.validUntil) = (from, from + 7200);
        Order memory order = anOrder(1);
        (order.cards, order.minTier) = (cards, 0);
        cleared = aDeal(order, ask);
        cleared.askSignature = "";
    }

    function signed(Deal memory cleared) private view returns (Deal memory) {
        cleared.orderSignature = signature(CONSUMER_KEY, orderId(cleared.order));
        return cleared;
    }

    function accountOf(bytes32 cluster) private pure returns (address) {
        return address(uint160(uint256(cluster)));
    }
}
