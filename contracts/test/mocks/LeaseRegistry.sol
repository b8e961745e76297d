// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";

/// @notice The one view of the NodeRegistry that the LeaseBook reads.
contract LeaseRegistry {
    mapping(address node => INodeRegistry.Node) private _nodes;

    function setNode(address node, address provider, INodeRegistry.Status status) external {
        _nodes[node].provider = provider;
        _nodes[node].status = status;
        _nodes[node].units = type(uint32).max;
        _nodes[node].operator = node;
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
