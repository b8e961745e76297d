// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {ILedger} from "../../src/money/ILedger.sol";
import {LeaseTest} from "./LeaseTest.sol";

interface IPermit2Errors {
    error InvalidNonce();
    error InvalidSigner();
}

/// @notice Opening with one Permit2 signature, against the code of Permit2 as it is deployed.
contract LeasePermit2Test is LeaseTest {
    uint256 private constant NEEDED = uint256(FUNDED) * RATE + uint256(GRACE) * HOLD;

    function setUp() public override {
        // The code keeps the domain of the chain that it was made on; on every other it must derive its own.
        vm.chainId(42_161);
        super.setUp();
        _installPermit2();
        address permit2 = ledger.PERMIT2();
        token.mint(alice, NEEDED + 5);
        vm.prank(alice);
        token.approve(permit2, type(uint256).max);
    }

    function _money(uint256 amount) private view returns (ILedger.Permit memory) {
        bytes32 action = book.openAction(book.hashOffer(_offer()), _request());
        return _permit(aliceKey, alice, amount, address(book), action);
    }

    function test_anyoneMaySend() public {
        ILedger.Permit memory permit = _money(NEEDED + 5);
        bytes memory signature = _signOffer(_offer());
        (uint256 balance, uint256 held) = (_balance(alice), token.balanceOf(alice));
        vm.recordLogs();
        vm.prank(bob);
        bytes32 leaseId = book.openWithPermit2(_offer(), signature, _request(), permit);
        ILeaseBook.Terms memory terms = _openedTerms();
        assertEq(book.hashTerms(terms), leaseId);
        assertEq(terms.renter, alice);
        assertEq(terms.operator, address(0));
        assertEq(_balance(alice), balance + 5);
        assertEq(_escrow(), NEEDED);
        assertEq(token.balanceOf(alice), held - NEEDED - 5);
    }

    function test_opensOnce() public {
        ILedger.Permit memory permit = _money(NEEDED);
        bytes memory signature = _signOffer(_offer());
        book.openWithPermit2(_offer(), signature, _request(), permit);
        vm.warp(START + 1);
        vm.expectRevert(IPermit2Errors.InvalidNonce.selector);
        book.openWithPermit2(_offer(), signature, _request(), permit);
    }

    function test_bindsTheRequest() public {
        ILedger.Permit memory permit = _money(NEEDED);
        bytes memory signature = _signOffer(_offer());
        ILeaseBook.Request memory request = _request();
        request.fundedSeconds -= 1;
        vm.expectRevert(IPermit2Errors.InvalidSigner.selector);
        book.openWithPermit2(_offer(), signature, request, permit);
    }

    function test_bindsTheOffer() public {
        ILedger.Permit memory permit = _money(NEEDED);
        ILeaseBook.Offer memory offer = _offer();
        offer.minSeconds += 1;
        bytes memory signature = _signOffer(offer);
        vm.expectRevert(IPermit2Errors.InvalidSigner.selector);
        book.openWithPermit2(offer, signature, _request(), permit);
    }

    /// @dev The money of a permit for a lease cannot be deposited without the lease.
    function test_isNoPlainDeposit() public {
        ILedger.Permit memory permit = _money(NEEDED);
        vm.expectRevert(IPermit2Errors.InvalidSigner.selector);
        ledger.depositWithPermit2(permit);
    }

    function test_revertsOnAnothersMoneyOrToken() public {
        bytes memory signature = _signOffer(_offer());
        ILedger.Permit memory permit = _money(NEEDED);
        permit.from = bob;
        vm.expectRevert(
            abi.encodeWithSelector(ILeaseBook.LeaseBook_AuthorizationMismatch.selector, bob, address(token))
        );
        book.openWithPermit2(_offer(), signature, _request(), permit);
        permit = _money(NEEDED);
        permit.token = bob;
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_AuthorizationMismatch.selector, alice, bob));
        book.openWithPermit2(_offer(), signature, _request(), permit);
    }
}
