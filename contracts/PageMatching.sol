// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBond} from "./interfaces/IBond.sol";
import {IClusters} from "./interfaces/IClusters.sol";
import {ILeaseBook} from "./interfaces/ILeaseBook.sol";
import {IMarket} from "./interfaces/IMarket.sol";
import {IReputation} from "./interfaces/IReputation.sol";
import {Accrual} from "./libraries/Accrual.sol";
import {LeasePages} from "./libraries/LeasePages.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {PageReader} from "./libraries/PageReader.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Source} from "./libraries/Source.sol";
import {PageTables} from "./PageTables.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";

/// @title PageMatching
/// @notice Checks the matches of a page as of the slot's close, and fills those that hold.
/// @dev Unchecked: places in calldata and counts of one byte; money is compared in 256 bits, where no sum of a page overflows.
abstract contract PageMatching is PageTables {
    using PageReader for uint256;

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
    /// @dev In place of a signature, one byte: the order is at a firm quote.
    uint256 private constant QUOTED = 1;

    /// @notice Knows the providers' scores.
    IReputation public immutable REPUTATION;
    /// @notice Holds the money of orders at a firm quote.
    IMarket public immutable MARKET;
    /// @notice Backs the matches.
    IBond public immutable BOND;
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

    constructor(Addresses memory a, Parameters memory p) PageTables(a) {
        REPUTATION = IReputation(a.reputation);
        MARKET = IMarket(a.market);
        BOND = IBond(a.bond);
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
        BOND.charge(place.slot, place.page, book.exposure, book.skips);
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
            if (skip == Skip.NONE) _count(book, bid, index);
            else ++book.skips;
            _record(book, bid, offer, index, skip);
        }
    }

    /// @dev A match that was filled: its lease lives, and the bond backs what its order would pay at most.
    function _count(Book memory book, Bid memory bid, uint256 index) private view {
        book.live |= 1 << index;
        book.exposure += Accrual.total(bid.cards, bid.duration, (bid.at_ + 10).read(12), FEE_BPS);
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
            uint40 slotEnd = book.place.slotEnd;
            address consumer = book.consumers[bid.consumer];
            if (!_signed(bid, consumer, slotEnd)) return Skip.ORDER_SIGNATURE;
            Skip misfit = _misfit(book, bid, offer);
            if (misfit != Skip.NONE) return misfit;
            uint64 nonce = uint64((bid.at_ + 41).read(8));
            if (!_orderOpen(bid.orders, consumer, nonce, slotEnd)) return Skip.ORDER_NONCE_USED;
            address provider = book.providers[offer.provider];
            (uint256 sold, bool open) = _sold(bid.counters, provider, offer.nonce, slotEnd);
            if (!open) return Skip.ASK_NONCE_USED;
            sold += bid.cards;
            if (sold > offer.cards || sold > MAX_SOLD) return Skip.QUANTITY;
            uint256 total = Accrual.total(bid.cards, bid.duration, bid.price, FEE_BPS);
            if (bid.signatureSize == QUOTED) {
                // Locked when the quote was accepted.
                MARKET.procure(bid.orderId, total);
            } else {
                if (total > book.perLease[bid.consumer]) return Skip.CAP;
                uint256 spent = book.spent[bid.consumer] + total;
                if (spent > book.spendable[bid.consumer]) return Skip.FUNDS;
                book.spent[bid.consumer] = spent;
            }
            _useOrder(bid.orders, consumer, nonce);
            _sell(bid.counters, offer.nonce, bid.cards);
            _oblige(offer.ofCluster, provider, slotEnd, bid.duration);
            return Skip.NONE;
        }
    }

    /// @dev Whether the order's terms and the ask's go together.
    function _misfit(Book memory book, Bid memory bid, Offer memory offer) private view returns (Skip) {
        uint256 at_ = bid.at_;
        uint256 slotEnd = book.place.slotEnd;
        if ((at_ + 33).read(5) < slotEnd || (at_ + 28).read(5) < slotEnd + COMMIT_DEADLINE_SECONDS) {
            return Skip.ORDER_EXPIRED;
        }
        if (bid.cards == 0 || bid.cards > offer.nodeCards) return Skip.QUANTITY;
        if (bid.duration < MIN_LEASE_SECONDS || bid.duration > MAX_LEASE_SECONDS) return Skip.DURATION;
        if (offer.reserve == 0 || bid.price < offer.reserve) return Skip.PRICE;
        uint256 floor = (at_ + 38).read(2);
        if (floor != 0 && _scoreOf(book, offer.provider) < floor) return Skip.REPUTATION;
        floor = (at_ + 40).read(1);
        if (floor != 0 && _tierOf(book, offer) < floor) return Skip.TIER;
        return Skip.NONE;
    }

    /// @dev A stake stays until its leases end. The provider may have begun its exit at the close; a cluster's members may begin it when
    /// the cycle ends.
    function _oblige(bool ofCluster, address provider, uint256 slotEnd, uint256 duration) private {
        unchecked {
            uint256 until = block.timestamp + duration;
            if (ofCluster) {
                IClusters.Member[] memory members = CLUSTERS.membersOf(provider);
                for (uint256 i = 0; i < members.length; ++i) {
                    REGISTRY.noteObligation(members[i].provider, uint40(until));
                }
            } else if (until > slotEnd + UNBOND_SECONDS) {
                REGISTRY.noteObligation(provider, uint40(until));
            }
        }
    }

    /// @dev Asked for once a provider and page, and only for orders that care.
    function _scoreOf(Book memory book, uint256 provider) private view returns (uint256) {
        if (book.scores[provider] == 0) {
            book.scores[provider] = 1 + REPUTATION.scoreAt(book.providers[provider], book.place.slotEnd);
        }
        return book.scores[provider] - 1;
    }

    /// @dev Likewise; a cluster's is the least of its members' nodes.
    function _tierOf(Book memory book, Offer memory offer) private view returns (uint256) {
        if (offer.tier == 0) {
            uint40 slotEnd = book.place.slotEnd;
            uint16 tier = type(uint8).max;
            if (offer.ofCluster) {
                IClusters.Member[] memory members = CLUSTERS.membersOf(book.providers[offer.provider]);
                for (uint256 i = 0; i < members.length; ++i) {
                    uint8 ofNode = REGISTRY.tierAt(members[i].node, slotEnd);
                    if (ofNode < tier) tier = ofNode;
                }
            } else {
                tier = REGISTRY.tierAt(offer.supply, slotEnd);
            }
            offer.tier = 1 + tier;
        }
        return offer.tier - 1;
    }

    /// @dev ECDSA, or an approval or an accepted quote from before the close: a contract's ERC-1271 answer could change after it.
    function _signed(Bid memory bid, address consumer, uint40 slotEnd) private view returns (bool) {
        unchecked {
            if (bid.signatureSize == SIGNATURE) {
                address signer = Signatures.recoverAt(bid.orderId, bid.at_ + PageReader.MATCH_HEAD);
                return signer == consumer && signer != address(0);
            }
            uint256 since;
            if (bid.signatureSize == 0) {
                since = approvedAt[bid.orderId];
            } else if (bid.signatureSize == QUOTED) {
                uint256 held;
                (held, since, ) = MARKET.quoteOf(bid.orderId);
                if (held == 0) return false;
            }
            return since != 0 && since < slotEnd;
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
}
