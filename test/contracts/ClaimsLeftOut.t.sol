// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {IClaims} from "../../contracts/interfaces/IClaims.sol";
import {AskProof, Case, MatchProof, Verdict, Wrong} from "../../contracts/types/Claim.sol";
import {Deal} from "./support/PageBytes.sol";
import {vm} from "./support/Vm.sol";
import {ClaimHands} from "./support/ClaimHands.sol";

/// @notice Asks that were left out and orders that were not served: who shows one is paid.
contract ClaimsLeftOutTest is ClaimHands {
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
}
