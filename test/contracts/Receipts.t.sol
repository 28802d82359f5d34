// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {IReceipts} from "../../contracts/interfaces/IReceipts.sol";
import {ISecrets} from "../../contracts/interfaces/ISecrets.sol";
import {SlotProofs} from "../../contracts/libraries/SlotProofs.sol";
import {AskProof, OrderProof, Verdict, Wrong} from "../../contracts/types/Claim.sol";
import {Order, Receipt, SlotHeader} from "../../contracts/types/Trade.sol";
import {ClaimWorld} from "./support/ClaimWorld.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice What the scheduler receipted it must commit, and what it committed it must show.
contract ReceiptsTest is ClaimWorld {
    bytes32 private order;
    bytes32 private cheap;

    function setUp() public {
        setUpWorld();
        cheap = addAsk(1, 1 * USD);
        addAsk(2, 2 * USD);
        order = addOrder(1, 2);
    }

    // ── receipts ──

    function test_twoHeads_costTheBond() public {
        Receipt memory a = aReceipt(currentSlot(), order);
        Receipt memory b = a;
        b = Receipt(a.scheduler, a.slot, a.seq, keccak256("another"), a.head);
        told(address(receipts), headsCall(a, b, SCHEDULER_KEY));
        eq(available(CHALLENGER), 1250 * USD, "rewarded at once");
        refused(address(receipts), headsCall(a, a, SCHEDULER_KEY), noWrong(Wrong.FORGED));
        b.seq += 1;
        refused(address(receipts), headsCall(a, b, SCHEDULER_KEY), noWrong(Wrong.FORGED));
        address stranger = vm.addr(CONSUMER_KEY);
        refused(
            address(receipts),
            headsCall(a, b, CONSUMER_KEY),
            abi.encodeWithSelector(IReceipts.NotReceipt.selector, stranger)
        );
    }

    function test_uncommitted_costsTheBondAfterTheDeadline() public {
        uint64 slot = currentSlot();
        Order memory message = orderOf(order).order;
        vm.warp(slotEnd(slot) + 60);
        refused(address(receipts), uncommittedCall(slot, message), noWrong(Wrong.UNCOMMITTED));
        vm.warp(slotEnd(slot) + 61);
        message.nonce = 9;
        refused(
            address(receipts),
            uncommittedCall(slot, message),
            abi.encodeWithSelector(IReceipts.ItemMismatch.selector, order)
        );
        message.nonce = 1;
        told(address(receipts), uncommittedCall(slot, message));
        (uint256 held, , ) = bond.bond();
        eq(held, BOND_AMOUNT - 1000 * USD, "the penalty");
        vm.warp(slotEnd(slot) + 86_401);
        refused(
            address(receipts),
            uncommittedCall(slot, message),
            abi.encodeWithSelector(IReceipts.WindowOver.selector, slot, uint40(slotEnd(slot) + 86_400))
        );
    }

    function test_uncommitted_isNoWrongForACommittedSlotOrAPause() public {
        close();
        commitSlot(only(rightly(order)));
        vm.warp(block.timestamp + 100);
        Order memory message = orderOf(order).order;
        refused(address(receipts), uncommittedCall(header.slot, message), noWrong(Wrong.UNCOMMITTED));
        uint64 next = currentSlot();
        vm.warp(slotEnd(next) + 5);
        vm.prank(ADMIN);
        authority.execute(address(auction), abi.encodeCall(auction.pause, ()));
        vm.warp(slotEnd(next) + 61);
        refused(address(receipts), uncommittedCall(next, message), noWrong(Wrong.UNCOMMITTED));
        vm.prank(ADMIN);
        authority.execute(address(auction), abi.encodeCall(auction.unpause, ()));
        refused(address(receipts), uncommittedCall(next, message), noWrong(Wrong.UNCOMMITTED));
        next = currentSlot() + 1;
        vm.warp(slotEnd(next) + 61);
        told(address(receipts), uncommittedCall(next, message));
    }

    /// @dev A header alone is no commit.
    function test_uncommitted_countsMissingPages() public {
        close();
        header.pageCount = 1;
        vm.prank(SCHEDULER);
        auction.commitSlot(header);
        vm.warp(block.timestamp + 100);
        told(address(receipts), uncommittedCall(header.slot, orderOf(order).order));
    }

    // ── omitted ──

    function test_omitted_itemCostsTheBond() public {
        Order memory lost = anOrder(77);
        bytes32 item = orderId(lost);
        addOrder(2, 1);
        addOrder(3, 1);
        close();
        commitSlot(only(rightly(order)));
        uint32 index = 0;
        while (index < 3 && orderAt(index) < item) ++index;
        told(address(receipts), omittedCall(item, gapOf(index, lost)));
        eq(available(CHALLENGER), 1250 * USD, "rewarded");
    }

    function test_omitted_isNoWrongForWhatIsThere() public {
        addOrder(2, 1);
        addOrder(3, 1);
        close();
        commitSlot(only(rightly(order)));
        Order memory message = orderOf(order).order;
        for (uint32 index = 0; index <= 3; ++index) {
            IReceipts.Gap memory gap = gapOf(index, message);
            refused(address(receipts), omittedCall(order, gap), noWrong(Wrong.FORGED));
        }
    }

    function test_omitted_failsForAReceiptOfAnotherSlot() public {
        close();
        commitSlot(only(rightly(order)));
        IReceipts.Gap memory gap = gapOf(0, anOrder(77));
        Receipt memory receipt = aReceipt(header.slot + 1, orderId(anOrder(77)));
        refused(
            address(receipts),
            abi.encodeCall(receipts.claimOmitted, (salt(), header, receipt, sign(receipt, SCHEDULER_KEY), gap)),
            abi.encodeWithSelector(IReceipts.HeaderMismatch.selector, header.slot + 1)
        );
    }

    /// @dev An ask is rightly missing among the orders, and leaves of other places prove no gap.
    function test_omitted_needsTheItemsOwnTreeAndItsNeighbours() public {
        Order memory lost = anOrder(77);
        close();
        commitSlot(only(rightly(order)));
        bytes memory mismatch = abi.encodeWithSelector(IReceipts.ItemMismatch.selector, cheap);
        refused(address(receipts), omittedCall(cheap, gapOf(0, lost)), mismatch);
        IReceipts.Gap memory gap = gapOf(0, lost);
        gap.index = 2;
        bytes32 item = orderId(lost);
        refused(
            address(receipts),
            omittedCall(item, gap),
            abi.encodeWithSelector(IReceipts.LeafUnknown.selector, 1, 2)
        );
        gap = gapOf(0, lost);
        gap.right = bytes.concat(bytes32(type(uint256).max), gap.right);
        refused(
            address(receipts),
            omittedCall(item, gap),
            abi.encodeWithSelector(SlotProofs.ProofMismatch.selector, 1, 0)
        );
        gap = gapOf(0, lost);
        gap.tree = 4;
        gap.ask = askOf(cheap).ask;
        refused(
            address(receipts),
            omittedCall(cheap, gap),
            abi.encodeWithSelector(IReceipts.LeafUnknown.selector, 4, 0)
        );
    }

    function test_omitted_askCostsTheBond() public {
        close();
        commitSlot(only(rightly(order)));
        IReceipts.Gap memory gap;
        gap.tree = 2;
        gap.ask = anAsk(99);
        bytes32 item = askId(gap.ask);
        bytes32[] memory leaves = askLeaves();
        uint32 index = 0;
        while (index < 2 && bytes32(askLeafBytes(index)) < item) ++index;
        gap.index = index;
        if (index != 0) (gap.left, gap.leftProof) = (askLeafBytes(index - 1), formats.proofOf(leaves, index - 1));
        leaves = askLeaves();
        if (index != 2) (gap.right, gap.rightProof) = (askLeafBytes(index), formats.proofOf(leaves, index));
        told(address(receipts), omittedCall(item, gap));
    }

    // ── demands ──

    function test_demand_withheldCostsTheBond() public {
        Verdict memory verdict = demanded(1, 0);
        vm.warp(block.timestamp + 3601);
        bond.conclude(verdict);
        eq(available(CHALLENGER), 1250 * USD, "deposit and reward");
    }

    function test_demand_answeredPaysForTheAnswer() public {
        Verdict memory verdict = demanded(1, 0);
        OrderProof memory proof = orderOf(order);
        bytes memory forged = signature(SIGNER_KEY, order);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.BadSignature.selector, CONSUMER));
        receipts.answerOrder(verdict, header, proof, forged);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.BadSignature.selector, CONSUMER));
        receipts.answerOrder(verdict, header, proof, "");
        bytes memory longer = bytes.concat(signature(CONSUMER_KEY, order), hex"00");
        vm.expectRevert(abi.encodeWithSelector(IReceipts.BadSignature.selector, CONSUMER));
        receipts.answerOrder(verdict, header, proof, longer);
        receipts.answerOrder(verdict, header, proof, signature(CONSUMER_KEY, order));
        eq(available(SCHEDULER), 50 * USD, "the deposit");
        ok(bond.claimOf(bond.claimIdOf(verdict)).status == IBond.Status.REFUTED, "answered");
    }

    /// @dev What was approved before the close needs no signature; what was not eligible neither.
    function test_demand_answeredForAnApprovedOrder() public {
        Order memory message = orderOf(order).order;
        vm.prank(CONSUMER);
        auction.approveOrder(message);
        vm.warp(block.timestamp + 10);
        Verdict memory verdict = demanded(1, 0);
        receipts.answerOrder(verdict, header, orderOf(order), "");
    }

    /// @dev Nor does what was at a firm quote before the close.
    function test_demand_answeredForAnOrderAtAQuote() public {
        vm.warp(START + 1_000_000 - 500);
        Order memory message = orderOf(order).order;
        uint64 until = uint64(block.timestamp);
        bytes memory signed = signature(SCHEDULER_KEY, formats.quoteId(address(auction), order, until));
        vm.prank(CONSUMER);
        shop.takeQuote(message, until, signed);
        vm.warp(block.timestamp + 10);
        Verdict memory verdict = demanded(1, 0);
        receipts.answerOrder(verdict, header, orderOf(order), hex"01");
        ok(bond.claimOf(bond.claimIdOf(verdict)).status == IBond.Status.REFUTED, "answered");
    }

    /// @dev A quote that was taken after the close is none of this slot.
    function test_demand_isNotAnsweredByALaterQuote() public {
        vm.warp(START + 1_000_000 - 500);
        Verdict memory verdict = demanded(1, 0);
        vm.warp(slotEnd(header.slot));
        Order memory message = orderOf(order).order;
        uint64 until = uint64(block.timestamp);
        bytes memory signed = signature(SCHEDULER_KEY, formats.quoteId(address(auction), order, until));
        vm.prank(CONSUMER);
        shop.takeQuote(message, until, signed);
        OrderProof memory proof = orderOf(order);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.BadSignature.selector, CONSUMER));
        receipts.answerOrder(verdict, header, proof, hex"01");
    }

    function test_demand_answeredForAnOrderThatWasNotEligible() public {
        bytes32 other = addOrder(2, 1);
        setOrder(other, 1, 0);
        Verdict memory verdict = demanded(1, uint32(0));
        uint32 index = uint32(orderIndex(other));
        if (index != 0) verdict = again(1, index);
        receipts.answerOrder(verdict, header, orderOf(other), hex"00");
    }

    function test_demand_answeredForAnAsk() public {
        Verdict memory verdict = demanded(2, 0);
        uint256 i = askIndex(cheap) == 0 ? 1 : 2;
        bytes32 first = bytes32(askLeafBytes(0));
        AskProof memory proof = askOf(first);
        bytes memory signed = signature(CONSUMER_KEY, first);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.BadSignature.selector, provider(i)));
        receipts.answerAsk(verdict, header, proof, signed);
        // A key that was replaced since signed it then.
        vm.warp(block.timestamp + 70);
        vm.prank(provider(i));
        registry.rotateSigner(address(0x51));
        receipts.answerAsk(verdict, header, proof, signature(0xE0 + i, first));
    }

    function test_demand_failsForWhatIsNotThere() public {
        demanded(1, 0);
        vm.prank(CHALLENGER);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.LeafUnknown.selector, 1, 1));
        receipts.demand(header, 1, 1);
        vm.prank(CHALLENGER);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.LeafUnknown.selector, 3, 0));
        receipts.demand(header, 3, 0);
        header.slot += 1;
        vm.prank(CHALLENGER);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.HeaderMismatch.selector, header.slot));
        receipts.demand(header, 1, 0);
    }

    function test_demand_failsForAnotherAnswer() public {
        addOrder(2, 1);
        Verdict memory verdict = demanded(1, 0);
        OrderProof memory other = orderOf(bytes32(orderLeafBytes(1)));
        vm.expectRevert(abi.encodeWithSelector(IReceipts.AnswerIrrelevant.selector));
        receipts.answerOrder(verdict, header, other, "");
        AskProof memory ask = askOf(bytes32(askLeafBytes(0)));
        vm.expectRevert(abi.encodeWithSelector(IReceipts.AnswerIrrelevant.selector));
        receipts.answerAsk(verdict, header, ask, "");
    }

    function test_receipts_areAnnouncedWhateverTheySay() public {
        Receipt memory receipt;
        Order memory none;
        SlotHeader memory slot;
        IReceipts.Gap memory gap;
        unannounced(abi.encodeCall(IReceipts.claimTwoHeads, (0, receipt, "", receipt, "")));
        unannounced(abi.encodeCall(IReceipts.claimUncommitted, (0, receipt, "", none)));
        unannounced(abi.encodeCall(IReceipts.claimOmitted, (0, slot, receipt, "", gap)));
    }

    // ── hands ──

    function unannounced(bytes memory call_) private {
        (, bytes memory answer) = address(receipts).call(call_);
        bytes32 mine = keccak256(abi.encode(address(this), call_));
        eq(keccak256(answer), keccak256(abi.encodeWithSelector(ISecrets.NotAnnounced.selector, mine)), "not announced");
    }

    function demanded(uint8 tree, uint32 index) private returns (Verdict memory) {
        close();
        commitSlot(only(rightly(order)));
        return again(tree, index);
    }

    function again(uint8 tree, uint32 index) private returns (Verdict memory) {
        vm.recordLogs();
        vm.prank(CHALLENGER);
        receipts.demand(header, tree, index);
        return lastOpened();
    }

    function aReceipt(uint64 slot, bytes32 item) private view returns (Receipt memory) {
        return Receipt(SCHEDULER, slot, 3, item, keccak256("head"));
    }

    function sign(Receipt memory receipt, uint256 key) private view returns (bytes memory) {
        return signature(key, formats.receiptId(address(auction), receipt));
    }

    function headsCall(Receipt memory a, Receipt memory b, uint256 key) private returns (bytes memory) {
        return abi.encodeCall(receipts.claimTwoHeads, (salt(), a, sign(a, SCHEDULER_KEY), b, sign(b, key)));
    }

    function uncommittedCall(uint64 slot, Order memory message) private returns (bytes memory) {
        Receipt memory receipt = aReceipt(slot, order);
        return abi.encodeCall(receipts.claimUncommitted, (salt(), receipt, sign(receipt, SCHEDULER_KEY), message));
    }

    function omittedCall(bytes32 item, IReceipts.Gap memory gap) private returns (bytes memory) {
        Receipt memory receipt = aReceipt(header.slot, item);
        bytes memory signed = sign(receipt, SCHEDULER_KEY);
        return abi.encodeCall(receipts.claimOmitted, (salt(), header, receipt, signed, gap));
    }

    function gapOf(uint32 index, Order memory message) private view returns (IReceipts.Gap memory gap) {
        uint256 count = header.orderCount;
        (gap.tree, gap.order, gap.index) = (1, message, index);
        if (index != 0) {
            (gap.left, gap.leftProof) = (orderLeafBytes(index - 1), formats.proofOf(orderLeaves(), index - 1));
        }
        if (index < count) {
            (gap.right, gap.rightProof) = (orderLeafBytes(index), formats.proofOf(orderLeaves(), index));
        }
    }

    function orderAt(uint32 index) private view returns (bytes32) {
        return bytes32(orderLeafBytes(index));
    }

    function noWrong(Wrong wrong) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IReceipts.NoWrong.selector, wrong);
    }
}
