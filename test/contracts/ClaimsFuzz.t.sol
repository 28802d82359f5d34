// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBond} from "../../contracts/interfaces/IBond.sol";
import {Rea} from "../../contracts/libraries/Rea.sol";
import {AskProof, Case, Verdict} from "../../contracts/types/Claim.sol";
import {ClaimWorld} from "./support/ClaimWorld.sol";
import {Deal} from "./support/PageBytes.sol";
import {vm} from "./support/Vm.sol";

/// @notice Invariant 7 of the protocol: whatever the slot, an honest one survives every claim there is, and one with a wrong winner, a
/// wrong price or a shortlist that leaves somebody out loses to at least one.
contract ClaimsFuzzTest is ClaimWorld {
    uint256 private constant FIELD = 3;

    bytes32[FIELD] private asks;
    bytes32 private order;

    function setUp() public {
        setUpWorld();
    }

    function testFuzz_honestSlot_survivesEveryClaim(uint32[3] memory reserves, uint16[3] memory states) public {
        fill(reserves, states);
        commitSlot(only(rightly(order)));
        eq(claimsThatHold(), 0, "claims against an honest slot");
        (uint256 held, , ) = bond.bond();
        eq(held, BOND_AMOUNT, "the bond is whole");
    }

    /// @param winner who wins, of the shortlist as it is
    /// @param step the price
    /// @param without who is left out of the shortlist, if anybody
    function testFuzz_wrongSlot_losesToAClaim(
        uint32[3] memory reserves,
        uint16[3] memory states,
        uint8 winner,
        uint8 runnerUp,
        uint8 step,
        uint8 without
    ) public {
        fill(reserves, states);
        Deal memory right = rightly(order);
        uint32[] memory list = without % 6 < FIELD ? cut(right.shortlist, without % 6) : right.shortlist;
        uint256 place = winner % list.length;
        Deal memory deal = dealOf(order, list[place], step % 6);
        // The contract itself takes no price below the reserve.
        if (priceAt(deal.step) < deal.ask.reservePrice) deal.step = 0;
        deal.shortlist = list;
        deal.winner = uint8(place);
        deal.runnerUp = runnerUp % 4 == 3 || runnerUp % list.length == place ? 255 : uint8(runnerUp % list.length);
        bool wrong =
            askId(deal.ask) != askId(right.ask) || deal.step != right.step || list.length != right.shortlist.length;
        commitSlot(only(deal));
        if (wrong) ok(claimsThatHold() != 0, "a wrong slot stands");
    }

    function fill(uint32[3] memory reserves, uint16[3] memory states) private {
        for (uint256 i = 0; i < FIELD; ++i) {
            asks[i] = addAskOf(i + 1, 1 + (uint256(reserves[i]) % (3 * USD)), 1, uint16(states[i] % 400));
        }
        order = addOrder(1, 2);
        close();
    }

    /// @dev Tries every claim, with every ask in every part.
    function claimsThatHold() private returns (uint256 held) {
        Case memory c = caseOf(order);
        bytes32 winner = c.cleared.askId;
        for (uint256 i = 0; i < FIELD; ++i) {
            AskProof memory rival = askOf(asks[i]);
            held += held_(abi.encodeCall(claims.claimLeftOut, (salt(), c, askOf(winner), rival)));
            held += unserved(c, rival);
            held += held_(abi.encodeCall(claims.claimContradiction, (salt(), c, rival)));
            held += held_(abi.encodeCall(claims.claimWrongPrice, (salt(), c, askOf(winner), rival)));
            for (uint8 place = 0; place < FIELD; ++place) {
                held += held_(abi.encodeCall(claims.claimWrongWinner, (salt(), c, askOf(winner), rival, place)));
                for (uint256 j = 0; j < FIELD; ++j) {
                    held += held_(
                        abi.encodeCall(
                            claims.claimHiddenRunnerUp,
                            (salt(), c, askOf(winner), askOf(asks[j]), rival, place)
                        )
                    );
                }
            }
        }
    }

    /// @dev The order has a match, which answers it whatever the match is.
    function unserved(Case memory c, AskProof memory rival) private returns (uint256) {
        vm.recordLogs();
        if (held_(abi.encodeCall(claims.claimUnserved, (salt(), header, c.order, rival))) == 0) return 0;
        Verdict memory verdict = lastOpened();
        claims.answerServed(verdict, header, c.cleared);
        return bond.claimOf(bond.claimIdOf(verdict)).status == IBond.Status.REFUTED ? 0 : 1;
    }

    function held_(bytes memory call_) private returns (uint256) {
        (bool done, ) = tell(address(claims), call_);
        return done ? 1 : 0;
    }

    function cut(uint32[] memory list, uint256 place) private pure returns (uint32[] memory shorter) {
        shorter = new uint32[](list.length - 1);
        for (uint256 i = 0; i < shorter.length; ++i) shorter[i] = list[i < place ? i : i + 1];
    }

    function priceAt(uint8 step) private pure returns (uint256) {
        return Rea.priceAt(uint128(3 * USD), Rea.clock(parameters().gammaWad, 6)[step]);
    }
}
