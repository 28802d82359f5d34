// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IAuction} from "./interfaces/IAuction.sol";
import {Eip712} from "./libraries/Eip712.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Order} from "./types/Trade.sol";

/// @title Approvals
/// @notice Orders of accounts that can't sign: approved on-chain before the slot closes, because a contract's answer could change
/// after it.
abstract contract Approvals is IAuction, EIP712 {
    /// @inheritdoc IAuction
    mapping(bytes32 orderId => uint40 time) public approvedAt;

    /// @inheritdoc IAuction
    function approveOrder(Order calldata order) external {
        if (order.consumer != msg.sender) revert NotConsumer(order.consumer, msg.sender);
        _approve(order.consumer, _hashTypedDataV4(Eip712.hashOrder(order)));
    }

    /// @inheritdoc IAuction
    function approveOrderSigned(Order calldata order, bytes calldata signature) external {
        bytes32 orderId = _hashTypedDataV4(Eip712.hashOrder(order));
        if (!Signatures.isValid(order.consumer, orderId, signature)) revert BadSignature(order.consumer);
        _approve(order.consumer, orderId);
    }

    /// @inheritdoc IAuction
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    /// @dev The first time counts: a second approval changes nothing.
    function _approve(address consumer, bytes32 orderId) private {
        if (approvedAt[orderId] != 0) return;
        approvedAt[orderId] = uint40(block.timestamp);
        emit OrderApproved(orderId, consumer);
    }
}
