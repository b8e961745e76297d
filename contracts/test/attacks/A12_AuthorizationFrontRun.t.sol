// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {MoneyTest} from "../money/MoneyTest.sol";

/// @title An authorization that somebody brings first: it can strand no money and serve nothing else
contract A12_AuthorizationFrontRun is MoneyTest {
    bytes32 private constant ACTION = keccak256("open this lease");

    address private module = makeAddr("module");
    address private evil = makeAddr("another module");

    function setUp() public override {
        super.setUp();
        ledger.setModule(module, PRODUCT);
        ledger.setModule(evil, PRODUCT);
        token.mint(alice, 1_000);
    }

    /// @dev Sent to the token itself, it would move tokens that nobody is credited for.
    function testFuzz_OnlyTheLedgerCanBringIt(address runner, uint256 amount) public {
        vm.assume(runner != address(ledger));
        ILedger.Authorization memory a = _authorization(aliceKey, alice, bound(amount, 1, 1_000), module, ACTION);
        bytes32 nonce = ledger.authorizationNonce(module, ACTION, a.salt);
        vm.expectPartialRevert(IERC20Errors.ERC20InvalidReceiver.selector);
        vm.prank(runner);
        token.receiveWithAuthorization(
            alice, address(ledger), a.amount, a.validAfter, a.validBefore, nonce, a.signature
        );
        vm.expectPartialRevert(ERC3009.ERC3009InvalidSignature.selector);
        vm.prank(runner);
        token.transferWithAuthorization(
            alice, address(ledger), a.amount, a.validAfter, a.validBefore, nonce, a.signature
        );
        assertEq(token.balanceOf(address(ledger)), 0);
    }

    /// @dev What its signer let anybody bring, anybody would bring to the token itself.
    function test_OneThatAnybodyCanBringIsNotTaken() public {
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(0), 0);
        bytes32 nonce = ledger.authorizationNonce(address(0), 0, a.salt);
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
                ),
                alice,
                address(ledger),
                a.amount,
                a.validAfter,
                a.validBefore,
                nonce
            )
        );
        a.signature = _sign(aliceKey, keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), structHash)));
        vm.expectPartialRevert(ERC3009.ERC3009InvalidSignature.selector);
        ledger.depositWithAuthorization(a);
        vm.prank(evil);
        token.transferWithAuthorization(
            alice, address(ledger), a.amount, a.validAfter, a.validBefore, nonce, a.signature
        );
        assertEq(token.balanceOf(address(ledger)), 50);
        assertEq(ledger.balanceOf(address(token), alice), 0, "nobody was credited");
    }

    function testFuzz_ItServesOneActionOfOneModule(bytes32 action, bool deposits) public {
        vm.assume(action != ACTION);
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, module, ACTION);
        if (deposits) {
            vm.expectPartialRevert(ERC3009.ERC3009InvalidSignature.selector);
            ledger.depositWithAuthorization(a);
        }
        vm.expectPartialRevert(ERC3009.ERC3009InvalidSignature.selector);
        vm.prank(module);
        ledger.pullWithAuthorizationAndEscrow(a, action, 50);
        vm.expectPartialRevert(ERC3009.ERC3009InvalidSignature.selector);
        vm.prank(evil);
        ledger.pullWithAuthorizationAndEscrow(a, ACTION, 50);
        vm.prank(module);
        ledger.pullWithAuthorizationAndEscrow(a, ACTION, 50);
        assertEq(ledger.escrowOf(module, address(token)), 50);
    }

    /// @dev A deposit that somebody else brings is the signer's all the same.
    function testFuzz_WhoeverBringsADepositCreditsTheSigner(address runner) public {
        vm.assume(runner != alice);
        ILedger.Authorization memory a = _authorization(aliceKey, alice, 50, address(0), 0);
        vm.prank(runner);
        ledger.depositWithAuthorization(a);
        assertEq(ledger.balanceOf(address(token), alice), 50);
        assertEq(ledger.balanceOf(address(token), runner), 0);
    }
}
