// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Clusters} from "../../../contracts/Clusters.sol";
import {IClusters} from "../../../contracts/interfaces/IClusters.sol";
import {Addresses} from "../../../contracts/types/Parameters.sol";
import {RegistryDouble, VaultDouble, addressesOf, defaultParameters} from "./CustodyDoubles.sol";
import {Assertions, vm} from "./Vm.sol";

/// @notice Seventeen providers with a node each, and the hands to sign consents with.
abstract contract ClusterWorld is Assertions {
    uint256 internal constant START = 1_700_000_000;
    uint40 internal constant FROM = uint40(START) + 3600;
    uint40 internal constant UNTIL = uint40(START) + 7200;
    bytes32 internal constant CLASS = keccak256("H100-SXM-80G");
    bytes32 internal constant REGION = keccak256("cn-310000");
    bytes32 internal constant KIND = keccak256(abi.encodePacked(CLASS, REGION));
    address internal constant AUCTION = address(0xa0c71);

    VaultDouble internal vault;
    RegistryDouble internal registry;
    Clusters internal clusters;

    function setUpWorld() internal {
        vm.warp(START);
        vault = new VaultDouble();
        registry = new RegistryDouble();
        Addresses memory a = addressesOf(address(vault), address(registry), address(0));
        a.auction = AUCTION;
        clusters = new Clusters(a, defaultParameters());
        for (uint256 i = 1; i <= 17; ++i) {
            registry.setProvider(provider(i), vm.addr(keyOf(i)), payout(i));
            registry.setNode(node(i), provider(i), 8, KIND);
        }
    }

    /// @dev 8 cards at 1 with power 300, and 4 cards at 1.5 with power 100.
    function pair() internal pure returns (IClusters.Consent[] memory consents) {
        consents = consentsOf(2);
        (consents[0].power, consents[1].power) = (300, 100);
        (consents[0].cards, consents[1].cards) = (8, 4);
        consents[1].reservePrice = 1_500_000;
        agree(consents);
    }

    function consentsIn(uint40 from, uint40 until) internal pure returns (IClusters.Consent[] memory consents) {
        consents = pair();
        for (uint256 i = 0; i < 2; ++i) (consents[i].validFrom, consents[i].validUntil) = (from, until);
    }

    function consentsOf(uint256 count) internal pure returns (IClusters.Consent[] memory consents) {
        consents = new IClusters.Consent[](count);
        for (uint256 i = 0; i < count; ++i) {
            consents[i] = IClusters.Consent({
                provider: provider(i + 1),
                node: node(i + 1),
                members: 0,
                cards: 8,
                power: 100,
                reservePrice: 1_000_000,
                validFrom: FROM,
                validUntil: UNTIL,
                nonce: uint64(8 + i)
            });
        }
        agree(consents);
    }

    /// @dev Has every consent name the members and powers as they are.
    function agree(IClusters.Consent[] memory consents) internal pure {
        bytes memory members;
        for (uint256 i = 0; i < consents.length; ++i) {
            members = abi.encodePacked(members, consents[i].node, consents[i].power);
        }
        for (uint256 i = 0; i < consents.length; ++i) consents[i].members = keccak256(members);
    }

    /// @dev With the keys of the providers that the consents name.
    function sign(IClusters.Consent[] memory consents) internal view returns (bytes[] memory signatures) {
        signatures = new bytes[](consents.length);
        for (uint256 i = 0; i < consents.length; ++i) {
            uint256 key = keyOf(uint160(consents[i].provider) - 0xb00);
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest(consents[i]));
            signatures[i] = abi.encodePacked(r, s, v);
        }
    }

    function digest(IClusters.Consent memory consent) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Cardhour"),
                keccak256("1"),
                block.chainid,
                AUCTION
            )
        );
        bytes32 typeHash = keccak256(
            "Consent(address provider,bytes32 node,bytes32 members,uint16 cards,uint64 power,uint96 reservePrice,uint40 validFrom,uint40 validUntil,uint64 nonce)"
        );
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(typeHash, consent))));
    }

    function form(IClusters.Consent[] memory consents) internal returns (bytes32) {
        return clusters.form(CLASS, REGION, consents, sign(consents));
    }

    function refuses(IClusters.Consent[] memory consents, bytes memory refusal) internal {
        refusesSigned(consents, sign(consents), refusal);
    }

    function refusesSigned(
        IClusters.Consent[] memory consents,
        bytes[] memory signatures,
        bytes memory refusal
    ) internal {
        vm.expectRevert(refusal);
        clusters.form(CLASS, REGION, consents, signatures);
    }

    function node(uint256 index) internal pure returns (bytes32) {
        return bytes32(index);
    }

    function provider(uint256 index) internal pure returns (address) {
        return address(uint160(0xb00 + index));
    }

    function payout(uint256 index) internal pure returns (address) {
        return address(uint160(0xf00 + index));
    }

    function keyOf(uint256 index) internal pure returns (uint256) {
        return 0x50 + index;
    }

    function accountOf(bytes32 cluster) internal pure returns (address) {
        return address(uint160(uint256(cluster)));
    }
}
