// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBond} from "./interfaces/IBond.sol";
import {IVault} from "./interfaces/IVault.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Verdict} from "./types/Claim.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";

/// @title Bond
/// @notice The scheduler's bond, and what is paid from it.
contract Bond is IBond {
    /// @dev One word: what the scheduler's matches of two claim windows could cost.
    struct Exposure {
        uint32 window;
        uint112 present;
        uint112 past;
    }

    /// @notice Holds the bond and the deposits, as stakes.
    IVault public immutable VAULT;
    /// @notice Charges pages.
    address public immutable AUCTION;
    /// @notice Check the proofs of claims.
    address public immutable CLAIMS;
    /// @notice Checks receipts and demands.
    address public immutable RECEIPTS;
    /// @notice Checks that a node was sold twice.
    address public immutable OVERSOLD;
    /// @notice Whose bond it is.
    address public immutable SCHEDULER;
    /// @notice Seconds after a slot in which it can be claimed against.
    uint40 public immutable CLAIM_WINDOW_SECONDS;
    /// @notice Seconds in which the scheduler may answer.
    uint40 public immutable ANSWER_SECONDS;
    /// @notice Seconds between asking for the bond and having it.
    uint40 public immutable LEAVING_SECONDS;
    /// @notice What a challenger stakes on a claim, base units.
    uint96 public immutable CLAIM_DEPOSIT;
    /// @notice What a wrong costs beside restitution, base units.
    uint96 public immutable CLAIM_PENALTY;
    /// @notice What a skipped match costs, base units.
    uint96 public immutable SKIP_PENALTY;

    uint128 private _held;
    uint128 private _leaving;
    uint40 private _readyAt;
    Exposure private _exposure;
    mapping(bytes32 claimId => Claim) private _claims;
    /// @dev Upper 128 bits of the clearing key of the last match that an answer showed.
    mapping(bytes32 claimId => uint128) private _lastShown;
    /// @dev One wrong is punished once, however many asks show it.
    mapping(bytes32 wrong => bool) private _punished;

    modifier onlyScheduler() {
        if (msg.sender != SCHEDULER) revert NotScheduler(msg.sender);
        _;
    }

    modifier onlyJudges() {
        if (msg.sender != CLAIMS && msg.sender != RECEIPTS && msg.sender != OVERSOLD) {
            revert NotProtocol(msg.sender);
        }
        _;
    }

    constructor(Addresses memory a, Parameters memory p) {
        ParameterBounds.check(p);
        VAULT = IVault(a.vault);
        AUCTION = a.auction;
        CLAIMS = a.claims;
        RECEIPTS = a.receipts;
        OVERSOLD = a.oversold;
        SCHEDULER = a.scheduler;
        CLAIM_WINDOW_SECONDS = p.claimWindowSeconds;
        ANSWER_SECONDS = p.answerSeconds;
        LEAVING_SECONDS = 2 * uint40(p.claimWindowSeconds) + p.answerSeconds + p.slotSeconds + p.commitDeadlineSeconds;
        CLAIM_DEPOSIT = p.claimDeposit;
        CLAIM_PENALTY = p.claimPenalty;
        SKIP_PENALTY = p.skipPenalty;
    }

    /// @inheritdoc IBond
    function addBond(uint256 amount) external onlyScheduler {
        if (amount == 0) revert ZeroAmount();
        // The vault refuses an amount that the account does not have, and no account has more than 96 bits.
        _held += uint128(amount);
        emit BondAdded(_held);
        VAULT.stakeFor(SCHEDULER, amount);
    }

    /// @inheritdoc IBond
    function requestBond(uint256 amount) external onlyScheduler {
        if (amount == 0) revert ZeroAmount();
        uint256 backing = _backing();
        uint256 exposed = _exposed();
        if (backing < amount || backing - amount < exposed) revert BondTooLow(backing, exposed + amount);
        uint40 readyAt = uint40(block.timestamp) + LEAVING_SECONDS;
        _leaving += uint128(amount);
        _readyAt = readyAt;
        emit BondLeaving(amount, readyAt);
    }

    /// @inheritdoc IBond
    function returnBond() external onlyScheduler {
        uint128 amount = _leaving;
        if (amount == 0) revert NothingLeaving();
        if (block.timestamp < _readyAt) revert LeavingNotReady(_readyAt);
        _leaving = 0;
        _held -= amount;
        emit BondReturned(amount);
        VAULT.unstakeFor(SCHEDULER, amount);
    }

    /// @inheritdoc IBond
    function charge(uint64 slot, uint16 page, uint256 exposure, uint256 skips) external {
        if (msg.sender != AUCTION) revert NotProtocol(msg.sender);
        Exposure memory now_ = _exposureNow();
        // Locks have fewer than 96 bits, so that a window's sum fits.
        now_.present += uint112(exposure);
        uint256 exposed = uint256(now_.present) + now_.past;
        uint256 backing = _backing();
        if (exposed > backing) revert BondTooLow(backing, exposed);
        _exposure = now_;
        if (skips == 0) return;
        emit SkipsPenalised(slot, page, skips, _take(VAULT.treasury(), skips * SKIP_PENALTY));
    }

    /// @inheritdoc IBond
    function open(Verdict calldata verdict) external onlyJudges {
        bytes32 claimId = claimIdOf(verdict);
        if (_claims[claimId].status != Status.NONE) revert AlreadyClaimed(claimId);
        uint40 answerUntil = uint40(block.timestamp) + ANSWER_SECONDS;
        _claims[claimId] = Claim({
            challenger: verdict.challenger,
            answerUntil: answerUntil,
            status: Status.OPEN,
            shownOfAsk: 0,
            shownOfNode: 0
        });
        emit ClaimOpened(claimId, verdict.slot, verdict, answerUntil);
        VAULT.stakeFor(verdict.challenger, CLAIM_DEPOSIT);
    }

    /// @inheritdoc IBond
    function decide(Verdict calldata verdict) external onlyJudges {
        bytes32 claimId = claimIdOf(verdict);
        if (_claims[claimId].status != Status.NONE) revert AlreadyClaimed(claimId);
        _uphold(claimId, verdict);
    }

    /// @inheritdoc IBond
    function show(Verdict calldata verdict, uint256 key, uint16 ofAsk, uint16 ofNode) external onlyJudges {
        (bytes32 claimId, Claim storage claim) = _answerable(verdict);
        uint128 place = uint128(key >> 128);
        if (place <= _lastShown[claimId] || key >= verdict.orderKey) revert AnswerUnordered(key);
        // A node has fewer than 2^16 cards, and its matches fit into it.
        uint16 shownOfAsk = claim.shownOfAsk + ofAsk;
        uint16 shownOfNode = claim.shownOfNode + ofNode;
        claim.shownOfAsk = shownOfAsk;
        claim.shownOfNode = shownOfNode;
        _lastShown[claimId] = place;
        emit ClaimAnswered(claimId, shownOfAsk, shownOfNode);
        bool room =
            uint256(shownOfAsk) + verdict.want <= verdict.left && uint256(shownOfNode) + verdict.want <= verdict.idle;
        if (!room) _refute(claimId, verdict);
    }

    /// @inheritdoc IBond
    function refute(Verdict calldata verdict) external onlyJudges {
        (bytes32 claimId, ) = _answerable(verdict);
        _refute(claimId, verdict);
    }

    /// @inheritdoc IBond
    function conclude(Verdict calldata verdict) external {
        (bytes32 claimId, Claim storage claim) = _opened(verdict);
        if (block.timestamp <= claim.answerUntil) revert AnswerTooEarly(claim.answerUntil);
        _uphold(claimId, verdict);
        VAULT.unstakeFor(verdict.challenger, CLAIM_DEPOSIT);
    }

    /// @inheritdoc IBond
    function bond() external view returns (uint256 held, uint256 leaving, uint256 exposure) {
        return (_held, _leaving, _exposed());
    }

    /// @inheritdoc IBond
    function claimOf(bytes32 claimId) external view returns (Claim memory) {
        return _claims[claimId];
    }

    /// @inheritdoc IBond
    function claimIdOf(Verdict calldata verdict) public pure returns (bytes32) {
        Verdict memory shown = verdict;
        shown.challenger = address(0);
        return keccak256(abi.encode(shown));
    }

    /// @dev Restitution each time, the penalty once a wrong.
    function _uphold(bytes32 claimId, Verdict calldata verdict) private {
        _claims[claimId].status = Status.UPHELD;
        uint256 restitution = 0;
        if (verdict.harmed != address(0)) restitution = _take(verdict.harmed, verdict.restitution);
        bytes32 wrong = keccak256(abi.encode(verdict.wrong, verdict.slot, verdict.order));
        uint256 reward = 0;
        uint256 burned = 0;
        if (!_punished[wrong]) {
            _punished[wrong] = true;
            burned = _take(address(0), CLAIM_PENALTY / 2);
            reward = _take(verdict.challenger, CLAIM_PENALTY / 4);
            _take(VAULT.treasury(), CLAIM_PENALTY - CLAIM_PENALTY / 2 - CLAIM_PENALTY / 4);
        }
        emit ClaimUpheld(claimId, verdict.slot, verdict, restitution, reward, burned);
    }

    function _refute(bytes32 claimId, Verdict calldata verdict) private {
        _claims[claimId].status = Status.REFUTED;
        emit ClaimRefuted(claimId);
        VAULT.slash(verdict.challenger, SCHEDULER, CLAIM_DEPOSIT);
    }

    /// @dev What is there, at most `amount`, from the bond; what leaves pays too.
    function _take(address to, uint256 amount) private returns (uint256 taken) {
        uint128 held = _held;
        taken = amount < held ? amount : held;
        if (taken == 0) return 0;
        held -= uint128(taken);
        _held = held;
        if (_leaving > held) _leaving = held;
        VAULT.slash(SCHEDULER, to, taken);
    }

    function _answerable(Verdict calldata verdict) private view returns (bytes32 claimId, Claim storage claim) {
        (claimId, claim) = _opened(verdict);
        if (block.timestamp > claim.answerUntil) revert AnswerTooLate(claim.answerUntil);
    }

    function _opened(Verdict calldata verdict) private view returns (bytes32 claimId, Claim storage claim) {
        claimId = claimIdOf(verdict);
        claim = _claims[claimId];
        if (claim.status != Status.OPEN) revert ClaimNotOpen(claimId);
        if (claim.challenger != verdict.challenger) revert NotChallenger(claim.challenger, verdict.challenger);
    }

    function _backing() private view returns (uint256) {
        return uint256(_held) - _leaving;
    }

    function _exposed() private view returns (uint256) {
        Exposure memory now_ = _exposureNow();
        return uint256(now_.present) + now_.past;
    }

    /// @dev Rolled on to the present window; what is older than two can't be claimed against any more.
    function _exposureNow() private view returns (Exposure memory now_) {
        now_ = _exposure;
        uint32 window = uint32(block.timestamp / CLAIM_WINDOW_SECONDS);
        if (window == now_.window) return now_;
        now_.past = window == now_.window + 1 ? now_.present : 0;
        now_.present = 0;
        now_.window = window;
    }
}
