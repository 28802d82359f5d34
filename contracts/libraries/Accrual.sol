// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Accrual
/// @notice What a lease owes, cumulative from its start, so that any split into settlements pays the same.
/// Cards have 16 bits, seconds 40, rates 96: no product reaches 2^168, which is why nothing here is checked.
library Accrual {
    uint256 internal constant HOUR = 3600;
    uint256 internal constant BPS = 10_000;

    /// @notice Base units owed after `elapsed` seconds; rounded down, the consumer gains.
    /// @param rate base units per card-hour
    function owed(uint256 cards, uint256 elapsed, uint256 rate) internal pure returns (uint256) {
        unchecked {
            return (cards * elapsed * rate) / HOUR;
        }
    }

    /// @notice The fee on a cumulative `amount`; rounded up, the treasury gains.
    function feeUp(uint256 amount, uint256 feeBps) internal pure returns (uint256) {
        unchecked {
            return (amount * feeBps + BPS - 1) / BPS;
        }
    }

    /// @notice Price and fee together after `elapsed` seconds.
    function total(uint256 cards, uint256 elapsed, uint256 rate, uint256 feeBps) internal pure returns (uint256) {
        uint256 amount = owed(cards, elapsed, rate);
        unchecked {
            return amount + feeUp(amount, feeBps);
        }
    }

    /// @notice What is due for the seconds from `from` to `to` after the start, and the fee on it: the difference of two `owed` and
    /// of two `feeUp`. In assembly, because a page has a hundred of them.
    function between(
        uint256 cards,
        uint256 from,
        uint256 to,
        uint256 rate,
        uint256 feeBps
    ) internal pure returns (uint256 amount, uint256 fee) {
        assembly ("memory-safe") {
            let perHour := mul(cards, rate)
            amount := div(mul(perHour, to), HOUR)
            fee := div(add(mul(amount, feeBps), sub(BPS, 1)), BPS)
            if from {
                // Both grow with time.
                let before := div(mul(perHour, from), HOUR)
                amount := sub(amount, before)
                fee := sub(fee, div(add(mul(before, feeBps), sub(BPS, 1)), BPS))
            }
        }
    }

    /// @notice The same for the leases of a page that have their bit in `live`: 20 bytes each from calldata `at_` on, rate 12 ‖ cards 2 ‖
    /// duration 4 ‖ consumer's place 1 ‖ provider's place 1. Nothing is due for what lies after a lease's end.
    /// @param cap most that a lease counts for
    /// @param paid its first half grows by what is due, its second by what leases that end in this time count for (their whole price, up
    /// to the cap), both at the provider's place, which the caller has seen to lie inside
    function ofPage(
        uint256 at_,
        uint256 live,
        uint256 from,
        uint256 to,
        uint256 feeBps,
        uint256 cap,
        uint256[] memory paid
    ) internal pure returns (uint256 amounts, uint256 fees) {
        assembly ("memory-safe") {
            for {} live {
                live := shr(1, live)
                at_ := add(at_, 20)
            } {
                let word := calldataload(at_)
                let until := and(shr(112, word), 0xffffffff)
                if and(live, lt(from, until)) {
                    let perHour := mul(shr(160, word), and(shr(144, word), 0xffff))
                    let place := add(add(paid, 32), shl(5, byte(19, word)))
                    switch lt(to, until)
                    case 1 {
                        until := to
                    }
                    default {
                        let whole := div(mul(perHour, until), HOUR)
                        if gt(whole, cap) {
                            whole := cap
                        }
                        let counted := add(place, shl(4, mload(paid)))
                        mstore(counted, add(mload(counted), whole))
                    }
                    let amount := div(mul(perHour, until), HOUR)
                    fees := add(fees, div(add(mul(amount, feeBps), sub(BPS, 1)), BPS))
                    if from {
                        let before := div(mul(perHour, from), HOUR)
                        fees := sub(fees, div(add(mul(before, feeBps), sub(BPS, 1)), BPS))
                        amount := sub(amount, before)
                    }
                    amounts := add(amounts, amount)
                    mstore(place, add(mload(place), amount))
                }
            }
        }
    }
}
