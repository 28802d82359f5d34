// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestStablecoin} from "../../contracts/TestStablecoin.sol";
import {Vault} from "../../contracts/Vault.sol";
import {Handler} from "./support/Handler.sol";
import {Assertions, vm} from "./support/Vm.sol";

/// @notice What holds after any sequence of operations (protocol, "Invariants" 1, 2, 3, 5, 6, 8, 10).
contract MarketInvariants is Assertions {
    Handler private handler;
    TestStablecoin private token;
    Vault private vault;

    function setUp() public {
        handler = new Handler();
        (address t, address v) = handler.parts();
        (token, vault) = (TestStablecoin(t), Vault(v));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @dev Only this test empties the market, and only when a run is over.
    function excludeSenders() public view returns (address[] memory senders) {
        senders = new address[](1);
        senders[0] = address(this);
    }

    /// @notice Σ available + bidding + unbidding + staked, + locked + fees = tokens held, donations aside.
    function invariant_money_isConserved() public view {
        address[] memory all = handler.holders();
        (uint256 locked, uint256 fees, uint256 burned) = vault.totals();
        uint256 sum = locked + fees + burned;
        for (uint256 i = 0; i < all.length; ++i) {
            (uint256 available, uint256 bidding, uint256 unbidding, uint256 staked) = vault.balanceOf(all[i]);
            sum += available + bidding + unbidding + staked;
        }
        eq(sum, token.balanceOf(address(vault)) - handler.donated(), "balances against tokens");
    }

    /// @notice What is locked is what each lease has not yet paid, taken as fee or returned, and what open quotes hold.
    function invariant_leases_holdWhatTheyOwe() public view {
        uint256 sum = 0;
        uint256 count = handler.leaseCount();
        for (uint256 i = 0; i < count; ++i) {
            (uint256 held, string memory wrong) = handler.heldBy(i);
            ok(bytes(wrong).length == 0, wrong);
            sum += held;
        }
        (uint256 locked, , ) = vault.totals();
        eq(sum + handler.heldForQuotes(), locked, "locked");
    }

    function invariant_providers_haveOneStakeAndAScoreInRange() public view {
        string memory wrong = handler.wrongWithProviders();
        ok(bytes(wrong).length == 0, wrong);
    }

    function invariant_nothingForbiddenHappened() public view {
        string memory broken = handler.broken();
        ok(bytes(broken).length == 0, broken);
    }

    /// @notice The handler is no dead hand: each of its operations succeeds now and then, hostile ones included.
    /// @dev When this fails, Hardhat plays it again with a trace of each step, in some 20 GB of memory: print `done` instead.
    function test_handler_reachesEveryOperation() public {
        bytes4[36] memory operations = [
            handler.bid.selector,
            handler.bidAgain.selector,
            handler.replay.selector,
            handler.walletBid.selector,
            handler.bidAcrossTheClose.selector,
            handler.buy.selector,
            handler.prolong.selector,
            handler.takeQuote.selector,
            handler.procureQuote.selector,
            handler.refundQuote.selector,
            handler.formCluster.selector,
            handler.clusterBid.selector,
            handler.distribute.selector,
            handler.deposit.selector,
            handler.withdraw.selector,
            handler.fundBidding.selector,
            handler.requestUnbid.selector,
            handler.finishUnbid.selector,
            handler.setCaps.selector,
            handler.collectFees.selector,
            handler.close.selector,
            handler.leaveAtOnce.selector,
            handler.attestOutage.selector,
            handler.noShow.selector,
            handler.slashMonitor.selector,
            handler.settle.selector,
            handler.settlePages.selector,
            handler.cancel.selector,
            handler.depart.selector,
            handler.comeBack.selector,
            handler.raiseEpoch.selector,
            handler.donate.selector,
            handler.wait.selector,
            handler.breakIn.selector,
            handler.arm.selector,
            handler.pause.selector
        ];
        uint256[36] memory done;
        for (uint256 i = 0; i < 2_000; ++i) {
            uint256 which = i % operations.length;
            bytes memory words;
            for (uint256 j = 0; j < 8; ++j)
                words = bytes.concat(words, bytes32(uint256(keccak256(abi.encode(i, j))) % 256));
            (bool success, ) = address(handler).call(bytes.concat(operations[which], words));
            if (success) ++done[which];
        }
        for (uint256 i = 0; i < operations.length; ++i) ok(done[i] != 0, vm.toString(i));
        ok(handler.filledCount() > 20, "slots are filled");
        ok(handler.procured() != 0, "a quote was procured");
        ok(handler.distributed() != 0, "a cluster earned and shared");
        invariant_money_isConserved();
        invariant_leases_holdWhatTheyOwe();
        invariant_nothingForbiddenHappened();
    }

    /// @notice From any reachable state, permissionless and own calls alone bring every escrow and balance to zero.
    function afterInvariant() public {
        eq(handler.emptyEverything(), 0, "left in the vault");
    }
}
