// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";

/// @notice The views of the NodeRegistry that leases and payouts read.
contract LeaseRegistry {
    mapping(address node => INodeRegistry.Node) private _nodes;
    mapping(address provider => INodeRegistry.Provider) private _providers;

    function setNode(address node, address provider, INodeRegistry.Status status) external {
        _nodes[node].provider = provider;
        _nodes[node].status = status;
        _nodes[node].units = type(uint32).max;
        _nodes[node].operator = node;
    }

    function setWallet(address provider, address rewardWallet) external {
        _providers[provider].rewardWallet = rewardWallet;
    }

    function providerOf(address provider) external view returns (INodeRegistry.Provider memory) {
        return _providers[provider];
    }

    function setUnits(address node, uint32 units) external {
        _nodes[node].units = units;
    }

    function setOperator(address node, address operator) external {
        _nodes[node].operator = operator;
    }

    function nodeOf(address node) external view returns (INodeRegistry.Node memory) {
        return _nodes[node];
    }
}
