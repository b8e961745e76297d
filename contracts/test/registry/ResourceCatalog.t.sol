// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IResourceCatalog} from "../../src/registry/IResourceCatalog.sol";
import {RegistryFixture} from "./RegistryFixture.sol";

contract ResourceCatalogTest is RegistryFixture {
    function testFuzz_Set_StoresEveryFieldAndEmitsIt(
        uint16 id,
        uint16 referenceClass,
        uint32 multiplierBps,
        uint32 fizzBasePoints,
        uint32 providerBasePoints,
        bool isCpu
    ) public {
        id = uint16(bound(id, 1000, type(uint16).max));
        IResourceCatalog.Entry[] memory entries = new IResourceCatalog.Entry[](1);
        entries[0].id = id;
        entries[0].name = "NVIDIA H100";
        entries[0].tier = "Ultra High 2";
        entries[0].resource = IResourceCatalog.Resource({
            kind: isCpu ? IResourceCatalog.ResourceKind.Cpu : IResourceCatalog.ResourceKind.Gpu,
            referenceClass: referenceClass,
            multiplierBps: multiplierBps,
            fizzBasePoints: fizzBasePoints,
            providerBasePoints: providerBasePoints
        });

        vm.expectEmit(address(catalog));
        emit IResourceCatalog.ResourceSet(id, 2, entries[0].resource, entries[0].name, entries[0].tier);
        catalog.set(entries);
        assertEq(abi.encode(catalog.resourceOf(id)), abi.encode(entries[0].resource));
    }

    function test_Set_CountsOneVersionPerCall() public {
        assertEq(catalog.version(), 1);
        catalog.set(_entries());
        assertEq(catalog.version(), 2);
    }

    function test_Set_ReplacesAResource() public {
        IResourceCatalog.Entry[] memory entries = new IResourceCatalog.Entry[](2);
        entries[0] = _entry(GPU, IResourceCatalog.ResourceKind.Gpu);
        entries[1] = _entry(GPU, IResourceCatalog.ResourceKind.Gpu);
        entries[1].resource.multiplierBps = 1;
        catalog.set(entries);
        assertEq(catalog.resourceOf(GPU).multiplierBps, 1);
    }

    function testFuzz_ResourceAt_IsTheResourceAsOfEachVersion(uint16 id, uint32[6] memory multipliers, uint8 gaps)
        public
    {
        id = uint16(bound(id, 1000, type(uint16).max));
        uint32[] memory expected = new uint32[](multipliers.length + 2);
        for (uint256 i; i < multipliers.length; ++i) {
            expected[i + 2] = expected[i + 1];
            // Some versions set another resource only.
            bool isSet = gaps & (1 << i) != 0;
            if (isSet) expected[i + 2] = multipliers[i];
            _setMultiplier(isSet ? id : 999, multipliers[i]);
        }
        for (uint256 v; v < expected.length; ++v) {
            assertEq(catalog.resourceAt(id, v).multiplierBps, expected[v]);
        }
        assertEq(abi.encode(catalog.resourceAt(id, catalog.version())), abi.encode(catalog.resourceOf(id)));
        assertEq(abi.encode(catalog.resourceAt(GPU, 1)), abi.encode(_entries()[0].resource), "every field");
        assertEq(uint256(catalog.resourceAt(GPU, 0).kind), uint256(IResourceCatalog.ResourceKind.None));
    }

    function test_ResourceAt_TheLastEntryOfAVersionCounts() public {
        IResourceCatalog.Entry[] memory entries = new IResourceCatalog.Entry[](2);
        entries[0] = _entry(GPU, IResourceCatalog.ResourceKind.Gpu);
        entries[1] = _entry(GPU, IResourceCatalog.ResourceKind.Gpu);
        entries[0].resource.multiplierBps = 1;
        entries[1].resource.multiplierBps = 2;
        catalog.set(entries);
        _setMultiplier(GPU, 3);
        assertEq(catalog.resourceAt(GPU, 1).multiplierBps, 10_000);
        assertEq(catalog.resourceAt(GPU, 2).multiplierBps, 2);
        assertEq(catalog.resourceAt(GPU, 3).multiplierBps, 3);
    }

    function test_ResourceAt_RevertWhen_TheVersionDoesNotExistYet() public {
        vm.expectRevert(abi.encodeWithSelector(IResourceCatalog.ResourceCatalog_UnknownVersion.selector, 2, 1));
        catalog.resourceAt(GPU, 2);
    }

    function test_Set_RevertWhen_AnIdWouldChangeItsKind() public {
        IResourceCatalog.Entry[] memory entries = _entries();
        entries[0] = _entry(GPU, IResourceCatalog.ResourceKind.Cpu);
        vm.expectRevert(abi.encodeWithSelector(IResourceCatalog.ResourceCatalog_InvalidEntry.selector, GPU));
        catalog.set(entries);
    }

    function test_Set_WritesOneSlotPerResource() public {
        IResourceCatalog.Entry[] memory entries = _entries();
        for (uint256 i; i < entries.length; ++i) {
            entries[i].id += 1000;
        }
        vm.record();
        catalog.set(entries);
        (, bytes32[] memory writes) = vm.accesses(address(catalog));
        assertEq(_distinct(writes), entries.length + 1, "and one for the version");
    }

    function test_ResourceOf_AnUnknownIdHasNoKind() public view {
        assertEq(uint256(catalog.resourceOf(12_345).kind), uint256(IResourceCatalog.ResourceKind.None));
        assertEq(uint256(catalog.resourceOf(type(uint256).max).kind), uint256(IResourceCatalog.ResourceKind.None));
    }

    function test_Set_RevertWhen_NoEntryIsGiven() public {
        vm.expectRevert(IResourceCatalog.ResourceCatalog_Empty.selector);
        catalog.set(new IResourceCatalog.Entry[](0));
    }

    function test_Set_RevertWhen_AnIdIsZero() public {
        IResourceCatalog.Entry[] memory entries = _entries();
        entries[1].id = 0;
        vm.expectRevert(abi.encodeWithSelector(IResourceCatalog.ResourceCatalog_InvalidEntry.selector, 0));
        catalog.set(entries);
    }

    function testFuzz_Set_RevertWhen_AnEntryHasNoKind(uint16 id) public {
        IResourceCatalog.Entry[] memory entries = _entries();
        entries[2].id = id;
        entries[2].resource.kind = IResourceCatalog.ResourceKind.None;
        vm.expectRevert(abi.encodeWithSelector(IResourceCatalog.ResourceCatalog_InvalidEntry.selector, id));
        catalog.set(entries);
    }

    function test_Set_RevertWhen_TheCallerHasNoRole() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        catalog.set(_entries());
    }

    function _setMultiplier(uint16 id, uint32 multiplierBps) private {
        IResourceCatalog.Entry[] memory entries = new IResourceCatalog.Entry[](1);
        entries[0] = _entry(id, IResourceCatalog.ResourceKind.Gpu);
        entries[0].resource.multiplierBps = multiplierBps;
        catalog.set(entries);
    }
}
