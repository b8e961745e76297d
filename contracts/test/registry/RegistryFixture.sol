// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IResourceCatalog} from "../../src/registry/IResourceCatalog.sol";
import {NodeRegistry} from "../../src/registry/NodeRegistry.sol";
import {ResourceCatalog} from "../../src/registry/ResourceCatalog.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {RegistryToken} from "../mocks/RegistryToken.sol";

/// @title A registry with a catalog, bonds, a provider and a node key. The test is the admin.
abstract contract RegistryFixture is Test {
    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant MINIMUM_BOND = 1_000e18;
    uint16 internal constant GPU = 7;
    uint16 internal constant OTHER_GPU = 8;
    uint16 internal constant CPU = 90;

    AccessManager internal authority;
    RegistryToken internal token;
    Bonds internal bonds;
    ResourceCatalog internal catalog;
    NodeRegistry internal registry;

    address internal provider = makeAddr("provider");
    address internal rewardWallet = makeAddr("reward wallet");
    address internal stranger = makeAddr("stranger");
    address internal node;
    uint256 internal nodeKey;

    function setUp() public virtual {
        vm.warp(START);
        (node, nodeKey) = makeAddrAndKey("node");
        authority = new AccessManager(address(this));
        token = new RegistryToken();
        bonds = new Bonds(address(authority), IOutageClock(address(0)));
        bonds.setMinimum(IBonds.Role.Provider, address(token), MINIMUM_BOND);
        bonds.setMinimum(IBonds.Role.Verifier, address(token), MINIMUM_BOND);
        catalog = new ResourceCatalog(address(authority));
        catalog.set(_entries());
        registry = new NodeRegistry(address(authority), bonds, catalog);
    }

    function _entries() internal pure returns (IResourceCatalog.Entry[] memory entries) {
        entries = new IResourceCatalog.Entry[](3);
        entries[0] = _entry(GPU, IResourceCatalog.ResourceKind.Gpu);
        entries[1] = _entry(OTHER_GPU, IResourceCatalog.ResourceKind.Gpu);
        entries[2] = _entry(CPU, IResourceCatalog.ResourceKind.Cpu);
    }

    function _entry(uint16 id, IResourceCatalog.ResourceKind kind)
        internal
        pure
        returns (IResourceCatalog.Entry memory)
    {
        IResourceCatalog.Resource memory resource = IResourceCatalog.Resource({
            kind: kind, referenceClass: id, multiplierBps: 10_000, fizzBasePoints: 500, providerBasePoints: 20
        });
        return IResourceCatalog.Entry({id: id, resource: resource, name: "A class", tier: "Entry 1"});
    }

    function _claim() internal pure returns (INodeRegistry.Claim memory) {
        return INodeRegistry.Claim({
            kind: INodeRegistry.Kind.Provider,
            resource: GPU,
            units: 8,
            cpuResource: CPU,
            cpuUnits: 64,
            memoryMiB: 512 * 1024,
            storageGiB: 4096,
            specHash: keccak256("spec"),
            region: "eu-central",
            uri: "https://provider.example/node.json",
            gateway: address(0)
        });
    }

    function _bond(IBonds.Role role, address owner, uint256 amount) internal {
        _bond(role, owner, token, amount);
    }

    function _bond(IBonds.Role role, address owner, RegistryToken bondToken, uint256 amount) internal {
        bondToken.mint(address(this), amount);
        bondToken.approve(address(bonds), amount);
        bonds.bond(role, owner, address(bondToken), amount);
    }

    function _registerProvider(address account) internal {
        _bond(IBonds.Role.Provider, account, MINIMUM_BOND);
        vm.prank(account);
        registry.registerProvider(rewardWallet, address(token), "https://provider.example");
    }

    function _registerNode(address owner, address account, uint256 key, INodeRegistry.Claim memory claim) internal {
        bytes memory consent = _consent(owner, account, key, claim);
        vm.prank(owner);
        registry.registerNode(account, claim, uint64(block.timestamp), consent);
    }

    /// @dev A consent that is good until now.
    function _consent(address owner, address account, uint256 key, INodeRegistry.Claim memory claim)
        internal
        view
        returns (bytes memory)
    {
        return _sign(key, _consentDigest(owner, account, claim, uint64(block.timestamp)));
    }

    function _consentDigest(address owner, address account, INodeRegistry.Claim memory claim, uint64 deadline)
        internal
        view
        returns (bytes32)
    {
        return registry.hashConsent(
            INodeRegistry.NodeConsent({
                node: account,
                provider: owner,
                claimHash: keccak256(abi.encode(claim)),
                nonce: registry.consentNonce(account),
                deadline: deadline
            })
        );
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _distinct(bytes32[] memory slots) internal pure returns (uint256 count) {
        for (uint256 i; i < slots.length; ++i) {
            bool isNew = true;
            for (uint256 j; j < i; ++j) {
                if (slots[j] == slots[i]) isNew = false;
            }
            if (isNew) ++count;
        }
    }
}
