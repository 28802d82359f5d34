// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/interfaces/IClaims.sol";
import {ISecrets} from "../../../contracts/interfaces/ISecrets.sol";
import {SlotProofs} from "../../../contracts/libraries/SlotProofs.sol";
import {AskProof, Case, Wrong} from "../../../contracts/types/Claim.sol";
import {ClaimWorld} from "./ClaimWorld.sol";
import {Deal} from "./PageBytes.sol";

/// @notice Three asks and an order, and the claims and slots that tests make of them.
abstract contract ClaimHands is ClaimWorld {
    bytes32 internal order;
    bytes32 internal cheap;
    bytes32 internal middle;
    bytes32 internal dear;

    function setUp() public {
        setUpWorld();
        cheap = addAsk(1, 1 * USD);
        middle = addAsk(2, (3 * USD) / 2);
        dear = addAsk(3, 2 * USD);
        order = addOrder(1, 2);
    }

    function unannounced(bytes memory call_) internal {
        (, bytes memory answer) = address(claims).call(call_);
        bytes32 mine = keccak256(abi.encode(address(this), call_));
        eq(keccak256(answer), keccak256(abi.encodeWithSelector(ISecrets.NotAnnounced.selector, mine)), "not announced");
    }

    /// @dev The dearest ask wins at a step that its reserve allows.
    function wrongWinner() internal returns (Case memory) {
        close();
        Deal memory deal = dealOf(order, askIndex(dear), 1);
        deal.shortlist = sorted(order);
        (deal.winner, deal.runnerUp) = (placeIn(deal.shortlist, dear), 255);
        commitSlot(only(deal));
        return caseOf(order);
    }

    /// @dev The middle ask wins over the dear one, as if the cheap one were not there.
    function withoutTheCheap() internal view returns (Deal memory deal) {
        deal = dealOf(order, askIndex(middle), 0);
        deal.shortlist = new uint32[](2);
        (deal.shortlist[0], deal.shortlist[1]) = (uint32(askIndex(middle)), uint32(askIndex(dear)));
        (deal.winner, deal.runnerUp) = (0, 1);
    }

    function commitLower() internal {
        Deal memory deal = rightly(order);
        deal.step += 1;
        commitSlot(only(deal));
    }

    function contradicts() internal {
        close();
        commitSlot(only(rightly(order)));
        contradicted();
    }

    function contradicted() internal {
        told(address(claims), abi.encodeCall(claims.claimContradiction, (salt(), caseOf(order), askOf(cheap))));
        eq(available(CHALLENGER), 1250 * USD, "rewarded");
    }

    function rightPrice() internal view returns (uint256) {
        uint256 step = rightly(order).step;
        return [uint256(3_000_000), 2_400_000, 1_920_000, 1_536_000, 1_228_800, 983_040][step];
    }

    function byTurn(bytes32 a, bytes32 b) internal view returns (bytes32, bytes32) {
        return clearing(a) < clearing(b) ? (a, b) : (b, a);
    }

    function clearing(bytes32 id) internal view returns (uint256) {
        return uint256(keccak256(bytes.concat(id, seed)));
    }

    function placeIn(uint32[] memory shortlist, bytes32 ask) internal view returns (uint8) {
        for (uint8 i = 0; i < shortlist.length; ++i) if (shortlist[i] == askIndex(ask)) return i;
        revert NotTrue("listed");
    }

    function listOf(bytes32 a, bytes32 b, bytes32 c) internal view returns (uint32[] memory list) {
        list = new uint32[](3);
        (list[0], list[1], list[2]) = (uint32(askIndex(a)), uint32(askIndex(b)), uint32(askIndex(c)));
    }

    function winnerCall(
        Case memory c,
        bytes32 winner,
        AskProof memory rival,
        uint8 place
    ) internal returns (bytes memory) {
        return abi.encodeCall(claims.claimWrongWinner, (salt(), c, askOf(winner), rival, place));
    }

    function hiddenCall(Case memory c, AskProof memory rival, uint8 place) internal returns (bytes memory) {
        return abi.encodeCall(claims.claimHiddenRunnerUp, (salt(), c, askOf(cheap), askOf(middle), rival, place));
    }

    function priceCall(Case memory c) internal returns (bytes memory) {
        return abi.encodeCall(claims.claimWrongPrice, (salt(), c, askOf(cheap), askOf(middle)));
    }

    function noWrong(Wrong wrong) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IClaims.NoWrong.selector, wrong);
    }

    function mismatch(uint8 tree, uint256 index) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(SlotProofs.ProofMismatch.selector, tree, index);
    }
}
