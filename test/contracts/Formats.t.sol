// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../../contracts/libraries/Accrual.sol";
import {Eip712} from "../../contracts/libraries/Eip712.sol";
import {LeasePages} from "../../contracts/libraries/LeasePages.sol";
import {Merkle} from "../../contracts/libraries/Merkle.sol";
import {PageReader} from "../../contracts/libraries/PageReader.sol";
import {Rea} from "../../contracts/libraries/Rea.sol";
import {Lease, LeaseRef} from "../../contracts/types/Lease.sol";
import {Ask, Listing, Order, SupplyKind} from "../../contracts/types/Trade.sol";
import {Formats} from "./support/Formats.sol";
import {Json, readJson} from "./support/Json.sol";
import {Assertions} from "./support/Vm.sol";

/// @notice The formats of ADR 0001 as the contracts compute them, against `test/vectors/formats.json`.
contract FormatsTest is Assertions {
    Formats private formats;
    Json private _vectors;
    uint256 private _chainId;
    address private _auction;

    function setUp() public {
        formats = new Formats();
        _vectors = readJson("test/vectors/formats.json");
        Json memory domain = _vectors.get("domain");
        (_chainId, _auction) = (domain.uintOf("chainId"), domain.addressOf("auction"));
    }

    function test_eip712_domainAndTypes() public view {
        eq(formats.domainSeparator(_chainId, _auction), _vectors.hashOf("domainSeparator"), "domain");
        eq(Eip712.ASK, _vectors.get("typeHashes").hashOf("Ask"), "Ask");
        eq(Eip712.LISTING, _vectors.get("typeHashes").hashOf("Listing"), "Listing");
        eq(Eip712.ORDER, _vectors.get("typeHashes").hashOf("Order"), "Order");
    }

    function test_eip712_asks() public view {
        Json memory cases = _vectors.get("asks");
        for (uint256 i = 0; i < some(cases); ++i) {
            Ask memory ask = readAsk(cases.item(i).get("message"));
            eq(formats.askId(_chainId, _auction, ask), cases.item(i).hashOf("id"), "ask id");
        }
    }

    function test_eip712_listings() public view {
        Json memory cases = _vectors.get("listings");
        for (uint256 i = 0; i < some(cases); ++i) {
            Listing memory listing = readListing(cases.item(i).get("message"));
            eq(formats.listingId(_chainId, _auction, listing), cases.item(i).hashOf("id"), "listing id");
        }
    }

    function test_eip712_orders() public view {
        Json memory cases = _vectors.get("orders");
        for (uint256 i = 0; i < some(cases); ++i) {
            Order memory order = readOrder(cases.item(i).get("message"));
            eq(formats.orderId(_chainId, _auction, order), cases.item(i).hashOf("id"), "order id");
        }
    }

    function test_names() public view {
        Json memory cases = _vectors.get("classes");
        for (uint256 i = 0; i < some(cases); ++i) {
            eq(keccak256(bytes(cases.item(i).textOf("name"))), cases.item(i).hashOf("id"), "class id");
        }
        cases = _vectors.get("nodes");
        for (uint256 i = 0; i < some(cases); ++i) {
            Json memory node = cases.item(i);
            bytes32 id = keccak256(abi.encodePacked(node.textOf("x"), "/", node.textOf("z")));
            eq(id, node.hashOf("id"), "node id");
        }
    }

    function test_requirements() public view {
        Json memory cases = _vectors.get("requirements");
        for (uint256 i = 0; i < some(cases); ++i) {
            bytes32[] memory classes = cases.item(i).hashesOf("classes");
            if (classes.length == 0) continue;
            eq(keccak256(abi.encodePacked(classes)), cases.item(i).hashOf("requirement"), "requirement");
        }
    }

    function test_matchLeaves() public view {
        Json memory cases = _vectors.get("matchLeaves");
        for (uint256 i = 0; i < some(cases); ++i) {
            bytes32 leaf = this.matchLeafOf(packed(cases.item(i)), cases.item(i));
            eq(leaf, leafOf(Merkle.MATCHES, cases.item(i).bytesOf("bytes")), "match leaf");
        }
    }

    /// @dev A match as a page carries it, as far as its leaf reads it.
    function packed(Json memory one) private view returns (bytes memory) {
        Json memory list = one.get("shortlist");
        uint256 count = list.count();
        bytes memory shortlist;
        for (uint256 i = 0; i < count; ++i) shortlist = bytes.concat(shortlist, bytes4(uint32(list.item(i).value())));
        return
            abi.encodePacked(
                uint32(0),
                uint16(one.uintOf("cards")),
                new bytes(75),
                uint8(one.uintOf("winner")),
                uint8(one.uintOf("runnerUp")),
                uint8(one.uintOf("step")),
                uint8(count),
                uint8(0),
                shortlist
            );
    }

    function matchLeafOf(bytes calldata data, Json memory one) external pure returns (bytes32) {
        uint256 offset;
        assembly ("memory-safe") {
            offset := data.offset
        }
        return
            PageReader.matchLeaf(
                offset,
                offset + PageReader.MATCH_HEAD,
                one.uintOf("skip"),
                one.hashOf("orderId"),
                one.hashOf("askId"),
                one.hashOf("node"),
                one.uintOf("price")
            );
    }

    function test_leaseLeaves() public view {
        Json memory cases = _vectors.get("leases");
        for (uint256 i = 0; i < some(cases); ++i) {
            Lease memory lease = readLease(cases.item(i));
            bytes32 wanted = leafOf(Merkle.LEASES, cases.item(i).bytesOf("bytes"));
            eq(LeasePages.leaf(lease), wanted, "lease leaf");
            uint256 terms = (uint256(lease.rate) << 48) | (uint256(lease.cards) << 32) | lease.duration;
            eq(PageReader.leaseLeaf(terms, lease.consumer, lease.provider), wanted, "the page's own");
        }
    }

    function test_proofs() public view {
        Json memory cases = _vectors.get("proofs");
        for (uint256 i = 0; i < some(cases); ++i) {
            Json memory one = cases.item(i);
            uint8 tag = uint8(one.uintOf("tag"));
            uint256 count = one.uintOf("count");
            bytes32 top = this.topOf(
                leafOf(tag, one.bytesOf("leaf")),
                one.uintOf("index"),
                count,
                one.hashesOf("siblings")
            );
            eq(keccak256(abi.encodePacked(uint8(2), tag, uint32(count), top)), one.hashOf("root"), "proof");
        }
    }

    function topOf(
        bytes32 leaf,
        uint256 index,
        uint256 count,
        bytes32[] calldata proof
    ) external pure returns (bytes32) {
        return Merkle.top(leaf, index, count, proof);
    }

    /// @notice Every leaf of a page proves itself, and no other place, count or leaf.
    function testFuzz_leasePages_proveTheirLeaves(uint8 count, uint8 index, bytes32 seed, uint8 other) public {
        uint256 n = bound(count, 1, 200);
        bytes32[] memory leaves = new bytes32[](n);
        for (uint256 i = 0; i < n; ++i) leaves[i] = LeasePages.leaf(aLease(seed, i));
        uint256 at_ = bound(index, 0, n - 1);
        LeaseRef memory ref;
        (ref.index, ref.count, ref.start, ref.source) = (uint8(at_), uint8(n), 7, seed);
        ref.lease = aLease(seed, at_);
        ref.proof = formats.proofOf(leaves, at_);
        bytes32 root = LeasePages.root(n, Merkle.topOf(leaves), 7, seed);
        eq(this.rootOf(ref), root, "proved");
        ref.lease = aLease(seed, n);
        ok(this.rootOf(ref) != root, "another lease");
        ref.lease = aLease(seed, at_);
        ref.index = uint8(bound(other, 0, n - 1));
        if (ref.index == at_) return;
        (bool done, bytes memory got) = address(this).call(abi.encodeCall(this.rootOf, (ref)));
        ok(!done || abi.decode(got, (bytes32)) != root, "another place");
    }

    function rootOf(LeaseRef calldata ref) external pure returns (bytes32) {
        return LeasePages.rootOf(ref);
    }

    function aLease(bytes32 seed, uint256 i) private pure returns (Lease memory) {
        uint256 drawn = uint256(keccak256(abi.encode(seed, i)));
        return Lease(address(uint160(drawn)), address(uint160(drawn >> 96)), uint96(drawn), 1, uint32(drawn >> 7));
    }

    function test_merkleRoots() public view {
        Json memory cases = _vectors.get("merkle");
        for (uint256 i = 0; i < some(cases); ++i) {
            Json memory tree = cases.item(i);
            uint8 tag = uint8(tree.uintOf("tag"));
            bytes32[] memory leaves = new bytes32[](tree.uintOf("count"));
            for (uint256 k = 0; k < leaves.length; ++k) {
                leaves[k] = leafOf(tag, tree.get("leaves").item(k).content());
            }
            eq(Merkle.root(tag, leaves), tree.hashOf("root"), "root");
        }
    }

    function test_clocksAndPrices() public view {
        Json memory cases = _vectors.get("clocks");
        for (uint256 i = 0; i < some(cases); ++i) {
            uint256[] memory g = Rea.clock(cases.item(i).uintOf("gammaWad"), 255);
            eq(g[255], cases.item(i).uintOf("last"), "g[255]");
            for (uint256 k = 0; k < 8; ++k) eq(g[k], cases.item(i).get("head").item(k).value(), "g[k]");
        }
        cases = _vectors.get("prices");
        for (uint256 i = 0; i < some(cases); ++i) {
            uint256 step = cases.item(i).uintOf("step");
            uint256[] memory g = Rea.clock(cases.item(i).uintOf("gammaWad"), step);
            uint128 price = Rea.priceAt(uint128(cases.item(i).uintOf("start")), g[step]);
            eq(price, cases.item(i).uintOf("price"), "price");
        }
    }

    function test_money() public view {
        Json memory cases = _vectors.get("money");
        for (uint256 i = 0; i < some(cases); ++i) {
            Json memory one = cases.item(i);
            (uint256 cards, uint256 rate) = (one.uintOf("cards"), one.uintOf("rate"));
            uint256 owed = Accrual.owed(cards, one.uintOf("seconds"), rate);
            eq(owed, one.uintOf("owed"), "owed");
            eq(Accrual.feeUp(owed, one.uintOf("feeBps")), one.uintOf("fee"), "fee");
            eq(Accrual.total(cards, one.uintOf("seconds"), rate, one.uintOf("feeBps")), one.uintOf("lock"), "lock");
        }
    }

    function some(Json memory cases) private view returns (uint256 items) {
        items = cases.count();
        ok(items > 0, cases.path);
    }

    function leafOf(uint8 tag, bytes memory data) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(uint8(0), tag, data));
    }

    function readLease(Json memory m) private pure returns (Lease memory) {
        return
            Lease({
                consumer: m.addressOf("consumer"),
                provider: m.addressOf("provider"),
                rate: uint96(m.uintOf("rate")),
                cards: uint16(m.uintOf("cards")),
                duration: uint32(m.uintOf("duration"))
            });
    }

    function readAsk(Json memory m) private pure returns (Ask memory) {
        return
            Ask({
                provider: m.addressOf("provider"),
                supply: m.hashOf("supply"),
                supplyKind: SupplyKind(m.uintOf("supplyKind")),
                nodeEpoch: uint32(m.uintOf("nodeEpoch")),
                resourceClass: m.hashOf("resourceClass"),
                region: m.hashOf("region"),
                cards: uint32(m.uintOf("cards")),
                reservePrice: uint128(m.uintOf("reservePrice")),
                validFrom: uint64(m.uintOf("validFrom")),
                validUntil: uint64(m.uintOf("validUntil")),
                nonce: m.uintOf("nonce")
            });
    }

    function readListing(Json memory m) private pure returns (Listing memory) {
        return
            Listing({
                provider: m.addressOf("provider"),
                node: m.hashOf("node"),
                nodeEpoch: uint32(m.uintOf("nodeEpoch")),
                resourceClass: m.hashOf("resourceClass"),
                region: m.hashOf("region"),
                cards: uint32(m.uintOf("cards")),
                pricePerCardHour: uint128(m.uintOf("pricePerCardHour")),
                validFrom: uint64(m.uintOf("validFrom")),
                validUntil: uint64(m.uintOf("validUntil")),
                nonce: m.uintOf("nonce")
            });
    }

    function readOrder(Json memory m) private pure returns (Order memory) {
        return
            Order({
                consumer: m.addressOf("consumer"),
                requirement: m.hashOf("requirement"),
                cards: uint32(m.uintOf("cards")),
                duration: uint32(m.uintOf("duration")),
                startPrice: uint128(m.uintOf("startPrice")),
                taskCompute: uint16(m.uintOf("taskCompute")),
                taskNetwork: uint16(m.uintOf("taskNetwork")),
                taskStorage: uint16(m.uintOf("taskStorage")),
                region: m.hashOf("region"),
                latestStart: uint64(m.uintOf("latestStart")),
                validUntil: uint64(m.uintOf("validUntil")),
                minReputation: uint16(m.uintOf("minReputation")),
                minTier: uint8(m.uintOf("minTier")),
                workload: m.hashOf("workload"),
                nonce: m.uintOf("nonce")
            });
    }
}
