// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Listing, Order, Quote} from "../types/Trade.sol";

/// @title Eip712
/// @notice Struct hashes of the messages that people sign.
/// @dev All members are static, so `abi.encode(typehash, message)` is EIP-712's encodeData.
library Eip712 {
    bytes32 internal constant ASK = keccak256(
        "Ask(address provider,bytes32 supply,uint8 supplyKind,uint32 nodeEpoch,bytes32 resourceClass,bytes32 region,uint32 cards,uint128 reservePrice,uint64 validFrom,uint64 validUntil,uint256 nonce)"
    );
    bytes32 internal constant LISTING = keccak256(
        "Listing(address provider,bytes32 node,uint32 nodeEpoch,bytes32 resourceClass,bytes32 region,uint32 cards,uint128 pricePerCardHour,uint64 validFrom,uint64 validUntil,uint256 nonce)"
    );
    bytes32 internal constant ORDER = keccak256(
        "Order(address consumer,bytes32 requirement,uint32 cards,uint32 duration,uint128 startPrice,uint16 taskCompute,uint16 taskNetwork,uint16 taskStorage,bytes32 region,uint64 latestStart,uint64 validUntil,uint16 minReputation,uint8 minTier,bytes32 workload,uint256 nonce)"
    );
    bytes32 internal constant QUOTE = keccak256("Quote(bytes32 orderId,uint64 validUntil)");

    function hashListing(Listing calldata listing) internal pure returns (bytes32) {
        return keccak256(abi.encode(LISTING, listing));
    }

    function hashOrder(Order calldata order) internal pure returns (bytes32) {
        return keccak256(abi.encode(ORDER, order));
    }

    function hashQuote(Quote memory quote) internal pure returns (bytes32) {
        return keccak256(abi.encode(QUOTE, quote));
    }

    /// @notice What is signed: the struct's hash under its domain.
    function digest(bytes32 domain, bytes32 structHash) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let scratch := mload(64)
            mstore(scratch, hex"1901")
            mstore(add(scratch, 2), domain)
            mstore(add(scratch, 34), structHash)
            result := keccak256(scratch, 66)
        }
    }
}
