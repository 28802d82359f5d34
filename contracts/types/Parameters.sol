// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Protocol parameters; units, defaults and bounds are those of `docs/adr/0001-shared-formats.md`.
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
    uint128 minProviderStake;
}
