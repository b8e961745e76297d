// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IResourceCatalog} from "./IResourceCatalog.sol";

/// @title ResourceCatalog
contract ResourceCatalog is IResourceCatalog, AccessManaged {
    /// @dev A resource with the version that set it: one slot, which a nested struct would not share.
    struct Versioned {
        ResourceKind kind;
        uint16 referenceClass;
        uint32 multiplierBps;
        uint32 fizzBasePoints;
        uint32 providerBasePoints;
        uint32 since;
    }

    /// @inheritdoc IResourceCatalog
    uint256 public version;

    mapping(uint256 id => Versioned) private _latest;

    /// @dev What `_latest` replaced, oldest first.
    mapping(uint256 id => Versioned[]) private _former;

    constructor(address initialAuthority) AccessManaged(initialAuthority) {}

    /// @inheritdoc IResourceCatalog
    function set(Entry[] calldata entries) external restricted {
        if (entries.length == 0) revert ResourceCatalog_Empty();
        uint256 newVersion = ++version;
        for (uint256 i; i < entries.length; ++i) {
            Entry calldata entry = entries[i];
            _set(entry.id, entry.resource, newVersion);
            emit ResourceSet(entry.id, newVersion, entry.resource, entry.name, entry.tier);
        }
    }

    /// @inheritdoc IResourceCatalog
    function resourceOf(uint256 id) external view returns (Resource memory) {
        return _resource(_latest[id]);
    }

    /// @inheritdoc IResourceCatalog
    function resourceAt(uint256 id, uint256 version_) external view returns (Resource memory resource) {
        if (version_ > version) revert ResourceCatalog_UnknownVersion(version_, version);
        Versioned memory latest = _latest[id];
        if (latest.since <= version_) return _resource(latest);
        Versioned[] storage former = _former[id];
        uint256 low;
        uint256 high = former.length;
        while (low < high) {
            uint256 middle = Math.average(low, high);
            if (former[middle].since <= version_) low = middle + 1;
            else high = middle;
        }
        if (low != 0) resource = _resource(former[low - 1]);
    }

    function _set(uint256 id, Resource calldata resource, uint256 newVersion) private {
        Versioned memory latest = _latest[id];
        ResourceKind kind = latest.kind;
        if (id == 0 || resource.kind == ResourceKind.None || (kind != ResourceKind.None && kind != resource.kind)) {
            revert ResourceCatalog_InvalidEntry(id);
        }
        if (kind != ResourceKind.None && latest.since != newVersion) _former[id].push(latest);
        _latest[id] = Versioned({
            kind: resource.kind,
            referenceClass: resource.referenceClass,
            multiplierBps: resource.multiplierBps,
            fizzBasePoints: resource.fizzBasePoints,
            providerBasePoints: resource.providerBasePoints,
            // forge-lint: disable-next-line(unsafe-typecast) one more with each call
            since: uint32(newVersion)
        });
    }

    function _resource(Versioned memory versioned) private pure returns (Resource memory) {
        return Resource({
            kind: versioned.kind,
            referenceClass: versioned.referenceClass,
            multiplierBps: versioned.multiplierBps,
            fizzBasePoints: versioned.fizzBasePoints,
            providerBasePoints: versioned.providerBasePoints
        });
    }
}
