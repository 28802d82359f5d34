// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Reputation
/// @notice A number from 0 to 10,000 for each provider, from recorded outcomes alone. Weights are money: an outcome counts as
/// much as the lease it ended was worth, so that a record costs its fees to buy, and halves every half-life. What is recorded in
/// one day (UTC) counts from the next day on, so that no slot changes after its close. Formula: `docs/adr/0008-reputation.md`.
interface IReputation {
    /// @notice The provider's weights after an outcome, base units.
    /// @param day days since 1970 (UTC) for which `good` and `bad` hold; `newGood`, `newBad` join them on the next day
    event ReputationChanged(
        address indexed provider,
        uint32 day,
        uint96 good,
        uint96 bad,
        uint96 newGood,
        uint96 newBad
    );

    error NotProtocol(address caller);
    /// @notice Only the day of the last outcome, the day before it and later days are known.
    error ScoreForgotten(address provider, uint32 day);

    /// @notice Adds outcomes of leases that ended, base units: what they were paid is good, the price of what did not run is bad,
    /// each of the two up to `Standing.outcomeCap` a lease, which the lease book sees to before it adds them up. A cluster's
    /// outcomes are its members', by contributed power. Never fails for the lease book, which alone may call.
    function record(address[] calldata providers, uint256[] calldata good, uint256[] calldata bad) external;

    /// @notice The score that counts for a slot that closed at `time` (unix seconds, today's or yesterday's day): 0 to 10,000, 5,000
    /// for a newcomer; for a cluster's account the least of its members'. Fails for a day before yesterday if it is forgotten.
    function scoreAt(address provider, uint40 time) external view returns (uint16);
}
