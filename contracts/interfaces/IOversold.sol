// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MatchProof} from "../types/Claim.sol";
import {LeaseRef} from "../types/Lease.sol";

/// @title Oversold
/// @notice The claim that a node was sold twice: its leases that run now need more cards than it has. At fault is who sold last: the
/// scheduler when it was a slot's match (its bond pays), the provider when it was a Buy (its stake pays). Nothing is announced: the
/// harmed consumer is paid, whoever tells.
interface IOversold {
    /// @notice A lease that runs, and where it came from.
    /// @param listingId of a Buy; 0 for a match
    /// @param slot of a match
    /// @param cleared the match: its leaf names the node; `pageId`, `leaseTop` and `start` are not read
    struct Shown {
        LeaseRef ref;
        bytes32 listingId;
        uint64 slot;
        MatchProof cleared;
    }

    /// @notice The provider sold a card that was in use; `taken` of its stake went to the consumer of the lease.
    event SoldTwice(bytes32 indexed node, uint64 indexed leaseId, address indexed provider, uint256 taken);

    error NotRunning(uint64 leaseId);
    error NotOfNode(uint64 leaseId);
    error Unordered(uint64 leaseId);
    error FitsIn(uint256 cards, uint256 used);
    error AlreadyShown(uint64 leaseId);

    /// @notice Leases of `node` that run now, in ascending order of their ids, together beyond its cards.
    function claim(bytes32 node, Shown[] calldata shown) external;
}
