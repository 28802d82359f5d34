// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "./interfaces/IMarket.sol";
import {Quotes} from "./Quotes.sol";
import {Renewals} from "./Renewals.sol";
import {Sales} from "./Sales.sol";
import {LeaseRef} from "./types/Lease.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";
import {Listing} from "./types/Trade.sol";

/// @title Market
/// @notice Buy: at a provider's list price, at once; or at the scheduler's firm quote, which the next slots procure.
contract Market is Renewals, Quotes {
    constructor(Addresses memory a, Parameters memory p) Sales(a, p) Quotes(a, p) {}

    /// @inheritdoc IMarket
    function buy(
        Listing calldata listing,
        bytes calldata signature,
        uint16 cards,
        uint32 duration,
        bytes32 workload,
        uint256 maxTotal
    ) external whenNotPaused returns (uint64 leaseId) {
        bytes32 listingId = _take(listing, signature, cards);
        Sale memory sale = _sale(listing, cards, duration);
        sale.workload = workload;
        sale.start = uint40(block.timestamp);
        return _open(listingId, msg.sender, sale, maxTotal);
    }

    /// @inheritdoc IMarket
    function extend(
        LeaseRef calldata parent,
        Listing calldata listing,
        bytes calldata signature,
        uint16 cards,
        uint32 duration,
        uint256 maxTotal
    ) external whenNotPaused returns (uint64 leaseId) {
        if (msg.sender != parent.lease.consumer) revert NotConsumer(parent.lease.consumer, msg.sender);
        (uint64 parentId, uint40 start) = _prolonged(parent, listing);
        bytes32 listingId = _take(listing, signature, cards);
        // The workload is the parent's, which the agent knows.
        Sale memory sale = _sale(listing, cards, duration);
        sale.start = start;
        sale.parent = parentId;
        return _open(listingId, msg.sender, sale, maxTotal);
    }

    /// @inheritdoc IMarket
    function cancelListings(uint64[] calldata nonces) external {
        for (uint256 i = 0; i < nonces.length; ++i) {
            _listings[msg.sender][nonces[i] >> 4] |= CANCELLED << _shift(nonces[i]);
            emit ListingCancelled(msg.sender, nonces[i]);
        }
    }

    /// @notice Stops buying; nothing else. The administration alone.
    function pause() external restricted {
        _pause();
    }

    /// @notice Lets buying go on. The administration alone.
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IMarket
    function listingNonce(address provider, uint64 nonce) external view returns (uint16 sold, bool cancelled) {
        uint256 counter = _listings[provider][nonce >> 4] >> _shift(nonce);
        return (uint16(counter & MAX_SOLD), counter & CANCELLED != 0);
    }
}
