// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "./interfaces/IAuction.sol";
import {IBond} from "./interfaces/IBond.sol";
import {IMarket} from "./interfaces/IMarket.sol";
import {IProviderRegistry} from "./interfaces/IProviderRegistry.sol";
import {IReceipts} from "./interfaces/IReceipts.sol";
import {AuctionDomain} from "./libraries/AuctionDomain.sol";
import {Eip712} from "./libraries/Eip712.sol";
import {Merkle} from "./libraries/Merkle.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {SlotProofs} from "./libraries/SlotProofs.sol";
import {Secrets} from "./Secrets.sol";
import {AskProof, OrderProof, Verdict, Wrong} from "./types/Claim.sol";
import {Addresses, Parameters} from "./types/Parameters.sol";
import {Order, Receipt, SlotHeader, SupplyKind} from "./types/Trade.sol";

/// @title Receipts
/// @notice Holds the scheduler to its receipts, and to showing what its slots were made of.
contract Receipts is IReceipts, Secrets {
    bytes32 private constant RECEIPT = keccak256(
        "Receipt(address scheduler,uint64 slot,uint32 seq,bytes32 item,bytes32 head)"
    );

    /// @notice Knows the slots.
    IAuction public immutable AUCTION;
    /// @notice Knows the quotes.
    IMarket public immutable MARKET;
    /// @notice Knows the keys.
    IProviderRegistry public immutable REGISTRY;
    /// @notice Pays.
    IBond public immutable BOND;
    /// @notice Whose receipts bind.
    address public immutable SCHEDULER;
    /// @notice Length of a slot, seconds.
    uint40 public immutable SLOT_SECONDS;
    /// @notice Seconds after a slot's end in which it may be committed.
    uint40 public immutable COMMIT_DEADLINE_SECONDS;
    /// @notice Seconds after a slot's end in which it can be claimed against.
    uint40 public immutable CLAIM_WINDOW_SECONDS;

    constructor(Addresses memory a, Parameters memory p) {
        ParameterBounds.check(p);
        AUCTION = IAuction(a.auction);
        MARKET = IMarket(a.market);
        REGISTRY = IProviderRegistry(a.registry);
        BOND = IBond(a.bond);
        SCHEDULER = a.scheduler;
        SLOT_SECONDS = p.slotSeconds;
        COMMIT_DEADLINE_SECONDS = p.commitDeadlineSeconds;
        CLAIM_WINDOW_SECONDS = p.claimWindowSeconds;
    }

    /// @inheritdoc IReceipts
    function claimTwoHeads(
        bytes32,
        Receipt calldata a,
        bytes calldata signatureA,
        Receipt calldata b,
        bytes calldata signatureB
    ) external revealed {
        _checkReceipt(a, signatureA);
        _checkReceipt(b, signatureB);
        bool samePlace = a.slot == b.slot && a.seq == b.seq;
        if (!samePlace || (a.item == b.item && a.head == b.head)) revert NoWrong(Wrong.FORGED);
        _decide(Wrong.FORGED, a.slot, bytes32(uint256(a.seq)));
    }

    /// @inheritdoc IReceipts
    function claimUncommitted(
        bytes32,
        Receipt calldata receipt,
        bytes calldata signature,
        Order calldata order
    ) external revealed {
        _checkReceipt(receipt, signature);
        if (AuctionDomain.digest(address(AUCTION), Eip712.hashOrder(order)) != receipt.item) {
            revert ItemMismatch(receipt.item);
        }
        uint40 slotEnd = _slotEnd(receipt.slot);
        IAuction.SlotState memory state = AUCTION.slotState(receipt.slot);
        bool complete = state.headerHash != 0 && state.pagesCommitted == state.pageCount;
        if (complete || block.timestamp <= slotEnd + COMMIT_DEADLINE_SECONDS || AUCTION.pausedSince(slotEnd)) {
            revert NoWrong(Wrong.UNCOMMITTED);
        }
        _decide(Wrong.UNCOMMITTED, receipt.slot, 0);
    }

    /// @inheritdoc IReceipts
    function claimOmitted(
        bytes32,
        SlotHeader calldata header,
        Receipt calldata receipt,
        bytes calldata signature,
        Gap calldata gap
    ) external revealed {
        _checkReceipt(receipt, signature);
        _checkHeader(header);
        if (receipt.slot != header.slot) revert HeaderMismatch(receipt.slot);
        if (_idOf(gap) != receipt.item) revert ItemMismatch(receipt.item);
        uint32 count = _countOf(header, gap.tree);
        if (gap.index > count) revert LeafUnknown(gap.tree, gap.index);
        if (gap.index != 0) {
            SlotProofs.leafIn(gap.tree, gap.left, gap.index - 1, gap.leftProof, header);
            if (bytes32(gap.left) >= receipt.item) revert NoWrong(Wrong.FORGED);
        }
        if (gap.index != count) {
            SlotProofs.leafIn(gap.tree, gap.right, gap.index, gap.rightProof, header);
            if (bytes32(gap.right) <= receipt.item) revert NoWrong(Wrong.FORGED);
        }
        _decide(Wrong.FORGED, header.slot, receipt.item);
    }

    /// @inheritdoc IReceipts
    function demand(SlotHeader calldata header, uint8 tree, uint32 index) external {
        _checkHeader(header);
        if (index >= _countOf(header, tree)) revert LeafUnknown(tree, index);
        Verdict memory verdict;
        verdict.wrong = Wrong.WITHHELD;
        verdict.slot = header.slot;
        verdict.order = _place(tree, index);
        verdict.challenger = msg.sender;
        BOND.open(verdict);
    }

    /// @inheritdoc IReceipts
    function answerOrder(
        Verdict calldata verdict,
        SlotHeader calldata header,
        OrderProof calldata order,
        bytes calldata signature
    ) external {
        _checkAnswer(verdict, header, Merkle.ORDERS, order.index);
        bytes32 orderId = SlotProofs.orderIn(order, header, AuctionDomain.separator(address(AUCTION)));
        if (order.code == 0) {
            if (!_agreed(orderId, _slotEnd(header.slot)) && _signerOf(orderId, signature) != order.order.consumer) {
                revert BadSignature(order.order.consumer);
            }
        }
        emit OrderShown(header.slot, orderId, order.order, order.classes, signature);
        BOND.refute(verdict);
    }

    /// @inheritdoc IReceipts
    function answerAsk(
        Verdict calldata verdict,
        SlotHeader calldata header,
        AskProof calldata ask,
        bytes calldata signature
    ) external {
        _checkAnswer(verdict, header, Merkle.ASKS, ask.index);
        bytes32 askId = SlotProofs.askIn(ask, header, AuctionDomain.separator(address(AUCTION)));
        address provider = ask.ask.provider;
        // Which key was the one at the close, the registry's events tell; here one that ever was is enough.
        if (ask.code == 0 && ask.ask.supplyKind == SupplyKind.NODE) {
            if (!REGISTRY.wasKey(provider, _signerOf(askId, signature))) revert BadSignature(provider);
        }
        emit AskShown(header.slot, askId, ask, signature);
        BOND.refute(verdict);
    }

    /// @dev By an approval or by an accepted quote, before the slot's end.
    function _agreed(bytes32 orderId, uint40 end) private view returns (bool) {
        uint40 approved = AUCTION.approvedAt(orderId);
        if (approved != 0 && approved < end) return true;
        (, uint40 taken, ) = MARKET.quoteOf(orderId);
        return taken != 0 && taken < end;
    }

    function _decide(Wrong wrong, uint64 slot, bytes32 order) private {
        Verdict memory verdict;
        verdict.wrong = wrong;
        verdict.slot = slot;
        verdict.order = order;
        verdict.challenger = msg.sender;
        BOND.decide(verdict);
    }

    /// @dev The scheduler's own, for a slot whose window is open.
    function _checkReceipt(Receipt calldata receipt, bytes calldata signature) private view {
        bytes32 digest = AuctionDomain.digest(address(AUCTION), keccak256(abi.encode(RECEIPT, receipt)));
        address signer = _signerOf(digest, signature);
        if (signer != SCHEDULER || receipt.scheduler != SCHEDULER) revert NotReceipt(signer);
        _checkWindow(receipt.slot);
    }

    function _checkHeader(SlotHeader calldata header) private view {
        _checkHash(header);
        _checkWindow(header.slot);
    }

    function _checkHash(SlotHeader calldata header) private view {
        if (AUCTION.slotState(header.slot).headerHash != keccak256(abi.encode(header))) {
            revert HeaderMismatch(header.slot);
        }
    }

    function _checkWindow(uint64 slot) private view {
        uint40 until = _slotEnd(slot) + CLAIM_WINDOW_SECONDS;
        if (block.timestamp > until) revert WindowOver(slot, until);
    }

    function _checkAnswer(Verdict calldata verdict, SlotHeader calldata header, uint8 tree, uint32 index) private view {
        _checkHash(header);
        if (verdict.slot != header.slot || verdict.order != _place(tree, index)) revert AnswerIrrelevant();
    }

    /// @dev Of the message that the gap's tree holds: an ask is rightly missing among the orders.
    function _idOf(Gap calldata gap) private view returns (bytes32) {
        bytes32 hash =
            gap.tree == Merkle.ORDERS ? Eip712.hashOrder(gap.order) : keccak256(abi.encode(Eip712.ASK, gap.ask));
        return AuctionDomain.digest(address(AUCTION), hash);
    }

    function _slotEnd(uint64 slot) private view returns (uint40) {
        return uint40((slot + 1) * SLOT_SECONDS);
    }

    function _countOf(SlotHeader calldata header, uint8 tree) private pure returns (uint32) {
        if (tree == Merkle.ORDERS) return header.orderCount;
        if (tree != Merkle.ASKS) revert LeafUnknown(tree, 0);
        return header.askCount;
    }

    function _place(uint8 tree, uint32 index) private pure returns (bytes32) {
        return bytes32((uint256(tree) << 32) | index);
    }

    function _signerOf(bytes32 digest, bytes calldata signature) private view returns (address) {
        if (signature.length != 65) return address(0);
        uint256 offset;
        assembly ("memory-safe") {
            offset := signature.offset
        }
        return Signatures.recoverAt(digest, offset);
    }
}
