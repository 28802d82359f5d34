// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ProviderRegistry
/// @notice Who may sell, with which nodes. What a slot needs is kept with the time of its last change, so that a slot is judged
/// as of its close whatever happened afterwards.
interface IProviderRegistry {
    /// @param stake base units; above zero means registered
    /// @param unbondingSince unix seconds; 0 while it sells
    struct Provider {
        address payout;
        address signer;
        uint96 stake;
        uint40 signerSince;
        uint40 unbondingSince;
        address previousSigner;
    }

    /// @param kind keccak256(class id ‖ region id)
    /// @param epochSince unix seconds of the last raise
    /// @param clusteredUntil unix seconds until which a cluster alone offers the node
    struct Node {
        address provider;
        uint16 cards;
        uint16 epoch;
        uint32 epochSince;
        uint32 clusteredUntil;
        bytes32 kind;
    }

    /// @param x identifier segment X (enterprise, industry, city, availability zone)
    /// @param y identifier segments Y and Y' (attributes; versioned)
    /// @param z identifier segment Z (computing path)
    struct NodeListing {
        string x;
        string y;
        string z;
        string className;
        string region;
        uint16 cards;
        uint32 networkMbps;
        uint32 storageGb;
    }

    /// @notice An auditor's word about a node.
    struct Attestation {
        address auditor;
        uint8 tier;
        uint8 previousTier;
        uint40 since;
        bytes32 evidence;
    }

    /// @notice The provider may sell from now on.
    event ProviderRegistered(address indexed provider, address payout, address signer, uint256 stake, string metadata);
    /// @notice The stake grew by `amount`.
    event StakeAdded(address indexed provider, uint256 amount);
    /// @notice The stake shrank by `amount`, for the recorded reason; what went where is in the vault's `Slashed`.
    event StakeSlashed(address indexed provider, uint256 amount, bytes32 indexed reason);
    /// @notice Payments of all its leases go to `payout` from now on.
    event PayoutSet(address indexed provider, address payout);
    /// @notice Slots that close from now on take asks signed by `signer` alone. The events are the key's history.
    event SignerRotated(address indexed provider, address signer);
    /// @notice The provider's self-description.
    event MetadataSet(address indexed provider, string metadata);
    /// @notice The node is the provider's for ever; its epoch is 0, its version 1.
    event NodeAdded(
        bytes32 indexed node,
        address indexed provider,
        string x,
        string y,
        string z,
        string className,
        string region,
        uint32 cards,
        uint32 networkMbps,
        uint32 storageGb
    );
    /// @notice The node's hardware changed; stake, reputation and history stay.
    event NodeUpdated(bytes32 indexed node, string y, uint32 cards, uint32 networkMbps, uint32 storageGb);
    /// @notice Slots that close from now on take asks of this epoch alone.
    event NodeEpochRaised(bytes32 indexed node, uint32 epoch);
    /// @notice The node belongs to a cluster until `until` (unix seconds).
    event NodeClustered(bytes32 indexed node, bytes32 indexed cluster, uint64 until);
    /// @notice The node will be down from `from` to `to` (unix seconds): leases stop and are credited, at no fault.
    event MaintenanceAnnounced(bytes32 indexed node, uint64 from, uint64 to);
    /// @notice `auditor` vouches for the node at `tier`; `evidence` is the hash of what it saw.
    event NodeAttested(bytes32 indexed node, address indexed auditor, uint8 tier, bytes32 evidence);
    /// @notice The provider sells no more; its stake may return at `exitAt` (unix seconds).
    event UnbondingStarted(address indexed provider, uint64 exitAt);
    /// @notice The stake is back in the provider's available balance.
    event ProviderExited(address indexed provider, uint256 stake);

    error AlreadyRegistered(address provider);
    error NotRegistered(address provider);
    error StakeTooLow(uint256 offered, uint256 minimum);
    error NodeTaken(bytes32 node, address owner);
    error NotNodeOwner(bytes32 node, address caller);
    error NodeUnknown(bytes32 node);
    error NoCards();
    /// @notice Cards can be added to a node, never taken away: leases may use them.
    error CardsReduced(uint16 cards, uint16 offered);
    error ZeroAddress();
    error Unbonding(address provider, uint64 exitAt);
    error NotUnbonding(address provider);
    error UnbondNotReady(uint64 exitAt);
    /// @notice One change per slot and commit deadline, so that the value before it is known to every open slot.
    error TooSoon(uint64 readyAt);
    /// @notice A cluster alone offers the node until then; node 0: some node of the provider.
    error NodeInCluster(bytes32 node, uint64 until);
    error MaintenanceTooSoon(uint64 from, uint64 earliest);
    error MaintenanceInvalid(uint64 from, uint64 to);
    error NotProtocol(address caller);

