// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice An ERC-20 that anyone mints.
contract StakeToken is ERC20 {
    constructor() ERC20("Token", "TKN") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @notice Burns 1% of every transfer.
contract StakeFeeToken is StakeToken {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from != address(0) && to != address(0)) super._update(to, address(0), amount / 100);
    }
}

/// @notice Refuses transfers to blocked accounts, as dollar tokens do.
contract StakeBlockingToken is StakeToken {
    mapping(address account => bool) public isBlocked;

    function setBlocked(address account, bool blocked) external {
        isBlocked[account] = blocked;
    }

    function _update(address from, address to, uint256 amount) internal override {
        require(!isBlocked[to], "blocked");
        super._update(from, to, amount);
    }
}

/// @notice Calls whoever is sent tokens, as ERC-777 does.
contract StakeHookToken is StakeToken {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (from == address(0) || to.code.length == 0) return;
        try StakeTokenReceiver(to).onTokens() {} catch {}
    }
}

interface StakeTokenReceiver {
    function onTokens() external;
}

/// @notice Makes one call from the hook, once armed, and remembers what it answered.
contract StakeReentrant is StakeTokenReceiver {
    address private _target;
    bytes private _data;
    bool public succeeded;
    bytes public answer;

    function arm(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    function run(address target, bytes calldata data) external returns (bytes memory result) {
        bool ok;
        (ok, result) = target.call(data);
        if (!ok) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    function onTokens() external {
        if (_target == address(0)) return;
        (succeeded, answer) = _target.call(_data);
    }
}

/// @notice An ERC-20 whose transfers return nothing.
contract StakeSilentToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address owner => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 amount) external {
        _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external {
        allowance[from][msg.sender] -= amount;
        _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @notice An account whose signature is the one word it was made with (ERC-1271).
contract StakeContractAccount {
    bytes32 private immutable _password;

    constructor(bytes32 password) {
        _password = password;
    }

    function isValidSignature(bytes32, bytes calldata signature) external view returns (bytes4) {
        return keccak256(signature) == keccak256(abi.encode(_password)) ? this.isValidSignature.selector : bytes4(0);
    }
}
