// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {Disputes} from "../../src/stake/Disputes.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

/// @title What a hold keeps from a claim leaves no bond before the claim has reached it
/// @notice The test is the claimer and the arbiter, and brings the money.
contract HeldFromClaimsTest is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Provider;
    uint256 private constant DEPOSIT = 50e6;

    Bonds private bonds;
    Disputes private disputes;
    address private token;
    address private provider = makeAddr("provider");
    address private accomplice = makeAddr("accomplice of the provider");
    address private renter = makeAddr("renter");

    function setUp() public {
        vm.warp(1_800_000_000);
        address authority = address(new AccessManager(address(this)));
        bonds = new Bonds(authority, IOutageClock(address(0)));
        disputes = new Disputes(authority, bonds, IOutageClock(address(0)));
        bonds.setSlasher(address(disputes), true);
        bonds.setClaimer(address(this), true);
        StakeToken stakeToken = new StakeToken();
        token = address(stakeToken);
        bonds.setMinimum(ROLE, token, 100e6);
        disputes.setDeposit(token, DEPOSIT);
        stakeToken.mint(address(this), 10_000e6);
        stakeToken.approve(address(bonds), type(uint256).max);
        stakeToken.mint(accomplice, 1_000e6);
        vm.prank(accomplice);
        stakeToken.approve(address(disputes), type(uint256).max);
        bonds.bond(ROLE, provider, token, 10_000e6);
    }

    /// @dev A bond of 1,000 that a tenth of a former one of 10,000 keeps from claims, by accusations that all are rejected.
    function test_Seize_ReachesWhatThawsUnderOneHoldAfterTheOther() public {
        _thaw(9_000e6);
        skip(14 days);
        _accuse();
        assertEq(_withdrawn(), 9_000e6);
        _thaw(1_000e6);
        for (uint256 day = 1; _stake() != 0; ++day) {
            skip(1 days);
            if (day % 6 == 0) _accuse();
            // The claim comes first in each block, and the provider gets what it leaves.
            bonds.seize(provider, token, 1_000e6, renter, 0);
            _withdrawn();
        }
        assertEq(bonds.owedTo(renter, token), 1_000e6, "the renter's claim");
    }

    /// @dev A claim needs more than the moment in which a hold ends.
    function testFuzz_Withdraw_LeavesClaimsTwoDaysAfterAHold(uint256 accusedAfter) public {
        bonds.setThawPeriod(7 days);
        _thaw(10_000e6);
        skip(bound(accusedAfter, 0, 14 days - 1));
        _accuse();
        bonds.seize(provider, token, 10_000e6, renter, 0);
        assertEq(bonds.owedTo(renter, token), 9_000e6);
        uint256 reachedFrom = _from(this.reach);
        uint256 withdrawnFrom = _from(this.leave);
        assertGe(withdrawnFrom, reachedFrom + 2 days);
        assertLe(withdrawnFrom, reachedFrom + 2 days + 1 hours, "and no longer");
    }

    function reach() external returns (uint256 seized) {
        (seized,) = bonds.seize(provider, token, 1_000e6, renter, 0);
    }

    function leave() external returns (uint256) {
        return _withdrawn();
    }

    /// @dev The first hour at which `taking` takes anything.
    function _from(function() external returns (uint256) taking) private returns (uint256 time) {
        uint256 snapshot = vm.snapshotState();
        while (taking() == 0) {
            skip(1 hours);
        }
        time = block.timestamp;
        vm.revertToState(snapshot);
    }

    function _withdrawn() private returns (uint256 amount) {
        amount = _stake();
        vm.prank(provider);
        try bonds.withdraw(ROLE, token, provider) {} catch {}
        amount -= _stake();
    }

    function _stake() private view returns (uint256) {
        IBonds.Bond memory b = bonds.bondOf(ROLE, provider, token);
        return uint256(b.active) + b.thawing;
    }

    function _accuse() private {
        vm.prank(accomplice);
        uint256 id = disputes.open(ROLE, provider, token, 0, "");
        disputes.reject(id);
    }

    function _thaw(uint256 amount) private {
        vm.prank(provider);
        bonds.thaw(ROLE, token, amount);
    }
}
