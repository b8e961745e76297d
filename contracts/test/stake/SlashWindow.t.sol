// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {Disputes} from "../../src/stake/Disputes.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

/// @title A slash window begun with next to nothing at stake. The test is the arbiter, and brings the money.
contract SlashWindowTest is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Provider;

    Bonds private bonds;
    Disputes private disputes;
    address private token;
    address private accused = makeAddr("accused");
    address private accomplice = makeAddr("accomplice");
    address private harmed = makeAddr("harmed");

    function setUp() public {
        vm.warp(1_800_000_000);
        address authority = address(new AccessManager(address(this)));
        bonds = new Bonds(authority, IOutageClock(address(0)));
        disputes = new Disputes(authority, bonds, IOutageClock(address(0)));
        bonds.setSlasher(address(disputes), true);
        StakeToken stakeToken = new StakeToken();
        token = address(stakeToken);
        bonds.setMinimum(ROLE, token, 100e6);
        disputes.setDeposit(token, 50e6);
        address[3] memory all = [address(this), accomplice, harmed];
        for (uint256 i; i < 3; ++i) {
            stakeToken.mint(all[i], 1e15);
            vm.startPrank(all[i]);
            stakeToken.approve(address(bonds), type(uint256).max);
            stakeToken.approve(address(disputes), type(uint256).max);
            vm.stopPrank();
        }
    }

    /// @dev A slash of 10 dollars out of a bond of 100 must not be a licence for a bond of a million.
    function test_AWindowBegunWithLittleDoesNotProtectWhatCameLater() public {
        bonds.bond(ROLE, accused, token, 100e6);
        uint256 first = _accuse(accomplice);
        vm.prank(accused);
        disputes.answer(first, 0, "");
        disputes.accept(first, 10e6, address(0), 0);

        bonds.bond(ROLE, accused, token, 1_000_000e6);
        uint256 second = _accuse(harmed);
        assertEq(disputes.disputeOf(second).stake, 1_000_090e6);
        (, uint256 ruleBy) = disputes.deadlinesOf(second);
        vm.warp(ruleBy - 1);
        assertEq(disputes.accept(second, 100_000e6, harmed, 100_000e6), 100_000e6, "no ruling reaches the bond");
    }

    /// @dev What a ruling may take is held; a window begun with little must not keep it from the ruling once claims of the
    /// accused's own leases have taken the rest.
    function test_AWindowBegunWithLittleDoesNotProtectWhatIsHeld() public {
        bonds.setClaimer(address(this), true);
        bonds.bond(ROLE, accused, token, 100e6);
        uint256 first = _accuse(accomplice);
        vm.prank(accused);
        disputes.answer(first, 0, "");
        disputes.accept(first, 10e6, address(0), 0);

        bonds.bond(ROLE, accused, token, 1_000_000e6);
        uint256 second = _accuse(harmed);
        bonds.seize(accused, token, type(uint96).max, accomplice, 0);
        assertEq(bonds.bondOf(ROLE, accused, token).active, 100_009e6, "what is held");
        (, uint256 ruleBy) = disputes.deadlinesOf(second);
        vm.warp(ruleBy - 1);
        assertEq(disputes.accept(second, 100_000e6, harmed, 100_000e6), 100_000e6, "the ruling takes what was held");
    }

    function _accuse(address opener) private returns (uint256) {
        vm.prank(opener);
        return disputes.open(ROLE, accused, token, 0, "");
    }
}
