// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IMonitors} from "../../contracts/interfaces/IMonitors.sol";
import {IVault} from "../../contracts/interfaces/IVault.sol";
import {ParameterBounds} from "../../contracts/libraries/ParameterBounds.sol";
import {Monitors} from "../../contracts/Monitors.sol";
import {Addresses, Parameters} from "../../contracts/types/Parameters.sol";
import {ClustersDouble, VaultDouble, addressesOf, defaultParameters} from "./support/CustodyDoubles.sol";
import {Assertions, vm} from "./support/Vm.sol";

/// @notice Monitors bond, sign and leave. This contract is the administration.
contract MonitorsTest is Assertions {
    uint256 private constant BOND = 1000e6;
    uint256 private constant START = 1_700_000_000;
    uint40 private constant UNBOND = 604_800;
    bytes32 private constant DIGEST = keccak256("no light since ten");
    address private constant CONSUMER = address(0xC0);
    address private constant PROVIDER = address(0xB0);

    VaultDouble private vault;
    ClustersDouble private clusters;
    address private authority;
    Monitors private monitors;
    uint256[] private keys;
    address[] private named;

    function setUp() public {
        vm.warp(START);
        vault = new VaultDouble();
        clusters = new ClustersDouble();
        authority = address(new AccessManager(address(this)));
        for (uint256 key = 1; key <= 3; ++key) insert(key);
        monitors = deployed(2, named);
        for (uint256 i = 0; i < 3; ++i) {
            vault.credit(named[i], 5 * BOND);
            bond(named[i], BOND);
        }
    }

    function test_constructor_failsWithAQuorumOutOfReach() public {
        vm.expectRevert(abi.encodeWithSelector(IMonitors.InvalidQuorum.selector, 4, 3));
        deployed(4, named);
        vm.expectRevert(outOfBounds("monitorQuorum", 0, 1, 16));
        deployed(0, named);
        address[] memory seventeen = new address[](17);
        for (uint160 i = 0; i < 17; ++i) seventeen[i] = address(i + 1);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.InvalidQuorum.selector, 2, 17));
        deployed(2, seventeen);
    }

    function test_constructor_failsWithoutABond() public {
        Parameters memory p = defaultParameters();
        p.monitorBond = 0;
        vm.expectRevert(outOfBounds("monitorBond", 0, 1, type(uint96).max));
        new Monitors(addresses(), p, named);
    }

    function test_constructor_failsWithAMonitorTwiceUnorderedOrZero() public {
        address[] memory pair = new address[](2);
        (pair[0], pair[1]) = (named[1], named[1]);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.SignersUnordered.selector, named[1], named[1]));
        deployed(2, pair);
        (pair[0], pair[1]) = (named[1], named[0]);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.SignersUnordered.selector, named[1], named[0]));
        deployed(2, pair);
        (pair[0], pair[1]) = (address(0), named[0]);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.SignersUnordered.selector, address(0), address(0)));
        deployed(2, pair);
    }

    function test_monitors_areThoseNamed() public view {
        eq(keccak256(abi.encode(monitors.monitors())), keccak256(abi.encode(named)), "named");
    }

    function test_bond_failsForAStrangerTooLowOrUnfunded() public {
        vm.expectRevert(abi.encodeWithSelector(IMonitors.NotMonitor.selector, address(this)));
        monitors.bond(BOND);
        monitors = deployed(2, named);
        vm.prank(named[0]);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.BondTooLow.selector, named[0], BOND - 1, BOND));
        monitors.bond(BOND - 1);
        vm.prank(named[0]);
        vm.expectRevert(
            abi.encodeWithSelector(IVault.InsufficientAvailable.selector, named[0], 4 * BOND, 4 * BOND + 1)
        );
        monitors.bond(4 * BOND + 1);
    }

    function test_bond_addsToWhatIsThere() public {
        bond(named[0], 5);
        bondIs(named[0], BOND + 5, 0);
        eq(vault.staked(named[0]), BOND + 5, "staked");
        eq(vault.available(named[0]), 4 * BOND - 5, "available");
    }

    function test_startLeaving_failsForAStrangerAndWithoutABond() public {
        vm.expectRevert(abi.encodeWithSelector(IMonitors.NotMonitor.selector, address(this)));
        monitors.startLeaving();
        monitors = deployed(2, named);
        vm.prank(named[0]);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.BondTooLow.selector, named[0], 0, 1));
        monitors.startLeaving();
    }

    function test_startLeaving_silencesTheMonitor() public {
        uint40 readyAt = startLeaving(named[1]);
        bytes memory leaving = abi.encodeWithSelector(IMonitors.Leaving.selector, named[1], readyAt);
        vm.prank(named[1]);
        vm.expectRevert(leaving);
        monitors.startLeaving();
        vm.prank(named[1]);
        vm.expectRevert(leaving);
        monitors.bond(1);
        vm.expectRevert(leaving);
        this.check(signedBy(0, 1));
        check(signedBy(0, 2));
    }

    function test_takeBond_returnsItAfterTheDelayAndLetsItComeBack() public {
        vm.expectRevert(abi.encodeWithSelector(IMonitors.NotMonitor.selector, address(this)));
        monitors.takeBond();
        vm.prank(named[0]);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.NotLeaving.selector, named[0]));
        monitors.takeBond();
        uint40 readyAt = startLeaving(named[0]);
        vm.warp(readyAt - 1);
        vm.prank(named[0]);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.LeavingNotReady.selector, readyAt));
        monitors.takeBond();
        vm.warp(readyAt);
        vm.prank(named[0]);
        monitors.takeBond();
        bondIs(named[0], 0, 0);
        eq(vault.available(named[0]), 5 * BOND, "all back");
        vm.expectRevert(abi.encodeWithSelector(IMonitors.BondTooLow.selector, named[0], 0, BOND));
        this.check(signedBy(0, 1));
        bond(named[0], BOND);
        check(signedBy(0, 1));
    }

    function test_slash_burnsForTheAdministrationAlone() public {
        vm.prank(named[1]);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, named[1]));
        monitors.slash(named[0], 1, "evidence");
        monitors.slash(named[0], 1, "evidence");
        bondIs(named[0], BOND - 1, 0);
        eq(vault.available(address(0)), 1, "burned");
        vm.expectRevert(abi.encodeWithSelector(IMonitors.BondTooLow.selector, named[0], BOND - 1, BOND));
        this.check(signedBy(0, 1));
        bond(named[0], 1);
        check(signedBy(0, 1));
    }

    function test_slash_takesAllOfALeavingMonitorsAndNoMore() public {
        uint40 readyAt = startLeaving(named[0]);
        monitors.slash(named[0], type(uint256).max, "evidence");
        bondIs(named[0], 0, readyAt);
        eq(vault.available(address(0)), BOND, "burned");
        vm.expectRevert(abi.encodeWithSelector(IMonitors.BondTooLow.selector, named[0], 0, 1));
        monitors.slash(named[0], 1, "evidence");
        vm.warp(readyAt);
        vm.prank(named[0]);
        monitors.takeBond();
        eq(vault.available(named[0]), 4 * BOND, "nothing back");
    }

    function test_requireQuorum_takesAnyTwoOrAllThree() public view {
        check(signedBy(0, 1));
        check(signedBy(0, 2));
        check(signedBy(1, 2));
        bytes[] memory all = new bytes[](3);
        for (uint256 i = 0; i < 3; ++i) all[i] = signature(keys[i], DIGEST);
        check(all);
    }

    function test_requireQuorum_failsWithTooFew() public {
        bytes[] memory single = new bytes[](1);
        single[0] = signature(keys[0], DIGEST);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.QuorumMissing.selector, 1, 2));
        this.check(single);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.QuorumMissing.selector, 0, 2));
        this.check(new bytes[](0));
    }

    function test_requireQuorum_failsWithOneSignerTwiceOrUnordered() public {
        vm.expectRevert(abi.encodeWithSelector(IMonitors.SignersUnordered.selector, named[1], named[1]));
        this.check(signedBy(1, 1));
        vm.expectRevert(abi.encodeWithSelector(IMonitors.SignersUnordered.selector, named[2], named[0]));
        this.check(signedBy(2, 0));
    }

    function test_requireQuorum_failsWithAStrangerOrAnotherDigest() public {
        bytes[] memory signatures = new bytes[](2);
        signatures[0] = signature(0xBAD, DIGEST);
        signatures[1] = signature(keys[1], DIGEST);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.NotMonitor.selector, vm.addr(0xBAD)));
        this.check(signatures);
        signatures = signedBy(0, 1);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], DIGEST);
        address nobody = ecrecover(keccak256("another"), v, r, s);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.NotMonitor.selector, nobody));
        monitors.requireQuorum(keccak256("another"), signatures, CONSUMER, PROVIDER);
    }

    function test_requireQuorum_failsWithASignatureThatIsNone() public {
        bytes[] memory signatures = signedBy(0, 1);
        signatures[0] = "";
        vm.expectRevert(abi.encodeWithSelector(IMonitors.SignersUnordered.selector, address(0), address(0)));
        this.check(signatures);
        signatures = signedBy(0, 1);
        signatures[1] = malleated(signatures[1]);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.SignersUnordered.selector, named[0], address(0)));
        this.check(signatures);
    }

    function test_requireQuorum_failsForAPartyToTheLease() public {
        bytes[] memory signatures = signedBy(0, 1);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.PartyToLease.selector, named[0]));
        monitors.requireQuorum(DIGEST, signatures, named[0], PROVIDER);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.PartyToLease.selector, named[1]));
        monitors.requireQuorum(DIGEST, signatures, CONSUMER, named[1]);
        clusters.add(PROVIDER, address(0xABCD), 1);
        check(signatures);
        clusters.add(PROVIDER, named[1], 1);
        vm.expectRevert(abi.encodeWithSelector(IMonitors.PartyToLease.selector, named[1]));
        this.check(signatures);
    }

    function testFuzz_bonds_areWhatIsStaked(uint256 seed) public {
        for (uint256 i = 0; i < 40; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            address monitor = named[seed % 3];
            uint256 amount = (seed >> 16) % (2 * BOND);
            uint256 act = (seed >> 8) % 5;
            vm.prank(act == 3 ? address(this) : monitor);
            bytes memory data =
                act == 0
                    ? abi.encodeCall(IMonitors.bond, (amount))
                    : act == 1
                        ? abi.encodeCall(IMonitors.startLeaving, ())
                        : act == 2
                            ? abi.encodeCall(IMonitors.takeBond, ())
                            : abi.encodeCall(IMonitors.slash, (monitor, amount, "fuzz"));
            (bool done, ) = address(monitors).call(data);
            if (act == 4) ok(!done, "a monitor slashes nobody");
            if (seed % 4 == 0) vm.warp(block.timestamp + UNBOND / 2);
            uint256 total = vault.available(address(0));
            for (uint256 j = 0; j < 3; ++j) {
                (uint96 held, ) = monitors.bondOf(named[j]);
                eq(held, vault.staked(named[j]), "bond");
                total += held + vault.available(named[j]);
            }
            eq(total, 15 * BOND, "nothing appears or is lost");
        }
    }

    function check(bytes[] memory signatures) public view {
        monitors.requireQuorum(DIGEST, signatures, CONSUMER, PROVIDER);
    }

    /// @dev Keys in the order of their addresses.
    function insert(uint256 key) private {
        keys.push(key);
        named.push(vm.addr(key));
        for (uint256 i = keys.length - 1; i > 0 && named[i] < named[i - 1]; --i) {
            (keys[i], keys[i - 1]) = (keys[i - 1], keys[i]);
            (named[i], named[i - 1]) = (named[i - 1], named[i]);
        }
    }

    function addresses() private view returns (Addresses memory a) {
        a = addressesOf(address(vault), address(0), address(clusters));
        a.authority = authority;
    }

    function deployed(uint8 quorum, address[] memory list) private returns (Monitors) {
        Parameters memory p = defaultParameters();
        p.monitorQuorum = quorum;
        return new Monitors(addresses(), p, list);
    }

    function outOfBounds(
        string memory name,
        uint256 value,
        uint256 least,
        uint256 most
    ) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ParameterBounds.ParameterOutOfBounds.selector, name, value, least, most);
    }

    function bond(address monitor, uint256 amount) private {
        vm.prank(monitor);
        monitors.bond(amount);
    }

    function startLeaving(address monitor) private returns (uint40 readyAt) {
        vm.prank(monitor);
        monitors.startLeaving();
        readyAt = uint40(block.timestamp) + UNBOND;
        bondIs(monitor, BOND, readyAt);
    }

    function bondIs(address monitor, uint256 wanted, uint256 wantedAt) private view {
        (uint96 held, uint40 leavingAt) = monitors.bondOf(monitor);
        eq(held, wanted, "bond");
        eq(leavingAt, wantedAt, "leaves at");
    }

    function signedBy(uint256 first, uint256 second) private view returns (bytes[] memory signatures) {
        signatures = new bytes[](2);
        signatures[0] = signature(keys[first], DIGEST);
        signatures[1] = signature(keys[second], DIGEST);
    }

    function signature(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// @dev The same signer's other signature, with s in the upper half.
    function malleated(bytes memory signed) private pure returns (bytes memory) {
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 r;
        uint256 s;
        assembly {
            r := mload(add(signed, 32))
            s := mload(add(signed, 64))
        }
        return abi.encodePacked(r, order - s, uint8(signed[64]) == 27 ? uint8(28) : uint8(27));
    }
}
