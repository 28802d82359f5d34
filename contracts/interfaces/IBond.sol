// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Verdict} from "../types/Claim.sol";

/// @title Bond
/// @notice The scheduler's bond, and what is paid from it. Claims come from the contracts that check proofs; one that rests on the
/// word that an ask was free stays open for the scheduler's answer. Restitution comes first; of the penalty half is burned, a
/// quarter goes to the challenger, the rest to the treasury. A refuted claim loses its deposit to the scheduler.
interface IBond {
    enum Status {
        NONE,
        OPEN,
        UPHELD,
        REFUTED
    }

    /// @notice A claim by its id, which binds all of its verdict but the challenger: one word.
    /// @param challenger whose deposit it is
    /// @param answerUntil last second (unix) of the scheduler's answer
    /// @param shownOfAsk cards of the ask that the answer has shown to be used by earlier matches
    /// @param shownOfNode likewise of the node
    struct Claim {
        address challenger;
        uint40 answerUntil;
        Status status;
        uint16 shownOfAsk;
        uint16 shownOfNode;
    }

    /// @notice The bond is `bond` now, base units.
    event BondAdded(uint256 bond);
    /// @notice `amount` of the bond leaves and may return at `readyAt` (unix seconds); it backs nothing any more.
    event BondLeaving(uint256 amount, uint40 readyAt);
    /// @notice `amount` is back in the scheduler's available balance.
    event BondReturned(uint256 amount);
    /// @notice Skipped matches of a page cost the bond `amount`.
    event SkipsPenalised(uint64 indexed slot, uint16 page, uint256 count, uint256 amount);
    /// @notice A claim waits for the scheduler's answer.
    event ClaimOpened(bytes32 indexed claimId, uint64 indexed slot, Verdict verdict, uint40 answerUntil);
    /// @notice The answer has shown so much use of ask and node so far.
    event ClaimAnswered(bytes32 indexed claimId, uint256 shownOfAsk, uint256 shownOfNode);
    /// @notice The ask was not free, or not left out: the deposit is the scheduler's.
    event ClaimRefuted(bytes32 indexed claimId);
    /// @notice The bond paid.
    event ClaimUpheld(
        bytes32 indexed claimId,
        uint64 indexed slot,
        Verdict verdict,
        uint256 restitution,
        uint256 reward,
        uint256 burned
    );

    error NotScheduler(address caller);
    error NotProtocol(address caller);
    error ZeroAmount();
    error BondTooLow(uint256 bond, uint256 needed);
    error NothingLeaving();
    error LeavingNotReady(uint40 readyAt);
    error AlreadyClaimed(bytes32 claimId);
    error ClaimNotOpen(bytes32 claimId);
    /// @notice The claim is another challenger's.
    error NotChallenger(address challenger, address got);
    error AnswerTooEarly(uint40 until);
    error AnswerTooLate(uint40 until);
    error AnswerUnordered(uint256 key);

    /// @notice Adds to the bond from the scheduler's available vault balance. The scheduler alone.
    function addBond(uint256 amount) external;

    /// @notice Asks for part of the bond back. It backs nothing from now on, but pays for wrongs until its wait is over, which
    /// outlasts every window; a second request restarts the wait for both.
    function requestBond(uint256 amount) external;

    /// @notice Returns what was asked for, once its wait is over.
    function returnBond() external;

    /// @notice Upholds a claim that was not refuted in time. Anyone may call.
    function conclude(Verdict calldata verdict) external;

    /// @notice All of the bond, what of it leaves, and what backs the present and the past claim window, base units.
    function bond() external view returns (uint256 held, uint256 leaving, uint256 exposure);

    /// @notice A claim's record; all zero for an unknown id.
    function claimOf(bytes32 claimId) external view returns (Claim memory);

    /// @notice The id of the claim with this verdict: the hash of all of it but the challenger, so that nobody claims it again.
    function claimIdOf(Verdict calldata verdict) external pure returns (bytes32);

    // Protocol calls.

    /// @notice Counts a page's matches at their start prices against the bond, and takes the penalty for its skipped ones. Fails when the
    /// bond does not cover the matches of this claim window and the one before. The auction alone.
    function charge(uint64 slot, uint16 page, uint256 exposure, uint256 skips) external;

    /// @notice Takes the challenger's deposit and opens the claim. The judges alone.
    function open(Verdict calldata verdict) external;

    /// @notice Upholds a claim that needs nobody's word. The judges alone.
    function decide(Verdict calldata verdict) external;

    /// @notice Notes a match that used ask or node before; refutes the claim when no room was left. The judges alone.
    function show(Verdict calldata verdict, uint256 key, uint16 ofAsk, uint16 ofNode) external;

    /// @notice Refutes an open claim. The judges alone.
    function refute(Verdict calldata verdict) external;
}
