// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title Collectible
/// @notice What Seaport sells in the benchmark.
contract Collectible is ERC721 {
    constructor() ERC721("Collectible", "C") {}

    /// @notice Anyone mints.
    function mint(address to, uint256 id) external {
        _mint(to, id);
    }
}
