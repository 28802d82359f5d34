// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILeaseBook} from "./interfaces/ILeaseBook.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IVault} from "./interfaces/IVault.sol";
import {Accrual} from "./libraries/Accrual.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Parameters} from "./types/Parameters.sol";

/// @title LeaseBook
/// @notice What was bought, until the last unit of it is paid or returned.
contract LeaseBook is ILeaseBook {
    /// @dev Three storage words. What was locked follows from the terms, so it is not stored again.
    /// @param duration seconds bought
    /// @param ends seconds after `start` at which it ends; below `duration` after an early close
    /// @param settled seconds after `start` up to which provider and treasury were paid
    struct Record {
        address consumer;
        uint40 start;
        uint32 cards;
        uint16 feeBps;
        End endReason;
        address provider;
        uint32 duration;
        uint32 ends;
        uint32 settled;
        uint128 rate;
        bool closed;
    }

    /// @notice Holds what the leases lock.
    IVault public immutable VAULT;
    /// @notice Knows the payout addresses.
    IProviderRegistry public immutable REGISTRY;
    /// @notice Alone opens leases.
    address public immutable AUCTION;
    /// @notice Receives the fees.
    address public immutable TREASURY;
    /// @notice The fee on top of a lease's price, 1/10,000.
    uint16 public immutable FEE_BPS;
    /// @notice Least seconds billed when the consumer closes.
    uint32 public immutable MIN_BILL_SECONDS;
    /// @notice Seconds that settlement stays behind the clock.
    uint32 public immutable SETTLE_LAG_SECONDS;

    /// @notice Leases opened so far; ids are 1 to this.
    uint64 public leaseCount;
    mapping(uint64 leaseId => Record) private _leases;

    constructor(IVault vault, IProviderRegistry registry, address auction, address treasury, Parameters memory p) {
        ParameterBounds.check(p);
        if (treasury == address(0)) revert ZeroTreasury();
        VAULT = vault;
        REGISTRY = registry;
        AUCTION = auction;
        TREASURY = treasury;
        FEE_BPS = p.feeBps;
        MIN_BILL_SECONDS = p.minBillSeconds;
        SETTLE_LAG_SECONDS = p.settleLagSeconds;
    }

    /// @inheritdoc ILeaseBook
    function openLease(Terms calldata terms) external returns (uint64 leaseId) {
        if (msg.sender != AUCTION) revert NotProtocol(msg.sender);
        leaseId = ++leaseCount;
        Record storage lease = _leases[leaseId];
        lease.consumer = terms.consumer;
        lease.start = uint40(block.timestamp);
        lease.cards = terms.cards;
        lease.feeBps = FEE_BPS;
        lease.provider = terms.provider;
        lease.duration = terms.duration;
        lease.ends = terms.duration;
        lease.rate = terms.rate;
        emit LeaseOpened(
            leaseId,
            terms.consumer,
            terms.provider,
            terms.node,
            terms.sourceId,
            terms.slot,
            terms.cards,
            terms.duration,
            uint64(block.timestamp),
            terms.rate,
            terms.locked,
            terms.workload
        );
    }

    /// @inheritdoc ILeaseBook
    function settle(uint64 leaseId) external {
        Record storage lease = _known(leaseId);
        if (lease.closed) revert LeaseAlreadyEnded(leaseId);
        _settle(leaseId, lease);
    }

    /// @inheritdoc ILeaseBook
    function settleMany(uint64[] calldata leaseIds) external {
        for (uint256 i = 0; i < leaseIds.length; ++i) {
            Record storage lease = _known(leaseIds[i]);
            if (!lease.closed) _settle(leaseIds[i], lease);
        }
    }

    /// @inheritdoc ILeaseBook
    function close(uint64 leaseId) external {
        Record storage lease = _known(leaseId);
        bool byConsumer = msg.sender == lease.consumer;
        if (!byConsumer && msg.sender != lease.provider) revert NotParty(leaseId, msg.sender);
        uint256 elapsed = block.timestamp - lease.start;
        if (lease.endReason != End.NONE || elapsed >= lease.ends) revert LeaseAlreadyEnded(leaseId);
        uint256 billed = byConsumer && elapsed < MIN_BILL_SECONDS ? MIN_BILL_SECONDS : elapsed;
        if (billed > lease.ends) billed = lease.ends;
        lease.ends = uint32(billed);
        lease.endReason = byConsumer ? End.CLOSED_BY_CONSUMER : End.CLOSED_BY_PROVIDER;
        emit LeaseClosed(leaseId, uint64(lease.start + billed), lease.endReason);
    }

    /// @inheritdoc ILeaseBook
    function quote(uint32 cards, uint32 duration, uint128 rate) external view returns (uint256 locked) {
        return Accrual.total(cards, duration, rate, FEE_BPS);
    }

    /// @inheritdoc ILeaseBook
    function leaseOf(uint64 leaseId) external view returns (Lease memory) {
        Record storage lease = _known(leaseId);
        return
            Lease({
                consumer: lease.consumer,
                start: lease.start,
                cards: lease.cards,
                provider: lease.provider,
                end: uint64(lease.start) + lease.ends,
                feeBps: lease.feeBps,
                rate: lease.rate,
                settledUntil: uint64(lease.start) + lease.settled,
                endReason: lease.endReason,
                closed: lease.closed,
                locked: uint128(Accrual.total(lease.cards, lease.duration, lease.rate, lease.feeBps))
            });
    }

    /// @dev Pays up to now less the lag; once the lag after the end is over, also returns what is left.
    function _settle(uint64 leaseId, Record storage stored) private {
        Record memory lease = stored;
        uint256 horizon = uint256(lease.start) + SETTLE_LAG_SECONDS;
        uint256 due = block.timestamp > horizon ? block.timestamp - horizon : 0;
        bool last = due >= lease.ends;
        if (last) due = lease.ends;

        uint256 paidBefore = Accrual.owed(lease.cards, lease.settled, lease.rate);
        uint256 paidAfter = Accrual.owed(lease.cards, due, lease.rate);
        uint256 feeAfter = Accrual.feeUp(paidAfter, lease.feeBps);
        uint256 fee = feeAfter - Accrual.feeUp(paidBefore, lease.feeBps);
        uint256 refund =
            last ? Accrual.total(lease.cards, lease.duration, lease.rate, lease.feeBps) - paidAfter - feeAfter : 0;

        if (due > lease.settled) {
            stored.settled = uint32(due);
            emit LeaseSettled(leaseId, uint64(lease.start + due), paidAfter - paidBefore, fee);
        }
        if (last) {
            if (lease.endReason == End.NONE) lease.endReason = End.COMPLETED;
            stored.endReason = lease.endReason;
            stored.closed = true;
            emit LeaseEnded(leaseId, lease.endReason, refund);
        }
        _release(REGISTRY.providerOf(lease.provider).payout, paidAfter - paidBefore);
        _release(TREASURY, fee);
        _release(lease.consumer, refund);
    }

    function _release(address account, uint256 amount) private {
        if (amount != 0) VAULT.release(account, amount);
    }

    function _known(uint64 leaseId) private view returns (Record storage lease) {
        lease = _leases[leaseId];
        if (lease.consumer == address(0)) revert LeaseUnknown(leaseId);
    }
}
