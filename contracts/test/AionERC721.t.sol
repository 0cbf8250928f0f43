// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AionAccount} from "../src/AionAccount.sol";
import {AionERC721} from "../src/AionERC721.sol";
import {OperationGuard} from "../src/OperationGuard.sol";
import {Base} from "./Base.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

/// @title Tests of the ERC-721
contract AionERC721Test is Base {
    AionERC721 private token;
    AionERC721 private bound;

    event Locked(uint256 tokenId);
    event BatchMetadataUpdate(uint256 fromTokenId, uint256 toTokenId);

    function setUp() public {
        deployFactory();
        token = newErc721(false);
        bound = newErc721(true);
    }

    function testMetadata() public {
        equal(token.name(), "Aion Deeds", "name");
        equal(token.symbol(), "DEED", "symbol");
        equal(token.issuer(), ISSUER, "issuer");
        vm.prank(alice);
        token.mint(bob, 42);
        equal(token.tokenURI(42), "https://deeds.example.com/metadata/42", "uri");
        vm.expectEmit(address(token));
        emit BatchMetadataUpdate(0, type(uint256).max);
        vm.prank(alice);
        token.setBaseURI("ipfs://deeds/");
        equal(token.tokenURI(42), "ipfs://deeds/42", "replaced uri");
    }

    function testFuzzMintsOnce(uint256 op, uint256 tokenId) public {
        vm.prank(alice);
        token.mintOnce(op, TASK, bob, tokenId);
        equal(token.ownerOf(tokenId), bob, "owner");
        vm.expectRevert(abi.encodeWithSelector(OperationGuard.OperationUsed.selector, op));
        vm.prank(alice);
        token.mintOnce(op, TASK, bob, tokenId ^ 1);
    }

    function testMintsBatchOnce() public {
        uint256[] memory ids = new uint256[](3);
        (ids[0], ids[1], ids[2]) = (5, 6, 7);
        vm.prank(alice);
        token.mintBatchOnce(1, TASK, bob, ids);
        equal(token.balanceOf(bob), 3, "balance");
        vm.expectRevert(abi.encodeWithSelector(OperationGuard.OperationUsed.selector, 1));
        vm.prank(alice);
        token.mintBatchOnce(1, TASK, bob, ids);
        vm.expectRevert();
        vm.prank(alice);
        token.mintBatchOnce(2, TASK, bob, ids);
        check(!token.isOperationUsed(alice, 2), "unused");
    }

    function testMintsToAWalletButNotIntoAnyContract() public {
        delegate(new AionAccount(), BOB_KEY);
        vm.prank(alice);
        token.mint(bob, 1);
        equal(token.ownerOf(1), bob, "owner");
        vm.expectRevert();
        vm.prank(alice);
        token.mint(address(factory), 2);
    }

    function testOnlyMinterMints() public {
        vm.expectRevert();
        vm.prank(bob);
        token.mint(bob, 1);
    }

    function testFuzzRoyalties(uint128 price) public {
        (address receiver, uint256 amount) = token.royaltyInfo(1, price);
        equal(receiver, alice, "the admin at first");
        equal(amount, uint256(price) * 250 / 10_000, "amount");
        vm.prank(alice);
        token.setRoyaltyReceiver(bob);
        (receiver,) = token.royaltyInfo(1, price);
        equal(receiver, bob, "then another");
    }

    function testSoulboundStaysAndCanBeBurned() public {
        vm.expectEmit(address(bound));
        emit Locked(1);
        vm.prank(alice);
        bound.mint(bob, 1);
        check(bound.locked(1), "locked");
        vm.expectRevert(abi.encodeWithSelector(AionERC721.Soulbound.selector, 1));
        vm.prank(bob);
        bound.transferFrom(bob, alice, 1);
        vm.prank(bob);
        bound.burn(1);
        equal(bound.balanceOf(bob), 0, "burned");
    }

    function testOthersChangeHands() public {
        vm.prank(alice);
        token.mint(bob, 1);
        check(!token.locked(1), "not locked");
        vm.prank(bob);
        token.transferFrom(bob, alice, 1);
        equal(token.ownerOf(1), alice, "owner");
        vm.expectRevert();
        token.locked(2);
    }

    function testPauses() public {
        vm.prank(alice);
        token.pause();
        vm.expectRevert(Pausable.EnforcedPause.selector);
        vm.prank(alice);
        token.mint(bob, 1);
    }

    function testInterfaces() public view {
        check(token.supportsInterface(0x80ac58cd), "ERC-721");
        check(token.supportsInterface(0x2a55205a), "ERC-2981");
        check(token.supportsInterface(0x49064906), "ERC-4906");
        check(token.supportsInterface(0xb45a3c0e), "ERC-5192");
        check(!token.supportsInterface(0xffffffff), "nothing else");
    }
}
