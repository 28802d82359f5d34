// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILeaseBook} from "./interfaces/ILeaseBook.sol";
import {Accrual} from "./libraries/Accrual.sol";
import {LeasePages} from "./libraries/LeasePages.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {Standing} from "./libraries/Standing.sol";
import {Parameters} from "./types/Parameters.sol";

/// @title PageSettlement
/// @notice Settles whole pages from their published bytes, netted per provider.
abstract contract PageSettlement is ILeaseBook {
    /// @dev Bytes of a page before its accounts: id 8, start 5, source 32, account count 1.
    uint256 private constant HEAD = 46;
    uint256 private constant LEASE = 20;
    /// @dev Beside an address: where transient storage counts its outcomes.
    uint256 private constant GOOD = 1 << 160;

    /// @dev What the pages of one call pay together.
    struct Tally {
        address[] providers;
        uint256 count;
        uint256 fee;
    }

    /// @dev One page while it is settled.
    /// @param paid to each account of the table, base units
    struct Reading {
        uint64 pageId;
        uint40 start;
        bytes32 source;
        uint256 accounts;
        uint256 accountCount;
        uint256 leases;
        uint256 count;
        uint256 live;
        uint256 from;
        uint256 to;
        uint256 total;
        uint256 fee;
        uint256[] paid;
        bytes32[] leaves;
    }

    /// @notice The fee on top of a lease's price, 1/10,000.
    uint16 public immutable FEE_BPS;
    /// @notice Seconds that settlement stays behind the clock.
    uint32 public immutable SETTLE_LAG_SECONDS;
    /// @notice Most that one lease counts for reputation, good and bad each, base units.
    uint256 public immutable OUTCOME_CAP;

    mapping(uint64 pageId => Page) internal _pages;

    constructor(Parameters memory p) {
        FEE_BPS = p.feeBps;
        SETTLE_LAG_SECONDS = p.settleLagSeconds;
        OUTCOME_CAP = Standing.outcomeCap(p.minProviderStake);
    }

    /// @inheritdoc ILeaseBook
    function settlePages(bytes calldata data) external {
        uint40 until = _horizon();
        // No more accounts than the bytes can name.
        Tally memory tally = Tally({providers: new address[](data.length / 20 + 1), count: 0, fee: 0});
        uint256 at_ = 0;
        while (at_ < data.length) {
            // Nothing of a page is looked at again: the next takes its memory, whose price grows with the square.
            uint256 free;
            assembly ("memory-safe") {
                free := mload(64)
            }
            at_ = _settlePage(data, at_, until, tally);
            assembly ("memory-safe") {
                mstore(64, free)
            }
        }
        _pay(tally);
    }

    /// @dev Pays the providers, and records what their leases that ended count.
    function _payNetted(
        address[] memory providers,
        uint256[] memory amounts,
        uint256[] memory good,
        uint256 fee
    ) internal virtual;

    /// @dev Last second that settlement may reach.
    function _horizon() internal view returns (uint40) {
        return block.timestamp > SETTLE_LAG_SECONDS ? uint40(block.timestamp) - SETTLE_LAG_SECONDS : 0;
    }

    function _settlePage(
        bytes calldata data,
        uint256 at_,
        uint40 until,
        Tally memory tally
    ) private returns (uint256 next) {
        Reading memory page;
        next = _read(page, data, at_);
        Page storage stored = _pages[page.pageId];
        if (stored.root == 0) revert PageUnknown(page.pageId);
        uint40 settledUntil = stored.settledUntil;
        page.live = stored.live;
        page.from = settledUntil > page.start ? settledUntil - page.start : 0;
        page.to = until > page.start ? until - page.start : 0;
        if (page.to <= page.from || page.live == 0) return next;
        _hash(page, data);
        bytes32 root = LeasePages.root(page.count, Merkle.topOf(page.leaves), page.start, page.source);
        if (root != stored.root) revert WrongRoot(page.pageId, stored.root, root);
        _accrue(page, data);
        stored.settledUntil = until;
        emit PageSettled(page.pageId, until, uint8(page.count), page.total, page.fee);
        _net(page, data, tally);
    }

    /// @dev Where everything of the page stands.
    function _read(Reading memory page, bytes calldata data, uint256 at_) private pure returns (uint256 next) {
        uint256 base;
        uint256 head;
        uint256 source;
        assembly ("memory-safe") {
            base := add(data.offset, at_)
            head := calldataload(base)
            source := calldataload(add(base, 13))
        }
        page.pageId = uint64(head >> 192);
        page.start = uint40(head >> 152);
        page.source = bytes32(source);
        if (at_ + HEAD > data.length) revert PageMalformed(page.pageId);
        page.accountCount = uint8(data[at_ + HEAD - 1]);
        page.accounts = at_ + HEAD;
        uint256 counter = page.accounts + 20 * page.accountCount;
        if (counter >= data.length) revert PageMalformed(page.pageId);
        page.count = uint8(data[counter]);
        page.leases = counter + 1;
        next = page.leases + LEASE * page.count;
        if (next > data.length || page.count > LeasePages.MAX_LEASES) revert PageMalformed(page.pageId);
        page.paid = new uint256[](2 * page.accountCount);
        page.leaves = new bytes32[](page.count);
    }

    /// @dev Every lease's leaf, put together by hand: encoding and bounds checks by the compiler cost more than the hash.
    function _hash(Reading memory page, bytes calldata data) private pure {
        uint256 leaseAt = page.leases;
        uint256 table = page.accounts;
        uint256 accountCount = page.accountCount;
        bytes32[] memory leaves = page.leaves;
        bool known = true;
        assembly ("memory-safe") {
            leaseAt := add(data.offset, leaseAt)
            table := add(data.offset, table)
            let scratch := mload(64)
            let leafAt := add(leaves, 32)
            for {
                let end := add(leafAt, shl(5, mload(leaves)))
            } lt(leafAt, end) {
                leafAt := add(leafAt, 32)
                leaseAt := add(leaseAt, 20)
            } {
                let word := calldataload(leaseAt)
                let consumer := byte(18, word)
                let provider := byte(19, word)
                known := and(known, and(lt(consumer, accountCount), lt(provider, accountCount)))
                // 0x00, the tag, then rate, cards and duration; each store covers the rest of the one before.
                mstore(scratch, or(shl(240, 6), shl(96, shr(112, word))))
                mstore(add(scratch, 20), calldataload(add(table, mul(20, consumer))))
                mstore(add(scratch, 40), calldataload(add(table, mul(20, provider))))
                mstore(leafAt, keccak256(scratch, 60))
            }
        }
        if (!known) revert PageMalformed(page.pageId);
    }

    /// @dev What each lease that follows the page is owed. Its root is checked: each live bit has its lease, each lease its place in
    /// the table. At most 200 amounts of 156 bits are added up.
    function _accrue(Reading memory page, bytes calldata data) private view {
        uint256 at_ = page.leases;
        assembly ("memory-safe") {
            at_ := add(data.offset, at_)
        }
        (page.total, page.fee) = Accrual.ofPage(at_, page.live, page.from, page.to, FEE_BPS, OUTCOME_CAP, page.paid);
    }

    /// @dev Adds the page's accounts to those of the pages before; the tally's list is as long as all pages' tables.
    function _net(Reading memory page, bytes calldata data, Tally memory tally) private {
        tally.fee += page.fee;
        uint256[] memory paid = page.paid;
        address[] memory providers = tally.providers;
        uint256 table = page.accounts;
        uint256 count = tally.count;
        uint256 good = GOOD;
        assembly ("memory-safe") {
            table := add(data.offset, table)
            let paidAt := add(paid, 32)
            let half := shl(4, mload(paid))
            for {
                let end := add(paidAt, half)
            } lt(paidAt, end) {
                paidAt := add(paidAt, 32)
                table := add(table, 20)
            } {
                let amount := mload(paidAt)
                let counted := mload(add(paidAt, half))
                if or(amount, counted) {
                    let provider := shr(96, calldataload(table))
                    let before := tload(provider)
                    let countedBefore := tload(or(good, provider))
                    tstore(provider, add(before, amount))
                    tstore(or(good, provider), add(countedBefore, counted))
                    if iszero(or(before, countedBefore)) {
                        count := add(count, 1)
                        mstore(add(providers, shl(5, count)), provider)
                    }
                }
            }
        }
        tally.count = count;
    }

    /// @dev Empties transient storage: it outlives this call within its transaction.
    function _pay(Tally memory tally) private {
        uint256 count = tally.count;
        address[] memory providers = tally.providers;
        uint256[] memory amounts = new uint256[](count);
        uint256[] memory goods = new uint256[](count);
        assembly ("memory-safe") {
            mstore(providers, count)
        }
        for (uint256 i = 0; i < count; ++i) {
            uint256 key = uint160(providers[i]);
            uint256 counted = GOOD | key;
            uint256 amount;
            uint256 good;
            assembly ("memory-safe") {
                amount := tload(key)
                good := tload(counted)
                tstore(key, 0)
                tstore(counted, 0)
            }
            amounts[i] = amount;
            goods[i] = good;
        }
        if (count != 0) _payNetted(providers, amounts, goods, tally.fee);
    }
}
