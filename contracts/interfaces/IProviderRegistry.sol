// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ProviderRegistry
/// @notice Who may sell, with which nodes.
interface IProviderRegistry {
    struct Provider {
        address payout;
        address signer;
        uint64 exitAt;
        uint128 stake;
    }

    struct Node {
        address provider;
        uint32 cards;
        uint32 epoch;
        bytes32 resourceClass;
        bytes32 region;
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
        uint32 cards;
        uint32 networkMbps;
        uint32 storageGb;
    }

    /// @notice The provider may sell from now on.
    event ProviderRegistered(address indexed provider, address payout, address signer, uint256 stake, string metadata);
    /// @notice The stake grew by `amount`.
    event StakeAdded(address indexed provider, uint256 amount);
    /// @notice Asks signed by the earlier key stop being valid in this block.
    event SignerRotated(address indexed provider, address signer);
    /// @notice The node is the provider's for ever; its epoch is 0.
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
    /// @notice Asks and listings of an earlier epoch stop being valid in this block.
    event NodeEpochRaised(bytes32 indexed node, uint32 epoch);
    /// @notice The provider sells no more; its stake may return at `exitAt` (unix seconds).
    event UnbondingStarted(address indexed provider, uint64 exitAt);
    /// @notice The stake is back in the provider's available balance.
    event ProviderExited(address indexed provider, uint256 stake);

    error AlreadyRegistered(address provider);
    error NotRegistered(address provider);
    error StakeTooLow(uint256 offered, uint256 minimum);
    error NodeTaken(bytes32 node, address owner);
    error NotNodeOwner(bytes32 node, address caller);
    error NoCards();
    error ZeroAddress();
    error Unbonding(address provider, uint64 exitAt);
    error NotUnbonding(address provider);
    error UnbondNotReady(uint64 exitAt);

    /// @notice Registers the caller and stakes from its available vault balance.
    function register(address payout, address signer, uint256 stake, string calldata metadata) external;

    /// @notice Adds to the caller's stake from its available vault balance.
    function addStake(uint256 amount) external;

    /// @notice Replaces the key that signs the caller's asks and listings.
    function rotateSigner(address signer) external;

    /// @notice Adds nodes; a node id is keccak256(X "/" Z) and is taken for ever by its first owner.
    function addNodes(NodeListing[] calldata listings) external;

    /// @notice Revokes every ask and listing of the node signed before.
    function raiseEpoch(bytes32 node) external;

    /// @notice Starts the exit: no further match; the stake returns after the unbonding delay.
    function startUnbonding() external;

    /// @notice Returns the caller's stake once the unbonding delay is over; it may register again.
    function exit() external;

    /// @notice The provider's record; its payout address outlives the exit.
    function providerOf(address provider) external view returns (Provider memory);

    /// @notice The node's record; all zero when nobody added it.
    function nodeOf(bytes32 node) external view returns (Node memory);

    /// @notice The key whose signature binds the provider now; zero when it may not sell (unknown or unbonding).
    function sellingKey(address provider) external view returns (address);
}
