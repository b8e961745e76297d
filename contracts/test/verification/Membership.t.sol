// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {RegistryToken} from "../mocks/RegistryToken.sol";
import {VerificationFixture} from "./VerificationFixture.sol";

/// @title Joining, leaving, the beacon and the committees of the VerifierSet
contract MembershipTest is VerificationFixture {
    bytes32 private constant TIP = keccak256("tip");

    function test_Join_TakesABondedVerifier() public {
        address verifier = _makeVerifier(0);
        _bond(IBonds.Role.Verifier, verifier, MINIMUM_BOND);
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.VerifierJoined(verifier, address(token), TIP);
        _joinAs(verifier, TIP);
        assertEq(verifierSet.tipOf(verifier), TIP);
        assertEq(verifierSet.verifiers().length, 1);
        assertEq(verifierSet.verifiers()[0], verifier);
    }

    function test_Join_RevertWhen_InTheSetAlready() public {
        address verifier = _joinVerifier(0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_AlreadyJoined.selector, verifier));
        _joinAs(verifier, TIP);
    }

    function testFuzz_Join_RevertWhen_TheBondIsTooSmall(uint256 amount) public {
        address verifier = _makeVerifier(0);
        _bond(IBonds.Role.Verifier, verifier, bound(amount, 1, MINIMUM_BOND - 1));
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotBonded.selector, verifier, address(token)));
        _joinAs(verifier, TIP);
    }

    function test_Join_RevertWhen_TheSetIsFull() public {
        _joinVerifiers(64);
        assertEq(verifierSet.verifiers().length, 64);
        address verifier = _makeVerifier(64);
        _bond(IBonds.Role.Verifier, verifier, MINIMUM_BOND);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_Full.selector, 64));
        _joinAs(verifier, TIP);

        _leave(verifierSet.verifiers()[17]);
        _joinAs(verifier, TIP);
        assertEq(verifierSet.verifiers()[17], verifier, "takes the free seat");
    }

    function test_Join_RevertWhen_TheBondOfAnotherTokenStillAnswers() public {
        address verifier = _joinVerifier(0);
        RegistryToken otherToken = new RegistryToken();
        bonds.setMinimum(IBonds.Role.Verifier, address(otherToken), 1);
        _bond(IBonds.Role.Verifier, verifier, otherToken, 1);
        vm.startPrank(verifier);
        verifierSet.leave();
        bonds.thaw(IBonds.Role.Verifier, address(token), MINIMUM_BOND);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_StillBonded.selector, verifier, address(token)));
        verifierSet.join(address(otherToken), TIP);

        vm.warp(block.timestamp + bonds.thawPeriod());
        bonds.withdraw(IBonds.Role.Verifier, address(token), verifier);
        verifierSet.join(address(otherToken), TIP);
        vm.stopPrank();
        assertEq(verifierSet.verifiers()[0], verifier);
    }

    function testFuzz_Leave_KeepsTheOthers(uint256 count, uint256 which) public {
        count = bound(count, 1, 20);
        _joinVerifiers(count);
        address leaver = verifierSet.verifiers()[which % count];
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.VerifierLeft(leaver, leaver);
        _leave(leaver);

        address[] memory rest = verifierSet.verifiers();
        assertEq(rest.length, count - 1);
        assertFalse(_contains(rest, leaver));
        for (uint256 i; i < count; ++i) {
            address verifier = _makeVerifier(i);
            assertTrue(verifier == leaver || _contains(rest, verifier));
        }
        assertEq(verifierSet.tipOf(leaver), 0);
        _joinAs(leaver, TIP);
        assertEq(verifierSet.verifiers().length, count);
    }

    function test_Leave_RevertWhen_NotInTheSet() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotVerifier.selector, stranger));
        _leave(stranger);
        address verifier = _joinVerifier(0);
        _leave(verifier);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotVerifier.selector, verifier));
        _leave(verifier);
    }

    function testFuzz_Eject_RemovesWhoseBondBecameTooSmall(uint256 amount) public {
        address verifier = _joinVerifier(0);
        vm.prank(verifier);
        bonds.thaw(IBonds.Role.Verifier, address(token), bound(amount, 1, MINIMUM_BOND));
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.VerifierLeft(verifier, stranger);
        vm.prank(stranger);
        verifierSet.eject(verifier);
        assertEq(verifierSet.verifiers().length, 0);
    }

    function test_Eject_RevertWhen_TheBondSuffices() public {
        address verifier = _joinVerifier(0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_StillBonded.selector, verifier, address(token)));
        verifierSet.eject(verifier);
    }

    function test_Eject_RevertWhen_NotInTheSet() public {
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotVerifier.selector, stranger));
        verifierSet.eject(stranger);
    }

    function testFuzz_EjectAbsent_RemovesWhoHasNotRevealedForLong(uint256 absent, bool isFirstRevealed) public {
        address verifier = _joinVerifier(0);
        if (isFirstRevealed) {
            skip(5 hours);
            _reveal(verifier);
        }
        uint256 at = block.timestamp;
        absent = bound(absent, 0, 72);
        vm.warp(at + absent * 1 hours);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotAbsent.selector, verifier, absent));
        verifierSet.ejectAbsent(verifier);

        vm.warp(at + 73 hours);
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.VerifierLeft(verifier, stranger);
        vm.prank(stranger);
        verifierSet.ejectAbsent(verifier);
        assertEq(verifierSet.verifiers().length, 0);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotVerifier.selector, verifier));
        verifierSet.ejectAbsent(verifier);
        _joinAs(verifier, TIP);
    }

    // The beacon

    function testFuzz_Reveal_MixesIntoTheNextRound(uint256 reveals) public {
        reveals = bound(reveals, 1, 5);
        _joinVerifiers(reveals);
        skip(1 hours);
        uint256 round = verifierSet.roundAt(block.timestamp);
        bytes22 mix;
        bytes32 currentBeacon = verifierSet.beaconOf(round);
        for (uint256 i; i < reveals; ++i) {
            address verifier = verifierSet.verifiers()[i];
            bytes32 preimage = chainOf[verifier][7];
            mix ^= bytes22(keccak256(abi.encode(verifier, preimage)));
            vm.expectEmit(address(verifierSet));
            emit IVerifierSet.BeaconRevealed(round + 1, verifier, preimage, mix);
            _reveal(verifier);
            assertEq(verifierSet.tipOf(verifier), preimage);
        }
        assertEq(verifierSet.beaconOf(round), currentBeacon, "of this round is final");
        bytes memory beacon = abi.encode("Spheron beacon", block.chainid, address(verifierSet), round + 1, mix);
        assertEq(verifierSet.beaconOf(round + 1), keccak256(beacon));
    }

    function test_Reveal_WalksDownTheChain() public {
        address verifier = _joinVerifier(0);
        for (uint256 i; i < 8; ++i) {
            skip(1 hours);
            _reveal(verifier);
        }
        assertEq(verifierSet.tipOf(verifier), keccak256(abi.encode("end of chain", verifier, START)));
    }

    function test_Reveal_RevertWhen_InTheRoundOfTheJoin() public {
        address verifier = _joinVerifier(0);
        uint256 round = verifierSet.roundAt(block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_AlreadyRevealed.selector, verifier, round));
        this.reveal(verifier);
    }

    function test_Reveal_RevertWhen_TwiceInARound() public {
        address verifier = _joinVerifier(0);
        skip(1 hours);
        _reveal(verifier);
        uint256 round = verifierSet.roundAt(block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_AlreadyRevealed.selector, verifier, round));
        this.reveal(verifier);
        _leave(verifier);
        _joinAs(verifier, _newChain(verifier));
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_AlreadyRevealed.selector, verifier, round));
        this.reveal(verifier);
    }

    function testFuzz_Reveal_RevertWhen_NotThePreimage(bytes32 preimage) public {
        address verifier = _joinVerifier(0);
        vm.assume(preimage != chainOf[verifier][7]);
        skip(1 hours);
        bytes32 tip = verifierSet.tipOf(verifier);
        vm.prank(verifier);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_WrongPreimage.selector, verifier, tip));
        verifierSet.reveal(preimage);
    }

    function test_Reveal_RevertWhen_NotInTheSet() public {
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IVerifierSet.VerifierSet_NotVerifier.selector, stranger));
        verifierSet.reveal(TIP);
    }

    function testFuzz_BeaconOf_DiffersByChainAndRound(uint64 chainId, uint256 round, uint256 other) public {
        vm.assume(chainId != block.chainid && chainId != 0 && round != other);
        bytes32 here = verifierSet.beaconOf(round);
        assertNotEq(here, verifierSet.beaconOf(other));
        vm.chainId(chainId);
        assertNotEq(here, verifierSet.beaconOf(round));
    }

    // Committees

    function testFuzz_CommitteeOf_IsEverybodyInASmallSet(address node_, uint256 count) public {
        count = bound(count, 0, 3);
        _joinVerifiers(count);
        uint256 round = verifierSet.roundAt(block.timestamp) + 2;
        assertEq(verifierSet.committeeOf(node_, round - 1).length, 0, "drawn from the second round on");
        address[] memory committee = verifierSet.committeeOf(node_, round);
        assertEq(committee.length, count);
        for (uint256 i; i < count; ++i) {
            assertTrue(_contains(committee, _makeVerifier(i)));
        }
    }

    function testFuzz_CommitteeOf_DrawsDistinctVerifiers(address node_, uint256 count, uint256 size) public {
        count = bound(count, 2, 64);
        size = bound(size, 1, count < 16 ? count : 16);
        _joinVerifiers(count);
        verifierSet.setQuorum(size, size / 2 + 1);
        skip(2 hours);
        uint256 round = verifierSet.roundAt(block.timestamp);
        address[] memory committee = verifierSet.committeeOf(node_, round);
        assertEq(committee.length, size);
        address[] memory members = verifierSet.verifiers();
        for (uint256 i; i < size; ++i) {
            assertTrue(_contains(members, committee[i]));
            for (uint256 j; j < i; ++j) {
                assertNotEq(committee[i], committee[j]);
            }
        }
    }

    function test_CommitteeOf_DrawsEverybodyAboutAsOften() public {
        _joinVerifiers(10);
        skip(2 hours);
        uint256 round = verifierSet.roundAt(block.timestamp);
        address[] memory members = verifierSet.verifiers();
        uint256[] memory drawn = new uint256[](10);
        // The shards of rounds to come, whose beacons are different even without a reveal.
        for (uint160 n; n < 1000; ++n) {
            address[] memory committee = verifierSet.committeeOf(address(n), round + n / 16);
            for (uint256 i; i < 10; ++i) {
                if (_contains(committee, members[i])) ++drawn[i];
            }
        }
        // Three of ten in a thousand draws: 300 each, with a standard deviation of 14.5.
        for (uint256 i; i < 10; ++i) {
            assertApproxEqAbs(drawn[i], 300, 70);
        }
    }

    function testFuzz_CommitteeOf_LeavingOnlyFreesAPlace(address node_, uint256 count, uint256 which) public {
        count = bound(count, 5, 30);
        _joinVerifiers(count);
        skip(2 hours);
        uint256 round = verifierSet.roundAt(block.timestamp);
        address[] memory before = verifierSet.committeeOf(node_, round);
        address leaver = verifierSet.verifiers()[which % count];
        _leave(leaver);
        address[] memory later = verifierSet.committeeOf(node_, round);
        assertEq(later.length, 3);
        assertFalse(_contains(later, leaver));
        for (uint256 i; i < 3; ++i) {
            assertTrue(before[i] == leaver || _contains(later, before[i]));
        }
    }

    function testFuzz_CommitteeOf_JoiningNeverDrawsAKnownBeaconAnew(address node_, uint256 newcomers, uint256 age)
        public
    {
        _joinVerifiers(10);
        skip(50 hours);
        uint256 round = verifierSet.roundAt(block.timestamp) + 1 - bound(age, 0, 48);
        address[] memory before = verifierSet.committeeOf(node_, round);
        newcomers = bound(newcomers, 1, 20);
        for (uint256 i; i < newcomers; ++i) {
            _joinVerifier(10 + i);
        }
        assertEq(verifierSet.committeeOf(node_, round), before);
    }

    function testFuzz_CommitteeOf_LeavingAndComingBackOnlyLosesPlaces(address node_, uint256 leavers) public {
        _joinVerifiers(12);
        skip(2 hours);
        uint256 round = verifierSet.roundAt(block.timestamp);
        address[] memory before = verifierSet.committeeOf(node_, round);
        address[] memory members = verifierSet.verifiers();
        for (uint256 i; i < 12; ++i) {
            if (leavers >> i & 1 == 0) continue;
            _leave(members[i]);
            _joinAs(members[i], TIP);
        }
        address[] memory later = verifierSet.committeeOf(node_, round);
        for (uint256 i; i < 12; ++i) {
            bool hasLeft = leavers >> i & 1 == 1;
            if (hasLeft) assertFalse(_contains(later, members[i]));
            else if (_contains(before, members[i])) assertTrue(_contains(later, members[i]));
        }
    }

    /// @dev Against a plain reading of the rule: each seat's chance is 16 bits of a hash, ties go to the lower seat.
    function testFuzz_CommitteeOf_IsTheSeatsWithTheLowestChances(address node_, uint256 count, uint256 late) public {
        count = bound(count, 4, 64);
        _joinVerifiers(count);
        skip(2 hours);
        uint256 round = verifierSet.roundAt(block.timestamp);
        address[] memory members = verifierSet.verifiers();
        bool[] memory isOut = new bool[](count);
        for (uint256 i; i < count; ++i) {
            // Some left and came back, too late for this round.
            if (late >> i & 1 == 0) continue;
            isOut[i] = true;
            _leave(members[i]);
            _joinAs(members[i], TIP);
        }
        bytes32 seed = keccak256(abi.encode(verifierSet.beaconOf(round), verifierSet.shardOf(node_)));
        address[] memory committee = verifierSet.committeeOf(node_, round);
        for (uint256 i; i < committee.length; ++i) {
            uint256 best = count;
            uint256 lowest = type(uint256).max;
            for (uint256 seat; seat < count; ++seat) {
                if (isOut[seat]) continue;
                uint256 chance = uint256(keccak256(abi.encode(seed, seat / 16 * 16))) >> seat % 16 * 16 & 0xffff;
                if (chance < lowest) (best, lowest) = (seat, chance);
            }
            assertEq(committee[i], members[best]);
            isOut[best] = true;
        }
        if (committee.length < 3) {
            for (uint256 seat; seat < count; ++seat) {
                assertTrue(isOut[seat], "somebody who could serve was left out");
            }
        }
    }

    function testFuzz_CommitteeOf_IsOneForAShard(address a, address b, uint256 round) public {
        _joinVerifiers(20);
        skip(2 hours);
        round = bound(round, verifierSet.roundAt(block.timestamp), type(uint40).max);
        assertEq(verifierSet.shardOf(a), uint160(a) % 16);
        bool isSame = keccak256(abi.encode(verifierSet.committeeOf(a, round)))
            == keccak256(abi.encode(verifierSet.committeeOf(b, round)));
        if (uint160(a) % 16 == uint160(b) % 16) assertTrue(isSame);
        b = address(uint160(a) ^ 16);
        assertEq(verifierSet.committeeOf(a, round), verifierSet.committeeOf(b, round));
    }

    // Settings

    function testFuzz_SetQuorum_TakesMajoritiesOnly(uint256 committeeSize, uint256 signatures) public {
        committeeSize = bound(committeeSize, 0, 20);
        signatures = bound(signatures, 0, 20);
        bool isValid =
            committeeSize >= 1 && committeeSize <= 16 && signatures <= committeeSize && signatures > committeeSize / 2;
        if (isValid) {
            vm.expectEmit(address(verifierSet));
            emit IVerifierSet.QuorumSet(committeeSize, signatures);
        } else {
            vm.expectRevert(
                abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidQuorum.selector, committeeSize, signatures)
            );
        }
        verifierSet.setQuorum(committeeSize, signatures);
        (uint256 size, uint256 count) = verifierSet.quorum();
        assertEq(size, isValid ? committeeSize : 3);
        assertEq(count, isValid ? signatures : 2);
    }

    function testFuzz_SetQuorum_RevertWhen_NumbersAreHuge(uint256 committeeSize, uint256 signatures) public {
        committeeSize = bound(committeeSize, 17, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(IVerifierSet.VerifierSet_InvalidQuorum.selector, committeeSize, signatures)
        );
        verifierSet.setQuorum(committeeSize, signatures);
    }

    function test_SetPolicy_TellsWhereVerdictsGo() public {
        vm.expectEmit(address(verifierSet));
        emit IVerifierSet.PolicySet(stranger);
        verifierSet.setPolicy(stranger);
        assertEq(verifierSet.policy(), stranger);
    }

    function test_Settings_RevertWhen_TheCallerHasNoRole() public {
        bytes memory expected = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger);
        vm.startPrank(stranger);
        vm.expectRevert(expected);
        verifierSet.setPolicy(stranger);
        vm.expectRevert(expected);
        verifierSet.setQuorum(3, 2);
        vm.expectRevert(expected);
        verifierSet.setPaused(true);
    }

    function reveal(address verifier) external {
        _reveal(verifier);
    }
}
