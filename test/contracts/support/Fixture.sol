// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Auction} from "../../../contracts/Auction.sol";
import {Authority} from "../../../contracts/Authority.sol";
import {Bond} from "../../../contracts/Bond.sol";
import {Claims} from "../../../contracts/Claims.sol";
import {Clusters} from "../../../contracts/Clusters.sol";
import {LeaseBook} from "../../../contracts/LeaseBook.sol";
import {Market} from "../../../contracts/Market.sol";
import {Monitors} from "../../../contracts/Monitors.sol";
import {Oversold} from "../../../contracts/Oversold.sol";
import {ProviderRegistry} from "../../../contracts/ProviderRegistry.sol";
import {Receipts} from "../../../contracts/Receipts.sol";
import {Reputation} from "../../../contracts/Reputation.sol";
import {TestStablecoin} from "../../../contracts/TestStablecoin.sol";
import {Vault} from "../../../contracts/Vault.sol";
import {IAuction} from "../../../contracts/interfaces/IAuction.sol";
import {IProviderRegistry} from "../../../contracts/interfaces/IProviderRegistry.sol";
import {Merkle} from "../../../contracts/libraries/Merkle.sol";
import {Lease, LeaseRef} from "../../../contracts/types/Lease.sol";
import {Addresses, Parameters} from "../../../contracts/types/Parameters.sol";
import {Ask, Listing, Order, SlotHeader, SupplyKind} from "../../../contracts/types/Trade.sol";
import {Formats} from "./Formats.sol";
import {Deal, PageBytes} from "./PageBytes.sol";
import {Assertions, Vm, vm} from "./Vm.sol";

