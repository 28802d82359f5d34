// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {IClaims} from "../../contracts/interfaces/IClaims.sol";
import {ISecrets} from "../../contracts/interfaces/ISecrets.sol";
import {Merkle} from "../../contracts/libraries/Merkle.sol";
import {SlotProofs} from "../../contracts/libraries/SlotProofs.sol";
import {AskProof, Case, MatchProof, OrderProof, Verdict, Wrong} from "../../contracts/types/Claim.sol";
import {SlotHeader} from "../../contracts/types/Trade.sol";
import {ClaimWorld} from "./support/ClaimWorld.sol";
import {Deal} from "./support/PageBytes.sol";
import {vm} from "./support/Vm.sol";

/// @notice Every rule of the table, broken: who shows it is paid. Kept: every claim fails.
contract ClaimsTest is ClaimWorld {
    bytes32 private order;
    bytes32 private cheap;
    bytes32 private middle;
    bytes32 private dear;

    function setUp() public {
        setUpWorld();
        cheap = addAsk(1, 1 * USD);
        middle = addAsk(2, (3 * USD) / 2);
        dear = addAsk(3, 2 * USD);
        order = addOrder(1, 2);
    }

    // ── an honest slot ──

    function test_honestSlot_survivesEveryClaim() public {
        close();
        commitSlot(only(rightly(order)));
        Case memory c = caseOf(order);
        for (uint256 i = 0; i < 3; ++i) {
            AskProof memory rival = askOf([cheap, middle, dear][i]);
            uint8 place = placeOf(order, [cheap, middle, dear][i]);
            refused(address(claims), winnerCall(c, cheap, rival, place), noWrong(Wrong.WINNER));
            refused(address(claims), hiddenCall(c, rival, place), noWrong(Wrong.PRICE));
            refused(
                address(claims),
                abi.encodeCall(claims.claimLeftOut, (salt(), c, rival, rival)),
                noWrong(Wrong.LEFT_OUT)
            );
            vm.recordLogs();
            told(address(claims), abi.encodeCall(claims.claimUnserved, (salt(), header, c.order, rival)));
            claims.answerServed(lastOpened(), header, c.cleared);
            refused(
                address(claims),
                abi.encodeCall(claims.claimContradiction, (salt(), c, rival)),
                noWrong(Wrong.FORGED)
            );
        }
        refused(address(claims), priceCall(c), noWrong(Wrong.PRICE));
        (uint256 held, , ) = bond.bond();
        eq(held, BOND_AMOUNT, "the bond is whole");
    }

    // ── wrong winner ──

    function test_wrongWinner_costsTheBond() public {
        Case memory c = wrongWinner();
        vm.recordLogs();
        told(address(claims), winnerCall(c, dear, askOf(cheap), placeOf(order, cheap)));
        Verdict memory verdict = lastOpened();
        ok(verdict.wrong == Wrong.WINNER && verdict.harmed == provider(1), "the rival's provider");
        // p[1] = 2.4 above a reserve of 1, for two cards and two hours.
        eq(verdict.restitution, 5_600_000, "what it would have earned");
        eq(available(CHALLENGER), 950 * USD, "deposit");
        vm.expectRevert(abi.encodeWithSelector(IBond.AnswerTooEarly.selector, uint40(block.timestamp + 3600)));
        bond.conclude(verdict);
        vm.warp(block.timestamp + 3601);
        uint256 before = available(provider(1));
        bond.conclude(verdict);
        eq(available(provider(1)) - before, 5_600_000, "restitution first");
        eq(available(CHALLENGER), 1250 * USD, "deposit and a quarter of the penalty");
        eq(available(TREASURY), 250 * USD, "the rest");
        (, , uint256 burned) = vault.totals();
        eq(burned, 500 * USD, "half is burned");
        (uint256 held, , ) = bond.bond();
        eq(held, BOND_AMOUNT - 1000 * USD - 5_600_000, "all of it from the bond");
        vm.expectRevert(abi.encodeWithSelector(IBond.ClaimNotOpen.selector, bond.claimIdOf(verdict)));
        bond.conclude(verdict);
    }

    /// @dev Another ask that shows the same wrong is paid its due; the wrong is punished once.
    function test_wrongWinner_isPunishedOnce() public {
        Case memory c = wrongWinner();
        bytes32[2] memory rivals = [cheap, middle];
        for (uint256 i = 0; i < 2; ++i) {
            vm.recordLogs();
            told(address(claims), winnerCall(c, dear, askOf(rivals[i]), placeOf(order, rivals[i])));
            Verdict memory verdict = lastOpened();
            (bool again, ) = tell(address(claims), winnerCall(c, dear, askOf(rivals[i]), placeOf(order, rivals[i])));
            ok(!again, "not twice");
            vm.warp(block.timestamp + 3601);
            bond.conclude(verdict);
        }
        (uint256 held, , ) = bond.bond();
        // 2.4 − 1 and 2.4 − 1.5, for four card-hours.
        eq(held, BOND_AMOUNT - 1000 * USD - 5_600_000 - 3_600_000, "two restitutions, one penalty");
    }

    /// @dev The rival had no card left when the order's turn came.
    function test_wrongWinner_isRefutedByEarlierMatches() public {
        bytes32 second = addOrder(2, 7);
        close();
        // Whoever comes first takes all but one card of the cheap ask.
        (bytes32 first, bytes32 later) = byTurn(order, second);
        Deal memory one = rightly(first);
        Deal memory two = dealOf(later, askIndex(dear), 1);
        two.shortlist = sorted(later);
        (two.winner, two.runnerUp) = (placeIn(two.shortlist, dear), 255);
        // Both need more than what is left together: 2 + 7 > 8.
        commitSlot(only(one, two));
        Case memory c = caseOf(later);
        vm.recordLogs();
        told(address(claims), winnerCall(c, dear, askOf(cheap), placeOf(later, cheap)));
        Verdict memory verdict = lastOpened();
        uint256 before = available(SCHEDULER);
        vm.prank(SCHEDULER);
        claims.answerUsed(verdict, header, matchOf(first));
        eq(available(SCHEDULER) - before, 50 * USD, "the deposit pays for the answer");
        ok(bond.claimOf(bond.claimIdOf(verdict)).status == IBond.Status.REFUTED, "refuted");
        vm.expectRevert(abi.encodeWithSelector(IBond.ClaimNotOpen.selector, bond.claimIdOf(verdict)));
        vm.prank(SCHEDULER);
        claims.answerUsed(verdict, header, matchOf(first));
    }

    function test_answerUsed_failsWithMatchesThatProveNothing() public {
        bytes32 second = addOrder(2, 2);
        close();
        (bytes32 first, bytes32 later) = byTurn(order, second);
        Deal memory one = rightly(first);
        Deal memory two = dealOf(later, askIndex(dear), 1);
        two.shortlist = sorted(later);
        (two.winner, two.runnerUp) = (placeIn(two.shortlist, dear), 255);
        commitSlot(only(one, two));
        vm.recordLogs();
        told(address(claims), winnerCall(caseOf(later), dear, askOf(cheap), placeOf(later, cheap)));
        Verdict memory verdict = lastOpened();
        MatchProof memory itself = matchOf(later);
        vm.expectRevert(abi.encodeWithSelector(IClaims.AnswerIrrelevant.selector));
        vm.prank(SCHEDULER);
        claims.answerUsed(verdict, header, itself);
        vm.prank(SCHEDULER);
        claims.answerUsed(verdict, header, matchOf(first));
        ok(bond.claimOf(bond.claimIdOf(verdict)).status == IBond.Status.OPEN, "six cards were left");
        vm.expectRevert(abi.encodeWithSelector(IBond.AnswerUnordered.selector, clearing(first)));
        vm.prank(SCHEDULER);
        claims.answerUsed(verdict, header, matchOf(first));
        Verdict memory other = verdict;
        other.want = 7;
        vm.expectRevert(abi.encodeWithSelector(IBond.ClaimNotOpen.selector, bond.claimIdOf(other)));
        vm.prank(SCHEDULER);
        claims.answerUsed(other, header, matchOf(first));
        verdict.want = 2;
        other.challenger = address(this);
        vm.expectRevert(abi.encodeWithSelector(IBond.NotChallenger.selector, CHALLENGER, address(this)));
        vm.prank(SCHEDULER);
        claims.answerUsed(other, header, matchOf(first));
        other.challenger = CHALLENGER;
        vm.warp(block.timestamp + 3601);
        vm.expectRevert(abi.encodeWithSelector(IBond.AnswerTooLate.selector, uint40(block.timestamp - 1)));
        vm.prank(SCHEDULER);
        claims.answerUsed(verdict, header, matchOf(first));
        bond.conclude(verdict);
    }

    // ── wrong price ──

    function test_wrongPrice_tooHighIsTheConsumers() public {
        close();
        Deal memory deal = rightly(order);
        deal.step -= 1;
        commitSlot(only(deal));
        uint256 price = matchOf(order).price;
        uint256 before = available(CONSUMER);
        told(address(claims), priceCall(caseOf(order)));
        eq(available(CONSUMER) - before, 4 * (price - rightPrice()), "for four card-hours");
        eq(available(CHALLENGER), 1250 * USD, "no deposit for what needs no word");
        Verdict memory verdict;
        (verdict.wrong, verdict.slot, verdict.order) = (Wrong.PRICE, header.slot, order);
        (verdict.harmed, verdict.restitution) = (CONSUMER, 4 * (price - rightPrice()));
        refused(
            address(claims),
            priceCall(caseOf(order)),
            abi.encodeWithSelector(IBond.AlreadyClaimed.selector, bond.claimIdOf(verdict))
        );
    }

    function test_wrongPrice_tooLowIsTheProviders() public {
        close();
        Deal memory deal = rightly(order);
        deal.step += 1;
        deal.ask.reservePrice = 1;
        // The winner's own reserve allows a lower price only when it is lower: another ask of the same provider.
        commitLower();
        uint256 price = matchOf(order).price;
        uint256 before = available(provider(1));
        told(address(claims), priceCall(caseOf(order)));
        eq(available(provider(1)) - before, 4 * (rightPrice() - price), "for four card-hours");
    }

    function test_wrongPrice_withoutARunnerUpIsTheStartPrice() public {
        close();
        Deal memory deal = rightly(order);
        (deal.runnerUp, deal.step) = (255, 2);
        commitSlot(only(deal));
        Case memory c = caseOf(order);
        told(address(claims), abi.encodeCall(claims.claimWrongPrice, (salt(), c, askOf(cheap), askOf(cheap))));
    }

    /// @dev None is named, although one stands on the shortlist.
    function test_hiddenRunnerUp_costsTheBond() public {
        close();
        Deal memory deal = rightly(order);
        (deal.runnerUp, deal.step) = (255, 0);
        commitSlot(only(deal));
        Case memory c = caseOf(order);
        refused(address(claims), priceCall(c), noWrong(Wrong.PRICE));
        vm.recordLogs();
        told(address(claims), hiddenCall(c, askOf(middle), placeOf(order, middle)));
        Verdict memory verdict = lastOpened();
        eq(verdict.restitution, 4 * (3 * USD - rightPrice()), "what the consumer paid too much");
        vm.warp(block.timestamp + 3601);
        uint256 before = available(CONSUMER);
        bond.conclude(verdict);
        eq(available(CONSUMER) - before, verdict.restitution, "back");
    }

    /// @dev A runner-up that could not have served the order.
    function test_wrongPrice_ofARunnerUpThatCanNotBe() public {
        setAsk(middle, 4, 8, 8);
        close();
        Deal memory deal = rightly(order);
        commitSlot(only(deal));
        told(address(claims), priceCall(caseOf(order)));
    }

    // ── left out ──

    function test_leftOut_costsTheBond() public {
        close();
        commitSlot(only(withoutTheCheap()));
        Case memory c = caseOf(order);
        vm.recordLogs();
        told(address(claims), abi.encodeCall(claims.claimLeftOut, (salt(), c, askOf(cheap), askOf(cheap))));
        Verdict memory verdict = lastOpened();
        ok(verdict.wrong == Wrong.LEFT_OUT && verdict.harmed == provider(1), "its provider");
        vm.warp(block.timestamp + 3601);
        bond.conclude(verdict);
    }

    /// @dev At most one ask a provider: the nearer one.
    function test_leftOut_isRefutedByANearerSibling() public {
        bytes32 sibling = addAskOf(1, 1 * USD, 9, 0);
        close();
        Deal memory deal = rightly(order);
        deal.shortlist = listOf(sibling, middle, dear);
        (deal.winner, deal.runnerUp, deal.ask) = (0, 1, askOf(sibling).ask);
        deal.askSignature = signature(0xE1, sibling);
        commitSlot(only(deal));
        Case memory c = caseOf(order);
        vm.recordLogs();
        told(address(claims), abi.encodeCall(claims.claimLeftOut, (salt(), c, askOf(cheap), askOf(cheap))));
        Verdict memory verdict = lastOpened();
        AskProof memory leftOut = askOf(cheap);
        AskProof memory stranger = askOf(middle);
        vm.expectRevert(abi.encodeWithSelector(IClaims.AnswerIrrelevant.selector));
        claims.answerSibling(verdict, c, leftOut, stranger, 1);
        claims.answerSibling(verdict, c, askOf(cheap), askOf(sibling), 0);
        ok(bond.claimOf(bond.claimIdOf(verdict)).status == IBond.Status.REFUTED, "refuted");
    }

    /// @dev The sibling is on another order's shortlist: that is no answer.
    function test_leftOut_isNotRefutedByAnotherOrdersShortlist() public {
        bytes32 sibling = addAskOf(1, 1 * USD, 9, 0);
        bytes32 other = addOrder(2, 1);
        close();
        Deal memory without = dealOf(order, askIndex(dear), 0);
        without.shortlist = new uint32[](1);
        without.shortlist[0] = uint32(askIndex(dear));
        without.runnerUp = 255;
        Deal memory with_ = dealOf(other, askIndex(sibling), 0);
        with_.shortlist = new uint32[](1);
        with_.shortlist[0] = uint32(askIndex(sibling));
        with_.runnerUp = 255;
        commitSlot(only(without, with_));
        vm.recordLogs();
        told(address(claims), abi.encodeCall(claims.claimLeftOut, (salt(), caseOf(order), askOf(cheap), askOf(cheap))));
        Verdict memory verdict = lastOpened();
        (Case memory c, AskProof memory leftOut, AskProof memory listed) = (
            caseOf(other),
            askOf(cheap),
            askOf(sibling)
        );
        vm.expectRevert(abi.encodeWithSelector(IClaims.AnswerIrrelevant.selector));
        claims.answerSibling(verdict, c, leftOut, listed, 0);
    }

    function test_leftOut_failsForWhoCouldNotServe() public {
        setAsk(cheap, 0, 1, 8);
        close();
        commitSlot(only(withoutTheCheap()));
        refused(
            address(claims),
            abi.encodeCall(claims.claimLeftOut, (salt(), caseOf(order), askOf(cheap), askOf(cheap))),
            noWrong(Wrong.LEFT_OUT)
        );
    }

    function test_leftOut_failsForWhoWasNotEligible() public {
        setAsk(cheap, 4, 8, 8);
        close();
        commitSlot(only(withoutTheCheap()));
        refused(
            address(claims),
            abi.encodeCall(claims.claimLeftOut, (salt(), caseOf(order), askOf(cheap), askOf(cheap))),
            noWrong(Wrong.LEFT_OUT)
        );
    }

    /// @dev A list of sixteen is full: who is left out must be nearer than its last.
    function test_leftOut_ofAFullListIsNearerThanItsLast() public {
        close();
        Deal memory deal = withoutTheCheap();
        deal.shortlist = new uint32[](16);
        // The dear ask is the farthest, the cheap one the nearest.
        for (uint256 i = 0; i < 16; ++i) deal.shortlist[i] = uint32(askIndex(middle));
        deal.shortlist[15] = uint32(askIndex(dear));
        commitSlot(only(deal));
        uint32[] memory nearest = sorted(order);
        bool nearer = placeIn(nearest, cheap) < placeIn(nearest, dear);
        bytes memory call_ = abi.encodeCall(claims.claimLeftOut, (salt(), caseOf(order), askOf(dear), askOf(cheap)));
        if (nearer) told(address(claims), call_);
        else refused(address(claims), call_, noWrong(Wrong.LEFT_OUT));
        // Its last may be any; only the one that stands there counts.
        call_ = abi.encodeCall(claims.claimLeftOut, (salt(), caseOf(order), askOf(middle), askOf(cheap)));
        refused(address(claims), call_, abi.encodeWithSelector(IClaims.NotListed.selector, 15));
    }

    function test_leftOut_ofAFullListIsNoWrongForTheFartherOne() public {
        close();
        Deal memory deal = withoutTheCheap();
        deal.shortlist = new uint32[](16);
        uint32[] memory nearest = sorted(order);
        // The nearest fills it; the farthest is left out.
        for (uint256 i = 0; i < 16; ++i) deal.shortlist[i] = nearest[0];
        deal.winner = 3;
        commitSlot(only(deal));
        AskProof memory near = askOf(bytes32(askLeafBytes(nearest[0])));
        AskProof memory far = askOf(bytes32(askLeafBytes(nearest[2])));
        refused(
            address(claims),
            abi.encodeCall(claims.claimLeftOut, (salt(), caseOf(order), near, far)),
            noWrong(Wrong.LEFT_OUT)
        );
    }

    /// @dev The answer to another kind of claim, or about another match, is none.
    function test_answers_failForOtherClaimsAndSlots() public {
        Case memory c = wrongWinner();
        vm.recordLogs();
        told(address(claims), winnerCall(c, dear, askOf(cheap), placeOf(order, cheap)));
        Verdict memory verdict = lastOpened();
        AskProof memory leftOut = askOf(cheap);
        vm.expectRevert(abi.encodeWithSelector(IClaims.AnswerIrrelevant.selector));
        claims.answerSibling(verdict, c, leftOut, leftOut, 0);
        verdict.slot += 1;
        vm.expectRevert(abi.encodeWithSelector(IClaims.AnswerIrrelevant.selector));
        vm.prank(SCHEDULER);
        claims.answerUsed(verdict, header, c.cleared);
    }

    function test_hiddenRunnerUp_failsForOneThatCanNotServe() public {
        setAsk(middle, 4, 8, 8);
        close();
        Deal memory deal = rightly(order);
        (deal.runnerUp, deal.step) = (255, 0);
        commitSlot(only(deal));
        refused(
            address(claims),
            hiddenCall(caseOf(order), askOf(middle), placeOf(order, middle)),
            noWrong(Wrong.PRICE)
        );
    }

    // ── unserved ──

    function test_unserved_costsTheBond() public {
        setOrder(order, 0, 0);
        bytes32 other = addOrder(2, 1);
        close();
        commitSlot(only(rightly(other)));
        vm.recordLogs();
        told(address(claims), abi.encodeCall(claims.claimUnserved, (salt(), header, orderOf(order), askOf(cheap))));
        Verdict memory verdict = lastOpened();
        ok(verdict.harmed == CONSUMER, "the consumer");
        eq(verdict.restitution, 8 * USD, "3 less 1, for four card-hours");
        vm.warp(block.timestamp + 3601);
        bond.conclude(verdict);
    }

    /// @dev It had just as many cards as the order wants.
    function test_unserved_byAnAskWithNoCardToSpare() public {
        bytes32 all = addOrder(2, 8);
        setOrder(all, 0, 0);
        close();
        commitSlot(only(rightly(order)));
        vm.recordLogs();
        told(address(claims), abi.encodeCall(claims.claimUnserved, (salt(), header, orderOf(all), askOf(dear))));
        eq(lastOpened().want, 8, "opened");
    }

    /// @dev Its leaf names a place among the matches where another order stands.
    function test_unserved_withAPlaceThatIsNotItsOwn() public {
        bytes32 other = addOrder(2, 1);
        setOrder(order, 0, 1);
        close();
        commitSlot(only(rightly(other)));
        vm.recordLogs();
        told(address(claims), abi.encodeCall(claims.claimUnserved, (salt(), header, orderOf(order), askOf(cheap))));
        Verdict memory verdict = lastOpened();
        MatchProof memory another = matchOf(other);
        vm.expectRevert(abi.encodeWithSelector(IClaims.AnswerIrrelevant.selector));
        claims.answerServed(verdict, header, another);
        vm.warp(block.timestamp + 3601);
        bond.conclude(verdict);
        ok(bond.claimOf(bond.claimIdOf(verdict)).status == IBond.Status.UPHELD, "nothing answers it");
    }

    /// @dev The order's own match answers no other kind of claim, and none of another slot.
    function test_answerServed_failsForOtherClaims() public {
        Case memory c = wrongWinner();
        vm.recordLogs();
        told(address(claims), winnerCall(c, dear, askOf(cheap), placeOf(order, cheap)));
        Verdict memory verdict = lastOpened();
        vm.expectRevert(abi.encodeWithSelector(IClaims.AnswerIrrelevant.selector));
        claims.answerServed(verdict, header, c.cleared);
        verdict.slot += 1;
        vm.expectRevert(abi.encodeWithSelector(IClaims.AnswerIrrelevant.selector));
        claims.answerServed(verdict, header, c.cleared);
    }

    /// @dev A challenger would show the last match first, and so shut out those before it.
    function test_answerUsed_failsForAnybodyElse() public {
        Case memory c = wrongWinner();
        vm.recordLogs();
        told(address(claims), winnerCall(c, dear, askOf(cheap), placeOf(order, cheap)));
        Verdict memory verdict = lastOpened();
        vm.prank(CHALLENGER);
        vm.expectRevert(abi.encodeWithSelector(IClaims.NotScheduler.selector, CHALLENGER));
        claims.answerUsed(verdict, header, c.cleared);
    }

    function test_unserved_failsForOrdersThatWereNotEligible() public {
        setOrder(order, 8, 0);
        bytes32 other = addOrder(2, 1);
        close();
        commitSlot(only(rightly(other)));
        refused(
            address(claims),
            abi.encodeCall(claims.claimUnserved, (salt(), header, orderOf(order), askOf(cheap))),
            noWrong(Wrong.UNSERVED)
        );
    }

    // ── contradictions ──

    function test_contradiction_ofAMatchedOrderThatIsNotEligible() public {
        setOrder(order, 5, 1);
        contradicts();
    }

    function test_contradiction_ofAMatchedOrderWithoutAPlace() public {
        setOrder(order, 0, 0);
        contradicts();
    }

    function test_contradiction_ofAWinnerThatIsNotEligible() public {
        setAsk(cheap, 7, 8, 8);
        contradicts();
    }

    function test_contradiction_ofPlacesBeyondTheShortlist() public {
        close();
        Deal memory deal = rightly(order);
        deal.runnerUp = 9;
        commitSlot(only(deal));
        contradicted();
    }

    function test_contradiction_ofAWinnerThatIsItsOwnRunnerUp() public {
        close();
        Deal memory deal = rightly(order);
        deal.runnerUp = deal.winner;
        commitSlot(only(deal));
        contradicted();
    }

    function test_contradiction_ofAWinnerThatAnotherAskWon() public {
        close();
        Deal memory deal = rightly(order);
        deal.winner = placeIn(deal.shortlist, middle);
        deal.runnerUp = placeIn(deal.shortlist, cheap);
        commitSlot(only(deal));
        told(address(claims), abi.encodeCall(claims.claimContradiction, (salt(), caseOf(order), askOf(middle))));
    }

    // ── proofs, times, secrecy ──

    function test_claims_failWithoutTheirProofs() public {
        Case memory c = wrongWinner();
        AskProof memory rival = askOf(cheap);
        uint8 place = placeOf(order, cheap);
        bytes memory call_ = winnerCall(c, dear, rival, place + 1);
        refused(address(claims), call_, abi.encodeWithSelector(IClaims.NotListed.selector, place + 1));
        rival.left += 1;
        refused(address(claims), winnerCall(c, dear, rival, place), mismatch(2, rival.index));
        rival = askOf(cheap);
        rival.proof = new bytes32[](0);
        refused(
            address(claims),
            winnerCall(c, dear, rival, place),
            abi.encodeWithSelector(Merkle.ProofMalformed.selector, rival.index, 3)
        );
        rival = askOf(cheap);
        c.cleared.price += 1;
        refused(address(claims), winnerCall(c, dear, rival, place), mismatch(4, 0));
        c = caseOf(order);
        c.order.code = 1;
        refused(address(claims), winnerCall(c, dear, rival, place), mismatch(1, 0));
        c = caseOf(order);
        c.header.askCount += 1;
        refused(
            address(claims),
            winnerCall(c, dear, rival, place),
            abi.encodeWithSelector(IClaims.HeaderMismatch.selector, header.slot)
        );
    }

    function test_claims_failForTheOrderOfAnotherMatch() public {
        bytes32 second = addOrder(2, 1);
        close();
        commitSlot(only(rightly(order), rightly(second)));
        Case memory c = caseOf(order);
        c.order = orderOf(second);
        refused(address(claims), priceCall(c), abi.encodeWithSelector(IClaims.NotOfMatch.selector, second));
    }

    function test_claims_failAfterTheirWindow() public {
        Case memory c = wrongWinner();
        uint40 until = uint40((header.slot + 1) * 10 + 86_400);
        vm.warp(until + 1);
        refused(
            address(claims),
            winnerCall(c, dear, askOf(cheap), placeOf(order, cheap)),
            abi.encodeWithSelector(IClaims.WindowOver.selector, header.slot, until)
        );
    }

    function test_claims_areAnnouncedFirst() public {
        Case memory c = wrongWinner();
        bytes memory call_ = winnerCall(c, dear, askOf(cheap), placeOf(order, cheap));
        bytes32 mine = keccak256(abi.encode(CHALLENGER, call_));
        vm.prank(CHALLENGER);
        (bool done, bytes memory answer) = address(claims).call(call_);
        ok(!done, "not announced");
        eq(keccak256(answer), keccak256(abi.encodeWithSelector(ISecrets.NotAnnounced.selector, mine)), "reason");
        claims.announce(mine);
        vm.prank(CHALLENGER);
        (done, answer) = address(claims).call(call_);
        ok(!done, "in the same block");
        eq(
            keccak256(answer),
            keccak256(abi.encodeWithSelector(ISecrets.RevealTooEarly.selector, block.number + 1)),
            "reason"
        );
        vm.roll(block.number + 1);
        claims.announce(mine);
        (done, ) = address(claims).call(call_);
        ok(!done, "not for somebody else");
        vm.prank(CHALLENGER);
        (done, ) = address(claims).call(call_);
        ok(done, "the first announcement counts");
    }

    /// @dev Whatever a claim says, it is announced before it is read.
    function test_claims_areAnnouncedWhateverTheySay() public {
        Case memory c;
        AskProof memory ask;
        OrderProof memory asked;
        SlotHeader memory slot;
        unannounced(abi.encodeCall(IClaims.claimWrongWinner, (0, c, ask, ask, 0)));
        unannounced(abi.encodeCall(IClaims.claimWrongPrice, (0, c, ask, ask)));
        unannounced(abi.encodeCall(IClaims.claimHiddenRunnerUp, (0, c, ask, ask, ask, 0)));
        unannounced(abi.encodeCall(IClaims.claimLeftOut, (0, c, ask, ask)));
        unannounced(abi.encodeCall(IClaims.claimUnserved, (0, slot, asked, ask)));
        unannounced(abi.encodeCall(IClaims.claimContradiction, (0, c, ask)));
    }

    // ── hands ──

    function unannounced(bytes memory call_) private {
        (, bytes memory answer) = address(claims).call(call_);
        bytes32 mine = keccak256(abi.encode(address(this), call_));
        eq(keccak256(answer), keccak256(abi.encodeWithSelector(ISecrets.NotAnnounced.selector, mine)), "not announced");
    }

    /// @dev The dearest ask wins at a step that its reserve allows.
    function wrongWinner() private returns (Case memory) {
        close();
        Deal memory deal = dealOf(order, askIndex(dear), 1);
        deal.shortlist = sorted(order);
        (deal.winner, deal.runnerUp) = (placeIn(deal.shortlist, dear), 255);
        commitSlot(only(deal));
        return caseOf(order);
    }

    /// @dev The middle ask wins over the dear one, as if the cheap one were not there.
    function withoutTheCheap() private view returns (Deal memory deal) {
        deal = dealOf(order, askIndex(middle), 0);
        deal.shortlist = new uint32[](2);
        (deal.shortlist[0], deal.shortlist[1]) = (uint32(askIndex(middle)), uint32(askIndex(dear)));
        (deal.winner, deal.runnerUp) = (0, 1);
    }

    function commitLower() private {
        Deal memory deal = rightly(order);
        deal.step += 1;
        commitSlot(only(deal));
    }

    function contradicts() private {
        close();
        commitSlot(only(rightly(order)));
        contradicted();
    }

    function contradicted() private {
        told(address(claims), abi.encodeCall(claims.claimContradiction, (salt(), caseOf(order), askOf(cheap))));
        eq(available(CHALLENGER), 1250 * USD, "rewarded");
    }

    function rightPrice() private view returns (uint256) {
        uint256 step = rightly(order).step;
        return [uint256(3_000_000), 2_400_000, 1_920_000, 1_536_000, 1_228_800, 983_040][step];
    }

    function byTurn(bytes32 a, bytes32 b) private view returns (bytes32, bytes32) {
        return clearing(a) < clearing(b) ? (a, b) : (b, a);
    }

    function clearing(bytes32 id) private view returns (uint256) {
        return uint256(keccak256(bytes.concat(id, seed)));
    }

    function placeIn(uint32[] memory shortlist, bytes32 ask) private view returns (uint8) {
        for (uint8 i = 0; i < shortlist.length; ++i) if (shortlist[i] == askIndex(ask)) return i;
        revert NotTrue("listed");
    }

    function listOf(bytes32 a, bytes32 b, bytes32 c) private view returns (uint32[] memory list) {
        list = new uint32[](3);
        (list[0], list[1], list[2]) = (uint32(askIndex(a)), uint32(askIndex(b)), uint32(askIndex(c)));
    }

    function winnerCall(
        Case memory c,
        bytes32 winner,
        AskProof memory rival,
        uint8 place
    ) private returns (bytes memory) {
        return abi.encodeCall(claims.claimWrongWinner, (salt(), c, askOf(winner), rival, place));
    }

    function hiddenCall(Case memory c, AskProof memory rival, uint8 place) private returns (bytes memory) {
        return abi.encodeCall(claims.claimHiddenRunnerUp, (salt(), c, askOf(cheap), askOf(middle), rival, place));
    }

    function priceCall(Case memory c) private returns (bytes memory) {
        return abi.encodeCall(claims.claimWrongPrice, (salt(), c, askOf(cheap), askOf(middle)));
    }

    function noWrong(Wrong wrong) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IClaims.NoWrong.selector, wrong);
    }

    function mismatch(uint8 tree, uint256 index) private pure returns (bytes memory) {
        return abi.encodeWithSelector(SlotProofs.ProofMismatch.selector, tree, index);
    }
}
