// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accrual} from "../../contracts/libraries/Accrual.sol";
import {Eip712} from "../../contracts/libraries/Eip712.sol";
import {Merkle} from "../../contracts/libraries/Merkle.sol";
import {Rea} from "../../contracts/libraries/Rea.sol";
import {Ask, Listing, Match, Order, SupplyKind} from "../../contracts/types/Trade.sol";
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
            bytes32 requirement = cases.item(i).hashOf("requirement");
            bytes32[] memory classes = cases.item(i).hashesOf("classes");
            bytes32 other = keccak256("a class nobody has");
            bytes32 first = classes.length == 0 ? requirement : classes[0];
            ok(formats.allows(requirement, classes, first), "allows its first");
            ok(
                formats.allows(requirement, classes, other) == (requirement == 0),
                "allows another only when any will do"
            );
            if (classes.length == 0) continue;
            ok(formats.allows(requirement, classes, classes[classes.length - 1]), "allows its last");
            ok(!formats.allows(requirement, new bytes32[](0), classes[0]), "needs the classes");
            (classes[0], classes[1]) = (classes[1], classes[0]);
            ok(!formats.allows(requirement, classes, classes[0]), "needs them ascending");
        }
    }

    /// @dev One set of classes has one requirement: lists in another order, with a repetition, or of one id, name nothing.
    function test_requirements_haveOneText() public view {
        bytes32[] memory classes = new bytes32[](2);
        (classes[0], classes[1]) = (bytes32(uint256(2)), bytes32(uint256(1)));
        ok(!formats.allows(keccak256(abi.encodePacked(classes)), classes, classes[0]), "descending");
        classes[1] = classes[0];
        ok(!formats.allows(keccak256(abi.encodePacked(classes)), classes, classes[0]), "repeated");
        classes = new bytes32[](1);
        ok(!formats.allows(keccak256(abi.encodePacked(classes)), classes, classes[0]), "one alone");
        for (uint256 length = 16; length <= 17; ++length) {
            classes = new bytes32[](length);
            for (uint256 i = 0; i < length; ++i) classes[i] = bytes32(i + 1);
            bool allowed = formats.allows(keccak256(abi.encodePacked(classes)), classes, classes[15]);
            ok(allowed == (length == 16), "sixteen at most");
        }
    }

    function test_matchLeaves() public view {
        Json memory cases = _vectors.get("matchLeaves");
        for (uint256 i = 0; i < some(cases); ++i) {
            Json memory one = cases.item(i);
            Match memory cleared;
            cleared.runnerUp = one.hashOf("runnerUp");
            cleared.step = uint8(one.uintOf("step"));
            cleared.shortlist = one.hashesOf("shortlist");
            bytes32 leaf = formats.matchLeaf(
                one.hashOf("orderId"),
                one.hashOf("askId"),
                uint128(one.uintOf("price")),
                cleared
            );
            eq(leaf, Merkle.leaf(Merkle.MATCHES, one.bytesOf("bytes")), "match leaf");
        }
    }

    function test_merkleRoots() public view {
        Json memory cases = _vectors.get("merkle");
        for (uint256 i = 0; i < some(cases); ++i) {
            Json memory tree = cases.item(i);
            uint8 tag = uint8(tree.uintOf("tag"));
            bytes32[] memory leaves = new bytes32[](tree.uintOf("count"));
            for (uint256 k = 0; k < leaves.length; ++k) {
                leaves[k] = Merkle.leaf(tag, tree.get("leaves").item(k).content());
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
