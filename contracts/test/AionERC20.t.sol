// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AionERC20} from "../src/AionERC20.sol";
import {OperationGuard} from "../src/OperationGuard.sol";
import {Base} from "./Base.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";

/// @title Minter that retries at random, and remembers what should have been minted
contract RetryingMinter is Base {
    AionERC20 private immutable token;
    mapping(uint256 op => bool) private seen;

    uint256 public expected;
    uint256 public attempts;

    constructor(AionERC20 token_) {
        token = token_;
    }

    function mint(uint8 op, uint96 amount) external {
        ++attempts;
        try token.mintOnce(op, TASK, address(0x77), amount) {
            check(!seen[op], "a number minted twice");
            seen[op] = true;
            expected += amount;
        } catch {
            check(seen[op], "a fresh number was refused");
        }
    }

    function give(uint8 op, uint96 amount) external {
        if (seen[op] || token.balanceOf(address(this)) < amount) return;
        seen[op] = true;
        token.transferOnce(op, TASK, address(0x78), amount);
    }
}

/// @title Tests of the ERC-20
contract AionERC20Test is Base {
    AionERC20 private token;
    RetryingMinter private minter;

    event Operation(uint256 indexed op, bytes32 indexed task);

    function setUp() public {
        deployFactory();
        token = newErc20(0);
        minter = new RetryingMinter(token);
        bytes32 role = token.MINTER_ROLE();
        vm.prank(alice);
        token.grantRole(role, address(minter));
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(minter);
    }

    function invariantSupplyIsTheSumOfDistinctNumbers() public view {
        equal(token.totalSupply(), minter.expected(), "supply");
    }

    function testMetadata() public view {
        equal(token.name(), "Aion Gold", "name");
        equal(token.symbol(), "AGLD", "symbol");
        equal(token.decimals(), 18, "decimals");
        equal(token.cap(), 0, "cap");
    }

    function testFuzzMintsOnce(uint256 op, uint128 amount) public {
        vm.expectEmit(address(token));
        emit Operation(op, TASK);
        vm.prank(alice);
        token.mintOnce(op, TASK, bob, amount);
        vm.expectRevert(abi.encodeWithSelector(OperationGuard.OperationUsed.selector, op));
        vm.prank(alice);
        token.mintOnce(op, TASK, bob, amount);
        equal(token.balanceOf(bob), amount, "balance");
        equal(token.totalSupply(), amount, "supply");
    }

    function testFuzzTransfersOnce(uint256 op, uint128 amount) public {
        vm.prank(alice);
        token.mint(alice, type(uint128).max);
        vm.prank(alice);
        token.transferOnce(op, TASK, bob, amount);
        vm.expectRevert(abi.encodeWithSelector(OperationGuard.OperationUsed.selector, op));
        vm.prank(alice);
        token.transferOnce(op, TASK, bob, 0);
        equal(token.balanceOf(bob), amount, "balance");
    }

    function testAHolderCannotUseUpTheMintersNumbers() public {
        vm.prank(bob);
        token.transferOnce(1, TASK, alice, 0);
        vm.prank(alice);
        token.mintOnce(1, TASK, bob, 5);
        equal(token.balanceOf(bob), 5, "balance");
    }

    function testRefusedTransferLeavesTheNumberUnused() public {
        vm.expectRevert();
        vm.prank(bob);
        token.transferOnce(1, TASK, alice, 1);
        check(!token.isOperationUsed(bob, 1), "unused");
    }

    function testOnlyMinterMints() public {
        bytes32 role = token.MINTER_ROLE();
        bytes4 selector = IAccessControl.AccessControlUnauthorizedAccount.selector;
        bytes memory fault = abi.encodeWithSelector(selector, bob, role);
        vm.expectRevert(fault);
        vm.prank(bob);
        token.mint(bob, 1);
        vm.expectRevert(fault);
        vm.prank(bob);
        token.mintOnce(1, TASK, bob, 1);
    }

    function testBatches() public {
        (address[] memory to, uint256[] memory amounts) = (new address[](2), new uint256[](2));
        (to[0], to[1], amounts[0], amounts[1]) = (alice, bob, 10, 20);
        vm.prank(alice);
        token.mintBatchOnce(1, TASK, to, amounts);
        vm.expectRevert(abi.encodeWithSelector(OperationGuard.OperationUsed.selector, 1));
        vm.prank(alice);
        token.mintBatchOnce(1, TASK, to, amounts);
        (to[0], to[1], amounts[0], amounts[1]) = (bob, CARRIER, 4, 6);
        vm.prank(alice);
        token.transferBatchOnce(2, TASK, to, amounts);
        equal(token.balanceOf(bob), 24, "bob");
        equal(token.balanceOf(CARRIER), 6, "carrier");
        vm.expectRevert(abi.encodeWithSelector(AionERC20.LengthMismatch.selector, 2, 1));
        vm.prank(alice);
        token.mintBatchOnce(3, TASK, to, new uint256[](1));
    }

    function testFuzzCapHolds(uint128 cap, uint128 first, uint128 second) public {
        vm.assume(cap > 0 && first <= cap);
        AionERC20 capped = newErc20(cap);
        equal(capped.cap(), cap, "cap");
        vm.prank(alice);
        capped.mint(bob, first);
        uint256 sum = uint256(first) + second;
        if (sum > cap) vm.expectRevert(abi.encodeWithSelector(AionERC20.ERC20ExceededCap.selector, sum, cap));
        vm.prank(alice);
        capped.mint(bob, second);
    }

    function testBurns() public {
        vm.prank(alice);
        token.mint(bob, 10);
        vm.prank(bob);
        token.burn(4);
        equal(token.totalSupply(), 6, "supply");
    }
}
