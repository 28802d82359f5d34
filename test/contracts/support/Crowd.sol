// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestStablecoin} from "../../../contracts/TestStablecoin.sol";
import {LeaseRef} from "../../../contracts/types/Lease.sol";
import {JumpyToken} from "./BadTokens.sol";
import {Fixture} from "./Fixture.sol";
import {vm} from "./Vm.sol";
import {Wallet} from "./Wallet.sol";

/// @notice The people of the invariants' market, some of them hostile, and what they hold.
abstract contract Crowd is Fixture {
    uint256 public constant CONSUMERS = 3;
    uint256 public constant PROVIDERS = 2;

    /// @dev Re-enters the vault when it is armed.
    JumpyToken internal jumpy;
    /// @dev A consumer that is a contract, and answers as it likes.
    Wallet internal wallet;
    /// @dev Every lease that was opened, and the page it came in.
    LeaseRef[] internal _leases;
    Opened[] internal _pages;
    /// @notice Times something happened that must never happen.
    string public broken;
    uint256 public donated;
    uint256 internal _nonce;
    uint256 private _draws;

    constructor() {
        deployMarket();
        jumpy = JumpyToken(address(token));
        jumpy.enter(vault, 1_000 * USD);
        wallet = new Wallet();
        wallet.enter(vault, 400_000 * USD);
        for (uint256 i = 0; i < CONSUMERS; ++i) {
            fund(consumer(i), 1_000_000 * USD);
            vm.prank(consumer(i));
            vault.fundBidding(400_000 * USD);
        }
        for (uint256 i = 0; i < PROVIDERS; ++i) {
            fund(provider(i), 1_000 * USD);
            vm.prank(provider(i));
            registry.register(payout(i), provider(i), 100 * USD, "p");
            addNode(provider(i), nodeName(i), 8);
        }
        bondMonitors();
        vm.warp(block.timestamp + 10);
    }

    function newToken() internal override returns (TestStablecoin) {
        return new JumpyToken();
    }

    function accounts() public view returns (address[] memory all) {
        all = new address[](CONSUMERS + 2 * PROVIDERS + 7);
        for (uint256 i = 0; i < CONSUMERS; ++i) all[i] = consumer(i);
        for (uint256 i = 0; i < PROVIDERS; ++i) all[CONSUMERS + i] = provider(i);
        for (uint256 i = 0; i < PROVIDERS; ++i) all[CONSUMERS + PROVIDERS + i] = payout(i);
        all[all.length - 1] = TREASURY;
        all[all.length - 5] = SCHEDULER;
        all[all.length - 6] = address(wallet);
        all[all.length - 7] = address(jumpy);
        for (uint256 i = 0; i < 3; ++i) all[all.length - 2 - i] = vm.addr(monitorKeys()[i]);
    }

    /// @dev The runner likes small and extreme numbers; this spreads them evenly, and stays reproducible.
    function draw(uint256 seed) internal returns (uint256) {
        return uint256(keccak256(abi.encode(seed, ++_draws)));
    }

    function mostlySmall(uint256 seed, uint256 most) internal returns (uint256) {
        uint256 drawn = draw(seed);
        return bound(drawn >> 8, 0, drawn % 8 == 0 ? most : most / 50);
    }

    function anyone(uint256 who) internal view returns (address) {
        address[] memory all = accounts();
        return all[who % all.length];
    }

    function consumerKey(uint256 i) internal pure returns (uint256) {
        return 0xC000 + i;
    }

    function providerKey(uint256 i) internal pure returns (uint256) {
        return 0xF000 + i;
    }

    function consumer(uint256 i) internal pure returns (address) {
        return vm.addr(consumerKey(i));
    }

    function provider(uint256 i) internal pure returns (address) {
        return vm.addr(providerKey(i));
    }

    function payout(uint256 i) internal pure returns (address) {
        return address(uint160(0xFA0 + i));
    }

    function nodeName(uint256 i) internal pure returns (string memory) {
        return string.concat("z", vm.toString(i));
    }

    function node(uint256 i) internal pure returns (bytes32) {
        return keccak256(bytes(string.concat("x/", nodeName(i))));
    }

    /// @dev A call that may fail.
    function attempt(address from, address to, bytes memory data) internal returns (bool done) {
        vm.prank(from);
        (done, ) = to.call(data);
    }
}
