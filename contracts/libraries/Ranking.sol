// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AskProof, OrderProof} from "../types/Claim.sol";
import {Order} from "../types/Trade.sol";

/// @title Ranking
/// @notice How asks stand for an order: who may serve it, who is nearer, who ranks before whom (ADR 0001, ADR 0006).
library Ranking {
    uint256 private constant WAD = 1e18;
    uint256 private constant LAST_STEP = 255;
    /// @dev Balance entropy of document 002, micro-bits.
    uint256 private constant BALANCE = 469_000;

    /// @dev An ask as the order sees it.
    struct Standing {
        uint256 step;
        uint256 gap;
        uint256 distance;
        uint256 lottery;
        bytes32 askId;
    }

    /// @notice Whether the ask was eligible, is of a class and region that the order wants, good enough, and within its start price.
    function serves(AskProof calldata ask, OrderProof calldata proof) internal pure returns (bool) {
        Order calldata order = proof.order;
        return
            ask.code == 0 &&
            ask.ask.reservePrice <= order.startPrice &&
            ask.reputation >= order.minReputation &&
            ask.tier >= order.minTier &&
            (order.region == 0 || order.region == ask.ask.region) &&
            _wants(proof, ask.ask.resourceClass);
    }

    /// @notice Where the ask stands; its reserve must be within the start price.
    /// @param orderKey keccak256(order id ‖ seed), the order's clearing key and place on the lottery's ring
    function standing(
        AskProof calldata ask,
        bytes32 askId,
        Order calldata order,
        uint256 orderKey,
        bytes32 seed,
        uint256 gammaWad
    ) internal pure returns (Standing memory) {
        uint256 ticket = uint256(keccak256(abi.encodePacked(ask.ask.supply, seed)));
        uint256 lottery;
        unchecked {
            lottery = ticket - orderKey;
        }
        return
            Standing({
                step: lastStep(order.startPrice, ask.ask.reservePrice, gammaWad),
                gap: _apart(ask.entropyMicroBits, BALANCE),
                distance: _distance(ask, order),
                lottery: lottery,
                askId: askId
            });
    }

    /// @notice Whether `a` wins against `b`.
    function ranksBefore(Standing memory a, Standing memory b) internal pure returns (bool) {
        return a.step == b.step ? precedes(a, b) : a.step > b.step;
    }

    /// @notice The tie-break of the rank.
    function precedes(Standing memory a, Standing memory b) internal pure returns (bool) {
        if (a.gap != b.gap) return a.gap < b.gap;
        if (a.distance != b.distance) return a.distance < b.distance;
        if (a.lottery != b.lottery) return a.lottery < b.lottery;
        return a.askId < b.askId;
    }

    /// @notice The order of a shortlist.
    function nearer(Standing memory a, Standing memory b) internal pure returns (bool) {
        if (a.distance != b.distance) return a.distance < b.distance;
        if (a.gap != b.gap) return a.gap < b.gap;
        if (a.lottery != b.lottery) return a.lottery < b.lottery;
        return a.askId < b.askId;
    }

    /// @notice The last step whose price is at or above `reserve`, which is at or below `start`.
    function lastStep(uint256 start, uint256 reserve, uint256 gammaWad) internal pure returns (uint256 step) {
        uint256 g = WAD;
        for (; step < LAST_STEP; ++step) {
            g = (g * gammaWad) / WAD;
            if ((start * g) / WAD < reserve) return step;
        }
    }

    /// @notice p[step].
    function priceAt(uint256 start, uint256 step, uint256 gammaWad) internal pure returns (uint256) {
        uint256 g = WAD;
        for (uint256 k = 0; k < step; ++k) g = (g * gammaWad) / WAD;
        return (start * g) / WAD;
    }

    /// @dev A requirement of several is the hash of its ids, which the proof brings along.
    function _wants(OrderProof calldata proof, bytes32 class_) private pure returns (bool) {
        bytes32 requirement = proof.order.requirement;
        if (requirement == 0 || requirement == class_) return true;
        if (keccak256(abi.encodePacked(proof.classes)) != requirement) return false;
        for (uint256 i = 0; i < proof.classes.length; ++i) if (proof.classes[i] == class_) return true;
        return false;
    }

    function _distance(AskProof calldata ask, Order calldata order) private pure returns (uint256) {
        uint256 compute = _apart(ask.compute, order.taskCompute);
        uint256 network = _apart(ask.network, order.taskNetwork);
        uint256 storage_ = _apart(ask.storage_, order.taskStorage);
        return (compute * compute + network * network + storage_ * storage_) / 3;
    }

    function _apart(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? b - a : a - b;
    }
}
