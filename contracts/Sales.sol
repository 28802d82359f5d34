// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ILeaseBook} from "./interfaces/ILeaseBook.sol";
import {IMarket} from "./interfaces/IMarket.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IVault} from "./interfaces/IVault.sol";
import {Accrual} from "./libraries/Accrual.sol";
import {AuctionDomain} from "./libraries/AuctionDomain.sol";
import {Eip712} from "./libraries/Eip712.sol";
import {LeasePages} from "./libraries/LeasePages.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Source} from "./libraries/Source.sol";
import {Lease, LeaseRef} from "./types/Lease.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";
import {Listing} from "./types/Trade.sol";

/// @title Sales
/// @notice What every sale of a listing goes through: its checks, the cards that are left, the lock, a page of one lease.
abstract contract Sales is IMarket, AccessManaged, Pausable {
    uint256 internal constant MAX_SOLD = 0x7fff;
    uint256 internal constant CANCELLED = 0x8000;

    /// @notice Locks the money.
    IVault public immutable VAULT;
    /// @notice Knows selling keys and nodes.
    IProviderRegistry public immutable REGISTRY;
    /// @notice Listings are signed in its domain.
    address public immutable AUCTION;
    /// @notice Holds the leases.
    ILeaseBook public immutable LEASE_BOOK;
    /// @notice Shortest lease, seconds.
    uint32 public immutable MIN_LEASE_SECONDS;
    /// @notice Longest lease, seconds.
    uint32 public immutable MAX_LEASE_SECONDS;
    /// @notice A provider's stake covers leases that end within it anyway, seconds.
    uint32 public immutable UNBOND_SECONDS;
    /// @notice The fee on top of a lease's price, 1/10,000.
    uint16 public immutable FEE_BPS;

    /// @dev Sixteen listings a word: 15 bits of cards sold, one for a cancellation.
    mapping(address provider => mapping(uint256 word => uint256 counters)) internal _listings;

    constructor(Addresses memory a, Parameters memory p) AccessManaged(a.authority) {
        ParameterBounds.check(p);
        VAULT = IVault(a.vault);
        REGISTRY = IProviderRegistry(a.registry);
        AUCTION = a.auction;
        LEASE_BOOK = ILeaseBook(a.leaseBook);
        MIN_LEASE_SECONDS = p.minLeaseSeconds;
        MAX_LEASE_SECONDS = p.maxLeaseSeconds;
        UNBOND_SECONDS = p.unbondSeconds;
        FEE_BPS = p.feeBps;
    }

    /// @dev Checks the listing and sells cards out of it.
    function _take(
        Listing calldata listing,
        bytes calldata signature,
        uint16 cards
    ) internal returns (bytes32 listingId) {
        if (listing.nonce > type(uint64).max) revert ValueTooWide(listing.nonce, type(uint64).max);
        if (listing.pricePerCardHour > type(uint96).max) {
            revert ValueTooWide(listing.pricePerCardHour, type(uint96).max);
        }
        if (listing.pricePerCardHour == 0) revert PriceZero();
        if (block.timestamp < listing.validFrom || block.timestamp > listing.validUntil) {
            revert Expired(listing.validFrom, listing.validUntil);
        }
        listingId = AuctionDomain.digest(AUCTION, Eip712.hashListing(listing));
        _checkSeller(listing, listingId, signature);
        uint256 nodeCards = _checkNode(listing);

        uint64 nonce = uint64(listing.nonce);
        uint256 counters = _listings[listing.provider][nonce >> 4];
        uint256 counter = counters >> _shift(nonce);
        if (counter & CANCELLED != 0) revert ListingVoid(listing.provider, nonce);
        uint256 sold = counter & MAX_SOLD;
        uint256 most = listing.cards < MAX_SOLD ? listing.cards : MAX_SOLD;
        uint256 left = most > sold ? most - sold : 0;
        if (left > nodeCards) left = nodeCards;
        if (cards == 0 || cards > left) revert QuantityUnavailable(uint32(left), cards);
        _listings[listing.provider][nonce >> 4] = counters + (uint256(cards) << _shift(nonce));
    }

    /// @dev Locks the money and opens a page of one.
    function _open(
        bytes32 listingId,
        address consumer,
        Sale memory sale,
        uint256 maxTotal
    ) internal returns (uint64 leaseId) {
        // Nobody is bound further ahead than by the longest lease, however many extensions lie between.
        uint256 ahead = sale.start - block.timestamp;
        uint32 longest = ahead < MAX_LEASE_SECONDS ? MAX_LEASE_SECONDS - uint32(ahead) : 0;
        if (sale.duration < MIN_LEASE_SECONDS || sale.duration > longest) {
            revert DurationOutOfBounds(sale.duration, MIN_LEASE_SECONDS, longest);
        }
        uint256 total = Accrual.total(sale.cards, sale.duration, sale.rate, FEE_BPS);
        if (total > maxTotal) revert PriceTooHigh(total, maxTotal);
        VAULT.lockFromAvailable(consumer, total);
        uint40 end = sale.start + sale.duration;
        if (end > block.timestamp + UNBOND_SECONDS) REGISTRY.noteObligation(sale.provider, end);
        bytes32 leaf = LeasePages.leaf(
            Lease({
                consumer: consumer,
                provider: sale.provider,
                rate: sale.rate,
                cards: sale.cards,
                duration: sale.duration
            })
        );
        bytes32 source = Source.listing(listingId, sale.node);
        leaseId = LEASE_BOOK.openPage(LeasePages.root(1, leaf, sale.start, source), 1) << 8;
        emit ListingBought(listingId, consumer, leaseId, sale);
    }

    /// @dev The lease's id and end; its provider alone prolongs it: the workload goes on where its agent is.
    function _prolonged(
        LeaseRef calldata parent,
        Listing calldata listing
    ) internal view returns (uint64 parentId, uint40 end) {
        parentId = (parent.pageId << 8) | parent.index;
        if (listing.provider != parent.lease.provider) revert OtherProvider(parent.lease.provider, listing.provider);
        (, end) = LEASE_BOOK.check(parent);
        if (end <= block.timestamp) revert LeaseOver(parentId);
    }

    function _sale(Listing calldata listing, uint16 cards, uint32 duration) internal pure returns (Sale memory sale) {
        sale.provider = listing.provider;
        sale.node = listing.node;
        sale.nonce = uint64(listing.nonce);
        sale.cards = cards;
        sale.duration = duration;
        sale.rate = uint96(listing.pricePerCardHour);
    }

    function _checkSeller(Listing calldata listing, bytes32 listingId, bytes calldata signature) private view {
        address[] memory providers = new address[](1);
        providers[0] = listing.provider;
        // As of a slot that would close in the next second: what holds now.
        address key = REGISTRY.sellersAt(providers, uint40(block.timestamp) + 1)[0];
        if (key == address(0)) revert ProviderNotSelling(listing.provider);
        if (!Signatures.isValid(key, listingId, signature)) revert BadSignature(key);
    }

    function _checkNode(Listing calldata listing) private view returns (uint256 cards) {
        IProviderRegistry.Node memory node = REGISTRY.nodeOf(listing.node);
        if (
            node.provider != listing.provider ||
            node.epoch != listing.nodeEpoch ||
            node.kind != keccak256(abi.encodePacked(listing.resourceClass, listing.region))
        ) revert NodeMismatch(listing.node);
        if (node.clusteredUntil >= block.timestamp) revert NodeInCluster(listing.node, node.clusteredUntil);
        return node.cards;
    }

    function _shift(uint64 nonce) internal pure returns (uint256) {
        return (nonce & 0xf) << 4;
    }
}
