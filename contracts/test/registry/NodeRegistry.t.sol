// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {NodeRegistry} from "../../src/registry/NodeRegistry.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {RegistryWallet} from "../mocks/RegistryWallet.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

contract NodeRegistryTest is RegistryFixture {
    uint256 private constant CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    address private otherProvider = makeAddr("other provider");

    function setUp() public override {
        super.setUp();
        _registerProvider(provider);
    }

    // Providers

    function test_RegisterProvider_StartsInTier6() public {
        _bond(IBonds.Role.Provider, otherProvider, MINIMUM_BOND);
        vm.expectEmit(address(registry));
        emit INodeRegistry.ProviderRegistered(otherProvider, rewardWallet, address(token), 6, "ipfs://me");
        vm.prank(otherProvider);
        registry.registerProvider(rewardWallet, address(token), "ipfs://me");

        INodeRegistry.Provider memory found = registry.providerOf(otherProvider);
        assertEq(found.rewardWallet, rewardWallet);
        assertEq(found.trustTier, 6);
        assertTrue(found.registered);
        assertFalse(found.suspended);
    }

    function test_RegisterProvider_RevertWhen_TheRewardWalletIsZero() public {
        vm.prank(otherProvider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidAccount.selector, address(0)));
        registry.registerProvider(address(0), address(token), "");
    }

    function test_RegisterProvider_RevertWhen_RegisteredAlready() public {
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, provider));
        registry.registerProvider(rewardWallet, address(token), "");
    }

    function testFuzz_RegisterProvider_RevertWhen_TheBondIsTooSmall(uint256 amount) public {
        amount = bound(amount, 1, MINIMUM_BOND - 1);
        _bond(IBonds.Role.Provider, otherProvider, amount);
        vm.prank(otherProvider);
        vm.expectRevert(
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotBonded.selector, otherProvider, address(token))
        );
        registry.registerProvider(rewardWallet, address(token), "");
    }

    function test_RegisterProvider_RevertWhen_TheUriIsTooLong() public {
        vm.prank(otherProvider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidClaim.selector, bytes32("uri")));
        registry.registerProvider(rewardWallet, address(token), string(new bytes(257)));
    }

    // Reward wallets

    function test_RewardWallet_ChangesOnceItAccepts() public {
        address wallet = makeAddr("new wallet");
        vm.expectEmit(address(registry));
        emit INodeRegistry.RewardWalletProposed(provider, wallet);
        vm.prank(provider);
        registry.proposeRewardWallet(wallet);
        assertEq(registry.providerOf(provider).rewardWallet, rewardWallet);

        vm.expectEmit(address(registry));
        emit INodeRegistry.RewardWalletChanged(provider, wallet);
        vm.prank(wallet);
        registry.acceptRewardWallet(provider);
        assertEq(registry.providerOf(provider).rewardWallet, wallet);
        assertEq(registry.providerOf(provider).trustTier, 6, "nothing else changes");

        vm.prank(wallet);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, wallet));
        registry.acceptRewardWallet(provider);
    }

    function test_RewardWallet_ALaterProposalReplacesTheFirst() public {
        address first = makeAddr("first");
        vm.startPrank(provider);
        registry.proposeRewardWallet(first);
        registry.proposeRewardWallet(rewardWallet);
        vm.stopPrank();
        vm.prank(first);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, first));
        registry.acceptRewardWallet(provider);
    }

    function test_ProposeRewardWallet_RevertWhen_TheCallerIsNoProvider() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, stranger));
        registry.proposeRewardWallet(stranger);
    }

    function test_ProposeRewardWallet_RevertWhen_ItIsZero() public {
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidAccount.selector, address(0)));
        registry.proposeRewardWallet(address(0));
    }

    function testFuzz_AcceptRewardWallet_RevertWhen_NotProposed(address caller, address of_) public {
        vm.assume(caller != address(0));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, caller));
        registry.acceptRewardWallet(of_);
    }

    // Nodes

    function testFuzz_RegisterNode_StoresTheClaimAndEmitsIt(
        uint32 units,
        uint32 cpuUnits,
        bool isFizz,
        bool isCpu,
        bytes32 specHash,
        uint256 regionBytes,
        uint256 uriBytes
    ) public {
        INodeRegistry.Claim memory claim = _claim();
        claim.kind = isFizz ? INodeRegistry.Kind.Fizz : INodeRegistry.Kind.Provider;
        claim.resource = isCpu ? CPU : GPU;
        claim.units = uint32(bound(units, 1, type(uint24).max));
        claim.cpuUnits = cpuUnits;
        claim.specHash = specHash;
        claim.region = string(new bytes(bound(regionBytes, 0, 32)));
        claim.uri = string(new bytes(bound(uriBytes, 0, 256)));

        bytes memory consent = _consent(provider, node, nodeKey, claim);
        vm.expectEmit(address(registry));
        emit INodeRegistry.NodeRegistered(node, provider, claim);
        vm.prank(provider);
        registry.registerNode(node, claim, uint64(block.timestamp), consent);

        INodeRegistry.Node memory found = registry.nodeOf(node);
        assertEq(found.provider, provider);
        assertEq(found.resource, claim.resource);
        assertEq(found.units, claim.units);
        assertEq(uint256(found.kind), uint256(claim.kind));
        assertEq(uint256(found.status), uint256(INodeRegistry.Status.Active));
        assertEq(registry.consentNonce(node), 1);
    }

    function test_RegisterNode_WritesOneSlot() public {
        bytes memory consent = _consent(provider, node, nodeKey, _claim());
        vm.record();
        vm.prank(provider);
        registry.registerNode(node, _claim(), uint64(block.timestamp), consent);
        (, bytes32[] memory writes) = vm.accesses(address(registry));
        assertEq(_distinct(writes), 2, "the node, and once that its class is a GPU");

        (address second, uint256 secondKey) = makeAddrAndKey("second node");
        consent = _consent(provider, second, secondKey, _claim());
        vm.record();
        vm.prank(provider);
        registry.registerNode(second, _claim(), uint64(block.timestamp), consent);
        (, writes) = vm.accesses(address(registry));
        assertEq(_distinct(writes), 1);
    }

    function test_RegisterNode_TakesTheKeysSignatureForAnAccountWithCode() public {
        vm.etch(node, hex"00");
        _registerNode(provider, node, nodeKey, _claim());
        assertEq(registry.nodeOf(node).provider, provider);
    }

    function test_RegisterNode_RevertWhen_TheClaimIsEncodedInAnotherWay() public {
        bytes memory consent = _consent(provider, node, nodeKey, _claim());
        bytes memory call =
            abi.encodeCall(INodeRegistry.registerNode, (node, _claim(), uint64(block.timestamp), consent));
        // The claim begins after the selector and 4 words; its region after 11 more. An empty word before the region,
        // and both offsets moved behind it, decode to the same claim.
        uint256 head = 4 + 4 * 32;
        bytes memory other =
            abi.encodePacked(_cut(call, 0, head + 11 * 32), bytes32(0), _cut(call, head + 11 * 32, call.length));
        _increase(other, 4 + 3 * 32);
        _increase(other, head + 8 * 32);
        _increase(other, head + 9 * 32);
        vm.prank(provider);
        (bool ok, bytes memory reason) = address(registry).call(other);
        assertFalse(ok);
        assertEq(bytes4(reason), INodeRegistry.NodeRegistry_InvalidConsent.selector);
        vm.prank(provider);
        (ok,) = address(registry).call(call);
        assertTrue(ok);
    }

    function test_Multicall_RegistersManyNodes() public {
        bytes[] memory calls = new bytes[](3);
        address[] memory nodes = new address[](3);
        for (uint256 i; i < calls.length; ++i) {
            uint256 key;
            (nodes[i], key) = makeAddrAndKey(string.concat("node ", vm.toString(i)));
            bytes memory consent = _consent(provider, nodes[i], key, _claim());
            calls[i] =
                abi.encodeCall(INodeRegistry.registerNode, (nodes[i], _claim(), uint64(block.timestamp), consent));
        }
        vm.prank(provider);
        registry.multicall(calls);
        for (uint256 i; i < nodes.length; ++i) {
            assertEq(registry.nodeOf(nodes[i]).provider, provider);
        }
    }

    function test_SetPaused_StopsRegistrationsAndNothingElse() public {
        _registerNode(provider, node, nodeKey, _claim());
        _bond(IBonds.Role.Provider, otherProvider, MINIMUM_BOND);
        (address second, uint256 secondKey) = makeAddrAndKey("second node");
        bytes memory consent = _consent(provider, second, secondKey, _claim());
        vm.expectEmit(address(registry));
        emit INodeRegistry.PausedSet(true);
        registry.setPaused(true);
        assertTrue(registry.paused());

        vm.startPrank(provider);
        vm.expectRevert(INodeRegistry.NodeRegistry_Paused.selector);
        registry.registerNode(second, _claim(), uint64(block.timestamp), consent);
        vm.expectRevert(INodeRegistry.NodeRegistry_Paused.selector);
        registry.registerGateway(address(token), "");
        registry.proposeRewardWallet(stranger);
        registry.changeClaim(node, _claim(), uint64(block.timestamp), _consent(provider, node, nodeKey, _claim()));
        registry.setStatus(node, INodeRegistry.Status.Retired);
        vm.stopPrank();
        vm.prank(otherProvider);
        registry.registerProvider(rewardWallet, address(token), "");

        registry.setPaused(false);
        _registerNode(provider, second, secondKey, _claim());
    }

    function test_SetPaused_RevertWhen_TheCallerHasNoRole() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        registry.setPaused(true);
    }

    function test_SetAgentId_IsAnEventOfAProvider() public {
        vm.expectEmit(address(registry));
        emit INodeRegistry.AgentIdSet(provider, 8004);
        vm.prank(provider);
        registry.setAgentId(8004);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, stranger));
        registry.setAgentId(8004);
    }

    function test_RegisterNode_TakesTheConsentOfAContract() public {
        address wallet = address(new RegistryWallet(node));
        _registerNode(provider, wallet, nodeKey, _claim());
        assertEq(registry.nodeOf(wallet).provider, provider);
    }

    function test_RegisterNode_RevertWhen_AContractDenies() public {
        RegistryWallet wallet = new RegistryWallet(node);
        wallet.deny();
        _expectInvalidConsent(address(wallet), _claim(), _consent(provider, address(wallet), nodeKey, _claim()));
    }

    function test_RegisterNode_RevertWhen_TheCallerIsNoProvider() public {
        bytes memory consent = _consent(stranger, node, nodeKey, _claim());
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, stranger));
        registry.registerNode(node, _claim(), uint64(block.timestamp), consent);
    }

    function test_RegisterNode_RevertWhen_TheNodeIsZero() public {
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidAccount.selector, address(0)));
        registry.registerNode(address(0), _claim(), uint64(block.timestamp), "");
    }

    function testFuzz_RegisterNode_RevertWhen_ItBelongsToAProvider(uint256 seed) public {
        _registerProvider(otherProvider);
        _registerNode(provider, node, nodeKey, _claim());
        if (seed % 3 == 1) _setStatus(INodeRegistry.Status.Maintenance);
        if (seed % 3 == 2) registry.setSuspended(node, true);

        bytes memory consent = _consent(otherProvider, node, nodeKey, _claim());
        vm.prank(otherProvider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, node));
        registry.registerNode(node, _claim(), uint64(block.timestamp), consent);
    }

    function test_RegisterNode_ARetiredNodeMayMoveWithAFreshConsent() public {
        bytes memory firstConsent = _consent(provider, node, nodeKey, _claim());
        _registerNode(provider, node, nodeKey, _claim());
        _setStatus(INodeRegistry.Status.Retired);
        _expectInvalidConsent(node, _claim(), firstConsent);

        _registerProvider(otherProvider);
        _registerNode(otherProvider, node, nodeKey, _claim());
        assertEq(registry.nodeOf(node).provider, otherProvider);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Active));
    }

    function test_RegisterNode_RevertWhen_ARetiredNodeComesBackAsAnotherClass() public {
        _registerNode(provider, node, nodeKey, _claim());
        _setStatus(INodeRegistry.Status.Retired);
        INodeRegistry.Claim memory claim = _claim();
        claim.resource = OTHER_GPU;
        _expectInvalidClaim(claim, "resource changed");
    }

    function testFuzz_RegisterNode_RevertWhen_TheResourceIsUnknown(uint16 resource) public {
        vm.assume(resource != GPU && resource != OTHER_GPU && resource != CPU);
        INodeRegistry.Claim memory claim = _claim();
        claim.resource = resource;
        _expectInvalidClaim(claim, "resource");
    }

    function testFuzz_RegisterNode_RevertWhen_TheCpuResourceIsNoCpu(uint16 cpuResource) public {
        vm.assume(cpuResource != 0 && cpuResource != CPU);
        INodeRegistry.Claim memory claim = _claim();
        claim.cpuResource = cpuResource;
        _expectInvalidClaim(claim, "cpuResource");
    }

    function test_RegisterNode_NeedsNoCpuBesideIt() public {
        INodeRegistry.Claim memory claim = _claim();
        claim.cpuResource = 0;
        _registerNode(provider, node, nodeKey, claim);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Active));
    }

    function test_RegisterNode_RevertWhen_ItHasNoUnits() public {
        INodeRegistry.Claim memory claim = _claim();
        claim.units = 0;
        _expectInvalidClaim(claim, "units");
        claim.units = 1 << 24;
        _expectInvalidClaim(claim, "units");
    }

    function test_RegisterNode_RevertWhen_RegionOrUriIsTooLong() public {
        INodeRegistry.Claim memory claim = _claim();
        claim.region = string(new bytes(33));
        _expectInvalidClaim(claim, "region");
        claim = _claim();
        claim.uri = string(new bytes(257));
        _expectInvalidClaim(claim, "uri");
    }

    // Consents

    function testFuzz_RegisterNode_RevertWhen_TheConsentHasExpired(uint64 deadline, uint256 late) public {
        deadline = uint64(bound(deadline, 0, type(uint40).max));
        vm.warp(deadline + bound(late, 1, 365 days));
        bytes memory consent = _sign(nodeKey, _consentDigest(provider, node, _claim(), deadline));
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_ConsentExpired.selector, deadline, block.timestamp)
        );
        registry.registerNode(node, _claim(), deadline, consent);
    }

    function testFuzz_RegisterNode_RevertWhen_AnotherKeySigned(uint256 key) public {
        key = bound(key, 1, CURVE_ORDER - 1);
        vm.assume(key != nodeKey);
        _expectInvalidConsent(node, _claim(), _consent(provider, node, key, _claim()));
    }

    function test_RegisterNode_RevertWhen_TheClaimWasAltered() public {
        bytes memory consent = _consent(provider, node, nodeKey, _claim());
        INodeRegistry.Claim memory claim = _claim();
        claim.storageGiB += 1;
        _expectInvalidConsent(node, claim, consent);
    }

    function test_RegisterNode_RevertWhen_TheConsentIsForAnotherProvider() public {
        _expectInvalidConsent(node, _claim(), _consent(otherProvider, node, nodeKey, _claim()));
    }

    function testFuzz_RegisterNode_RevertWhen_TheConsentIsForAnotherChain(uint64 chainId) public {
        vm.assume(chainId != block.chainid && chainId != 0);
        bytes memory consent = _consent(provider, node, nodeKey, _claim());
        vm.chainId(chainId);
        _expectInvalidConsent(node, _claim(), consent);
    }

    function test_RegisterNode_RevertWhen_TheConsentIsForAnotherContract() public {
        NodeRegistry here = registry;
        registry = new NodeRegistry(address(authority), bonds, catalog);
        bytes memory consent = _consent(provider, node, nodeKey, _claim());
        registry = here;
        _expectInvalidConsent(node, _claim(), consent);
    }

    function test_RegisterNode_RevertWhen_TheSignatureIsMalleated() public {
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(nodeKey, _consentDigest(provider, node, _claim(), uint64(block.timestamp)));
        bytes memory twin = abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? 28 : 27);
        _expectInvalidConsent(node, _claim(), twin);
    }

    // Claims

    function test_ChangeClaim_ReplacesUnitsAndKind() public {
        _registerNode(provider, node, nodeKey, _claim());
        _setStatus(INodeRegistry.Status.Maintenance);
        INodeRegistry.Claim memory claim = _claim();
        claim.units = 4;
        claim.kind = INodeRegistry.Kind.Fizz;
        bytes memory consent = _consent(provider, node, nodeKey, claim);

        vm.expectEmit(address(registry));
        emit INodeRegistry.NodeClaimChanged(node, claim);
        vm.prank(provider);
        registry.changeClaim(node, claim, uint64(block.timestamp), consent);
        assertEq(registry.nodeOf(node).units, 4);
        assertEq(uint256(registry.nodeOf(node).kind), uint256(INodeRegistry.Kind.Fizz));
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Maintenance), "status stays");

        vm.prank(provider);
        vm.expectPartialRevert(INodeRegistry.NodeRegistry_InvalidConsent.selector);
        registry.changeClaim(node, claim, uint64(block.timestamp), consent);
    }

    function test_ChangeClaim_RevertWhen_ItNamesAnotherClass() public {
        _registerNode(provider, node, nodeKey, _claim());
        INodeRegistry.Claim memory claim = _claim();
        claim.resource = OTHER_GPU;
        bytes memory consent = _consent(provider, node, nodeKey, claim);
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidClaim.selector, bytes32("resource changed"))
        );
        registry.changeClaim(node, claim, uint64(block.timestamp), consent);
    }

    function test_ChangeClaim_RevertWhen_TheNodeIsUnknownOrRetired() public {
        bytes memory expected = abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, node);
        vm.prank(provider);
        vm.expectRevert(expected);
        registry.changeClaim(node, _claim(), uint64(block.timestamp), "");

        _registerNode(provider, node, nodeKey, _claim());
        _setStatus(INodeRegistry.Status.Retired);
        vm.prank(provider);
        vm.expectRevert(expected);
        registry.changeClaim(node, _claim(), uint64(block.timestamp), "");
    }

    function test_ChangeClaim_RevertWhen_TheCallerIsNotItsProvider() public {
        _registerNode(provider, node, nodeKey, _claim());
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, stranger));
        registry.changeClaim(node, _claim(), uint64(block.timestamp), "");
    }

    // Statuses

    function testFuzz_SetStatus_AllowsExactlyTheProvidersMoves(uint256 fromSeed, uint256 toSeed) public {
        INodeRegistry.Status from = INodeRegistry.Status(bound(fromSeed, 1, 4));
        INodeRegistry.Status to = INodeRegistry.Status(bound(toSeed, 0, 4));
        _registerNode(provider, node, nodeKey, _claim());
        if (from == INodeRegistry.Status.Suspended) registry.setSuspended(node, true);
        else if (from != INodeRegistry.Status.Active) _setStatus(from);

        bool isAllowed = (from == INodeRegistry.Status.Active || from == INodeRegistry.Status.Maintenance) && to != from
            && to != INodeRegistry.Status.None && to != INodeRegistry.Status.Suspended;
        if (isAllowed) {
            vm.expectEmit(address(registry));
            emit INodeRegistry.NodeStatusChanged(node, to);
        } else {
            vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidStatus.selector, from, to));
        }
        vm.prank(provider);
        registry.setStatus(node, to);
        assertEq(uint256(registry.nodeOf(node).status), uint256(isAllowed ? to : from));
    }

    function test_SetStatus_RevertWhen_TheNodeIsUnknown() public {
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, node));
        registry.setStatus(node, INodeRegistry.Status.Maintenance);
    }

    function test_SetStatus_RevertWhen_TheCallerIsNotItsProvider() public {
        _registerNode(provider, node, nodeKey, _claim());
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, stranger));
        registry.setStatus(node, INodeRegistry.Status.Maintenance);
    }

    function testFuzz_SetSuspended_HoldsFromAnyStatusAndLiftsIntoMaintenance(uint256 fromSeed) public {
        _registerNode(provider, node, nodeKey, _claim());
        if (fromSeed % 3 == 1) _setStatus(INodeRegistry.Status.Maintenance);
        if (fromSeed % 3 == 2) _setStatus(INodeRegistry.Status.Retired);

        vm.expectEmit(address(registry));
        emit INodeRegistry.NodeStatusChanged(node, INodeRegistry.Status.Suspended);
        registry.setSuspended(node, true);
        bytes memory consent = _consent(provider, node, nodeKey, _claim());
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, node));
        registry.registerNode(node, _claim(), uint64(block.timestamp), consent);

        vm.expectEmit(address(registry));
        emit INodeRegistry.NodeStatusChanged(node, INodeRegistry.Status.Maintenance);
        registry.setSuspended(node, false);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Maintenance));
    }

    function test_SetSuspended_RevertWhen_NothingChanges() public {
        _registerNode(provider, node, nodeKey, _claim());
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeRegistry.NodeRegistry_InvalidStatus.selector,
                INodeRegistry.Status.Active,
                INodeRegistry.Status.Maintenance
            )
        );
        registry.setSuspended(node, false);

        registry.setSuspended(node, true);
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeRegistry.NodeRegistry_InvalidStatus.selector,
                INodeRegistry.Status.Suspended,
                INodeRegistry.Status.Suspended
            )
        );
        registry.setSuspended(node, true);
    }

    function test_SetSuspended_RevertWhen_TheNodeIsUnknown() public {
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, node));
        registry.setSuspended(node, true);
    }

    function test_SetSuspended_RevertWhen_TheCallerHasNoRole() public {
        _registerNode(provider, node, nodeKey, _claim());
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, provider));
        registry.setSuspended(node, false);
    }

    function test_SetProviderSuspended_SuspendsItsActiveNodesOldAndNew() public {
        _registerNode(provider, node, nodeKey, _claim());
        vm.expectEmit(address(registry));
        emit INodeRegistry.ProviderSuspensionChanged(provider, true);
        registry.setProviderSuspended(provider, true);
        assertTrue(registry.providerOf(provider).suspended);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Suspended));

        (address second, uint256 secondKey) = makeAddrAndKey("second node");
        _registerNode(provider, second, secondKey, _claim());
        assertEq(uint256(registry.nodeOf(second).status), uint256(INodeRegistry.Status.Suspended));
        _setStatus(INodeRegistry.Status.Maintenance);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Maintenance));

        registry.setProviderSuspended(provider, false);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Maintenance));
        assertEq(uint256(registry.nodeOf(second).status), uint256(INodeRegistry.Status.Active));
    }

    function test_SetProviderSuspended_RevertWhen_UnknownOrUnauthorized() public {
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, stranger));
        registry.setProviderSuspended(stranger, true);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, provider));
        registry.setProviderSuspended(provider, false);
    }

    // Trust tiers

    function testFuzz_SetTrustTier_TakesOneToSeven(uint256 tier) public {
        if (tier == 0 || tier > 7) {
            vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidTier.selector, tier));
            registry.setTrustTier(provider, tier);
        }
        tier = bound(tier, 1, 7);
        vm.expectEmit(address(registry));
        emit INodeRegistry.TrustTierChanged(provider, tier);
        registry.setTrustTier(provider, tier);
        assertEq(registry.providerOf(provider).trustTier, tier);
        assertEq(registry.providerOf(provider).rewardWallet, rewardWallet, "nothing else changes");
    }

    function test_SetTrustTier_RevertWhen_UnknownOrUnauthorized() public {
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, stranger));
        registry.setTrustTier(stranger, 1);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, provider));
        registry.setTrustTier(provider, 1);
    }

    function _setStatus(INodeRegistry.Status status) private {
        vm.prank(provider);
        registry.setStatus(node, status);
    }

    function _expectInvalidConsent(address account, INodeRegistry.Claim memory claim, bytes memory consent) private {
        bytes32 digest = _consentDigest(provider, account, claim, uint64(block.timestamp));
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidConsent.selector, account, digest));
        registry.registerNode(account, claim, uint64(block.timestamp), consent);
    }

    function _expectInvalidClaim(INodeRegistry.Claim memory claim, bytes32 reason) private {
        bytes memory consent = _consent(provider, node, nodeKey, claim);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidClaim.selector, reason));
        registry.registerNode(node, claim, uint64(block.timestamp), consent);
    }

    function _cut(bytes memory data, uint256 from, uint256 to) private pure returns (bytes memory part) {
        part = new bytes(to - from);
        for (uint256 i; i < part.length; ++i) {
            part[i] = data[from + i];
        }
    }

    /// @dev Adds 32 to the word at `offset`.
    function _increase(bytes memory data, uint256 offset) private pure {
        assembly ("memory-safe") {
            let slot := add(add(data, 32), offset)
            mstore(slot, add(mload(slot), 32))
        }
    }
}
