// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Auction} from "../../../contracts/Auction.sol";
import {LeaseBook} from "../../../contracts/LeaseBook.sol";
import {ProviderRegistry} from "../../../contracts/ProviderRegistry.sol";
import {TestStablecoin} from "../../../contracts/TestStablecoin.sol";
import {Vault} from "../../../contracts/Vault.sol";
import {IAuction} from "../../../contracts/interfaces/IAuction.sol";
import {IProviderRegistry} from "../../../contracts/interfaces/IProviderRegistry.sol";
import {Parameters} from "../../../contracts/types/Parameters.sol";
import {Ask, Listing, Match, Order, SlotHeader, SupplyKind} from "../../../contracts/types/Trade.sol";
import {Formats} from "./Formats.sol";
import {Assertions, Vm, vm} from "./Vm.sol";

/// @notice A whole market with one provider, one consumer and the hands to trade with them.
abstract contract Market is Assertions {
    uint256 internal constant USD = 1e6;
    uint256 internal constant START = 1_700_000_000;
    uint256 internal constant CONSUMER_KEY = 0xC0;
    uint256 internal constant PROVIDER_KEY = 0xB0;
    uint256 internal constant SIGNER_KEY = 0xB1;
    bytes32 internal constant CLASS = keccak256("H100-SXM-80G");
    bytes32 internal constant REGION = keccak256("cn-310000");
    bytes32 internal constant NODE = keccak256("x/z");

    address internal immutable CONSUMER = vm.addr(CONSUMER_KEY);
    address internal immutable PROVIDER = vm.addr(PROVIDER_KEY);
    address internal constant PAYOUT = address(0xBEEF);
    address internal constant SCHEDULER = address(0x5CED);
    address internal constant TREASURY = address(0x7EA5);

    TestStablecoin internal token;
    Vault internal vault;
    ProviderRegistry internal registry;
    LeaseBook internal leaseBook;
    Auction internal auction;
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
                minProviderStake: uint128(100 * USD)
            });
    }

    /// @dev Deploys in the order of `contracts/deploy.ts`; the addresses follow from this contract's nonce.
    function deployMarket() internal {
        vm.warp(START);
        vm.roll(1000);
        formats = new Formats();
        token = new TestStablecoin();
        uint256 nonce = 3;
        vault = new Vault(token, _created(nonce + 1), _created(nonce + 3), _created(nonce + 2), parameters());
        registry = new ProviderRegistry(vault, parameters());
        leaseBook = new LeaseBook(vault, registry, _created(nonce + 3), TREASURY, parameters());
        auction = new Auction(vault, registry, leaseBook, SCHEDULER, parameters());
        ok(address(auction) == vault.AUCTION() && address(registry) == vault.REGISTRY(), "addresses were predicted");
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
    }

    function fund(address account, uint256 amount) internal {
        token.mint(account, amount);
        vm.prank(account);
        token.approve(address(vault), amount);
        vm.prank(account);
        vault.deposit(amount);
    }

    function addNode(address provider, string memory z, uint32 cards) internal {
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
                taskNetwork: 0,
                taskStorage: 0,
                region: 0,
                latestStart: uint64(START + 1_000_000),
                validUntil: uint64(START + 1_000_000),
                minReputation: 0,
                minTier: 0,
                workload: keccak256("work"),
                nonce: nonce
            });
    }

    function aMatch(Order memory order, Ask memory ask) internal view returns (Match memory) {
        return signedMatch(order, CONSUMER_KEY, ask, SIGNER_KEY, 0);
    }

    function signedMatch(
        Order memory order,
        uint256 orderKey,
        Ask memory ask,
        uint256 askKey,
        uint8 step
    ) internal view returns (Match memory cleared) {
        cleared.order = order;
        cleared.orderSignature = signature(orderKey, orderId(order));
        cleared.ask = ask;
        cleared.askSignature = signature(askKey, askId(ask));
        cleared.step = step;
        cleared.shortlist = new bytes32[](1);
        cleared.shortlist[0] = askId(ask);
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

    /// @dev Time moves past the end of the slot, and far enough in blocks for the seed to exist.
    function aHeader(uint64 slot, uint16 pages) internal returns (SlotHeader memory header) {
        uint256 end = (uint256(slot) + 1) * parameters().slotSeconds;
        if (block.timestamp < end) vm.warp(end);
        vm.roll(block.number + 3);
        header.slot = slot;
        header.closeBlock = uint64(block.number - 2);
        header.seed = blockhash(block.number - 1);
        header.gammaWad = parameters().gammaWad;
        header.pageCount = pages;
    }

    /// @dev Commits the present slot with one page; returns the reason each match was skipped for, `NONE` for filled.
    function commit(Match[] memory matches) internal returns (IAuction.Skip[] memory reasons) {
        SlotHeader memory header = aHeader(currentSlot(), 1);
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        return commitPageOf(header.slot, 0, matches);
    }

    function commitPageOf(
        uint64 slot,
        uint16 page,
        Match[] memory matches
    ) internal returns (IAuction.Skip[] memory reasons) {
        vm.recordLogs();
        vm.prank(SCHEDULER);
        auction.commitPage(slot, page, matches);
        reasons = new IAuction.Skip[](matches.length);
        _readSkips(reasons);
    }

    function commitOne(Match memory cleared) internal returns (IAuction.Skip) {
        Match[] memory matches = new Match[](1);
        matches[0] = cleared;
        return commit(matches)[0];
    }

    function one(uint64 id) internal pure returns (uint64[] memory ids) {
        ids = new uint64[](1);
        ids[0] = id;
    }

    function available(address account) internal view returns (uint256 amount) {
        (amount, , , ) = vault.balanceOf(account);
    }

    function bidding(address account) internal view returns (uint256 amount) {
        (, amount, , ) = vault.balanceOf(account);
    }

    function _readSkips(IAuction.Skip[] memory reasons) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IAuction.MatchSkipped.selector) continue;
            (, uint16 index, IAuction.Skip reason) = abi.decode(logs[i].data, (uint16, uint16, IAuction.Skip));
            reasons[index] = reason;
        }
    }

    /// @dev The address of this contract's `nonce`-th creation (1 to 127).
    function _created(uint256 nonce) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), uint8(nonce))))));
    }
}
