// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Authority
/// @notice Who may pause entry and name the treasury, with which delays: OpenZeppelin's AccessManager as it is. Nothing that moves
/// anybody's money, and no way out, obeys it.
contract Authority is AccessManager {
    constructor(address admin) AccessManager(admin) {}
}
