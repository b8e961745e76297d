// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Test} from "forge-std/Test.sol";

import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {IOfferBoard} from "../../src/lease/IOfferBoard.sol";
import {OfferBoard} from "../../src/lease/OfferBoard.sol";

contract OfferBoardTest is Test {
    OfferBoard private board = new OfferBoard();

    function testFuzz_postOffer_emits(address poster, ILeaseBook.Offer memory offer, bytes memory signature) public {
        vm.expectEmit(address(board));
        emit IOfferBoard.OfferPosted(offer.node, poster, offer, signature);
        vm.prank(poster);
        board.postOffer(offer, signature);
    }

    function testFuzz_postRequest_emits(address renter, IOfferBoard.Wanted memory wanted, string memory uri) public {
        vm.expectEmit(address(board));
        emit IOfferBoard.RequestPosted(renter, wanted, uri);
        vm.prank(renter);
        board.postRequest(wanted, uri);
    }
}
