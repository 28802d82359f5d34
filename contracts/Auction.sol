// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IAuction} from "./interfaces/IAuction.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {PageMatching} from "./PageMatching.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";
import {SlotHeader} from "./types/Trade.sol";

/// @title Auction
/// @notice Slots of cleared Bid orders: a header, then its pages.
contract Auction is PageMatching, AccessManaged, Pausable {
    /// @dev Beside the header's hash, one word.
    /// @param lastKey upper half-word of the clearing key of the last match
    struct Slot {
        bytes32 headerHash;
        uint64 closeBlock;
        uint64 lastKey;
        uint32 matchesLeft;
        uint16 pagesCommitted;
        uint16 pageCount;
    }

    /// @notice Alone commits slots and pages.
    address public immutable SCHEDULER;
    /// @notice Length of a slot, seconds.
    uint32 public immutable SLOT_SECONDS;

    /// @notice When entry was let in again, unix seconds; 0 if it never was paused.
    uint40 public unpausedAt;
    /// @notice The newest slot with a header.
    uint64 public lastSlot;
    mapping(uint64 slot => Slot) private _slots;

    modifier onlyScheduler() {
        if (msg.sender != SCHEDULER) revert NotScheduler(msg.sender);
        _;
    }

    constructor(
        Addresses memory a,
        Parameters memory p
    ) PageMatching(a, p) AccessManaged(a.authority) EIP712("Cardhour", "1") {
        ParameterBounds.check(p);
        SCHEDULER = a.scheduler;
        SLOT_SECONDS = p.slotSeconds;
    }

    /// @inheritdoc IAuction
    function commitSlot(SlotHeader calldata header) external onlyScheduler whenNotPaused {
        uint64 slot = header.slot;
        _checkTurn(slot);
        uint64 endsAt = _slotEnd(slot);
        if (block.timestamp < endsAt) revert SlotNotClosed(slot, endsAt);
        if (block.timestamp > endsAt + COMMIT_DEADLINE_SECONDS) {
            revert SlotTooLate(slot, endsAt + COMMIT_DEADLINE_SECONDS);
        }
        if (header.gammaWad != GAMMA_WAD) revert WrongGamma(GAMMA_WAD, header.gammaWad);
        bytes32 seed = _seed(header.closeBlock);
        if (header.seed != seed) revert WrongSeed(seed, header.seed);
        if (header.pageCount == 0 && header.matchCount != 0) revert MatchCountWrong(header.matchCount, 0);
        lastSlot = slot;
        _slots[slot] = Slot({
            headerHash: keccak256(abi.encode(header)),
            closeBlock: header.closeBlock,
            lastKey: 0,
            matchesLeft: header.matchCount,
            pagesCommitted: 0,
            pageCount: header.pageCount
        });
        emit SlotCommitted(slot, msg.sender, header);
    }

    /// @inheritdoc IAuction
    function commitPage(uint64 slot, uint16 page, bytes calldata data) external onlyScheduler {
        Slot memory state = _slots[slot];
        if (state.headerHash == 0) revert SlotUnknown(slot);
        if (page != state.pagesCommitted || page >= state.pageCount) revert PageOutOfOrder(state.pagesCommitted, page);
        uint40 slotEnd = uint40(_slotEnd(slot));
        if (block.timestamp > slotEnd + COMMIT_DEADLINE_SECONDS) {
            revert SlotTooLate(slot, slotEnd + COMMIT_DEADLINE_SECONDS);
        }
        (uint256 count, uint256 lastKey) = _clearPage(
            Place({slot: slot, page: page, slotEnd: slotEnd, seed: _seed(state.closeBlock), firstKey: state.lastKey}),
            data
        );
        bool last = page + 1 == state.pageCount;
        if (count > state.matchesLeft || (last && count != state.matchesLeft)) {
            revert MatchCountWrong(state.matchesLeft, count);
        }
        Slot storage stored = _slots[slot];
        stored.lastKey = uint64(lastKey >> 192);
        stored.matchesLeft = state.matchesLeft - uint32(count);
        stored.pagesCommitted = page + 1;
    }

    /// @notice Stops new slots; pages of those that have begun, cancellations and approvals go on. The administration alone.
    function pause() external restricted {
        _pause();
    }

    /// @notice Lets slots be committed again. The administration alone.
    function unpause() external restricted {
        unpausedAt = uint40(block.timestamp);
        _unpause();
    }

    /// @inheritdoc IAuction
    function pausedSince(uint40 time) external view returns (bool) {
        return paused() || unpausedAt >= time;
    }

    /// @inheritdoc IAuction
    function slotState(uint64 slot) external view returns (SlotState memory) {
        Slot memory state = _slots[slot];
        return
            SlotState({
                headerHash: state.headerHash,
                pagesCommitted: state.pagesCommitted,
                pageCount: state.pageCount,
                matchesLeft: state.matchesLeft
            });
    }

    /// @dev Slots ascend, and one that has begun is finished first, or given up at its deadline: each is cleared on the results of
    /// all before it.
    function _checkTurn(uint64 slot) private view {
        uint64 before = lastSlot;
        if (slot == before && _slots[slot].headerHash != 0) revert SlotAlreadyCommitted(slot);
        if (slot < before) revert SlotOutOfOrder(slot, before);
        Slot memory state = _slots[before];
        uint64 deadline = _slotEnd(before) + COMMIT_DEADLINE_SECONDS;
        if (state.pagesCommitted < state.pageCount && block.timestamp <= deadline) {
            revert SlotUnfinished(before, deadline);
        }
    }

    /// @dev Hash of the block after the closing block.
    function _seed(uint64 closeBlock) private view returns (bytes32 seed) {
        seed = blockhash(uint256(closeBlock) + 1);
        if (seed == 0) revert SeedGone(closeBlock + 1);
    }

    /// @dev Wide enough for any slot that is named: one whose end wrapped around would pass for closed.
    function _slotEnd(uint64 slot) private view returns (uint64) {
        return (slot + 1) * SLOT_SECONDS;
    }
}
