// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AskProof, Case, MatchProof, OrderProof, Verdict, Wrong} from "../types/Claim.sol";
import {SlotHeader} from "../types/Trade.sol";

/// @title Claims
/// @notice Claims against committed slots (ADR 0009), each by a bounded number of leaf proofs, within the claim window. Each is
/// announced first (`ISecrets`); `salt`, the first argument of all, keeps it secret until then. A claim that an ask was free opens
/// at the bond and waits for the scheduler's answer; the others are decided at once.
interface IClaims {
    error HeaderMismatch(uint64 slot);
    error WindowOver(uint64 slot, uint40 until);
    /// @notice The order is another one than the match's, or the match was skipped.
    error NotOfMatch(bytes32 orderId);
    /// @notice The ask does not stand at this place of the shortlist.
    error NotListed(uint256 place);
    /// @notice What was shown breaks no rule.
    error NoWrong(Wrong wrong);
    error AnswerIrrelevant();
    error NotScheduler(address caller);

    /// @notice An ask of the shortlist that can serve the order ranks before its winner.
    /// @param place of the rival in the shortlist
    function claimWrongWinner(
        bytes32 salt,
        Case calldata c,
        AskProof calldata winner,
        AskProof calldata rival,
        uint8 place
    ) external;

    /// @notice The named runner-up gives another step than the match's, or can't be one; or there is none and the price is not the
    /// start price. Decided at once.
    /// @param runnerUp anything when none is named
    function claimWrongPrice(
        bytes32 salt,
        Case calldata c,
        AskProof calldata winner,
        AskProof calldata runnerUp
    ) external;

    /// @notice An ask of the shortlist that can serve the order ranks before the named runner-up, or none is named.
    /// @param runnerUp anything when none is named
    /// @param place of the rival in the shortlist
    function claimHiddenRunnerUp(
        bytes32 salt,
        Case calldata c,
        AskProof calldata winner,
        AskProof calldata runnerUp,
        AskProof calldata rival,
        uint8 place
    ) external;

    /// @notice An ask that can serve the order is not on the shortlist, which is short or ends with a farther one.
    /// @param last the shortlist's last; anything when it is short
    function claimLeftOut(bytes32 salt, Case calldata c, AskProof calldata last, AskProof calldata leftOut) external;

    /// @notice An eligible order has no match, whatever place its leaf names, and an ask can serve it.
    function claimUnserved(
        bytes32 salt,
        SlotHeader calldata header,
        OrderProof calldata order,
        AskProof calldata ask
    ) external;

    /// @notice A match contradicts its slot's leaves: its order's leaf says that it is not eligible or not matched, its winner's is another
    /// ask or can't serve the order, or its places are out of the shortlist. Decided at once.
    function claimContradiction(bytes32 salt, Case calldata c, AskProof calldata winner) external;

    /// @notice The scheduler's answer to a claim that an ask was free: an earlier match of the slot used the ask or its node. As often
    /// as needed, in ascending clearing order; the scheduler alone, since whoever shows a later one first shuts the earlier ones out.
    function answerUsed(Verdict calldata verdict, SlotHeader calldata header, MatchProof calldata earlier) external;

    /// @notice The answer to `claimUnserved`: the order's own match. Anyone may send it.
    function answerServed(Verdict calldata verdict, SlotHeader calldata header, MatchProof calldata own) external;

    /// @notice The answer to `claimLeftOut`: a nearer ask of the same provider is on the shortlist. Anyone may send it.
    function answerSibling(
        Verdict calldata verdict,
        Case calldata c,
        AskProof calldata leftOut,
        AskProof calldata sibling,
        uint8 place
    ) external;
}
