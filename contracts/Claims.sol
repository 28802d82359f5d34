// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "./interfaces/IAuction.sol";
import {IBond} from "./interfaces/IBond.sol";
import {IClaims} from "./interfaces/IClaims.sol";
import {ILeaseBook} from "./interfaces/ILeaseBook.sol";
import {Accrual} from "./libraries/Accrual.sol";
import {AuctionDomain} from "./libraries/AuctionDomain.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Ranking} from "./libraries/Ranking.sol";
import {SlotProofs} from "./libraries/SlotProofs.sol";
import {Secrets} from "./Secrets.sol";
import {AskProof, Case, MatchProof, OrderProof, Verdict, Wrong} from "./types/Claim.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";
import {Order, SlotHeader} from "./types/Trade.sol";

/// @title Claims
/// @notice Checks the proofs that a committed slot breaks its rules, and the scheduler's answers.
contract Claims is IClaims, Secrets {
    uint256 private constant WIDTH = 16;
    uint256 private constant NO_RUNNER_UP = 255;

    /// @notice Knows the slots.
    IAuction public immutable AUCTION;
    /// @notice Knows the pages.
    ILeaseBook public immutable LEASE_BOOK;
    /// @notice Pays.
    IBond public immutable BOND;
    /// @notice Answers.
    address public immutable SCHEDULER;
    /// @notice Length of a slot, seconds.
    uint40 public immutable SLOT_SECONDS;
    /// @notice Seconds after a slot's end in which it can be claimed against.
    uint40 public immutable CLAIM_WINDOW_SECONDS;

    constructor(Addresses memory a, Parameters memory p) {
        ParameterBounds.check(p);
        AUCTION = IAuction(a.auction);
        LEASE_BOOK = ILeaseBook(a.leaseBook);
        BOND = IBond(a.bond);
        SCHEDULER = a.scheduler;
        SLOT_SECONDS = p.slotSeconds;
        CLAIM_WINDOW_SECONDS = p.claimWindowSeconds;
    }

    /// @inheritdoc IClaims
    function claimWrongWinner(
        bytes32,
        Case calldata c,
        AskProof calldata winner,
        AskProof calldata rival,
        uint8 place
    ) external revealed {
        uint256 key = _matched(c);
        Ranking.Standing memory first = _listed(c, winner, c.cleared.winner, key);
        Ranking.Standing memory other = _listed(c, rival, place, key);
        if (!Ranking.serves(rival, c.order) || !Ranking.ranksBefore(other, first)) revert NoWrong(Wrong.WINNER);
        Verdict memory verdict = _freedom(Wrong.WINNER, c.header, c.order, rival, other.askId, key);
        verdict.order = c.cleared.orderId;
        verdict.harmed = rival.ask.provider;
        verdict.restitution = _worth(c.order.order, c.cleared.price, rival.ask.reservePrice);
        BOND.open(verdict);
    }

    /// @inheritdoc IClaims
    function claimWrongPrice(
        bytes32,
        Case calldata c,
        AskProof calldata winner,
        AskProof calldata runnerUp
    ) external revealed {
        uint256 key = _matched(c);
        Ranking.Standing memory first = _listed(c, winner, c.cleared.winner, key);
        uint256 right = 0;
        if (c.cleared.runnerUp != NO_RUNNER_UP) {
            Ranking.Standing memory second = _listed(c, runnerUp, c.cleared.runnerUp, key);
            right = second.step + (Ranking.precedes(first, second) ? 0 : 1);
            // One that can't serve the order is no runner-up; what would be right is then unknown.
            if (!Ranking.serves(runnerUp, c.order)) return _decidePrice(c, winner, c.cleared.step);
        }
        if (right == c.cleared.step) revert NoWrong(Wrong.PRICE);
        _decidePrice(c, winner, right);
    }

    /// @inheritdoc IClaims
    function claimHiddenRunnerUp(
        bytes32,
        Case calldata c,
        AskProof calldata winner,
        AskProof calldata runnerUp,
        AskProof calldata rival,
        uint8 place
    ) external revealed {
        uint256 key = _matched(c);
        if (place == c.cleared.winner || place == c.cleared.runnerUp) revert NoWrong(Wrong.PRICE);
        Ranking.Standing memory other = _listed(c, rival, place, key);
        if (!Ranking.serves(rival, c.order)) revert NoWrong(Wrong.PRICE);
        if (c.cleared.runnerUp != NO_RUNNER_UP) {
            Ranking.Standing memory second = _listed(c, runnerUp, c.cleared.runnerUp, key);
            if (!Ranking.ranksBefore(other, second)) revert NoWrong(Wrong.PRICE);
        }
        Ranking.Standing memory first = _listed(c, winner, c.cleared.winner, key);
        uint256 right = other.step + (Ranking.precedes(first, other) ? 0 : 1);
        Verdict memory verdict = _freedom(Wrong.PRICE, c.header, c.order, rival, other.askId, key);
        _openPrice(c, verdict, right);
    }

    /// @inheritdoc IClaims
    function claimLeftOut(
        bytes32,
        Case calldata c,
        AskProof calldata last,
        AskProof calldata leftOut
    ) external revealed {
        uint256 key = _matched(c);
        uint256 length = c.cleared.shortlist.length / 4;
        for (uint256 i = 0; i < length; ++i) {
            if (_indexAt(c.cleared.shortlist, i) == leftOut.index) revert NoWrong(Wrong.LEFT_OUT);
        }
        bytes32 askId = SlotProofs.askIn(leftOut, c.header, _domain());
        if (!Ranking.serves(leftOut, c.order)) revert NoWrong(Wrong.LEFT_OUT);
        if (length >= WIDTH) {
            Ranking.Standing memory end = _listed(c, last, length - 1, key);
            if (!Ranking.nearer(_standing(c.header, leftOut, askId, c.order.order, key), end)) {
                revert NoWrong(Wrong.LEFT_OUT);
            }
        }
        Verdict memory verdict = _freedom(Wrong.LEFT_OUT, c.header, c.order, leftOut, askId, key);
        verdict.order = c.cleared.orderId;
        verdict.harmed = leftOut.ask.provider;
        verdict.restitution = _worth(c.order.order, c.cleared.price, leftOut.ask.reservePrice);
        BOND.open(verdict);
    }

    /// @inheritdoc IClaims
    function claimUnserved(
        bytes32,
        SlotHeader calldata header,
        OrderProof calldata order,
        AskProof calldata ask
    ) external revealed {
        _checkHeader(header);
        bytes32 orderId = SlotProofs.orderIn(order, header, _domain());
        bytes32 askId = SlotProofs.askIn(ask, header, _domain());
        if (order.code != 0 || !Ranking.serves(ask, order)) revert NoWrong(Wrong.UNSERVED);
        Verdict memory verdict = _freedom(Wrong.UNSERVED, header, order, ask, askId, _key(orderId, header.seed));
        verdict.order = orderId;
        verdict.harmed = order.order.consumer;
        verdict.restitution = _worth(order.order, order.order.startPrice, ask.ask.reservePrice);
        BOND.open(verdict);
    }

    /// @inheritdoc IClaims
    function claimContradiction(bytes32, Case calldata c, AskProof calldata winner) external revealed {
        _matched(c);
        bytes32 askId = SlotProofs.askIn(winner, c.header, _domain());
        uint256 length = c.cleared.shortlist.length / 4;
        bool sound =
            length <= WIDTH &&
                c.cleared.winner < length &&
                (c.cleared.runnerUp < length || c.cleared.runnerUp == NO_RUNNER_UP) &&
                c.cleared.winner != c.cleared.runnerUp;
        if (sound && _indexAt(c.cleared.shortlist, c.cleared.winner) == winner.index) {
            sound = askId == c.cleared.askId && Ranking.serves(winner, c.order);
        }
        if (c.order.code != 0 || c.order.position == 0) sound = false;
        if (sound) revert NoWrong(Wrong.FORGED);
        _decide(Wrong.FORGED, c.header.slot, c.cleared.orderId, address(0), 0);
    }

    /// @inheritdoc IClaims
    function answerUsed(Verdict calldata verdict, SlotHeader calldata header, MatchProof calldata earlier) external {
        // Others could show a late match first, and so shut out the earlier ones.
        if (msg.sender != SCHEDULER) revert NotScheduler(msg.sender);
        _checkAnswer(verdict, header);
        SlotProofs.matchIn(earlier, header.slot, LEASE_BOOK);
        bool ofAsk = earlier.askId == verdict.askId;
        if (earlier.skip != 0 || (!ofAsk && earlier.node != verdict.node)) revert AnswerIrrelevant();
        BOND.show(verdict, _key(earlier.orderId, header.seed), ofAsk ? earlier.cards : 0, earlier.cards);
    }

    /// @inheritdoc IClaims
    function answerServed(Verdict calldata verdict, SlotHeader calldata header, MatchProof calldata own) external {
        _checkAnswer(verdict, header);
        SlotProofs.matchIn(own, header.slot, LEASE_BOOK);
        if (verdict.wrong != Wrong.UNSERVED || own.orderId != verdict.order) revert AnswerIrrelevant();
        BOND.refute(verdict);
    }

    /// @inheritdoc IClaims
    function answerSibling(
        Verdict calldata verdict,
        Case calldata c,
        AskProof calldata leftOut,
        AskProof calldata sibling,
        uint8 place
    ) external {
        _checkAnswer(verdict, c.header);
        bytes32 orderId = _found(c);
        if (verdict.wrong != Wrong.LEFT_OUT || orderId != c.cleared.orderId || orderId != verdict.order) {
            revert AnswerIrrelevant();
        }
        uint256 key = verdict.orderKey;
        bytes32 askId = SlotProofs.askIn(leftOut, c.header, _domain());
        Ranking.Standing memory other = _listed(c, sibling, place, key);
        if (
            askId != verdict.askId ||
            sibling.ask.provider != leftOut.ask.provider ||
            !Ranking.nearer(other, _standing(c.header, leftOut, askId, c.order.order, key))
        ) revert AnswerIrrelevant();
        BOND.refute(verdict);
    }

    function _openPrice(Case calldata c, Verdict memory verdict, uint256 right) private {
        Order calldata order = c.order.order;
        verdict.order = c.cleared.orderId;
        verdict.harmed = order.consumer;
        uint256 price = Ranking.priceAt(order.startPrice, right, c.header.gammaWad);
        verdict.restitution = _worth(order, c.cleared.price, price);
        BOND.open(verdict);
    }

    /// @dev Too high a price harmed the consumer, too low a one the winner.
    function _decidePrice(Case calldata c, AskProof calldata winner, uint256 right) private {
        Order calldata order = c.order.order;
        uint256 price = Ranking.priceAt(order.startPrice, right, c.header.gammaWad);
        uint256 paid = c.cleared.price;
        bool high = paid > price;
        address harmed = high ? order.consumer : winner.ask.provider;
        uint256 difference = high ? paid - price : price - paid;
        _decide(Wrong.PRICE, c.header.slot, c.cleared.orderId, harmed, _worth(order, difference, 0));
    }

    function _decide(Wrong wrong, uint64 slot, bytes32 orderId, address harmed, uint256 restitution) private {
        Verdict memory verdict;
        verdict.wrong = wrong;
        verdict.slot = slot;
        verdict.order = orderId;
        verdict.challenger = msg.sender;
        verdict.harmed = harmed;
        verdict.restitution = restitution;
        BOND.decide(verdict);
    }

    /// @dev A claim that rests on the word that the ask was free when the order's turn came.
    function _freedom(
        Wrong wrong,
        SlotHeader calldata header,
        OrderProof calldata order,
        AskProof calldata ask,
        bytes32 askId,
        uint256 key
    ) private view returns (Verdict memory verdict) {
        uint256 want = order.order.cards;
        // Even at the close it had too few.
        if (want > ask.left || want > ask.idle) revert NoWrong(wrong);
        verdict.wrong = wrong;
        verdict.slot = header.slot;
        verdict.askId = askId;
        verdict.node = ask.ask.supply;
        verdict.orderKey = key;
        verdict.left = ask.left;
        verdict.idle = ask.idle;
        verdict.want = uint16(want);
        verdict.challenger = msg.sender;
    }

    /// @dev The match, its order, and the slot they are of; returns the order's clearing key.
    function _matched(Case calldata c) private view returns (uint256) {
        _checkHeader(c.header);
        bytes32 orderId = _found(c);
        if (orderId != c.cleared.orderId || c.cleared.skip != 0) revert NotOfMatch(orderId);
        return _key(orderId, c.header.seed);
    }

    /// @dev Finds match and order in the slot; returns the order's id.
    function _found(Case calldata c) private view returns (bytes32) {
        SlotProofs.matchIn(c.cleared, c.header.slot, LEASE_BOOK);
        return SlotProofs.orderIn(c.order, c.header, _domain());
    }

    /// @dev An ask of the match's shortlist.
    function _listed(
        Case calldata c,
        AskProof calldata ask,
        uint256 place,
        uint256 key
    ) private view returns (Ranking.Standing memory) {
        bytes calldata shortlist = c.cleared.shortlist;
        if (place >= shortlist.length / 4 || _indexAt(shortlist, place) != ask.index) revert NotListed(place);
        return _standing(c.header, ask, SlotProofs.askIn(ask, c.header, _domain()), c.order.order, key);
    }

    /// @dev The header must be the slot's, and its window open.
    function _checkHeader(SlotHeader calldata header) private view {
        _checkHash(header);
        uint40 until = uint40((header.slot + 1) * SLOT_SECONDS) + CLAIM_WINDOW_SECONDS;
        if (block.timestamp > until) revert WindowOver(header.slot, until);
    }

    function _checkHash(SlotHeader calldata header) private view {
        if (AUCTION.slotState(header.slot).headerHash != keccak256(abi.encode(header))) {
            revert HeaderMismatch(header.slot);
        }
    }

    function _checkAnswer(Verdict calldata verdict, SlotHeader calldata header) private view {
        _checkHash(header);
        if (verdict.slot != header.slot) revert AnswerIrrelevant();
    }

    function _domain() private view returns (bytes32) {
        return AuctionDomain.separator(address(AUCTION));
    }

    function _standing(
        SlotHeader calldata header,
        AskProof calldata ask,
        bytes32 askId,
        Order calldata order,
        uint256 key
    ) private pure returns (Ranking.Standing memory) {
        return Ranking.standing(ask, askId, order, key, header.seed, header.gammaWad);
    }

    function _indexAt(bytes calldata shortlist, uint256 place) private pure returns (uint256) {
        return uint32(bytes4(shortlist[4 * place:4 * place + 4]));
    }

    function _key(bytes32 orderId, bytes32 seed) private pure returns (uint256) {
        return uint256(keccak256(abi.encodePacked(orderId, seed)));
    }

    /// @dev What a match is worth above a price, for all its card-hours; 0 when it is not above.
    function _worth(Order calldata order, uint256 price, uint256 below) private pure returns (uint256) {
        return price > below ? Accrual.owed(order.cards, order.duration, price - below) : 0;
    }
}
