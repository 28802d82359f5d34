// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Vault
/// @notice Every unit of the settlement token that the market holds.
/// Invariant: Σ available + bidding + unbidding + staked, + locked + fees + burned = tokens held (donations aside).
/// Balances are `uint96`: 79 thousand million tokens of 18 decimals.
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
    /// @notice `amount` of what the account has available went to `to`, a member of the cluster that the account stands for.
    event Distributed(address indexed account, address indexed to, uint256 amount);
    /// @notice `amount` of the account's stake went to `to`; burned when `to` is zero.
    event Slashed(address indexed account, address indexed to, uint256 amount);
    /// @notice The account's own limits from `effectiveAt` (unix seconds) on; 0 means none.
    /// @param perDay most that may leave available for trade (bidding and Buy) in a day of chain time (UTC)
    /// @param perLease most that one lease may lock
    event CapsSet(address indexed account, uint96 perDay, uint96 perLease, uint64 effectiveAt);
    /// @notice Fees collected from now on go to `treasury`.
    event TreasurySet(address treasury);
    /// @notice Fees collected so far went to the treasury's available balance.
    event FeesCollected(address indexed treasury, uint256 amount);

    error ZeroAmount();
    error ZeroAddress();
    error InsufficientAvailable(address account, uint256 available, uint256 needed);
    error InsufficientBidding(address account, uint256 bidding, uint256 needed);
    error InsufficientStake(address account, uint256 staked, uint256 needed);
    /// @notice The token delivered another amount than was asked for (fee on transfer, rebasing).
    error UnsupportedToken(uint256 expected, uint256 received);
    error NothingToCollect();
    error NothingUnbid(address account);
    error UnbidNotReady(uint64 readyAt);
    error DayCapExceeded(address account, uint256 cap, uint256 spent, uint256 needed);
    error LeaseCapExceeded(address account, uint256 cap, uint256 needed);
    /// @notice Caps change at most once per slot and commit deadline.
    error CapTooSoon(uint64 readyAt);
    error ValueTooWide(uint256 value);
    error NotProtocol(address caller);

    /// @notice Takes `amount` from the caller's wallet; it is available at once. Fails while entry is paused.
    function deposit(uint256 amount) external;

    /// @notice Deposit with an ERC-2612 permit in the same transaction.
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external;

    /// @notice Sends `amount` of the caller's available balance to its wallet. Never paused.
    function withdraw(uint256 amount) external;

    /// @notice Moves `amount` from available to bidding, which open Bid orders draw on; counts towards the day's cap.
    function fundBidding(uint256 amount) external;

    /// @notice Takes `amount` out of bidding; it is available one slot and one commit deadline later. A second request
    /// restarts the wait for both.
    function requestUnbid(uint256 amount) external;

    /// @notice Makes the caller's pending unbid available once its wait is over.
    function finishUnbid() external;

    /// @notice Sets the caller's own limits. Tightening `perDay` holds at once, loosening it after a day, so that a thief gains
    /// nothing by it; `perLease` holds for slots that close from now on; both change at most once per slot and commit deadline, so that no closed slot
    /// changes.
    function setCaps(uint96 perDay, uint96 perLease) external;

    /// @notice Moves the fees collected so far to the treasury's available balance. Anyone may call.
    function collectFees() external;

    /// @notice Available, bidding, unbidding and staked balances of an account, in base units.
    function balanceOf(
        address account
    ) external view returns (uint256 available, uint256 bidding, uint256 unbidding, uint256 staked);

    /// @notice The caps in force now (0 = none) and what of the day's cap is spent.
    function capsOf(address account) external view returns (uint96 perDay, uint96 perLease, uint96 spentToday);

    /// @notice Escrow of all open leases, fees not yet collected, and what was burned, base units.
    function totals() external view returns (uint256 locked, uint256 fees, uint256 burned);

    /// @notice Sets who receives the fees. The administration alone.
    function setTreasury(address treasury) external;

    /// @notice Who receives the fees.
    function treasury() external view returns (address);

    // Protocol calls.

    /// @notice What each account's Bid orders can draw on (bidding and pending unbid), and its cap per lease (`type(uint96).max`
    /// without one) as it stood at `time` (unix seconds, a slot's end).
    function biddersAt(
        address[] calldata accounts,
        uint40 time
    ) external view returns (uint256[] memory spendable, uint256[] memory perLease);

    /// @notice Locks `amounts` from bidding, and what is missing from the pending unbid (else nobody would be bound by a slot
    /// that has closed). The auction alone, after `biddersAt` in the same transaction; fails when an account has less.
    function lockFromBidding(address[] calldata accounts, uint256[] calldata amounts) external;

    /// @notice Locks `amount` from available; counts towards both caps. The market alone.
    function lockFromAvailable(address account, uint256 amount) external;

    /// @notice Moves `amounts` out of the locked total to the accounts' available balances and `fee` to the fees. The lease book,
    /// and the market for what firm quotes hold.
    function release(address[] calldata accounts, uint256[] calldata amounts, uint256 fee) external;

    /// @notice Moves `amounts` from a cluster's account to its members, available to available. Accounts may repeat, and `from` may be
    /// among them. The clusters alone.
    function distribute(address from, address[] calldata accounts, uint256[] calldata amounts) external;

    /// @notice Moves `amount` from available to staked. The registry, the monitors and the bond alone.
    function stakeFor(address account, uint256 amount) external;

    /// @notice Moves `amount` from staked to available. The registry, the monitors and the bond alone.
    function unstakeFor(address account, uint256 amount) external;

    /// @notice Moves `amount` from staked to `to`'s available balance; burns it when `to` is zero: nobody can ever move it. The
    /// registry, the monitors and the bond alone.
    function slash(address account, address to, uint256 amount) external;
}
