// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Auction} from "../../contracts/Auction.sol";
import {LeaseBook} from "../../contracts/LeaseBook.sol";
import {TestStablecoin} from "../../contracts/TestStablecoin.sol";
import {Vault} from "../../contracts/Vault.sol";
import {ILeaseBook} from "../../contracts/interfaces/ILeaseBook.sol";
import {Accrual} from "../../contracts/libraries/Accrual.sol";
import {Handler} from "./support/Handler.sol";
import {Assertions} from "./support/Vm.sol";

/// @notice What holds after any sequence of operations (protocol, "Invariants" 1, 2, 3, 5, 6, 8).
contract MarketInvariants is Assertions {
    Handler private handler;
    TestStablecoin private token;
    Vault private vault;
    LeaseBook private leaseBook;
    Auction private auction;

    function setUp() public {
        handler = new Handler();
        (address t, address v, address l, address a) = handler.parts();
        (token, vault, leaseBook, auction) = (TestStablecoin(t), Vault(v), LeaseBook(l), Auction(a));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    /// @notice Σ available + bidding + unbidding + staked + locked = tokens held, donations aside.
    function invariant_money_isConserved() public view {
        address[] memory all = handler.accounts();
        uint256 sum = vault.totalLocked();
        for (uint256 i = 0; i < all.length; ++i) {
            (uint256 available, uint256 bidding, uint256 unbidding, uint256 staked) = vault.balanceOf(all[i]);
            sum += available + bidding + unbidding + staked;
        }
        eq(sum, token.balanceOf(address(vault)) - handler.donated(), "balances against tokens");
    }

    /// @notice What is locked is what each lease has not yet paid, taken as fee or returned.
    function invariant_leases_holdWhatTheyOwe() public view {
        uint256 held = 0;
        for (uint64 id = 1; id <= leaseBook.leaseCount(); ++id) {
            ILeaseBook.Lease memory lease = leaseBook.leaseOf(id);
            uint256 spent = Accrual.total(lease.cards, lease.settledUntil - lease.start, lease.rate, lease.feeBps);
            ok(spent <= lease.locked, "no lease pays beyond its lock");
            ok(lease.settledUntil <= lease.end, "nothing is paid beyond the end");
            ok(!lease.closed || lease.settledUntil == lease.end, "closed means settled");
            if (!lease.closed) held += lease.locked - spent;
        }
        eq(held, vault.totalLocked(), "locked");
    }

    function invariant_asks_areNeverOverfilled() public view {
        for (uint256 i = 0; i < handler.askCount(); ++i) {
            bytes32 id = handler.askIds(i);
            ok(auction.filled(id) <= handler.askedCards(id), "cards beyond the ask");
        }
    }

    function invariant_nothingForbiddenHappened() public view {
        string memory broken = handler.broken();
        ok(bytes(broken).length == 0, broken);
    }

    /// @notice From any reachable state, permissionless and own calls alone bring every escrow and balance to zero.
    function afterInvariant() public {
        eq(handler.emptyEverything(), 0, "left in the vault");
    }
}
