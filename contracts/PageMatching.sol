// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Approvals} from "./Approvals.sol";
import {ILeaseBook} from "./interfaces/ILeaseBook.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IVault} from "./interfaces/IVault.sol";
import {Accrual} from "./libraries/Accrual.sol";
import {LeasePages} from "./libraries/LeasePages.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {PageReader} from "./libraries/PageReader.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Source} from "./libraries/Source.sol";
import {Nonces} from "./Nonces.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";

/// @title PageMatching
/// @notice Checks the matches of a page as of the slot's close, and fills those that hold.
abstract contract PageMatching is Nonces, Approvals {
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
        Skip fault;
    }

    /// @dev A page while it is read: its tables, what its bidders can pay and what they have spent.
    struct Book {
        Place place;
        bytes32 domain;
        uint256 end;
        address[] providers;
        address[] consumers;
        address[] keys;
        uint256[] spendable;
        uint256[] perLease;
        uint256[] spent;
        uint256[] clock;
        Offer[] offers;
        bytes32[] matchLeaves;
        bytes32[] leaseLeaves;
        uint256 live;
        bytes records;
    }

    /// @dev One match.
    struct Bid {
        uint256 at_;
        uint256 shortlist;
        bytes32 orderId;
        uint256 consumer;
        uint256 cards;
        uint256 duration;
        uint256 price;
        uint256 classCount;
        uint256 signatureSize;
        Word orders;
        Word counters;
    }

    uint256 private constant RECORD = 157;
    uint256 private constant SIGNATURE = 65;

    /// @notice Locks the money of a match.
    IVault public immutable VAULT;
    /// @notice Knows selling keys and nodes.
    IProviderRegistry public immutable REGISTRY;
    /// @notice Holds the pages of leases.
    ILeaseBook public immutable LEASE_BOOK;
    /// @notice Seconds after a slot's end in which its header and pages are accepted.
    uint32 public immutable COMMIT_DEADLINE_SECONDS;
    /// @notice The clock's reduction factor, 10⁻¹⁸.
    uint64 public immutable GAMMA_WAD;
    /// @notice Shortest lease, seconds.
    uint32 public immutable MIN_LEASE_SECONDS;
    /// @notice Longest lease, seconds.
    uint32 public immutable MAX_LEASE_SECONDS;
    /// @notice A provider's stake covers leases of this length anyway, seconds.
    uint32 public immutable UNBOND_SECONDS;
    /// @notice The fee on top of a lease's price, 1/10,000.
    uint16 public immutable FEE_BPS;

    constructor(Addresses memory a, Parameters memory p) {
        VAULT = IVault(a.vault);
        REGISTRY = IProviderRegistry(a.registry);
        LEASE_BOOK = ILeaseBook(a.leaseBook);
        COMMIT_DEADLINE_SECONDS = p.commitDeadlineSeconds;
        GAMMA_WAD = p.gammaWad;
        MIN_LEASE_SECONDS = p.minLeaseSeconds;
        MAX_LEASE_SECONDS = p.maxLeaseSeconds;
        UNBOND_SECONDS = p.unbondSeconds;
        FEE_BPS = p.feeBps;
    }

    /// @notice Reads, checks and fills a page; the money moves once for all matches, after all checks.
    /// @return count matches in it
    /// @return lastKey clearing key of the last
    function _clearPage(Place memory place, bytes calldata data) internal returns (uint256 count, uint256 lastKey) {
        Book memory book;
        book.place = place;
        book.domain = _domainSeparatorV4();
        uint256 at_;
        assembly ("memory-safe") {
            at_ := data.offset
        }
        book.end = at_ + data.length;
        uint256 accountsAt = at_ + 2;
        at_ = _readAccounts(book, at_);
        uint256 accountsEnd = at_;
        at_ = _readOffers(book, at_);
        count = at_.read(1);
        ++at_;
        if (count > LeasePages.MAX_LEASES) revert PageTooLarge(count);
        book.matchLeaves = new bytes32[](count);
        book.leaseLeaves = new bytes32[](count);
        book.records = new bytes(RECORD * count);
        lastKey = place.firstKey << 192;
        // One for all matches: each fills every part of it.
        Bid memory bid;
        for (uint256 i = 0; i < count; ++i) (at_, lastKey) = _clear(book, bid, at_, i, lastKey);
        if (at_ != book.end) revert PageMalformed(at_);
        VAULT.lockFromBidding(book.consumers, book.spent);
        _openPage(book, count, accountsAt, accountsEnd);
    }

    function _openPage(Book memory book, uint256 count, uint256 accountsAt, uint256 accountsEnd) private {
        Place memory place = book.place;
        bytes32 matchRoot = Merkle.root(Merkle.MATCHES, book.matchLeaves);
        bytes32 source = Source.slot(place.slot, place.page, matchRoot);
        bytes32 root = LeasePages.root(count, Merkle.topOf(book.leaseLeaves), uint40(block.timestamp), source);
        uint64 pageId = LEASE_BOOK.openPage(root, uint200(book.live));
        bytes memory accounts = new bytes(accountsEnd - accountsAt);
        assembly ("memory-safe") {
            calldatacopy(add(accounts, 32), accountsAt, mload(accounts))
        }
        _announce(place, pageId, matchRoot, accounts, book.records);
    }

    function _announce(
        Place memory place,
        uint64 pageId,
        bytes32 matchRoot,
        bytes memory accounts,
        bytes memory records
    ) private {
        emit PageCommitted(place.slot, place.page, pageId, uint40(block.timestamp), matchRoot, accounts, records);
    }

    /// @dev Tables of providers and consumers, with the keys of the ones and the balances of the others.
    function _readAccounts(Book memory book, uint256 at_) private view returns (uint256) {
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
    function _readOffers(Book memory book, uint256 at_) private view returns (uint256) {
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
                offer.nodeCards = uint16(heads[i] >> 16);
                offer.fault = _faultOf(offer, book, at_, heads[i], nodeKinds[i]);
                at_ += PageReader.ASK_HEAD + (at_ + 69).read(1);
            }
            return at_;
        }
    }

    function _readOffer(Offer memory offer, Book memory book, uint256 at_, uint256 kindAt) private view {
        unchecked {
            offer.provider = at_.read(1);
            if (offer.provider >= book.providers.length) revert PageMalformed(at_);
            address provider = book.providers[offer.provider];
            offer.resourceClass = bytes32(kindAt.read(32));
            offer.region = bytes32((kindAt + 32).read(32));
            offer.supply = bytes32((at_ + 37).read(32));
            offer.cards = (at_ + 5).read(2);
            offer.reserve = (at_ + 7).read(12);
            offer.nonce = uint64((at_ + 29).read(8));
            offer.id = at_.askId(book.domain, provider, offer.resourceClass, offer.region);
        }
    }

    /// @dev Was the ask signed by the key of the close, in time, and is its node what it says?
    function _faultOf(
        Offer memory offer,
        Book memory book,
        uint256 at_,
        uint256 head,
        bytes32 kind
    ) private view returns (Skip) {
        unchecked {
            address key = book.keys[offer.provider];
            if (key == address(0)) return Skip.PROVIDER_NOT_SELLING;
            if ((at_ + 69).read(1) != SIGNATURE) return Skip.ASK_SIGNATURE;
            if (Signatures.recoverAt(offer.id, at_ + PageReader.ASK_HEAD) != key) return Skip.ASK_SIGNATURE;
            uint40 slotEnd = book.place.slotEnd;
            if (slotEnd < (at_ + 19).read(5) || slotEnd > (at_ + 24).read(5)) return Skip.ASK_EXPIRED;
            uint256 claimed = (uint256(uint160(book.providers[offer.provider])) << 16) | (at_ + 3).read(2);
            bool ofNode =
                ((head >> 32) << 16) | uint16(head) == claimed &&
                    (at_ + 2).read(1) == 0 &&
                    kind == _pair(offer.resourceClass, offer.region);
            return ofNode ? Skip.NONE : Skip.NODE_MISMATCH;
        }
    }

    /// @dev One match: its leaf, its record, and its lease if it holds.
    function _clear(
        Book memory book,
        Bid memory bid,
        uint256 at_,
        uint256 index,
        uint256 lastKey
    ) private returns (uint256 next, uint256 key) {
        unchecked {
            next = _readBid(book, bid, at_);
            Offer memory offer = book.offers[at_.read(1)];
            bool allowed = _identify(book, bid, offer);
            key = uint256(_pair(bid.orderId, book.place.seed));
            if (key <= lastKey) revert MatchOutOfOrder(index);
            Skip skip = offer.fault;
            if (skip == Skip.NONE) skip = allowed ? _fill(book, bid, offer) : Skip.CLASS_MISMATCH;
            if (skip == Skip.NONE) book.live |= 1 << index;
            _record(book, bid, offer, index, skip);
        }
    }

    /// @dev Where the match's parts lie.
    function _readBid(Book memory book, Bid memory bid, uint256 at_) private view returns (uint256 next) {
        unchecked {
            if (at_ + PageReader.MATCH_HEAD > book.end) revert PageMalformed(at_);
            bid.at_ = at_;
            uint256 head;
            uint256 places;
            assembly ("memory-safe") {
                head := calldataload(at_)
                places := calldataload(add(at_, 81))
            }
            bid.consumer = uint8(head >> 240);
            bid.classCount = uint8(head >> 224);
            bid.cards = uint16(head >> 208);
            bid.duration = uint32(head >> 176);
            bid.signatureSize = uint8(places >> 216);
            bid.shortlist = at_ + PageReader.MATCH_HEAD + bid.signatureSize;
            if (bid.classCount > 1) bid.shortlist += 32 * bid.classCount;
            next = bid.shortlist + 4 * uint8(places >> 224);
            if (next > book.end || bid.consumer >= book.consumers.length || head >> 248 >= book.offers.length) {
                revert PageMalformed(at_);
            }
            bid.price = (uint96(head >> 80) * _clockAt(book, uint8(places >> 232))) / 1e18;
        }
    }

    /// @dev The order's id; false when it does not want the ask's class.
    function _identify(Book memory book, Bid memory bid, Offer memory offer) private pure returns (bool allowed) {
        unchecked {
            bytes32 requirement;
            (requirement, allowed) = _requirement(bid, offer.resourceClass);
            bytes32 region = (bid.at_ + 2).read(1) == 0 ? bytes32(0) : offer.region;
            bid.orderId = bid.at_.orderId(book.domain, book.consumers[bid.consumer], requirement, region);
        }
    }

    /// @dev Checks what is left to check, and fills; a match that does not hold has changed nothing.
    function _fill(Book memory book, Bid memory bid, Offer memory offer) private returns (Skip) {
        unchecked {
            uint256 at_ = bid.at_;
            uint40 slotEnd = book.place.slotEnd;
            address consumer = book.consumers[bid.consumer];
            if (!_signed(bid, consumer, slotEnd)) return Skip.ORDER_SIGNATURE;
            if ((at_ + 33).read(5) < slotEnd || (at_ + 28).read(5) < slotEnd + COMMIT_DEADLINE_SECONDS) {
                return Skip.ORDER_EXPIRED;
            }
            uint64 nonce = uint64((at_ + 41).read(8));
            if (!_orderOpen(bid.orders, consumer, nonce, slotEnd)) return Skip.ORDER_NONCE_USED;
            address provider = book.providers[offer.provider];
            (uint256 sold, bool open) = _sold(bid.counters, provider, offer.nonce, slotEnd);
            if (!open) return Skip.ASK_NONCE_USED;
            uint256 cards = bid.cards;
            if (cards == 0 || cards > offer.nodeCards || sold + cards > offer.cards || sold + cards > MAX_SOLD) {
                return Skip.QUANTITY;
            }
            if (bid.duration < MIN_LEASE_SECONDS || bid.duration > MAX_LEASE_SECONDS) return Skip.DURATION;
            if (offer.reserve == 0 || bid.price < offer.reserve) return Skip.PRICE;
            uint256 total = Accrual.total(cards, bid.duration, bid.price, FEE_BPS);
            if (total > book.perLease[bid.consumer]) return Skip.CAP;
            uint256 spent = book.spent[bid.consumer] + total;
            if (spent > book.spendable[bid.consumer]) return Skip.FUNDS;

            book.spent[bid.consumer] = spent;
            _useOrder(bid.orders, consumer, nonce);
            _sell(bid.counters, offer.nonce, cards);
            // The provider may have begun its exit at the close.
            if (block.timestamp + bid.duration > slotEnd + UNBOND_SECONDS) {
                REGISTRY.noteObligation(provider, uint40(block.timestamp + bid.duration));
            }
            return Skip.NONE;
        }
    }

    /// @dev ECDSA, or an approval from before the close: a contract's ERC-1271 answer could change after it.
    function _signed(Bid memory bid, address consumer, uint40 slotEnd) private view returns (bool) {
        unchecked {
            if (bid.signatureSize == SIGNATURE) {
                address signer = Signatures.recoverAt(bid.orderId, bid.at_ + PageReader.MATCH_HEAD);
                return signer == consumer && signer != address(0);
            }
            if (bid.signatureSize != 0) return false;
            uint40 approved = approvedAt[bid.orderId];
            return approved != 0 && approved < slotEnd;
        }
    }

    /// @dev The order's requirement, and whether it allows the class.
    function _requirement(Bid memory bid, bytes32 wanted) private pure returns (bytes32 requirement, bool allowed) {
        unchecked {
            uint256 count = bid.classCount;
            if (count == 0) return (0, true);
            if (count == 1) return (wanted, true);
            uint256 classesAt = bid.at_ + PageReader.MATCH_HEAD + bid.signatureSize;
            bytes memory packed = new bytes(32 * count);
            bytes32 before;
            bool ascending = count <= 16;
            for (uint256 i = 0; i < count; ++i) {
                bytes32 class_ = bytes32((classesAt + 32 * i).read(32));
                if (i != 0 && class_ <= before) ascending = false;
                if (class_ == wanted) allowed = true;
                before = class_;
                assembly ("memory-safe") {
                    mstore(add(add(packed, 32), mul(32, i)), class_)
                }
            }
            return (keccak256(packed), allowed && ascending);
        }
    }

    /// @dev The clock's factor at `step`; it is wound on as far as the page needs it.
    function _clockAt(Book memory book, uint256 step) private view returns (uint256) {
        unchecked {
            uint256[] memory clock = book.clock;
            if (clock.length == 0) {
                clock = new uint256[](256);
                clock[0] = 1e18;
                book.clock = clock;
            }
            uint256 known = step;
            while (clock[known] == 0 && known != 0) --known;
            for (; known < step; ++known) clock[known + 1] = (clock[known] * GAMMA_WAD) / 1e18;
            return clock[step];
        }
    }

    /// @dev Leaves of the match and of its lease, and the event's record. A skipped match leaves an empty lease.
    function _record(Book memory book, Bid memory bid, Offer memory offer, uint256 index, Skip skip) private pure {
        unchecked {
            book.matchLeaves[index] = bid.at_.matchLeaf(
                bid.shortlist,
                uint256(skip),
                bid.orderId,
                offer.id,
                offer.supply,
                bid.price
            );
            uint256 terms = skip == Skip.NONE ? (bid.price << 48) | (bid.cards << 32) | bid.duration : 0;
            book.leaseLeaves[index] = PageReader.leaseLeaf(
                terms,
                book.consumers[bid.consumer],
                book.providers[offer.provider]
            );
            terms = (terms << 16) | ((bid.consumer + book.providers.length) << 8) | offer.provider;
            bytes memory records = book.records;
            uint256 to;
            assembly ("memory-safe") {
                to := add(add(records, 32), mul(157, index))
            }
            _write(to, bid, offer, uint256(skip), terms);
        }
    }

    function _write(uint256 to, Bid memory bid, Offer memory offer, uint256 skip, uint256 lease) private pure {
        bytes32 orderId = bid.orderId;
        bytes32 askId = offer.id;
        bytes32 supply = offer.supply;
        uint256 at_ = bid.at_;
        assembly ("memory-safe") {
            mstore8(to, skip)
            mstore(add(to, 1), orderId)
            mstore(add(to, 33), askId)
            mstore(add(to, 65), supply)
            // Workload, then the last store, which ends with the record: the workload's tail, nonce 8, lease 20.
            mstore(add(to, 97), calldataload(add(at_, 49)))
            let tail := shl(224, shr(224, mload(add(to, 125))))
            mstore(add(to, 125), or(tail, or(shl(160, shr(192, calldataload(add(at_, 41)))), lease)))
        }
    }

    function _pair(bytes32 left, bytes32 right) private pure returns (bytes32 result) {
        assembly ("memory-safe") {
            mstore(0, left)
            mstore(32, right)
            result := keccak256(0, 64)
        }
    }
}
