// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IDisputes} from "../../src/stake/IDisputes.sol";
import {IAttestationPolicy} from "../../src/verification/IAttestationPolicy.sol";
import {IVerifierSet} from "../../src/verification/IVerifierSet.sol";
import {System} from "../System.sol";
import {UptimeFeed} from "../mocks/UptimeFeed.sol";

/// @title While the sequencer is down nobody can challenge: its seconds extend every window that costs somebody a right
contract A14_SequencerOutage is System {
    UptimeFeed private feed;

    function setUp() public override {
        super.setUp();
        feed = new UptimeFeed();
        outageClock.setFeed(address(feed));
        spon.mint(address(this), 100e18);
        spon.approve(address(distributor), 100e18);
    }

    function testFuzz_OutageExtendsTheTimeToDisableARoot(uint256 start, uint256 length, bool isPoked) public {
        start = block.timestamp + bound(start, 0, 47 hours);
        length = bound(length, 1, 6 days);
        IDistributor.Reward memory reward = IDistributor.Reward(renter, 1e18);
        _post(reward);
        uint256 due = block.timestamp + 48 hours;
        vm.warp(start);
        feed.goDown(start);
        if (isPoked) outageClock.poke();
        vm.warp(start + length);
        feed.comeUp(block.timestamp);

        if (due > block.timestamp) vm.warp(due);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1));
        distributor.claim(1, 0, reward, _proof());
        vm.warp(due + length - 1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1));
        distributor.claim(1, 0, reward, _proof());
        uint256 snapshot = vm.snapshotState();
        distributor.disable(1);
        vm.revertToState(snapshot);
        vm.warp(due + length);
        distributor.claim(1, 0, reward, _proof());
        assertEq(spon.balanceOf(renter), 1e18);
    }

    /// @dev In the last week of a thaw, in which every claim on the bond can still be made.
    function testFuzz_OutageExtendsAThaw(uint256 start, uint256 length) public {
        uint256 due = block.timestamp + bonds.thawPeriod();
        length = bound(length, 1, 6 days);
        vm.prank(provider);
        bonds.thaw(IBonds.Role.Provider, address(dollar), MINIMUM_BOND);
        _goDown(due - bound(start, 1, 7 days), length);

        vm.warp(due + length - 1);
        vm.expectRevert(abi.encodeWithSelector(IBonds.Bonds_NotThawed.selector, MINIMUM_BOND, due + length));
        vm.prank(provider);
        bonds.withdraw(IBonds.Role.Provider, address(dollar), provider);
        vm.warp(due + length);
        vm.prank(provider);
        bonds.withdraw(IBonds.Role.Provider, address(dollar), provider);
        assertEq(dollar.balanceOf(provider), MINIMUM_BOND);
    }

    /// @dev Nobody is found guilty for an answer that it could not give.
    function testFuzz_OutageExtendsTheTimeToAnswer(uint256 start, uint256 length) public {
        disputes.setDeposit(address(dollar), 1e6);
        dollar.mint(address(this), 1e6);
        dollar.approve(address(disputes), 1e6);
        uint256 id = disputes.open(IBonds.Role.Provider, provider, address(dollar), 0, "");
        uint256 due = block.timestamp + disputes.RESPONSE_PERIOD();
        length = bound(length, 1, 6 days);
        _goDown(block.timestamp + bound(start, 0, 47 hours), length);

        vm.warp(due + length - 1);
        vm.expectRevert(abi.encodeWithSelector(IDisputes.Disputes_TooEarly.selector, id, due + length));
        disputes.accept(id, 1, renter, 1);
        vm.warp(due + length);
        assertEq(disputes.accept(id, 1, renter, 1), 1);
    }

    /// @dev A measurement that the chain could not take in is taken in later, and no second after it is decided before.
    function testFuzz_OutageExtendsTheTimeToBringAVerdict(uint256 start, uint256 length) public {
        _attest(node);
        uint256 measuredAt = block.timestamp + 1 days;
        vm.warp(measuredAt);
        IVerifierSet.Verdict memory verdict = _verdict(node);
        IVerifierSet.Signature[] memory signatures = _signed(verdict);
        length = bound(length, 1, 6 days);
        _goDown(measuredAt + bound(start, 0, 47 hours), length);

        uint256 deadline = measuredAt + policy.verdictDeadline() + length;
        vm.warp(deadline + 1);
        vm.expectPartialRevert(IAttestationPolicy.AttestationPolicy_TooLate.selector);
        verifierSet.submit(verdict, signatures);
        vm.warp(deadline);
        assertEq(policy.decidedUntil(node), measuredAt);
        verifierSet.submit(verdict, signatures);
        assertEq(policy.standingOf(node).measuredAt, measuredAt);
    }

    function test_AFeedThatIsStuckDelaysByAWeekAtMost() public {
        IDistributor.Reward memory reward = IDistributor.Reward(renter, 1e18);
        _post(reward);
        feed.goDown(block.timestamp);
        skip(48 hours + outageClock.MAX_OUTAGE() - 1);
        vm.expectRevert(abi.encodeWithSelector(IDistributor.Distributor_NotActive.selector, 1));
        distributor.claim(1, 0, reward, _proof());
        skip(1);
        distributor.claim(1, 0, reward, _proof());
        assertEq(spon.balanceOf(renter), 1e18);
    }

    function test_AFeedThatIsBrokenDelaysNothing() public {
        IDistributor.Reward memory reward = IDistributor.Reward(renter, 1e18);
        _post(reward);
        feed.goDown(block.timestamp);
        feed.setBroken(true);
        skip(48 hours);
        distributor.claim(1, 0, reward, _proof());
    }

    function test_TheEnderCannotStarveTheFeedOfGas() public {
        _post(IDistributor.Reward(renter, 1e18));
        feed.goDown(block.timestamp);
        skip(1 hours);
        (bool ok, bytes memory reason) = address(outageClock).staticcall{gas: 50_000}(
            abi.encodeCall(IOutageClock.outageBetween, (0, block.timestamp))
        );
        assertFalse(ok);
        assertEq(bytes4(reason), IOutageClock.OutageClock_InsufficientGas.selector);
    }

    /// @dev The sequencer is down from `start` on, for `length` seconds.
    function _goDown(uint256 start, uint256 length) private {
        vm.warp(start);
        feed.goDown(start);
        vm.warp(start + length);
        feed.comeUp(block.timestamp);
    }

    /// @dev A tree of one leaf among 256, all others absent.
    function _post(IDistributor.Reward memory reward) private {
        bytes32 root = distributor.hashLeaf(1, 0, reward);
        bytes32[] memory proof = _proof();
        for (uint256 i; i < proof.length; ++i) {
            root = keccak256(abi.encodePacked(root, proof[i]));
        }
        distributor.fund(1, address(spon), 1e18);
        distributor.post(1, address(spon), root, 1e18, 1, 0);
    }

    function _proof() private pure returns (bytes32[] memory proof) {
        proof = new bytes32[](8);
        for (uint256 i = 1; i < proof.length; ++i) {
            proof[i] = keccak256(abi.encodePacked(proof[i - 1], proof[i - 1]));
        }
    }
}
