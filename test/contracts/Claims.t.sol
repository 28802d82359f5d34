// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {IClaims} from "../../contracts/interfaces/IClaims.sol";
import {AskProof, Case, MatchProof, Verdict, Wrong} from "../../contracts/types/Claim.sol";
import {Deal} from "./support/PageBytes.sol";
import {vm} from "./support/Vm.sol";
import {ClaimHands} from "./support/ClaimHands.sol";

/// @notice Wrong winners and wrong prices: who shows one is paid. Against an honest slot every claim fails.
contract ClaimsTest is ClaimHands {
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
}
