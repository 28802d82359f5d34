// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVault} from "./interfaces/IVault.sol";

/// @title SpendingCaps
/// @notice Limits that an account sets for itself, so that a stolen key or a mad program has bounds.
abstract contract SpendingCaps is IVault {
    /// @dev Zero means no cap.
    /// @param day days since 1970 in which `spent` was spent
    /// @param nextPerDay a looser cap that waits until `nextAt`; none waits while `nextAt` is 0
    /// @param previousPerLease what held before `leaseSince`
    struct Caps {
        uint96 perDay;
        uint96 spent;
        uint32 day;
        uint96 nextPerDay;
        uint40 nextAt;
        uint96 perLease;
        uint96 previousPerLease;
        uint40 leaseSince;
    }

    /// @notice Least seconds between two changes: one slot and one commit deadline.
    uint40 private immutable SETTLING;

    mapping(address account => Caps) private _caps;

    constructor(uint40 settling) {
        SETTLING = settling;
    }

    /// @inheritdoc IVault
    function capsOf(address account) external view returns (uint96 perDay, uint96 perLease, uint96 spentToday) {
        Caps storage caps = _caps[account];
        return (_dayCap(caps), caps.perLease, caps.day == _today() ? caps.spent : 0);
    }

    /// @notice Tighter holds at once; looser after a day.
    /// @return effectiveAt when the day's cap holds
    function _setCaps(address account, uint96 perDay, uint96 perLease) internal returns (uint40 effectiveAt) {
        Caps storage caps = _caps[account];
        uint40 now_ = uint40(block.timestamp);
        if (caps.leaseSince != 0 && now_ < caps.leaseSince + SETTLING) revert CapTooSoon(caps.leaseSince + SETTLING);
        uint96 current = _dayCap(caps);
        bool tighter = perDay != 0 && (current == 0 || perDay <= current);
        effectiveAt = tighter || perDay == current ? now_ : now_ + 1 days;
        caps.perDay = tighter ? perDay : current;
        caps.nextPerDay = perDay;
        caps.nextAt = effectiveAt == now_ ? 0 : effectiveAt;
        caps.previousPerLease = caps.perLease;
        caps.perLease = perLease;
        caps.leaseSince = now_;
    }

    /// @dev Counts `amount` towards the day.
    function _spend(address account, uint256 amount) internal {
        Caps storage caps = _caps[account];
        uint256 cap = _dayCap(caps);
        uint32 today = _today();
        uint256 spent = caps.day == today ? caps.spent : 0;
        if (cap != 0 && spent + amount > cap) revert DayCapExceeded(account, cap, spent, amount);
        if (amount > type(uint96).max - spent) revert ValueTooWide(amount);
        caps.day = today;
        caps.spent = uint96(spent + amount);
    }

    function _checkLeaseCap(address account, uint256 amount) internal view {
        uint256 cap = _caps[account].perLease;
        if (cap != 0 && amount > cap) revert LeaseCapExceeded(account, cap, amount);
    }

    /// @dev `type(uint256).max` without a cap.
    function _leaseCapAt(address account, uint40 time) internal view returns (uint256) {
        Caps storage caps = _caps[account];
        uint256 cap = caps.leaseSince < time ? caps.perLease : caps.previousPerLease;
        return cap == 0 ? type(uint256).max : cap;
    }

    function _dayCap(Caps storage caps) private view returns (uint96) {
        return caps.nextAt != 0 && block.timestamp >= caps.nextAt ? caps.nextPerDay : caps.perDay;
    }

    function _today() private view returns (uint32) {
        return uint32(block.timestamp / 1 days);
    }
}