/// @notice A whole market with one provider, one consumer and the hands to trade with them.
abstract contract Fixture is Assertions {
    /// @dev A page as its event told it.
    struct Opened {
        uint64 pageId;
        uint40 start;
        bytes32 source;
        bytes accounts;
        bytes records;
    }

    uint256 internal constant USD = 1e6;
    uint256 internal constant START = 1_700_000_000;
    uint256 internal constant BOND_AMOUNT = 10_000_000 * USD;
    uint256 internal constant CONSUMER_KEY = 0xC0;
    uint256 internal constant PROVIDER_KEY = 0xB0;
    uint256 internal constant SIGNER_KEY = 0xB1;
    uint256 private constant RECORD = 157;
    bytes32 internal constant CLASS = keccak256("H100-SXM-80G");
    bytes32 internal constant REGION = keccak256("cn-310000");
    bytes32 internal constant NODE = keccak256("x/z");

    address internal immutable CONSUMER = vm.addr(CONSUMER_KEY);
    address internal immutable PROVIDER = vm.addr(PROVIDER_KEY);
    address internal constant PAYOUT = address(0xBEEF);
    uint256 internal constant SCHEDULER_KEY = 0x5CED;
    address internal immutable SCHEDULER = vm.addr(SCHEDULER_KEY);
    address internal constant TREASURY = address(0x7EA5);
    address internal constant ADMIN = address(0xAD);
    address internal constant AUDITOR = address(0xA0D);
    uint64 internal constant AUDITORS = 7;

    TestStablecoin internal token;
    Authority internal authority;
    Vault internal vault;
    ProviderRegistry internal registry;
    Clusters internal clusters;
    Reputation internal reputation;
    LeaseBook internal leaseBook;
    Monitors internal monitors;
    Market internal shop;
    Auction internal auction;
    Bond internal bond;
    Claims internal claims;
    Receipts internal receipts;
    Oversold internal oversold;
    Formats internal formats;

    function parameters() internal pure virtual returns (Parameters memory) {
        return
            Parameters({
                slotSeconds: 10,
                commitDeadlineSeconds: 60,
                gammaWad: 0.8e18,
                feeBps: 200,
                minLeaseSeconds: 60,
                maxLeaseSeconds: 31_536_000,
                minBillSeconds: 900,
                settleLagSeconds: 300,
                unbondSeconds: 604_800,
                minProviderStake: uint96(100 * USD),
                noticeSeconds: 3600,
                slashBps: 1000,
                noShowGraceSeconds: 120,
                faultOutageSeconds: 3600,
                monitorBond: uint96(1000 * USD),
                monitorQuorum: 2,
                claimWindowSeconds: 86_400,
                answerSeconds: 3600,
                claimDeposit: uint96(50 * USD),
                claimPenalty: uint96(1000 * USD),
                skipPenalty: uint96(10 * USD),
                quoteSeconds: 600,
                surplusShareBps: 5000
            });
    }

    /// @dev Deploys in the order of `contracts/deploy.ts`; the addresses follow from this contract's nonce.
    function deployMarket() internal {
        vm.warp(START);
        vm.roll(1000);
        formats = new Formats();
        token = newToken();
        Addresses memory a = addressesFrom(3);
        a.token = address(token);
        authority = new Authority(ADMIN, adminDelay(), pausable(a));
        vault = new Vault(a, parameters());
        registry = new ProviderRegistry(a, parameters());
        clusters = new Clusters(a, parameters());
        reputation = new Reputation(a, parameters());
        leaseBook = new LeaseBook(a, parameters());
        monitors = new Monitors(a, parameters(), named());
        shop = new Market(a, parameters());
        auction = new Auction(a, parameters());
        bond = new Bond(a, parameters());
        claims = new Claims(a, parameters());
        receipts = new Receipts(a, parameters());
        oversold = new Oversold(a, parameters());
        ok(address(auction) == vault.AUCTION() && address(registry) == vault.REGISTRY(), "addresses were predicted");
        fund(SCHEDULER, BOND_AMOUNT);
        vm.prank(SCHEDULER);
        bond.addBond(BOND_AMOUNT);
        // What is done in the first second would count as after every close of it.
        vm.warp(START + 1);
    }

    function adminDelay() internal view virtual returns (uint32) {
        return 0;
    }

    function pausable(Addresses memory a) private pure returns (address[] memory list) {
        list = new address[](3);
        (list[0], list[1], list[2]) = (a.vault, a.market, a.auction);
    }

    function newToken() internal virtual returns (TestStablecoin) {
        return new TestStablecoin();
    }

    /// @dev The contracts' addresses when this contract's `nonce`-th creation is the authority.
    function addressesFrom(uint256 nonce) internal view returns (Addresses memory a) {
        a.authority = _created(nonce);
        a.vault = _created(nonce + 1);
        a.registry = _created(nonce + 2);
        a.clusters = _created(nonce + 3);
        a.reputation = _created(nonce + 4);
        a.leaseBook = _created(nonce + 5);
        a.monitors = _created(nonce + 6);
        a.market = _created(nonce + 7);
        a.auction = _created(nonce + 8);
        a.bond = _created(nonce + 9);
        a.claims = _created(nonce + 10);
        a.receipts = _created(nonce + 11);
        a.oversold = _created(nonce + 12);
        a.scheduler = SCHEDULER;
        a.treasury = TREASURY;
    }

    function setUpMarket() internal {
        deployMarket();
        fund(CONSUMER, 1_000_000 * USD);
        vm.prank(CONSUMER);
        vault.fundBidding(500_000 * USD);
        fund(PROVIDER, 1_000 * USD);
        vm.prank(PROVIDER);
        registry.register(PAYOUT, vm.addr(SIGNER_KEY), 100 * USD, "p");
        addNode(PROVIDER, "z", 8);
        nameAuditor();
        vm.prank(AUDITOR);
        registry.attest(NODE, 3, keccak256("seen"));
        // The next slot closes after all of it.
        vm.warp(block.timestamp + 10);
    }

    /// @dev In ascending order of their addresses.
    function monitorKeys() internal pure returns (uint256[3] memory keys) {
        keys = [uint256(0xD1), 0xD2, 0xD3];
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < 2 - i; ++j) {
                if (vm.addr(keys[j]) > vm.addr(keys[j + 1])) (keys[j], keys[j + 1]) = (keys[j + 1], keys[j]);
            }
        }
    }

    function named() internal pure returns (address[] memory list) {
        list = new address[](3);
        for (uint256 i = 0; i < 3; ++i) list[i] = vm.addr(monitorKeys()[i]);
    }

    function bondMonitors() internal {
        for (uint256 i = 0; i < 3; ++i) {
            address monitor = vm.addr(monitorKeys()[i]);
            fund(monitor, 1000 * USD);
            vm.prank(monitor);
            monitors.bond(1000 * USD);
        }
    }

    /// @dev Two of the three say so.
    function wordsOf(
        uint64 leaseId,
        bytes32 node,
        uint40 from,
        uint40 to
    ) internal view returns (bytes[] memory words) {
        bytes32 digest = formats.outageId(address(auction), leaseId, node, from, to);
        words = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) words[i] = signature(monitorKeys()[i], digest);
    }

    /// @dev As the administration does: a role for the auditors, who alone attest.
    function nameAuditor() internal {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = registry.attest.selector;
        vm.prank(ADMIN);
        authority.setTargetFunctionRole(address(registry), selectors, AUDITORS);
        vm.prank(ADMIN);
        authority.grantRole(AUDITORS, AUDITOR, 0);
    }

    function fund(address account, uint256 amount) internal {
        token.mint(account, amount);
        vm.prank(account);
        token.approve(address(vault), amount);
        vm.prank(account);
        vault.deposit(amount);
    }

    function addNode(address provider, string memory z, uint16 cards) internal {
        IProviderRegistry.NodeListing[] memory nodes = new IProviderRegistry.NodeListing[](1);
        nodes[0] = IProviderRegistry.NodeListing("x", "y", z, "H100-SXM-80G", "cn-310000", cards, 400_000, 20_000);
        vm.prank(provider);
        registry.addNodes(nodes);
    }

    function anAsk(uint256 nonce) internal view returns (Ask memory) {
        return
            Ask({
                provider: PROVIDER,
                supply: NODE,
                supplyKind: SupplyKind.NODE,
                nodeEpoch: 0,
                resourceClass: CLASS,
                region: REGION,
                cards: 8,
                reservePrice: uint128(1 * USD),
                validFrom: uint64(START - 1000),
                validUntil: uint64(START + 1_000_000),
                nonce: nonce
            });
    }

    function aListing(uint256 nonce) internal view returns (Listing memory) {
        return
            Listing({
                provider: PROVIDER,
                node: NODE,
                nodeEpoch: 0,
                resourceClass: CLASS,
                region: REGION,
                cards: 8,
                pricePerCardHour: uint128(3 * USD),
                validFrom: uint64(START - 1000),
                validUntil: uint64(START + 1_000_000),
                nonce: nonce
            });
    }

    function anOrder(uint256 nonce) internal view returns (Order memory) {
        return
            Order({
                consumer: CONSUMER,
                requirement: CLASS,
                cards: 2,
                duration: 7200,
                startPrice: uint128(3 * USD),
                taskCompute: 2500,
                taskNetwork: 1,
                taskStorage: 2,
                region: 0,
                latestStart: uint64(START + 1_000_000),
                validUntil: uint64(START + 1_000_000),
                minReputation: 7,
                minTier: 3,
                workload: keccak256("work"),
                nonce: nonce
            });
    }

    function aDeal(Order memory order, Ask memory ask) internal view returns (Deal memory) {
        return signedDeal(order, CONSUMER_KEY, ask, SIGNER_KEY, 0);
    }

    function signedDeal(
        Order memory order,
        uint256 orderKey,
        Ask memory ask,
        uint256 askKey,
        uint8 step
    ) internal view returns (Deal memory deal) {
        deal.order = order;
        deal.orderSignature = signature(orderKey, orderId(order));
        deal.ask = ask;
        deal.askSignature = signature(askKey, askId(ask));
        deal.runnerUp = 255;
        deal.step = step;
        deal.shortlist = new uint32[](1);
    }

    function orderId(Order memory order) internal view returns (bytes32) {
        return formats.orderId(block.chainid, address(auction), order);
    }

    function askId(Ask memory ask) internal view returns (bytes32) {
        return formats.askId(block.chainid, address(auction), ask);
    }

    function listingId(Listing memory listing) internal view returns (bytes32) {
        return formats.listingId(block.chainid, address(auction), listing);
    }

    function signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function currentSlot() internal view returns (uint64) {
        return uint64(block.timestamp / parameters().slotSeconds);
    }

    function slotEnd(uint64 slot) internal pure returns (uint256) {
        return (uint256(slot) + 1) * parameters().slotSeconds;
    }

    /// @dev Time moves past the end of the slot, and far enough in blocks for the seed to exist.
    function aHeader(uint64 slot, uint16 pages, uint32 matches) internal returns (SlotHeader memory header) {
        if (block.timestamp < slotEnd(slot)) vm.warp(slotEnd(slot));
        vm.roll(block.number + 3);
        header.slot = slot;
        header.closeBlock = uint64(block.number - 2);
        header.seed = blockhash(block.number - 1);
        header.gammaWad = parameters().gammaWad;
        header.pageCount = pages;
        header.matchCount = matches;
    }

    /// @dev Commits the present slot with one page; returns the reason each deal was skipped for, `NONE` for filled.
    function commit(Deal[] memory deals) internal returns (IAuction.Skip[] memory reasons, Opened memory opened) {
        return commitAt(currentSlot(), deals);
    }

    function commitAt(
        uint64 slot,
        Deal[] memory deals
    ) internal returns (IAuction.Skip[] memory reasons, Opened memory opened) {
        SlotHeader memory header = aHeader(slot, 1, uint32(deals.length));
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        return commitPageOf(header, 0, deals);
    }

    /// @dev The deals go in clearing order; the reasons come in the order given.
    function commitPageOf(
        SlotHeader memory header,
        uint16 page,
        Deal[] memory deals
    ) internal returns (IAuction.Skip[] memory reasons, Opened memory opened) {
        Deal[] memory sorted = inClearingOrder(deals, header.seed);
        vm.recordLogs();
        vm.prank(SCHEDULER);
        auction.commitPage(header.slot, page, PageBytes.encode(sorted));
        opened = readPage(header.slot);
        reasons = new IAuction.Skip[](deals.length);
        for (uint256 i = 0; i < deals.length; ++i) reasons[i] = skipOf(opened, orderId(deals[i].order));
    }

    function commitOne(Deal memory deal) internal returns (IAuction.Skip reason, Opened memory opened) {
        IAuction.Skip[] memory reasons;
        (reasons, opened) = commit(only(deal));
        return (reasons[0], opened);
    }

    function only(Deal memory deal) internal pure returns (Deal[] memory deals) {
        deals = new Deal[](1);
        deals[0] = deal;
    }

    function inClearingOrder(Deal[] memory deals, bytes32 seed) internal view returns (Deal[] memory sorted) {
        sorted = new Deal[](deals.length);
        for (uint256 i = 0; i < deals.length; ++i) {
            uint256 at_ = i;
            for (; at_ > 0 && clearingKey(sorted[at_ - 1], seed) > clearingKey(deals[i], seed); --at_)
                sorted[at_] = sorted[at_ - 1];
            sorted[at_] = deals[i];
        }
    }

    function clearingKey(Deal memory deal, bytes32 seed) internal view returns (uint256) {
        return uint256(keccak256(abi.encodePacked(orderId(deal.order), seed)));
    }

    /// @dev The lease of record `index`, proved by hand.
    function refOf(Opened memory page, uint256 index) internal view returns (LeaseRef memory ref) {
        uint256 count = page.records.length / RECORD;
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) leaves[i] = leafOf(leaseOf(page, i));
        ref.pageId = page.pageId;
        ref.index = uint8(index);
        ref.count = uint8(count);
        ref.start = page.start;
        ref.source = page.source;
        ref.lease = leaseOf(page, index);
        ref.proof = formats.proofOf(leaves, index);
    }

    /// @dev What proves a lease that was bought: a page of one.
    function boughtLease(
        uint64 id,
        Listing memory listing,
        uint16 cards,
        uint32 duration,
        uint40 start
    ) internal view returns (LeaseRef memory ref) {
        ref.pageId = id >> 8;
        ref.count = 1;
        ref.start = start;
        ref.source = keccak256(abi.encodePacked(uint8(1), listingId(listing), listing.node));
        ref.lease = Lease(CONSUMER, PROVIDER, uint96(listing.pricePerCardHour), cards, duration);
    }

    function leaseOf(Opened memory page, uint256 index) internal pure returns (Lease memory lease) {
        uint256 base = RECORD * index + 137;
        lease.rate = uint96(number(page.records, base, 12));
        lease.cards = uint16(number(page.records, base + 12, 2));
        lease.duration = uint32(number(page.records, base + 14, 4));
        lease.consumer = address(uint160(number(page.accounts, 20 * number(page.records, base + 18, 1), 20)));
        lease.provider = address(uint160(number(page.accounts, 20 * number(page.records, base + 19, 1), 20)));
    }

    function leafOf(Lease memory l) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint16(6), l.rate, l.cards, l.duration, l.consumer, l.provider));
    }

    /// @dev The page as `settlePages` takes it.
    function settlementOf(Opened memory page) internal pure returns (bytes memory data) {
        uint256 count = page.records.length / RECORD;
        bytes memory leases;
        for (uint256 i = 0; i < count; ++i) {
            for (uint256 j = 137; j < RECORD; ++j) leases = bytes.concat(leases, page.records[RECORD * i + j]);
        }
        data = abi.encodePacked(page.pageId, page.start, page.source, uint8(page.accounts.length / 20), page.accounts);
        return bytes.concat(data, bytes1(uint8(count)), leases);
    }

    function available(address account) internal view returns (uint256 amount) {
        (amount, , , ) = vault.balanceOf(account);
    }

    function bidding(address account) internal view returns (uint256 amount) {
        (, amount, , ) = vault.balanceOf(account);
    }

    function locked() internal view returns (uint256 amount) {
        (amount, , ) = vault.totals();
    }

    function fees() internal view returns (uint256 amount) {
        (, amount, ) = vault.totals();
    }

    function eq(IAuction.Skip got, IAuction.Skip wanted, string memory what) internal pure {
        eq(uint256(got), uint256(wanted), what);
    }

    /// @dev Big-endian bytes of `data` as a number.
    function number(bytes memory data, uint256 at_, uint256 size) internal pure returns (uint256 value) {
        for (uint256 i = 0; i < size; ++i) value = (value << 8) | uint8(data[at_ + i]);
    }

    /// @dev The last `PageCommitted` among the recorded logs.
    function readPage(uint64 slot) internal returns (Opened memory opened) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IAuction.PageCommitted.selector) continue;
            uint16 page;
            bytes32 matchRoot;
            (page, opened.start, matchRoot, opened.accounts, opened.records) = abi.decode(
                logs[i].data,
                (uint16, uint40, bytes32, bytes, bytes)
            );
            opened.pageId = uint64(uint256(logs[i].topics[2]));
            opened.source = keccak256(abi.encodePacked(uint8(0), slot, page, matchRoot));
        }
    }

    function skipOf(Opened memory opened, bytes32 order) internal pure returns (IAuction.Skip) {
        return IAuction.Skip(number(opened.records, RECORD * placeOf(opened, order), 1));
    }

    function placeOf(Opened memory opened, bytes32 order) internal pure returns (uint256 index) {
        for (; RECORD * index < opened.records.length; ++index) {
            if (bytes32(number(opened.records, RECORD * index + 1, 32)) == order) return index;
        }
        revert NotTrue("the order is in the page");
    }

    /// @dev The address of this contract's `nonce`-th creation (1 to 127).
    function _created(uint256 nonce) internal view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), uint8(nonce))))));
    }
}
