// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClaims} from "../../contracts/interfaces/IClaims.sol";
import {ISecrets} from "../../contracts/interfaces/ISecrets.sol";
import {Merkle} from "../../contracts/libraries/Merkle.sol";
import {AskProof, Case, OrderProof} from "../../contracts/types/Claim.sol";
import {SlotHeader} from "../../contracts/types/Trade.sol";
import {Deal} from "./support/PageBytes.sol";
import {vm} from "./support/Vm.sol";
import {ClaimHands} from "./support/ClaimHands.sol";

/// @notice Matches that contradict their leaves, and what every claim needs: proofs, time and an announcement.
contract ClaimsProofsTest is ClaimHands {
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
}
