// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IVault} from "./interfaces/IVault.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";

/// @title ProviderRegistry
/// @notice Who may sell, with which nodes.
contract ProviderRegistry is IProviderRegistry, AccessManaged {
    /// @dev The first word is all that a slot reads.
    struct Seller {
        address signer;
        uint40 signerSince;
        uint40 unbondingSince;
        address payout;
        uint96 stake;
        address previousSigner;
        uint40 obligedUntil;
        uint32 clusteredUntil;
    }

    struct Window {
        uint40 from;
        uint40 to;
    }

    uint256 private constant BPS = 10_000;
    /// @dev A maintenance window is no longer.
    uint40 private constant MOST_MAINTENANCE = 1 days;

    /// @notice Holds the stakes.
    IVault public immutable VAULT;
    /// @notice Notes obligations.
    address public immutable AUCTION;
    /// @notice Notes obligations.
    address public immutable MARKET;
    /// @notice Slashes.
    address public immutable LEASE_BOOK;
    /// @notice Slashes.
    address public immutable OVERSOLD;
    /// @notice Marks the nodes of clusters.
    address public immutable CLUSTERS;
    /// @notice Seconds between the start of an exit and the stake's return.
    uint40 public immutable UNBOND_SECONDS;
    /// @notice Least stake of a provider, base units.
    uint96 public immutable MIN_PROVIDER_STAKE;
    /// @notice Least seconds between two changes of one value: one slot and one commit deadline.
    uint40 public immutable SETTLING_SECONDS;
    /// @notice Most of a stake that one slash takes, 1/10,000.
    uint16 public immutable SLASH_BPS;
    /// @notice Least seconds between the announcement of maintenance and its start.
    uint32 public immutable NOTICE_SECONDS;

    /// @dev A stake above zero means registered. The payout address outlives the exit: leases may still pay.
    mapping(address provider => Seller) private _sellers;
    mapping(bytes32 node => Node) private _nodes;
    /// @inheritdoc IProviderRegistry
    mapping(address provider => mapping(address key => bool)) public wasKey;
    /// @dev When the node's last cluster was formed.
    mapping(bytes32 node => uint40 time) private _clusteredSince;
    mapping(bytes32 node => Attestation) private _attestations;
    mapping(bytes32 node => Window) private _maintenance;

    constructor(Addresses memory a, Parameters memory p) AccessManaged(a.authority) {
        ParameterBounds.check(p);
        VAULT = IVault(a.vault);
        AUCTION = a.auction;
        MARKET = a.market;
        LEASE_BOOK = a.leaseBook;
        CLUSTERS = a.clusters;
        OVERSOLD = a.oversold;
        NOTICE_SECONDS = p.noticeSeconds;
        UNBOND_SECONDS = p.unbondSeconds;
        MIN_PROVIDER_STAKE = p.minProviderStake;
        SETTLING_SECONDS = uint40(p.slotSeconds) + p.commitDeadlineSeconds;
        SLASH_BPS = p.slashBps;
    }

    /// @inheritdoc IProviderRegistry
    function register(address payout, address signer, uint256 stake, string calldata metadata) external {
        if (payout == address(0) || signer == address(0)) revert ZeroAddress();
        Seller storage seller = _sellers[msg.sender];
        if (seller.stake != 0) revert AlreadyRegistered(msg.sender);
        if (stake < MIN_PROVIDER_STAKE) revert StakeTooLow(stake, MIN_PROVIDER_STAKE);
        seller.signer = signer;
        wasKey[msg.sender][signer] = true;
        seller.signerSince = uint40(block.timestamp);
        seller.unbondingSince = 0;
        seller.payout = payout;
        // The vault refuses a stake that the account does not have, and no account has more than 96 bits.
        seller.stake = uint96(stake);
        seller.previousSigner = address(0);
        emit ProviderRegistered(msg.sender, payout, signer, stake, metadata);
        VAULT.stakeFor(msg.sender, stake);
    }

    /// @inheritdoc IProviderRegistry
    function addStake(uint256 amount) external {
        Seller storage seller = _bonded(msg.sender);
        if (amount == 0) revert StakeTooLow(0, 1);
        emit StakeAdded(msg.sender, amount);
        VAULT.stakeFor(msg.sender, amount);
        seller.stake += uint96(amount);
    }

    /// @inheritdoc IProviderRegistry
    function setPayout(address payout) external {
        if (payout == address(0)) revert ZeroAddress();
        Seller storage seller = _sellers[msg.sender];
        // Leases of a provider that has left may still pay.
        if (seller.payout == address(0)) revert NotRegistered(msg.sender);
        seller.payout = payout;
        emit PayoutSet(msg.sender, payout);
    }

    /// @inheritdoc IProviderRegistry
    function setMetadata(string calldata metadata) external {
        _bonded(msg.sender);
        emit MetadataSet(msg.sender, metadata);
    }

    /// @inheritdoc IProviderRegistry
    function rotateSigner(address signer) external {
        if (signer == address(0)) revert ZeroAddress();
        Seller storage seller = _bonded(msg.sender);
        _settled(seller.signerSince);
        seller.previousSigner = seller.signer;
        seller.signer = signer;
        wasKey[msg.sender][signer] = true;
        seller.signerSince = uint40(block.timestamp);
        emit SignerRotated(msg.sender, signer);
    }

    /// @inheritdoc IProviderRegistry
    function addNodes(NodeListing[] calldata listings) external {
        _bonded(msg.sender);
        // The list is the caller's own calldata, at its own gas.
        for (uint256 i = 0; i < listings.length; ++i) _addNode(listings[i]);
    }

    /// @inheritdoc IProviderRegistry
    function updateNode(bytes32 node, string calldata y, uint16 cards, uint32 networkMbps, uint32 storageGb) external {
        Node storage owned = _owned(node);
        if (cards < owned.cards) revert CardsReduced(owned.cards, cards);
        owned.cards = cards;
        emit NodeUpdated(node, y, cards, networkMbps, storageGb);
    }

    /// @inheritdoc IProviderRegistry
    function raiseEpoch(bytes32 node) external {
        Node storage owned = _owned(node);
        _settled(owned.epochSince);
        uint16 epoch = owned.epoch + 1;
        owned.epoch = epoch;
        owned.epochSince = uint32(block.timestamp);
        emit NodeEpochRaised(node, epoch);
    }

    /// @inheritdoc IProviderRegistry
    function announceMaintenance(bytes32 node, uint40 from, uint40 to) external {
        _owned(node);
        uint40 earliest = uint40(block.timestamp) + NOTICE_SECONDS;
        if (from < earliest) revert MaintenanceTooSoon(from, earliest);
        Window memory before = _maintenance[node];
        bool running = before.from <= block.timestamp && block.timestamp < before.to;
        if (to <= from || to - from > MOST_MAINTENANCE || running) revert MaintenanceInvalid(from, to);
        _maintenance[node] = Window(from, to);
        emit MaintenanceAnnounced(node, from, to);
    }

    /// @inheritdoc IProviderRegistry
    function attest(bytes32 node, uint8 tier, bytes32 evidence) external restricted {
        if (_nodes[node].provider == address(0)) revert NodeUnknown(node);
        Attestation storage held = _attestations[node];
        _settled(held.since);
        held.previousTier = held.tier;
        held.auditor = msg.sender;
        held.tier = tier;
        held.since = uint40(block.timestamp);
        held.evidence = evidence;
        emit NodeAttested(node, msg.sender, tier, evidence);
    }

    /// @inheritdoc IProviderRegistry
    function startUnbonding() external {
        Seller storage seller = _bonded(msg.sender);
        if (seller.clusteredUntil > block.timestamp) revert NodeInCluster(0, seller.clusteredUntil);
        seller.unbondingSince = uint40(block.timestamp);
        emit UnbondingStarted(msg.sender, _exitAt(seller));
    }

    /// @inheritdoc IProviderRegistry
    function exit() external {
        Seller storage seller = _sellers[msg.sender];
        uint96 stake = seller.stake;
        if (stake == 0) revert NotRegistered(msg.sender);
        if (seller.unbondingSince == 0) revert NotUnbonding(msg.sender);
        uint40 exitAt = _exitAt(seller);
        if (block.timestamp < exitAt) revert UnbondNotReady(exitAt);
        seller.stake = 0;
        emit ProviderExited(msg.sender, stake);
        VAULT.unstakeFor(msg.sender, stake);
    }

    /// @inheritdoc IProviderRegistry
    function noteObligation(address provider, uint40 until) external {
        if (msg.sender != AUCTION && msg.sender != MARKET) revert NotProtocol(msg.sender);
        Seller storage seller = _sellers[provider];
        if (until > seller.obligedUntil) seller.obligedUntil = until;
    }

    /// @inheritdoc IProviderRegistry
    function clusterNode(bytes32 node, address provider, bytes32 cluster, uint32 until) external {
        if (msg.sender != CLUSTERS) revert NotProtocol(msg.sender);
        _nodes[node].clusteredUntil = until;
        _clusteredSince[node] = uint40(block.timestamp);
        Seller storage seller = _sellers[provider];
        if (until > seller.clusteredUntil) seller.clusteredUntil = until;
        emit NodeClustered(node, cluster, until);
    }

    /// @inheritdoc IProviderRegistry
    function slash(address provider, address to, uint256 amount, bytes32 reason) external returns (uint256 taken) {
        if (msg.sender != LEASE_BOOK && msg.sender != OVERSOLD) revert NotProtocol(msg.sender);
        Seller storage seller = _sellers[provider];
        uint256 bound = (uint256(seller.stake) * SLASH_BPS) / BPS;
        taken = amount < bound ? amount : bound;
        if (taken == 0) return 0;
        uint96 left = seller.stake - uint96(taken);
        seller.stake = left;
        emit StakeSlashed(provider, taken, reason);
        // Too small a stake backs no further promise: the exit has begun.
        if (left < MIN_PROVIDER_STAKE && seller.unbondingSince == 0) {
            seller.unbondingSince = uint40(block.timestamp);
            emit UnbondingStarted(provider, _exitAt(seller));
        }
        // Half is burned, or a provider could take its stake out by harming an account of its own.
        uint256 burned = taken / 2;
        if (burned != 0) VAULT.slash(provider, address(0), burned);
        VAULT.slash(provider, to, taken - burned);
    }

    /// @inheritdoc IProviderRegistry
    function providerOf(address provider) external view returns (Provider memory) {
        Seller storage seller = _sellers[provider];
        return
            Provider({
                payout: seller.payout,
                signer: seller.signer,
                stake: seller.stake,
                signerSince: seller.signerSince,
                unbondingSince: seller.unbondingSince,
                previousSigner: seller.previousSigner
            });
    }

    /// @inheritdoc IProviderRegistry
    function nodeOf(bytes32 node) external view returns (Node memory) {
        return _nodes[node];
    }

    /// @inheritdoc IProviderRegistry
    function attestationOf(bytes32 node) external view returns (Attestation memory) {
        return _attestations[node];
    }

    /// @inheritdoc IProviderRegistry
    function maintenanceOf(bytes32 node) external view returns (uint40 from, uint40 to) {
        return (_maintenance[node].from, _maintenance[node].to);
    }

    /// @inheritdoc IProviderRegistry
    function tierAt(bytes32 node, uint40 time) external view returns (uint8) {
        Attestation storage held = _attestations[node];
        return held.since < time ? held.tier : held.previousTier;
    }

    /// @inheritdoc IProviderRegistry
    function sellersAt(address[] calldata providers, uint40 time) external view returns (address[] memory keys) {
        keys = new address[](providers.length);
        for (uint256 i = 0; i < providers.length; ++i) keys[i] = _keyAt(_sellers[providers[i]], time);
    }

    /// @inheritdoc IProviderRegistry
    function nodesAt(
        bytes32[] calldata nodes,
        uint40 time
    ) external view returns (uint256[] memory heads, bytes32[] memory kinds) {
        heads = new uint256[](nodes.length);
        kinds = new bytes32[](nodes.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            Node storage node = _nodes[nodes[i]];
            (uint256 provider, uint256 cards, uint256 epoch) = (uint160(node.provider), node.cards, node.epoch);
            uint256 clustered = node.clusteredUntil;
            if (node.epochSince >= time && epoch != 0) --epoch;
            if (clustered >= time && _clusteredSince[nodes[i]] >= time) clustered = 0;
            heads[i] = (clustered << 192) | (provider << 32) | (cards << 16) | epoch;
            kinds[i] = node.kind;
        }
    }

    /// @inheritdoc IProviderRegistry
    function payoutOf(address provider) external view returns (address) {
        return _payout(provider);
    }

    /// @inheritdoc IProviderRegistry
    function payoutsOf(address[] calldata providers) external view returns (address[] memory payouts) {
        payouts = new address[](providers.length);
        for (uint256 i = 0; i < providers.length; ++i) payouts[i] = _payout(providers[i]);
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
            epochSince: 0,
            clusteredUntil: 0,
            kind: _kind(listing.className, listing.region)
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

    function _kind(string memory className, string memory region) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(keccak256(bytes(className)), keccak256(bytes(region))));
    }

    function _bonded(address account) private view returns (Seller storage seller) {
        seller = _sellers[account];
        if (seller.stake == 0) revert NotRegistered(account);
        if (seller.unbondingSince != 0) revert Unbonding(account, _exitAt(seller));
    }

    function _owned(bytes32 node) private view returns (Node storage owned) {
        owned = _nodes[node];
        if (owned.provider != msg.sender) revert NotNodeOwner(node, msg.sender);
    }

    function _settled(uint40 since) private view {
        uint40 readyAt = since + SETTLING_SECONDS;
        if (since != 0 && block.timestamp < readyAt) revert TooSoon(readyAt);
    }

    function _exitAt(Seller storage seller) private view returns (uint40) {
        uint40 unbound = seller.unbondingSince + UNBOND_SECONDS;
        return seller.obligedUntil > unbound ? seller.obligedUntil : unbound;
    }

    function _payout(address provider) private view returns (address payout) {
        payout = _sellers[provider].payout;
        if (payout == address(0)) payout = provider;
    }

    function _keyAt(Seller storage seller, uint40 time) private view returns (address) {
        uint40 unbondingSince = seller.unbondingSince;
        if (unbondingSince != 0 && unbondingSince < time) return address(0);
        return seller.signerSince < time ? seller.signer : seller.previousSigner;
    }
}
