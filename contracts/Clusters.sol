// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IClusters} from "./interfaces/IClusters.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IVault} from "./interfaces/IVault.sol";
import {AuctionDomain} from "./libraries/AuctionDomain.sol";
import {Eip712} from "./libraries/Eip712.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {PowerSplit} from "./libraries/PowerSplit.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";
import {Ask, SupplyKind} from "./types/Trade.sol";

/// @title Clusters
/// @notice Nodes that bid as one for a cycle, by their owners' signed consent, and share what they earn.
contract Clusters is IClusters {
    using BitMaps for BitMaps.BitMap;

    /// @dev What the members agree on, gathered while their consents are checked.
    struct Offer {
        uint16 cards;
        uint96 reservePrice;
        uint40 validFrom;
        uint40 validUntil;
    }

    bytes32 private constant CONSENT = keccak256(
        "Consent(address provider,bytes32 node,bytes32 members,uint16 cards,uint64 power,uint96 reservePrice,uint40 validFrom,uint40 validUntil,uint64 nonce)"
    );
    uint256 private constant LEAST_MEMBERS = 2;
    uint256 private constant MOST_MEMBERS = 16;
    /// @dev A cycle is no longer, and starts no later.
    uint256 private constant MOST_CYCLE = 1 days;

    /// @notice Holds what clusters earn.
    IVault public immutable VAULT;
    /// @notice Knows nodes, keys and payout addresses.
    IProviderRegistry public immutable REGISTRY;
    /// @notice Whose signature domain consents and asks have.
    address public immutable AUCTION;
    /// @notice Seconds that a node stays out of clusters after one: every slot closed before may still commit.
    uint40 public immutable SETTLING_SECONDS;

    mapping(address account => Member[]) private _members;
    mapping(bytes32 askId => uint40) private _formedAt;
    mapping(address provider => BitMaps.BitMap) private _usedNonces;

    constructor(Addresses memory a, Parameters memory p) {
        ParameterBounds.check(p);
        VAULT = IVault(a.vault);
        REGISTRY = IProviderRegistry(a.registry);
        AUCTION = a.auction;
        SETTLING_SECONDS = uint40(p.slotSeconds) + p.commitDeadlineSeconds;
    }

    /// @inheritdoc IClusters
    function form(
        bytes32 resourceClass,
        bytes32 region,
        Consent[] calldata consents,
        bytes[] calldata signatures
    ) external returns (bytes32 cluster) {
        if (consents.length < LEAST_MEMBERS) revert TooFewMembers(consents.length);
        if (consents.length > MOST_MEMBERS) revert TooManyMembers(consents.length);
        if (consents.length != signatures.length) revert SignatureCount(consents.length, signatures.length);
        Offer memory offer = _agree(consents);
        _requireNodes(consents, keccak256(abi.encodePacked(resourceClass, region)));
        cluster = _spend(consents, signatures);
        address account = _account(cluster);
        bytes32 askId = _askId(cluster, resourceClass, region, offer);
        _formedAt[askId] = uint40(block.timestamp);
        Member[] memory members = _keep(account, consents);
        emit ClusterFormed(
            cluster,
            account,
            askId,
            resourceClass,
            region,
            offer.cards,
            offer.reservePrice,
            offer.validFrom,
            offer.validUntil,
            members
        );
        for (uint256 i = 0; i < members.length; ++i) {
            // A cycle ends within two days, so its end fits until the year 2106, as every time of a node does.
            REGISTRY.clusterNode(members[i].node, members[i].provider, cluster, uint32(offer.validUntil));
        }
    }

    /// @inheritdoc IClusters
    function cancelConsents(uint64[] calldata nonces) external {
        BitMaps.BitMap storage used = _usedNonces[msg.sender];
        for (uint256 i = 0; i < nonces.length; ++i) {
            if (used.get(nonces[i])) continue;
            used.set(nonces[i]);
            emit ConsentCancelled(msg.sender, nonces[i]);
        }
    }

    /// @inheritdoc IClusters
    function distribute(bytes32 cluster) external {
        address account = _account(cluster);
        Member[] memory members = _members[account];
        if (members.length == 0) revert ClusterUnknown(cluster);
        (uint256 amount, , , ) = VAULT.balanceOf(account);
        if (amount == 0) revert NothingToDistribute(cluster);
        address[] memory providers = new address[](members.length);
        uint256[] memory parts = PowerSplit.parts(members, amount);
        for (uint256 i = 0; i < members.length; ++i) {
            providers[i] = members[i].provider;
            emit ClusterPaid(cluster, members[i].provider, members[i].node, parts[i]);
        }
        VAULT.distribute(account, REGISTRY.payoutsOf(providers), parts);
    }

    /// @inheritdoc IClusters
    function askFormedAt(bytes32 askId) external view returns (uint40) {
        return _formedAt[askId];
    }

    /// @inheritdoc IClusters
    function membersOf(address account) external view returns (Member[] memory) {
        return _members[account];
    }

    /// @dev Every consent names the same members, powers and cycle; the scarcest member sets the cards, the dearest the reserve.
    function _agree(Consent[] calldata consents) private view returns (Offer memory offer) {
        bytes32 members = _membersHash(consents);
        offer = Offer(type(uint16).max, 0, consents[0].validFrom, consents[0].validUntil);
        if (
            offer.validFrom < block.timestamp ||
            offer.validFrom > block.timestamp + MOST_CYCLE ||
            offer.validUntil <= offer.validFrom ||
            offer.validUntil - offer.validFrom > MOST_CYCLE
        ) revert CycleInvalid(offer.validFrom, offer.validUntil);
        for (uint256 i = 0; i < consents.length; ++i) {
            Consent calldata consent = consents[i];
            if (
                consent.members != members ||
                consent.validFrom != offer.validFrom ||
                consent.validUntil != offer.validUntil ||
                consent.cards == 0 ||
                consent.power == 0 ||
                consent.reservePrice == 0
            ) revert ConsentMismatch(consent.node);
            if (consent.cards < offer.cards) offer.cards = consent.cards;
            if (consent.reservePrice > offer.reservePrice) offer.reservePrice = consent.reservePrice;
        }
    }

    function _membersHash(Consent[] calldata consents) private pure returns (bytes32) {
        bytes32 before = consents[0].node;
        bytes memory packed = abi.encodePacked(before, consents[0].power);
        for (uint256 i = 1; i < consents.length; ++i) {
            bytes32 node = consents[i].node;
            if (node <= before) revert MembersUnordered(before, node);
            before = node;
            packed = bytes.concat(packed, node, bytes8(consents[i].power));
        }
        return keccak256(packed);
    }

    /// @dev Every node is its signer's, of the right kind, large enough, and free of any cluster that an open slot may know.
    function _requireNodes(Consent[] calldata consents, bytes32 kind) private view {
        bytes32[] memory ids = new bytes32[](consents.length);
        for (uint256 i = 0; i < ids.length; ++i) ids[i] = consents[i].node;
        (uint256[] memory heads, bytes32[] memory kinds) = REGISTRY.nodesAt(ids, _afterNow());
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 head = heads[i];
            if (address(uint160(head >> 32)) != consents[i].provider || consents[i].cards > uint16(head >> 16)) {
                revert ConsentMismatch(ids[i]);
            }
            if (kinds[i] != kind) revert KindMismatch(ids[i]);
            uint256 freeAt = (head >> 192) + SETTLING_SECONDS;
            if (head >> 192 != 0 && block.timestamp <= freeAt) {
                revert IProviderRegistry.NodeInCluster(ids[i], uint64(freeAt));
            }
        }
    }

    /// @dev Checks every signature, uses up every nonce, and names the cluster after what was signed: no two are alike.
    function _spend(Consent[] calldata consents, bytes[] calldata signatures) private returns (bytes32) {
        address[] memory providers = new address[](consents.length);
        for (uint256 i = 0; i < providers.length; ++i) providers[i] = consents[i].provider;
        address[] memory keys = REGISTRY.sellersAt(providers, _afterNow());
        bytes32[] memory digests = new bytes32[](consents.length);
        for (uint256 i = 0; i < digests.length; ++i) {
            if (keys[i] == address(0)) revert NotSelling(providers[i]);
            digests[i] = AuctionDomain.digest(AUCTION, keccak256(abi.encode(CONSENT, consents[i])));
            (address signer, , ) = ECDSA.tryRecoverCalldata(digests[i], signatures[i]);
            if (signer != keys[i]) revert BadSignature(keys[i]);
            BitMaps.BitMap storage used = _usedNonces[providers[i]];
            if (used.get(consents[i].nonce)) revert NonceUsed(providers[i], consents[i].nonce);
            used.set(consents[i].nonce);
        }
        return keccak256(abi.encodePacked(digests));
    }

    function _keep(address account, Consent[] calldata consents) private returns (Member[] memory members) {
        members = new Member[](consents.length);
        for (uint256 i = 0; i < members.length; ++i) {
            members[i] = Member(consents[i].provider, consents[i].power, consents[i].node);
            _members[account].push(members[i]);
        }
    }

    function _askId(
        bytes32 cluster,
        bytes32 resourceClass,
        bytes32 region,
        Offer memory offer
    ) private view returns (bytes32) {
        Ask memory ask = Ask({
            provider: _account(cluster),
            supply: cluster,
            supplyKind: SupplyKind.CLUSTER,
            nodeEpoch: 0,
            resourceClass: resourceClass,
            region: region,
            cards: offer.cards,
            reservePrice: offer.reservePrice,
            validFrom: offer.validFrom,
            validUntil: offer.validUntil,
            nonce: 0
        });
        return AuctionDomain.digest(AUCTION, keccak256(abi.encode(Eip712.ASK, ask)));
    }

    /// @dev A value as of a time counts changes before it; this counts them all.
    function _afterNow() private view returns (uint40) {
        return uint40(block.timestamp) + 1;
    }

    /// @dev Nobody holds the key: to find one takes 2^80 hashes.
    function _account(bytes32 cluster) private pure returns (address) {
        return address(uint160(uint256(cluster)));
    }
}
