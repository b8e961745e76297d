// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";
import {TestDollar} from "../../src/devnet/TestDollar.sol";

contract TestDollarTest is Test {
    TestDollar private dollar;

    function setUp() public {
        dollar = new TestDollar();
    }

    function test_ItIsADollarOfSixDecimals() public view {
        assertEq(dollar.name(), "Test Dollar");
        assertEq(dollar.symbol(), "tUSD");
        assertEq(dollar.decimals(), 6);
    }

    function testFuzz_AnyoneMints(address caller, uint256 amount) public {
        vm.prank(caller);
        dollar.mint(address(this), amount);
        assertEq(dollar.balanceOf(address(this)), amount);
    }

    function testFuzz_ItTakesPermits(uint256 value) public {
        (address alice, uint256 key) = makeAddrAndKey("alice");
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        (uint8 v, bytes32 r, bytes32 s) =
            _sign(key, keccak256(abi.encode(typehash, alice, address(this), value, 0, block.timestamp)));
        dollar.permit(alice, address(this), value, block.timestamp, v, r, s);
        assertEq(dollar.allowance(alice, address(this)), value);
    }

    function testFuzz_ItTakesAuthorizations(uint256 value, uint192 nonceKey) public {
        (address alice, uint256 key) = makeAddrAndKey("alice");
        dollar.mint(alice, value);
        bytes32 nonce = bytes32(uint256(nonceKey) << 64);
        bytes32 typehash = keccak256(
            "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
        );
        (uint8 v, bytes32 r, bytes32 s) =
            _sign(key, keccak256(abi.encode(typehash, alice, address(this), value, 0, type(uint48).max, nonce)));
        dollar.receiveWithAuthorization(alice, address(this), value, 0, type(uint48).max, nonce, v, r, s);
        assertEq(dollar.balanceOf(address(this)), value);
    }

    function _sign(uint256 key, bytes32 structHash) private view returns (uint8 v, bytes32 r, bytes32 s) {
        return vm.sign(key, keccak256(abi.encodePacked("\x19\x01", dollar.DOMAIN_SEPARATOR(), structHash)));
    }
}
