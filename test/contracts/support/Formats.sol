// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Eip712} from "../../../contracts/libraries/Eip712.sol";
import {IClusters} from "../../../contracts/interfaces/IClusters.sol";
import {Ask, Listing, Order, Receipt} from "../../../contracts/types/Trade.sol";

/// @notice Ids of messages by ABI encoding alone: the reference for what the contracts read from packed bytes.
contract Formats {
    function domainSeparator(uint256 chainId, address auction) public pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        );
        return keccak256(abi.encode(typeHash, keccak256("Cardhour"), keccak256("1"), chainId, auction));
    }

    function askId(uint256 chainId, address auction, Ask calldata ask) external pure returns (bytes32) {
        return digest(chainId, auction, keccak256(abi.encode(Eip712.ASK, ask)));
    }

    function listingId(uint256 chainId, address auction, Listing calldata listing) external pure returns (bytes32) {
        return digest(chainId, auction, keccak256(abi.encode(Eip712.LISTING, listing)));
    }

    function orderId(uint256 chainId, address auction, Order calldata order) external pure returns (bytes32) {
        return digest(chainId, auction, keccak256(abi.encode(Eip712.ORDER, order)));
    }

    function consentId(address auction, IClusters.Consent calldata consent) external view returns (bytes32) {
        bytes32 typeHash = keccak256(
            "Consent(address provider,bytes32 node,bytes32 members,uint16 cards,uint64 power,uint96 reservePrice,uint40 validFrom,uint40 validUntil,uint64 nonce)"
        );
        return digest(block.chainid, auction, keccak256(abi.encode(typeHash, consent)));
    }

    function receiptId(address auction, Receipt calldata receipt) external view returns (bytes32) {
        bytes32 typeHash = keccak256("Receipt(address scheduler,uint64 slot,uint32 seq,bytes32 item,bytes32 head)");
        return digest(block.chainid, auction, keccak256(abi.encode(typeHash, receipt)));
    }

    function outageId(
        address auction,
        uint64 leaseId,
        bytes32 node,
        uint40 from,
        uint40 to
    ) external view returns (bytes32) {
        bytes32 typeHash = keccak256("Outage(uint64 leaseId,bytes32 node,uint40 from,uint40 to)");
        return digest(block.chainid, auction, keccak256(abi.encode(typeHash, leaseId, node, from, to)));
    }

    function quoteId(address auction, bytes32 orderId_, uint64 validUntil) external view returns (bytes32) {
        bytes32 typeHash = keccak256("Quote(bytes32 orderId,uint64 validUntil)");
        return digest(block.chainid, auction, keccak256(abi.encode(typeHash, orderId_, validUntil)));
    }

    /// @notice Root of a tree, computed level by level.
    function rootOf(uint8 tag, bytes32[] memory leaves) external pure returns (bytes32) {
        uint32 count = uint32(leaves.length);
        return keccak256(abi.encodePacked(uint8(2), tag, count, topOf(leaves)));
    }

    function topOf(bytes32[] memory level) public pure returns (bytes32) {
        if (level.length == 0) return 0;
        if (level.length == 1) return level[0];
        bytes32[] memory above = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < above.length; ++i) {
            above[i] =
                2 * i + 1 == level.length
                    ? level[2 * i]
                    : keccak256(abi.encodePacked(uint8(1), level[2 * i], level[2 * i + 1]));
        }
        return topOf(above);
    }

    /// @notice Siblings from the leaf up; none where a node moves up unpaired.
    function proofOf(bytes32[] memory level, uint256 index) external pure returns (bytes32[] memory proof) {
        proof = new bytes32[](8);
        uint256 used = 0;
        for (uint256 width = level.length; width > 1;) {
            if (index ^ 1 < width) proof[used++] = level[index ^ 1];
            uint256 half = (width + 1) / 2;
            for (uint256 i = 0; i < half; ++i) {
                level[i] =
                    2 * i + 1 == width
                        ? level[2 * i]
                        : keccak256(abi.encodePacked(uint8(1), level[2 * i], level[2 * i + 1]));
            }
            (width, index) = (half, index / 2);
        }
        assembly ("memory-safe") {
            mstore(proof, used)
        }
    }

    function digest(uint256 chainId, address auction, bytes32 structHash) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domainSeparator(chainId, auction), structHash));
    }
}
