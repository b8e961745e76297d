// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {System} from "../System.sol";

/// @title No account moves past what the registry, a guardian or a verdict has said of it
contract RegistryDodgesTest is System {
    /// @dev Anyone may check a bond, and may name any address as its token.
    function testFuzz_checkBond_takesOnlyTheTokenThatTheBondIsIn(uint80 high) public {
        vm.assume(high != 0);
        address made = address(uint160(address(dollar)) ^ uint160(high) << 80);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_WrongBondToken.selector, provider, made));
        registry.checkBond(IBonds.Role.Provider, provider, made);
        registry.checkBond(IBonds.Role.Provider, provider, address(dollar));
        assertFalse(registry.providerOf(provider).underbonded);
    }

    function test_submit_failsANodeThatChangedHandsSinceItsMeasurement() public {
        _attest(node);
        _deposit(FORTUNE / 2);
        ILeaseBook.Terms memory terms = _open();
        skip(100);
        IVerifierSet.Verdict memory verdict = _verdict(node);
        verdict.result = uint8(IVerifierSet.Result.WrongComputation);
        verdict.floorClass = 0;
        IVerifierSet.Signature[] memory signatures = _signed(verdict);
        address second = makeAddr("second account of the provider");
        _handOver(second);
        _adopt(second);
        verifierSet.submit(verdict, signatures);
        skip(9_900);
        leaseBook.settle(terms);
        assertEq(ledger.balanceOf(address(dollar), provider), uint256(RATE) * 100 * 98 / 100, "until it failed");
    }

    function test_setStatus_retiresNoNodeOfASuspendedProvider() public {
        registry.setProviderSuspended(provider, true);
        vm.prank(provider);
        vm.expectRevert(
            abi.encodeWithSelector(
                INodeRegistry.NodeRegistry_InvalidStatus.selector,
                INodeRegistry.Status.Active,
                INodeRegistry.Status.Retired
            )
        );
        registry.setStatus(node, INodeRegistry.Status.Retired);
    }

    function test_registerNode_takesNoNodeOfASuspendedProviderThatHandedOver() public {
        registry.setProviderSuspended(provider, true);
        address successor = makeAddr("successor");
        _handOver(successor);
        address second = makeAddr("second account of the provider");
        _joinProvider(second);
        bytes memory consent = _consent(second, node, nodeKey, _claim());
        vm.prank(second);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, node));
        registry.registerNode(node, _claim(), uint64(block.timestamp), consent);
        _adopt(successor);
        assertEq(uint256(registry.nodeOf(node).status), uint256(INodeRegistry.Status.Suspended), "with its suspension");
    }

    function test_registerNode_leavesTheGatewayThatAdmittedTheFormerProvider() public {
        address gateway = makeAddr("gateway");
        _bond(IBonds.Role.Gateway, gateway);
        vm.startPrank(gateway);
        registry.registerGateway(address(dollar), "");
        registry.setAdmitted(provider, true);
        vm.stopPrank();
        INodeRegistry.Claim memory claim = _claim();
        (claim.kind, claim.gateway) = (INodeRegistry.Kind.Fizz, gateway);
        bytes memory consent = _consent(provider, node, nodeKey, claim);
        vm.prank(provider);
        registry.changeClaim(node, claim, uint64(block.timestamp), consent);
        _handOver(makeAddr("successor"));

        address third = makeAddr("third");
        _joinProvider(third);
        consent = _consent(third, node, nodeKey, claim);
        vm.prank(third);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAdmitted.selector, gateway, third));
        registry.registerNode(node, claim, uint64(block.timestamp), consent);
        claim.gateway = address(0);
        consent = _consent(third, node, nodeKey, claim);
        vm.prank(third);
        registry.registerNode(node, claim, uint64(block.timestamp), consent);
        assertEq(registry.gatewayOfNode(node), address(0));
        assertEq(registry.gatewayOf(gateway).nodes, 0);
    }

    function _handOver(address successor) private {
        _bond(IBonds.Role.Provider, successor);
        vm.prank(provider);
        registry.proposeOwner(successor);
        vm.prank(successor);
        registry.acceptOwner(provider, address(dollar));
    }

    function _adopt(address successor) private {
        address[] memory nodes = new address[](1);
        nodes[0] = node;
        vm.prank(successor);
        registry.adoptNodes(nodes);
    }
}
