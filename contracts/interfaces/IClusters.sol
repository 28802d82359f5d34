// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Clusters
/// @notice Nodes that bid as one for a cycle (document 004). The reserve is the largest of the members', the capacity its scarcest
/// member's, and what a lease pays is split by contributed computing power; members pull it.
interface IClusters {
    /// @notice A member's signed consent for one cycle.
    /// @param members keccak256 of every member's node id 32 ‖ power 8, packed, node ids ascending: who shares, and how
    /// @param cards cards offered, at least 1, at most the node's
    /// @param power computing power contributed, any unit that all members share, at least 1
    /// @param reservePrice least accepted, base units per card-hour, at least 1
    /// @param validFrom first second (unix) of the cycle, at most a day ahead
    /// @param validUntil last second (unix) of the cycle, at most a day later
    /// @param nonce serves one cluster; its own count, apart from orders' and asks'
    struct Consent {
        address provider;
        bytes32 node;
        bytes32 members;
        uint16 cards;
        uint64 power;
        uint96 reservePrice;
        uint40 validFrom;
        uint40 validUntil;
        uint64 nonce;
    }

    struct Member {
        address provider;
        uint64 power;
        bytes32 node;
    }

    /// @notice The members bid as one. The ask is the cluster's, with supply kind `CLUSTER`, node epoch 0 and nonce 0.
    /// @param cluster keccak256 of the consents' EIP-712 digests, packed
    /// @param account last 20 bytes of `cluster`: stands for it as `provider` of its ask and leases; nobody holds its key
    event ClusterFormed(
        bytes32 indexed cluster,
        address indexed account,
        bytes32 askId,
        bytes32 resourceClass,
        bytes32 region,
        uint16 cards,
        uint96 reservePrice,
        uint40 validFrom,
        uint40 validUntil,
        Member[] members
    );
    /// @notice The provider's consent with this nonce, if there is one, forms no cluster.
    event ConsentCancelled(address indexed provider, uint64 nonce);
    /// @notice `amount` of what the cluster earned is the member's.
    event ClusterPaid(bytes32 indexed cluster, address indexed provider, bytes32 indexed node, uint256 amount);

    error TooFewMembers(uint256 count);
    error TooManyMembers(uint256 count);
    error SignatureCount(uint256 consents, uint256 signatures);
    error MembersUnordered(bytes32 before, bytes32 after_);
    /// @notice The consent names other members or another cycle, offers nothing, or is not the node's owner's to give.
    error ConsentMismatch(bytes32 node);
    error NotSelling(address provider);
    error BadSignature(address expected);
    error KindMismatch(bytes32 node);
    error CycleInvalid(uint40 validFrom, uint40 validUntil);
    error NonceUsed(address provider, uint64 nonce);
    error ClusterUnknown(bytes32 cluster);
    error NothingToDistribute(bytes32 cluster);

    /// @notice Forms a cluster from 2 to 16 members' consents, in ascending node order; anyone may send it. Its ask counts in slots
    /// that close after this transaction. A node joins another cluster one slot and one commit deadline after its last at the
    /// earliest, so that the cluster it was in is known to every open slot.
    function form(
        bytes32 resourceClass,
        bytes32 region,
        Consent[] calldata consents,
        bytes[] calldata signatures
    ) external returns (bytes32 cluster);

    /// @notice Cancels the caller's consents that carry one of the nonces and were not used yet.
    function cancelConsents(uint64[] calldata nonces) external;

    /// @notice Moves every member's share of what the cluster's account has available to the members' payout addresses. Anyone may
    /// call; the unit that does not divide goes to the last member.
    function distribute(bytes32 cluster) external;

    /// @notice When the ask with this id was made by `form`; 0 if never.
    function askFormedAt(bytes32 askId) external view returns (uint40);

    /// @notice Members of the cluster that `account` stands for, at most 16; none for another account.
    function membersOf(address account) external view returns (Member[] memory);
}
