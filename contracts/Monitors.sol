// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IClusters} from "./interfaces/IClusters.sol";
import {IMonitors} from "./interfaces/IMonitors.sol";
import {IVault} from "./interfaces/IVault.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";

/// @title Monitors
/// @notice The bonded watchers named at deployment, and the check that enough of them signed.
contract Monitors is IMonitors, AccessManaged {
    /// @dev `leavingAt` 0 means that it watches.
    struct Monitor {
        uint96 bond;
        uint40 leavingAt;
        bool named;
    }

    uint256 private constant MOST_MONITORS = 16;

    /// @notice Holds the bonds.
    IVault public immutable VAULT;
    /// @notice Knows whom a cluster's account stands for.
    IClusters public immutable CLUSTERS;
    /// @notice Least bond of a monitor whose word counts, base units.
    uint96 public immutable MONITOR_BOND;
    /// @notice Monitors that must agree.
    uint8 public immutable QUORUM;
    /// @notice Seconds between the start of an exit and the bond's return.
    uint40 public immutable UNBOND_SECONDS;

    address[] private _named;
    mapping(address account => Monitor) private _monitors;

    modifier onlyMonitor() {
        if (!_monitors[msg.sender].named) revert NotMonitor(msg.sender);
        _;
    }

    /// @notice `named` are the monitors, in ascending order, for ever.
    constructor(Addresses memory a, Parameters memory p, address[] memory named) AccessManaged(a.authority) {
        ParameterBounds.check(p);
        if (p.monitorQuorum > named.length || named.length > MOST_MONITORS) {
            revert InvalidQuorum(p.monitorQuorum, named.length);
        }
        VAULT = IVault(a.vault);
        CLUSTERS = IClusters(a.clusters);
        MONITOR_BOND = p.monitorBond;
        QUORUM = p.monitorQuorum;
        UNBOND_SECONDS = p.unbondSeconds;
        address before = address(0);
        for (uint256 i = 0; i < named.length; ++i) {
            if (named[i] <= before) revert SignersUnordered(before, named[i]);
            before = named[i];
            _monitors[before].named = true;
        }
        _named = named;
    }

    /// @inheritdoc IMonitors
    function bond(uint256 amount) external onlyMonitor {
        Monitor storage monitor = _monitors[msg.sender];
        _watching(msg.sender, monitor);
        uint256 total = monitor.bond + amount;
        if (total < MONITOR_BOND) revert BondTooLow(msg.sender, total, MONITOR_BOND);
        // The vault refuses an amount that the account does not have, and no account has more than 96 bits.
        monitor.bond = uint96(total);
        emit MonitorBonded(msg.sender, total);
        VAULT.stakeFor(msg.sender, amount);
    }

    /// @inheritdoc IMonitors
    function startLeaving() external onlyMonitor {
        Monitor storage monitor = _monitors[msg.sender];
        _watching(msg.sender, monitor);
        if (monitor.bond == 0) revert BondTooLow(msg.sender, 0, 1);
        uint40 readyAt = uint40(block.timestamp) + UNBOND_SECONDS;
        monitor.leavingAt = readyAt;
        emit MonitorLeaving(msg.sender, readyAt);
    }

    /// @inheritdoc IMonitors
    function takeBond() external onlyMonitor {
        Monitor storage monitor = _monitors[msg.sender];
        uint40 readyAt = monitor.leavingAt;
        if (readyAt == 0) revert NotLeaving(msg.sender);
        if (block.timestamp < readyAt) revert LeavingNotReady(readyAt);
        uint96 returned = monitor.bond;
        monitor.bond = 0;
        monitor.leavingAt = 0;
        emit MonitorLeft(msg.sender, returned);
        VAULT.unstakeFor(msg.sender, returned);
    }

    /// @inheritdoc IMonitors
    function slash(address monitor, uint256 amount, bytes32 evidence) external restricted {
        uint96 held = _monitors[monitor].bond;
        uint256 taken = amount < held ? amount : held;
        if (taken == 0) revert BondTooLow(monitor, held, 1);
        _monitors[monitor].bond = held - uint96(taken);
        emit MonitorSlashed(monitor, taken, evidence);
        VAULT.slash(monitor, address(0), taken);
    }

    /// @inheritdoc IMonitors
    function requireQuorum(
        bytes32 digest,
        bytes[] calldata signatures,
        address consumer,
        address provider
    ) external view {
        if (signatures.length < QUORUM) revert QuorumMissing(signatures.length, QUORUM);
        IClusters.Member[] memory members = CLUSTERS.membersOf(provider);
        address before = address(0);
        // At most 16 pass: each is another monitor.
        for (uint256 i = 0; i < signatures.length; ++i) {
            (address signer, , ) = ECDSA.tryRecover(digest, signatures[i]);
            if (signer <= before) revert SignersUnordered(before, signer);
            before = signer;
            _requireWord(signer);
            if (signer == consumer || signer == provider) revert PartyToLease(signer);
            for (uint256 j = 0; j < members.length; ++j) {
                if (signer == members[j].provider) revert PartyToLease(signer);
            }
        }
    }

    /// @inheritdoc IMonitors
    function monitors() external view returns (address[] memory) {
        return _named;
    }

    /// @inheritdoc IMonitors
    function bondOf(address monitor) external view returns (uint96 bond_, uint40 leavingAt) {
        return (_monitors[monitor].bond, _monitors[monitor].leavingAt);
    }

    function _requireWord(address signer) private view {
        Monitor storage monitor = _monitors[signer];
        if (!monitor.named) revert NotMonitor(signer);
        _watching(signer, monitor);
        if (monitor.bond < MONITOR_BOND) revert BondTooLow(signer, monitor.bond, MONITOR_BOND);
    }

    function _watching(address account, Monitor storage monitor) private view {
        if (monitor.leavingAt != 0) revert Leaving(account, monitor.leavingAt);
    }
}
