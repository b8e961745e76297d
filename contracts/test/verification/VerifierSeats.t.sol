// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {TestDollar} from "../../src/devnet/TestDollar.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {UptimeFeed} from "../mocks/UptimeFeed.sol";
import {System} from "../System.sol";

/// @title Nobody loses a seat, or stays without one, by what others do
contract VerifierSeatsTest is System {
    /// @dev Whoever reveals in the first block after an outage must not be left alone in the set.
    function test_ejectAbsent_doesNotCountAnOutage() public {
        UptimeFeed feed = new UptimeFeed();
        outageClock.setFeed(address(feed));
        address verifier = verifierSet.verifiers()[0];
        uint256 joined = verifierSet.roundAt(block.timestamp) - 2;
        uint256 absentFrom = (joined + 73) * 1 hours;
        feed.goDown(block.timestamp + 1);
        skip(30 hours);
        feed.comeUp(block.timestamp);
        uint256 down = outageClock.outageBetween(0, block.timestamp);

        vm.warp(absentFrom + down - 1);
        vm.expectPartialRevert(IVerifierSet.VerifierSet_NotAbsent.selector);
        verifierSet.ejectAbsent(verifier);
        skip(1);
        verifierSet.ejectAbsent(verifier);
        assertEq(verifierSet.verifiers().length, VERIFIERS - 1);
    }

    /// @dev A bond that does not count, which anybody can make for anybody, is no bond to come back to.
    function test_join_inAnotherTokenIsRefusedOnlyByABondThatCounts() public {
        TestDollar other = new TestDollar();
        bonds.setMinimum(IBonds.Role.Verifier, address(other), MINIMUM_BOND);
        address verifier = verifierSet.verifiers()[0];
        vm.startPrank(verifier);
        verifierSet.leave();
        bonds.thaw(IBonds.Role.Verifier, address(dollar), MINIMUM_BOND);
        skip(14 days);
        bonds.withdraw(IBonds.Role.Verifier, address(dollar), verifier);
        other.mint(verifier, MINIMUM_BOND);
        other.approve(address(bonds), MINIMUM_BOND);
        bonds.bond(IBonds.Role.Verifier, verifier, address(other), MINIMUM_BOND);
        vm.stopPrank();
        _bondFor(verifier, MINIMUM_BOND - 1);
        uint256 snapshot = vm.snapshotState();
        vm.prank(verifier);
        verifierSet.join(address(other), keccak256("tip"));
        assertEq(verifierSet.tipOf(verifier), keccak256("tip"));

        vm.revertToState(snapshot);
        _bondFor(verifier, 1);
        vm.prank(verifier);
        vm.expectRevert(
            abi.encodeWithSelector(IVerifierSet.VerifierSet_StillBonded.selector, verifier, address(dollar))
        );
        verifierSet.join(address(other), keccak256("tip"));
    }

    function _bondFor(address owner, uint256 amount) private {
        dollar.mint(address(this), amount);
        dollar.approve(address(bonds), amount);
        bonds.bond(IBonds.Role.Verifier, owner, address(dollar), amount);
    }
}
