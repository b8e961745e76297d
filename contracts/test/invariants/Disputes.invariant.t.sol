// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// Disputes: the balance of the contract == deposits of open disputes + owed, in every order of openings, answers, rulings,
// expiries and outages. Every dispute ends without its arbiter, and then everybody's money can be taken out.

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {IOutageClock} from "../../src/governance/IOutageClock.sol";
import {Bonds} from "../../src/stake/Bonds.sol";
import {Disputes} from "../../src/stake/Disputes.sol";
import {IBonds} from "../../src/stake/IBonds.sol";
import {IDisputes} from "../../src/stake/IDisputes.sol";
import {StakeToken} from "../mocks/StakeTokens.sol";

contract DisputesHandler is Test {
    IBonds.Role private constant ROLE = IBonds.Role.Verifier;

    Bonds public immutable bonds;
    Disputes public immutable disputes;
    StakeToken public immutable token;
    address[2] public accused = [makeAddr("accused 0"), makeAddr("accused 1")];
    address[2] public openers = [makeAddr("opener 0"), makeAddr("opener 1")];
    address public harmed = makeAddr("harmed");

    uint256 public outage;
    mapping(uint256 id => uint256) public slashedBy;

    constructor(AccessManager manager) {
        bonds = new Bonds(address(manager), IOutageClock(address(0)));
        disputes = new Disputes(address(manager), bonds, IOutageClock(address(this)));
        token = new StakeToken();
    }

    /// @dev The handler is the clock.
    function outageBetween(uint256, uint256) external view returns (uint256) {
        return outage;
    }

    function bond(uint256 which, uint256 amount) external {
        amount = bound(amount, 1, 1e24);
        token.mint(address(this), amount);
        token.approve(address(bonds), amount);
        bonds.bond(ROLE, accused[which % 2], address(token), amount);
    }

    function setDeposit(uint256 amount) external {
        disputes.setDeposit(address(token), bound(amount, 1, 1e20));
    }

    function open(uint256 which) external {
        IBonds.Bond memory b = bonds.bondOf(ROLE, accused[which % 2], address(token));
        if (uint256(b.active) + b.thawing == 0) return;
        uint256 deposit = disputes.depositOf(address(token));
        address opener = openers[which / 2 % 2];
        token.mint(opener, deposit);
        vm.startPrank(opener);
        token.approve(address(disputes), deposit);
        disputes.open(ROLE, accused[which % 2], address(token), bytes32(which), "");
        vm.stopPrank();
    }

    function answer(uint256 which) external {
        (uint256 id, IDisputes.Dispute memory dispute) = _pick(which);
        (, uint256 ruleBy) = disputes.deadlinesOf(id);
        if (dispute.status != IDisputes.Status.Open || dispute.isAnswered || block.timestamp >= ruleBy) return;
        vm.prank(dispute.accused);
        disputes.answer(id, 0, "");
    }

    function rule(uint256 which, uint256 amount, uint256 loss) external {
        (uint256 id, IDisputes.Dispute memory dispute) = _pick(which);
        (uint256 answerBy, uint256 ruleBy) = disputes.deadlinesOf(id);
        if (dispute.status != IDisputes.Status.Open || block.timestamp >= ruleBy) return;
        if (which % 3 == 0) return disputes.reject(id);
        if (which % 3 == 1) return disputes.draw(id);
        if (!dispute.isAnswered && block.timestamp < answerBy) return;
        amount = bound(amount, 0, dispute.stake / 10);
        try disputes.accept(id, amount, harmed, bound(loss, 0, amount)) returns (uint256 slashed) {
            slashedBy[id] += slashed;
        } catch {
            // The window has no more, or the bond has nothing.
        }
    }

    function expire(uint256 which) public {
        (uint256 id, IDisputes.Dispute memory dispute) = _pick(which);
        (, uint256 ruleBy) = disputes.deadlinesOf(id);
        if (dispute.status != IDisputes.Status.Open || block.timestamp < ruleBy) return;
        vm.prank(harmed);
        disputes.expire(id);
    }

    function collect(uint256 which) public {
        if (which % 5 == 4) {
            if (disputes.owedTo(bonds.BURN_ADDRESS(), address(token)) != 0) disputes.collectBurned(address(token));
            return;
        }
        address account = which % 2 == 0 ? openers[which / 2 % 2] : accused[which / 2 % 2];
        if (disputes.owedTo(account, address(token)) == 0) return;
        vm.prank(account);
        disputes.collect(address(token), account);
    }

    function passTime(uint256 elapsed) external {
        skip(bound(elapsed, 1, 3 days));
    }

    function goDown(uint256 elapsed) external {
        elapsed = bound(elapsed, 1, 2 days);
        outage += elapsed;
        skip(elapsed);
    }

    /// @dev Nobody rules any more.
    function leave() external {
        skip(5 days + outage);
        for (uint256 id = 1; id <= disputes.disputeCount(); ++id) {
            expire(id - 1);
        }
        for (uint256 i; i < 5; ++i) {
            collect(i);
        }
    }

    function _pick(uint256 which) private view returns (uint256 id, IDisputes.Dispute memory dispute) {
        uint256 count = disputes.disputeCount();
        id = count == 0 ? 0 : which % count + 1;
        dispute = disputes.disputeOf(id);
    }
}

contract DisputesInvariantTest is Test {
    DisputesHandler private handler;
    Disputes private disputes;
    StakeToken private token;

    function setUp() public {
        vm.warp(1_800_000_000);
        AccessManager manager = new AccessManager(address(this));
        handler = new DisputesHandler(manager);
        manager.grantRole(manager.ADMIN_ROLE(), address(handler), 0);
        (disputes, token) = (handler.disputes(), handler.token());
        handler.bonds().setMinimum(IBonds.Role.Verifier, address(token), 1);
        handler.bonds().setSlasher(address(disputes), true);
        disputes.setDeposit(address(token), 1e18);
        targetContract(address(handler));
        bytes4[] memory excluded = new bytes4[](2);
        excluded[0] = handler.leave.selector;
        excluded[1] = handler.outageBetween.selector;
        excludeSelector(FuzzSelector({addr: address(handler), selectors: excluded}));
    }

    function invariant_TheBalanceIsWhatIsDepositedOrOwed() public view {
        uint256 held;
        for (uint256 id = 1; id <= disputes.disputeCount(); ++id) {
            IDisputes.Dispute memory dispute = disputes.disputeOf(id);
            if (dispute.status == IDisputes.Status.Open) held += dispute.deposit;
        }
        for (uint256 i; i < 2; ++i) {
            held += disputes.owedTo(handler.openers(i), address(token));
            held += disputes.owedTo(handler.accused(i), address(token));
        }
        held += disputes.owedTo(handler.bonds().BURN_ADDRESS(), address(token));
        assertEq(token.balanceOf(address(disputes)), held);
    }

    function invariant_OnlyAnAcceptedDisputeSlashesAndWithinItsStake() public view {
        for (uint256 id = 1; id <= disputes.disputeCount(); ++id) {
            IDisputes.Dispute memory dispute = disputes.disputeOf(id);
            if (dispute.status == IDisputes.Status.Accepted) assertLe(handler.slashedBy(id), dispute.stake / 10);
            else assertEq(handler.slashedBy(id), 0);
        }
    }

    function afterInvariant() public {
        handler.leave();
        assertEq(token.balanceOf(address(disputes)), 0, "stranded");
    }
}
