// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

// sSPON: no sequence of deposits, donations and exits profits from another holder's money. Nothing that one holder does
// lowers what another's shares and exit are worth, or leaves itself richer; only time does, by the drip and pro rata.
// No drip reaches less than the least stake, so that no deposit loses more than 10^6 wei by rounding.
// The SPON in the vault == the stakers' assets + what has not dripped yet + the exits + donations.

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Test} from "forge-std/Test.sol";
import {Spon} from "../../src/token/Spon.sol";
import {StakedSpon} from "../../src/token/StakedSpon.sol";

contract StakedSponHandler is Test {
    uint256 private constant ACTORS = 4;
    uint256 private constant VIRTUAL_SHARES = 1e9;
    uint256 private constant VIRTUAL_ASSETS = 1e6;
    uint256 private constant LEAST_STAKE = 1e21;
    uint256 private constant MOST = 1_000_000e18;

    Spon public immutable spon;
    StakedSpon public immutable vault;
    address[ACTORS] public actors = [makeAddr("alice"), makeAddr("bob"), makeAddr("carol"), makeAddr("thief")];

    uint256 public donated;
    uint256 public funded;
    mapping(address actor => uint256) public paidIn;
    mapping(address actor => uint256) public paidOut;

    struct View {
        uint256 assets;
        uint256 supply;
        uint256[ACTORS] worth;
        uint256[ACTORS] paidIn;
        uint256[ACTORS] paidOut;
    }

    constructor(AccessManager manager) {
        spon = new Spon(address(manager));
        vault = new StakedSpon(address(manager), spon);
    }

    /// @dev At one moment: nobody else loses, they gain no more than a rounding, and the actor gains nothing.
    modifier fair(uint256 seed) {
        View memory before = _view();
        _;
        View memory now_ = _view();
        _checkPrice(before, now_);
        uint256 share = (now_.assets + VIRTUAL_ASSETS) / (now_.supply + VIRTUAL_SHARES);
        for (uint256 i; i < ACTORS; ++i) {
            if (i == seed % ACTORS) {
                uint256 spent = now_.paidIn[i] - before.paidIn[i];
                uint256 got = now_.paidOut[i] - before.paidOut[i];
                assertLe(now_.worth[i] + got, before.worth[i] + spent + 1, "the actor profits");
            } else {
                assertGe(now_.worth[i], before.worth[i], "another holder loses");
                assertLe(now_.worth[i], before.worth[i] + share + 2, "another holder profits");
            }
        }
    }

    function deposit(uint256 seed, uint256 amount, uint256 scale) external fair(seed) {
        address actor = actors[seed % ACTORS];
        amount = _amount(amount, scale);
        if (vault.previewDeposit(amount) == 0) return;
        _give(actor, amount);
        vm.prank(actor);
        assertGe(vault.convertToAssets(vault.deposit(amount, actor)) + 1e6, amount, "the deposit lost");
        paidIn[actor] += amount;
    }

    function mint(uint256 seed, uint256 shares, uint256 scale) external fair(seed) {
        address actor = actors[seed % ACTORS];
        shares = vault.previewDeposit(_amount(shares, scale));
        if (shares == 0) return;
        uint256 assets = vault.previewMint(shares);
        _give(actor, assets);
        vm.prank(actor);
        assertEq(vault.mint(shares, actor), assets);
        paidIn[actor] += assets;
    }

    function donate(uint256 seed, uint256 amount, uint256 scale) external fair(seed) {
        address actor = actors[seed % ACTORS];
        amount = _amount(amount, scale);
        _give(actor, amount);
        vm.prank(actor);
        spon.transfer(address(vault), amount);
        donated += amount;
    }

    function fund(uint256 seed, uint256 amount, uint256 scale) external fair(seed) {
        address actor = actors[seed % ACTORS];
        amount = _amount(amount, scale);
        (uint256 left, uint256 end) = vault.drip();
        uint256 remaining = end == 0 ? 0 : end - block.timestamp;
        _give(actor, amount);
        vm.prank(actor);
        vault.fund(amount);
        funded += amount;

        (uint256 newLeft, uint256 newEnd) = vault.drip();
        assertEq(newLeft, left + amount, "drip");
        assertGe(newLeft * remaining, left * (newEnd - block.timestamp), "the rate fell");
        assertLe(newEnd, block.timestamp + 7 days, "too long a drip");
    }

    function transfer(uint256 seed, uint256 to, uint256 shares) external {
        address actor = actors[seed % ACTORS];
        View memory before = _view();
        shares = bound(shares, 0, vault.balanceOf(actor));
        vm.prank(actor);
        vault.transfer(actors[to % ACTORS], shares);
        assertEq(vault.totalAssets(), before.assets);
        assertEq(vault.totalSupply(), before.supply);
    }

    function requestRedeem(uint256 seed, uint256 shares) public fair(seed) {
        address actor = actors[seed % ACTORS];
        shares = bound(shares, 0, vault.balanceOf(actor));
        // Often all that an actor has, so that the vault empties now and then.
        if (shares % 2 == 0) shares = vault.balanceOf(actor);
        if (vault.convertToAssets(shares) == 0) return;
        vm.prank(actor);
        vault.requestRedeem(shares, actor, actor);
    }

    function redeem(uint256 seed, uint256 shares) public fair(seed) {
        address actor = actors[seed % ACTORS];
        uint256 most = vault.maxRedeem(actor);
        if (most == 0) return;
        vm.prank(actor);
        paidOut[actor] += vault.redeem(bound(shares, 1, most), actor, actor);
    }

    function withdraw(uint256 seed, uint256 assets) external fair(seed) {
        address actor = actors[seed % ACTORS];
        uint256 most = vault.maxWithdraw(actor);
        if (most == 0) return;
        assets = bound(assets, 1, most);
        vm.prank(actor);
        vault.withdraw(assets, actor, actor);
        paidOut[actor] += assets;
    }

    /// @dev Time pays everybody in proportion, and no more than what dripped.
    function passTime(uint256 elapsed) external {
        View memory before = _view();
        (uint256 left,) = vault.drip();
        skip(bound(elapsed, 1, seedIsLong(elapsed) ? 20 days : 1 hours));
        View memory now_ = _view();
        (uint256 leftNow,) = vault.drip();
        uint256 dripped = left - leftNow;
        if (before.supply < LEAST_STAKE) assertEq(dripped, 0, "it dripped to next to nobody");
        _checkPrice(before, now_);
        for (uint256 i; i < ACTORS; ++i) {
            uint256 most = dripped * vault.balanceOf(actors[i]) / (before.supply + VIRTUAL_SHARES) + 1;
            assertLe(now_.worth[i] - before.worth[i], most, "more than its share of the drip");
        }
    }

    /// @dev Everybody leaves; twice, since what still drips falls to whoever held too little to leave at first.
    function leave() external {
        for (uint256 pass; pass < 2; ++pass) {
            for (uint256 i; i < ACTORS; ++i) {
                requestRedeem(i, 0);
            }
            skip(14 days);
            for (uint256 i; i < ACTORS; ++i) {
                redeem(i, type(uint256).max);
            }
        }
    }

    function worth(address actor) public view returns (uint256) {
        return vault.convertToAssets(vault.balanceOf(actor)) + vault.exitOf(actor).assets;
    }

    function seedIsLong(uint256 seed) public pure returns (bool) {
        return seed % 3 == 0;
    }

    function _view() private view returns (View memory v) {
        v.assets = vault.totalAssets();
        v.supply = vault.totalSupply();
        for (uint256 i; i < ACTORS; ++i) {
            v.worth[i] = worth(actors[i]);
            v.paidIn[i] = paidIn[actors[i]];
            v.paidOut[i] = paidOut[actors[i]];
        }
    }

    function _checkPrice(View memory before, View memory now_) private pure {
        assertGe(
            (now_.assets + VIRTUAL_ASSETS) * (before.supply + VIRTUAL_SHARES),
            (before.assets + VIRTUAL_ASSETS) * (now_.supply + VIRTUAL_SHARES),
            "the price of a share fell"
        );
    }

    /// @dev From a wei to a million SPON: the attacks are at the small end.
    function _amount(uint256 seed, uint256 scale) private pure returns (uint256) {
        return bound(seed, 1, scale % 3 == 0 ? 1e4 : scale % 3 == 1 ? 1e18 : MOST);
    }

    function _give(address actor, uint256 amount) private {
        spon.mint(actor, amount);
        vm.prank(actor);
        spon.approve(address(vault), amount);
    }
}

