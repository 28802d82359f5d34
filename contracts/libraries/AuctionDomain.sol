// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title AuctionDomain
/// @notice EIP-712 digests of the market's one signature domain, for the contracts beside the auction whose domain it is.
library AuctionDomain {
    bytes32 private constant DOMAIN = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant NAME = keccak256("Cardhour");
    bytes32 private constant VERSION = keccak256("1");

    /// @notice The domain of the auction at `auction` on this chain, as it is now: chains fork.
    function separator(address auction) internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN, NAME, VERSION, block.chainid, auction));
    }

    /// @notice Digest of a message with this struct hash.
    function digest(address auction, bytes32 structHash) internal view returns (bytes32) {
        return MessageHashUtils.toTypedDataHash(separator(auction), structHash);
    }
}