    /// @notice Registers the caller and stakes from its available vault balance.
    function register(address payout, address signer, uint256 stake, string calldata metadata) external;

    /// @notice Adds to the caller's stake from its available vault balance.
    function addStake(uint256 amount) external;

    /// @notice Sets where the caller is paid.
    function setPayout(address payout) external;

    /// @notice Sets the caller's self-description.
    function setMetadata(string calldata metadata) external;

    /// @notice Replaces the key that signs the caller's asks and listings.
    function rotateSigner(address signer) external;

    /// @notice Adds nodes; a node id is keccak256(X "/" Z) and is taken for ever by its first owner.
    function addNodes(NodeListing[] calldata listings) external;

    /// @notice Changes the versioned attributes of the caller's node. Class and region belong to its identity.
    function updateNode(bytes32 node, string calldata y, uint16 cards, uint32 networkMbps, uint32 storageGb) external;

    /// @notice Revokes every ask and listing of the node signed before.
    function raiseEpoch(bytes32 node) external;

    /// @notice Announces a maintenance window of the caller's node, at least the notice ahead; one at a time.
    function announceMaintenance(bytes32 node, uint40 from, uint40 to) external;

    /// @notice Records the caller's attestation; auditors named by the administration alone.
    function attest(bytes32 node, uint8 tier, bytes32 evidence) external;

    /// @notice Starts the exit: slots that close from now on don't match it; the stake returns after the unbonding delay, or when
    /// its last lease ends if that is later. Not while a cluster holds a node of it.
    function startUnbonding() external;

    /// @notice Returns the caller's stake once the unbonding delay and its leases are over.
    function exit() external;

    /// @notice The provider's record; its payout address outlives the exit.
    function providerOf(address provider) external view returns (Provider memory);

    /// @notice The node's record; all zero when nobody added it.
    function nodeOf(bytes32 node) external view returns (Node memory);

    /// @notice The node's attestation; all zero without one.
    function attestationOf(bytes32 node) external view returns (Attestation memory);

    /// @notice The node's announced maintenance window; (0, 0) without one.
    function maintenanceOf(bytes32 node) external view returns (uint40 from, uint40 to);

    /// @notice The tier that counts for a slot that closed at `time` (unix seconds); 0 without an attestation.
    function tierAt(bytes32 node, uint40 time) external view returns (uint8);

    /// @notice The keys whose signatures bound the providers at `time` (unix seconds, not before the last commit deadline); zero
    /// for one that might not sell then.
    function sellersAt(address[] calldata providers, uint40 time) external view returns (address[] memory keys);

    /// @notice What a match needs of the nodes, with the epochs and clusters as they stood at `time`.
    /// @return heads clustered until 4 ‖ provider 20 ‖ cards 2 ‖ epoch 2, in the low bytes: a hundred of them cost a page less than as many records
    /// @return kinds keccak256(class id ‖ region id)
    function nodesAt(
        bytes32[] calldata nodes,
        uint40 time
    ) external view returns (uint256[] memory heads, bytes32[] memory kinds);

    /// @notice Where the provider is paid; the account itself where none is registered (a cluster's account).
    function payoutOf(address provider) external view returns (address);

    /// @notice Where each provider is paid; the account itself where none is registered (a cluster's account).
    function payoutsOf(address[] calldata providers) external view returns (address[] memory);

    /// @notice Whether `key` ever signed for the provider.
    function wasKey(address provider, address key) external view returns (bool);

    // Protocol calls.

    /// @notice A lease of the provider runs until `until`, longer than the unbonding delay: its stake stays until then. The
    /// auction and the market alone.
    function noteObligation(address provider, uint40 until) external;

    /// @notice Takes up to `amount` of the provider's stake, at most the slash bound of what it has staked; half of it is burned, the
    /// rest is for `to`. Returns what was taken. The lease book and the claim of a node sold twice alone.
    function slash(address provider, address to, uint256 amount, bytes32 reason) external returns (uint256 taken);

    /// @notice Marks a node as a cluster's until `until`; its owner can't start unbonding before. The clusters alone, which have
    /// checked owner, kind and that the last cluster of the node is known to no open slot.
    function clusterNode(bytes32 node, address provider, bytes32 cluster, uint32 until) external;
}
