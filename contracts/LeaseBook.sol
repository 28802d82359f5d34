// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILeaseBook} from "./interfaces/ILeaseBook.sol";
import {IClusters} from "./interfaces/IClusters.sol";
import {IMonitors} from "./interfaces/IMonitors.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IReputation} from "./interfaces/IReputation.sol";
import {IVault} from "./interfaces/IVault.sol";
import {Accrual} from "./libraries/Accrual.sol";
import {AuctionDomain} from "./libraries/AuctionDomain.sol";
import {LeasePages} from "./libraries/LeasePages.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {PowerSplit} from "./libraries/PowerSplit.sol";
import {PageSettlement} from "./PageSettlement.sol";
import {End, Exception, LeaseRef} from "./types/Lease.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";

/// @title LeaseBook
/// @notice What was bought, until the last unit of it is paid or returned.
contract LeaseBook is PageSettlement {
    /// @dev Where a lease stands, whether it follows its page or not.
    struct Standing {
        uint64 id;
        uint40 settledUntil;
        uint256 billed;
        uint256 outage;
        uint40 end;
        End reason;
        bool follows;
    }

    bytes32 private constant OUTAGE = keccak256("Outage(uint64 leaseId,bytes32 node,uint40 from,uint40 to)");

    /// @notice Holds what the leases lock.
    IVault public immutable VAULT;
    /// @notice Knows the payout addresses, and holds the stakes.
    IProviderRegistry public immutable REGISTRY;
    /// @notice Knows whom a cluster's account stands for.
    IClusters public immutable CLUSTERS;
    /// @notice Keeps the outcomes.
    IReputation public immutable REPUTATION;
    /// @notice Say what did not run.
    IMonitors public immutable MONITORS;
    /// @notice Opens pages.
    address public immutable AUCTION;
    /// @notice Opens pages.
    address public immutable MARKET;
    /// @notice Least seconds billed when the consumer closes.
    uint32 public immutable MIN_BILL_SECONDS;
    /// @notice Seconds between a provider's close and the end.
    uint32 public immutable NOTICE_SECONDS;
    /// @notice Seconds from the start in which nothing ran that make a no-show.
    uint32 public immutable NO_SHOW_GRACE_SECONDS;
    /// @notice Seconds of outages beyond which a lease ends.
    uint32 public immutable FAULT_OUTAGE_SECONDS;

    /// @inheritdoc ILeaseBook
    uint64 public pageCount;
    mapping(uint64 leaseId => Exception) private _exceptions;

    constructor(Addresses memory a, Parameters memory p) PageSettlement(p) {
        ParameterBounds.check(p);
        VAULT = IVault(a.vault);
        REGISTRY = IProviderRegistry(a.registry);
        CLUSTERS = IClusters(a.clusters);
        REPUTATION = IReputation(a.reputation);
        MONITORS = IMonitors(a.monitors);
        AUCTION = a.auction;
        MARKET = a.market;
        MIN_BILL_SECONDS = p.minBillSeconds;
        NOTICE_SECONDS = p.noticeSeconds;
        NO_SHOW_GRACE_SECONDS = p.noShowGraceSeconds;
        FAULT_OUTAGE_SECONDS = p.faultOutageSeconds;
    }

    /// @inheritdoc ILeaseBook
    function openPage(bytes32 root, uint200 live) external returns (uint64 pageId) {
        if (msg.sender != AUCTION && msg.sender != MARKET) revert NotProtocol(msg.sender);
        pageId = ++pageCount;
        _pages[pageId] = Page({root: root, live: live, settledUntil: 0});
    }

    /// @inheritdoc ILeaseBook
    function settle(LeaseRef calldata ref) external {
        Standing memory lease = _standing(ref);
        uint40 horizon = _horizon();
        bool last = horizon >= lease.end;
        // Midway it leaves its page and costs its provider more later: strangers settle the page.
        if (!last && lease.follows && msg.sender != ref.lease.provider && msg.sender != ref.lease.consumer) {
            revert NotParty(lease.id, msg.sender);
        }
        uint40 until = last ? lease.end : horizon;
        if (until <= lease.settledUntil) {
            if (!last) revert NothingDue(lease.id);
            // What an outage left out is settled already.
            until = lease.settledUntil;
        }
        _payAlone(ref, lease, until, lease.billed + (until - lease.settledUntil), last);
    }

    /// @inheritdoc ILeaseBook
    function close(LeaseRef calldata ref) external {
        Standing memory lease = _running(ref);
        bool byConsumer = msg.sender == ref.lease.consumer;
        if (!byConsumer && msg.sender != ref.lease.provider) revert NotParty(lease.id, msg.sender);
        uint256 end = block.timestamp + (byConsumer ? 0 : NOTICE_SECONDS);
        // After an outage the minimum does not hold.
        bool minimum = byConsumer && lease.billed == lease.settledUntil - ref.start;
        uint256 least = ref.start + (minimum ? MIN_BILL_SECONDS : 0);
        _moveEnd(lease, end < least ? least : end, byConsumer ? End.CLOSED_BY_CONSUMER : End.CLOSED_BY_PROVIDER);
    }

    /// @inheritdoc ILeaseBook
    function leaveNow(LeaseRef calldata ref) external {
        Standing memory lease = _running(ref);
        address provider = ref.lease.provider;
        if (msg.sender != provider) revert NotParty(lease.id, msg.sender);
        uint40 end = block.timestamp < ref.start ? ref.start : uint40(block.timestamp);
        uint40 before = lease.end;
        _moveEnd(lease, end, End.CLOSED_BY_PROVIDER);
        _forfeit(ref, lease.id, before > end ? before - end : 0, ref.lease.consumer);
    }

    /// @inheritdoc ILeaseBook
    function attestOutage(
        LeaseRef calldata ref,
        bytes32 node,
        uint40 from,
        uint40 to,
        bytes[] calldata signatures
    ) external {
        Standing memory lease = _standing(ref);
        if (
            to <= from ||
            from < lease.settledUntil ||
            to > lease.end ||
            to > block.timestamp ||
            from + SETTLE_LAG_SECONDS < block.timestamp
        ) revert OutageInvalid(lease.id, from, to);
        bytes32 digest = AuctionDomain.digest(AUCTION, keccak256(abi.encode(OUTAGE, lease.id, node, from, to)));
        MONITORS.requireQuorum(digest, signatures, ref.lease.consumer, ref.lease.provider);
        (uint40 downFrom, uint40 downTo) = REGISTRY.maintenanceOf(node);
        bool fault = from < downFrom || to > downTo;
        emit OutageAttested(lease.id, from, to, fault);
        _stop(ref, lease, from, to, fault);
    }

    /// @inheritdoc ILeaseBook
    function quote(uint16 cards, uint32 duration, uint96 rate) external view returns (uint256 locked) {
        return Accrual.total(cards, duration, rate, FEE_BPS);
    }

    /// @inheritdoc ILeaseBook
    function pageOf(uint64 pageId) external view returns (Page memory) {
        return _pages[pageId];
    }

    /// @inheritdoc ILeaseBook
    function exceptionOf(uint64 leaseId) external view returns (Exception memory) {
        return _exceptions[leaseId];
    }

    /// @inheritdoc ILeaseBook
    function check(LeaseRef calldata ref) external view returns (bool over, uint40 end) {
        Standing memory lease = _find(ref);
        return (lease.end == 0 || (lease.follows && lease.settledUntil == lease.end), lease.end);
    }

    function _payNetted(
        address[] memory providers,
        uint256[] memory amounts,
        uint256[] memory good,
        uint256 fee
    ) internal override {
        VAULT.release(REGISTRY.payoutsOf(providers), amounts, fee);
        REPUTATION.record(providers, good, new uint256[](good.length));
    }

    /// @dev Pays up to `from` and leaves out what follows up to `to`; ends the lease where that is too much.
    function _stop(LeaseRef calldata ref, Standing memory lease, uint40 from, uint40 to, bool fault) private {
        if (fault) lease.outage += to - from;
        uint256 billed = lease.billed + (from - lease.settledUntil);
        uint40 end = lease.end;
        if (fault && billed == 0 && lease.outage >= NO_SHOW_GRACE_SECONDS) lease.reason = End.NO_SHOW;
        else if (lease.outage > FAULT_OUTAGE_SECONDS) lease.reason = End.FAULT;
        bool ends = lease.reason == End.NO_SHOW || lease.reason == End.FAULT;
        if (ends) lease.end = to;
        _payAlone(ref, lease, to, billed, ends);
        if (ends) _forfeit(ref, lease.id, end - to, VAULT.treasury());
    }

    /// @dev Pays one lease up to `until`, which makes `billed` seconds; the last time, returns the rest and forgets it.
    function _payAlone(LeaseRef calldata ref, Standing memory lease, uint40 until, uint256 billed, bool last) private {
        uint256 cards = ref.lease.cards;
        uint256 rate = ref.lease.rate;
        (uint256 paid, uint256 fee) = Accrual.between(cards, lease.billed, billed, rate, FEE_BPS);
        if (lease.follows) _leavePage(lease.id);
        if (until > lease.settledUntil) emit LeaseSettled(lease.id, until, paid, fee);
        if (!last) {
            _exceptions[lease.id] = Exception({
                settledUntil: until,
                billed: uint32(billed),
                outage: uint32(lease.outage),
                end: lease.end,
                reason: lease.reason
            });
            _release(ref.lease.provider, paid, ref.lease.consumer, 0, fee);
            return;
        }
        if (!lease.follows) delete _exceptions[lease.id];
        uint256 refund =
            Accrual.total(cards, ref.lease.duration, rate, FEE_BPS) - Accrual.total(cards, billed, rate, FEE_BPS);
        emit LeaseEnded(lease.id, lease.reason == End.NONE ? End.COMPLETED : lease.reason, refund);
        _release(ref.lease.provider, paid, ref.lease.consumer, refund, fee);
        uint256 lost = lease.reason == End.NO_SHOW ? ref.lease.duration : lease.outage;
        _record(ref.lease.provider, Accrual.owed(cards, billed, rate), Accrual.owed(cards, lost, rate));
    }

    function _record(address provider, uint256 good, uint256 bad) private {
        address[] memory providers = new address[](1);
        uint256[] memory goods = new uint256[](1);
        uint256[] memory bads = new uint256[](1);
        providers[0] = provider;
        goods[0] = good < OUTCOME_CAP ? good : OUTCOME_CAP;
        bads[0] = bad < OUTCOME_CAP ? bad : OUTCOME_CAP;
        REPUTATION.record(providers, goods, bads);
    }

    function _release(address provider, uint256 paid, address consumer, uint256 refund, uint256 fee) private {
        address[] memory accounts = new address[](2);
        accounts[0] = REGISTRY.payoutOf(provider);
        accounts[1] = consumer;
        uint256[] memory amounts = new uint256[](2);
        amounts[0] = paid;
        amounts[1] = refund;
        VAULT.release(accounts, amounts, fee);
    }

    /// @dev Takes the price of the notice that was not given, at most of the `missing` seconds; of a cluster, from every member by its
    /// power.
    function _forfeit(LeaseRef calldata ref, uint64 leaseId, uint256 missing, address to) private {
        if (missing > NOTICE_SECONDS) missing = NOTICE_SECONDS;
        uint256 amount = Accrual.owed(ref.lease.cards, missing, ref.lease.rate);
        bytes32 reason = bytes32(uint256(leaseId));
        IClusters.Member[] memory members = CLUSTERS.membersOf(ref.lease.provider);
        uint256 taken = 0;
        if (members.length == 0) {
            taken = REGISTRY.slash(ref.lease.provider, to, amount, reason);
        } else {
            uint256[] memory parts = PowerSplit.parts(members, amount);
            for (uint256 i = 0; i < parts.length; ++i) {
                taken += REGISTRY.slash(members[i].provider, to, parts[i], reason);
            }
        }
        emit NoticeForfeited(leaseId, taken);
    }

    /// @dev Lets a lease end at `end`, which must be before it would end by itself.
    function _moveEnd(Standing memory lease, uint256 end, End reason) private {
        if (end >= lease.end) revert EndsAnyway(lease.id, lease.end);
        if (lease.follows) _leavePage(lease.id);
        _exceptions[lease.id] = Exception({
            settledUntil: lease.settledUntil,
            billed: uint32(lease.billed),
            outage: uint32(lease.outage),
            end: uint40(end),
            reason: reason
        });
        emit LeaseClosed(lease.id, uint40(end), reason);
    }

    function _leavePage(uint64 leaseId) private {
        _pages[leaseId >> 8].live &= ~(uint200(1) << (leaseId & 0xff));
    }

    /// @dev A lease that has not ended yet.
    function _running(LeaseRef calldata ref) private view returns (Standing memory lease) {
        lease = _standing(ref);
        if (block.timestamp >= lease.end) revert LeaseOver(lease.id);
    }

    /// @dev A lease of which something is still held.
    function _standing(LeaseRef calldata ref) private view returns (Standing memory lease) {
        lease = _find(ref);
        if (lease.end == 0 || (lease.follows && lease.settledUntil == lease.end)) revert LeaseOver(lease.id);
    }

    /// @dev Checks the reference; `end` is 0 for a lease that is over and left its page.
    function _find(LeaseRef calldata ref) private view returns (Standing memory lease) {
        Page memory page = _pages[ref.pageId];
        if (page.root == 0) revert PageUnknown(ref.pageId);
        bytes32 root = LeasePages.rootOf(ref);
        if (root != page.root) revert WrongRoot(ref.pageId, page.root, root);
        lease.id = (ref.pageId << 8) | ref.index;
        lease.follows = (page.live >> ref.index) & 1 == 1;
        if (lease.follows) {
            lease.end = ref.start + ref.lease.duration;
            lease.settledUntil = page.settledUntil < ref.start ? ref.start : page.settledUntil;
            if (lease.settledUntil > lease.end) lease.settledUntil = lease.end;
            lease.billed = lease.settledUntil - ref.start;
        } else {
            Exception memory own = _exceptions[lease.id];
            (lease.settledUntil, lease.end, lease.reason) = (own.settledUntil, own.end, own.reason);
            (lease.billed, lease.outage) = (own.billed, own.outage);
        }
    }
}
