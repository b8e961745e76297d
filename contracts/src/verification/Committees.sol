// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {EfficientHashLib} from "solady/utils/EfficientHashLib.sol";
import {LibBit} from "solady/utils/LibBit.sol";

import {IOutageClock} from "../governance/IOutageClock.sol";
import {Outages} from "../governance/Outages.sol";
import {IBonds} from "../stake/IBonds.sol";
import {IVerifierSet} from "./IVerifierSet.sol";

/// @title Committees, who sits in the set, the beacon and who is drawn by it
/// @dev Verifiers sit on 64 numbered seats. Beacon and shard alone put the seats of a round in an order; the first ones
/// whose verifier may serve in the round are the committee. So whoever leaves frees a place for the next in that order,
/// whoever joins waits until a beacon that is still unknown, and neither can draw a committee anew.
/// Who may serve is final with the beacon: the seats that revealed into it, if they are two thirds of themselves and those
/// taken when the last of them did. Fewer could be what is left of a round whose reveals were kept out, so that all seats
/// serve then but those absent for so long that they may be ejected.
abstract contract Committees is IVerifierSet, AccessManaged {
    /// @notice A verifier; it is kept when the verifier leaves, since its bond answers for what it signed.
    struct Member {
        address bondToken; // of the latest join
        uint8 seat;
        bool joined;
        bool banned; // was slashed for conflicting statements or a misstatement
        uint24 revealedIn; // the round of its latest reveal, or of its join
        uint24 since; // the first round that it is drawn in
        uint24 joins; // how often it has joined
        bytes32 tip;
    }

    /// @notice What was revealed for a round in the one before it: one slot.
    struct Round {
        bytes22 mix;
        uint64 revealed; // bit i: seat i revealed
        uint8 seats; // that revealed, or were taken at the latest reveal by who had not joined in the same round
        uint8 newcomers; // seats taken by a join in the same round, of those that had not revealed
    }

    /// @notice Most verifiers in the set.
    uint256 public constant MAX_VERIFIERS = 64;

    /// @notice Largest committee.
    uint256 public constant MAX_COMMITTEE_SIZE = 16;

    /// @notice Seconds of a round.
    uint256 public constant ROUND = 1 hours;

    /// @notice Shards that the nodes are in.
    uint256 public constant SHARDS = 16;

    /// @notice Rounds without a reveal that cost a verifier its seat.
    uint256 public constant MAX_ABSENCE = 72;

    /// @notice How much more than another verifier somebody must have at stake to take its seat, in basis points.
    uint256 public constant OUTBID_BPS = 1_000;

    /// @dev Two rounds after a join the beacon mixes reveals of which none was known at the join.
    uint256 private constant ROUNDS_UNTIL_DRAWN = 2;

    uint256 private constant BASIS_POINTS = 10_000;

    /// @notice Where a verifier's bond is.
    IBonds public immutable bonds;

    /// @notice Counts the sequencer's outages, in which nobody could reveal; the zero address for none.
    IOutageClock public immutable clock;

    address[MAX_VERIFIERS] private _seats;
    mapping(address verifier => Member) internal _members;
    mapping(uint256 round => Round) private _rounds;

    // In the slot of what every verdict reads beside it.
    uint8 private _committeeSize = 3;
    uint8 internal _quorum = 2;
    uint64 private _taken; // bit i: seat i is taken

    constructor(IBonds bonds_, IOutageClock clock_) {
        bonds = bonds_;
        clock = clock_;
        emit QuorumSet(_committeeSize, _quorum);
    }

    /// @inheritdoc IVerifierSet
    function join(address bondToken, bytes32 tip) external {
        Member storage member = _members[msg.sender];
        if (member.banned) revert VerifierSet_Banned(msg.sender);
        if (member.joined) revert VerifierSet_AlreadyJoined(msg.sender);
        _requireBonded(msg.sender, bondToken);
        address formerToken = member.bondToken;
        if (
            formerToken != bondToken
                && _stakeOf(msg.sender, formerToken) >= Math.max(bonds.minimumOf(IBonds.Role.Verifier, formerToken), 1)
        ) {
            revert VerifierSet_StillBonded(msg.sender, formerToken);
        }
        if (_taken == type(uint64).max) _remove(_outbidden(bondToken));
        _sit(member, bondToken, tip);
        emit VerifierJoined(msg.sender, bondToken, tip);
    }

    /// @inheritdoc IVerifierSet
    function leave() external {
        _requireMember(msg.sender);
        _remove(msg.sender);
    }

    /// @inheritdoc IVerifierSet
    function eject(address verifier) external {
        address bondToken = _requireMember(verifier).bondToken;
        if (bonds.isBonded(IBonds.Role.Verifier, verifier, bondToken)) {
            revert VerifierSet_StillBonded(verifier, bondToken);
        }
        _remove(verifier);
    }

    /// @inheritdoc IVerifierSet
    function ejectAbsent(address verifier) external {
        uint256 revealedIn = _requireMember(verifier).revealedIn;
        if (block.timestamp < _absentFrom(revealedIn, block.timestamp)) {
            revert VerifierSet_NotAbsent(verifier, roundAt(block.timestamp) - revealedIn);
        }
        _remove(verifier);
    }

    /// @inheritdoc IVerifierSet
    function reveal(bytes32 preimage) external {
        Member storage member = _requireMember(msg.sender);
        uint256 round = roundAt(block.timestamp);
        if (member.revealedIn == round) revert VerifierSet_AlreadyRevealed(msg.sender, round);
        if (keccak256(abi.encode(preimage)) != member.tip) revert VerifierSet_WrongPreimage(msg.sender, member.tip);
        // Whose bond has left is drawn no more.
        _requireBonded(msg.sender, member.bondToken);
        member.tip = preimage;
        // forge-lint: disable-next-line(unsafe-typecast) a round is far below 2^24
        member.revealedIn = uint24(round);

        Round storage next = _rounds[round + 1];
        // A sum, the same in any order: the last ones to reveal must have no beacons to choose from by theirs.
        bytes22 mix = next.mix ^ bytes22(keccak256(abi.encode(msg.sender, preimage)));
        uint64 revealed = next.revealed | uint64(1) << member.seat;
        (next.mix, next.revealed) = (mix, revealed);
        // forge-lint: disable-next-line(unsafe-typecast) at most 64
        next.seats = uint8(LibBit.popCount(_taken | revealed) - next.newcomers);
        emit BeaconRevealed(round + 1, msg.sender, preimage, mix);
    }

    /// @inheritdoc IVerifierSet
    function setQuorum(uint256 committeeSize, uint256 signatures) external restricted {
        bool isBounded = committeeSize != 0 && committeeSize <= MAX_COMMITTEE_SIZE && signatures <= committeeSize;
        // Two majorities share a signer; one alone decides only in a committee of one.
        if (!isBounded || signatures * 2 <= committeeSize) {
            revert VerifierSet_InvalidQuorum(committeeSize, signatures);
        }
        // forge-lint: disable-start(unsafe-typecast) at most 16
        _committeeSize = uint8(committeeSize);
        _quorum = uint8(signatures);
        // forge-lint: disable-end(unsafe-typecast)
        emit QuorumSet(committeeSize, signatures);
    }

    /// @inheritdoc IVerifierSet
    function quorum() external view returns (uint256 committeeSize, uint256 signatures) {
        return (_committeeSize, _quorum);
    }

    /// @inheritdoc IVerifierSet
    function tipOf(address verifier) external view returns (bytes32) {
        Member storage member = _members[verifier];
        return member.joined ? member.tip : bytes32(0);
    }

    /// @inheritdoc IVerifierSet
    function joinsOf(address verifier) external view returns (uint256) {
        return _members[verifier].joins;
    }

    /// @inheritdoc IVerifierSet
    function committeeOf(address node, uint256 round) external view returns (address[] memory) {
        return _committeeOf(shardOf(node), round);
    }

    /// @inheritdoc IVerifierSet
    function verifiers() external view returns (address[] memory members) {
        uint256 rest = _taken;
        members = new address[](LibBit.popCount(rest));
        for (uint256 i; rest != 0; ++i) {
            members[i] = _seats[LibBit.ffs(rest)];
            rest &= rest - 1;
        }
    }

    /// @inheritdoc IVerifierSet
    function beaconOf(uint256 round) public view returns (bytes32) {
        return _beacon(round, _rounds[round].mix);
    }

    /// @inheritdoc IVerifierSet
    function shardOf(address node) public pure returns (uint256) {
        return uint160(node) % SHARDS;
    }

    /// @inheritdoc IVerifierSet
    function roundAt(uint256 time) public pure returns (uint256) {
        return time / ROUND;
    }

    function _remove(address verifier) internal {
        Member storage member = _members[verifier];
        member.joined = false;
        delete _seats[member.seat];
        _taken &= ~(uint64(1) << member.seat);
        uint256 round = roundAt(block.timestamp);
        Round storage next = _rounds[round + 1];
        if (member.since == round + ROUNDS_UNTIL_DRAWN && !_hasRevealed(next, member.seat)) --next.newcomers;
        emit VerifierLeft(verifier, msg.sender);
    }

    /// @dev What one asks of several signers of a shard and round.
    /// @return seats Of the committee, as bits: whoever has one of them and may serve in the round is in it. So is whoever
    /// comes next for each of them that joined too late, which `_committeeOf` tells.
    function _firstSeats(uint256 shard, uint256 round) internal view returns (uint256 seats) {
        bytes32 seed;
        (seats, seed) = _candidates(shard, round);
        uint256 size = _committeeSize;
        if (LibBit.popCount(seats) <= size) return seats;
        uint256[] memory keys = _lowest(seed, seats, size);
        seats = 0;
        for (uint256 i; i < size; ++i) {
            seats |= uint256(1) << (keys[i] & (MAX_VERIFIERS - 1));
        }
    }

    /// @dev Whether a signer is in a committee: mostly its own slot shows that it has one of the first seats, and no seat
    /// need be read then.
    /// @param committee As `_serves` left it for the signer before, empty at first: it is drawn once.
    function _serves(address signer, uint256 firstSeats, uint256 shard, uint256 round, address[] memory committee)
        internal
        view
        returns (bool isMember, address[] memory drawn)
    {
        Member storage member = _members[signer];
        if (!member.joined) return (false, committee);
        if (firstSeats >> member.seat & 1 == 1 && _mayServe(member, round)) return (true, committee);
        drawn = committee.length == 0 ? _committeeOf(shard, round) : committee;
        for (uint256 i; i < drawn.length; ++i) {
            if (drawn[i] == signer) return (true, drawn);
        }
    }

    function _stakeOf(address verifier, address bondToken) internal view returns (uint256) {
        IBonds.Bond memory bond = bonds.bondOf(IBonds.Role.Verifier, verifier, bondToken);
        return uint256(bond.active) + bond.thawing;
    }

    /// @dev Gives the caller the lowest free seat.
    function _sit(Member storage member, address bondToken, bytes32 tip) private {
        uint256 round = roundAt(block.timestamp);
        Round storage next = _rounds[round + 1];
        // forge-lint: disable-start(unsafe-typecast) a seat is below 64, a round far below 2^24
        uint8 seat = uint8(LibBit.ffs(~uint256(_taken)));
        _taken |= uint64(1) << seat;
        if (!_hasRevealed(next, seat)) ++next.newcomers;
        (member.bondToken, member.seat, member.joined) = (bondToken, seat, true);
        // It counts as having revealed: who joins after the others' reveals could choose its own, and the beacon by it.
        (member.revealedIn, member.since) = (uint24(round), uint24(round + ROUNDS_UNTIL_DRAWN));
        // forge-lint: disable-end(unsafe-typecast)
        ++member.joins;
        member.tip = tip;
        _seats[seat] = msg.sender;
    }

    /// @dev Of the verifiers bonded in a token the one with the least at stake, on the lowest seat of several, if the caller
    /// has enough more.
    function _outbidden(address bondToken) private view returns (address verifier) {
        uint256 least = type(uint256).max;
        for (uint256 seat; seat < MAX_VERIFIERS; ++seat) {
            address other = _seats[seat];
            if (_members[other].bondToken != bondToken) continue;
            uint256 stake = bonds.bondOf(IBonds.Role.Verifier, other, bondToken).active;
            if (stake < least) (verifier, least) = (other, stake);
        }
        uint256 own = bonds.bondOf(IBonds.Role.Verifier, msg.sender, bondToken).active;
        if (verifier == address(0) || own * BASIS_POINTS < least * (BASIS_POINTS + OUTBID_BPS)) {
            revert VerifierSet_Full(MAX_VERIFIERS);
        }
    }

    function _hasRevealed(Round storage round, uint256 seat) private view returns (bool) {
        return round.revealed >> seat & 1 == 1;
    }

    /// @dev Who has not shown its bond for as long as costs it its seat may have none left; what leaves a bond thaws longer.
    /// An outage makes nobody absent: else the first to reveal after it would be the committee.
    function _mayServe(Member storage member, uint256 round) private view returns (bool) {
        if (round < member.since) return false;
        uint256 revealedIn = member.revealedIn;
        return round <= revealedIn + MAX_ABSENCE || round * ROUND < _absentFrom(revealedIn, round * ROUND);
    }

    /// @dev From when on (unix seconds) whoever revealed last in a round is absent, with the outages until `time`.
    function _absentFrom(uint256 revealedIn, uint256 time) private view returns (uint256) {
        return Outages.deadline(clock, revealedIn * ROUND, (MAX_ABSENCE + 1) * ROUND, time);
    }

    function _requireBonded(address verifier, address bondToken) private view {
        if (!bonds.isBonded(IBonds.Role.Verifier, verifier, bondToken)) {
            revert VerifierSet_NotBonded(verifier, bondToken);
        }
    }

    function _requireMember(address account) private view returns (Member storage member) {
        member = _members[account];
        if (!member.joined) revert VerifierSet_NotVerifier(account);
    }

    function _committeeOf(uint256 shard, uint256 round) private view returns (address[] memory members) {
        (uint256 rest, bytes32 seed) = _candidates(shard, round);
        uint256 size = _committeeSize;
        while (true) {
            uint256[] memory keys = _lowest(seed, rest, Math.min(size, LibBit.popCount(rest)));
            members = new address[](keys.length);
            uint256 late;
            for (uint256 i; i < keys.length; ++i) {
                uint256 seat = keys[i] & (MAX_VERIFIERS - 1);
                members[i] = _seats[seat];
                if (!_mayServe(_members[members[i]], round)) late |= uint256(1) << seat;
            }
            if (late == 0) return members;
            // Seldom: somebody has joined since, or is absent, so that the next in the order moves up.
            rest &= ~late;
        }
    }

    /// @dev The seats that a shard's committee is drawn from in a round, as bits, and the seed of their order.
    function _candidates(uint256 shard, uint256 round) private view returns (uint256 seats, bytes32 seed) {
        (bytes22 mix, uint256 revealed, uint256 seatsThen) = _load(_rounds[round]);
        seats = _taken;
        seed = EfficientHashLib.hash(_beacon(round, mix), bytes32(shard));
        if (revealed != 0 && LibBit.popCount(revealed) * 3 >= seatsThen * 2) seats &= revealed;
    }

    function _beacon(uint256 round, bytes22 mix) private view returns (bytes32) {
        return keccak256(abi.encode("Spheron beacon", block.chainid, address(this), round, mix));
    }

    /// @dev The compiler would read the slot field by field.
    function _load(Round storage slot) private view returns (bytes22 mix, uint256 revealed, uint256 seats) {
        uint256 word;
        assembly ("memory-safe") {
            word := sload(slot.slot)
        }
        // forge-lint: disable-start(unsafe-typecast) each cast cuts its own field out of the word
        mix = bytes22(bytes32(word << 80));
        revealed = uint64(word >> 176);
        seats = uint8(word >> 240);
        // forge-lint: disable-end(unsafe-typecast)
    }

    /// @dev The `size` seats of `rest` that come first in the order of `seed`, lowest first, each as 16 bits of chance and
    /// the 6 bits of its number.
    function _lowest(bytes32 seed, uint256 rest, uint256 size) private pure returns (uint256[] memory keys) {
        keys = new uint256[](size);
        assembly ("memory-safe") {
            let first := add(keys, 0x20)
            let limit := add(first, shl(5, size))
            let end := first
            let chances
            mstore(0x00, seed)
            for { let seat := 0 } rest { seat := add(seat, 1) } {
                // A hash has the chances of 16 seats.
                if iszero(and(seat, 15)) {
                    mstore(0x20, seat)
                    chances := keccak256(0x00, 0x40)
                }
                if and(rest, 1) {
                    let key := or(shl(6, and(chances, 0xffff)), seat)
                    // A new place has the highest key.
                    if lt(end, limit) {
                        mstore(end, not(0))
                        end := add(end, 0x20)
                    }
                    let at := sub(end, 0x20)
                    if lt(key, mload(at)) {
                        for {} gt(at, first) { at := sub(at, 0x20) } {
                            let before := mload(sub(at, 0x20))
                            if gt(key, before) { break }
                            mstore(at, before)
                        }
                        mstore(at, key)
                    }
                }
                chances := shr(16, chances)
                rest := shr(1, rest)
            }
        }
    }
}
