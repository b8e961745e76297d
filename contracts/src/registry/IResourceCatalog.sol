// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title ResourceCatalog, classes of hardware and what they weigh
/// @notice Resource ids with their multipliers and base points, as in data/resource-catalog.csv. Each call that sets some
/// makes a new version, and every version can still be read: what was earned under one is recomputed under it.
/// @dev An id keeps its kind, and is never removed: whoever has seen it need not ask again.
interface IResourceCatalog {
    /// @notice What a resource is.
    enum ResourceKind {
        None,
        Gpu,
        Cpu
    }

    /// @notice A class of hardware.
    struct Resource {
        ResourceKind kind;
        uint16 referenceClass; // class whose rates a measurement is held against
        uint32 multiplierBps; // weight of one unit, basis points
        uint32 fizzBasePoints; // milli-points of a Fizz node, per unit at multiplier 1
        uint32 providerBasePoints; // milli-points of a provider's node
    }

    /// @notice A resource to set.
    struct Entry {
        uint16 id;
        Resource resource;
        string name;
        string tier;
    }

    /// @notice A resource was set in this version of the catalog.
    event ResourceSet(uint256 indexed id, uint256 indexed version, Resource resource, string name, string tier);

    /// @notice Thrown when an entry has id 0 or no kind, or another kind than its id had.
    error ResourceCatalog_InvalidEntry(uint256 id);

    /// @notice Thrown when no entry is given.
    error ResourceCatalog_Empty();

    /// @notice Thrown when a version does not exist yet.
    error ResourceCatalog_UnknownVersion(uint256 version, uint256 latest);

    /// @notice Sets resources, as one new version. Restricted.
    function set(Entry[] calldata entries) external;

    /// @notice A resource in the latest version; its kind is None if the id is unknown.
    function resourceOf(uint256 id) external view returns (Resource memory);

    /// @notice A resource as it was in `version`; its kind is None if the id was unknown.
    function resourceAt(uint256 id, uint256 version) external view returns (Resource memory);

    /// @notice The latest version: the number of times that the catalog was set.
    function version() external view returns (uint256);
}
