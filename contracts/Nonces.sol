// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAuction} from "./interfaces/IAuction.sol";

/// @title Nonces
/// @notice What was used up and what was cancelled. A cancellation keeps its time, so that slots that closed before still hold.
abstract contract Nonces is IAuction {
    /// @dev A word of storage that was read and will be written: its place is a hash of hashes, which is not worked out twice.
    struct Word {
        uint256 slot;
        uint256 value;
    }

    /// @dev 15 bits of an ask's nonce count its cards sold; the 16th says that it is cancelled.
    uint256 internal constant MAX_SOLD = 0x7fff;
    uint256 private constant CANCELLED = 0x8000;
    /// @dev Marks a cancelled nonce that a slot from before the cancellation used after all.
    uint40 private constant FILLED = 1;

    /// @dev One bit a nonce: filled or cancelled.
    mapping(address consumer => mapping(uint256 word => uint256 bits)) private _orders;
    /// @dev Sixteen asks a word.
    mapping(address provider => mapping(uint256 word => uint256 counters)) private _asks;
    mapping(address consumer => mapping(uint64 nonce => uint40 time)) private _orderCancelledAt;
    mapping(address provider => mapping(uint64 nonce => uint40 time)) private _askCancelledAt;

    /// @inheritdoc IAuction
    function cancelOrders(uint64[] calldata nonces) external {
        for (uint256 i = 0; i < nonces.length; ++i) {
            uint64 nonce = nonces[i];
            if (_orders[msg.sender][nonce >> 8] & _bit(nonce) != 0) continue;
            _orders[msg.sender][nonce >> 8] |= _bit(nonce);
            _orderCancelledAt[msg.sender][nonce] = uint40(block.timestamp);
            emit OrderCancelled(msg.sender, nonce);
        }
    }

    /// @inheritdoc IAuction
    function cancelAsks(uint64[] calldata nonces) external {
        for (uint256 i = 0; i < nonces.length; ++i) {
            uint64 nonce = nonces[i];
            if (_askCancelledAt[msg.sender][nonce] != 0) continue;
            _asks[msg.sender][nonce >> 4] |= CANCELLED << _shift(nonce);
            _askCancelledAt[msg.sender][nonce] = uint40(block.timestamp);
            emit AskCancelled(msg.sender, nonce);
        }
    }

    /// @inheritdoc IAuction
    function orderNonce(address consumer, uint64 nonce) external view returns (bool filled, uint40 cancelledAt) {
        bool used = _orders[consumer][nonce >> 8] & _bit(nonce) != 0;
        cancelledAt = _orderCancelledAt[consumer][nonce];
        filled = used && cancelledAt <= FILLED;
        if (filled) cancelledAt = 0;
    }

    /// @inheritdoc IAuction
    function askNonce(address provider, uint64 nonce) external view returns (uint16 sold, uint40 cancelledAt) {
        uint256 counter = _asks[provider][nonce >> 4] >> _shift(nonce);
        return (uint16(counter & MAX_SOLD), _askCancelledAt[provider][nonce]);
    }

    /// @dev Whether an order with this nonce may be filled in a slot that closed at `slotEnd`; leaves the word that says so in `word`.
    function _orderOpen(Word memory word, address consumer, uint64 nonce, uint40 slotEnd) internal view returns (bool) {
        _load(word, _orders[consumer], nonce >> 8);
        return word.value & _bit(nonce) == 0 || _orderCancelledAt[consumer][nonce] >= slotEnd;
    }

    function _useOrder(Word memory word, address consumer, uint64 nonce) internal {
        if (word.value & _bit(nonce) != 0) _orderCancelledAt[consumer][nonce] = FILLED;
        else _store(word, word.value | _bit(nonce));
    }

    /// @notice Cards sold out of an ask, as a slot that closed at `slotEnd` sees it; leaves their word in `word`.
    /// @return sold cards
    /// @return open false when it was cancelled before
    function _sold(
        Word memory word,
        address provider,
        uint64 nonce,
        uint40 slotEnd
    ) internal view returns (uint256 sold, bool open) {
        _load(word, _asks[provider], nonce >> 4);
        uint256 counter = word.value >> _shift(nonce);
        open = counter & CANCELLED == 0 || _askCancelledAt[provider][nonce] >= slotEnd;
        return (counter & MAX_SOLD, open);
    }

    /// @dev The caller has seen to it that no more than `MAX_SOLD` are sold.
    function _sell(Word memory word, uint64 nonce, uint256 cards) internal {
        _store(word, word.value + (cards << _shift(nonce)));
    }

    function _load(Word memory word, mapping(uint256 => uint256) storage words, uint256 index) private view {
        uint256 slot;
        uint256 value;
        assembly ("memory-safe") {
            mstore(0, index)
            mstore(32, words.slot)
            slot := keccak256(0, 64)
            value := sload(slot)
        }
        word.slot = slot;
        word.value = value;
    }

    function _store(Word memory word, uint256 value) private {
        uint256 slot = word.slot;
        assembly ("memory-safe") {
            sstore(slot, value)
        }
    }

    function _bit(uint64 nonce) private pure returns (uint256) {
        return 1 << (nonce & 0xff);
    }

    function _shift(uint64 nonce) private pure returns (uint256) {
        return (nonce & 0xf) << 4;
    }
}
