// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {MoneyTest} from "../money/MoneyTest.sol";

/// @title Filecoin Pay credited a permit's deposit to whoever the caller named, and once to the caller itself
contract R_FilecoinPermitRecipient is MoneyTest {
    function setUp() public override {
        super.setUp();
        _installPermit2();
        token.mint(alice, 100);
    }

    /// @dev A permit serves its signer alone, an authorization and a Permit2 transfer credit their signer.
    function testFuzz_ASignatureCreditsItsSigner(address caller) public {
        vm.assume(caller != alice && caller != address(ledger) && caller != address(0));
        (uint8 v, bytes32 r, bytes32 s) = _signPermit(aliceKey, alice, 10, START + 1);
        vm.startPrank(caller);
        vm.expectPartialRevert(IERC20Errors.ERC20InsufficientAllowance.selector);
        ledger.depositWithPermit(address(token), 10, START + 1, v, r, s);
        ledger.depositWithAuthorization(_authorization(aliceKey, alice, 10, address(0), 0));
        vm.stopPrank();

        address permit2 = ledger.PERMIT2();
        vm.prank(alice);
        token.approve(permit2, 10);
        vm.chainId(42_161);
        vm.startPrank(caller);
        ledger.depositWithPermit2(_permit(aliceKey, alice, 10, address(0), 0));
        vm.stopPrank();
        assertEq(ledger.balanceOf(address(token), alice), 20);
        assertEq(ledger.balanceOf(address(token), caller), 0);
        assertEq(token.balanceOf(alice), 80);
    }
}