contract StakedSponInvariantTest is Test {
    StakedSponHandler private handler;
    StakedSpon private vault;

    function setUp() public {
        vm.warp(1_800_000_000);
        AccessManager manager = new AccessManager(address(this));
        handler = new StakedSponHandler(manager);
        vault = handler.vault();
        manager.grantRole(manager.ADMIN_ROLE(), address(handler), 0);
        targetContract(address(handler));
        bytes4[] memory exit = new bytes4[](1);
        exit[0] = handler.leave.selector;
        excludeSelector(FuzzSelector({addr: address(handler), selectors: exit}));
    }

    function invariant_TheVaultHoldsWhatItOwes() public view {
        (uint256 undripped,) = vault.drip();
        uint256 exits;
        for (uint256 i; i < 4; ++i) {
            exits += vault.exitOf(handler.actors(i)).assets;
        }
        assertEq(handler.spon().balanceOf(address(vault)), vault.totalAssets() + undripped + exits + handler.donated());
    }

    function invariant_AllTogetherGetNoMoreThanTheyBroughtAndWhatDripped() public view {
        (uint256 undripped,) = vault.drip();
        uint256 got;
        uint256 brought = handler.funded() - undripped;
        for (uint256 i; i < 4; ++i) {
            address actor = handler.actors(i);
            got += handler.paidOut(actor) + handler.worth(actor);
            brought += handler.paidIn(actor);
        }
        assertLe(got, brought);
    }

    function invariant_SharesOfAnExitRemainWhileItsAssetsDo() public view {
        for (uint256 i; i < 4; ++i) {
            address actor = handler.actors(i);
            assertEq(vault.exitOf(actor).shares == 0, vault.exitOf(actor).assets == 0);
        }
    }

    function afterInvariant() public {
        handler.leave();
        for (uint256 i; i < 4; ++i) {
            assertEq(vault.exitOf(handler.actors(i)).assets, 0, "an exit is stuck");
            // A rounding may lift shares that were worth nothing above a wei, after their holder tried to leave.
            assertLe(handler.worth(handler.actors(i)), 4, "shares are stuck");
        }
        invariant_TheVaultHoldsWhatItOwes();
    }
}
