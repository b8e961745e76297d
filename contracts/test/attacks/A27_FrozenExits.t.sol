// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ILedger} from "../../src/money/ILedger.sol";
import {IPausable} from "../../src/governance/IPausable.sol";
import {IPauseSwitch} from "../../src/governance/IPauseSwitch.sol";
import {ILeaseBook} from "../../src/lease/ILeaseBook.sol";
import {INodeRegistry} from "../../src/registry/INodeRegistry.sol";
import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {System} from "../System.sol";

/// @title With every pause bit set, whoever is in gets out
contract A27_FrozenExits is System {
    uint64 private constant GUARDIAN = 1;
    uint64 private constant PAUSER = 2;

    address private guardian = makeAddr("guardian");
    address[] private _targets;
    uint256 private _allBits;

    ILeaseBook.Terms private _ending;
    ILeaseBook.Terms private _forgotten;

    function setUp() public override {
        super.setUp();
        _targets = [
            address(ledger),
            address(leaseBook),
            address(registry),
            address(bonds),
            address(verifierSet),
            address(distributor),
            address(stakedSpon),
            address(disputes),
            address(measurementDemand)
        ];
        authority.grantRole(GUARDIAN, guardian, 0);
        authority.grantRole(PAUSER, address(pauseSwitch), 0);
        _assign(address(pauseSwitch), IPauseSwitch.pause.selector, GUARDIAN);
        for (uint256 i; i < _targets.length; ++i) {
            pauseSwitch.setTarget(i, _targets[i]);
            _assign(_targets[i], IPausable.setPaused.selector, PAUSER);
            _allBits |= 2 ** i;
        }
        _attest(node);
        _deposit(FORTUNE / 2);
        _ending = _open();
        _forgotten = _open();
    }

    function test_WithEveryBitSetNothingNewComesIn() public {
        ILeaseBook.Offer memory offer = _offer(node);
        bytes memory signature = _signOffer(offer, nodeKey);
        ILeaseBook.Request memory request = _request();
        _pauseAll();
        vm.startPrank(renter);
        vm.expectRevert(ILedger.Ledger_Paused.selector);
        ledger.deposit(address(dollar), renter, 1);
        vm.expectPartialRevert(ILeaseBook.LeaseBook_Paused.selector);
        leaseBook.open(offer, signature, request);
        vm.stopPrank();
        vm.startPrank(provider);
        vm.expectPartialRevert(INodeRegistry.NodeRegistry_Paused.selector);
        registry.registerNode(renter, _claim(), uint64(block.timestamp), "");
        dollar.mint(provider, 1);
        dollar.approve(address(bonds), 1);
        vm.expectRevert(IBonds.Bonds_Paused.selector);
        bonds.bond(IBonds.Role.Provider, provider, address(dollar), 1);
    }

    function test_WithEveryBitSetBalancesCanBeWithdrawn() public {
        _pauseAll();
        uint256 balance = ledger.balanceOf(address(dollar), renter);
        vm.prank(renter);
        ledger.withdraw(address(dollar), renter, balance);
        assertEq(ledger.balanceOf(address(dollar), renter), 0);
    }

    function test_WithEveryBitSetALeaseIsClosedAndRefunded() public {
        uint256 before = ledger.balanceOf(address(dollar), renter);
        skip(1_000);
        _pauseAll();
        vm.prank(renter);
        leaseBook.close(_ending);
        assertGt(ledger.balanceOf(address(dollar), renter), before, "refunded");
        leaseBook.settle(_ending);
        assertGt(ledger.balanceOf(address(dollar), provider), 0, "paid");
        assertEq(uint256(leaseBook.leaseOf(leaseBook.hashTerms(_ending)).status), uint256(ILeaseBook.Status.Closed));
    }

    function test_WithEveryBitSetALeaseThatEverybodyForgotEndsByItself() public {
        _pauseAll();
        skip(100 days);
        leaseBook.settle(_forgotten);
        leaseBook.settle(_ending);
        assertEq(uint256(leaseBook.leaseOf(leaseBook.hashTerms(_forgotten)).status), uint256(ILeaseBook.Status.Closed));
        assertEq(ledger.escrowOf(address(leaseBook), address(dollar)), 0);
        uint256 earned = ledger.balanceOf(address(dollar), provider);
        vm.prank(provider);
        ledger.withdraw(address(dollar), provider, earned);
        ledger.collectFees(address(leaseBook), address(dollar));
    }

    function test_WithEveryBitSetRewardsAreClaimed() public {
        IDistributor.Reward memory reward = IDistributor.Reward(renter, 1e18);
        bytes32[] memory proof = new bytes32[](8);
        bytes32 root = distributor.hashLeaf(1, 0, reward);
        for (uint256 i; i < proof.length; ++i) {
            root = keccak256(abi.encodePacked(root, proof[i]));
        }
        spon.mint(address(this), 1e18);
        spon.approve(address(distributor), 1e18);
        distributor.fund(1, address(spon), 1e18);
        distributor.post(1, address(spon), root, 1e18, 1, 0);
        _pauseAll();
        skip(48 hours);
        distributor.claim(1, 0, reward, proof);
        assertEq(spon.balanceOf(renter), 1e18);
    }

    function test_WithEveryBitSetAStakerLeaves() public {
        spon.mint(renter, 10e18);
        vm.startPrank(renter);
        spon.approve(address(stakedSpon), 10e18);
        uint256 shares = stakedSpon.deposit(10e18, renter);
        stakedSpon.requestRedeem(shares / 2, renter, renter);
        vm.stopPrank();
        _pauseAll();
        skip(30 days);
        vm.startPrank(renter);
        stakedSpon.redeem(stakedSpon.maxRedeem(renter), renter, renter);
        stakedSpon.requestRedeem(stakedSpon.balanceOf(renter), renter, renter);
        skip(30 days);
        stakedSpon.redeem(stakedSpon.maxRedeem(renter), renter, renter);
        assertApproxEqAbs(spon.balanceOf(renter), 10e18, 1);
    }

    function test_WithEveryBitSetABondThawsAndLeaves() public {
        _pauseAll();
        vm.startPrank(provider);
        registry.setStatus(node, INodeRegistry.Status.Retired);
        bonds.thaw(IBonds.Role.Provider, address(dollar), MINIMUM_BOND);
        skip(60 days);
        bonds.withdraw(IBonds.Role.Provider, address(dollar), provider);
        assertEq(dollar.balanceOf(provider), MINIMUM_BOND);
        address verifier = verifierSet.verifiers()[0];
        vm.stopPrank();
        vm.startPrank(verifier);
        verifierSet.leave();
        bonds.thaw(IBonds.Role.Verifier, address(dollar), MINIMUM_BOND);
        skip(60 days);
        bonds.withdraw(IBonds.Role.Verifier, address(dollar), verifier);
    }

    /// @dev By whoever asks.
    function test_EveryBitExpires() public {
        _pauseAll();
        skip(14 days);
        vm.prank(renter);
        pauseSwitch.expire(_allBits);
        assertEq(pauseSwitch.pausedBits(), 0);
        _deposit(1);
        _open();
    }

    /// @dev A guardian that pauses again and again would pause for ever.
    function test_NoPauseFollowsAnotherAtOnce() public {
        _pauseAll();
        uint256 rested = block.timestamp + pauseSwitch.MAX_PAUSE() + pauseSwitch.REST();
        skip(14 days);
        pauseSwitch.expire(_allBits);
        vm.warp(rested - 1);
        vm.expectRevert(abi.encodeWithSelector(IPauseSwitch.PauseSwitch_TooEarly.selector, 0, rested));
        vm.prank(guardian);
        pauseSwitch.pause(_allBits);
        vm.warp(rested);
        _pauseAll();
    }

    function _pauseAll() private {
        vm.prank(guardian);
        pauseSwitch.pause(_allBits);
    }

    function _assign(address target, bytes4 selector, uint64 role) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        authority.setTargetFunctionRole(target, selectors, role);
    }
}
