// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {GasTest} from "./GasTest.sol";

contract RegistryGasTest is GasTest {
    string private constant GROUP = "registry";

    address private other = makeAddr("other provider");

    function test_Provider() public {
        dollar.mint(other, 2 * MINIMUM_BOND);
        vm.startPrank(other);
        dollar.approve(address(bonds), MINIMUM_BOND);
        _watch();
        bonds.bond(IBonds.Role.Provider, other, address(dollar), MINIMUM_BOND);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        _keep(GROUP, "bond");
        _watch();
        registry.registerProvider(rewardWallet, address(dollar), "https://provider.example");
        gas += vm.lastCallGas().gasTotalUsed;
        _keep(GROUP, "register a provider");
        _keepSum(GROUP, "bond and register a provider", gas, 130_000);
    }

    function test_Node() public {
        (address second, uint256 secondKey) = makeAddrAndKey("second node");
        bytes memory consent = _consent(provider, second, secondKey, _claim());
        vm.prank(provider);
        _watch();
        registry.registerNode(second, _claim(), uint64(block.timestamp), consent);
        _keep(GROUP, "register a node");
        vm.prank(provider);
        _watch();
        registry.setStatus(second, INodeRegistry.Status.Maintenance);
        _keep(GROUP, "set a node's status");
    }

    function test_Nodes() public {
        bytes[] memory calls = new bytes[](20);
        for (uint256 i; i < calls.length; ++i) {
            (address account, uint256 key) = makeAddrAndKey(string.concat("node ", vm.toString(i)));
            calls[i] = abi.encodeCall(
                INodeRegistry.registerNode,
                (account, _claim(), uint64(block.timestamp), _consent(provider, account, key, _claim()))
            );
        }
        vm.prank(provider);
        _watch();
        registry.multicall(calls);
        _keepEach(GROUP, "register one of 20 nodes", 20, 60_000);
    }
}
