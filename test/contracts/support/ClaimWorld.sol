// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "../../../contracts/interfaces/IAuction.sol";
import {IBond} from "../../../contracts/interfaces/IBond.sol";
import {Rea} from "../../../contracts/libraries/Rea.sol";
import {AskProof, Case, MatchProof, OrderProof, Verdict} from "../../../contracts/types/Claim.sol";
import {Ask, Order, SlotHeader} from "../../../contracts/types/Trade.sol";
import {Deal} from "./PageBytes.sol";
import {Fixture} from "./Fixture.sol";
import {Vm, vm} from "./Vm.sol";

/// @notice A slot with its trees: four providers with a node and an ask each, orders, and the hands to clear them rightly or not.
abstract contract ClaimWorld is Fixture {
    address internal constant CHALLENGER = address(0xCA11);
    uint256 internal constant ASKS = 4;
    uint256 internal constant LEAF_FREE = 8;

    AskProof[] private _asks;
    OrderProof[] private _orders;
    MatchProof[] private _matches;
    SlotHeader internal header;
    /// @dev What the slot is made of, by index in its tree.
    Deal[] private _deals;
    bytes32 internal seed;
    bytes32 private _salt;

    function setUpWorld() internal {
        setUpMarket();
        fund(CHALLENGER, 1000 * USD);
        for (uint256 i = 1; i < ASKS; ++i) {
            fund(provider(i), 1000 * USD);
            vm.prank(provider(i));
            registry.register(provider(i), provider(i), 100 * USD, "");
            addNode(provider(i), nodeName(i), 8);
        }
        vm.warp((block.timestamp / 10 + 2) * 10);
    }

    /// @dev Adds the ask of the `i`-th provider to the slot; its node is in another state than the others.
    function addAsk(uint256 i, uint256 reserve) internal returns (bytes32) {
        return addAskOf(i, reserve, 1, uint16(100 * i));
    }

    function addAskOf(uint256 i, uint256 reserve, uint256 nonce, uint16 network) internal returns (bytes32) {
        AskProof storage leaf = _asks.push();
        leaf.ask = anAsk(nonce);
        leaf.ask.provider = provider(i);
        leaf.ask.supply = node(i);
        leaf.ask.reservePrice = uint128(reserve);
        (leaf.left, leaf.idle) = (uint16(LEAF_FREE), uint16(LEAF_FREE));
        (leaf.compute, leaf.network, leaf.storage_) = (2500, network, 7);
        leaf.entropyMicroBits = uint32(469_000 + 11 * i);
        leaf.reputation = 5000;
        leaf.tier = 3;
        return askId(leaf.ask);
    }

    function addOrder(uint256 nonce, uint32 cards) internal returns (bytes32) {
        OrderProof storage leaf = _orders.push();
        leaf.order = anOrder(nonce);
        leaf.order.cards = cards;
        leaf.order.minTier = 0;
        leaf.position = 1;
        return orderId(leaf.order);
    }

    /// @dev Sorts the leaves; from now on indices are those of the trees.
    function close() internal {
        for (uint256 i = 0; i < _asks.length; ++i) {
            for (uint256 j = i; j > 0 && askId(_asks[j - 1].ask) > askId(_asks[j].ask); --j) {
                AskProof memory before = _asks[j - 1];
                _asks[j - 1] = _asks[j];
                _asks[j] = before;
            }
        }
        for (uint256 i = 0; i < _orders.length; ++i) {
            for (uint256 j = i; j > 0 && orderId(_orders[j - 1].order) > orderId(_orders[j].order); --j) {
                OrderProof memory before = _orders[j - 1];
                _orders[j - 1] = _orders[j];
                _orders[j] = before;
            }
        }
        for (uint32 i = 0; i < _asks.length; ++i) _asks[i].index = i;
        for (uint32 i = 0; i < _orders.length; ++i) _orders[i].index = i;
        header = aHeader(currentSlot(), 1, 0);
        seed = header.seed;
    }

    /// @dev The match of an order as the rule has it, over all asks of the slot.
    function rightly(bytes32 id) internal view returns (Deal memory deal) {
        Order memory order = _orders[orderIndex(id)].order;
        Rea.Candidate[] memory candidates = new Rea.Candidate[](_asks.length);
        uint32[] memory nearest = sorted(id);
        for (uint256 i = 0; i < nearest.length; ++i) candidates[i] = candidateOf(id, nearest[i]);
        Rea.Cleared memory result = Rea.clear(order.startPrice, Rea.clock(parameters().gammaWad, 255), candidates);
        deal = dealOf(id, nearest[result.winner], result.step);
        deal.winner = uint8(result.winner);
        deal.runnerUp = result.runnerUp == type(uint256).max ? 255 : uint8(result.runnerUp);
        deal.shortlist = nearest;
    }

    /// @dev A match with this ask at this step, of whatever sense.
    function dealOf(bytes32 id, uint256 ask, uint8 step) internal view returns (Deal memory deal) {
        uint256 key = keyOf(_asks[ask].ask.provider);
        deal = signedDeal(_orders[orderIndex(id)].order, CONSUMER_KEY, _asks[ask].ask, key, step);
    }

    /// @dev Commits the slot with these matches.
    function commitSlot(Deal[] memory deals) internal {
        header.matchCount = uint32(deals.length);
        header.orderCount = uint32(_orders.length);
        header.askCount = uint32(_asks.length);
        Deal[] memory sortedDeals = inClearingOrder(deals, seed);
        bytes32[] memory leaves = orderLeaves();
        for (uint256 i = 0; i < leaves.length; ++i) _orders[i].proof = formats.proofOf(leaves, i);
        header.ordersRoot = formats.rootOf(1, orderLeaves());
        for (uint256 i = 0; i < _asks.length; ++i) _asks[i].proof = formats.proofOf(askLeaves(), i);
        header.asksRoot = formats.rootOf(2, askLeaves());
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        (IAuction.Skip[] memory reasons, Opened memory opened) = commitPageOf(header, 0, sortedDeals);
        for (uint256 i = 0; i < reasons.length; ++i) eq(reasons[i], IAuction.Skip.NONE, "the contract takes it");
        proveMatches(sortedDeals, opened);
    }

    function proveMatches(Deal[] memory deals, Opened memory opened) private {
        bytes32[] memory leaves = new bytes32[](deals.length);
        bytes32[] memory leaseLeaves = new bytes32[](deals.length);
        for (uint256 i = 0; i < deals.length; ++i) {
            MatchProof storage proof = _matches.push();
            (proof.pageId, proof.index, proof.count) = (opened.pageId, uint8(i), uint8(deals.length));
            proof.start = opened.start;
            proof.orderId = orderId(deals[i].order);
            proof.askId = askId(deals[i].ask);
            proof.node = deals[i].ask.supply;
            proof.cards = uint16(deals[i].order.cards);
            (proof.winner, proof.runnerUp, proof.step) = (deals[i].winner, deals[i].runnerUp, deals[i].step);
            proof.price = leaseOf(opened, i).rate;
            for (uint256 j = 0; j < deals[i].shortlist.length; ++j) {
                proof.shortlist = bytes.concat(proof.shortlist, bytes4(deals[i].shortlist[j]));
            }
            leaves[i] = matchLeaf(proof);
            leaseLeaves[i] = leafOf(leaseOf(opened, i));
        }
        for (uint256 i = 0; i < deals.length; ++i) {
            bytes32[] memory copy = new bytes32[](leaves.length);
            for (uint256 j = 0; j < copy.length; ++j) copy[j] = leaves[j];
            _matches[i].proof = formats.proofOf(copy, i);
        }
        bytes32 top = formats.topOf(leaseLeaves);
        for (uint256 i = 0; i < deals.length; ++i) _matches[i].leaseTop = top;
    }

    function setOrder(bytes32 id, uint8 code, uint32 position) internal {
        (_orders[orderIndex(id)].code, _orders[orderIndex(id)].position) = (code, position);
    }

    function setAsk(bytes32 id, uint8 code, uint16 left, uint16 idle) internal {
        AskProof storage leaf = _asks[askIndex(id)];
        (leaf.code, leaf.left, leaf.idle) = (code, left, idle);
    }

    function only(Deal memory one, Deal memory two) internal pure returns (Deal[] memory deals) {
        deals = new Deal[](2);
        (deals[0], deals[1]) = (one, two);
    }

    // ── proofs ──

    function askOf(bytes32 id) internal view returns (AskProof memory) {
        return _asks[askIndex(id)];
    }

    function orderOf(bytes32 id) internal view returns (OrderProof memory) {
        return _orders[orderIndex(id)];
    }

    function matchOf(bytes32 id) internal view returns (MatchProof memory) {
        for (uint256 i = 0; i < _matches.length; ++i) if (_matches[i].orderId == id) return _matches[i];
        revert NotTrue("the order was matched");
    }

    function caseOf(bytes32 id) internal view returns (Case memory) {
        return Case(header, matchOf(id), orderOf(id));
    }

    /// @dev Where the ask stands in the match's shortlist.
    function placeOf(bytes32 order, bytes32 ask) internal view returns (uint8) {
        bytes memory shortlist = matchOf(order).shortlist;
        for (uint8 i = 0; 4 * uint256(i) < shortlist.length; ++i) {
            if (number(shortlist, 4 * uint256(i), 4) == askIndex(ask)) return i;
        }
        revert NotTrue("the ask is listed");
    }

    function askIndex(bytes32 id) internal view returns (uint256) {
        for (uint256 i = 0; i < _asks.length; ++i) if (askId(_asks[i].ask) == id) return i;
        revert NotTrue("the ask is in the slot");
    }

    function orderIndex(bytes32 id) internal view returns (uint256) {
        for (uint256 i = 0; i < _orders.length; ++i) if (orderId(_orders[i].order) == id) return i;
        revert NotTrue("the order is in the slot");
    }

    function askLeafBytes(uint256 i) internal view returns (bytes memory) {
        AskProof memory a = _asks[i];
        bytes memory head = abi.encodePacked(askId(a.ask), a.left, a.idle, a.code, a.compute, a.network);
        return bytes.concat(head, abi.encodePacked(a.storage_, a.entropyMicroBits, a.reputation, a.tier));
    }

    function orderLeafBytes(uint256 i) internal view returns (bytes memory) {
        return abi.encodePacked(orderId(_orders[i].order), _orders[i].code, _orders[i].position);
    }

    function orderLeaves() internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](_orders.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = keccak256(abi.encodePacked(uint8(0), uint8(1), orderLeafBytes(i)));
        }
    }

    function askLeaves() internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](_asks.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            leaves[i] = keccak256(abi.encodePacked(uint8(0), uint8(2), askLeafBytes(i)));
        }
    }

    function matchLeaf(MatchProof memory m) private pure returns (bytes32) {
        bytes memory head = abi.encodePacked(uint8(0), uint8(4), m.skip, m.orderId, m.askId, m.node, m.cards);
        return
            keccak256(
                bytes.concat(head, abi.encodePacked(m.winner, m.runnerUp, m.step, m.price, keccak256(m.shortlist)))
            );
    }

    // ── the rule, the slow way ──

    /// @dev Indices of the asks, nearest first.
    function sorted(bytes32 order) internal view returns (uint32[] memory nearest) {
        nearest = new uint32[](_asks.length);
        for (uint32 i = 0; i < nearest.length; ++i) {
            uint256 at_ = i;
            for (; at_ > 0 && isNearer(order, i, nearest[at_ - 1]); --at_) nearest[at_] = nearest[at_ - 1];
            nearest[at_] = i;
        }
    }

    function isNearer(bytes32 order, uint256 a, uint256 b) private view returns (bool) {
        Rea.Candidate memory x = candidateOf(order, a);
        Rea.Candidate memory y = candidateOf(order, b);
        if (x.distance != y.distance) return x.distance < y.distance;
        if (x.entropyGap != y.entropyGap) return x.entropyGap < y.entropyGap;
        return x.lottery == y.lottery ? x.askId < y.askId : x.lottery < y.lottery;
    }

    function candidateOf(bytes32 order, uint256 i) private view returns (Rea.Candidate memory) {
        Order memory o = _orders[orderIndex(order)].order;
        AskProof memory a = _asks[i];
        int256 c = int256(uint256(a.compute)) - int256(uint256(o.taskCompute));
        int256 l = int256(uint256(a.network)) - int256(uint256(o.taskNetwork));
        int256 s = int256(uint256(a.storage_)) - int256(uint256(o.taskStorage));
        uint256 ticket = uint256(keccak256(bytes.concat(a.ask.supply, seed)));
        uint256 place = uint256(keccak256(bytes.concat(order, seed)));
        uint256 way = ticket >= place ? ticket - place : type(uint256).max - (place - ticket) + 1;
        uint256 entropy = a.entropyMicroBits;
        return
            Rea.Candidate({
                reserve: a.ask.reservePrice,
                distance: uint256(c * c + l * l + s * s) / 3,
                entropyGap: entropy > 469_000 ? entropy - 469_000 : 469_000 - entropy,
                lottery: bytes32(way),
                askId: askId(a.ask)
            });
    }

    // ── hands ──

    /// @dev Announces the call and makes it a block later.
    function tell(address judge, bytes memory call_) internal returns (bool done, bytes memory answer) {
        vm.prank(CHALLENGER);
        (done, ) = judge.call(abi.encodeWithSignature("announce(bytes32)", keccak256(abi.encode(CHALLENGER, call_))));
        ok(done, "announced");
        vm.roll(block.number + 1);
        vm.prank(CHALLENGER);
        (done, answer) = judge.call(call_);
    }

    function told(address judge, bytes memory call_) internal {
        (bool done, bytes memory answer) = tell(judge, call_);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(answer, 32), mload(answer))
            }
        }
    }

    function refused(address judge, bytes memory call_, bytes memory refusal) internal {
        (bool done, bytes memory answer) = tell(judge, call_);
        ok(!done, "refused");
        eq(keccak256(answer), keccak256(refusal), "for this reason");
    }

    /// @dev The verdict of the last claim that opened.
    function lastOpened() internal returns (Verdict memory verdict) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IBond.ClaimOpened.selector) {
                (verdict, ) = abi.decode(logs[i].data, (Verdict, uint40));
            }
        }
    }

    function salt() internal returns (bytes32) {
        return _salt = keccak256(abi.encode(_salt));
    }

    function provider(uint256 i) internal view returns (address) {
        return i == 0 ? PROVIDER : vm.addr(0xE0 + i);
    }

    function keyOf(address provider_) private view returns (uint256) {
        if (provider_ == PROVIDER) return SIGNER_KEY;
        for (uint256 i = 1; i < ASKS; ++i) if (provider(i) == provider_) return 0xE0 + i;
        revert NotTrue("a provider of this world");
    }

    function node(uint256 i) internal pure returns (bytes32) {
        return i == 0 ? NODE : keccak256(bytes(string.concat("x/", nodeName(i))));
    }

    function nodeName(uint256 i) private pure returns (string memory) {
        return string.concat("z", vm.toString(i));
    }
}
