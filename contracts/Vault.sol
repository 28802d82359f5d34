// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {IVault} from "./interfaces/IVault.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";
import {SpendingCaps} from "./SpendingCaps.sol";

/// @title Vault
/// @notice Every unit of the settlement token that the market holds.
contract Vault is IVault, SpendingCaps, AccessManaged, Pausable {
    using SafeERC20 for IERC20;

    /// @dev Two words: a slot's commit touches the first alone, a settlement the second.
    struct Account {
        uint96 bidding;
        uint96 unbidding;
        uint40 unbidReadyAt;
        bool capped;
        uint96 available;
        uint96 staked;
    }

    struct Totals {
        uint128 locked;
        uint128 fees;
    }

    /// @notice The settlement token, for ever.
    IERC20 public immutable TOKEN;
    /// @notice Stakes, unstakes and slashes providers.
    address public immutable REGISTRY;
    /// @notice Stakes, unstakes and slashes monitors.
    address public immutable MONITORS;
    /// @notice Stakes, unstakes and slashes the scheduler and its challengers.
    address public immutable BOND;
    /// @notice Alone distributes what clusters earned.
    address public immutable CLUSTERS;
    /// @notice Alone locks what is bidding.
    address public immutable AUCTION;
    /// @notice Alone locks what is available.
    address public immutable MARKET;
    /// @notice Alone releases what is locked.
    address public immutable LEASE_BOOK;
    /// @notice Seconds between asking money out of bidding and having it: every slot closed before may still commit.
    uint40 public immutable UNBID_DELAY;

    /// @inheritdoc IVault
    address public treasury;
    Totals private _totals;
    uint256 private _burned;
    mapping(address account => Account) private _accounts;

    modifier only(address caller) {
        if (msg.sender != caller) revert NotProtocol(msg.sender);
        _;
    }

    modifier onlyStaking() {
        if (msg.sender != REGISTRY && msg.sender != MONITORS && msg.sender != BOND) revert NotProtocol(msg.sender);
        _;
    }

    constructor(
        Addresses memory a,
        Parameters memory p
    ) AccessManaged(a.authority) SpendingCaps(p.slotSeconds + p.commitDeadlineSeconds) {
        ParameterBounds.check(p);
        if (a.treasury == address(0)) revert ZeroAddress();
        TOKEN = IERC20(a.token);
        REGISTRY = a.registry;
        MONITORS = a.monitors;
        BOND = a.bond;
        CLUSTERS = a.clusters;
        AUCTION = a.auction;
        MARKET = a.market;
        LEASE_BOOK = a.leaseBook;
        UNBID_DELAY = uint40(p.slotSeconds) + p.commitDeadlineSeconds;
        treasury = a.treasury;
        emit TreasurySet(a.treasury);
    }

    /// @inheritdoc IVault
    function deposit(uint256 amount) external whenNotPaused {
        _deposit(amount);
    }

    /// @inheritdoc IVault
    function depositWithPermit(uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external whenNotPaused {
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
    function fundBidding(uint256 amount) external whenNotPaused {
        if (amount == 0) revert ZeroAmount();
        Account storage account = _accounts[msg.sender];
        if (account.capped) _spend(msg.sender, amount);
        _takeAvailable(msg.sender, amount);
        account.bidding += uint96(amount);
        emit BiddingFunded(msg.sender, amount);
    }

    /// @inheritdoc IVault
    function requestUnbid(uint256 amount) external {
        if (amount == 0) revert ZeroAmount();
        Account storage account = _accounts[msg.sender];
        if (account.bidding < amount) revert InsufficientBidding(msg.sender, account.bidding, amount);
        uint40 readyAt = uint40(block.timestamp) + UNBID_DELAY;
        account.bidding -= uint96(amount);
        account.unbidding += uint96(amount);
        account.unbidReadyAt = readyAt;
        emit UnbidRequested(msg.sender, amount, readyAt);
    }

    /// @inheritdoc IVault
    function finishUnbid() external {
        Account storage account = _accounts[msg.sender];
        uint96 amount = account.unbidding;
        if (amount == 0) revert NothingUnbid(msg.sender);
        if (block.timestamp < account.unbidReadyAt) revert UnbidNotReady(account.unbidReadyAt);
        account.unbidding = 0;
        account.unbidReadyAt = 0;
        account.available += amount;
        emit UnbidFinished(msg.sender, amount);
    }

    /// @inheritdoc IVault
    function setCaps(uint96 perDay, uint96 perLease) external {
        _accounts[msg.sender].capped = true;
        uint40 effectiveAt = _setCaps(msg.sender, perDay, perLease);
        emit CapsSet(msg.sender, perDay, perLease, effectiveAt);
    }

    /// @inheritdoc IVault
    function collectFees() external {
        uint128 fees = _totals.fees;
        if (fees == 0) revert NothingToCollect();
        _totals.fees = 0;
        _accounts[treasury].available += uint96(fees);
        emit FeesCollected(treasury, fees);
    }

    /// @inheritdoc IVault
    function setTreasury(address treasury_) external restricted {
        if (treasury_ == address(0)) revert ZeroAddress();
        treasury = treasury_;
        emit TreasurySet(treasury_);
    }

    /// @notice Stops deposits and the funding of bids; nothing else. The administration alone.
    function pause() external restricted {
        _pause();
    }

    /// @notice Lets money in again. The administration alone.
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IVault
    function lockFromBidding(address[] calldata accounts, uint256[] calldata amounts) external only(AUCTION) {
        uint256 sum;
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 amount = amounts[i];
            if (amount == 0) continue;
            sum += amount;
            _takeBidding(accounts[i], amount);
        }
        _totals.locked += uint128(sum);
    }

    /// @inheritdoc IVault
    function lockFromAvailable(address account, uint256 amount) external only(MARKET) {
        if (_accounts[account].capped) {
            _checkLeaseCap(account, amount);
            _spend(account, amount);
        }
        _takeAvailable(account, amount);
        _totals.locked += uint128(amount);
    }

    /// @inheritdoc IVault
    function release(address[] calldata accounts, uint256[] calldata amounts, uint256 fee) external {
        if (msg.sender != LEASE_BOOK && msg.sender != MARKET) revert NotProtocol(msg.sender);
        uint256 sum = fee;
        for (uint256 i = 0; i < accounts.length; ++i) {
            uint256 amount = amounts[i];
            if (amount == 0) continue;
            sum += amount;
            // What is released was locked, so it fits.
            _accounts[accounts[i]].available += uint96(amount);
        }
        Totals memory totals_ = _totals;
        _totals = Totals({locked: totals_.locked - uint128(sum), fees: totals_.fees + uint128(fee)});
    }

    /// @inheritdoc IVault
    function distribute(address from, address[] calldata accounts, uint256[] calldata amounts) external only(CLUSTERS) {
        // At most 16: the members of a cluster.
        for (uint256 i = 0; i < accounts.length; ++i) {
            _takeAvailable(from, amounts[i]);
            _accounts[accounts[i]].available += uint96(amounts[i]);
            emit Distributed(from, accounts[i], amounts[i]);
        }
    }

    /// @inheritdoc IVault
    function stakeFor(address account, uint256 amount) external onlyStaking {
        _takeAvailable(account, amount);
        _accounts[account].staked += uint96(amount);
        emit Staked(account, amount);
    }

    /// @inheritdoc IVault
    function unstakeFor(address account, uint256 amount) external onlyStaking {
        _takeStaked(account, amount);
        _accounts[account].available += uint96(amount);
        emit Unstaked(account, amount);
    }

    /// @inheritdoc IVault
    function slash(address account, address to, uint256 amount) external onlyStaking {
        _takeStaked(account, amount);
        if (to == address(0)) _burned += amount;
        else _accounts[to].available += uint96(amount);
        emit Slashed(account, to, amount);
    }

    /// @inheritdoc IVault
    function balanceOf(
        address account
    ) external view returns (uint256 available, uint256 bidding, uint256 unbidding, uint256 staked) {
        Account storage held = _accounts[account];
        return (held.available, held.bidding, held.unbidding, held.staked);
    }

    /// @inheritdoc IVault
    function totals() external view returns (uint256 locked, uint256 fees, uint256 burned) {
        return (_totals.locked, _totals.fees, _burned);
    }

    /// @inheritdoc IVault
    function biddersAt(
        address[] calldata accounts,
        uint40 time
    ) external view returns (uint256[] memory spendable, uint256[] memory perLease) {
        spendable = new uint256[](accounts.length);
        perLease = new uint256[](accounts.length);
        for (uint256 i = 0; i < accounts.length; ++i) {
            Account storage account = _accounts[accounts[i]];
            spendable[i] = uint256(account.bidding) + account.unbidding;
            perLease[i] = account.capped ? _leaseCapAt(accounts[i], time) : type(uint256).max;
        }
    }

    /// @dev Credits first; the exact check of what arrived undoes all of it, re-entrance included.
    function _deposit(uint256 amount) private {
        if (amount == 0) revert ZeroAmount();
        if (amount > type(uint96).max) revert ValueTooWide(amount);
        uint256 before = TOKEN.balanceOf(address(this));
        // All that is held fits into one account, so that no later sum of balances can overflow.
        if (before + amount > type(uint96).max) revert ValueTooWide(before + amount);
        _accounts[msg.sender].available += uint96(amount);
        emit Deposited(msg.sender, amount);
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
        uint256 received = TOKEN.balanceOf(address(this)) - before;
        if (received != amount) revert UnsupportedToken(amount, received);
    }

    function _takeAvailable(address account, uint256 amount) private {
        uint256 available = _accounts[account].available;
        if (available < amount) revert InsufficientAvailable(account, available, amount);
        _accounts[account].available = uint96(available - amount);
    }

    function _takeStaked(address account, uint256 amount) private {
        uint256 staked = _accounts[account].staked;
        if (staked < amount) revert InsufficientStake(account, staked, amount);
        _accounts[account].staked = uint96(staked - amount);
    }

    /// @dev Money on its way out still backs the slots that closed before it was asked for.
    function _takeBidding(address account, uint256 amount) private {
        Account storage held = _accounts[account];
        uint256 bidding = held.bidding;
        if (bidding >= amount) {
            held.bidding = uint96(bidding - amount);
            return;
        }
        uint256 missing = amount - bidding;
        uint256 unbidding = held.unbidding;
        if (unbidding < missing) revert InsufficientBidding(account, bidding + unbidding, amount);
        held.bidding = 0;
        held.unbidding = uint96(unbidding - missing);
        emit UnbidRecalled(account, missing);
    }
}
