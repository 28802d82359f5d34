// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Approvals} from "./Approvals.sol";
import {IClusters} from "./interfaces/IClusters.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IVault} from "./interfaces/IVault.sol";
import {PageReader} from "./libraries/PageReader.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Nonces} from "./Nonces.sol";
import {Addresses} from "./types/Parameters.sol";

/// @title PageTables
/// @notice Reads a page's tables as of the slot's close: its accounts, with keys and balances, and its asks, each checked once.
/// @dev Unchecked: places in calldata and counts of one byte add up to nothing that overflows.
abstract contract PageTables is Nonces, Approvals {
    using PageReader for uint256;

    /// @dev Which page it is, and what it is judged by.
    /// @param firstKey upper half-word that its first clearing key must reach
    struct Place {
        uint64 slot;
        uint16 page;
        uint40 slotEnd;
        bytes32 seed;
        uint256 firstKey;
    }

    /// @dev An ask of the page's table.
    /// @param ofCluster whether a cluster offers it
    /// @param tier least attestation tier of its nodes, plus 1; 0 while nobody asked
    /// @param fault why no match with it holds; checked once for all of them
    struct Offer {
        bytes32 id;
        bytes32 supply;
        bytes32 resourceClass;
        bytes32 region;
        uint256 cards;
        uint256 nodeCards;
        uint256 reserve;
        uint256 provider;
        uint64 nonce;
        bool ofCluster;
        uint16 tier;
        Skip fault;
    }

    /// @dev A page while it is read: its tables, what its bidders can pay and what they have spent.
    /// `scores` holds each provider's reputation plus 1, 0 while nobody asked.
    struct Book {
        Place place;
        bytes32 domain;
        uint256 end;
        address[] providers;
        address[] consumers;
        address[] keys;
        uint256[] scores;
        uint256[] spendable;
        uint256[] perLease;
        uint256[] spent;
        uint256[] clock;
        Offer[] offers;
        bytes32[] matchLeaves;
        bytes32[] leaseLeaves;
        uint256 live;
        uint256 skips;
        uint256 exposure;
        bytes records;
    }

    uint256 internal constant SIGNATURE = 65;
    /// @dev `SupplyKind.CLUSTER`.
    uint256 private constant CLUSTER = 2;

    /// @notice Locks the money of a match.
    IVault public immutable VAULT;
    /// @notice Knows selling keys and nodes.
    IProviderRegistry public immutable REGISTRY;
    /// @notice Makes the asks of clusters.
    IClusters public immutable CLUSTERS;

    constructor(Addresses memory a) {
        VAULT = IVault(a.vault);
        REGISTRY = IProviderRegistry(a.registry);
        CLUSTERS = IClusters(a.clusters);
    }

    /// @dev Tables of providers and consumers, with the keys of the ones and the balances of the others.
    function _readAccounts(Book memory book, uint256 at_) internal view returns (uint256) {
        unchecked {
            uint256 providers = at_.read(1);
            uint256 consumers = (at_ + 1).read(1);
            at_ += 2;
            uint256 next = at_ + 20 * (providers + consumers);
            // A lease names its parties by one byte of both tables together.
            if (next >= book.end || providers + consumers > 255) revert PageMalformed(at_);
            book.providers = _addresses(at_, providers);
            book.consumers = _addresses(at_ + 20 * providers, consumers);
            uint40 slotEnd = book.place.slotEnd;
            book.keys = REGISTRY.sellersAt(book.providers, slotEnd);
            book.scores = new uint256[](providers);
            (book.spendable, book.perLease) = VAULT.biddersAt(book.consumers, slotEnd);
            book.spent = new uint256[](consumers);
            return next;
        }
    }

    function _addresses(uint256 at_, uint256 count) private pure returns (address[] memory list) {
        unchecked {
            list = new address[](count);
            for (uint256 i = 0; i < count; ++i) list[i] = address(uint160((at_ + 20 * i).read(20)));
        }
    }

    /// @dev The asks, each checked by itself, once however many matches use it.
    function _readOffers(Book memory book, uint256 at_) internal view returns (uint256) {
        unchecked {
            uint256 kinds = at_.read(1);
            uint256 kindsAt = at_ + 1;
            at_ = kindsAt + 64 * kinds;
            uint256 count = at_.read(1);
            ++at_;
            book.offers = new Offer[](count);
            bytes32[] memory supplies = new bytes32[](count);
            uint256 next = at_;
            for (uint256 i = 0; i < count; ++i) {
                if (next + PageReader.ASK_HEAD > book.end) revert PageMalformed(next);
                supplies[i] = bytes32((next + 37).read(32));
                next += PageReader.ASK_HEAD + (next + 69).read(1);
            }
            if (next >= book.end) revert PageMalformed(next);
            (uint256[] memory heads, bytes32[] memory nodeKinds) = REGISTRY.nodesAt(supplies, book.place.slotEnd);
            for (uint256 i = 0; i < count; ++i) {
                uint256 kind = (at_ + 1).read(1);
                if (kind >= kinds) revert PageMalformed(at_ + 1);
                _readOffer(book.offers[i], book, at_, kindsAt + 64 * kind);
                Offer memory offer = book.offers[i];
                offer.nodeCards = offer.ofCluster ? offer.cards : uint16(heads[i] >> 16);
                offer.fault = _faultOf(offer, book, at_, heads[i], nodeKinds[i]);
                at_ += PageReader.ASK_HEAD + (at_ + 69).read(1);
            }
            return at_;
        }
    }

    function _readOffer(Offer memory offer, Book memory book, uint256 at_, uint256 kindAt) private pure {
        unchecked {
            offer.provider = at_.read(1);
            if (offer.provider >= book.providers.length) revert PageMalformed(at_);
            address provider = book.providers[offer.provider];
            offer.resourceClass = bytes32(kindAt.read(32));
            offer.region = bytes32((kindAt + 32).read(32));
            offer.supply = bytes32((at_ + 37).read(32));
            offer.cards = (at_ + 5).read(2);
            offer.ofCluster = (at_ + 2).read(1) == CLUSTER;
            offer.reserve = (at_ + 7).read(12);
            offer.nonce = uint64((at_ + 29).read(8));
            offer.id = at_.askId(book.domain, provider, offer.resourceClass, offer.region);
        }
    }

    /// @dev Was the ask signed by the key of the close, in time, and is its node what it says? A cluster's was made by its members'
    /// consent, which said all of it.
    function _faultOf(
        Offer memory offer,
        Book memory book,
        uint256 at_,
        uint256 head,
        bytes32 kind
    ) private view returns (Skip) {
        unchecked {
            uint40 slotEnd = book.place.slotEnd;
            if (offer.ofCluster) {
                uint40 formedAt = CLUSTERS.askFormedAt(offer.id);
                if (formedAt == 0 || formedAt >= slotEnd) return Skip.ASK_SIGNATURE;
            } else {
                address key = book.keys[offer.provider];
                if (key == address(0)) return Skip.PROVIDER_NOT_SELLING;
                if ((at_ + 69).read(1) != SIGNATURE) return Skip.ASK_SIGNATURE;
                if (Signatures.recoverAt(offer.id, at_ + PageReader.ASK_HEAD) != key) return Skip.ASK_SIGNATURE;
            }
            if (slotEnd < (at_ + 19).read(5) || slotEnd > (at_ + 24).read(5)) return Skip.ASK_EXPIRED;
            if (offer.ofCluster) return Skip.NONE;
            if (head >> 192 >= slotEnd) return Skip.IN_CLUSTER;
            uint256 claimed = (uint256(uint160(book.providers[offer.provider])) << 16) | (at_ + 3).read(2);
            bool ofNode =
                (uint256(uint160(head >> 32)) << 16) | uint16(head) == claimed &&
                    (at_ + 2).read(1) == 0 &&
                    kind == _pair(offer.resourceClass, offer.region);
            return ofNode ? Skip.NONE : Skip.NODE_MISMATCH;
        }
    }

    function _pair(bytes32 left, bytes32 right) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            mstore(0, left)
            mstore(32, right)
            result := keccak256(0, 64)
        }
    }
}
