// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "./ILeaseBook.sol";
import {IOfferBoard} from "./IOfferBoard.sol";

/// @title OfferBoard
contract OfferBoard is IOfferBoard {
    /// @inheritdoc IOfferBoard
    function postOffer(ILeaseBook.Offer calldata offer, bytes calldata signature) external {
        emit OfferPosted(offer.node, msg.sender, offer, signature);
    }

    /// @inheritdoc IOfferBoard
    function postRequest(Wanted calldata wanted, string calldata uri) external {
        emit RequestPosted(msg.sender, wanted, uri);
    }
}
