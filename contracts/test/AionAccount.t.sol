// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AionAccount} from "../src/AionAccount.sol";
import {IAionAccount} from "../src/interfaces/IAionAccount.sol";
import {Base, Target} from "./Base.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

/// @title Tests of the account, at a delegated address and as a clone
contract AionAccountTest is Base {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    AionAccount private implementation;
    AionAccount private account;
    Target private target;
    bytes private hit = abi.encodeCall(Target.hit, ());

    event OperationExecuted(uint256 indexed op);

    function setUp() public {
        implementation = new AionAccount();
        target = new Target();
        account = delegate(implementation, ALICE_KEY);
    }

    function testDelegationPutsTheCodeBehindTheAddress() public view {
        equal(keccak256(alice.code), keccak256(abi.encodePacked(hex"ef0100", implementation)), "code");
        equal(account.owner(), alice, "owner");
    }

    function testFuzzExecutesOnceWhoeverCarries(uint256 op, address carrier) public {
        vm.assume(carrier != address(0) && carrier.code.length == 0);
        bytes memory signed = sign(ALICE_KEY, op, 0, hit);
        vm.expectEmit(alice);
        emit OperationExecuted(op);
        vm.prank(carrier);
        bytes memory result = account.execute(op, address(target), 0, hit, block.timestamp, signed);
        equal(abi.decode(result, (uint256)), 1, "result");
        check(account.isOperationUsed(op), "used");
        vm.expectRevert(abi.encodeWithSelector(IAionAccount.OperationUsed.selector, op));
        account.execute(op, address(target), 0, hit, block.timestamp, signed);
        equal(target.count(), 1, "count");
    }

    function testDigestIsEip712OfTheWallet() public view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("AionAccount"),
                keccak256("1"),
                block.chainid,
                alice
            )
        );
        bytes32 typeHash = keccak256("Operation(uint256 op,address to,uint256 value,bytes data,uint256 deadline)");
        bytes32 message = keccak256(abi.encode(typeHash, 9, address(target), 3, keccak256(hit), 77));
        equal(
            account.operationDigest(9, address(target), 3, hit, 77),
            keccak256(abi.encodePacked(hex"1901", domain, message)),
            "digest"
        );
    }

    function testExpires() public {
        uint256 deadline = block.timestamp;
        bytes memory signed = sign(ALICE_KEY, 1, 0, hit);
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IAionAccount.OperationExpired.selector, deadline));
        account.execute(1, address(target), 0, hit, deadline, signed);
        check(!account.isOperationUsed(1), "unused");
    }

    function testRefusesForeignAndAlteredSignatures() public {
        bytes memory signed = sign(BOB_KEY, 1, 0, hit);
        expectInvalid(1, hit, signed);
        signed = sign(ALICE_KEY, 1, 0, hit);
        expectInvalid(2, hit, signed);
        expectInvalid(1, abi.encodeCall(Target.refuse, ()), signed);
        expectInvalid(1, hit, abi.encodePacked(signed, uint8(0)));
        expectInvalid(1, hit, "");
    }

    function testFuzzRefusesFlippedBits(uint16 place) public {
        bytes memory signed = sign(ALICE_KEY, 1, 0, hit);
        signed[(place / 8) % 65] ^= bytes1(uint8(1 << (place % 8)));
        expectInvalid(1, hit, signed);
    }

    function testRefusesHighS() public {
        bytes32 digest = account.operationDigest(1, address(target), 0, hit, block.timestamp);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALICE_KEY, digest);
        expectInvalid(1, hit, abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27)));
    }

    function testSignatureHoldsForOneChainAndOneWallet() public {
        bytes memory signed = sign(ALICE_KEY, 1, 0, hit);
        vm.chainId(80002);
        expectInvalid(1, hit, signed);
        vm.chainId(137);
        AionAccount other = delegate(implementation, BOB_KEY);
        vm.expectRevert(IAionAccount.InvalidSignature.selector);
        other.execute(1, address(target), 0, hit, block.timestamp, signed);
    }

    function testInnerRevertIsHandedOnAndLeavesTheNumberUnused() public {
        bytes memory refuse = abi.encodeCall(Target.refuse, ());
        bytes memory signed = sign(ALICE_KEY, 1, 0, refuse);
        vm.expectRevert(abi.encodeWithSelector(Target.Refused.selector, 0));
        account.execute(1, address(target), 0, refuse, block.timestamp, signed);
        check(!account.isOperationUsed(1), "unused");
        signed = sign(ALICE_KEY, 1, 0, hit);
        account.execute(1, address(target), 0, hit, block.timestamp, signed);
        equal(target.count(), 1, "count");
    }

    function testCalldataToNothingIsRefused() public {
        bytes32 digest = account.operationDigest(1, address(0x1111), 0, hit, block.timestamp);
        bytes memory signed = signature(ALICE_KEY, digest);
        vm.expectRevert(abi.encodeWithSelector(IAionAccount.NoCode.selector, address(0x1111)));
        account.execute(1, address(0x1111), 0, hit, block.timestamp, signed);
    }

    function testSendsCoin() public {
        vm.deal(alice, 5 ether);
        bytes32 digest = account.operationDigest(1, address(0x1111), 2 ether, "", block.timestamp);
        account.execute(1, address(0x1111), 2 ether, "", block.timestamp, signature(ALICE_KEY, digest));
        equal(address(0x1111).balance, 2 ether, "received");
        (bool success,) = alice.call{value: 1}("");
        check(success, "takes coin");
    }

    function testBatchIsAllOrNothingUnderOneNumber() public {
        IAionAccount.Call[] memory calls = new IAionAccount.Call[](2);
        calls[0] = IAionAccount.Call(address(target), 0, hit);
        calls[1] = IAionAccount.Call(address(target), 0, abi.encodeCall(Target.refuse, ()));
        bytes memory signed = signature(ALICE_KEY, account.batchDigest(4, calls, block.timestamp));
        vm.expectRevert(abi.encodeWithSelector(Target.Refused.selector, 1));
        account.executeBatch(4, calls, block.timestamp, signed);
        equal(target.count(), 0, "nothing happened");
        calls[1].data = hit;
        signed = signature(ALICE_KEY, account.batchDigest(4, calls, block.timestamp));
        bytes[] memory results = account.executeBatch(4, calls, block.timestamp, signed);
        equal(abi.decode(results[1], (uint256)), 2, "result");
        vm.expectRevert(abi.encodeWithSelector(IAionAccount.OperationUsed.selector, 4));
        account.executeBatch(4, calls, block.timestamp, signed);
        signed = sign(ALICE_KEY, 4, 0, hit);
        vm.expectRevert(abi.encodeWithSelector(IAionAccount.OperationUsed.selector, 4));
        account.execute(4, address(target), 0, hit, block.timestamp, signed);
    }

    function testCloneObeysItsOwner() public {
        AionAccount clone = newClone(bob);
        equal(clone.owner(), bob, "owner");
        bytes32 digest = clone.operationDigest(1, address(target), 0, hit, block.timestamp);
        bytes memory foreign = signature(ALICE_KEY, digest);
        vm.expectRevert(IAionAccount.InvalidSignature.selector);
        clone.execute(1, address(target), 0, hit, block.timestamp, foreign);
        clone.execute(1, address(target), 0, hit, block.timestamp, signature(BOB_KEY, digest));
        equal(target.count(), 1, "count");
    }

    function testSignaturesOfTheWalletAsAContract() public {
        check(account.isValidSignature(TASK, signature(ALICE_KEY, TASK)) == 0x1626ba7e, "alice's");
        check(account.isValidSignature(TASK, signature(BOB_KEY, TASK)) == 0xffffffff, "bob's");
        AionAccount clone = newClone(bob);
        check(clone.isValidSignature(TASK, signature(BOB_KEY, TASK)) == 0xffffffff, "a clone wants its own domain");
    }

    function testBareImplementationObeysNobody() public {
        bytes32 digest = implementation.operationDigest(1, address(target), 0, hit, block.timestamp);
        bytes memory signed = signature(ALICE_KEY, digest);
        vm.expectRevert(IAionAccount.InvalidSignature.selector);
        implementation.execute(1, address(target), 0, hit, block.timestamp, signed);
    }

    function testInterfaces() public view {
        check(account.supportsInterface(type(IERC1271).interfaceId), "ERC-1271");
        check(account.supportsInterface(type(IERC721Receiver).interfaceId), "ERC-721 receiver");
        check(account.supportsInterface(type(IERC1155Receiver).interfaceId), "ERC-1155 receiver");
        check(!account.supportsInterface(0xffffffff), "nothing else");
    }

    function newClone(address owner) private returns (AionAccount) {
        bytes memory args = abi.encodePacked(owner);
        return AionAccount(payable(Clones.cloneWithImmutableArgs(address(implementation), args)));
    }

    function expectInvalid(uint256 op, bytes memory data, bytes memory signed) private {
        vm.expectRevert(IAionAccount.InvalidSignature.selector);
        account.execute(op, address(target), 0, data, block.timestamp, signed);
    }

    function sign(uint256 key, uint256 op, uint256 value, bytes memory data) private view returns (bytes memory) {
        return signature(key, account.operationDigest(op, address(target), value, data, block.timestamp));
    }
}
