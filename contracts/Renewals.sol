// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarket} from "./interfaces/IMarket.sol";
import {Sales} from "./Sales.sol";
import {LeaseRef} from "./types/Lease.sol";
import {Listing} from "./types/Trade.sol";

/// @title Renewals
/// @notice Open-ended leases: an hour is locked ahead, anyone prolongs it by another in its last hour, and it ends when nobody can.
abstract contract Renewals is Sales {
    uint40 private constant HOUR = 3600;

    /// @dev Each moves on to the lease that prolongs its own.
    mapping(uint64 leaseId => Renewal) private _renewals;

    /// @inheritdoc IMarket
    function allowRenewal(LeaseRef calldata lease, Renewal calldata renewal) external {
        if (msg.sender != lease.lease.consumer) revert NotConsumer(lease.lease.consumer, msg.sender);
        uint64 leaseId = (lease.pageId << 8) | lease.index;
        // Proves that the lease is the caller's.
        (, uint40 end) = LEASE_BOOK.check(lease);
        if (end <= block.timestamp) revert LeaseOver(leaseId);
        _allow(leaseId, msg.sender, renewal);
    }

    /// @inheritdoc IMarket
    function renew(
        LeaseRef calldata parent,
        Listing calldata listing,
        bytes calldata signature
    ) external whenNotPaused returns (uint64 leaseId) {
        (uint64 parentId, uint40 start) = _prolonged(parent, listing);
        Renewal memory allowed = _renewals[parentId];
        // A lease that either side closed has an earlier end.
        if (start >= allowed.until || start != parent.start + parent.lease.duration) revert NotRenewable(parentId);
        if (block.timestamp + HOUR < start) revert RenewalTooEarly(parentId, start - HOUR);
        if (listing.node != allowed.node || listing.resourceClass != allowed.resourceClass) {
            revert NodeMismatch(listing.node);
        }
        if (listing.pricePerCardHour > allowed.maxRate) {
            revert PriceTooHigh(listing.pricePerCardHour, allowed.maxRate);
        }
        delete _renewals[parentId];
        bytes32 listingId = _take(listing, signature, parent.lease.cards);
        uint40 left = allowed.until - start;
        Sale memory sale = _sale(listing, parent.lease.cards, uint32(left < HOUR ? left : HOUR));
        sale.start = start;
        sale.parent = parentId;
        leaseId = _open(listingId, parent.lease.consumer, sale, type(uint256).max);
        _allow(leaseId, parent.lease.consumer, allowed);
    }

    /// @inheritdoc IMarket
    function renewalOf(uint64 leaseId) external view returns (Renewal memory) {
        return _renewals[leaseId];
    }

    function _allow(uint64 leaseId, address consumer, Renewal memory renewal) private {
        _renewals[leaseId] = renewal;
        emit RenewalAllowed(leaseId, consumer, renewal);
    }
}
