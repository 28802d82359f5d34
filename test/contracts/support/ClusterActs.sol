// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClusters} from "../../../contracts/interfaces/IClusters.sol";
import {Ask, SupplyKind} from "../../../contracts/types/Trade.sol";
import {Deal} from "./PageBytes.sol";
import {SaleActs} from "./SaleActs.sol";
import {vm} from "./Vm.sol";

/// @notice Both providers' nodes bid as one now and then, and share.
abstract contract ClusterActs is SaleActs {
    /// @dev The ask of each cluster that was formed.
    Ask[] private _formed;
    /// @notice How often a cluster shared what it earned.
    uint256 public distributed;

    /// @dev Seldom: meanwhile the nodes make no asks of their own.
    function formCluster(uint32 lasting, uint64 reserve, uint16 power) external {
        if (draw(lasting) % 4 != 0) return;
        bool firstIsLess = node(0) < node(1);
        IClusters.Consent[] memory consents = new IClusters.Consent[](2);
        uint256[2] memory keys;
        uint40 from = uint40(block.timestamp + (draw(lasting) % 30));
        uint40 until = from + 60 + uint40(draw(lasting) % 3000);
        bytes memory members;
        for (uint256 i = 0; i < 2; ++i) {
            uint256 p = (i == 0) == firstIsLess ? 0 : 1;
            keys[i] = providerKey(p);
            consents[i].provider = provider(p);
            consents[i].node = node(p);
            consents[i].cards = uint16(1 + (draw(power) % 9));
            consents[i].power = uint64(1 + (draw(power) % 1000));
            consents[i].reservePrice = uint96(1 + (draw(reserve) % (20 * USD)));
            (consents[i].validFrom, consents[i].validUntil) = (from, until);
            consents[i].nonce = uint64(++_nonce);
            members = abi.encodePacked(members, consents[i].node, consents[i].power);
        }
        bytes[] memory signatures = new bytes[](2);
        for (uint256 i = 0; i < 2; ++i) {
            consents[i].members = keccak256(members);
            signatures[i] = signature(keys[i], formats.consentId(address(auction), consents[i]));
        }
        noteAsk(clusters.form(CLASS, REGION, consents, signatures), consents[0], consents[1]);
        vm.warp(block.timestamp + 30);
        bidForTheLast(draw(reserve));
    }

    function clusterBid(uint32 cards, uint32 duration, uint64 price, uint8 step) external {
        if (_formed.length != 0) bidForTheLast(uint256(keccak256(abi.encode(cards, duration, price, step))));
    }

    /// @dev Mostly within what the cluster has and asks.
    function bidForTheLast(uint256 seed) private {
        Ask memory ask = _formed[_formed.length - 1];
        Sold memory bid_ = random(seed % CONSUMERS, 0, uint32(seed), uint32(seed), 1);
        bid_.ask = ask;
        bid_.order.cards = uint32(1 + (draw(seed) % (ask.cards + 1)));
        bid_.order.startPrice = uint128(ask.reservePrice * (2 + (draw(seed) % 20)));
        Deal memory deal = dealOf(bid_, uint8(draw(seed) % 4));
        deal.askSignature = "";
        trade(only(deal), 15);
    }

    /// @dev Of one cluster, after what it may take of its leases was taken.
    function distribute(uint256 which) external {
        if (_formed.length == 0) return;
        Ask memory ask = _formed[which % _formed.length];
        for (uint256 i = 0; i < _leases.length; ++i) {
            if (_leases[i].lease.provider != ask.provider) continue;
            attempt(anyone(which), address(leaseBook), abi.encodeCall(leaseBook.settle, (_leases[i])));
        }
        if (available(ask.provider) == 0) return;
        clusters.distribute(ask.supply);
        ++distributed;
    }

    /// @notice Everybody who can have money in the vault.
    function holders() public view returns (address[] memory all) {
        address[] memory people = accounts();
        all = new address[](people.length + _formed.length);
        for (uint256 i = 0; i < people.length; ++i) all[i] = people[i];
        for (uint256 i = 0; i < _formed.length; ++i) all[people.length + i] = _formed[i].provider;
    }

    /// @dev A cluster's account has no key: nobody acts for it.
    function isKeyless(address account) internal view returns (bool) {
        for (uint256 i = 0; i < _formed.length; ++i) if (_formed[i].provider == account) return true;
        return false;
    }

    function distributeAll() internal {
        for (uint256 i = 0; i < _formed.length; ++i) {
            if (available(_formed[i].provider) != 0) clusters.distribute(_formed[i].supply);
        }
    }

    function noteAsk(bytes32 id, IClusters.Consent memory a, IClusters.Consent memory b) private {
        Ask memory ask = anAsk(0);
        ask.provider = address(uint160(uint256(id)));
        ask.supply = id;
        ask.supplyKind = SupplyKind.CLUSTER;
        ask.cards = a.cards < b.cards ? a.cards : b.cards;
        ask.reservePrice = a.reservePrice > b.reservePrice ? a.reservePrice : b.reservePrice;
        (ask.validFrom, ask.validUntil) = (a.validFrom, a.validUntil);
        _formed.push(ask);
    }
}
