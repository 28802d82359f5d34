// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IClusters} from "../../contracts/interfaces/IClusters.sol";
import {IProviderRegistry} from "../../contracts/interfaces/IProviderRegistry.sol";
import {Reputation} from "../../contracts/Reputation.sol";
import {Addresses} from "../../contracts/types/Parameters.sol";
import {ClusterWorld} from "./support/ClusterWorld.sol";
import {addressesOf, defaultParameters} from "./support/CustodyDoubles.sol";
import {Vm, vm} from "./support/Vm.sol";

/// @notice Nodes come together by consent, and by nothing less.
contract ClustersTest is ClusterWorld {
    function setUp() public {
        setUpWorld();
    }

    /// @notice Ids that viem and ethers computed alike, from the same messages on chain 31337.
    function test_form_hasTheIdsOfVectors() public {
        IClusters.Consent[] memory consents = pair();
        eq(consents[0].members, 0xd4cb21064a77faf3adbaa11783b7afac2c28f212a3f96e575fda32a44bb91d97, "members");
        eq(digest(consents[0]), 0x0559560d964373612ea6b239c65fd4f7001c8d9f234ac6343ecd06d62ea3ebab, "consent");
        bytes32 cluster = form(consents);
        eq(cluster, 0x044b073eddbba175006e433b61dc82c1f7206e0d6c02a5e5467e68495177ee3b, "cluster");
        eq(
            clusters.askFormedAt(0xb4b0713c7bdc1e9c5812023315d5a1d1eb0db79398c98a1671bf587b385912b4),
            START,
            "ask of 4 cards at 1.5"
        );
        eq(clusters.askFormedAt(keccak256("another")), 0, "no other ask");
    }

    function test_form_saysAllOfIt() public {
        vm.recordLogs();
        bytes32 cluster = form(pair());
        Vm.Log memory log = vm.getRecordedLogs()[0];
        IClusters.Member[] memory members = new IClusters.Member[](2);
        members[0] = IClusters.Member(provider(1), 300, node(1));
        members[1] = IClusters.Member(provider(2), 100, node(2));
        bytes32 askId = 0xb4b0713c7bdc1e9c5812023315d5a1d1eb0db79398c98a1671bf587b385912b4;
        eq(log.topics[0], IClusters.ClusterFormed.selector, "event");
        eq(log.topics[1], cluster, "cluster");
        eq(log.topics[2], bytes32(uint256(uint160(accountOf(cluster)))), "account");
        eq(
            keccak256(log.data),
            keccak256(abi.encode(askId, CLASS, REGION, uint16(4), uint96(1_500_000), FROM, UNTIL, members)),
            "ask, class, region, cards, reserve, cycle, members"
        );
        eq(keccak256(abi.encode(clusters.membersOf(accountOf(cluster)))), keccak256(abi.encode(members)), "members");
        eq(clusters.membersOf(provider(1)).length, 0, "a provider is no cluster");
    }

    function test_form_marksEveryNodeForTheCycle() public {
        bytes32 cluster = form(pair());
        for (uint256 i = 1; i <= 2; ++i) {
            eq(registry.clusterOf(node(i)), cluster, "cluster");
            eq(registry.clusteredUntil(node(i)), UNTIL, "until");
        }
    }

    function test_form_takesSixteenMembersAndOneProvidersNodes() public {
        form(consentsOf(16));
        IClusters.Consent[] memory consents = consentsOf(2);
        for (uint256 i = 0; i < 2; ++i) {
            consents[i].node = node(20 + i);
            consents[i].provider = provider(1);
            consents[i].nonce = uint64(100 + i);
            registry.setNode(node(20 + i), provider(1), 8, KIND);
        }
        agree(consents);
        form(consents);
    }

    function test_form_failsWithTooFewOrTooMany() public {
        refuses(consentsOf(1), abi.encodeWithSelector(IClusters.TooFewMembers.selector, 1));
        refuses(consentsOf(17), abi.encodeWithSelector(IClusters.TooManyMembers.selector, 17));
        IClusters.Consent[] memory consents = pair();
        vm.expectRevert(abi.encodeWithSelector(IClusters.SignatureCount.selector, 2, 1));
        clusters.form(CLASS, REGION, consents, new bytes[](1));
    }

    function test_form_failsUnorderedOrWithANodeTwice() public {
        IClusters.Consent[] memory consents = pair();
        (consents[0], consents[1]) = (consents[1], consents[0]);
        refuses(consents, abi.encodeWithSelector(IClusters.MembersUnordered.selector, node(2), node(1)));
        consents[0] = consents[1];
        refuses(consents, abi.encodeWithSelector(IClusters.MembersUnordered.selector, node(1), node(1)));
    }

    function test_form_failsWhenAMemberChangesItsPowerAfterTheOthersSigned() public {
        IClusters.Consent[] memory consents = pair();
        consents[1].power = 1e6;
        refuses(consents, abi.encodeWithSelector(IClusters.ConsentMismatch.selector, node(1)));
    }

    function test_form_failsWithoutOneCycle() public {
        IClusters.Consent[] memory consents = pair();
        consents[1].validFrom = FROM + 1;
        refuses(consents, abi.encodeWithSelector(IClusters.ConsentMismatch.selector, node(2)));
        consents = pair();
        consents[1].validUntil = UNTIL - 1;
        refuses(consents, abi.encodeWithSelector(IClusters.ConsentMismatch.selector, node(2)));
    }

    function test_form_failsForAnotherCluster() public {
        IClusters.Consent[] memory consents = pair();
        consents[1].members = keccak256("others");
        refuses(consents, abi.encodeWithSelector(IClusters.ConsentMismatch.selector, node(2)));
    }

    function test_form_failsWhenAConsentOffersNothing() public {
        bytes memory mismatch = abi.encodeWithSelector(IClusters.ConsentMismatch.selector, node(2));
        IClusters.Consent[] memory consents = pair();
        consents[1].cards = 0;
        refuses(consents, mismatch);
        consents = pair();
        consents[1].reservePrice = 0;
        refuses(consents, mismatch);
        consents = pair();
        consents[1].power = 0;
        agree(consents);
        refuses(consents, mismatch);
        consents = pair();
        consents[1].cards = 9;
        refuses(consents, mismatch);
    }

    function test_form_failsOutsideTheCyclesBounds() public {
        cycleFails(uint40(START) - 1, uint40(START) + 10);
        cycleFails(uint40(START) + 1 days + 1, uint40(START) + 1 days + 10);
        cycleFails(FROM, FROM);
        cycleFails(FROM, FROM - 1);
        cycleFails(FROM, FROM + 1 days + 1);
        cycleFails(FROM, type(uint40).max);
        form(consentsIn(uint40(START) + 1 days, uint40(START) + 2 days));
    }

    function test_form_takesACycleFromNowOn() public {
        form(consentsIn(uint40(START), uint40(START) + 1));
    }

    function test_form_failsForSomeoneElsesNode() public {
        registry.setNode(node(2), provider(3), 8, KIND);
        refuses(pair(), abi.encodeWithSelector(IClusters.ConsentMismatch.selector, node(2)));
        registry.setNode(node(2), address(0), 0, 0);
        refuses(pair(), abi.encodeWithSelector(IClusters.ConsentMismatch.selector, node(2)));
    }

    function test_form_failsForANodeOfAnotherKind() public {
        registry.setNode(node(1), provider(1), 8, keccak256(abi.encodePacked(CLASS, keccak256("cn-110000"))));
        refuses(pair(), abi.encodeWithSelector(IClusters.KindMismatch.selector, node(1)));
    }

    function test_form_failsForAProviderThatDoesNotSell() public {
        registry.setProvider(provider(2), address(0), address(0x99));
        refuses(pair(), abi.encodeWithSelector(IClusters.NotSelling.selector, provider(2)));
    }

    function test_form_failsWithAnotherKeysSignature() public {
        IClusters.Consent[] memory consents = pair();
        bytes[] memory signatures = sign(consents);
        bytes memory bad = abi.encodeWithSelector(IClusters.BadSignature.selector, vm.addr(keyOf(2)));
        bytes memory good = signatures[1];
        signatures[1] = signatures[0];
        refusesSigned(consents, signatures, bad);
        signatures[1] = "";
        refusesSigned(consents, signatures, bad);
        signatures[1] = good;
        consents[1].reservePrice += 1;
        refusesSigned(consents, signatures, bad);
        consents[1].reservePrice -= 1;
        registry.setProvider(provider(2), vm.addr(0xFE), address(0x99));
        bad = abi.encodeWithSelector(IClusters.BadSignature.selector, vm.addr(0xFE));
        refusesSigned(consents, signatures, bad);
    }

    function test_form_usesUpEveryNonce() public {
        form(pair());
        vm.warp(uint256(UNTIL) + 71);
        IClusters.Consent[] memory consents = consentsIn(UNTIL + 100, UNTIL + 200);
        consents[0].nonce = 42;
        refuses(consents, abi.encodeWithSelector(IClusters.NonceUsed.selector, provider(2), 9));
        consents[1].nonce = 43;
        form(consents);
    }

    function test_form_failsWithOneProvidersNonceTwice() public {
        registry.setNode(node(2), provider(1), 8, KIND);
        IClusters.Consent[] memory consents = pair();
        consents[1].provider = provider(1);
        consents[1].nonce = consents[0].nonce;
        refuses(consents, abi.encodeWithSelector(IClusters.NonceUsed.selector, provider(1), 8));
    }

    function test_form_leavesANodeAloneUntilItsLastClusterIsSettled() public {
        form(pair());
        uint40[2] memory times = [UNTIL, UNTIL + 70];
        for (uint256 i = 0; i < 2; ++i) {
            vm.warp(times[i]);
            IClusters.Consent[] memory consents = consentsIn(UNTIL + 100, UNTIL + 200);
            consents[0].nonce = 42;
            consents[1].nonce = 43;
            refuses(consents, abi.encodeWithSelector(IProviderRegistry.NodeInCluster.selector, node(1), UNTIL + 70));
        }
    }

    function test_cancelConsents_stopsAConsentThatWasNotUsed() public {
        uint64[] memory nonces = new uint64[](2);
        (nonces[0], nonces[1]) = (9, 9);
        vm.recordLogs();
        vm.prank(provider(2));
        clusters.cancelConsents(nonces);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        eq(logs.length, 1, "once");
        eq(logs[0].topics[0], IClusters.ConsentCancelled.selector, "event");
        eq(logs[0].topics[1], bytes32(uint256(uint160(provider(2)))), "provider");
        eq(abi.decode(logs[0].data, (uint64)), 9, "nonce");
        refuses(pair(), abi.encodeWithSelector(IClusters.NonceUsed.selector, provider(2), 9));
    }

    function test_cancelConsents_touchesNobodyElses() public {
        uint64[] memory nonces = new uint64[](2);
        (nonces[0], nonces[1]) = (8, 9);
        clusters.cancelConsents(nonces);
        form(pair());
    }

    function test_distribute_failsForAnUnknownClusterOrNothing() public {
        vm.expectRevert(abi.encodeWithSelector(IClusters.ClusterUnknown.selector, bytes32("none")));
        clusters.distribute("none");
        bytes32 cluster = form(pair());
        vm.expectRevert(abi.encodeWithSelector(IClusters.NothingToDistribute.selector, cluster));
        clusters.distribute(cluster);
    }

    function test_distribute_paysByPowerToThePayoutAddresses() public {
        bytes32 cluster = form(pair());
        vault.credit(accountOf(cluster), 103);
        vm.recordLogs();
        clusters.distribute(cluster);
        eq(vault.available(payout(1)), 77, "300 of 400, rounded down");
        eq(vault.available(payout(2)), 26, "the rest");
        eq(vault.available(accountOf(cluster)), 0, "nothing left");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        eq(logs.length, 2, "one event a member");
        eq(logs[1].topics[0], IClusters.ClusterPaid.selector, "event");
        eq(logs[1].topics[1], cluster, "cluster");
        eq(logs[1].topics[2], bytes32(uint256(uint160(provider(2)))), "provider");
        eq(logs[1].topics[3], node(2), "node");
        eq(abi.decode(logs[1].data, (uint256)), 26, "amount");
    }

    function test_distribute_paysMembersThatShareAPayoutAddress() public {
        registry.setProvider(provider(1), vm.addr(keyOf(1)), payout(2));
        bytes32 cluster = form(pair());
        vault.credit(accountOf(cluster), 400);
        clusters.distribute(cluster);
        eq(vault.available(payout(2)), 400, "both shares");
    }

    function test_reputation_goesToTheMembersOfAFormedCluster() public {
        address account = accountOf(form(pair()));
        Addresses memory a = addressesOf(address(vault), address(registry), address(clusters));
        a.leaseBook = address(this);
        Reputation reputation = new Reputation(a, defaultParameters());
        address[] memory providers = new address[](1);
        uint256[] memory good = new uint256[](1);
        (providers[0], good[0]) = (account, 20e6);
        reputation.record(providers, good, new uint256[](1));
        uint40 tomorrow = uint40(START) + 1 days;
        ok(reputation.scoreAt(provider(1), tomorrow) > reputation.scoreAt(provider(2), tomorrow), "by power");
        eq(reputation.scoreAt(account, tomorrow), reputation.scoreAt(provider(2), tomorrow), "the least");
    }

    function testFuzz_distribute_conservesWhateverArrives(
        uint96[4] memory amounts,
        uint64 powerA,
        uint64 powerB
    ) public {
        IClusters.Consent[] memory consents = pair();
        consents[0].power = powerA == 0 ? 1 : powerA;
        consents[1].power = powerB == 0 ? 1 : powerB;
        agree(consents);
        bytes32 cluster = form(consents);
        uint256 total = 0;
        for (uint256 i = 0; i < 4; ++i) {
            if (amounts[i] == 0) continue;
            total += amounts[i];
            vault.credit(accountOf(cluster), amounts[i]);
            clusters.distribute(cluster);
            eq(vault.available(accountOf(cluster)), 0, "zero after each");
        }
        uint256 first = vault.available(payout(1));
        eq(first + vault.available(payout(2)), total, "conserved");
        uint256 exact = (total * consents[0].power) / (uint256(consents[0].power) + consents[1].power);
        ok(first <= exact && first + 4 >= exact, "a unit a payout at most");
    }

    function cycleFails(uint40 from, uint40 until) private {
        refuses(consentsIn(from, until), abi.encodeWithSelector(IClusters.CycleInvalid.selector, from, until));
    }
}
