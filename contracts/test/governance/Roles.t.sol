// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {Authority} from "../../src/governance/Authority.sol";
import {ISpon} from "../../src/token/ISpon.sol";
import {Spon} from "../../src/token/Spon.sol";
import {StakedSpon} from "../../src/token/StakedSpon.sol";

/// @title The roles of contracts/roles.json, each with its delay, over SPON and its stake
contract RolesTest is Test {
    string private constant FILE = "contracts/roles.json";
    uint64 private constant GOVERNOR = 1;
    uint64 private constant GUARDIAN = 2;
    uint64 private constant ISSUER = 3;
    uint64 private constant ARCHITECT = 8;
    uint256 private constant STAKED = 1_000_000e18;

    Authority private authority;
    Spon private spon;
    StakedSpon private vault;
    address private governor = makeAddr("governor");
    address private architect = makeAddr("architect");
    address private guardian = makeAddr("guardian");
    address private staker = makeAddr("staker");
    address private bridge = makeAddr("bridge");

    function setUp() public {
        vm.warp(1_800_000_000);
        authority = new Authority(address(this));
        spon = new Spon(address(authority));
        vault = new StakedSpon(address(authority), spon);
        spon.mint(staker, STAKED);
        vm.startPrank(staker);
        spon.approve(address(vault), STAKED);
        vault.deposit(STAKED, staker);
        vm.stopPrank();
        _wire("mint", Spon.mint.selector);
        _wire("setBridgeLimit", Spon.setBridgeLimit.selector);
        _wire("shutBridge", Spon.shutBridge.selector);
        _grant(GOVERNOR, "Governor", governor);
        _grant(ARCHITECT, "Architect", architect);
        _grant(GUARDIAN, "Guardian", guardian);
    }

    /// @dev A bridge destroys anybody's SPON without an allowance, the stakers' too: it is let in by nobody who only sets
    /// parameters.
    function test_TheGovernorLetsNoBridgeIn() public {
        bytes memory limit = abi.encodeCall(spon.setBridgeLimit, (governor, spon.CAP(), 1 hours));
        vm.startPrank(governor);
        vm.expectPartialRevert(IAccessManager.AccessManagerUnauthorizedCall.selector);
        authority.schedule(address(spon), limit, 0);
        vm.stopPrank();
        assertEq(spon.balanceOf(address(vault)), STAKED);
    }

    function test_TheArchitectLetsABridgeInAfterItsDelay() public {
        bytes memory limit = abi.encodeCall(spon.setBridgeLimit, (bridge, 100, 1 days));
        vm.startPrank(architect);
        authority.schedule(address(spon), limit, 0);
        skip(14 days - 1);
        vm.expectPartialRevert(IAccessManager.AccessManagerNotReady.selector);
        authority.execute(address(spon), limit);
        skip(1);
        authority.execute(address(spon), limit);
        vm.stopPrank();
        (uint256 mintable,) = spon.bridgeAvailable(bridge);
        assertEq(mintable, 100);
    }

    function test_TheGuardianShutsABridgeAtOnce() public {
        test_TheArchitectLetsABridgeInAfterItsDelay();
        vm.expectEmit(address(spon));
        emit ISpon.BridgeLimitSet(bridge, 0, 1 days);
        vm.prank(guardian);
        spon.shutBridge(bridge);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, bridge));
        vm.prank(bridge);
        spon.crosschainBurn(address(vault), 1);
    }

    function _wire(string memory name, bytes4 selector) private {
        string memory role = vm.parseJsonString(vm.readFile(FILE), string.concat(".functions.Spon.", name));
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        authority.setTargetFunctionRole(address(spon), selectors, _idOf(role));
    }

    function _grant(uint64 id, string memory role, address account) private {
        uint256 delay = vm.parseJsonUint(vm.readFile(FILE), string.concat(".roles.", role, ".delaySeconds"));
        authority.grantRole(id, account, uint32(delay));
    }

    function _idOf(string memory role) private pure returns (uint64) {
        bytes32 name = keccak256(bytes(role));
        if (name == keccak256("Governor")) return GOVERNOR;
        if (name == keccak256("Guardian")) return GUARDIAN;
        if (name == keccak256("Issuer")) return ISSUER;
        if (name == keccak256("Architect")) return ARCHITECT;
        revert(role);
    }
}
