// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IVault} from "./interfaces/IVault.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Parameters} from "./types/Parameters.sol";

/// @title Vault
/// @notice Every unit of the settlement token that the market holds.
contract Vault is IVault {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    struct Account {
        uint128 available;
        uint128 bidding;
        uint128 unbidding;
        uint128 staked;
        uint64 unbidReadyAt;
    }

    /// @notice The settlement token, for ever.
    IERC20 public immutable TOKEN;
    /// @notice Alone stakes and unstakes.
    address public immutable REGISTRY;
    /// @notice Alone locks.
    address public immutable AUCTION;
    /// @notice Alone releases what is locked.
    address public immutable LEASE_BOOK;
    /// @notice Seconds between asking money out of bidding and having it: every slot closed before may still commit.
    uint64 public immutable UNBID_DELAY;

    mapping(address account => Account) private _accounts;

    /// @inheritdoc IVault
    uint256 public totalLocked;

    modifier only(address caller) {
        if (msg.sender != caller) revert NotProtocol(msg.sender);
        _;
    }

    constructor(IERC20 token, address registry, address auction, address leaseBook, Parameters memory p) {
        ParameterBounds.check(p);
        TOKEN = token;
        REGISTRY = registry;
        AUCTION = auction;
        LEASE_BOOK = leaseBook;
        UNBID_DELAY = uint64(p.slotSeconds) + p.commitDeadlineSeconds;
    }

    /// @inheritdoc IVault
    function deposit(uint256 amount) external {
        _deposit(amount);
    }

    /// @inheritdoc IVault
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        // Whoever saw the permit in the pool can spend it first; the allowance is then there all the same.
        // solhint-disable-next-line no-empty-blocks
        try IERC20Permit(address(TOKEN)).permit(msg.sender, address(this), amount, deadline, v, r, s) {} catch {}
        _deposit(amount);
    }

    /// @inheritdoc IVault
    function withdraw(uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        _takeAvailable(msg.sender, amount);
        emit Withdrawn(msg.sender, amount);
        TOKEN.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IVault
    function fundBidding(uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        _takeAvailable(msg.sender, amount);
        _accounts[msg.sender].bidding += amount.toUint128();
        emit BiddingFunded(msg.sender, amount);
    }

    /// @inheritdoc IVault
    function requestUnbid(uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        Account storage account = _accounts[msg.sender];
        if (account.bidding < amount) revert InsufficientBidding(msg.sender, account.bidding, amount);
        uint64 readyAt = uint64(block.timestamp) + UNBID_DELAY;
        account.bidding -= uint128(amount);
        account.unbidding += uint128(amount);
        account.unbidReadyAt = readyAt;
        emit UnbidRequested(msg.sender, amount, readyAt);
    }

    /// @inheritdoc IVault
    function finishUnbid() external {
        Account storage account = _accounts[msg.sender];
        uint128 amount = account.unbidding;
        if (amount == 0) revert NothingUnbid(msg.sender);
        if (block.timestamp < account.unbidReadyAt) revert UnbidNotReady(account.unbidReadyAt);
        account.unbidding = 0;
        account.unbidReadyAt = 0;
        account.available += amount;
        emit UnbidFinished(msg.sender, amount);
    }

    /// @inheritdoc IVault
    function stakeFor(address account, uint256 amount) external only(REGISTRY) {
        _takeAvailable(account, amount);
        _accounts[account].staked += amount.toUint128();
        emit Staked(account, amount);
    }

    /// @inheritdoc IVault
    function unstakeFor(address account, uint256 amount) external only(REGISTRY) {
        uint128 units = amount.toUint128();
        _accounts[account].staked -= units;
        _accounts[account].available += units;
        emit Unstaked(account, amount);
    }

    /// @inheritdoc IVault
    function tryLockFromBidding(address account, uint256 amount) external only(AUCTION) returns (bool) {
        Account storage held = _accounts[account];
        uint256 bidding = held.bidding;
        if (bidding < amount) {
            uint256 missing = amount - bidding;
            // Money on its way out still backs the slots that closed before it was asked for.
            if (held.unbidding < missing) return false;
            held.unbidding -= uint128(missing);
            held.bidding = 0;
            emit UnbidRecalled(account, missing);
        } else {
            held.bidding = uint128(bidding - amount);
        }
        totalLocked += amount;
        return true;
    }

    /// @inheritdoc IVault
    function lockFromAvailable(address account, uint256 amount) external only(AUCTION) {
        _takeAvailable(account, amount);
        totalLocked += amount;
    }

    /// @inheritdoc IVault
    function release(address account, uint256 amount) external only(LEASE_BOOK) {
        totalLocked -= amount;
        _accounts[account].available += amount.toUint128();
    }

    /// @inheritdoc IVault
    function balanceOf(
        address account
    ) external view returns (uint256 available, uint256 bidding, uint256 unbidding, uint256 staked) {
        Account storage held = _accounts[account];
        return (held.available, held.bidding, held.unbidding, held.staked);
    }

    /// @dev Credits first; the exact check of what arrived undoes all of it, re-entrance included.
    function _deposit(uint256 amount) private {
        if (amount == 0) revert ZeroAmount();
        _accounts[msg.sender].available += amount.toUint128();
        emit Deposited(msg.sender, amount);
        uint256 before = TOKEN.balanceOf(address(this));
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        if (received != amount) revert UnsupportedToken(amount, received);
    }

    function _takeAvailable(address account, uint256 amount) private {
        uint256 available = _accounts[account].available;
        if (available < amount) revert InsufficientAvailable(account, available, amount);
        _accounts[account].available = uint128(available - amount);
    }
}
