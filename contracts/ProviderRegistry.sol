// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IVault} from "./interfaces/IVault.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Parameters} from "./types/Parameters.sol";

/// @title ProviderRegistry
/// @notice Who may sell, with which nodes.
contract ProviderRegistry is IProviderRegistry {
    using SafeCast for uint256;

    /// @notice Holds the stakes.
    IVault public immutable VAULT;
    /// @notice Seconds between the start of an exit and the stake's return.
    uint64 public immutable UNBOND_SECONDS;
    /// @notice Least stake of a provider, base units.
    uint256 public immutable MIN_PROVIDER_STAKE;

    /// @dev A stake above zero means registered. The payout address outlives the exit: leases may still pay.
    mapping(address provider => Provider) private _providers;
    mapping(bytes32 node => Node) private _nodes;

    constructor(IVault vault, Parameters memory p) {
        ParameterBounds.check(p);
        VAULT = vault;
        UNBOND_SECONDS = p.unbondSeconds;
        MIN_PROVIDER_STAKE = p.minProviderStake;
    }

    /// @inheritdoc IProviderRegistry
    function register(address payout, address signer, uint256 stake, string calldata metadata) external {
        if (payout == address(0) || signer == address(0)) revert ZeroAddress();
        if (_providers[msg.sender].stake != 0) revert AlreadyRegistered(msg.sender);
        if (stake < MIN_PROVIDER_STAKE) revert StakeTooLow(stake, MIN_PROVIDER_STAKE);
        _providers[msg.sender] = Provider({payout: payout, signer: signer, exitAt: 0, stake: stake.toUint128()});
        emit ProviderRegistered(msg.sender, payout, signer, stake, metadata);
        VAULT.stakeFor(msg.sender, stake);
    }

    /// @inheritdoc IProviderRegistry
    function addStake(uint256 amount) external {
        Provider storage provider = _bonded(msg.sender);
        if (amount == 0) revert StakeTooLow(0, 1);
        provider.stake += amount.toUint128();
        emit StakeAdded(msg.sender, amount);
        VAULT.stakeFor(msg.sender, amount);
    }

    /// @inheritdoc IProviderRegistry
    function rotateSigner(address signer) external {
        if (signer == address(0)) revert ZeroAddress();
        _bonded(msg.sender).signer = signer;
        emit SignerRotated(msg.sender, signer);
    }

    /// @inheritdoc IProviderRegistry
    function addNodes(NodeListing[] calldata listings) external {
        _bonded(msg.sender);
        // The list is the caller's own calldata, at its own gas.
        for (uint256 i = 0; i < listings.length; ++i) _addNode(listings[i]);
    }

    /// @inheritdoc IProviderRegistry
    function raiseEpoch(bytes32 node) external {
        Node storage owned = _nodes[node];
        if (owned.provider != msg.sender) revert NotNodeOwner(node, msg.sender);
        uint32 epoch = owned.epoch + 1;
        owned.epoch = epoch;
        emit NodeEpochRaised(node, epoch);
    }

    /// @inheritdoc IProviderRegistry
    function startUnbonding() external {
        Provider storage provider = _bonded(msg.sender);
        uint64 exitAt = uint64(block.timestamp) + UNBOND_SECONDS;
        provider.exitAt = exitAt;
        emit UnbondingStarted(msg.sender, exitAt);
    }

    /// @inheritdoc IProviderRegistry
    function exit() external {
        Provider storage provider = _providers[msg.sender];
        uint128 stake = provider.stake;
        if (stake == 0) revert NotRegistered(msg.sender);
        if (provider.exitAt == 0) revert NotUnbonding(msg.sender);
        if (block.timestamp < provider.exitAt) revert UnbondNotReady(provider.exitAt);
        provider.stake = 0;
        emit ProviderExited(msg.sender, stake);
        VAULT.unstakeFor(msg.sender, stake);
    }

    /// @inheritdoc IProviderRegistry
    function providerOf(address provider) external view returns (Provider memory) {
        return _providers[provider];
    }

    /// @inheritdoc IProviderRegistry
    function nodeOf(bytes32 node) external view returns (Node memory) {
        return _nodes[node];
    }

    /// @inheritdoc IProviderRegistry
    function sellingKey(address provider) external view returns (address) {
        Provider storage seller = _providers[provider];
        return seller.exitAt == 0 ? seller.signer : address(0);
    }

    function _addNode(NodeListing memory listing) private {
        if (listing.cards == 0) revert NoCards();
        bytes32 node = keccak256(abi.encodePacked(listing.x, "/", listing.z));
        address owner = _nodes[node].provider;
        if (owner != address(0)) revert NodeTaken(node, owner);
        _nodes[node] = Node({
            provider: msg.sender,
            cards: listing.cards,
            epoch: 0,
            resourceClass: keccak256(bytes(listing.className)),
            region: keccak256(bytes(listing.region))
        });
        emit NodeAdded(
            node,
            msg.sender,
            listing.x,
            listing.y,
            listing.z,
            listing.className,
            listing.region,
            listing.cards,
            listing.networkMbps,
            listing.storageGb
        );
    }

    function _bonded(address account) private view returns (Provider storage provider) {
        provider = _providers[account];
        if (provider.stake == 0) revert NotRegistered(account);
        if (provider.exitAt != 0) revert Unbonding(account, provider.exitAt);
    }
}
