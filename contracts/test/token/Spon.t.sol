// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC7802} from "@openzeppelin/contracts/interfaces/draft-IERC7802.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Test} from "forge-std/Test.sol";
import {ISpon} from "../../src/token/ISpon.sol";
import {Spon} from "../../src/token/Spon.sol";
import {StakeContractAccount} from "../mocks/StakeTokens.sol";

contract SponTest is Test {
    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant TRANSFER = keccak256(
        "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant RECEIVE = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    bytes32 private constant CANCEL = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");

    uint256 private constant CAP = 1_000_000_000e18;

    Spon private spon;
    address private alice;
    uint256 private aliceKey;
    address private bob = makeAddr("bob");
    address private bridge = makeAddr("bridge");

    function setUp() public {
        vm.warp(1_800_000_000);
        (alice, aliceKey) = makeAddrAndKey("alice");
        spon = new Spon(address(new AccessManager(address(this))));
    }

    function test_ItIsNamedAndCapped() public view {
        assertEq(spon.name(), "Spheron");
        assertEq(spon.symbol(), "SPON");
        assertEq(spon.decimals(), 18);
        assertEq(spon.CAP(), CAP);
        assertEq(spon.totalSupply(), 0);
        (, string memory name, string memory version, uint256 chainId, address verifying,,) = spon.eip712Domain();
        assertEq(name, "Spheron");
        assertEq(version, "1");
        assertEq(chainId, block.chainid);
        assertEq(verifying, address(spon));
    }

    // Mint and burn

    function testFuzz_MintCreatesUpToTheCap(uint256 first, uint256 second) public {
        first = bound(first, 0, CAP);
        second = bound(second, 0, CAP - first);
        spon.mint(alice, first);
        spon.mint(bob, second);
        assertEq(spon.balanceOf(alice), first);
        assertEq(spon.balanceOf(bob), second);
        assertEq(spon.totalSupply(), first + second);
    }

    function testFuzz_MintAboveTheCapReverts(uint256 first, uint256 second) public {
        first = bound(first, 0, CAP);
        second = bound(second, CAP - first + 1, type(uint256).max - first);
        spon.mint(alice, first);
        vm.expectRevert(abi.encodeWithSelector(ISpon.Spon_CapExceeded.selector, first + second, CAP));
        spon.mint(alice, second);
    }

    function testFuzz_MintIsRestricted(address caller) public {
        vm.assume(caller != address(this));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
        spon.mint(caller, 1);
    }

    function testFuzz_BurnDestroysTheCallersOwn(uint256 held, uint256 burned) public {
        held = bound(held, 0, CAP);
        burned = bound(burned, 0, held);
        spon.mint(alice, held);
        vm.prank(alice);
        spon.burn(burned);
        assertEq(spon.balanceOf(alice), held - burned);
        assertEq(spon.totalSupply(), held - burned);
    }

    function test_BurnOfMoreThanHeldReverts() public {
        spon.mint(alice, 5);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 5, 6));
        spon.burn(6);
    }

    function testFuzz_BurnFromUsesTheAllowance(uint256 allowed, uint256 burned) public {
        allowed = bound(allowed, 0, CAP);
        burned = bound(burned, 0, allowed);
        spon.mint(alice, CAP);
        vm.prank(alice);
        spon.approve(bob, allowed);
        vm.prank(bob);
        spon.burnFrom(alice, burned);
        assertEq(spon.allowance(alice, bob), allowed - burned);
        assertEq(spon.balanceOf(alice), CAP - burned);
    }

    function test_BurnFromWithoutAllowanceReverts() public {
        spon.mint(alice, 10);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, bob, 0, 1));
        spon.burnFrom(alice, 1);
    }

    function test_WhatWasBurnedMayBeMintedAgain() public {
        spon.mint(alice, CAP);
        vm.prank(alice);
        spon.burn(7);
        spon.mint(bob, 7);
        assertEq(spon.totalSupply(), CAP);
    }

    // ERC-2612

    function testFuzz_PermitApprovesOnce(uint256 value, uint256 validFor) public {
        uint256 deadline = block.timestamp + bound(validFor, 0, 365 days);
        (uint8 v, bytes32 r, bytes32 s) = _sign(_permitHash(value, 0, deadline));
        spon.permit(alice, bob, value, deadline, v, r, s);
        assertEq(spon.allowance(alice, bob), value);
        assertEq(spon.nonces(alice), 1);

        address replayed = ecrecover(_digest(_permitHash(value, 1, deadline)), v, r, s);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612InvalidSigner.selector, replayed, alice));
        spon.permit(alice, bob, value, deadline, v, r, s);
    }

    function test_PermitPastItsDeadlineReverts() public {
        uint256 deadline = block.timestamp - 1;
        (uint8 v, bytes32 r, bytes32 s) = _sign(_permitHash(1, 0, deadline));
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, deadline));
        spon.permit(alice, bob, 1, deadline, v, r, s);
    }

    function test_PermitOfAnotherChainReverts() public {
        bytes32 structHash = _permitHash(1, 0, block.timestamp);
        (uint8 v, bytes32 r, bytes32 s) = _sign(structHash);
        vm.chainId(8453);
        address recovered = ecrecover(_digest(structHash), v, r, s);
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612InvalidSigner.selector, recovered, alice));
        spon.permit(alice, bob, 1, block.timestamp, v, r, s);
    }

    // ERC-3009

    function testFuzz_ReceiveWithAuthorizationPaysItsCaller(uint192 key, uint256 value) public {
        value = bound(value, 0, CAP);
        spon.mint(alice, value);
        bytes32 nonce = _nonce(key, 0);
        bytes memory signature = _signature(_authorizationHash(RECEIVE, value, 0, type(uint48).max, nonce));
        vm.prank(bob);
        spon.receiveWithAuthorization(alice, bob, value, 0, type(uint48).max, nonce, signature);
        assertEq(spon.balanceOf(bob), value);
        assertTrue(spon.authorizationState(alice, nonce));
        assertFalse(spon.authorizationState(alice, _nonce(key, 1)));

        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, alice, uint256(_nonce(key, 1))));
        spon.receiveWithAuthorization(alice, bob, value, 0, type(uint48).max, nonce, signature);
    }

    function test_ReceiveWithAuthorizationByAnotherReverts() public {
        spon.mint(alice, 1);
        bytes memory signature = _signature(_authorizationHash(RECEIVE, 1, 0, type(uint48).max, _nonce(1, 0)));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, bob));
        spon.receiveWithAuthorization(alice, bob, 1, 0, type(uint48).max, _nonce(1, 0), signature);
    }

    function test_TransferWithAuthorizationMayBeBroughtByAnyone() public {
        spon.mint(alice, 9);
        (uint8 v, bytes32 r, bytes32 s) = _sign(_authorizationHash(TRANSFER, 9, 0, type(uint48).max, _nonce(3, 0)));
        spon.transferWithAuthorization(alice, bob, 9, 0, type(uint48).max, _nonce(3, 0), v, r, s);
        assertEq(spon.balanceOf(bob), 9);
    }

    function test_AuthorizationsOfDifferentKeysComeInAnyOrder() public {
        spon.mint(alice, 3);
        for (uint192 key = 3; key > 0; --key) {
            bytes memory signature = _signature(_authorizationHash(TRANSFER, 1, 0, type(uint48).max, _nonce(key, 0)));
            spon.transferWithAuthorization(alice, bob, 1, 0, type(uint48).max, _nonce(key, 0), signature);
        }
        assertEq(spon.balanceOf(bob), 3);
    }

    function test_AuthorizationBySomeoneElseReverts() public {
        spon.mint(bob, 1);
        bytes32 structHash = keccak256(abi.encode(TRANSFER, bob, alice, 1, 0, type(uint48).max, _nonce(1, 0)));
        bytes memory signature = _signature(structHash);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        spon.transferWithAuthorization(bob, alice, 1, 0, type(uint48).max, _nonce(1, 0), signature);
    }

    function testFuzz_AuthorizationOutsideItsTimeReverts(uint256 validAfter, uint256 validBefore) public {
        vm.assume(validAfter >= block.timestamp || validBefore <= block.timestamp);
        bytes memory signature = _signature(_authorizationHash(TRANSFER, 0, validAfter, validBefore, _nonce(1, 0)));
        vm.expectRevert(
            abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, validAfter, validBefore)
        );
        spon.transferWithAuthorization(alice, bob, 0, validAfter, validBefore, _nonce(1, 0), signature);
    }

    function test_AuthorizationTimesAreNeverBlockNumbers() public {
        uint256 flag = 1 << 47;
        vm.roll(100);
        bytes memory signature = _signature(_authorizationHash(TRANSFER, 0, flag, flag | 1000, _nonce(1, 0)));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, flag, flag | 1000));
        spon.transferWithAuthorization(alice, bob, 0, flag, flag | 1000, _nonce(1, 0), signature);
    }

    function test_CancelledAuthorizationReverts() public {
        spon.mint(alice, 1);
        spon.cancelAuthorization(alice, _nonce(5, 0), _signature(keccak256(abi.encode(CANCEL, alice, _nonce(5, 0)))));
        assertTrue(spon.authorizationState(alice, _nonce(5, 0)));
        bytes memory signature = _signature(_authorizationHash(TRANSFER, 1, 0, type(uint48).max, _nonce(5, 0)));
        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, alice, uint256(_nonce(5, 1))));
        spon.transferWithAuthorization(alice, bob, 1, 0, type(uint48).max, _nonce(5, 0), signature);
    }

    function test_AContractMaySignAnAuthorization() public {
        address account = address(new StakeContractAccount("open"));
        spon.mint(account, 4);
        vm.startPrank(bob);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        spon.receiveWithAuthorization(account, bob, 4, 0, type(uint48).max, _nonce(1, 0), abi.encode("shut"));
        spon.receiveWithAuthorization(account, bob, 4, 0, type(uint48).max, _nonce(1, 0), abi.encode(bytes32("open")));
        assertEq(spon.balanceOf(bob), 4);
    }

    // ERC-7802

    function test_BridgeLimitIsSet() public {
        vm.expectEmit(address(spon));
        emit ISpon.BridgeLimitSet(bridge, 100e18, 1 days);
        spon.setBridgeLimit(bridge, 100e18, 1 days);
        (uint256 mintable, uint256 burnable) = spon.bridgeAvailable(bridge);
        assertEq(mintable, 100e18);
        assertEq(burnable, 100e18);
    }

    function testFuzz_BridgeWindowOutOfBoundsReverts(uint256 window) public {
        vm.assume(window < 1 hours || window > 30 days);
        vm.expectRevert(abi.encodeWithSelector(ISpon.Spon_WindowOutOfBounds.selector, window, 1 hours, 30 days));
        spon.setBridgeLimit(bridge, 1, window);
    }

    function test_SetBridgeLimitIsRestricted() public {
        vm.prank(bridge);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, bridge));
        spon.setBridgeLimit(bridge, 1, 1 days);
    }

    function testFuzz_ABridgeMovesWithinItsLimit(uint256 capacity, uint256 minted, uint256 burned) public {
        capacity = bound(capacity, 1, CAP);
        minted = bound(minted, 0, capacity);
        burned = bound(burned, 0, minted);
        spon.setBridgeLimit(bridge, capacity, 1 days);
        vm.startPrank(bridge);
        vm.expectEmit(address(spon));
        emit IERC7802.CrosschainMint(alice, minted, bridge);
        spon.crosschainMint(alice, minted);
        vm.expectEmit(address(spon));
        emit IERC7802.CrosschainBurn(alice, burned, bridge);
        spon.crosschainBurn(alice, burned);
        vm.stopPrank();
        assertEq(spon.balanceOf(alice), minted - burned);
        (uint256 mintable, uint256 burnable) = spon.bridgeAvailable(bridge);
        assertEq(mintable, _min(capacity - minted, CAP - spon.totalSupply()));
        assertEq(burnable, capacity - burned);
    }

    function testFuzz_ABridgeAboveItsLimitReverts(uint256 capacity, uint256 used, uint256 more) public {
        capacity = bound(capacity, 1, CAP / 2);
        used = bound(used, 0, capacity);
        more = bound(more, capacity - used + 1, CAP - used);
        spon.setBridgeLimit(bridge, capacity, 1 days);
        vm.startPrank(bridge);
        spon.crosschainMint(alice, used);
        vm.expectRevert(abi.encodeWithSelector(ISpon.Spon_BridgeLimitExceeded.selector, bridge, more, capacity - used));
        spon.crosschainMint(alice, more);
        vm.stopPrank();

        spon.mint(alice, capacity + 1 - used);
        vm.prank(bridge);
        vm.expectRevert(abi.encodeWithSelector(ISpon.Spon_BridgeLimitExceeded.selector, bridge, capacity + 1, capacity));
        spon.crosschainBurn(alice, capacity + 1);
    }

    function testFuzz_ABucketRefillsOverItsWindow(uint256 elapsed) public {
        elapsed = bound(elapsed, 0, 2 days);
        spon.setBridgeLimit(bridge, 86_400e18, 1 days);
        vm.prank(bridge);
        spon.crosschainMint(alice, 86_400e18);
        skip(elapsed);
        (uint256 mintable,) = spon.bridgeAvailable(bridge);
        assertEq(mintable, _min(elapsed, 1 days) * 1e18);
    }

    function test_ANewLimitKeepsWhatWasUsed() public {
        spon.setBridgeLimit(bridge, 100, 1 days);
        vm.prank(bridge);
        spon.crosschainMint(alice, 100);
        skip(12 hours);
        // Half has refilled at the old rate; the new one applies from here on.
        spon.setBridgeLimit(bridge, 1000, 10 days);
        (uint256 mintable,) = spon.bridgeAvailable(bridge);
        assertEq(mintable, 950);
        spon.setBridgeLimit(bridge, 40, 1 days);
        (mintable,) = spon.bridgeAvailable(bridge);
        assertEq(mintable, 0);
    }

    function test_AShutBridgeReverts() public {
        spon.setBridgeLimit(bridge, 100, 1 days);
        spon.setBridgeLimit(bridge, 0, 1 days);
        vm.startPrank(bridge);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, bridge));
        spon.crosschainMint(alice, 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, bridge));
        spon.crosschainBurn(alice, 0);
    }

    function test_ShutBridgeLeavesWhatWasUsed() public {
        spon.setBridgeLimit(bridge, 100, 1 days);
        vm.prank(bridge);
        spon.crosschainMint(alice, 100);
        skip(12 hours);
        vm.expectEmit(address(spon));
        emit ISpon.BridgeLimitSet(bridge, 0, 1 days);
        spon.shutBridge(bridge);
        skip(12 hours);
        vm.prank(bridge);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, bridge));
        spon.crosschainMint(alice, 1);
        spon.setBridgeLimit(bridge, 100, 1 days);
        (uint256 mintable, uint256 burnable) = spon.bridgeAvailable(bridge);
        assertEq(mintable, 50, "a shut bridge refills no further");
        assertEq(burnable, 100);
    }

    function test_ShutBridgeIsRestrictedAndOfABridge() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, bridge));
        spon.shutBridge(bridge);
        spon.setBridgeLimit(bridge, 100, 1 days);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, alice));
        spon.shutBridge(bridge);
    }

    function testFuzz_AStrangerIsNoBridge(address caller, uint256 amount) public {
        amount = bound(amount, 0, CAP);
        vm.assume(caller != bridge);
        spon.setBridgeLimit(bridge, 100, 1 days);
        spon.mint(alice, amount);
        vm.startPrank(caller);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
        spon.crosschainMint(alice, amount);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
        spon.crosschainBurn(alice, amount);
    }

    function test_TheCapBindsBridgesToo() public {
        spon.mint(alice, CAP - 5);
        spon.setBridgeLimit(bridge, 100, 1 days);
        (uint256 mintable,) = spon.bridgeAvailable(bridge);
        assertEq(mintable, 5);
        vm.prank(bridge);
        vm.expectRevert(abi.encodeWithSelector(ISpon.Spon_CapExceeded.selector, CAP + 1, CAP));
        spon.crosschainMint(alice, 6);
    }

    function test_ItSaysThatItIsBridgeable() public view {
        assertTrue(spon.supportsInterface(type(IERC7802).interfaceId));
        assertTrue(spon.supportsInterface(type(IERC165).interfaceId));
        assertFalse(spon.supportsInterface(0xffffffff));
    }

    function _permitHash(uint256 value, uint256 nonce, uint256 deadline) private view returns (bytes32) {
        return keccak256(abi.encode(PERMIT, alice, bob, value, nonce, deadline));
    }

    function _authorizationHash(bytes32 typehash, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce)
        private
        view
        returns (bytes32)
    {
        return keccak256(abi.encode(typehash, alice, bob, value, validAfter, validBefore, nonce));
    }

    function _nonce(uint192 key, uint64 sequence) private pure returns (bytes32) {
        return bytes32(uint256(key) << 64 | sequence);
    }

    function _digest(bytes32 structHash) private view returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", spon.DOMAIN_SEPARATOR(), structHash));
    }

    function _sign(bytes32 structHash) private view returns (uint8 v, bytes32 r, bytes32 s) {
        return vm.sign(aliceKey, _digest(structHash));
    }

    function _signature(bytes32 structHash) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = _sign(structHash);
        return abi.encodePacked(r, s, v);
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
