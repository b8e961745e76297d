// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {IDistributor} from "../../src/rewards/IDistributor.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {MoneyFalseToken, MoneyRebasingToken} from "../mocks/MoneyTokens.sol";
import {RewardTree} from "../rewards/RewardTree.sol";
import {RewardsTest} from "../rewards/RewardsTest.sol";

/// @title Tokens that shrink or lie, in a bond and in an epoch of rewards
contract A04_StakeAndRewardTokens is RewardsTest {
    using RewardTree for bytes32[][];

    Bonds private bonds;
    MoneyFalseToken private liar;

    function setUp() public override {
        super.setUp();
        bonds = new Bonds(address(new AccessManager(address(this))), IOutageClock(address(0)));
        liar = new MoneyFalseToken();
        liar.mint(address(this), 1e30);
        liar.approve(address(bonds), type(uint256).max);
        liar.approve(address(distributor), type(uint256).max);
        token.approve(address(bonds), type(uint256).max);
        bonds.setMinimum(IBonds.Role.Provider, address(liar), 1);
        bonds.setMinimum(IBonds.Role.Provider, address(token), 1);
    }

    function _expectRefusal() private {
        vm.expectRevert(abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(liar)));
    }

    function test_ATokenThatAnswersFalseBondsNothingAndLeavesNothingBehind() public {
        liar.setRefuses(true);
        _expectRefusal();
        bonds.bond(IBonds.Role.Provider, address(this), address(liar), 10);
        liar.setRefuses(false);
        bonds.bond(IBonds.Role.Provider, address(this), address(liar), 10);
        bonds.thaw(IBonds.Role.Provider, address(liar), 10);
        skip(14 days);
        liar.setRefuses(true);
        _expectRefusal();
        bonds.withdraw(IBonds.Role.Provider, address(liar), address(this));
        liar.setRefuses(false);
        bonds.withdraw(IBonds.Role.Provider, address(liar), address(this));
        assertEq(liar.balanceOf(address(this)), 1e30);
    }

    /// @dev A rebase is the loss of those who hold the token, and of no other token.
    function testFuzz_ARebaseOfABondStaysInItsToken(uint256 keptBps) public {
        MoneyRebasingToken shrinking = new MoneyRebasingToken();
        bonds.setMinimum(IBonds.Role.Provider, address(shrinking), 1);
        shrinking.mint(address(this), 1_000);
        shrinking.approve(address(bonds), 1_000);
        IERC20[2] memory tokens = [IERC20(address(shrinking)), IERC20(address(token))];
        for (uint256 i; i < 2; ++i) {
            bonds.bond(IBonds.Role.Provider, address(this), address(tokens[i]), 1_000);
            bonds.thaw(IBonds.Role.Provider, address(tokens[i]), 1_000);
        }
        shrinking.rebase(bound(keptBps, 1, 9_999));
        skip(14 days);
        vm.expectRevert();
        bonds.withdraw(IBonds.Role.Provider, address(shrinking), address(this));
        bonds.withdraw(IBonds.Role.Provider, address(token), address(this));
        assertEq(token.balanceOf(address(bonds)), 0);
        assertEq(bonds.bondOf(IBonds.Role.Provider, address(this), address(shrinking)).thawing, 1_000, "still owed");
    }

    /// @dev A leaf whose transfer is refused is not paid, and can be as soon as the token does what it says.
    function testFuzz_ARewardThatIsRefusedStaysDue(bool byRange) public {
        liar.setRefuses(true);
        _expectRefusal();
        distributor.fund(1, address(liar), 10);
        liar.setRefuses(false);
        IDistributor.Reward[] memory rewards = new IDistributor.Reward[](1);
        rewards[0] = IDistributor.Reward(makeAddr("account"), 10);
        bytes32[][] memory tree = _tree(1, rewards);
        distributor.fund(1, address(liar), 10);
        distributor.post(1, address(liar), tree.root(), 10, 1, 0);
        skip(48 hours);
        liar.setRefuses(true);
        if (byRange) {
            distributor.payRange(1, 0, rewards, tree.rangeProof(0));
        } else {
            _expectRefusal();
            distributor.claim(1, 0, rewards[0], tree.proof(0));
        }
        assertEq(distributor.epochOf(1).paid, 0);
        liar.setRefuses(false);
        distributor.claim(1, 0, rewards[0], tree.proof(0));
        assertEq(liar.balanceOf(rewards[0].account), 10);
        assertEq(distributor.epochOf(1).paid, 10);
    }
}
