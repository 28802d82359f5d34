// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ask, Order} from "../../../contracts/types/Trade.sol";

/// @notice One match as a test states it.
/// @param classes the ids behind a requirement of several
struct Deal {
    Order order;
    bytes orderSignature;
    bytes32[] classes;
    Ask ask;
    bytes askSignature;
    uint8 winner;
    uint8 runnerUp;
    uint8 step;
    uint32[] shortlist;
}

/// @notice Pages as ADR 0007 reads, put together the slow way.
library PageBytes {
    /// @notice The argument of `commitPage`; each deal brings its own kind and ask.
    function encode(Deal[] memory deals) internal pure returns (bytes memory data) {
        address[] memory providers = distinct(deals, true);
        address[] memory consumers = distinct(deals, false);
        data = abi.encodePacked(uint8(providers.length), uint8(consumers.length));
        for (uint256 i = 0; i < providers.length; ++i) data = bytes.concat(data, bytes20(providers[i]));
        for (uint256 i = 0; i < consumers.length; ++i) data = bytes.concat(data, bytes20(consumers[i]));
        data = bytes.concat(data, bytes1(uint8(deals.length)));
        for (uint256 i = 0; i < deals.length; ++i) {
            data = bytes.concat(data, deals[i].ask.resourceClass, deals[i].ask.region);
        }
        data = bytes.concat(data, bytes1(uint8(deals.length)));
        for (uint256 i = 0; i < deals.length; ++i) {
            data = bytes.concat(data, ask(deals[i], placeOf(providers, deals[i].ask.provider), uint8(i)));
        }
        data = bytes.concat(data, bytes1(uint8(deals.length)));
        for (uint256 i = 0; i < deals.length; ++i) {
            data = bytes.concat(data, bid(deals[i], uint8(i), placeOf(consumers, deals[i].order.consumer)));
        }
    }

    function ask(Deal memory deal, uint8 provider, uint8 kind) private pure returns (bytes memory) {
        Ask memory a = deal.ask;
        bytes memory head = abi.encodePacked(
            provider,
            kind,
            uint8(a.supplyKind),
            uint16(a.nodeEpoch),
            uint16(a.cards),
            uint96(a.reservePrice)
        );
        bytes memory tail = abi.encodePacked(uint40(a.validFrom), uint40(a.validUntil), uint64(a.nonce), a.supply);
        return bytes.concat(head, tail, bytes1(uint8(deal.askSignature.length)), deal.askSignature);
    }

    function bid(Deal memory deal, uint8 askIndex, uint8 consumer) private pure returns (bytes memory) {
        Order memory o = deal.order;
        uint8 classCount =
            o.requirement == 0
                ? 0
                : deal.classes.length > 1
                    ? uint8(deal.classes.length)
                    : 1;
        bytes memory data = abi.encodePacked(askIndex, consumer, o.region == 0 ? uint8(0) : uint8(1), classCount);
        data = bytes.concat(data, abi.encodePacked(uint16(o.cards), o.duration, uint96(o.startPrice)));
        data = bytes.concat(data, abi.encodePacked(o.taskCompute, o.taskNetwork, o.taskStorage));
        data = bytes.concat(data, abi.encodePacked(uint40(o.latestStart), uint40(o.validUntil)));
        data = bytes.concat(data, abi.encodePacked(o.minReputation, o.minTier, uint64(o.nonce), o.workload));
        uint8 listed = uint8(deal.shortlist.length);
        data = bytes.concat(data, abi.encodePacked(deal.winner, deal.runnerUp, deal.step, listed));
        data = bytes.concat(data, bytes1(uint8(deal.orderSignature.length)), deal.orderSignature);
        if (classCount > 1) data = bytes.concat(data, abi.encodePacked(deal.classes));
        return bytes.concat(data, shortlist(deal.shortlist));
    }

    function shortlist(uint32[] memory list) internal pure returns (bytes memory data) {
        for (uint256 i = 0; i < list.length; ++i) data = bytes.concat(data, bytes4(list[i]));
    }

    function distinct(Deal[] memory deals, bool ofProviders) private pure returns (address[] memory list) {
        list = new address[](deals.length);
        uint256 count = 0;
        for (uint256 i = 0; i < deals.length; ++i) {
            address account = ofProviders ? deals[i].ask.provider : deals[i].order.consumer;
            uint256 at_ = 0;
            while (at_ < count && list[at_] != account) ++at_;
            if (at_ == count) list[count++] = account;
        }
        assembly ("memory-safe") {
            mstore(list, count)
        }
    }

    function placeOf(address[] memory list, address account) private pure returns (uint8) {
        for (uint256 i = 0; i < list.length; ++i) if (list[i] == account) return uint8(i);
        return 255;
    }
}
