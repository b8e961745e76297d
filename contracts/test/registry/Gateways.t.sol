// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

contract GatewaysTest is RegistryFixture {
    uint256 private constant MAX_NODES = 2_000;

    address private gateway = makeAddr("gateway");

    function setUp() public override {
        super.setUp();
        bonds.setMinimum(IBonds.Role.Gateway, address(token), MINIMUM_BOND);
        _registerProvider(provider);
        _bond(IBonds.Role.Gateway, gateway, MINIMUM_BOND);
        vm.prank(gateway);
        registry.registerGateway(address(token), "https://gateway.example");
        vm.prank(gateway);
        registry.setAdmitted(provider, true);
    }

    function test_RegisterGateway_NeedsAGatewaysBond() public {
        address other = makeAddr("other gateway");
        _bond(IBonds.Role.Provider, other, MINIMUM_BOND);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotBonded.selector, other, address(token)));
        registry.registerGateway(address(token), "");

        _bond(IBonds.Role.Gateway, other, MINIMUM_BOND);
        vm.expectEmit(address(registry));
        emit INodeRegistry.GatewayRegistered(other, address(token), "ipfs://gateway");
        vm.prank(other);
        registry.registerGateway(address(token), "ipfs://gateway");
        INodeRegistry.Gateway memory found = registry.gatewayOf(other);
        assertTrue(found.registered && !found.underbonded);
        assertEq(found.nodes, 0);
        vm.prank(other);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_AlreadyRegistered.selector, other));
        registry.registerGateway(address(token), "");
    }

    function test_RegisterGateway_RevertWhen_TheUriIsTooLong() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidClaim.selector, bytes32("uri")));
        registry.registerGateway(address(token), string(new bytes(257)));
    }

    function test_RegisterNode_AFizzNodeJoinsItsGateway() public {
        _registerNode(provider, node, nodeKey, _fizz(gateway));
        assertEq(registry.gatewayOfNode(node), gateway);
        assertEq(registry.gatewayOf(gateway).nodes, 1);
        assertEq(registry.gatewayOfNode(stranger), address(0));
    }

    function test_RegisterNode_AGatewayThatIsItsOwnProviderNeedsNoAdmission() public {
        _bond(IBonds.Role.Provider, gateway, MINIMUM_BOND);
        vm.prank(gateway);
        registry.registerProvider(rewardWallet, address(token), "");
        _registerNode(gateway, node, nodeKey, _fizz(gateway));
        assertEq(registry.gatewayOf(gateway).nodes, 1);
    }

    function test_RegisterNode_RevertWhen_TheGatewayDoesNotAdmitTheProvider() public {
        vm.expectEmit(address(registry));
        emit INodeRegistry.ProviderAdmitted(gateway, provider, false);
        vm.prank(gateway);
        registry.setAdmitted(provider, false);
        _expectNotAdmitted(gateway);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotRegistered.selector, stranger));
        registry.setAdmitted(provider, true);
        _expectNotAdmitted(stranger);
    }

    function test_RegisterNode_RevertWhen_TheGatewaysBondIsTooSmall() public {
        vm.prank(gateway);
        bonds.thaw(IBonds.Role.Gateway, address(token), 1);
        registry.checkBond(IBonds.Role.Gateway, gateway, address(token));
        assertTrue(registry.gatewayOf(gateway).underbonded);
        _expectNotAdmitted(gateway);
        vm.startPrank(gateway);
        bonds.cancelThaw(IBonds.Role.Gateway, address(token));
        registry.changeBondToken(IBonds.Role.Gateway, address(token));
        vm.stopPrank();
        _registerNode(provider, node, nodeKey, _fizz(gateway));
    }

    function test_RegisterNode_RevertWhen_ADataCentresNodeNamesAGateway() public {
        INodeRegistry.Claim memory claim = _fizz(gateway);
        claim.kind = INodeRegistry.Kind.Provider;
        bytes memory consent = _consent(provider, node, nodeKey, claim);
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_InvalidClaim.selector, bytes32("gateway")));
        registry.registerNode(node, claim, uint64(block.timestamp), consent);
    }

    function test_RegisterNode_AGatewayFronts2000AndNoMore() public {
        uint256 secret = 1_000_000;
        for (uint256 i; i < MAX_NODES; ++i) {
            _registerNode(provider, vm.addr(secret + i), secret + i, _fizz(gateway));
        }
        assertEq(registry.gatewayOf(gateway).nodes, MAX_NODES);
        bytes memory consent = _consent(provider, node, nodeKey, _fizz(gateway));
        vm.startPrank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_GatewayFull.selector, gateway, MAX_NODES));
        registry.registerNode(node, _fizz(gateway), uint64(block.timestamp), consent);
        registry.setStatus(vm.addr(secret), INodeRegistry.Status.Retired);
        registry.registerNode(node, _fizz(gateway), uint64(block.timestamp), consent);
        assertEq(registry.gatewayOf(gateway).nodes, MAX_NODES);
    }

    function test_ChangeClaim_MovesBetweenGatewaysAndKeepsItsPlace() public {
        address other = makeAddr("other gateway");
        _bond(IBonds.Role.Gateway, other, MINIMUM_BOND);
        vm.startPrank(other);
        registry.registerGateway(address(token), "");
        registry.setAdmitted(provider, true);
        vm.stopPrank();
        _registerNode(provider, node, nodeKey, _fizz(gateway));

        vm.prank(gateway);
        registry.setAdmitted(provider, false);
        _changeClaim(_fizz(gateway));
        assertEq(registry.gatewayOf(gateway).nodes, 1, "whoever is in stays");
        _changeClaim(_fizz(other));
        assertEq(registry.gatewayOf(gateway).nodes, 0);
        assertEq(registry.gatewayOf(other).nodes, 1);
        assertEq(registry.gatewayOfNode(node), other);
        _changeClaim(_fizz(address(0)));
        assertEq(registry.gatewayOf(other).nodes, 0);
        assertEq(registry.gatewayOfNode(node), address(0));
    }

    function test_SetStatus_ARetiredNodeLeavesItsGateway() public {
        _registerNode(provider, node, nodeKey, _fizz(gateway));
        vm.startPrank(provider);
        registry.setStatus(node, INodeRegistry.Status.Maintenance);
        assertEq(registry.gatewayOf(gateway).nodes, 1);
        registry.setStatus(node, INodeRegistry.Status.Retired);
        vm.stopPrank();
        assertEq(registry.gatewayOf(gateway).nodes, 0);
        _registerNode(provider, node, nodeKey, _fizz(gateway));
        assertEq(registry.gatewayOf(gateway).nodes, 1);
    }

    function test_DismissNode_FreesItsPlace() public {
        _registerNode(provider, node, nodeKey, _fizz(gateway));
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, provider));
        registry.dismissNode(node);
        vm.expectEmit(address(registry));
        emit INodeRegistry.NodeDismissed(node, gateway);
        vm.prank(gateway);
        registry.dismissNode(node);
        assertEq(registry.gatewayOf(gateway).nodes, 0);
        assertEq(registry.gatewayOfNode(node), address(0));
        vm.prank(gateway);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAuthorized.selector, gateway));
        registry.dismissNode(node);
        vm.prank(provider);
        registry.setStatus(node, INodeRegistry.Status.Retired);
    }

    function testFuzz_Nodes_EqualsTheNodesThatNameTheGateway(uint256[24] memory moves) public {
        uint256 secret = 1_000_000;
        for (uint256 i; i < moves.length; ++i) {
            uint256 key = secret + moves[i] % 4;
            address account = vm.addr(key);
            INodeRegistry.Status status = registry.nodeOf(account).status;
            address named = moves[i] & 0x100 == 0 ? gateway : address(0);
            if (status == INodeRegistry.Status.None || status == INodeRegistry.Status.Retired) {
                _registerNode(provider, account, key, _fizz(named));
            } else if (moves[i] & 0x600 == 0) {
                vm.prank(provider);
                registry.setStatus(account, INodeRegistry.Status.Retired);
            } else if (moves[i] & 0x600 == 0x200 && registry.gatewayOfNode(account) == gateway) {
                vm.prank(gateway);
                registry.dismissNode(account);
            } else {
                bytes memory consent = _consent(provider, account, key, _fizz(named));
                vm.prank(provider);
                registry.changeClaim(account, _fizz(named), uint64(block.timestamp), consent);
            }
        }
        uint256 count;
        for (uint256 i; i < 4; ++i) {
            if (registry.gatewayOfNode(vm.addr(secret + i)) == gateway) ++count;
        }
        assertEq(registry.gatewayOf(gateway).nodes, count);
    }

    function _fizz(address named) private pure returns (INodeRegistry.Claim memory claim) {
        claim = _claim();
        claim.kind = INodeRegistry.Kind.Fizz;
        claim.gateway = named;
    }

    function _changeClaim(INodeRegistry.Claim memory claim) private {
        bytes memory consent = _consent(provider, node, nodeKey, claim);
        vm.prank(provider);
        registry.changeClaim(node, claim, uint64(block.timestamp), consent);
    }

    function _expectNotAdmitted(address named) private {
        bytes memory consent = _consent(provider, node, nodeKey, _fizz(named));
        vm.prank(provider);
        vm.expectRevert(abi.encodeWithSelector(INodeRegistry.NodeRegistry_NotAdmitted.selector, named, provider));
        registry.registerNode(node, _fizz(named), uint64(block.timestamp), consent);
    }
}
