// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice Keeps a share of every transfer.
contract MoneyFeeToken is ERC20 {
    uint256 public feeBps;

    constructor(uint256 feeBps_) ERC20("Fee", "FEE") {
        feeBps = feeBps_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, amount);
        uint256 fee = amount * feeBps / 10_000;
        super._update(from, address(0), fee);
        super._update(from, to, amount - fee);
    }
}

/// @notice A dollar with any number of decimals.
contract MoneyDecimalsToken is ERC20 {
    uint8 private immutable _decimals;

    constructor(uint8 decimals_) ERC20("Decimals", "DEC") {
        _decimals = decimals_;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}

/// @notice Every balance is a share of what was minted, which its issuer shrinks.
contract MoneyRebasingToken is ERC20 {
    uint256 private _keptBps = 10_000;

    constructor() ERC20("Rebasing", "REB") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function rebase(uint256 keptBps) external {
        _keptBps = keptBps;
    }

    function balanceOf(address owner) public view override returns (uint256) {
        return super.balanceOf(owner) * _keptBps / 10_000;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from != address(0)) {
            uint256 balance = balanceOf(from);
            if (amount > balance) revert ERC20InsufficientBalance(from, balance, amount);
            amount = amount * 10_000 / _keptBps;
        }
        super._update(from, to, amount);
    }
}

/// @notice Returns nothing from its transfers, as the first dollar tokens did.
contract MoneyNoReturnToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice Returns false from its transfers once told to, moving nothing.
contract MoneyFalseToken is ERC20 {
    bool public refuses;

    constructor() ERC20("False", "FLS") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setRefuses(bool refuses_) external {
        refuses = refuses_;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return !refuses && super.transfer(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !refuses && super.transferFrom(from, to, amount);
    }
}

/// @notice Swallows every call that it does not know, as wrapped ether does: a permit or an authorization "succeeds".
contract MoneyPhantomToken is ERC20 {
    constructor() ERC20("Phantom", "PHN") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    fallback() external {}
}

/// @notice Calls back in the middle of every transfer, as ERC-777 does, and keeps what the call answered.
contract MoneyHookToken is ERC20 {
    address public target;
    bytes public data;
    bool public succeeded;
    bytes public answer;

    constructor() ERC20("Hook", "HOOK") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setHook(address target_, bytes calldata data_) external {
        (target, data) = (target_, data_);
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (target != address(0) && from != address(0)) (succeeded, answer) = target.call(data);
    }
}

/// @notice An account that accepts the signatures of one key (ERC-1271).
contract MoneyWallet {
    address public immutable key;

    constructor(address key_) {
        key = key_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (bytes32 r, bytes32 s) = abi.decode(signature[:64], (bytes32, bytes32));
        bool valid = ecrecover(digest, uint8(signature[64]), r, s) == key;
        return valid ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}
