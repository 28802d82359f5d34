// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The cheatcodes the tests use; Hardhat's test runner answers at `VM_ADDRESS`.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function addr(uint256 privateKey) external pure returns (address);

    function assume(bool condition) external pure;

    function expectRevert() external;

    function expectRevert(bytes calldata data) external;

    function getRecordedLogs() external returns (Log[] memory);

    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);

    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);

    function parseJsonBytes32Array(string calldata json, string calldata key) external pure returns (bytes32[] memory);

    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);

    function parseJsonString(string calldata json, string calldata key) external pure returns (string memory);

    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);

    function keyExistsJson(string calldata json, string calldata key) external view returns (bool);

    function prank(address sender) external;

    function readFile(string calldata path) external view returns (string memory);

    function recordLogs() external;

    function revertToStateAndDelete(uint256 id) external returns (bool);

    function roll(uint256 blockNumber) external;

    function sign(uint256 privateKey, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);

    function snapshotGasLastCall(string calldata group, string calldata name) external returns (uint256 gasUsed);

    function snapshotState() external returns (uint256 id);

    function toString(uint256 value) external pure returns (string memory);

    function warp(uint256 timestamp) external;
}

address constant VM_ADDRESS = address(uint160(uint256(keccak256("hevm cheat code"))));
Vm constant vm = Vm(VM_ADDRESS);

/// @notice Assertions that say what they saw.
abstract contract Assertions {
    error NotEqual(string what, bytes32 got, bytes32 wanted);
    error NumbersDiffer(string what, uint256 got, uint256 wanted);
    error NotTrue(string what);

    function eq(uint256 got, uint256 wanted, string memory what) internal pure {
        if (got != wanted) revert NumbersDiffer(what, got, wanted);
    }

    function eq(bytes32 got, bytes32 wanted, string memory what) internal pure {
        if (got != wanted) revert NotEqual(what, got, wanted);
    }

    function ok(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }

    function bound(uint256 value, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + (value % (most - least + 1));
    }
}
