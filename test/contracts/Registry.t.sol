// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IProviderRegistry} from "../../contracts/interfaces/IProviderRegistry.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {ParameterBounds} from "../../contracts/libraries/ParameterBounds.sol";
import {ProviderRegistry} from "../../contracts/ProviderRegistry.sol";
import {Parameters} from "../../contracts/types/Parameters.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice Providers come, show nodes and leave; the parameters' bounds hold at construction.
contract RegistryTest is Fixture {
    address private constant OTHER = address(0x0123);

    function setUp() public {
        setUpMarket();
        fund(OTHER, 1000 * USD);
    }

    function test_register_stakesFromTheVault() public {
        register(OTHER, 100 * USD);
        (uint256 free, , , uint256 staked) = vault.balanceOf(OTHER);
        ok(free == 900 * USD && staked == 100 * USD, "staked");
        ok(keyOf(OTHER) == OTHER, "may sell");
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
        ok(
            node.provider == OTHER && node.cards == 4 && node.kind == keccak256(abi.encodePacked(CLASS, REGION)),
            "node"
        );
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
        ok(keyOf(PROVIDER) == address(0), "sells no more");
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
        ok(keyOf(PROVIDER) == address(0), "still sells no more");
        register(PROVIDER, 100 * USD);
        ok(keyOf(PROVIDER) == PROVIDER, "until it registers again");
    }

    function test_exit_waitsForTheLongestLease() public {
        vm.prank(address(auction));
        registry.noteObligation(PROVIDER, uint40(block.timestamp + 700_000));
        vm.prank(address(shop));
        registry.noteObligation(PROVIDER, uint40(block.timestamp + 650_000));
        uint64 exitAt = uint64(block.timestamp + 700_000);
        vm.prank(PROVIDER);
        registry.startUnbonding();
        vm.warp(exitAt - 1);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.UnbondNotReady.selector, exitAt));
        registry.exit();
        vm.warp(exitAt);
        vm.prank(PROVIDER);
        registry.exit();
    }

    function test_signer_ofAClosedSlotStays() public {
        address next = address(0x51);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NotRegistered.selector, address(this)));
        registry.rotateSigner(next);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ZeroAddress.selector));
        registry.rotateSigner(address(0));
        vm.warp(block.timestamp + 70);
        uint40 now_ = uint40(block.timestamp);
        vm.prank(PROVIDER);
        registry.rotateSigner(next);
        ok(keyAt(PROVIDER, now_) == vm.addr(SIGNER_KEY), "until now");
        ok(keyAt(PROVIDER, now_ + 1) == next, "from now on");
        vm.warp(now_ + 69);
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.TooSoon.selector, now_ + 70));
        registry.rotateSigner(address(0x52));
        vm.warp(now_ + 70);
        vm.prank(PROVIDER);
        registry.rotateSigner(address(0x52));
    }

    function test_unbonding_leavesClosedSlotsAlone() public {
        uint40 now_ = uint40(block.timestamp);
        vm.prank(PROVIDER);
        registry.startUnbonding();
        ok(keyAt(PROVIDER, now_) == vm.addr(SIGNER_KEY), "sold until now");
        ok(keyAt(PROVIDER, now_ + 1) == address(0), "sells no more");
    }

    function test_register_countsFromTheNextClose() public {
        uint40 now_ = uint40(block.timestamp);
        register(OTHER, 100 * USD);
        ok(keyAt(OTHER, now_) == address(0), "not before");
        ok(keyAt(OTHER, now_ + 1) == OTHER, "from now on");
    }

    function test_epoch_ofAClosedSlotStays() public {
        uint40 now_ = uint40(block.timestamp);
        vm.prank(PROVIDER);
        registry.raiseEpoch(NODE);
        eq(epochAt(now_), 0, "until now");
        eq(epochAt(now_ + 1), 1, "from now on");
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.TooSoon.selector, now_ + 70));
        registry.raiseEpoch(NODE);
    }

    function test_updateNode_addsCardsAndTakesNone() public {
        vm.prank(PROVIDER);
        registry.updateNode(NODE, "y2", 16, 1, 2);
        eq(registry.nodeOf(NODE).cards, 16, "more cards");
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.CardsReduced.selector, 16, 15));
        registry.updateNode(NODE, "y2", 15, 1, 2);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.NotNodeOwner.selector, NODE, address(this)));
        registry.updateNode(NODE, "y2", 17, 1, 2);
    }

    function test_payoutAndMetadata_areTheProvidersOwn() public {
        vm.prank(PROVIDER);
        registry.setPayout(OTHER);
        ok(registry.providerOf(PROVIDER).payout == OTHER, "payout");
        vm.prank(PROVIDER);
        registry.setMetadata("m");
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.ZeroAddress.selector));
        registry.setPayout(address(0));
        bytes memory unknown = abi.encodeWithSelector(IProviderRegistry.NotRegistered.selector, address(this));
        vm.expectRevert(unknown);
        registry.setPayout(OTHER);
        vm.expectRevert(unknown);
        registry.setMetadata("m");
    }

    function test_addStake_failsForNothing() public {
        vm.prank(PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IProviderRegistry.StakeTooLow.selector, 0, 1));
        registry.addStake(0);
    }

    function test_slash_isBoundedAndEndsAProviderBelowTheMinimum() public {
        vm.prank(PROVIDER);
        registry.addStake(100 * USD);
        vm.prank(address(leaseBook));
        eq(registry.slash(PROVIDER, CONSUMER, 1000 * USD, "why"), 20 * USD, "a tenth");
        ok(keyOf(PROVIDER) != address(0), "still sells");
        eq(available(CONSUMER), 500_010 * USD, "half to the consumer");
        for (uint256 i = 0; i < 6; ++i) {
            vm.prank(address(leaseBook));
            registry.slash(PROVIDER, CONSUMER, 1000 * USD, "why");
        }
        ok(registry.providerOf(PROVIDER).stake < 100 * USD, "below the minimum");
        ok(keyOf(PROVIDER) == address(0), "has begun to leave");
        (, , , uint256 staked) = vault.balanceOf(PROVIDER);
        eq(staked, registry.providerOf(PROVIDER).stake, "vault and registry agree");
        vm.warp(block.timestamp + 604_800);
        vm.prank(PROVIDER);
        registry.exit();
        vm.prank(address(leaseBook));
        eq(registry.slash(PROVIDER, CONSUMER, 1000 * USD, "why"), 0, "nothing left to take");
    }

    function test_protocolCalls_failForStrangers() public {
        bytes memory refusal = abi.encodeWithSelector(IProviderRegistry.NotProtocol.selector, address(this));
        vm.expectRevert(refusal);
        registry.noteObligation(PROVIDER, 1);
        vm.expectRevert(refusal);
        registry.slash(PROVIDER, CONSUMER, 1, 0);
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
        refuses(8, "unbondSeconds", 69, 70, type(uint32).max);
        refuses(9, "minProviderStake", 0, 1, type(uint96).max);
        refuses(10, "noticeSeconds", 604_801, 0, 604_800);
        refuses(11, "slashBps", 5001, 0, 5000);
        refuses(12, "noShowGraceSeconds", 0, 1, 3600);
        refuses(13, "faultOutageSeconds", 59, 60, 604_800);
        refuses(14, "monitorBond", 0, 1, type(uint96).max);
        refuses(15, "monitorQuorum", 17, 1, 16);
        refuses(16, "claimWindowSeconds", 59, 60, 604_800);
        refuses(17, "answerSeconds", 59, 60, 86_400);
        refuses(18, "claimDeposit", 0, 1, type(uint96).max);
        refuses(19, "claimPenalty", 3, 4, type(uint96).max);
        refuses(20, "skipPenalty", 0, 1, type(uint96).max);
        refuses(21, "quoteSeconds", 59, 60, 86_400);
        refuses(22, "surplusShareBps", 10_001, 0, 10_000);
        Parameters memory p = parameters();
        (p.minLeaseSeconds, p.maxLeaseSeconds) = (7200, 3600);
        vm.expectRevert(
            abi.encodeWithSelector(ParameterBounds.ParameterOutOfBounds.selector, "minLeaseSeconds", 7200, 1, 3600)
        );
        new ProviderRegistry(addressesFrom(3), p);
    }

    function refuses(uint256 index, string memory name, uint256 value, uint256 least, uint256 most) private {
        Parameters memory p = parameters();
        assembly ("memory-safe") {
            mstore(add(p, mul(index, 0x20)), value)
        }
        vm.expectRevert(
            abi.encodeWithSelector(ParameterBounds.ParameterOutOfBounds.selector, name, value, least, most)
        );
        new ProviderRegistry(addressesFrom(3), p);
    }

    function addNodeAs(address provider, string memory z, uint16 cards) external {
        addNode(provider, z, cards);
    }

    function keyOf(address provider) private view returns (address) {
        return keyAt(provider, uint40(block.timestamp) + 1);
    }

    function keyAt(address provider, uint40 time) private view returns (address) {
        address[] memory one = new address[](1);
        one[0] = provider;
        return registry.sellersAt(one, time)[0];
    }

    function epochAt(uint40 time) private view returns (uint256) {
        bytes32[] memory one = new bytes32[](1);
        one[0] = NODE;
        (uint256[] memory heads, ) = registry.nodesAt(one, time);
        return uint16(heads[0]);
    }

    function register(address provider, uint256 stake) private {
        vm.prank(provider);
        registry.register(provider, provider, stake, "metadata");
    }
}
