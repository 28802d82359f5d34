// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Rea} from "../../contracts/libraries/Rea.sol";
import {Assertions, vm} from "./support/Vm.sol";

/// @notice The auction's rule against the vectors of the independent implementation, and its properties.
contract ReaTest is Assertions {
    uint256 private constant NONE = type(uint256).max;

    function test_clear_agreesWithTheVectors() public view {
        string memory json = vm.readFile("test/vectors/rea.json");
        uint256 cases = 0;
        while (vm.keyExistsJson(json, path(cases, ".start"))) {
            checkVector(json, cases);
            ++cases;
        }
        ok(cases >= 60, "all cases were read");
    }

    /// @notice 10,000 random auctions end as `domain/rea.ts` says, hash by hash of a hundred.
    function test_clear_agreesWithTypeScriptOnRandomAuctions() public view {
        bytes32[] memory wanted = vm.parseJsonBytes32Array(vm.readFile("test/vectors/rea-random.json"), "$");
        eq(wanted.length, 100, "all cases were read");
        for (uint256 i = 0; i < wanted.length; ++i) eq(this.hundred(100 * i), wanted[i], vm.toString(100 * i));
    }

    function testFuzz_clear_pricesBetweenReserveAndStart(
        uint128 start,
        uint64 gamma,
        uint128[6] memory reserves,
        uint8[6] memory ties
    ) public pure {
        start = uint128(bound(start, 1, type(uint128).max));
        Rea.Candidate[] memory candidates = random(start, reserves, ties);
        uint256[] memory g = Rea.clock(bound(gamma, 0.5e18, 0.973e18), 255);
        Rea.Cleared memory result = Rea.clear(start, g, candidates);
        uint256 accepting = 0;
        for (uint256 i = 0; i < candidates.length; ++i) if (candidates[i].reserve <= start) ++accepting;
        ok(result.found == (accepting > 0), "no task fails while any ask accepts its start price");
        ok((result.runnerUp != NONE) == (accepting > 1), "a runner-up whenever two accept");
        if (!result.found) return;
        ok(result.price >= candidates[result.winner].reserve && result.price <= start, "price within");
        if (accepting == 1) eq(result.price, start, "alone, at the start price");
    }

    /// @notice Truth is dominant for one ask: no misreport earns its owner more.
    function testFuzz_clear_rewardsNoMisreport(
        uint64 start,
        uint64 gamma,
        uint128[6] memory reserves,
        uint8[6] memory ties,
        uint128 lie
    ) public pure {
        start = uint64(bound(start, 1, type(uint64).max));
        Rea.Candidate[] memory candidates = random(start, reserves, ties);
        uint256[] memory g = Rea.clock(bound(gamma, 0.5e18, 0.973e18), 255);
        uint256 truth = candidates[0].reserve;
        int256 honest = gain(Rea.clear(start, g, candidates), truth);
        candidates[0].reserve = uint128(bound(lie, 0, 2 * uint256(start)));
        ok(gain(Rea.clear(start, g, candidates), truth) <= honest, "the lie gains nothing");
    }

    function testFuzz_clock_fallsToTheEnd(uint64 gamma) public pure {
        uint256[] memory g = Rea.clock(bound(gamma, 0.5e18, 0.973e18), 255);
        eq(g[0], 1e18, "starts at one");
        for (uint256 k = 0; k < 255; ++k) ok(g[k + 1] < g[k] || g[k] == 0, "falls");
        ok(g[255] < 0.001e18, "ends near zero");
    }

    /// @dev The auctions of `test/vectors/rea-random.ts`; a call of its own, so that memory starts anew.
    function hundred(uint256 first) external pure returns (bytes32 digest) {
        uint256[] memory g = Rea.clock(0.5e18 + (drawn(first, 999) % (0.473e18 + 1)), 255);
        for (uint256 index = first; index < first + 100; ++index) {
            uint128 start = uint128(1 + (drawn(index, 0) % (1 << (1 + (drawn(index, 1) % 100)))));
            Rea.Cleared memory r = Rea.clear(start, g, drawnCandidates(index, start));
            digest = keccak256(abi.encode(digest, r.found, r.winner, r.runnerUp, uint256(r.step), r.price));
        }
    }

    function drawnCandidates(uint256 index, uint128 start) private pure returns (Rea.Candidate[] memory candidates) {
        candidates = new Rea.Candidate[](drawn(index, 2) % 8);
        for (uint256 j = 0; j < candidates.length; ++j) {
            candidates[j] = Rea.Candidate({
                reserve: uint128(drawn(index, 10 + 5 * j) % (uint256(start) + start / 8 + 1)),
                distance: drawn(index, 11 + 5 * j) % 3,
                entropyGap: drawn(index, 12 + 5 * j) % 3,
                lottery: bytes32(drawn(index, 13 + 5 * j) % 2),
                askId: bytes32(drawn(index, 14 + 5 * j))
            });
        }
    }

    function drawn(uint256 index, uint256 which) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(index, which)));
    }

    function gain(Rea.Cleared memory result, uint256 truth) private pure returns (int256) {
        return result.found && result.winner == 0 ? int256(result.price) - int256(truth) : int256(0);
    }

    function random(
        uint128 start,
        uint128[6] memory reserves,
        uint8[6] memory ties
    ) private pure returns (Rea.Candidate[] memory candidates) {
        candidates = new Rea.Candidate[](6);
        for (uint256 i = 0; i < 6; ++i) {
            uint256 most = uint256(start) + start / 8;
            candidates[i] = Rea.Candidate({
                reserve: uint128(bound(reserves[i], 1, most > type(uint128).max ? type(uint128).max : most)),
                distance: ties[i] & 3,
                entropyGap: (ties[i] >> 2) & 3,
                lottery: bytes32(uint256(ties[i] >> 6)),
                askId: bytes32(i)
            });
        }
    }

    function checkVector(string memory json, uint256 index) private view {
        Rea.Candidate[] memory candidates = readCandidates(json, index);
        uint256[] memory g = Rea.clock(vm.parseJsonUint(json, path(index, ".gammaWad")), 255);
        Rea.Cleared memory result = Rea.clear(uint128(vm.parseJsonUint(json, path(index, ".start"))), g, candidates);
        bool wanted = vm.keyExistsJson(json, path(index, ".expect.price"));
        ok(result.found == wanted, "found");
        if (!wanted) return;
        eq(result.price, vm.parseJsonUint(json, path(index, ".expect.price")), "price");
        eq(result.step, vm.parseJsonUint(json, path(index, ".expect.step")), "step");
        named(json, index, ".expect.winner", result.winner);
        // A null has no string; the named runner-up must be the one found.
        if (result.runnerUp != NONE) named(json, index, ".expect.runnerUp", result.runnerUp);
        else
            eq(keccak256(bytes(vm.parseJsonString(json, path(index, ".expect.runnerUp")))), keccak256("null"), "alone");
    }

    function named(string memory json, uint256 index, string memory key, uint256 position) private pure {
        string memory name = vm.parseJsonString(json, path(index, key));
        string memory found = vm.parseJsonString(json, asks(index, position, ".ask"));
        eq(keccak256(bytes(found)), keccak256(bytes(name)), key);
    }

    function readCandidates(
        string memory json,
        uint256 index
    ) private view returns (Rea.Candidate[] memory candidates) {
        uint256 count = 0;
        while (vm.keyExistsJson(json, asks(index, count, ".ask"))) ++count;
        candidates = new Rea.Candidate[](count);
        for (uint256 i = 0; i < count; ++i) {
            candidates[i] = Rea.Candidate({
                reserve: uint128(vm.parseJsonUint(json, asks(index, i, ".reserve"))),
                distance: vm.parseJsonUint(json, asks(index, i, ".distance")),
                entropyGap: vm.parseJsonUint(json, asks(index, i, ".entropyGap")),
                lottery: vm.parseJsonBytes32(json, asks(index, i, ".lottery")),
                askId: keccak256(bytes(vm.parseJsonString(json, asks(index, i, ".ask"))))
            });
        }
    }

    function path(uint256 index, string memory rest) private pure returns (string memory) {
        return string.concat("$[", vm.toString(index), "]", rest);
    }

    function asks(uint256 index, uint256 ask, string memory rest) private pure returns (string memory) {
        return path(index, string.concat(".asks[", vm.toString(ask), "]", rest));
    }
}
