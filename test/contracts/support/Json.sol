// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {vm} from "./Vm.sol";

/// @notice A place in a JSON text; `get` goes deeper.
struct Json {
    string text;
    string path;
}

using {get, item, has, count, uintOf, hashOf, bytesOf, addressOf, textOf, hashesOf, value, content} for Json global;

function readJson(string memory file) view returns (Json memory) {
    return Json(vm.readFile(file), "$");
}

function get(Json memory json, string memory key) pure returns (Json memory) {
    return Json(json.text, string.concat(json.path, ".", key));
}

function item(Json memory json, uint256 index) pure returns (Json memory) {
    return Json(json.text, string.concat(json.path, "[", vm.toString(index), "]"));
}

function has(Json memory json) view returns (bool) {
    return vm.keyExistsJson(json.text, json.path);
}

/// @dev Items of a list; linear in it, which suits vectors.
function count(Json memory json) view returns (uint256 items) {
    while (has(item(json, items))) ++items;
}

function uintOf(Json memory json, string memory key) pure returns (uint256) {
    return vm.parseJsonUint(json.text, get(json, key).path);
}

function hashOf(Json memory json, string memory key) pure returns (bytes32) {
    return vm.parseJsonBytes32(json.text, get(json, key).path);
}

function bytesOf(Json memory json, string memory key) pure returns (bytes memory) {
    return vm.parseJsonBytes(json.text, get(json, key).path);
}

function addressOf(Json memory json, string memory key) pure returns (address) {
    return vm.parseJsonAddress(json.text, get(json, key).path);
}

function textOf(Json memory json, string memory key) pure returns (string memory) {
    return vm.parseJsonString(json.text, get(json, key).path);
}

function hashesOf(Json memory json, string memory key) pure returns (bytes32[] memory) {
    return vm.parseJsonBytes32Array(json.text, get(json, key).path);
}

/// @dev The number that stands here.
function value(Json memory json) pure returns (uint256) {
    return vm.parseJsonUint(json.text, json.path);
}

/// @dev The bytes that stand here.
function content(Json memory json) pure returns (bytes memory) {
    return vm.parseJsonBytes(json.text, json.path);
}
