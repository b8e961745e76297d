// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IBonds} from "../stake/IBonds.sol";
import {ILeaseBook} from "./ILeaseBook.sol";
import {LeaseMath} from "./LeaseMath.sol";
import {PolicyCalls} from "./PolicyCalls.sol";

/// @title What stands behind payments that come too early: claims on the provider's bond
/// @dev A second is owed back if the policy took it back after it was settled. The lease's revision says up to where that
/// is booked: it is raised when the lease moves on, after what was taken back before is booked, so that a second that was
/// settled as not attested is never booked. The renter is owed the whole price of the second: the provider bears the fee.
///
/// Cover is locked while the lease runs and freed at its end. A failing verdict may still come 48 hours after its
/// measurement, for seconds that were attested up to 26 hours before they had passed; by then nothing is locked, but money
/// that leaves a bond thaws for at least 7 days, and thawing money can be seized too.
abstract contract Clawbacks is ILeaseBook {
    using SafeCast for uint256;

    /// @notice Most seconds that can be paid before they are taken back: a verdict attests no longer.
    uint256 public constant MAX_EXPOSURE = LeaseMath.MAX_EXPOSURE;

    /// @dev Gas that the bonds are given to free a cover, which must not hang on them.
    uint256 private constant UNLOCK_GAS = 100_000;
    uint256 private constant UNLOCK_GAS_NEEDED = 2 * UNLOCK_GAS * 64 / 63 + 5_000;

    /// @notice Where providers' bonds are.
    IBonds public immutable bonds;

    mapping(bytes32 leaseId => Claim) private _claims;

    /// @dev Wei of a lease's cover that seizures for it have used up: one lease's claim never takes another one's cover.
    mapping(bytes32 leaseId => uint256) private _coverUsed;

    constructor(IBonds bonds_) {
        bonds = bonds_;
    }

    /// @inheritdoc ILeaseBook
    function claimOf(bytes32 leaseId) external view returns (Claim memory) {
        return _claims[leaseId];
    }

    /// @dev Books what the policy took back of the seconds that are settled, and raises the revision of `lease` in memory.
    /// @return booked Whether the revision moved: not as long as any of those seconds may still be given back.
    function _book(bytes32 leaseId, Lease memory lease, Terms memory terms) internal returns (bool booked) {
        (uint256 revoked, uint256 revision) =
            PolicyCalls.revokedSeconds(terms.policy, terms.node, lease.revision, terms.start, lease.settledTo);
        // forge-lint: disable-next-line(unsafe-typecast) a policy whose revision has more bits harms itself
        uint32 next = uint32(revision);
        if (next == lease.revision) return false;

        uint256 amount;
        if (revoked != 0) {
            Claim memory claim = _claims[leaseId];
            // Whatever the policy says, no more seconds come back than were settled.
            revoked = Math.min(revoked, lease.settledTo - terms.start - claim.revoked);
            uint256 discount = terms.rate - LeaseMath.holdRate(terms.rate, terms.holdRateBps);
            uint256 held = discount == 0 ? 0 : Math.min(revoked, _revokedAtHoldRate(lease, terms));
            amount = revoked * terms.rate - held * discount;
            claim.revoked += revoked.toUint32();
            claim.owed = (claim.owed + amount).toUint128();
            _claims[leaseId] = claim;
        }
        lease.revision = next;
        emit LeaseRevised(leaseId, next, revoked, amount);
        return true;
    }

    /// @dev Seizes what is owed for a lease: out of what no lease has locked, and while it runs out of its own cover.
    function _seize(bytes32 leaseId, Lease memory lease, Terms memory terms) internal returns (uint256 amount) {
        Claim memory claim = _claims[leaseId];
        uint256 owed = claim.owed;
        if (owed == 0) revert LeaseBook_NothingRevoked(leaseId);
        uint256 used;
        (amount, used) = bonds.seize(
            terms.provider, terms.token, owed, terms.renter, lease.status < Status.Ended ? _coverOf(leaseId, terms) : 0
        );
        if (amount == 0) revert LeaseBook_BondExhausted(terms.provider, owed);
        if (used != 0) _coverUsed[leaseId] += used;
        claim.owed = (owed - amount).toUint128();
        claim.seized = (claim.seized + amount).toUint96();
        _claims[leaseId] = claim;
        emit LeaseCompensated(leaseId, terms.renter, amount, claim.owed);
    }

    /// @dev Adds the last past grace to those before it, as another one follows.
    function _forgetHold(Lease memory lease) internal pure {
        uint256 held = uint256(lease.heldBefore) + lease.holdTo - lease.holdFrom;
        // forge-lint: disable-next-line(unsafe-typecast) cut to its bits
        lease.heldBefore = uint16(Math.min(held, type(uint16).max));
    }

    function _lockCover(Terms memory terms) internal {
        if (terms.coverBps == 0) return;
        bonds.lock(terms.provider, terms.token, _fullCover(terms));
    }

    /// @dev Frees a lease's cover, or what seizures have left of it. If the bonds fail, the lease ends all the same.
    function _freeCover(bytes32 leaseId, Terms memory terms) internal {
        if (terms.coverBps == 0) return;
        if (gasleft() < UNLOCK_GAS_NEEDED) revert LeaseBook_InsufficientGas(gasleft(), UNLOCK_GAS_NEEDED);
        try bonds.lockedBy{gas: UNLOCK_GAS}(address(this), terms.provider, terms.token) returns (uint256 locked) {
            uint256 cover = Math.min(_coverOf(leaseId, terms), locked);
            if (cover == 0) return;
            try bonds.unlock{gas: UNLOCK_GAS}(terms.provider, terms.token, cover) {} catch {}
        } catch {}
    }

    /// @dev Of what was taken back, the seconds that had been paid at the hold rate. Of graces before the last past one only
    /// the length is known: as many seconds count as held once, in favour of the bond.
    function _revokedAtHoldRate(Lease memory lease, Terms memory terms) private view returns (uint256 held) {
        held = _revokedIn(lease, terms, lease.holdFrom, Math.min(lease.holdTo, lease.settledTo))
            + _revokedIn(lease, terms, lease.fundedUntil, lease.settledTo);
        if (lease.heldBefore == 0) return held;
        uint256 before = Math.min(_revokedIn(lease, terms, terms.start, lease.holdFrom), lease.heldBefore);
        // forge-lint: disable-next-line(unsafe-typecast) at most what it is taken from
        lease.heldBefore -= uint16(before);
        held += before;
    }

    function _revokedIn(Lease memory lease, Terms memory terms, uint256 from, uint256 to)
        private
        view
        returns (uint256 revoked)
    {
        if (from >= to) return 0;
        (revoked,) = PolicyCalls.revokedSeconds(terms.policy, terms.node, lease.revision, from, to);
    }

    /// @dev What of a running lease's cover is still locked.
    function _coverOf(bytes32 leaseId, Terms memory terms) private view returns (uint256) {
        return terms.coverBps == 0 ? 0 : _fullCover(terms) - _coverUsed[leaseId];
    }

    function _fullCover(Terms memory terms) private pure returns (uint256) {
        return LeaseMath.cover(terms.rate, terms.maxSeconds, terms.coverBps);
    }
}
