// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @notice The administration announces what it does, and waits; but a hole in the wall it closes at once.
contract AuthorityTest is Fixture {
    uint32 private constant DELAY = 2 days;
    address private constant NEW_TREASURY = address(0x7EA6);

    function setUp() public {
        deployMarket();
    }

    function adminDelay() internal pure override returns (uint32) {
        return DELAY;
    }

    function test_pause_isAtOnce_andTheAdministrationsAlone() public {
        address[3] memory parts = [address(vault), address(shop), address(auction)];
        for (uint256 i = 0; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
            (bool seen, ) = parts[i].call(abi.encodeCall(vault.pause, ()));
            ok(seen, "the expected revert was seen");
            vm.prank(ADMIN);
            (bool paused, ) = parts[i].call(abi.encodeCall(vault.pause, ()));
            vm.prank(ADMIN);
            (bool unpaused, ) = parts[i].call(abi.encodeCall(vault.unpause, ()));
            ok(paused && unpaused, "no waiting");
        }
    }

    function test_setTreasury_waitsForItsDelay() public {
        bytes memory call_ = abi.encodeCall(vault.setTreasury, (NEW_TREASURY));
        bytes32 id = authority.hashOperation(ADMIN, address(vault), call_);
        vm.prank(ADMIN);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, id));
        authority.execute(address(vault), call_);
        vm.prank(ADMIN);
        authority.schedule(address(vault), call_, 0);
        vm.warp(block.timestamp + DELAY - 1);
        vm.prank(ADMIN);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, id));
        authority.execute(address(vault), call_);
        vm.warp(block.timestamp + 1);
        vm.prank(ADMIN);
        authority.execute(address(vault), call_);
        eq(uint160(vault.treasury()), uint160(NEW_TREASURY), "named");
    }

    /// @dev Naming auditors, and changing the delay itself, wait as well.
    function test_grantRole_waitsForItsDelay() public {
        bytes[2] memory calls = [
            abi.encodeCall(authority.grantRole, (AUDITORS, AUDITOR, 0)),
            abi.encodeCall(authority.grantRole, (authority.ADMIN_ROLE(), ADMIN, 0))
        ];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(ADMIN);
            (bool done, ) = address(authority).call(calls[i]);
            ok(!done, "not at once");
            vm.prank(ADMIN);
            authority.schedule(address(authority), calls[i], 0);
            vm.warp(block.timestamp + DELAY);
            vm.prank(ADMIN);
            (done, ) = address(authority).call(calls[i]);
            ok(done, "after its delay");
        }
    }
}
