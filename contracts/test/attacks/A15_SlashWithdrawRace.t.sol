// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {Disputes} from "../../src/stake/Disputes.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IDelegation} from "../../src/stake/IDelegation.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

/// @title Slash against withdrawal: no exit outruns a slash that was due when it began
contract A15_SlashWithdrawRace is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Provider;
    uint256 private constant STAKE = 1_000_000;

    Bonds private bonds;
    Disputes private disputes;
    StakeToken private token;
    address private offender = makeAddr("offender");
    address private delegator = makeAddr("delegator");
    address private harmed = makeAddr("harmed");
    address private claimer = makeAddr("claimer");

    function setUp() public {
        vm.warp(1_800_000_000);
        address authority = address(new AccessManager(address(this)));
        bonds = new Bonds(authority, IOutageClock(address(0)));
        disputes = new Disputes(authority, bonds, IOutageClock(address(0)));
        token = new StakeToken();
        bonds.setMinimum(ROLE, address(token), 1);
        bonds.setSlasher(address(this), true);
        bonds.setSlasher(address(disputes), true);
        bonds.setClaimer(claimer, true);
        disputes.setDeposit(address(token), 10);
        token.mint(address(this), 10 * STAKE);
        token.approve(address(bonds), type(uint256).max);
        token.approve(address(disputes), type(uint256).max);
        bonds.bond(ROLE, offender, address(token), STAKE);
        token.mint(delegator, STAKE);
        vm.startPrank(delegator);
        token.approve(address(bonds), STAKE);
        bonds.delegate(ROLE, offender, address(token), STAKE);
        vm.stopPrank();
    }

    /// However the bond is split between active and thawing, and however often the bucket was moved, a slash takes the
    /// same.
    function testFuzz_ThawingSavesNothing(uint256 thawing, uint256 elapsed, bool isMovedBack, uint256 amount) public {
        thawing = bound(thawing, 1, STAKE);
        amount = bound(amount, 1, STAKE);
        _thaw(thawing);
        skip(bound(elapsed, 0, 60 days));
        if (isMovedBack) {
            vm.prank(offender);
            bonds.cancelThaw(ROLE, address(token));
            _thaw(thawing);
        }
        IBonds.Slash memory order = IBonds.Slash(amount, harmed, amount, address(0), true);
        assertEq(bonds.slash(ROLE, offender, address(token), order), amount);
        assertEq(bonds.owedTo(harmed, address(token)), amount);
    }

    /// A delegator that sees a slash coming and begins to leave loses what the others lose.
    function testFuzz_ADelegatorsThawSavesNothing(uint256 shares, uint256 elapsed) public {
        shares = bound(shares, 1, STAKE * 1e6);
        bonds.delegate(ROLE, offender, address(token), STAKE);
        vm.prank(delegator);
        bonds.undelegate(ROLE, offender, address(token), shares);
        skip(bound(elapsed, 0, 60 days));
        bonds.slash(ROLE, offender, address(token), IBonds.Slash(2 * STAKE, harmed, 0, address(0), true));
        (uint256 value, uint256 thawing) = bonds.valueOf(ROLE, offender, address(token), delegator);
        assertApproxEqAbs(value + thawing, STAKE / 2, 2);
        (uint256 stayed,) = bonds.valueOf(ROLE, offender, address(token), address(this));
        assertApproxEqAbs(stayed, STAKE / 2, 2);
    }

    /// Whoever thaws all the moment it is accused is within reach until the last second of the ruling.
    function testFuzz_ARulingReachesWhoLeavesAtOnce(uint256 period, uint256 late) public {
        period = bound(period, 7 days, 60 days);
        bonds.setThawPeriod(period);
        uint256 id = disputes.open(ROLE, offender, address(token), 0, "");
        _thaw(STAKE);
        vm.prank(delegator);
        bonds.undelegate(ROLE, offender, address(token), STAKE * 1e6);
        skip(bound(late, 48 hours, 5 days - 1));
        vm.expectPartialRevert(IBonds.Bonds_NotThawed.selector);
        vm.prank(offender);
        bonds.withdraw(ROLE, address(token), offender);
        vm.expectPartialRevert(IDelegation.Delegation_NotThawed.selector);
        vm.prank(delegator);
        bonds.withdrawDelegation(ROLE, offender, address(token), delegator);
        assertEq(disputes.accept(id, STAKE / 10, harmed, STAKE / 10), STAKE / 10);
    }

    /// Two days are left to bring a ruling to the chain.
    function testFuzz_NoThawIsShorterThanADispute(uint256 period) public {
        uint256 dispute = disputes.RESPONSE_PERIOD() + disputes.RULING_PERIOD();
        period = bound(period, 0, dispute + 48 hours - 1);
        vm.expectPartialRevert(IBonds.Bonds_OutOfBounds.selector);
        bonds.setThawPeriod(period);
    }

    /// What is locked behind claims does not leave, and is there to be seized.
    function testFuzz_ALockedBondIsThereWhenItsClaimIsDue(uint256 locked, uint256 elapsed) public {
        locked = bound(locked, 1, STAKE);
        vm.prank(claimer);
        bonds.lock(offender, address(token), locked);
        vm.prank(offender);
        vm.expectRevert(
            abi.encodeWithSelector(IBonds.Bonds_InsufficientBond.selector, STAKE - locked, STAKE - locked + 1)
        );
        bonds.thaw(ROLE, address(token), STAKE - locked + 1);
        if (locked != STAKE) _thaw(STAKE - locked);
        skip(bound(elapsed, 14 days, 365 days));
        if (locked != STAKE) {
            vm.prank(offender);
            bonds.withdraw(ROLE, address(token), offender);
        }
        vm.prank(claimer);
        (uint256 seized,) = bonds.seize(offender, address(token), locked, harmed, locked);
        assertEq(seized, locked);
    }

    function _thaw(uint256 amount) private {
        vm.prank(offender);
        bonds.thaw(ROLE, address(token), amount);
    }
}
