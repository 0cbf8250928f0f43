// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AionAnchor} from "../src/AionAnchor.sol";
import {Base} from "./Base.sol";

/// @title Tests of the anchor
contract AionAnchorTest is Base {
    AionAnchor private anchor;

    event Anchored(address indexed log, bytes32 indexed root, uint64 size);

    function setUp() public {
        anchor = new AionAnchor();
    }

    function testFuzzGrows(bytes32 first, bytes32 second, uint64 size, uint64 more) public {
        vm.assume(size > 0 && more > size);
        vm.expectEmit(address(anchor));
        emit Anchored(address(this), first, size);
        anchor.anchor(first, size);
        anchor.anchor(second, more);
        AionAnchor.Anchor memory latest = anchor.latestOf(address(this));
        equal(latest.root, second, "root");
        equal(latest.size, more, "size");
        equal(latest.timestamp, block.timestamp, "timestamp");
    }

    function testSameAnchorAgainChangesNothing() public {
        anchor.anchor(TASK, 5);
        uint256 first = anchor.latestOf(address(this)).timestamp;
        vm.warp(block.timestamp + 100);
        vm.recordLogs();
        anchor.anchor(TASK, 5);
        equal(vm.getRecordedLogs().length, 0, "no event");
        equal(anchor.latestOf(address(this)).timestamp, first, "timestamp");
    }

    function testRefusesForkShrinkAndNothing() public {
        anchor.anchor(TASK, 5);
        vm.expectRevert(abi.encodeWithSelector(AionAnchor.NotAppendOnly.selector, 5, 5));
        anchor.anchor(ISSUER, 5);
        vm.expectRevert(abi.encodeWithSelector(AionAnchor.NotAppendOnly.selector, 5, 4));
        anchor.anchor(TASK, 4);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(AionAnchor.NotAppendOnly.selector, 0, 0));
        anchor.anchor(bytes32(0), 0);
    }

    function testLogsAreApart() public {
        anchor.anchor(TASK, 5);
        vm.prank(alice);
        anchor.anchor(ISSUER, 1);
        equal(anchor.latestOf(address(this)).root, TASK, "mine");
        equal(anchor.latestOf(alice).root, ISSUER, "alice's");
    }
}
