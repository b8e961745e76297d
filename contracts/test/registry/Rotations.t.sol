// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {NodeRegistry} from "../../src/registry/NodeRegistry.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {RegistryToken} from "../mocks/RegistryToken.sol";
import {RegistryWallet} from "../mocks/RegistryWallet.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

/// @title New owners of providers, new keys of nodes, and bonds that no longer suffice
contract RotationsTest is RegistryFixture {
    address private owner = makeAddr("new owner");
    address private key2;
    uint256 private key2Secret;

    function setUp() public override {
        super.setUp();
        (key2, key2Secret) = makeAddrAndKey("second key");
        _registerProvider(provider);
        _registerNode(provider, node, nodeKey, _claim());
    }

    // Owners

    function test_Owner_TakesOverWalletTierAndSuspensionWithABondOfItsOwn() public {
        registry.setTrustTier(provider, 2);
        registry.setProviderSuspended(provider, true);
        RegistryToken other = new RegistryToken();
        bonds.setMinimum(IBonds.Role.Provider, address(other), 1);
        _bond(IBonds.Role.Provider, owner, other, 1);
        vm.expectEmit(address(registry));
        emit INodeRegistry.OwnerProposed(provider, owner);
        vm.prank(provider);
        registry.proposeOwner(owner);
        assertTrue(registry.providerOf(provider).registered, "nothing yet");

        vm.expectEmit(address(registry));
        emit INodeRegistry.OwnerChanged(provider, owner, address(other));
        vm.prank(owner);
        registry.acceptOwner(provider, address(other));
        INodeRegistry.Provider memory found = registry.providerOf(owner);
        assertEq(found.rewardWallet, rewardWallet);
        assertEq(found.trustTier, 2);
        assertTrue(found.registered && found.suspended && !found.underbonded);
        assertEq(registry.successorOf(provider), owner);
        found = registry.providerOf(provider);
        assertFalse(found.registered);
        assertEq(found.rewardWallet, address(0));
        registry.checkBond(IBonds.Role.Provider, owner, address(other));
    }

    function test_Owner_TheFormerBondStaysWhereItIs() public {
        _handOver();
        assertEq(bonds.bondOf(IBonds.Role.Provider, provider, address(token)).active, MINIMUM_BOND);
        assertEq(bonds.bondOf(IBonds.Role.Provider, owner, address(token)).active, MINIMUM_BOND);
        bonds.setSlasher(address(this), true);
        bonds.slash(
            IBonds.Role.Provider,
            provider,
            address(token),
            IBonds.Slash({amount: 1, harmed: address(0), loss: 0, reporter: address(0), uncapped: true})
        );
        assertEq(bonds.bondOf(IBonds.Role.Provider, provider, address(token)).active, MINIMUM_BOND - 1);
    }

    function test_Owner_RevertWhen_ItHasNoBondOfItsOwn() public {
        vm.prank(provider);
        registry.proposeOwner(owner);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotBonded.selector, owner, address(token)));
        registry.acceptOwner(provider, address(token));
    }

    function test_Owner_RevertWhen_NotProposedOrTakenBack() public {
        _bond(IBonds.Role.Provider, owner, MINIMUM_BOND);
        vm.prank(provider);
        registry.proposeOwner(owner);
        vm.prank(provider);
        registry.proposeOwner(address(0));
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, owner));
        registry.acceptOwner(provider, address(token));
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, stranger));
        registry.proposeOwner(owner);
    }

    function test_Owner_RevertWhen_ItIsAProviderAlready() public {
        _registerProvider(owner);
        vm.prank(provider);
        registry.proposeOwner(owner);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, owner));
        registry.acceptOwner(provider, address(token));
    }

    function test_Owner_TheFormerOneIsOutForGood() public {
        vm.prank(provider);
        registry.proposeRewardWallet(stranger);
        _handOver();
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, provider));
        registry.registerProvider(rewardWallet, address(token), "");
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, stranger));
        registry.acceptRewardWallet(provider);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, provider));
        registry.setStatus(node, INodeRegistry.Status.Maintenance);
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, owner));
        registry.acceptOwner(provider, address(token));
    }

    function test_AdoptNodes_TheyReadAsSuspendedUntilThen() public {
        _handOver();
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Suspended));
        address[] memory nodes = new address[](1);
        nodes[0] = node;
        vm.expectEmit(address(registry));
        emit INodeRegistry.NodeAdopted(node, owner);
        vm.prank(owner);
        registry.adoptNodes(nodes);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Active));
        assertEq(registry.nodeOf(node).provider, owner);
        vm.prank(owner);
        registry.setStatus(node, INodeRegistry.Status.Maintenance);
    }

    function test_AdoptNodes_RevertWhen_TheyAreNotAFormerOwners() public {
        _handOver();
        address[] memory nodes = new address[](1);
        nodes[0] = node;
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, stranger));
        registry.adoptNodes(nodes);
        nodes[0] = makeAddr("no node");
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, owner));
        registry.adoptNodes(nodes);
    }

    function test_AdoptNodes_RevertWhen_ItIsAKeyAndNoNode() public {
        _changeOperator(key2, key2Secret);
        _handOver();
        address[] memory nodes = new address[](1);
        nodes[0] = key2;
        vm.prank(owner);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, owner));
        registry.adoptNodes(nodes);
    }

    function test_RegisterNode_ANodeLeftBehindMayGoElsewhereUnlessItIsSuspended() public {
        (address second, uint256 secondKey) = makeAddrAndKey("second node");
        _registerNode(provider, second, secondKey, _claim());
        registry.setSuspended(second, true);
        _handOver();
        address other = makeAddr("other provider");
        _registerProvider(other);
        _registerNode(other, node, nodeKey, _claim());
        assertEq(registry.nodeOf(node).provider, other);
        bytes memory consent = _consent(other, second, secondKey, _claim());
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, second));
        registry.registerNode(second, _claim(), uint64(block.timestamp), consent);
    }

    // Operator keys

    function test_ChangeOperator_TheNewKeySignsFromThenOnAndTheOldOneNoMore() public {
        assertEq(registry.nodeOf(node).operator, node);
        bytes memory consent = _operatorConsent(key2, key2Secret, uint64(block.timestamp));
        vm.expectEmit(address(registry));
        emit INodeRegistry.OperatorChanged(node, key2);
        vm.prank(provider);
        registry.changeOperator(node, key2, uint64(block.timestamp), consent);
        assertEq(registry.nodeOf(node).operator, key2);
        assertEq(registry.nodeOf(node).units, 8, "nothing else changes");
        assertEq(registry.consentNonce(node), 2);
        assertEq(uint256(registry.nodeOf(key2).status), uint256(INodeRegistry.Status.Operator));

        bytes memory old = _consent(provider, node, nodeKey, _claim());
        vm.startPrank(provider);
        vm.expectPartialRevert(INodeRegistry.NodeRegistry_InvalidConsent.selector);
        registry.changeClaim(node, _claim(), uint64(block.timestamp), old);
        registry.changeClaim(node, _claim(), uint64(block.timestamp), _consent(provider, node, key2Secret, _claim()));
        vm.expectPartialRevert(INodeRegistry.NodeRegistry_AlreadyRegistered.selector);
        registry.changeOperator(node, key2, uint64(block.timestamp), consent);
    }

    function test_ChangeOperator_ARetiredNodeComesBackByItsLatestKeyOnly() public {
        _changeOperator(key2, key2Secret);
        vm.startPrank(provider);
        registry.setStatus(node, INodeRegistry.Status.Retired);
        bytes memory old = _consent(provider, node, nodeKey, _claim());
        vm.expectPartialRevert(INodeRegistry.NodeRegistry_InvalidConsent.selector);
        registry.registerNode(node, _claim(), uint64(block.timestamp), old);
        vm.stopPrank();
        _registerNode(provider, node, key2Secret, _claim());
    }

    function test_ChangeOperator_AKeyServesOneNodeOnce() public {
        _changeOperator(key2, key2Secret);
        (address key3, uint256 key3Secret) = makeAddrAndKey("third key");
        _changeOperator(key3, key3Secret);
        assertEq(registry.nodeOf(node).operator, key3);

        _expectTaken(key2, key2Secret);
        _expectTaken(node, nodeKey);
        uint256[] memory keys = new uint256[](1);
        keys[0] = uint160(key2);
        assertEq(registry.claimsOf(keys)[0], 0, "a key is no node");
        bytes memory consent = _consent(provider, key2, key2Secret, _claim());
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, key2));
        registry.registerNode(key2, _claim(), uint64(block.timestamp), consent);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, key2));
        registry.setSuspended(key2, true);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, key2));
        registry.setStatus(key2, INodeRegistry.Status.Maintenance);
    }

    function test_ChangeOperator_TakesTheConsentOfAContract() public {
        RegistryWallet wallet = new RegistryWallet(key2);
        bytes memory consent = _operatorConsent(address(wallet), key2Secret, uint64(block.timestamp));
        vm.prank(provider);
        registry.changeOperator(node, address(wallet), uint64(block.timestamp), consent);
        assertEq(registry.nodeOf(node).operator, address(wallet));
    }

    function testFuzz_ChangeOperator_RevertWhen_TheConsentIsForSomethingElse(uint256 field, uint256 other) public {
        INodeRegistry.OperatorConsent memory agreed = _agreed(key2, uint64(block.timestamp));
        NodeRegistry signedFor = registry;
        uint256 chain = block.chainid;
        field %= 7;
        if (field == 0) agreed.node = stranger;
        if (field == 1) agreed.operator = stranger;
        if (field == 2) agreed.provider = stranger;
        if (field == 3) agreed.nonce = agreed.nonce + bound(other, 1, 100);
        if (field == 4) agreed.deadline += uint64(bound(other, 1, 100));
        if (field == 5) vm.chainId(bound(other, 32_000, 1 << 60));
        if (field == 6) signedFor = new NodeRegistry(address(authority), bonds, catalog);
        bytes memory consent = _sign(key2Secret, signedFor.hashOperatorConsent(agreed));
        vm.chainId(chain);
        vm.prank(provider);
        vm.expectPartialRevert(INodeRegistry.NodeRegistry_InvalidConsent.selector);
        registry.changeOperator(node, key2, uint64(block.timestamp), consent);
    }

    function test_ChangeOperator_RevertWhen_ExpiredZeroRetiredOrNotItsProvider() public {
        bytes memory consent = _operatorConsent(key2, key2Secret, uint64(block.timestamp));
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, stranger));
        registry.changeOperator(node, key2, uint64(block.timestamp), consent);
        vm.startPrank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidAccount.selector, address(0)));
        registry.changeOperator(node, address(0), uint64(block.timestamp), consent);
        vm.warp(block.timestamp + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeRegistry.NodeRegistry_ConsentExpired.selector, block.timestamp - 1, block.timestamp
            )
        );
        registry.changeOperator(node, key2, uint64(block.timestamp - 1), consent);
        registry.setStatus(node, INodeRegistry.Status.Retired);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, node));
        registry.changeOperator(node, key2, uint64(block.timestamp), consent);
    }

    // Bonds that no longer suffice

    function test_CheckBond_AnybodySuspendsAProviderThatThawsAndLiftsItAgain() public {
        vm.prank(provider);
        bonds.thaw(IBonds.Role.Provider, address(token), 1);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Active));
        vm.expectEmit(address(registry));
        emit INodeRegistry.BondChecked(IBonds.Role.Provider, provider, address(token), false);
        vm.prank(stranger);
        registry.checkBond(IBonds.Role.Provider, provider, address(token));
        assertTrue(registry.providerOf(provider).underbonded);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Suspended));

        vm.prank(provider);
        bonds.cancelThaw(IBonds.Role.Provider, address(token));
        vm.expectEmit(address(registry));
        emit INodeRegistry.BondChecked(IBonds.Role.Provider, provider, address(token), true);
        vm.prank(stranger);
        registry.checkBond(IBonds.Role.Provider, provider, address(token));
        assertFalse(registry.providerOf(provider).underbonded);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Active));
    }

    function test_CheckBond_LiftsNoSuspensionOfTheGuardian() public {
        registry.setProviderSuspended(provider, true);
        registry.checkBond(IBonds.Role.Provider, provider, address(token));
        assertTrue(registry.providerOf(provider).suspended);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Suspended));
    }

    function testFuzz_CheckBond_RevertWhen_ItIsAnotherToken(address other) public {
        vm.assume(other != address(token));
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_WrongBondToken.selector, provider, other));
        registry.checkBond(IBonds.Role.Provider, provider, other);
    }

    function test_CheckBond_RevertWhen_TheAccountIsNotRegistered() public {
        for (uint256 role; role < 3; ++role) {
            vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, stranger));
            registry.checkBond(IBonds.Role(role), stranger, address(token));
        }
    }

    function test_ChangeBondToken_MovesToABondThatSuffices() public {
        vm.prank(provider);
        bonds.thaw(IBonds.Role.Provider, address(token), 1);
        registry.checkBond(IBonds.Role.Provider, provider, address(token));
        RegistryToken other = new RegistryToken();
        bonds.setMinimum(IBonds.Role.Provider, address(other), 5);
        _bond(IBonds.Role.Provider, provider, other, 4);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotBonded.selector, provider, address(other)));
        registry.changeBondToken(IBonds.Role.Provider, address(other));

        _bond(IBonds.Role.Provider, provider, other, 1);
        vm.expectEmit(address(registry));
        emit INodeRegistry.BondTokenChanged(IBonds.Role.Provider, provider, address(other));
        vm.prank(provider);
        registry.changeBondToken(IBonds.Role.Provider, address(other));
        assertFalse(registry.providerOf(provider).underbonded);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Active));
        vm.expectPartialRevert(INodeRegistry.NodeRegistry_WrongBondToken.selector);
        registry.checkBond(IBonds.Role.Provider, provider, address(token));
        registry.checkBond(IBonds.Role.Provider, provider, address(other));
    }

    function _handOver() private {
        _bond(IBonds.Role.Provider, owner, MINIMUM_BOND);
        vm.prank(provider);
        registry.proposeOwner(owner);
        vm.prank(owner);
        registry.acceptOwner(provider, address(token));
    }

    function _changeOperator(address operator, uint256 secret) private {
        bytes memory consent = _operatorConsent(operator, secret, uint64(block.timestamp));
        vm.prank(provider);
        registry.changeOperator(node, operator, uint64(block.timestamp), consent);
    }

    function _expectTaken(address operator, uint256 secret) private {
        bytes memory consent = _operatorConsent(operator, secret, uint64(block.timestamp));
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, operator));
        registry.changeOperator(node, operator, uint64(block.timestamp), consent);
    }

    function _operatorConsent(address operator, uint256 secret, uint64 deadline) private view returns (bytes memory) {
        return _sign(secret, registry.hashOperatorConsent(_agreed(operator, deadline)));
    }

    function _agreed(address operator, uint64 deadline) private view returns (INodeRegistry.OperatorConsent memory) {
        return INodeRegistry.OperatorConsent({
            node: node, operator: operator, provider: provider, nonce: registry.consentNonce(node), deadline: deadline
        });
    }
}
