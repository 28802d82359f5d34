// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Protocol parameters; units, defaults and bounds are those of `docs/adr/0007-pages-and-leases.md`.
/// All of them are fixed for the life of a deployment: nobody can change the terms under money that is already inside.
struct Parameters {
    uint32 slotSeconds;
    uint32 commitDeadlineSeconds;
    uint64 gammaWad;
    uint16 feeBps;
    uint32 minLeaseSeconds;
    uint32 maxLeaseSeconds;
    uint32 minBillSeconds;
    uint32 settleLagSeconds;
    uint32 unbondSeconds;
    uint96 minProviderStake;
    uint32 noticeSeconds;
    uint16 slashBps;
    uint32 noShowGraceSeconds;
    uint32 faultOutageSeconds;
    uint96 monitorBond;
    uint8 monitorQuorum;
    uint32 claimWindowSeconds;
    uint32 answerSeconds;
    uint96 claimDeposit;
    uint96 claimPenalty;
    uint96 skipPenalty;
    uint32 quoteSeconds;
    uint16 surplusShareBps;
}

/// @notice Where the parts of one deployment stand; each contract keeps those it calls or obeys as immutables.
/// @param authority OpenZeppelin AccessManager: pauses entry, names auditors, slashes monitors, sets the treasury; nothing else
/// @param scheduler the bonded operator that commits slots and signs receipts
struct Addresses {
    address token;
    address authority;
    address vault;
    address registry;
    address clusters;
    address reputation;
    address auction;
    address market;
    address leaseBook;
    address monitors;
    address bond;
    address claims;
    address receipts;
    address oversold;
    address scheduler;
    address treasury;
}
