// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBond} from "./interfaces/IBond.sol";
import {ILeaseBook} from "./interfaces/ILeaseBook.sol";
import {IOversold} from "./interfaces/IOversold.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {Accrual} from "./libraries/Accrual.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {SlotProofs} from "./libraries/SlotProofs.sol";
import {Source} from "./libraries/Source.sol";
import {Verdict, Wrong} from "./types/Claim.sol";
import {LeaseRef} from "./types/Lease.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";

/// @title Oversold
/// @notice Finds the lease that one node too few was sold for, and who pays.
contract Oversold is IOversold {
    /// @dev The lease that was sold last.
    struct Last {
        uint256 index;
        uint256 soldAt;
        uint40 end;
    }

    /// @notice Knows the leases.
    ILeaseBook public immutable LEASE_BOOK;
    /// @notice Knows the nodes, and holds the providers' stakes.
    IProviderRegistry public immutable REGISTRY;
    /// @notice Holds the scheduler's.
    IBond public immutable BOND;
    /// @notice Length of a slot, seconds.
    uint40 public immutable SLOT_SECONDS;

    mapping(uint64 leaseId => bool) private _shown;

    constructor(Addresses memory a, Parameters memory p) {
        ParameterBounds.check(p);
        LEASE_BOOK = ILeaseBook(a.leaseBook);
        REGISTRY = IProviderRegistry(a.registry);
        BOND = IBond(a.bond);
        SLOT_SECONDS = p.slotSeconds;
    }

    /// @inheritdoc IOversold
    function claim(bytes32 node, Shown[] calldata shown) external {
        uint256 used = 0;
        uint64 before = 0;
        Last memory last;
        // The list is the caller's own calldata, at its own gas.
        for (uint256 i = 0; i < shown.length; ++i) {
            LeaseRef calldata ref = shown[i].ref;
            uint64 leaseId = (ref.pageId << 8) | ref.index;
            if (leaseId <= before) revert Unordered(leaseId);
            before = leaseId;
            (bool over, uint40 end) = LEASE_BOOK.check(ref);
            if (over || block.timestamp >= end || block.timestamp < ref.start) revert NotRunning(leaseId);
            uint256 soldAt = _soldAt(node, shown[i], leaseId);
            used += ref.lease.cards;
            if (soldAt >= last.soldAt) last = Last(i, soldAt, end);
        }
        uint256 cards = REGISTRY.nodeOf(node).cards;
        if (used <= cards) revert FitsIn(cards, used);
        _settle(node, shown[last.index], last.end);
    }

    /// @dev The rest of the lease's price is what its consumer can't be sure of any more.
    function _settle(bytes32 node, Shown calldata shown, uint40 end) private {
        LeaseRef calldata ref = shown.ref;
        uint64 leaseId = (ref.pageId << 8) | ref.index;
        if (_shown[leaseId]) revert AlreadyShown(leaseId);
        _shown[leaseId] = true;
        uint256 rest = Accrual.owed(ref.lease.cards, end - block.timestamp, ref.lease.rate);
        if (shown.listingId != 0) {
            bytes32 reason = bytes32(uint256(leaseId));
            uint256 taken = REGISTRY.slash(ref.lease.provider, ref.lease.consumer, rest, reason);
            emit SoldTwice(node, leaseId, ref.lease.provider, taken);
            return;
        }
        Verdict memory verdict;
        verdict.wrong = Wrong.OVERSOLD;
        verdict.slot = shown.slot;
        verdict.order = shown.cleared.orderId;
        verdict.challenger = msg.sender;
        verdict.harmed = ref.lease.consumer;
        verdict.restitution = rest;
        BOND.decide(verdict);
    }

    /// @dev When the lease was sold: a match at its slot's end, a Buy at its start; a match first when both are at once, because the
    /// slot had closed before.
    function _soldAt(bytes32 node, Shown calldata shown, uint64 leaseId) private view returns (uint256) {
        LeaseRef calldata ref = shown.ref;
        if (shown.listingId != 0) {
            if (ref.source != Source.listing(shown.listingId, node)) revert NotOfNode(leaseId);
            return 2 * uint256(ref.start) + 1;
        }
        bytes32 matchRoot = SlotProofs.matchRootOf(shown.cleared);
        bool same =
            shown.cleared.index == ref.index &&
                shown.cleared.count == ref.count &&
                shown.cleared.node == node &&
                Source.slot(shown.slot, shown.cleared.page, matchRoot) == ref.source;
        if (!same) revert NotOfNode(leaseId);
        return 2 * (uint256(shown.slot) + 1) * SLOT_SECONDS;
    }
}
