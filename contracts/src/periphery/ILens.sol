// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILeaseBook} from "../lease/ILeaseBook.sol";
import {INodeRegistry} from "../registry/INodeRegistry.sol";
import {IBonds} from "../stake/IBonds.sol";
import {IStakedSpon} from "../token/IStakedSpon.sol";
import {IAttestationPolicy} from "../verification/IAttestationPolicy.sol";

/// @title Lens, many reads in one call
/// @notice The chain has no lists, so the caller brings them, in pages as long as its node allows: what is asked comes
/// back in the same order. It holds no money and no state, and nothing depends on it.
interface ILens {
    /// @notice A lease. All fields are 0 if there is none with these terms.
    struct LeaseView {
        bytes32 leaseId;
        ILeaseBook.Lease lease;
        ILeaseBook.Claim claim; // on the provider's bond
        uint256 escrowed; // wei, neither paid nor refunded yet
        uint256 funded; // seconds from now at the full rate
        uint256 untilEnd; // seconds from now to the end
    }

    /// @notice Somebody's money in a token, in wei.
    struct BalanceView {
        uint256 wallet;
        uint256 ledger;
        uint256 approved; // that the Ledger may pull from the wallet
        uint256 owed; // by slashes and claims, to be collected from Bonds
    }

    /// @notice Whose bond.
    struct BondKey {
        IBonds.Role role;
        address owner;
        address token;
    }

    /// @notice A bond.
    struct BondView {
        IBonds.Bond bond;
        bool sufficient; // reaches the minimum
    }

    /// @notice A node, and how it stands with a policy.
    struct NodeView {
        INodeRegistry.Node node;
        address gateway;
        uint256 leasedUnits;
        uint256 capacity; // units that may be leased at once
        IAttestationPolicy.Standing standing;
        uint256 decidedUntil; // unix seconds
        uint256 attestedUntil; // unix seconds; end of the last window, 0 if there is none
    }

    /// @notice What an offer costs, and whether a lease could be opened on it now.
    struct OfferView {
        bytes32 offerHash;
        uint256 price; // wei for the seconds asked, and the grace reserve; 0 if the offer does not allow as many
        uint256 freeUnits;
        bool isUsable; // as far as can be told without its signature and the money
    }

    /// @notice Somebody's stake of SPON.
    struct StakeView {
        uint256 shares;
        uint256 assets; // wei that the shares are worth
        IStakedSpon.Exit exit;
        uint256 claimable; // wei of the exit
    }

    /// @notice The leases with these terms.
    function leases(ILeaseBook.Terms[] calldata terms) external view returns (LeaseView[] memory);

    /// @notice The money of `owner` in each of `tokens`.
    function balances(address owner, address[] calldata tokens) external view returns (BalanceView[] memory);

    /// @notice Bonds.
    function bonds(BondKey[] calldata keys) external view returns (BondView[] memory);

    /// @notice Nodes, as `policy` sees them.
    function nodes(address[] calldata accounts, IAttestationPolicy policy) external view returns (NodeView[] memory);

    /// @notice What each offer costs for `fundedSeconds`, and whether `renter` could open a lease on it.
    function offers(ILeaseBook.Offer[] calldata offers, address renter, uint256 fundedSeconds)
        external
        view
        returns (OfferView[] memory);

    /// @notice The stakes of `accounts`.
    function stakes(address[] calldata accounts) external view returns (StakeView[] memory);
}
