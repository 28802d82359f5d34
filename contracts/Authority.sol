// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title IPausable
/// @notice What `PAUSERS` may call.
interface IPausable {
    /// @notice Stops the way in.
    function pause() external;

    /// @notice Opens it again.
    function unpause() external;
}

/// @title Authority
/// @notice Who may pause entry, name auditors and the treasury, and slash monitors: OpenZeppelin's AccessManager. Pausing is at once;
/// everything else is announced, and done after a delay. Nothing that moves anybody's money, and no way out, obeys it.
contract Authority is AccessManager {
    /// @notice May pause entry and let it go on, without delay.
    uint64 public constant PAUSERS = 1;

    /// @notice The administration `admin` pauses at once, and does everything else after its delay.
    /// @param delay seconds between what the administration announces (`schedule`) and what it does
    /// @param pausable contracts with a way in
    constructor(address admin, uint32 delay, address[] memory pausable) AccessManager(admin) {
        for (uint256 i = 0; i < pausable.length; ++i) {
            _setTargetFunctionRole(pausable[i], IPausable.pause.selector, PAUSERS);
            _setTargetFunctionRole(pausable[i], IPausable.unpause.selector, PAUSERS);
        }
        _grantRole(PAUSERS, admin, 0, 0);
        _grantRole(ADMIN_ROLE, admin, 0, delay);
    }
}
