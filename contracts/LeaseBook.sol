// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILeaseBook} from "./interfaces/ILeaseBook.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IVault} from "./interfaces/IVault.sol";
import {Accrual} from "./libraries/Accrual.sol";
import {LeasePages} from "./libraries/LeasePages.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
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
        uint40 end;
        End reason;
        bool follows;
    }

    /// @notice Holds what the leases lock.
    IVault public immutable VAULT;
    /// @notice Knows the payout addresses, and holds the stakes.
    IProviderRegistry public immutable REGISTRY;
    /// @notice Opens pages.
    address public immutable AUCTION;
    /// @notice Opens pages.
    address public immutable MARKET;
    /// @notice Least seconds billed when the consumer closes.
    uint32 public immutable MIN_BILL_SECONDS;
    /// @notice Seconds between a provider's close and the end.
    uint32 public immutable NOTICE_SECONDS;

    /// @inheritdoc ILeaseBook
    uint64 public pageCount;
    mapping(uint64 leaseId => Exception) private _exceptions;

    constructor(Addresses memory a, Parameters memory p) PageSettlement(p.feeBps, p.settleLagSeconds) {
        ParameterBounds.check(p);
        VAULT = IVault(a.vault);
        REGISTRY = IProviderRegistry(a.registry);
        AUCTION = a.auction;
        MARKET = a.market;
        MIN_BILL_SECONDS = p.minBillSeconds;
        NOTICE_SECONDS = p.noticeSeconds;
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
        uint40 until = last ? lease.end : horizon;
        if (!last && until <= lease.settledUntil) revert NothingDue(lease.id);
        _payAlone(ref, lease, until, last);
    }

    /// @inheritdoc ILeaseBook
    function close(LeaseRef calldata ref) external {
        Standing memory lease = _running(ref);
        bool byConsumer = msg.sender == ref.lease.consumer;
        if (!byConsumer && msg.sender != ref.lease.provider) revert NotParty(lease.id, msg.sender);
        uint256 end = block.timestamp + (byConsumer ? 0 : NOTICE_SECONDS);
        uint256 least = ref.start + (byConsumer ? MIN_BILL_SECONDS : 0);
        _moveEnd(lease, end < least ? least : end, byConsumer ? End.CLOSED_BY_CONSUMER : End.CLOSED_BY_PROVIDER);
    }

    /// @inheritdoc ILeaseBook
    function leaveNow(LeaseRef calldata ref) external {
        Standing memory lease = _running(ref);
        address provider = ref.lease.provider;
        if (msg.sender != provider) revert NotParty(lease.id, msg.sender);
        uint256 end = block.timestamp < ref.start ? ref.start : block.timestamp;
        uint256 missing = lease.end > end ? lease.end - end : 0;
        if (missing > NOTICE_SECONDS) missing = NOTICE_SECONDS;
        _moveEnd(lease, end, End.CLOSED_BY_PROVIDER);
        uint256 forfeit = Accrual.owed(ref.lease.cards, missing, ref.lease.rate);
        uint256 taken = REGISTRY.slash(provider, ref.lease.consumer, forfeit, bytes32(uint256(lease.id)));
        emit NoticeForfeited(lease.id, taken);
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

    function _payNetted(address[] memory providers, uint256[] memory amounts, uint256 fee) internal override {
        VAULT.release(REGISTRY.payoutsOf(providers), amounts, fee);
    }

    /// @dev Pays one lease up to `until`; the last time, returns the rest and forgets it.
    function _payAlone(LeaseRef calldata ref, Standing memory lease, uint40 until, bool last) private {
        uint256 cards = ref.lease.cards;
        uint256 rate = ref.lease.rate;
        (uint256 paid, uint256 fee) = Accrual.between(
            cards,
            lease.settledUntil - ref.start,
            until - ref.start,
            rate,
            FEE_BPS
        );
        if (lease.follows) _leavePage(lease.id);
        uint256 refund;
        if (last) {
            refund =
                Accrual.total(cards, ref.lease.duration, rate, FEE_BPS) -
                Accrual.total(cards, until - ref.start, rate, FEE_BPS);
            if (!lease.follows) delete _exceptions[lease.id];
        } else {
            _exceptions[lease.id] = Exception({settledUntil: until, end: lease.end, reason: lease.reason});
        }
        if (until > lease.settledUntil) emit LeaseSettled(lease.id, until, paid, fee);
        if (last) emit LeaseEnded(lease.id, lease.reason == End.NONE ? End.COMPLETED : lease.reason, refund);
        _release(ref.lease.provider, paid, ref.lease.consumer, refund, fee);
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

    /// @dev Lets a lease end at `end`, which must be before it would end by itself.
    function _moveEnd(Standing memory lease, uint256 end, End reason) private {
        if (end >= lease.end) revert EndsAnyway(lease.id, lease.end);
        if (lease.follows) _leavePage(lease.id);
        _exceptions[lease.id] = Exception({settledUntil: lease.settledUntil, end: uint40(end), reason: reason});
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
        } else {
            Exception memory own = _exceptions[lease.id];
            (lease.settledUntil, lease.end, lease.reason) = (own.settledUntil, own.end, own.reason);
        }
    }
}
