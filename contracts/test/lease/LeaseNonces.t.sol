// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {LeaseTest} from "./LeaseTest.sol";

/// @title A node's floor is its lowest nonce, from 1 on, that is neither used nor cancelled; 192 are open from there
contract LeaseNoncesTest is LeaseTest {
    uint256 private _salt;

    function _openOn(uint256 nonce) private {
        ILeaseBook.Offer memory offer = _offer();
        (offer.nonce, offer.reusable, offer.units) = (nonce, false, 1);
        ILeaseBook.Request memory request = _request();
        request.salt = bytes32(++_salt);
        bytes memory signature = _signOffer(offer);
        vm.prank(alice);
        book.open(offer, signature, request);
    }

    function _expectUsed(uint256 nonce) private {
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_OfferUsed.selector, node, nonce));
    }

    function _expectOutOfRange(uint256 nonce, uint256 floor) private {
        vm.expectRevert(abi.encodeWithSelector(ILeaseBook.LeaseBook_NonceOutOfRange.selector, node, nonce, floor));
    }

    function test_floor_beginsAtOne() public {
        assertEq(book.nonceFloor(node), 1);
        assertTrue(book.isNonceUsed(node, 0));
        assertFalse(book.isNonceUsed(node, 1));
        vm.prank(node);
        _expectUsed(0);
        book.cancelOffer(node, 0);
    }

    function test_floor_followsWhatIsUsed() public {
        _openOn(2);
        _openOn(3);
        assertEq(book.nonceFloor(node), 1);
        _openOn(1);
        assertEq(book.nonceFloor(node), 4);
        assertEq(book.leasedUnits(node), 3);
    }

    function test_reusableOffersHoldTheFloor() public {
        _openUsual();
        assertEq(book.nonceFloor(node), 1);
        _openOn(192);
        vm.prank(node);
        _expectOutOfRange(193, 1);
        book.cancelOffer(node, 193);
        vm.prank(node);
        book.cancelOffer(node, 1);
        _openOn(193);
    }

    function test_open_revertsOutOfRange() public {
        ILeaseBook.Offer memory offer = _offer();
        offer.nonce = 193;
        bytes memory signature = _signOffer(offer);
        _expectOutOfRange(193, 1);
        vm.prank(alice);
        book.open(offer, signature, _request());
    }

    function test_cancelOffer_byKeyAndByOwner() public {
        vm.expectEmit(address(book));
        emit ILeaseBook.OfferCancelled(node, 7, node);
        vm.prank(node);
        book.cancelOffer(node, 7);
        vm.prank(provider);
        book.cancelOffer(node, 8);
        assertTrue(book.isNonceUsed(node, 7));
        assertTrue(book.isNonceUsed(node, 8));
        assertFalse(book.isNonceUsed(node, 9));
        assertFalse(book.isNonceUsed(provider, 7));
    }

    function test_cancelOffer_stopsReusableOffers() public {
        _openUsual();
        vm.prank(node);
        book.cancelOffer(node, 1);
        bytes memory signature = _signOffer(_offer());
        ILeaseBook.Request memory request = _request();
        request.salt = "another";
        _expectUsed(1);
        vm.prank(alice);
        book.open(_offer(), signature, request);
    }

    function test_cancel_revertsForOthers() public {
        bytes memory refused = abi.encodeWithSelector(ILeaseBook.LeaseBook_NotAuthorized.selector, bob);
        vm.startPrank(bob);
        vm.expectRevert(refused);
        book.cancelOffer(node, 7);
        vm.expectRevert(refused);
        book.cancelOffersBelow(node, 7);
    }

    function test_cancelOffer_revertsTwice() public {
        vm.startPrank(node);
        book.cancelOffer(node, 7);
        _expectUsed(7);
        book.cancelOffer(node, 7);
    }

    function test_cancelOffersBelow_movesTheFloor() public {
        _openOn(5);
        _openOn(9);
        vm.expectEmit(address(book));
        emit ILeaseBook.OffersCancelledBelow(node, 5, provider);
        vm.prank(provider);
        book.cancelOffersBelow(node, 5);
        assertEq(book.nonceFloor(node), 6, "5 was used");
        assertTrue(book.isNonceUsed(node, 9));
        assertFalse(book.isNonceUsed(node, 8));
        assertEq(book.leasedUnits(node), 2);
        vm.startPrank(node);
        _expectOutOfRange(6, 6);
        book.cancelOffersBelow(node, 6);
        book.cancelOffersBelow(node, 1_000);
        assertEq(book.nonceFloor(node), 1_000);
        assertFalse(book.isNonceUsed(node, 1_005));
    }

    /// @dev Against a list of nonces, whatever is used, cancelled and moved.
    function testFuzz_nonces_followAList(uint256 seed) public {
        bool[] memory used = new bool[](1_200);
        used[0] = true;
        vm.startPrank(node);
        for (uint256 i = 0; i < 40; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 floor = book.nonceFloor(node);
            uint256 nonce = floor + (seed >> 8) % (seed % 4 == 0 ? 192 : 3);
            if (seed % 16 == 1) {
                nonce = floor + 1 + (seed >> 8) % 20;
                book.cancelOffersBelow(node, nonce);
                for (uint256 j = floor; j < nonce; ++j) {
                    used[j] = true;
                }
            } else if (!used[nonce]) {
                book.cancelOffer(node, nonce);
                used[nonce] = true;
            }
            floor = 0;
            while (used[floor]) ++floor;
            assertEq(book.nonceFloor(node), floor);
        }
        for (uint256 i = 0; i < used.length; ++i) {
            assertEq(book.isNonceUsed(node, i), used[i]);
        }
    }
}
