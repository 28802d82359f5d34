// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Eip712} from "../../../contracts/libraries/Eip712.sol";
import {Merkle} from "../../../contracts/libraries/Merkle.sol";
import {Requirement} from "../../../contracts/libraries/Requirement.sol";
import {Ask, Listing, Match, Order} from "../../../contracts/types/Trade.sol";

/// @notice The libraries take calldata; a test calls them through this contract.
contract Formats {
    function domainSeparator(uint256 chainId, address auction) public pure returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                    keccak256("Cardhour"),
                    keccak256("1"),
                    chainId,
                    auction
                )
            );
    }

    function askId(uint256 chainId, address auction, Ask calldata ask) external pure returns (bytes32) {
        return _digest(chainId, auction, Eip712.hashAsk(ask));
    }

    function listingId(uint256 chainId, address auction, Listing calldata listing) external pure returns (bytes32) {
        return _digest(chainId, auction, Eip712.hashListing(listing));
    }

    function orderId(uint256 chainId, address auction, Order calldata order) external pure returns (bytes32) {
        return _digest(chainId, auction, Eip712.hashOrder(order));
    }

    function matchLeaf(
        bytes32 order,
        bytes32 ask,
        uint128 price,
        Match calldata cleared
    ) external pure returns (bytes32) {
        return Merkle.matchLeaf(order, ask, price, cleared);
    }

    function allows(bytes32 requirement, bytes32[] calldata classes, bytes32 class_) external pure returns (bool) {
        return Requirement.allows(requirement, classes, class_);
    }

    function _digest(uint256 chainId, address auction, bytes32 structHash) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(chainId, auction), structHash));
    }
}
