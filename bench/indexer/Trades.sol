// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// Emits the vault's event of money that moves between two accounts, as often as asked: the indexers' common diet.
contract Trades {
    event Distributed(address indexed account, address indexed to, uint256 amount);

    /// @param from number of the first event; accounts and amounts follow from an event's number alone
    function trade(uint256 from, uint256 count, uint256 accounts) external {
        for (uint256 i = from; i < from + count; ++i) {
            uint256 word = uint256(keccak256(abi.encode(i)));
            emit Distributed(_account(word, accounts), _account(word >> 64, accounts), (word >> 128) % 1e9);
        }
    }

    function _account(uint256 word, uint256 accounts) private pure returns (address) {
        return address(uint160((0xacc0 << 144) | (word % 2 ** 64) % accounts));
    }
}
