// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IOutageClock} from "../governance/IOutageClock.sol";
import {Outages} from "../governance/Outages.sol";
import {IBonds} from "../stake/IBonds.sol";
import {ILeaseBook} from "./ILeaseBook.sol";
import {LeaseMath} from "./LeaseMath.sol";
import {PolicyCalls} from "./PolicyCalls.sol";

/// @title What stands behind payments that come too early: claims on the provider's bond
/// @dev A second is owed back if the policy took it back after it was settled. The lease's revision says up to where that
/// is booked: it is raised when the lease moves on, after what was taken back before is booked, so that a second that was
/// settled as not attested is never booked. The renter is owed the whole price of the second: the provider bears the fee.
///
/// Cover outlives its lease: whoever could free it by an end would end the lease as soon as it knows that it failed, and
/// lock the bond behind a lease of its own before the verdict comes. A verdict on a lease's last seconds may come, and what
/// it takes back is final, up to 48 hours after its end; as long again the cover waits for a claim. Outages of the
/// sequencer put off what is final, even those before the end, and so they do this. Money that leaves a bond thaws for at
/// least 7 days more, and thawing money can be seized too. Covers are freed apart, so that no end of a lease depends on the
/// bonds.
abstract contract Clawbacks is ILeaseBook {
    using SafeCast for uint256;

    /// @notice Most seconds that can be paid before they are taken back: a verdict attests no longer.
    uint256 public constant MAX_EXPOSURE = LeaseMath.MAX_EXPOSURE;

    /// @notice Seconds, without outages, for which the cover of a lease stays locked after its end.
    uint256 public constant COVER_PERIOD = 4 days;

    /// @notice Where providers' bonds are.
    IBonds public immutable bonds;

    /// @dev The bonds' own, which never changes.
    IOutageClock private immutable _clock;

    mapping(bytes32 leaseId => Claim) private _claims;

    /// @dev Wei of a lease's cover that are locked no longer, as a seizure for it used them up or they were freed: no lease
    /// uses or frees the cover of another one.
    mapping(bytes32 leaseId => uint256) private _coverUsed;

    /// @dev Seconds at the hold rate that claims have allowed for: of the last past grace in the lower half, of the one that
    /// runs in the upper half.
    mapping(bytes32 leaseId => uint256) private _allowed;

    constructor(IBonds bonds_) {
        bonds = bonds_;
        _clock = bonds_.clock();
    }

    /// @inheritdoc ILeaseBook
    function claimOf(bytes32 leaseId) external view returns (Claim memory) {
        return _claims[leaseId];
    }

    /// @dev Books what the policy took back of the seconds that are settled, and raises the revision of `lease` in memory.
    /// @return booked Whether the revision moved: not as long as any of those seconds may still be given back.
    function _book(bytes32 leaseId, Lease memory lease, Terms memory terms) internal returns (bool booked) {
        uint256 holdRate = LeaseMath.holdRate(terms.rate, terms.holdRateBps);
        // A running grace that costs nothing is settled without a verdict: nothing of it is owed, and nothing waits for it.
        uint256 to = holdRate == 0 ? Math.min(lease.settledTo, lease.fundedUntil) : lease.settledTo;
        (uint256 revoked, uint256 revision) =
            PolicyCalls.revokedSeconds(terms.policy, terms.node, lease.revision, terms.start, to);
        // forge-lint: disable-next-line(unsafe-typecast) a policy whose revision has more bits harms itself
        uint32 next = uint32(revision);
        if (next == lease.revision) return false;

        uint256 amount;
        if (revoked != 0) {
            Claim storage claim = _claims[leaseId];
            // Whatever the policy says, no more seconds come back than were settled.
            revoked = Math.min(revoked, lease.settledTo - terms.start - claim.revoked);
            uint256 discount = terms.rate - holdRate;
            uint256 held = discount == 0 ? 0 : Math.min(revoked, _revokedAtHoldRate(leaseId, lease, terms, to));
            amount = revoked * terms.rate - held * discount;
            // forge-lint: disable-start(unsafe-typecast) a lease has at most 2^32 seconds, of at most 2^96 wei each
            claim.revoked += uint32(revoked);
            claim.owed = uint128(claim.owed + amount);
            // forge-lint: disable-end(unsafe-typecast)
        }
        lease.revision = next;
        uint256 allowed = _allowed[leaseId];
        // forge-lint: disable-next-line(unsafe-typecast) its lower half
        emit LeaseRevised(leaseId, next, revoked, amount, lease.heldBefore, uint128(allowed), allowed >> 128);
        return true;
    }

    /// @dev Seizes what is owed for a lease: out of what no lease has locked, then out of its own cover.
    function _seize(bytes32 leaseId, Terms memory terms) internal returns (uint256 amount) {
        Claim storage claim = _claims[leaseId];
        uint256 owed = claim.owed;
        if (owed == 0) revert LeaseBook_NothingRevoked(leaseId);
        uint256 used;
        (amount, used) = bonds.seize(terms.provider, terms.token, owed, terms.renter, _coverOf(leaseId, terms));
        if (amount == 0) revert LeaseBook_BondExhausted(terms.provider, owed);
        if (used != 0) _coverUsed[leaseId] += used;
        // forge-lint: disable-next-line(unsafe-typecast) at most what was owed
        owed -= amount;
        // forge-lint: disable-next-line(unsafe-typecast) at most what was owed
        claim.owed = uint128(owed);
        claim.seized = (claim.seized + amount).toUint96();
        emit LeaseCompensated(leaseId, terms.renter, amount, owed);
    }

    /// @dev Adds the last past grace to those before it, but for what claims allowed for, as another one follows.
    function _forgetHold(bytes32 leaseId, Lease memory lease) internal {
        uint256 allowed = _allowed[leaseId];
        // forge-lint: disable-start(unsafe-typecast) cut to their bits
        uint256 held = lease.heldBefore + Math.saturatingSub(lease.holdTo - lease.holdFrom, uint128(allowed));
        lease.heldBefore = uint16(Math.min(held, type(uint16).max));
        // forge-lint: disable-end(unsafe-typecast)
        if (allowed != 0) _allowed[leaseId] = allowed >> 128;
    }

    function _lockCover(Terms memory terms) internal {
        if (terms.coverBps == 0) return;
        bonds.lock(terms.provider, terms.token, _fullCover(terms));
    }

    /// @dev Frees what the cover of a lease that is over stands behind no longer.
    function _freeCover(bytes32 leaseId, Lease memory lease, Terms memory terms) internal returns (uint256 freed) {
        uint256 kept = Outages.expired(_clock, COVER_PERIOD) < lease.endsAt
            ? LeaseMath.cover(terms.rate, lease.endsAt - terms.start, terms.coverBps)
            : 0;
        freed = Math.saturatingSub(_coverOf(leaseId, terms), kept);
        if (freed == 0) revert LeaseBook_NothingToFree(leaseId);
        _coverUsed[leaseId] += freed;
        emit CoverFreed(leaseId, freed);
        bonds.unlock(terms.provider, terms.token, freed);
    }

    /// @dev Of what was taken back, the seconds that had been paid at the hold rate. Of graces before the last past one only
    /// the length is known: as many seconds count as held once, in favour of the bond.
    function _revokedAtHoldRate(bytes32 leaseId, Lease memory lease, Terms memory terms, uint256 to)
        private
        returns (uint256 held)
    {
        uint256 past = _revokedIn(lease, terms, lease.holdFrom, Math.min(lease.holdTo, to));
        uint256 running = _revokedIn(lease, terms, lease.fundedUntil, to);
        held = past + running;
        if (held != 0) _allowed[leaseId] += running << 128 | past;
        if (lease.heldBefore == 0) return held;
        // The last past grace may lie ahead of what is settled, where the policy need not have decided yet.
        uint256 until = Math.min(lease.holdFrom, to);
        uint256 before = Math.min(_revokedIn(lease, terms, terms.start, until), lease.heldBefore);
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

    /// @dev What of a lease's cover is still locked.
    function _coverOf(bytes32 leaseId, Terms memory terms) private view returns (uint256) {
        return terms.coverBps == 0 ? 0 : _fullCover(terms) - _coverUsed[leaseId];
    }

    function _fullCover(Terms memory terms) private pure returns (uint256) {
        return LeaseMath.cover(terms.rate, terms.maxSeconds, terms.coverBps);
    }
}
