// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IERC4626} from "@openzeppelin/contracts/interfaces/IERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ILeaseBook} from "../lease/ILeaseBook.sol";
import {LeaseMath} from "../lease/LeaseMath.sol";
import {PolicyCalls} from "../lease/PolicyCalls.sol";
import {Slots} from "../lease/Slots.sol";
import {ILedger} from "../money/ILedger.sol";
import {INodeRegistry} from "../registry/INodeRegistry.sol";
import {IBonds} from "../stake/IBonds.sol";
import {IStakedSpon} from "../token/IStakedSpon.sol";
import {IAttestationPolicy} from "../verification/IAttestationPolicy.sol";
import {ILens} from "./ILens.sol";

/// @title Lens
contract Lens is ILens {
    uint256 private constant BASIS_POINTS = 10_000;

    /// @notice Where balances are read.
    ILedger public immutable ledger;
    /// @notice Where leases are read.
    ILeaseBook public immutable leaseBook;
    /// @notice Where nodes are read.
    INodeRegistry public immutable registry;
    /// @notice Where bonds are read.
    IBonds public immutable bondsContract;
    /// @notice Where stakes are read.
    address public immutable stakedSpon;

    constructor(ILedger ledger_, ILeaseBook leaseBook_, INodeRegistry registry_, IBonds bonds_, address stakedSpon_) {
        ledger = ledger_;
        leaseBook = leaseBook_;
        registry = registry_;
        bondsContract = bonds_;
        stakedSpon = stakedSpon_;
    }

    /// @inheritdoc ILens
    function leases(ILeaseBook.Terms[] calldata terms) external view returns (LeaseView[] memory found) {
        found = new LeaseView[](terms.length);
        for (uint256 i; i < terms.length; ++i) {
            bytes32 leaseId = leaseBook.hashTerms(terms[i]);
            ILeaseBook.Lease memory lease = leaseBook.leaseOf(leaseId);
            if (lease.status == ILeaseBook.Status.None) continue;
            LeaseView memory view_ = found[i];
            (view_.leaseId, view_.lease, view_.claim) = (leaseId, lease, leaseBook.claimOf(leaseId));
            view_.escrowed = leaseBook.escrowOf(terms[i]);
            (view_.funded, view_.untilEnd) = leaseBook.runwayOf(terms[i]);
        }
    }

    /// @inheritdoc ILens
    function balances(address owner, address[] calldata tokens) external view returns (BalanceView[] memory found) {
        found = new BalanceView[](tokens.length);
        for (uint256 i; i < tokens.length; ++i) {
            found[i] = BalanceView({
                wallet: IERC20(tokens[i]).balanceOf(owner),
                ledger: ledger.balanceOf(tokens[i], owner),
                approved: IERC20(tokens[i]).allowance(owner, address(ledger)),
                owed: bondsContract.owedTo(owner, tokens[i])
            });
        }
    }

    /// @inheritdoc ILens
    function bonds(BondKey[] calldata keys) external view returns (BondView[] memory found) {
        found = new BondView[](keys.length);
        for (uint256 i; i < keys.length; ++i) {
            BondKey calldata key = keys[i];
            found[i] = BondView({
                bond: bondsContract.bondOf(key.role, key.owner, key.token),
                sufficient: bondsContract.isBonded(key.role, key.owner, key.token)
            });
        }
    }

    /// @inheritdoc ILens
    function nodes(address[] calldata accounts, IAttestationPolicy policy)
        external
        view
        returns (NodeView[] memory found)
    {
        found = new NodeView[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            address node = accounts[i];
            uint256 windows = policy.windowCount(node);
            found[i] = NodeView({
                node: registry.nodeOf(node),
                gateway: registry.gatewayOfNode(node),
                leasedUnits: leaseBook.leasedUnits(node),
                capacity: policy.capacityOf(node),
                standing: policy.standingOf(node),
                decidedUntil: policy.decidedUntil(node),
                attestedUntil: windows == 0 ? 0 : policy.windowAt(node, windows - 1).end
            });
        }
    }

    /// @inheritdoc ILens
    function offers(ILeaseBook.Offer[] calldata offers_, address renter, uint256 fundedSeconds)
        external
        view
        returns (OfferView[] memory found)
    {
        found = new OfferView[](offers_.length);
        for (uint256 i; i < offers_.length; ++i) {
            ILeaseBook.Offer calldata offer = offers_[i];
            uint256 free = _freeUnits(offer);
            uint256 price = _price(offer, fundedSeconds);
            found[i] = OfferView({
                offerHash: leaseBook.hashOffer(offer),
                price: price,
                freeUnits: free,
                isUsable: price != 0 && offer.units <= free && _isOpen(offer, renter, price)
            });
        }
    }

    /// @inheritdoc ILens
    function stakes(address[] calldata accounts) external view returns (StakeView[] memory found) {
        found = new StakeView[](accounts.length);
        for (uint256 i; i < accounts.length; ++i) {
            uint256 shares = IERC20(stakedSpon).balanceOf(accounts[i]);
            found[i] = StakeView({
                shares: shares,
                assets: IERC4626(stakedSpon).convertToAssets(shares),
                exit: IStakedSpon(stakedSpon).exitOf(accounts[i]),
                claimable: IERC4626(stakedSpon).maxWithdraw(accounts[i])
            });
        }
    }

    function _freeUnits(ILeaseBook.Offer calldata offer) private view returns (uint256) {
        // A policy may be anybody's contract: whatever it does, it must not take the page with it.
        uint256 attested = PolicyCalls.capacityOf(offer.policy, offer.node);
        uint256 capacity = Math.min(attested, registry.nodeOf(offer.node).units);
        return Math.saturatingSub(capacity, leaseBook.leasedUnits(offer.node));
    }

    function _price(ILeaseBook.Offer calldata offer, uint256 fundedSeconds) private view returns (uint256) {
        try leaseBook.quote(offer, fundedSeconds) returns (uint256 price) {
            return price;
        } catch {
            return 0;
        }
    }

    /// @dev What opening a lease would refuse, without the signature and the money.
    function _isOpen(ILeaseBook.Offer calldata offer, address renter, uint256 price) private view returns (bool) {
        ILeaseBook.Market memory market = leaseBook.marketOf(offer.token, offer.policy);
        return !leaseBook.paused() && market.isOpen && price >= market.minFunds && block.timestamp <= offer.deadline
            && offer.units != 0 && offer.holdRateBps <= BASIS_POINTS && renter != address(0)
            && (offer.renter == address(0) || offer.renter == renter) && _isNonceFree(offer)
            && _isCovered(offer, market.coverBps);
    }

    function _isNonceFree(ILeaseBook.Offer calldata offer) private view returns (bool) {
        uint256 floor = leaseBook.nonceFloor(offer.node);
        return
            offer.nonce >= floor && offer.nonce < floor + Slots.NONCES
                && !leaseBook.isNonceUsed(offer.node, offer.nonce);
    }

    /// @dev Whether the node is active, and its owner's bond has what a lease would lock.
    function _isCovered(ILeaseBook.Offer calldata offer, uint256 coverBps) private view returns (bool) {
        INodeRegistry.Node memory node = registry.nodeOf(offer.node);
        if (node.status != INodeRegistry.Status.Active) return false;
        uint256 cover = LeaseMath.cover(offer.rate, offer.maxSeconds, coverBps);
        return cover == 0 || cover <= bondsContract.lockableOf(node.provider, offer.token);
    }
}
