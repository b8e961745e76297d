// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {RegistryToken} from "../mocks/RegistryToken.sol";
import {VerificationFixture} from "./VerificationFixture.sol";

/// @title Who is drawn: those that revealed, as long as enough of them did
contract BeaconTest is VerificationFixture {
    uint256 private constant SIZE = 5;
    uint256 private constant PLAYERS = 12;

    // What a plain reading of the rule keeps, as bits of seats: taken, by whom joined in this round, revealed in this round, and
    // taken by others when the latest of those did.
    uint256 private taken;
    uint256 private joined;
    uint256 private shown;
    uint256 private others;
    mapping(address verifier => uint256) private seatOf;

    /// @dev Whoever withholds a reveal to choose the beacon gives its own place away.
    function testFuzz_CommitteeOf_IsDrawnFromThoseThatRevealed(address node_, uint256 count, uint256 withheld) public {
        count = bound(count, SIZE, 24);
        uint256 revealed = _revealAll(count, withheld, count / 3);
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        address[] memory committee = verifierSet.committeeOf(node_, round);
        assertEq(committee.length, revealed < SIZE ? revealed : SIZE);
        for (uint256 i; i < committee.length; ++i) {
            assertTrue(_hasRevealed(committee[i]));
        }
    }

    /// @dev Fewer could be all that one sequencer let in.
    function test_CommitteeOf_IsDrawnFromAllIfFewerThanTwoThirdsRevealed() public {
        _revealAll(12, 1 << 0 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4, 5);
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        _assertSomeSilent(round);
    }

    /// @dev Whoever comes last would else have as many beacons to choose from as its reveals have orders, at no price.
    function testFuzz_BeaconOf_IsTheSameInAnyOrderOfTheReveals(uint256 count, uint256 seed) public {
        count = bound(count, 2, 12);
        _joinVerifiers(count);
        skip(2 hours);
        address[] memory order = verifierSet.verifiers();
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        uint256 snapshot = vm.snapshotState();
        for (uint256 i; i < count; ++i) {
            _reveal(order[i]);
        }
        bytes32 beacon = verifierSet.beaconOf(round);
        vm.revertToState(snapshot);
        for (uint256 left = count; left > 0; --left) {
            seed = uint256(keccak256(abi.encode(seed)));
            (uint256 next, address last) = (seed % left, order[left - 1]);
            _reveal(order[next]);
            order[next] = last;
        }
        assertEq(verifierSet.beaconOf(round), beacon);
    }

    /// @dev A copy of another one's hash chain takes nothing out of the beacon.
    function test_BeaconOf_ACopiedRevealDoesNotCancelTheOriginal() public {
        address verifier = _joinVerifier(0);
        address copier = _makeVerifier(1);
        _bond(IBonds.Role.Verifier, copier, MINIMUM_BOND);
        _joinAs(copier, verifierSet.tipOf(verifier));
        skip(1 hours);
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        bytes32 silent = verifierSet.beaconOf(round);
        bytes32 preimage = _reveal(verifier);
        bytes32 alone = verifierSet.beaconOf(round);
        vm.prank(copier);
        verifierSet.reveal(preimage);
        bytes32 both = verifierSet.beaconOf(round);
        assertTrue(both != silent && both != alone && alone != silent);
    }

    /// @dev To reveal and leave must not make the others that did not, or could not, look few.
    function testFuzz_CommitteeOf_WhoRevealedAndLeftStillCountsAmongTheSeats(uint256 leavers, bool isRefilled) public {
        verifierSet.setQuorum(SIZE, 3);
        _joinVerifiers(64);
        skip(2 hours);
        // 42 reveal, one fewer than two thirds, and all but the last of them may have left by its reveal.
        leavers = bound(leavers, 1, 41);
        for (uint256 i; i < 41; ++i) {
            _reveal(_makeVerifier(i));
            if (i >= leavers) continue;
            _leave(_makeVerifier(i));
            if (isRefilled) _joinVerifier(100 + i);
        }
        _reveal(_makeVerifier(41));
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        _assertSomeSilent(round);
    }

    /// @dev Against a plain reading of the rule, while anybody joins, leaves, reveals, or does one after the other.
    function testFuzz_CommitteeOf_IsWhoTheRuleNames(uint256 seed) public {
        verifierSet.setQuorum(16, 9);
        _joinVerifiers(PLAYERS);
        for (uint256 i; i < PLAYERS; ++i) {
            seatOf[_makeVerifier(i)] = i;
        }
        taken = 2 ** PLAYERS - 1;
        skip(2 hours);
        for (uint256 step; step < 48; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed % 12 == 0) {
                _checkNextCommittee();
                skip(1 hours);
                (joined, shown, others) = (0, 0, 0);
            } else {
                _play(_makeVerifier((seed >> 8) % PLAYERS), seed % 12 < 7);
            }
        }
        _checkNextCommittee();
    }

    /// @dev Once the beacon is known nobody can change who may be drawn: leaving, joining and coming back only free places.
    function testFuzz_CommitteeOf_NobodyComesInOnceTheBeaconIsKnown(uint256 withheld, uint256 leavers, uint160 node_)
        public
    {
        _revealAll(12, withheld, 6);
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        skip(1 hours);
        address[] memory before = verifierSet.committeeOf(address(node_), round);
        address[] memory members = verifierSet.verifiers();
        assertNotEq(before.length, 0);
        for (uint256 i; i < 12; ++i) {
            if (leavers >> i & 1 == 0) continue;
            _leave(members[i]);
            if (leavers >> (12 + i) & 1 == 1) _joinAs(members[i], _newChain(members[i]));
        }
        _joinVerifier(100);
        address[] memory later = verifierSet.committeeOf(address(node_), round);
        for (uint256 i; i < 12; ++i) {
            if (leavers >> i & 1 == 1) assertFalse(_contains(later, members[i]), "who left");
            else if (_contains(before, members[i])) assertTrue(_contains(later, members[i]), "who stayed");
        }
        assertFalse(_contains(later, _makeVerifier(100)), "who joined");
    }

    /// @dev Newcomers cannot reveal yet: they must not make those that did look few.
    function test_CommitteeOf_NewcomersDoNotCountAsSilent() public {
        _revealAll(8, 0, 0);
        address last = verifierSet.verifiers()[7];
        skip(1 hours);
        for (uint256 i; i < 10; ++i) {
            _joinVerifier(50 + i);
        }
        // One that leaves at once is no newcomer any more.
        _leave(_makeVerifier(59));
        for (uint256 i; i < 6; ++i) {
            _reveal(_makeVerifier(i));
        }
        uint256 round = verifierSet.roundAt(block.timestamp) + 1;
        for (uint160 shard; shard < 16; ++shard) {
            address[] memory committee = verifierSet.committeeOf(address(shard), round);
            assertEq(committee.length, SIZE);
            assertFalse(_contains(committee, last));
            assertFalse(_contains(committee, _makeVerifier(6)));
        }
    }

    function test_Submit_RevertWhen_ASignerWithheldItsReveal() public {
        _revealAll(6, 1, 1);
        address silent = _makeVerifier(0);
        skip(1 hours);
        IVerifierSet.Verdict memory verdict = _verdict();
        address[] memory signers = new address[](3);
        (signers[0], signers[1], signers[2]) = (silent, _makeVerifier(1), _makeVerifier(2));
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, signers);
        uint256 shard = verifierSet.shardOf(verdict.node);
        vm.expectRevert(
            abi.encodeWithSelector(IVerifierSet.VerifierSet_NotInCommittee.selector, silent, shard, verdict.beaconRound)
        );
        verifierSet.submit(verdict, signatures);
        (signers[0], signers[1], signers[2]) = (_makeVerifier(1), _makeVerifier(2), _makeVerifier(3));
        verifierSet.submit(verdict, _signedBy(verdict, signers));
        assertEq(policy.standingOf(node).units, 8);
    }

    /// @dev Where somebody who was drawn has left and come back, too late for the round, the next in the order signs.
    function test_Submit_CountsWhoMovedUp() public {
        verifierSet.setQuorum(3, 3);
        _joinVerifiers(12);
        skip(2 hours);
        IVerifierSet.Verdict memory verdict = _verdict();
        address[] memory before = verifierSet.committeeOf(node, verdict.beaconRound);
        _leave(before[0]);
        _joinAs(before[0], _newChain(before[0]));
        address[] memory later = verifierSet.committeeOf(node, verdict.beaconRound);
        assertFalse(_contains(later, before[0]));
        assertFalse(_contains(before, later[2]), "moved up");
        verifierSet.submit(verdict, _signedBy(verdict, later));
        assertEq(policy.standingOf(node).units, 8);
    }

    /// @dev Nor where too few reveal: whose reveals show no bond for days could sign anything with nothing at stake.
    function testFuzz_CommitteeOf_WhoHasTakenItsBondAwayIsNotDrawn(uint256 silent) public {
        verifierSet.setQuorum(SIZE, 3);
        _joinVerifiers(12);
        silent = bound(silent, 5, 11);
        for (uint256 i; i < silent; ++i) {
            vm.prank(_makeVerifier(i));
            bonds.thaw(IBonds.Role.Verifier, address(token), MINIMUM_BOND);
        }
        skip(bonds.thawPeriod());
        for (uint256 i; i < 12; ++i) {
            address verifier = _makeVerifier(i);
            if (i >= silent) {
                _reveal(verifier);
                continue;
            }
            vm.prank(verifier);
            bonds.withdraw(IBonds.Role.Verifier, address(token), verifier);
        }
        skip(1 hours);
        uint256 left = 12 - silent;
        for (uint160 shard; shard < 16; ++shard) {
            address[] memory committee = verifierSet.committeeOf(address(shard), verifierSet.roundAt(block.timestamp));
            assertEq(committee.length, left < SIZE ? left : SIZE);
            for (uint256 i; i < committee.length; ++i) {
                assertTrue(_hasRevealed(committee[i]));
            }
        }
        IVerifierSet.Verdict memory verdict = _verdict();
        address[] memory signers = new address[](3);
        (signers[0], signers[1], signers[2]) = (_makeVerifier(0), _makeVerifier(1), _makeVerifier(2));
        IVerifierSet.Signature[] memory signatures = _signedBy(verdict, signers);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_NotInCommittee.selector);
        verifierSet.submit(verdict, signatures);
    }

    /// @dev Who thaws its bond away is drawn no more, and need not be ejected for that.
    function test_Reveal_RevertWhen_TheBondHasLeft() public {
        address verifier = _joinVerifier(0);
        skip(1 hours);
        vm.prank(verifier);
        bonds.thaw(IBonds.Role.Verifier, address(token), 1);
        bytes32 preimage = chainOf[verifier][7];
        vm.prank(verifier);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotBonded.selector, verifier, address(token)));
        verifierSet.reveal(preimage);
    }

    function test_JoinsOf_CountsJoins() public {
        address verifier = _makeVerifier(0);
        assertEq(verifierSet.joinsOf(verifier), 0);
        _joinVerifier(0);
        assertEq(verifierSet.joinsOf(verifier), 1);
        _leave(verifier);
        assertEq(verifierSet.joinsOf(verifier), 1);
        _joinAs(verifier, _newChain(verifier));
        assertEq(verifierSet.joinsOf(verifier), 2);
    }

    /// @dev In a full set the one with the least in bond makes room for whoever has a tenth more.
    function testFuzz_Join_TakesTheSeatOfTheLeastBonded(uint256 least, uint256 extra) public {
        _joinVerifiers(64);
        least = bound(least, 0, 63);
        for (uint256 i; i < 64; ++i) {
            if (i != least) _bond(IBonds.Role.Verifier, _makeVerifier(i), 1);
        }
        address verifier = _makeVerifier(64);
        uint256 needed = MINIMUM_BOND + MINIMUM_BOND / 10;
        extra = bound(extra, 0, needed);
        _bond(IBonds.Role.Verifier, verifier, needed - 1);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_Full.selector, 64));
        _joinAs(verifier, keccak256("tip"));
        _bond(IBonds.Role.Verifier, verifier, 1 + extra);
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.VerifierLeft(_makeVerifier(least), verifier);
        _joinAs(verifier, keccak256("tip"));
        assertEq(verifierSet.verifiers().length, 64);
        assertEq(verifierSet.verifiers()[least], verifier);
        assertFalse(_contains(verifierSet.verifiers(), _makeVerifier(least)));
    }

    /// @dev Bonds in different tokens cannot be compared.
    function test_Join_RevertWhen_NobodyInAFullSetIsBondedInTheToken() public {
        _joinVerifiers(64);
        RegistryToken other = new RegistryToken();
        bonds.setMinimum(IBonds.Role.Verifier, address(other), 1);
        address verifier = _makeVerifier(64);
        _bond(IBonds.Role.Verifier, verifier, other, type(uint64).max);
        vm.prank(verifier);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_Full.selector, 64));
        verifierSet.join(address(other), keccak256("tip"));
    }

    /// @dev One in the set reveals if it can and should, else it leaves; one that is not joins.
    function _play(address verifier, bool reveals) private {
        uint256 bit = 1 << seatOf[verifier];
        if (verifierSet.tipOf(verifier) == 0) {
            uint256 seat;
            while (taken >> seat & 1 == 1) {
                ++seat;
            }
            _joinAs(verifier, _newChain(verifier));
            seatOf[verifier] = seat;
            (taken, joined) = (taken | 1 << seat, joined | 1 << seat);
        } else if (!reveals) {
            _leave(verifier);
            (taken, joined) = (taken & ~bit, joined & ~bit);
        } else if (shown & bit == 0 && joined & bit == 0 && chainOf[verifier].length != 0) {
            _reveal(verifier);
            shown |= bit;
            others = taken & ~joined & ~shown;
        }
    }

    /// @dev A committee of 16 is everybody who may serve. Whoever sits where somebody else revealed has joined in this round.
    function _checkNextCommittee() private {
        bool isEnough = shown != 0 && _count(shown) * 3 >= _count(shown | others) * 2;
        address[] memory committee = verifierSet.committeeOf(node, verifierSet.roundAt(block.timestamp) + 1);
        uint256 may;
        for (uint256 i; i < PLAYERS; ++i) {
            address verifier = _makeVerifier(i);
            uint256 bit = 1 << seatOf[verifier];
            if (verifierSet.tipOf(verifier) == 0 || joined & bit != 0 || (isEnough && shown & bit == 0)) continue;
            assertTrue(_contains(committee, verifier), "who may serve");
            ++may;
        }
        assertEq(committee.length, may, "nobody else");
    }

    function _count(uint256 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) {
            ++count;
        }
    }

    /// @dev `count` verifiers join, and all but those of the lowest bits of `withheld`, at most `most`, reveal in the round
    /// from which on the newest of them is drawn.
    function _revealAll(uint256 count, uint256 withheld, uint256 most) private returns (uint256 revealed) {
        verifierSet.setQuorum(SIZE, 3);
        _joinVerifiers(count);
        skip(2 hours);
        for (uint256 i; i < count; ++i) {
            if (withheld >> i & 1 == 1 && i - revealed < most) continue;
            _reveal(_makeVerifier(i));
            ++revealed;
        }
    }

    function _hasRevealed(address verifier) private view returns (bool) {
        return chainOf[verifier].length != 8;
    }

    /// @dev Whoever did not reveal is in a committee of the round, all of which are full.
    function _assertSomeSilent(uint256 round) private view {
        bool isOneSilent;
        for (uint160 shard; shard < 16; ++shard) {
            address[] memory committee = verifierSet.committeeOf(address(shard), round);
            assertEq(committee.length, SIZE);
            for (uint256 i; i < SIZE; ++i) {
                if (!_hasRevealed(committee[i])) isOneSilent = true;
            }
        }
        assertTrue(isOneSilent);
    }
}
