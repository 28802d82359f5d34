// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A lease as the protocol's text tells it: what it owes, second by second, and when a close ends it.
struct SlowLease {
    uint256 cards;
    uint256 duration;
    uint256 rate;
    uint256 start;
    uint256 end;
}

using {close, outcome, uncut} for SlowLease global;

/// @dev Ends it at `now + notice`, billing at least `minimum` seconds; false when that is no earlier, or it is over.
function close(SlowLease memory lease, uint256 time, uint256 minimum, uint256 notice) pure returns (bool) {
    if (time >= lease.end) return false;
    uint256 end = time + notice;
    if (end < lease.start + minimum) end = lease.start + minimum;
    if (end >= lease.end) return false;
    lease.end = end;
    return true;
}

/// @dev Paid, fee and refund, base units.
function outcome(SlowLease memory lease, uint256 feeBps) pure returns (uint256 paid, uint256 fee, uint256 refund) {
    (paid, fee) = due(lease, lease.end - lease.start, feeBps);
    (uint256 most, uint256 mostFee) = due(lease, lease.duration, feeBps);
    refund = most + mostFee - paid - fee;
}

/// @dev The same for a lease that nobody closed.
function uncut(SlowLease memory lease, uint256 feeBps) pure returns (uint256 paid, uint256 fee, uint256 refund) {
    (paid, fee) = due(lease, lease.duration, feeBps);
    refund = 0;
}

/// @dev Price rounded down to the unit, the fee up.
function due(SlowLease memory lease, uint256 elapsed, uint256 feeBps) pure returns (uint256 paid, uint256 fee) {
    uint256 product = lease.cards * elapsed * lease.rate;
    paid = (product - (product % 3600)) / 3600;
    uint256 parts = paid * feeBps;
    fee = parts / 10_000;
    if (parts % 10_000 != 0) ++fee;
}
