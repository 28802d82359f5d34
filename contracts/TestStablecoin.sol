// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title TestStablecoin
/// @notice TEST MONEY, worth nothing.
/// Anyone may mint any amount. It exists so that a local market has a token with six decimals and ERC-2612
/// permits to settle in; never point a deployment with real parties at it.
contract TestStablecoin is ERC20, ERC20Permit {
    constructor() ERC20("Cardhour Test Dollar", "tUSD") ERC20Permit("Cardhour Test Dollar") {}

    /// @notice Creates `amount` base units (10⁻⁶) for `to`, whoever asks.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
