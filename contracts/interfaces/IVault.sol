// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Vault
/// @notice Every unit of the settlement token that the market holds.
/// Invariant: Σ available + bidding + unbidding + locked + staked = tokens held (donations aside).
interface IVault {
    /// @notice `amount` arrived and is available.
    event Deposited(address indexed account, uint256 amount);
    /// @notice `amount` left for the account's wallet.
    event Withdrawn(address indexed account, uint256 amount);
    /// @notice `amount` moved from available to bidding.
    event BiddingFunded(address indexed account, uint256 amount);
    /// @notice `amount` left bidding and becomes available at `readyAt` (unix seconds).
    event UnbidRequested(address indexed account, uint256 amount, uint64 readyAt);
    /// @notice `amount` left the pending unbid and is available.
    event UnbidFinished(address indexed account, uint256 amount);
    /// @notice `amount` of a pending unbid moved back to bidding, because a match of a slot that closed before needs it.
    event UnbidRecalled(address indexed account, uint256 amount);
    /// @notice `amount` moved from available to the account's stake.
    event Staked(address indexed account, uint256 amount);
    /// @notice `amount` moved from the account's stake to available.
    event Unstaked(address indexed account, uint256 amount);

    error ZeroAmount();
    error InsufficientAvailable(address account, uint256 available, uint256 needed);
    error InsufficientBidding(address account, uint256 bidding, uint256 needed);
    /// @notice The token delivered another amount than was asked for (fee on transfer, rebasing).
    error UnsupportedToken(uint256 expected, uint256 received);
    error NothingUnbid(address account);
    error UnbidNotReady(uint64 readyAt);
    error NotProtocol(address caller);

    /// @notice Takes `amount` from the caller's wallet; it is available at once.
    function deposit(uint256 amount) external;

    /// @notice Deposit with an ERC-2612 permit in the same transaction.
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Sends `amount` of the caller's available balance to its wallet.
    function withdraw(uint256 amount) external;

    /// @notice Moves `amount` from available to bidding, which open Bid orders draw on.
    function fundBidding(uint256 amount) external;

    /// @notice Takes `amount` out of bidding; it is available one slot and one commit deadline later. A second request restarts the wait for both.
    function requestUnbid(uint256 amount) external;

    /// @notice Makes the caller's pending unbid available once its wait is over.
    function finishUnbid() external;

    /// @notice Available, bidding, unbidding and staked balances of an account, in base units.
    function balanceOf(
        address account
    ) external view returns (uint256 available, uint256 bidding, uint256 unbidding, uint256 staked);

    /// @notice Escrow of all open leases, in base units.
    function totalLocked() external view returns (uint256);

    // Protocol calls: the registry, the auction or the lease book alone.

    /// @notice Moves `amount` from available to staked. The registry alone.
    function stakeFor(address account, uint256 amount) external;

    /// @notice Moves `amount` from staked to available. The registry alone.
    function unstakeFor(address account, uint256 amount) external;

    /// @notice Locks `amount` from bidding, and what is missing from the pending unbid (else nobody would be bound by a slot
    /// that has closed); false, and nothing moves, when both are short.
    function tryLockFromBidding(address account, uint256 amount) external returns (bool);

    /// @notice Locks `amount` from available. The auction alone.
    function lockFromAvailable(address account, uint256 amount) external;

    /// @notice Moves `amount` out of the locked total to the account's available balance.
    function release(address account, uint256 amount) external;
}
