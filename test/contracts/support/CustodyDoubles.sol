// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClusters} from "../../../contracts/interfaces/IClusters.sol";
import {IProviderRegistry} from "../../../contracts/interfaces/IProviderRegistry.sol";
import {IVault} from "../../../contracts/interfaces/IVault.sol";
import {Addresses, Parameters} from "../../../contracts/types/Parameters.sol";

/// @notice Stands in for the vault until it has `distribute`: the balances that clusters and monitors move, kept exactly.
contract VaultDouble {
    mapping(address account => uint256) public available;
    mapping(address account => uint256) public staked;

    function credit(address account, uint256 amount) external {
        available[account] += amount;
    }

    function stakeFor(address account, uint256 amount) external {
        if (available[account] < amount) revert IVault.InsufficientAvailable(account, available[account], amount);
        available[account] -= amount;
        staked[account] += amount;
    }

    function unstakeFor(address account, uint256 amount) external {
        staked[account] -= amount;
        available[account] += amount;
    }

    function slash(address account, address to, uint256 amount) external {
        staked[account] -= amount;
        available[to] += amount;
    }

    function distribute(address from, address[] calldata accounts, uint256[] calldata amounts) external {
        for (uint256 i = 0; i < accounts.length; ++i) available[from] -= amounts[i];
        for (uint256 i = 0; i < accounts.length; ++i) available[accounts[i]] += amounts[i];
    }

    function balanceOf(address account) external view returns (uint256, uint256, uint256, uint256) {
        return (available[account], 0, 0, staked[account]);
    }
}

/// @notice Stands in for the registry until it has `clusterNode`.
contract RegistryDouble {
    mapping(address provider => address) public keyOf;
    mapping(address provider => address) public payoutOf;
    mapping(bytes32 node => bytes32) public clusterOf;
    mapping(bytes32 node => IProviderRegistry.Node) private _nodes;

    function setProvider(address provider, address key, address payout) external {
        keyOf[provider] = key;
        payoutOf[provider] = payout;
    }

    function setNode(bytes32 node, address provider, uint16 cards, bytes32 kind) external {
        _nodes[node] = IProviderRegistry.Node(provider, cards, 0, 0, 0, kind);
    }

    function clusterNode(bytes32 node, address provider, bytes32 cluster, uint32 until) external {
        require(_nodes[node].provider == provider, "owner");
        clusterOf[node] = cluster;
        _nodes[node].clusteredUntil = until;
    }

    function nodesAt(
        bytes32[] calldata nodes,
        uint40 time
    ) external view returns (uint256[] memory heads, bytes32[] memory kinds) {
        require(time > block.timestamp, "changes of this second count");
        heads = new uint256[](nodes.length);
        kinds = new bytes32[](nodes.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            IProviderRegistry.Node memory node = _nodes[nodes[i]];
            heads[i] = uint256(node.clusteredUntil) << 192;
            heads[i] |= (uint256(uint160(node.provider)) << 32) | (uint256(node.cards) << 16) | node.epoch;
            kinds[i] = node.kind;
        }
    }

    function sellersAt(address[] calldata providers, uint40 time) external view returns (address[] memory keys) {
        require(time > block.timestamp, "changes of this second count");
        keys = new address[](providers.length);
        for (uint256 i = 0; i < providers.length; ++i) keys[i] = keyOf[providers[i]];
    }

    function payoutsOf(address[] calldata providers) external view returns (address[] memory payouts) {
        payouts = new address[](providers.length);
        for (uint256 i = 0; i < providers.length; ++i) payouts[i] = payoutOf[providers[i]];
    }

    function clusteredUntil(bytes32 node) external view returns (uint32) {
        return _nodes[node].clusteredUntil;
    }
}

/// @notice Names the members of clusters that nobody had to form.
contract ClustersDouble {
    mapping(address account => IClusters.Member[]) private _members;

    function add(address account, address provider, uint64 power) external {
        _members[account].push(IClusters.Member(provider, power, bytes32(uint256(uint160(provider)))));
    }

    function membersOf(address account) external view returns (IClusters.Member[] memory) {
        return _members[account];
    }
}

/// @dev The defaults of ADR 0001 and ADR 0007.
function defaultParameters() pure returns (Parameters memory p) {
    p.slotSeconds = 10;
    p.commitDeadlineSeconds = 60;
    p.gammaWad = 0.8e18;
    p.feeBps = 200;
    p.minLeaseSeconds = 60;
    p.maxLeaseSeconds = 31_536_000;
    p.minBillSeconds = 900;
    p.settleLagSeconds = 300;
    p.unbondSeconds = 604_800;
    p.minProviderStake = 100e6;
    p.noticeSeconds = 3600;
    p.noShowGraceSeconds = 120;
    p.faultOutageSeconds = 3600;
    p.slashBps = 1000;
    p.monitorBond = 1000e6;
    p.monitorQuorum = 2;
    p.claimWindowSeconds = 86_400;
    p.answerSeconds = 3600;
    p.claimDeposit = 50e6;
    p.claimPenalty = 1000e6;
    p.skipPenalty = 10e6;
    p.quoteSeconds = 600;
    p.surplusShareBps = 5000;
}

/// @dev A deployment of these three; the rest is zero.
function addressesOf(address vault, address registry, address clusters) pure returns (Addresses memory a) {
    a.vault = vault;
    a.registry = registry;
    a.clusters = clusters;
}
