// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Monitors
/// @notice The bonded watchers named at deployment. Their quorum attests what the chain can't see: that a lease did not run. They
/// are paid from no slash and judge no lease of their own.
interface IMonitors {
    /// @notice The monitor's bond is `bond` now, base units.
    event MonitorBonded(address indexed monitor, uint256 bond);
    /// @notice The monitor leaves; its bond may return at `readyAt` (unix seconds), its word counts no more.
    event MonitorLeaving(address indexed monitor, uint40 readyAt);
    /// @notice The bond is back in the monitor's available balance.
    event MonitorLeft(address indexed monitor, uint256 bond);
    /// @notice The administration took `amount` of the bond for false words; burned.
    event MonitorSlashed(address indexed monitor, uint256 amount, bytes32 evidence);

    error NotMonitor(address account);
    error BondTooLow(address monitor, uint256 bond, uint256 minimum);
    error Leaving(address monitor, uint40 readyAt);
    error NotLeaving(address monitor);
    error LeavingNotReady(uint40 readyAt);
    error QuorumMissing(uint256 got, uint256 needed);
    error SignersUnordered(address before, address after_);
    error PartyToLease(address monitor);
    error InvalidQuorum(uint256 quorum, uint256 monitors);

    /// @notice Bonds the calling monitor from its available vault balance; adds to what is there. Fails below the least bond, and
    /// while it leaves; a monitor that has left may bond again.
    function bond(uint256 amount) external;

    /// @notice Starts the calling monitor's exit.
    function startLeaving() external;

    /// @notice Returns the calling monitor's bond once the unbonding delay is over.
    function takeBond() external;

    /// @notice Burns `amount` of a monitor's bond, or all of it if it is less; while the monitor leaves, too. The administration, with
    /// its delay, which has to be shorter than the unbonding delay.
    function slash(address monitor, uint256 amount, bytes32 evidence) external;

    /// @notice Fails unless a quorum of bonded monitors signed `digest`, none of them `consumer`, `provider` or a member of the cluster
    /// that `provider` stands for.
    /// @param signatures 65 bytes each, in ascending order of the signers' addresses; each must count
    function requireQuorum(
        bytes32 digest,
        bytes[] calldata signatures,
        address consumer,
        address provider
    ) external view;

    /// @notice The monitors named at deployment.
    function monitors() external view returns (address[] memory);

    /// @notice The monitor's bond, base units, and when it may leave (0 while it watches).
    function bondOf(address monitor) external view returns (uint96 bond_, uint40 leavingAt);
}
