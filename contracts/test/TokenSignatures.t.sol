// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AionAccount} from "../src/AionAccount.sol";
import {AionERC20} from "../src/AionERC20.sol";
import {TokenSignatures} from "../src/TokenSignatures.sol";
import {Base} from "./Base.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";

/// @title Tests of permits and authorised transfers
contract TokenSignaturesTest is Base {
    bytes32 private constant DOMAIN =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant PERMIT =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    string private constant FIELDS =
        "(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)";

    AionERC20 private token;

    function setUp() public {
        deployFactory();
        token = newErc20(0);
        vm.prank(alice);
        token.mint(alice, 100);
    }

    function testDomainCarriesTheTokensOwnName() public view {
        bytes32 name = keccak256("Aion Gold");
        bytes32 domain = keccak256(abi.encode(DOMAIN, name, keccak256("1"), block.chainid, address(token)));
        equal(token.DOMAIN_SEPARATOR(), domain, "separator");
        (, string memory shown, string memory version, uint256 chain, address place,,) = token.eip712Domain();
        equal(shown, "Aion Gold", "name");
        equal(version, "1", "version");
        equal(chain, block.chainid, "chain");
        equal(place, address(token), "contract");
    }

    function testFuzzPermits(uint256 value) public {
        bytes32 message = keccak256(abi.encode(PERMIT, alice, bob, value, 0, block.timestamp));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, digest(message));
        token.permit(alice, bob, value, block.timestamp, v, r, s);
        equal(token.allowance(alice, bob), value, "allowance");
        equal(token.nonces(alice), 1, "nonce");
        vm.expectRevert();
        token.permit(alice, bob, value, block.timestamp, v, r, s);
    }

    function testPermitExpiresAndKnowsItsSigner() public {
        bytes32 message = keccak256(abi.encode(PERMIT, alice, bob, 1, 0, block.timestamp));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BOB_KEY, digest(message));
        vm.expectRevert(abi.encodeWithSelector(TokenSignatures.ERC2612InvalidSigner.selector, bob, alice));
        token.permit(alice, bob, 1, block.timestamp, v, r, s);
        uint256 past = block.timestamp - 1;
        vm.expectRevert(abi.encodeWithSelector(TokenSignatures.ERC2612ExpiredSignature.selector, past));
        token.permit(alice, bob, 1, past, v, r, s);
    }

    function testFuzzTransfersWithRandomNonceOnce(bytes32 nonce) public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, transferDigest("Transfer", nonce));
        token.transferWithAuthorization(alice, bob, 7, 0, type(uint256).max, nonce, v, r, s);
        check(token.authorizationState(alice, nonce), "used");
        equal(token.balanceOf(bob), 7, "balance");
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, alice, nonce));
        token.transferWithAuthorization(alice, bob, 7, 0, type(uint256).max, nonce, v, r, s);
    }

    function testTransfersWithSignatureOfAContract() public {
        delegate(new AionAccount(), ALICE_KEY);
        check(alice.code.length != 0, "alice has code");
        bytes memory signed = signature(ALICE_KEY, transferDigest("Transfer", TASK));
        token.transferWithAuthorization(alice, bob, 7, 0, type(uint256).max, TASK, signed);
        equal(token.balanceOf(bob), 7, "balance");
        bytes memory foreign = signature(BOB_KEY, transferDigest("Transfer", ISSUER));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        token.transferWithAuthorization(alice, bob, 7, 0, type(uint256).max, ISSUER, foreign);
    }

    function testOnlyThePayeeReceives() public {
        bytes memory signed = signature(ALICE_KEY, transferDigest("Receive", TASK));
        vm.expectRevert();
        vm.prank(CARRIER);
        token.receiveWithAuthorization(alice, bob, 7, 0, type(uint256).max, TASK, signed);
        vm.prank(bob);
        token.receiveWithAuthorization(alice, bob, 7, 0, type(uint256).max, TASK, signed);
        equal(token.balanceOf(bob), 7, "balance");
    }

    function testCancelled() public {
        bytes32 message =
            keccak256(abi.encode(keccak256("CancelAuthorization(address authorizer,bytes32 nonce)"), alice, TASK));
        token.cancelAuthorization(alice, TASK, signature(ALICE_KEY, digest(message)));
        bytes memory signed = signature(ALICE_KEY, transferDigest("Transfer", TASK));
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, alice, TASK));
        token.transferWithAuthorization(alice, bob, 7, 0, type(uint256).max, TASK, signed);
    }

    function transferDigest(string memory kind, bytes32 nonce) private view returns (bytes32) {
        bytes32 typeHash = keccak256(abi.encodePacked(kind, "WithAuthorization", FIELDS));
        return digest(keccak256(abi.encode(typeHash, alice, bob, 7, 0, type(uint256).max, nonce)));
    }

    function digest(bytes32 message) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", token.DOMAIN_SEPARATOR(), message));
    }
}
