// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AionERC20} from "../src/AionERC20.sol";
import {AionToken} from "../src/AionToken.sol";
import {Base} from "./Base.sol";
import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @title Tests of what both tokens have in common
contract AionTokenTest is Base {
    AionERC20 private token;

    event ContractURIUpdated();

    function setUp() public {
        deployFactory();
        token = newErc20(0);
    }

    function testCreatorHoldsEveryRole() public view {
        equal(token.owner(), alice, "admin");
        check(token.hasRole(token.MINTER_ROLE(), alice), "minter");
        check(token.hasRole(token.PAUSER_ROLE(), alice), "pauser");
        check(!token.hasRole(token.MINTER_ROLE(), address(factory)), "the factory holds none");
        equal(token.issuer(), ISSUER, "issuer");
        equal(token.factory(), address(factory), "factory");
    }

    function testInitializesOnceByTheFactoryOnly() public {
        vm.expectRevert(abi.encodeWithSelector(AionToken.NotFactory.selector, alice));
        vm.prank(alice);
        token.initialize(alice, "x", "y");
        vm.expectRevert(IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminRules.selector);
        vm.prank(address(factory));
        token.initialize(bob, "x", "y");
        vm.expectRevert(abi.encodeWithSelector(AionToken.NotFactory.selector, address(factory)));
        vm.prank(address(factory));
        erc20Implementation.initialize(bob, "x", "y");
    }

    function testPausesEveryMovement() public {
        vm.prank(alice);
        token.mint(alice, 10);
        vm.prank(alice);
        token.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(alice);
        token.transfer(bob, 1);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(alice);
        token.mintOnce(1, TASK, bob, 1);
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(alice);
        token.burn(1);
        vm.prank(alice);
        token.unpause();
        vm.prank(alice);
        token.mintOnce(1, TASK, bob, 1);
        equal(token.balanceOf(bob), 1, "the number was left unused");
    }

    function testOnlyPauserPauses() public {
        bytes32 role = token.PAUSER_ROLE();
        bytes4 selector = IAccessControl.AccessControlUnauthorizedAccount.selector;
        bytes memory fault = abi.encodeWithSelector(selector, bob, role);
        vm.expectRevert(fault);
        vm.prank(bob);
        token.pause();
    }

    function testAdminChangesAfterADay() public {
        vm.prank(alice);
        token.beginDefaultAdminTransfer(bob);
        vm.warp(block.timestamp + 1 days);
        vm.expectRevert();
        vm.prank(bob);
        token.acceptDefaultAdminTransfer();
        vm.warp(block.timestamp + 1);
        vm.prank(bob);
        token.acceptDefaultAdminTransfer();
        equal(token.owner(), bob, "admin");
    }

    function testContractUri() public {
        equal(token.contractURI(), "", "empty at first");
        vm.expectEmit(address(token));
        emit ContractURIUpdated();
        vm.prank(alice);
        token.setContractURI("ipfs://contract");
        equal(token.contractURI(), "ipfs://contract", "set");
        vm.expectRevert();
        vm.prank(bob);
        token.setContractURI("ipfs://other");
    }
}
