// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "./interfaces/IMarket.sol";
import {Accrual} from "./libraries/Accrual.sol";
import {AuctionDomain} from "./libraries/AuctionDomain.sol";
import {Eip712} from "./libraries/Eip712.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Sales} from "./Sales.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";
import {Order, Quote} from "./types/Trade.sol";

/// @title Quotes
/// @notice Firm quotes: the consumer pays the quoted price, the next slots procure below it, and what lies between is shared; not
/// procured in time, all of it comes back. The money is locked from the start: it never depends on the bidding balance.
abstract contract Quotes is Sales {
    /// @dev `amount` is 0 once procured or refunded; `takenAt` stays, so that no quote is taken twice.
    struct Held {
        address consumer;
        uint96 amount;
        uint40 takenAt;
        uint40 deadline;
    }

    /// @notice Signs quotes.
    address public immutable SCHEDULER;
    /// @notice Longest that a quote holds money before its order expires, seconds.
    uint32 public immutable QUOTE_SECONDS;
    /// @notice Seconds after an order's expiry in which a slot with it may still be committed.
    uint32 public immutable COMMIT_DEADLINE_SECONDS;
    /// @notice The consumer's part of the surplus, 1/10,000.
    uint16 public immutable SURPLUS_SHARE_BPS;

    mapping(bytes32 orderId => Held) private _quotes;

    constructor(Addresses memory a, Parameters memory p) {
        SCHEDULER = a.scheduler;
        QUOTE_SECONDS = p.quoteSeconds;
        COMMIT_DEADLINE_SECONDS = p.commitDeadlineSeconds;
        SURPLUS_SHARE_BPS = p.surplusShareBps;
    }

    /// @inheritdoc IMarket
    function takeQuote(
        Order calldata order,
        uint64 validUntil,
        bytes calldata signature
    ) external whenNotPaused returns (bytes32 orderId) {
        if (order.consumer != msg.sender) revert NotConsumer(order.consumer, msg.sender);
        if (block.timestamp > validUntil) revert Expired(0, validUntil);
        if (order.validUntil < block.timestamp || order.validUntil > block.timestamp + QUOTE_SECONDS) {
            revert QuoteTimeOutOfBounds(order.validUntil, block.timestamp, block.timestamp + QUOTE_SECONDS);
        }
        orderId = AuctionDomain.digest(AUCTION, Eip712.hashOrder(order));
        if (_quotes[orderId].takenAt != 0) revert QuoteTaken(orderId);
        bytes32 quoteId = AuctionDomain.digest(AUCTION, Eip712.hashQuote(Quote(orderId, validUntil)));
        if (!Signatures.isValid(SCHEDULER, quoteId, signature)) revert BadSignature(SCHEDULER);
        uint256 amount = _priceOf(order);
        uint40 deadline = uint40(order.validUntil + COMMIT_DEADLINE_SECONDS);
        VAULT.lockFromAvailable(msg.sender, amount);
        // What was locked fits into 96 bits: a balance does.
        _quotes[orderId] = Held(msg.sender, uint96(amount), uint40(block.timestamp), deadline);
        emit QuoteAccepted(orderId, msg.sender, amount, deadline);
    }

    /// @inheritdoc IMarket
    function procure(bytes32 orderId, uint256 total) external {
        if (msg.sender != AUCTION) revert NotProtocol(msg.sender);
        Held memory held = _quotes[orderId];
        _quotes[orderId].amount = 0;
        // The price is at most the order's start price, so that the total is at most what is held.
        uint256 surplus = held.amount - total;
        uint256 shared = (surplus * SURPLUS_SHARE_BPS) / 10_000;
        _release(held.consumer, shared, surplus - shared);
        emit QuoteProcured(orderId, held.consumer, total, shared, surplus - shared);
    }

    /// @inheritdoc IMarket
    function refundQuote(bytes32 orderId) external {
        Held memory held = _quotes[orderId];
        if (held.amount == 0) revert QuoteNotOpen(orderId);
        if (block.timestamp <= held.deadline) revert QuoteStillOpen(orderId, held.deadline);
        _quotes[orderId].amount = 0;
        _release(held.consumer, held.amount, 0);
        emit QuoteRefunded(orderId, held.consumer, held.amount);
    }

    /// @inheritdoc IMarket
    function quoteOf(bytes32 orderId) external view returns (uint256 amount, uint40 takenAt, uint40 deadline) {
        Held memory held = _quotes[orderId];
        return (held.amount, held.takenAt, held.deadline);
    }

    function _release(address consumer, uint256 amount, uint256 fee) private {
        (address[] memory accounts, uint256[] memory amounts) = (new address[](1), new uint256[](1));
        (accounts[0], amounts[0]) = (consumer, amount);
        VAULT.release(accounts, amounts, fee);
    }

    /// @dev All that the order can cost, in the bounds that a page has for its terms.
    function _priceOf(Order calldata order) private view returns (uint256 amount) {
        if (order.nonce > type(uint64).max) revert ValueTooWide(order.nonce, type(uint64).max);
        if (order.startPrice > type(uint96).max) revert ValueTooWide(order.startPrice, type(uint96).max);
        if (order.cards > type(uint16).max) revert ValueTooWide(order.cards, type(uint16).max);
        if (order.duration < MIN_LEASE_SECONDS || order.duration > MAX_LEASE_SECONDS) {
            revert DurationOutOfBounds(order.duration, MIN_LEASE_SECONDS, MAX_LEASE_SECONDS);
        }
        amount = Accrual.total(order.cards, order.duration, order.startPrice, FEE_BPS);
        if (amount == 0) revert PriceZero();
    }
}
