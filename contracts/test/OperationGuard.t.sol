// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OperationGuard} from "../src/OperationGuard.sol";
import {Base} from "./Base.sol";

/// @title A contract that does one thing under the guard
contract Guarded is OperationGuard {
    uint256 public done;

    error Failed();

    function act(uint256 op, bytes32 task, bool fail) external {
        _useOperation(msg.sender, op, task);
        if (fail) revert Failed();
        ++done;
    }
}

/// @title Tests of the guard
contract OperationGuardTest is Base {
    Guarded private guarded;

    event Operation(uint256 indexed op, bytes32 indexed task);

    function setUp() public {
        guarded = new Guarded();
    }

    function testFuzzEachNumberOnce(uint256 op, bytes32 task) public {
        vm.expectEmit(address(guarded));
        emit Operation(op, task);
        guarded.act(op, task, false);
        check(guarded.isOperationUsed(address(this), op), "used");
        vm.expectRevert(abi.encodeWithSelector(OperationGuard.OperationUsed.selector, op));
        guarded.act(op, task, false);
        equal(guarded.done(), 1, "done");
    }

    function testRevertLeavesTheNumberUnused() public {
        vm.expectRevert(Guarded.Failed.selector);
        guarded.act(7, TASK, true);
        check(!guarded.isOperationUsed(address(this), 7), "unused");
        guarded.act(7, TASK, false);
        equal(guarded.done(), 1, "done");
    }

    function testNobodyUsesUpTheNumbersOfAnother() public {
        vm.prank(bob);
        guarded.act(1, TASK, false);
        check(!guarded.isOperationUsed(alice, 1), "alice's number is unused");
        vm.prank(alice);
        guarded.act(1, TASK, false);
        equal(guarded.done(), 2, "done");
    }
}
