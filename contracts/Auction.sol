// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IAuction} from "./interfaces/IAuction.sol";
import {ILeaseBook} from "./interfaces/ILeaseBook.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IVault} from "./interfaces/IVault.sol";
import {Eip712} from "./libraries/Eip712.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Rea} from "./libraries/Rea.sol";
import {Requirement} from "./libraries/Requirement.sol";
import {Nonces} from "./Nonces.sol";
import {Parameters} from "./types/Parameters.sol";
import {Ask, Listing, Match, Order, SlotHeader, SupplyKind} from "./types/Trade.sol";

/// @title Auction
/// @notice Slots of cleared Bid orders, and Buy at a list price.
contract Auction is Nonces, EIP712 {
    struct SlotProgress {
        uint16 pagesCommitted;
        uint16 pageCount;
        bool committed;
    }

    /// @dev What the checks of one match look at.
    struct Clearing {
        uint64 slot;
        uint64 slotEnd;
        bytes32 orderId;
        bytes32 askId;
        uint128 price;
    }

    /// @notice Most matches in one page.
    uint256 public constant MAX_PAGE = 256;

    /// @notice Locks the money of a match.
    IVault public immutable VAULT;
    /// @notice Knows selling keys and nodes.
    IProviderRegistry public immutable REGISTRY;
    /// @notice Quotes and opens the leases.
    ILeaseBook public immutable LEASE_BOOK;
    /// @notice Alone commits slots and pages.
    address public immutable SCHEDULER;
    /// @notice Length of a slot, seconds.
    uint32 public immutable SLOT_SECONDS;
    /// @notice Seconds after a slot's end in which its header is accepted.
    uint32 public immutable COMMIT_DEADLINE_SECONDS;
    /// @notice The clock's reduction factor, 10⁻¹⁸.
    uint64 public immutable GAMMA_WAD;
    /// @notice Shortest lease, seconds.
    uint32 public immutable MIN_LEASE_SECONDS;
    /// @notice Longest lease, seconds.
    uint32 public immutable MAX_LEASE_SECONDS;

    mapping(uint64 slot => SlotProgress) private _slots;

    /// @inheritdoc IAuction
    mapping(bytes32 id => uint32 cards) public filled;

    modifier onlyScheduler() {
        if (msg.sender != SCHEDULER) revert NotScheduler(msg.sender);
        _;
    }

    constructor(
        IVault vault,
        IProviderRegistry registry,
        ILeaseBook leaseBook,
        address scheduler,
        Parameters memory p
    ) EIP712("Cardhour", "1") {
        ParameterBounds.check(p);
        VAULT = vault;
        REGISTRY = registry;
        LEASE_BOOK = leaseBook;
        SCHEDULER = scheduler;
        SLOT_SECONDS = p.slotSeconds;
        COMMIT_DEADLINE_SECONDS = p.commitDeadlineSeconds;
        GAMMA_WAD = p.gammaWad;
        MIN_LEASE_SECONDS = p.minLeaseSeconds;
        MAX_LEASE_SECONDS = p.maxLeaseSeconds;
    }

    /// @inheritdoc IAuction
    function commitSlot(SlotHeader calldata header) external onlyScheduler {
        uint64 slot = header.slot;
        if (_slots[slot].committed) revert SlotAlreadyCommitted(slot);
        uint64 endsAt = _slotEnd(slot);
        if (block.timestamp < endsAt) revert SlotNotClosed(slot, endsAt);
        uint64 deadline = endsAt + COMMIT_DEADLINE_SECONDS;
        if (block.timestamp > deadline) revert SlotTooLate(slot, deadline);
        if (header.gammaWad != GAMMA_WAD) revert WrongGamma(GAMMA_WAD, header.gammaWad);
        // Zero for a block that is not there yet or lies more than 256 blocks back.
        bytes32 seed = blockhash(uint256(header.closeBlock) + 1);
        if (seed == 0 || header.seed != seed) revert WrongSeed(seed, header.seed);
        _slots[slot] = SlotProgress({pagesCommitted: 0, pageCount: header.pageCount, committed: true});
        emit SlotCommitted(slot, msg.sender, header);
    }

    /// @inheritdoc IAuction
    function commitPage(uint64 slot, uint16 page, Match[] calldata matches) external onlyScheduler {
        SlotProgress memory progress = _slots[slot];
        if (!progress.committed) revert SlotUnknown(slot);
        if (page != progress.pagesCommitted || page >= progress.pageCount) {
            revert PageOutOfOrder(progress.pagesCommitted, page);
        }
        if (matches.length > MAX_PAGE) revert PageTooLarge(matches.length);
        _slots[slot].pagesCommitted = page + 1;

        uint256[] memory clock = Rea.clock(GAMMA_WAD, _lastStep(matches));
        bytes32[] memory leaves = new bytes32[](matches.length);
        Clearing memory clearing;
        clearing.slot = slot;
        clearing.slotEnd = _slotEnd(slot);
        for (uint256 i = 0; i < matches.length; ++i) {
            Match calldata cleared = matches[i];
            clearing.orderId = _hashTypedDataV4(Eip712.hashOrder(cleared.order));
            clearing.askId = _hashTypedDataV4(Eip712.hashAsk(cleared.ask));
            clearing.price = Rea.priceAt(cleared.order.startPrice, clock[cleared.step]);
            leaves[i] = Merkle.matchLeaf(clearing.orderId, clearing.askId, clearing.price, cleared);
            Skip reason = _fill(cleared, clearing);
            if (reason != Skip.NONE) {
                emit MatchSkipped(slot, page, uint16(i), clearing.orderId, clearing.askId, reason);
            }
        }
        emit PageCommitted(slot, page, uint16(matches.length), Merkle.root(Merkle.MATCHES, leaves));
    }

    /// @inheritdoc IAuction
    function buy(
        Listing calldata listing,
        bytes calldata signature,
        uint32 cards,
        uint32 duration,
        bytes32 workload,
        uint256 maxTotal
    ) external returns (uint64 leaseId) {
        bytes32 listingId = _hashTypedDataV4(Eip712.hashListing(listing));
        _checkListing(listing, listingId, signature, cards);
        if (duration < MIN_LEASE_SECONDS || duration > MAX_LEASE_SECONDS) {
            revert DurationOutOfBounds(duration, MIN_LEASE_SECONDS, MAX_LEASE_SECONDS);
        }
        uint256 total = LEASE_BOOK.quote(cards, duration, listing.pricePerCardHour);
        if (total > maxTotal) revert PriceTooHigh(total, maxTotal);

        filled[listingId] += cards;
        VAULT.lockFromAvailable(msg.sender, total);
        leaseId = LEASE_BOOK.openLease(
            ILeaseBook.Terms({
                consumer: msg.sender,
                provider: listing.provider,
                node: listing.node,
                sourceId: listingId,
                slot: 0,
                cards: cards,
                duration: duration,
                rate: listing.pricePerCardHour,
                locked: total,
                workload: workload
            })
        );
        emit ListingBought(listingId, msg.sender, leaseId, cards);
    }

    /// @inheritdoc IAuction
    function slotState(uint64 slot) external view returns (uint16 pagesCommitted, uint16 pageCount, bool committed) {
        SlotProgress memory progress = _slots[slot];
        return (progress.pagesCommitted, progress.pageCount, progress.committed);
    }

    /// @dev Checks all of one match, then fills it; the money moves in the last check, so a skipped match changed nothing.
    function _fill(Match calldata cleared, Clearing memory clearing) private returns (Skip) {
        Order calldata order = cleared.order;
        Ask calldata ask = cleared.ask;
        Skip reason = _checkWords(cleared, clearing);
        if (reason != Skip.NONE) return reason;
        reason = _checkSupply(cleared);
        if (reason != Skip.NONE) return reason;

        uint256 left = uint256(ask.cards);
        uint256 sold = filled[clearing.askId];
        if (order.cards == 0 || sold + order.cards > left) return Skip.QUANTITY;
        if (order.duration < MIN_LEASE_SECONDS || order.duration > MAX_LEASE_SECONDS) return Skip.DURATION;
        if (ask.reservePrice == 0 || clearing.price < ask.reservePrice) return Skip.PRICE;
        uint256 total = LEASE_BOOK.quote(order.cards, order.duration, clearing.price);
        if (!VAULT.tryLockFromBidding(order.consumer, total)) return Skip.FUNDS;

        filled[clearing.askId] = uint32(sold + order.cards);
        _useNonce(order.consumer, order.nonce);
        uint64 leaseId = LEASE_BOOK.openLease(
            ILeaseBook.Terms({
                consumer: order.consumer,
                provider: ask.provider,
                node: ask.supply,
                sourceId: clearing.orderId,
                slot: clearing.slot,
                cards: order.cards,
                duration: order.duration,
                rate: clearing.price,
                locked: total,
                workload: order.workload
            })
        );
        emit OrderFilled(clearing.orderId, clearing.askId, clearing.slot, leaseId, order.cards, order.nonce);
        return Skip.NONE;
    }

    /// @dev Were both messages signed by those they bind, still in time and not withdrawn?
    function _checkWords(Match calldata cleared, Clearing memory clearing) private view returns (Skip) {
        Order calldata order = cleared.order;
        Ask calldata ask = cleared.ask;
        if (!_signed(clearing.orderId, cleared.orderSignature, order.consumer)) return Skip.ORDER_SIGNATURE;
        address key = REGISTRY.sellingKey(ask.provider);
        if (key == address(0)) return Skip.PROVIDER_NOT_SELLING;
        if (!_signed(clearing.askId, cleared.askSignature, key)) return Skip.ASK_SIGNATURE;
        if (order.validUntil < clearing.slotEnd || order.latestStart < block.timestamp) return Skip.ORDER_EXPIRED;
        if (clearing.slotEnd < ask.validFrom || clearing.slotEnd > ask.validUntil) return Skip.ASK_EXPIRED;
        if (isNonceUsed(order.consumer, order.nonce)) return Skip.ORDER_NONCE_USED;
        if (isNonceUsed(ask.provider, ask.nonce)) return Skip.ASK_NONCE_USED;
        return Skip.NONE;
    }

    /// @dev Is the ask's node what it says, and what the order wants?
    function _checkSupply(Match calldata cleared) private view returns (Skip) {
        Order calldata order = cleared.order;
        Ask calldata ask = cleared.ask;
        IProviderRegistry.Node memory node = REGISTRY.nodeOf(ask.supply);
        if (ask.supplyKind != SupplyKind.NODE || node.provider != ask.provider || node.epoch != ask.nodeEpoch) {
            return Skip.NODE_MISMATCH;
        }
        if (node.resourceClass != ask.resourceClass || node.region != ask.region) return Skip.NODE_MISMATCH;
        if (!Requirement.allows(order.requirement, cleared.classes, ask.resourceClass)) return Skip.CLASS_MISMATCH;
        if (order.region != 0 && order.region != ask.region) return Skip.REGION_MISMATCH;
        if (order.cards > node.cards) return Skip.QUANTITY;
        return Skip.NONE;
    }

    function _checkListing(
        Listing calldata listing,
        bytes32 listingId,
        bytes calldata signature,
        uint32 cards
    ) private view {
        address key = REGISTRY.sellingKey(listing.provider);
        if (key == address(0)) revert ProviderNotSelling(listing.provider);
        if (!_signed(listingId, signature, key)) revert BadSignature(key);
        if (block.timestamp < listing.validFrom || block.timestamp > listing.validUntil) {
            revert Expired(listing.validFrom, listing.validUntil);
        }
        if (isNonceUsed(listing.provider, listing.nonce)) revert NonceUsed(listing.provider, listing.nonce);
        IProviderRegistry.Node memory node = REGISTRY.nodeOf(listing.node);
        if (
            node.provider != listing.provider ||
            node.epoch != listing.nodeEpoch ||
            node.resourceClass != listing.resourceClass ||
            node.region != listing.region
        ) revert NodeMismatch(listing.node);
        if (listing.pricePerCardHour == 0) revert PriceZero();
        uint32 sold = filled[listingId];
        uint32 left = listing.cards > sold ? listing.cards - sold : 0;
        if (left > node.cards) left = node.cards;
        if (cards == 0 || cards > left) revert QuantityUnavailable(left, cards);
    }

    /// @dev ECDSA alone: a contract's ERC-1271 answer could change after the slot closed.
    function _signed(bytes32 digest, bytes calldata signature, address signer) private pure returns (bool) {
        (address recovered, ECDSA.RecoverError err, ) = ECDSA.tryRecoverCalldata(digest, signature);
        return err == ECDSA.RecoverError.NoError && recovered == signer;
    }

    function _slotEnd(uint64 slot) private view returns (uint64) {
        return (slot + 1) * SLOT_SECONDS;
    }

    /// @dev The clock is computed once a page, as far as its matches need it.
    function _lastStep(Match[] calldata matches) private pure returns (uint256 last) {
        for (uint256 i = 0; i < matches.length; ++i) {
            if (matches[i].step > last) last = matches[i].step;
        }
    }
}
