// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IResourceCatalog} from "./IResourceCatalog.sol";

/// @title ResourceCatalog
contract ResourceCatalog is IResourceCatalog, AccessManaged {
    /// @inheritdoc IResourceCatalog
    uint256 public version;

    mapping(uint256 id => Resource) private _resources;

    constructor(address initialAuthority) AccessManaged(initialAuthority) {}

    /// @inheritdoc IResourceCatalog
    function set(Entry[] calldata entries) external restricted {
        if (entries.length == 0) revert ResourceCatalog_Empty();
        uint256 newVersion = ++version;
        for (uint256 i; i < entries.length; ++i) {
            Entry calldata entry = entries[i];
            if (entry.id == 0 || entry.resource.kind == ResourceKind.None) {
                revert ResourceCatalog_InvalidEntry(entry.id);
            }
            _resources[entry.id] = entry.resource;
            emit ResourceSet(entry.id, newVersion, entry.resource, entry.name, entry.tier);
        }
    }

    /// @inheritdoc IResourceCatalog
    function resourceOf(uint256 id) external view returns (Resource memory) {
        return _resources[id];
    }
}
