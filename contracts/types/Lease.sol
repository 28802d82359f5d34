// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The terms of one lease, as a leaf of its page binds them.
/// @param provider account that is paid (through its payout address); a cluster's account for a cluster
/// @param rate token base units per card-hour
/// @param duration seconds
struct Lease {
    address consumer;
    address provider;
    uint96 rate;
    uint16 cards;
    uint32 duration;
}

/// @notice One lease, proved against its page.
/// @param index position in the page; the lease's id is `pageId << 8 | index`
/// @param count leases in the page
/// @param start first second (unix) that is billed
/// @param source what else the page's root binds: where the leases came from (`Source`)
/// @param proof siblings from the leaf up
struct LeaseRef {
    uint64 pageId;
    uint8 index;
    uint8 count;
    uint40 start;
    bytes32 source;
    Lease lease;
    bytes32[] proof;
}

/// @notice How a lease ended.
enum End {
    NONE,
    COMPLETED,
    CLOSED_BY_CONSUMER,
    CLOSED_BY_PROVIDER,
    NO_SHOW,
    FAULT
}

/// @notice A lease that left its page's regime: settled alone before its end, closed early, or hit by an outage.
/// @param settledUntil second (unix) up to which it is settled
/// @param billed seconds paid for so far: up to `settledUntil`, less the outages
/// @param outage seconds of outages at the provider's fault
/// @param end second (unix) at which it ends; moved down by a close
struct Exception {
    uint40 settledUntil;
    uint32 billed;
    uint32 outage;
    uint40 end;
    End reason;
}
