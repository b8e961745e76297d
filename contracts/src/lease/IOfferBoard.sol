// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "./ILeaseBook.sol";

/// @title OfferBoard, signed offers and requests as events
/// @notice Discovery that does not hang on one server. It stores nothing and checks nothing: an offer is as good as its
/// signature, which the LeaseBook checks when a lease opens.
interface IOfferBoard {
    /// @notice What a renter is looking for.
    struct Wanted {
        uint16 resource; // id in the ResourceCatalog
        uint32 units;
        address token;
        uint96 maxRate; // wei per second for all units
        uint32 fundedSeconds;
        string region; // empty for any
        uint64 deadline; // unix seconds
    }

    /// @notice An offer was posted by `poster`.
    event OfferPosted(address indexed node, address indexed poster, ILeaseBook.Offer offer, bytes signature);

    /// @notice A request was posted; `uri` says where answers are taken.
    event RequestPosted(address indexed renter, Wanted wanted, string uri);

    /// @notice Posts a signed offer.
    function postOffer(ILeaseBook.Offer calldata offer, bytes calldata signature) external;

    /// @notice Posts what the caller is looking for.
    function postRequest(Wanted calldata wanted, string calldata uri) external;
}
