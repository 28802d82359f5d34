// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title LeaseBook
/// @notice What was bought, until the last unit of it is paid or returned.
/// Invariant: locked = paid + fees + refunded + still held, for each lease, at any time.
interface ILeaseBook {
    enum End {
        NONE,
        COMPLETED,
        CLOSED_BY_CONSUMER,
        CLOSED_BY_PROVIDER
    }

    /// @param start first second (unix) that is billed
    /// @param end first second that is not; moves down on an early close
    /// @param rate token base units per card-hour
    /// @param settledUntil seconds up to which provider and treasury were paid
    struct Lease {
        address consumer;
        uint64 start;
        uint32 cards;
        address provider;
        uint64 end;
        uint32 feeBps;
        uint128 rate;
        uint64 settledUntil;
        End endReason;
        bool closed;
        uint128 locked;
    }

    /// @param sourceId order id of a Bid, listing id of a Buy
    /// @param slot slot that cleared it; 0 for a Buy
    /// @param duration seconds
    /// @param rate token base units per card-hour
    /// @param locked base units, `quote` of these terms
    struct Terms {
        address consumer;
        address provider;
        bytes32 node;
        bytes32 sourceId;
        uint64 slot;
        uint32 cards;
        uint32 duration;
        uint128 rate;
        uint256 locked;
        bytes32 workload;
    }

    /// @notice The money is locked and the lease runs from `start`.
    /// @param slot slot that cleared it; 0 for a Buy
    event LeaseOpened(
        uint64 indexed leaseId,
        address indexed consumer,
        address indexed provider,
        bytes32 node,
        bytes32 sourceId,
        uint64 slot,
        uint32 cards,
        uint32 duration,
        uint64 start,
        uint256 rate,
        uint256 locked,
        bytes32 workload
    );
    /// @notice `paid` went to the provider and `fee` to the treasury since the settlement before, base units.
    /// @param until first second not yet paid
    event LeaseSettled(uint64 indexed leaseId, uint64 until, uint256 paid, uint256 fee);
    /// @notice The lease will end at `end`, before its term.
    event LeaseClosed(uint64 indexed leaseId, uint64 end, End reason);
    /// @notice Nothing of the lease is held any more.
    event LeaseEnded(uint64 indexed leaseId, End reason, uint256 refunded);

    error LeaseUnknown(uint64 leaseId);
    error LeaseAlreadyEnded(uint64 leaseId);
    error NotParty(uint64 leaseId, address caller);
    error NotProtocol(address caller);
    error ZeroTreasury();

    /// @notice Records a lease whose money is locked already. The auction alone.
    function openLease(Terms calldata terms) external returns (uint64 leaseId);

    /// @notice Pays what is owed up to now less the settle lag, and everything once the lag after the end is over. Anyone may call.
    function settle(uint64 leaseId) external;

    /// @notice Settles several leases; one that has already ended is passed over.
    function settleMany(uint64[] calldata leaseIds) external;

    /// @notice Ends the lease early. The consumer is billed at least the minimum; the provider is paid to this second.
    function close(uint64 leaseId) external;

    /// @notice What a lease of these terms locks: price rounded down, plus its fee rounded up, base units.
    function quote(uint32 cards, uint32 duration, uint128 rate) external view returns (uint256 locked);

    /// @notice The lease's terms and how far it has come; fails for an unknown id.
    function leaseOf(uint64 leaseId) external view returns (Lease memory);
}
