// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ranking} from "../../contracts/libraries/Ranking.sol";
import {Rea} from "../../contracts/libraries/Rea.sol";
import {AskProof, OrderProof} from "../../contracts/types/Claim.sol";
import {Assertions} from "./support/Vm.sol";

/// @notice The rank that claims judge by, against the auction's own rule and the words of the ADR.
contract RankingTest is Assertions {
    uint256 private constant GAMMA = 0.8e18;

    /// @notice Whom `Rea.clear` lets win is whom `ranksBefore` puts first.
    function testFuzz_ranksBefore_isTheAuctionsOwnOrder(
        uint64 start,
        uint64[2] memory reserves,
        uint16 ties
    ) public pure {
        start = uint64(bound(start, 1, type(uint64).max));
        Rea.Candidate[] memory candidates = new Rea.Candidate[](2);
        Ranking.Standing[2] memory standings;
        for (uint256 i = 0; i < 2; ++i) {
            uint256 bits = ties >> (6 * i);
            uint256 reserve = bound(reserves[i], 1, start);
            candidates[i] = Rea.Candidate({
                reserve: uint128(reserve),
                distance: bits & 3,
                entropyGap: (bits >> 2) & 3,
                lottery: bytes32((bits >> 4) & 3),
                askId: bytes32(i)
            });
            uint256 step = Ranking.lastStep(start, reserve, GAMMA);
            standings[i] = Ranking.Standing(step, (bits >> 2) & 3, bits & 3, (bits >> 4) & 3, bytes32(i));
        }
        Rea.Cleared memory cleared = Rea.clear(start, Rea.clock(GAMMA, 255), candidates);
        ok(Ranking.ranksBefore(standings[0], standings[1]) == (cleared.winner == 0), "the same winner");
        ok(
            Ranking.ranksBefore(standings[0], standings[1]) != Ranking.ranksBefore(standings[1], standings[0]),
            "one of two"
        );
        (uint256 first, uint256 second) = cleared.winner == 0 ? (uint256(0), uint256(1)) : (1, 0);
        uint256 step_ = standings[second].step;
        if (!Ranking.precedes(standings[first], standings[second])) ++step_;
        eq(step_, cleared.step, "the same step");
        eq(Ranking.priceAt(start, step_, GAMMA), cleared.price, "the same price");
    }

    function testFuzz_lastStep_isTheLastAtOrAboveTheReserve(uint96 start, uint96 reserve, uint64 gamma) public pure {
        start = uint96(bound(start, 1, type(uint96).max));
        reserve = uint96(bound(reserve, 1, start));
        uint256 g = bound(gamma, 0.5e18, 0.973e18);
        uint256 step = Ranking.lastStep(start, reserve, g);
        ok(Ranking.priceAt(start, step, g) >= reserve, "at or above");
        ok(step == 255 || Ranking.priceAt(start, step + 1, g) < reserve, "and the next is below");
    }

    /// @dev Distance first on a shortlist, the entropy gap first in the auction.
    function test_ties_areBrokenInTheirOrder() public pure {
        Ranking.Standing memory a = Ranking.Standing(1, 5, 6, 7, bytes32(uint256(8)));
        Ranking.Standing memory b = Ranking.Standing(1, 5, 6, 7, bytes32(uint256(9)));
        ok(Ranking.nearer(a, b) && !Ranking.nearer(b, a) && Ranking.precedes(a, b), "by ask id");
        b = Ranking.Standing(1, 5, 6, 8, 0);
        ok(Ranking.nearer(a, b) && !Ranking.nearer(b, a) && Ranking.precedes(a, b), "by lottery");
        b = Ranking.Standing(1, 6, 6, 0, 0);
        ok(Ranking.nearer(a, b) && !Ranking.nearer(b, a) && Ranking.precedes(a, b), "by entropy gap");
        b = Ranking.Standing(1, 5, 7, 0, 0);
        ok(Ranking.nearer(a, b) && !Ranking.nearer(b, a) && Ranking.precedes(a, b), "by distance");
        b = Ranking.Standing(1, 4, 7, 0, 0);
        ok(Ranking.nearer(a, b) && Ranking.precedes(b, a), "each its own first");
    }

    function test_serves_needsEverythingThatTheOrderWants() public view {
        OrderProof memory order;
        AskProof memory ask;
        order.order.startPrice = 5;
        (order.order.minReputation, order.order.minTier) = (7, 2);
        (ask.ask.reservePrice, ask.reputation, ask.tier) = (5, 7, 2);
        (ask.ask.resourceClass, ask.ask.region) = ("class", "region");
        ok(this.serves(ask, order), "any class, anywhere");
        (order.order.requirement, order.order.region) = ("class", "region");
        ok(this.serves(ask, order), "its class and region");
        ask.ask.reservePrice = 6;
        ok(!this.serves(ask, order), "too dear");
        (ask.ask.reservePrice, ask.reputation) = (5, 6);
        ok(!this.serves(ask, order), "too bad a record");
        (ask.reputation, ask.tier) = (7, 1);
        ok(!this.serves(ask, order), "too low a tier");
        (ask.tier, ask.code) = (2, 7);
        ok(!this.serves(ask, order), "not eligible");
        (ask.code, ask.ask.region) = (0, "elsewhere");
        ok(!this.serves(ask, order), "elsewhere");
        (ask.ask.region, order.order.requirement) = ("region", "another");
        ok(!this.serves(ask, order), "another class");
    }

    function test_serves_readsARequirementOfSeveral() public view {
        OrderProof memory order;
        AskProof memory ask;
        order.order.startPrice = 1;
        ask.ask.resourceClass = "b";
        order.classes = new bytes32[](2);
        (order.classes[0], order.classes[1]) = ("a", "b");
        order.order.requirement = keccak256(abi.encodePacked(order.classes));
        ok(this.serves(ask, order), "one of them");
        ask.ask.resourceClass = "c";
        ok(!this.serves(ask, order), "none of them");
        order.classes[0] = "c";
        ok(!this.serves(ask, order), "not what was signed");
    }

    /// @dev Through calldata, as claims have it.
    function serves(AskProof calldata ask, OrderProof calldata order) external pure returns (bool) {
        return Ranking.serves(ask, order);
    }
}
