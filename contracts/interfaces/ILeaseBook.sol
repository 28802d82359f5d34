// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {End, Exception, LeaseRef} from "../types/Lease.sol";

/// @title LeaseBook
/// @notice What was bought, until the last unit of it is paid or returned. Leases live in pages: one root binds up to 200 of them,
/// one bit each says that the lease follows its page, and a lease that does not (settled alone, closed, outage) has a record of its own. Invariant: locked = paid + fees + refunded + still held, for each lease, at any time.
interface ILeaseBook {
    /// @param root binds leases, their start and their source: ADR 0007, "Leases"
    /// @param live bit i: lease i follows the page
    /// @param settledUntil second (unix) up to which the leases that follow the page are settled; 0 before the first time
    struct Page {
        bytes32 root;
        uint200 live;
        uint40 settledUntil;
    }

    /// @notice Every lease that follows the page was paid up to `until` (unix seconds), or to its end.
    /// @param count leases in the page
    /// @param paid to providers, base units; `fee` to the fees
    event PageSettled(uint64 indexed pageId, uint40 until, uint8 count, uint256 paid, uint256 fee);
    /// @notice A lease was paid by itself up to `until`.
    event LeaseSettled(uint64 indexed leaseId, uint40 until, uint256 paid, uint256 fee);
    /// @notice The lease will end at `end`, before its term.
    event LeaseClosed(uint64 indexed leaseId, uint40 end, End reason);
    /// @notice A provider ended the lease, or let it fail, before its notice was over: `amount` of its stake went, half of it to
    /// the consumer (it left) or the treasury (no-show, fault), half to nobody.
    event NoticeForfeited(uint64 indexed leaseId, uint256 amount);
    /// @notice Monitors attested that the lease did not run in [from, to); it is not billed.
    /// @param fault false inside an announced maintenance window
    event OutageAttested(uint64 indexed leaseId, uint40 from, uint40 to, bool fault);
    /// @notice Nothing of the lease is held any more; sent for leases that ended by themselves (those that follow their page end
    /// with it).
    event LeaseEnded(uint64 indexed leaseId, End reason, uint256 refunded);

    error PageUnknown(uint64 pageId);
    error PageMalformed(uint64 pageId);
    error WrongRoot(uint64 pageId, bytes32 expected, bytes32 got);
    error LeaseOver(uint64 leaseId);
    error NothingDue(uint64 leaseId);
    /// @notice It ends at `end` anyway.
    error EndsAnyway(uint64 leaseId, uint40 end);
    /// @notice It must lie within the settle lag, within the lease, and after what is settled and every earlier outage.
    error OutageInvalid(uint64 leaseId, uint40 from, uint40 to);
    error NotParty(uint64 leaseId, address caller);
    error NotProtocol(address caller);

    /// @notice Records a page whose money is locked already. The auction and the market alone.
    /// @param live bit i set for each lease that exists (a skipped match leaves a hole)
    function openPage(bytes32 root, uint200 live) external returns (uint64 pageId);

    /// @notice Pays what is owed up to now less the settle lag on every lease that follows the pages, netted per account: each
    /// account is written once. A page with nothing due is passed over. Anyone may call.
    /// @param data pages, one after the other: page id 8 ‖ start 5 ‖ source 32 ‖ account count 1 ‖ accounts 20 each ‖ lease count 1
    /// ‖ leases 20 each: rate 12 ‖ cards 2 ‖ duration 4 ‖ consumer index 1 ‖ provider index 1
    function settlePages(bytes calldata data) external;

    /// @notice Pays one lease up to now less the settle lag; everything, the refund too, once the lag after its end is over. Needs
    /// nobody's help but the page's published data. Anyone may call; before its end, while it follows its page, its parties alone.
    function settle(LeaseRef calldata ref) external;

    /// @notice The consumer ends its lease now and is billed at least the minimum; after an outage the minimum does not hold. The
    /// provider: gives notice, the lease ends when it is over; nobody pays for leaving so.
    function close(LeaseRef calldata ref) external;

    /// @notice The provider ends the lease now and forfeits, from its stake, the price of the notice it did not give.
    function leaveNow(LeaseRef calldata ref) external;

    /// @notice Monitors' word that the lease did not run on `node` in [from, to). Pays up to `from`; the outage is not billed. It
    /// costs reputation unless it lies in a maintenance window that the provider announced. From the start on, for the no-show grace: the
    /// lease ends as a no-show. More than the fault bound in all: it ends as a fault. Both forfeit what leaving now would, to the
    /// treasury.
    /// @param signatures of distinct monitors, in ascending order of their addresses, at least the quorum, over the EIP-712
    /// message `Outage(uint64 leaseId,bytes32 node,uint40 from,uint40 to)`
    function attestOutage(
        LeaseRef calldata ref,
        bytes32 node,
        uint40 from,
        uint40 to,
        bytes[] calldata signatures
    ) external;

    /// @notice What a lease of these terms locks: price rounded down, plus its fee rounded up, base units.
    function quote(uint16 cards, uint32 duration, uint96 rate) external view returns (uint256 locked);

    /// @notice The page's record; all zero for an unknown id.
    function pageOf(uint64 pageId) external view returns (Page memory);

    /// @notice The record of a lease that left its page; all zero for one that follows it or is over.
    function exceptionOf(uint64 leaseId) external view returns (Exception memory);

    /// @notice Checks the lease against its page. Fails with `WrongRoot`.
    /// @return over whether nothing of it is held any more
    /// @return end second (unix) at which it ends or ended
    function check(LeaseRef calldata ref) external view returns (bool over, uint40 end);

    /// @notice Pages opened so far; ids are 1 to this.
    function pageCount() external view returns (uint64);
}
