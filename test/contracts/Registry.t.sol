// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProviderRegistry} from "../../contracts/interfaces/IProviderRegistry.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {ParameterBounds} from "../../contracts/libraries/ParameterBounds.sol";
import {ProviderRegistry} from "../../contracts/ProviderRegistry.sol";
import {Parameters} from "../../contracts/types/Parameters.sol";
import {Market} from "./support/Market.sol";
import {vm} from "./support/Vm.sol";

/// @notice Providers come, show nodes and leave; the parameters' bounds hold at construction.
contract RegistryTest is Market {
    address private constant OTHER = address(0x0123);

    function setUp() public {
        setUpMarket();
        fund(OTHER, 1000 * USD);
    }

    function test_register_stakesFromTheVault() public {
        register(OTHER, 100 * USD);
        (uint256 free, , , uint256 staked) = vault.balanceOf(OTHER);
        ok(free == 900 * USD && staked == 100 * USD, "staked");
        ok(registry.sellingKey(OTHER) == OTHER, "may sell");
    }

    function test_register_failsTwiceTooLowOrUnfunded() public {
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.AlreadyRegistered.selector, PROVIDER));
        register(PROVIDER, 100 * USD);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.StakeTooLow.selector, 100 * USD - 1, 100 * USD));
        register(OTHER, 100 * USD - 1);
        vm.expectRevert(abi.encodeWithSelector(IVault.InsufficientAvailable.selector, OTHER, 1000 * USD, 1001 * USD));
        register(OTHER, 1001 * USD);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ZeroAddress.selector));
        registry.register(address(0), OTHER, 100 * USD, "");
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ZeroAddress.selector));
        registry.register(OTHER, address(0), 100 * USD, "");
    }

    function test_addNodes_takesANodeForEver() public {
        register(OTHER, 100 * USD);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NodeTaken.selector, NODE, PROVIDER));
        this.addNodeAs(OTHER, "z", 8);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NoCards.selector));
        this.addNodeAs(OTHER, "z2", 0);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NotRegistered.selector, address(0xABCD)));
        this.addNodeAs(address(0xABCD), "z2", 8);
        addNode(OTHER, "z2", 4);
        IProviderRegistry.Node memory node = registry.nodeOf(keccak256("x/z2"));
        ok(node.provider == OTHER && node.cards == 4 && node.resourceClass == CLASS, "node");
    }

    function test_raiseEpoch_failsForAnyoneElse() public {
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NotNodeOwner.selector, NODE, address(this)));
        registry.raiseEpoch(NODE);
        vm.prank(PROVIDER);
        registry.raiseEpoch(NODE);
        eq(registry.nodeOf(NODE).epoch, 1, "epoch");
    }

    function test_exit_returnsTheStakeAfterTheDelay() public {
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NotUnbonding.selector, PROVIDER));
        registry.exit();
        vm.prank(PROVIDER);
        registry.addStake(50 * USD);
        uint64 exitAt = uint64(block.timestamp + 604_800);
        vm.prank(PROVIDER);
        registry.startUnbonding();
        ok(registry.sellingKey(PROVIDER) == address(0), "sells no more");
        bytes memory unbonding = abi.encodeWithSelector(IProviderRegistry.Unbonding.selector, PROVIDER, exitAt);
        vm.prank(PROVIDER);
        vm.expectRevert(unbonding);
        registry.startUnbonding();
        vm.prank(PROVIDER);
        vm.expectRevert(unbonding);
        registry.addStake(1);
        vm.warp(exitAt - 1);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.UnbondNotReady.selector, exitAt));
        registry.exit();
        vm.warp(exitAt);
        vm.prank(PROVIDER);
        registry.exit();
        eq(available(PROVIDER), 1000 * USD, "all back");
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NotRegistered.selector, PROVIDER));
        registry.exit();
        ok(registry.sellingKey(PROVIDER) == address(0), "still sells no more");
        register(PROVIDER, 100 * USD);
        ok(registry.sellingKey(PROVIDER) == PROVIDER, "until it registers again");
    }

    function test_parameters_failOutOfTheirBounds() public {
        refuses(0, "slotSeconds", 0, 1, 3600);
        refuses(1, "commitDeadlineSeconds", 9, 10, 3600);
        refuses(2, "gammaWad", 0.5e18 - 1, 0.5e18, 0.973e18);
        refuses(3, "feeBps", 1001, 0, 1000);
        refuses(4, "minLeaseSeconds", 86_401, 1, 86_400);
        refuses(5, "maxLeaseSeconds", 3599, 3600, 31_536_000);
        refuses(6, "minBillSeconds", 3601, 0, 3600);
        refuses(7, "settleLagSeconds", 86_401, 0, 86_400);
        refuses(8, "unbondSeconds", 59, 60, 7_776_000);
        refuses(9, "minProviderStake", 0, 1, type(uint128).max);
        Parameters memory p = parameters();
        (p.minLeaseSeconds, p.maxLeaseSeconds) = (7200, 3600);
        vm.expectRevert(
            abi.encodeWithSelector(ParameterBounds.ParameterOutOfBounds.selector, "minLeaseSeconds", 7200, 1, 3600)
        );
        new ProviderRegistry(vault, p);
    }

    function refuses(uint256 index, string memory name, uint256 value, uint256 least, uint256 most) private {
        Parameters memory p = parameters();
        assembly ("memory-safe") {
            mstore(add(p, mul(index, 0x20)), value)
        }
        vm.expectRevert(
            abi.encodeWithSelector(ParameterBounds.ParameterOutOfBounds.selector, name, value, least, most)
        );
        new ProviderRegistry(vault, p);
    }

    function addNodeAs(address provider, string memory z, uint32 cards) external {
        addNode(provider, z, cards);
    }

    function register(address provider, uint256 stake) private {
        vm.prank(provider);
        registry.register(provider, provider, stake, "metadata");
    }
}
