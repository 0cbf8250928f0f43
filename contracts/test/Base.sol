// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AionAccount} from "../src/AionAccount.sol";
import {AionERC20} from "../src/AionERC20.sol";
import {AionERC721} from "../src/AionERC721.sol";
import {TokenFactory} from "../src/TokenFactory.sol";
import {ITokenFactory} from "../src/interfaces/ITokenFactory.sol";

/// @title Cheat codes of forge that the tests use
interface Vm {
    /// @notice A signed EIP-7702 authorisation.
    struct SignedDelegation {
        uint8 v;
        bytes32 r;
        bytes32 s;
        uint64 nonce;
        address implementation;
    }

    /// @notice A log that was recorded.
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    /// @notice Gas of the latest call.
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function signAndAttachDelegation(address implementation, uint256 key) external returns (SignedDelegation memory);
    function prank(address sender) external;
    function prank(address sender, address origin) external;
    function warp(uint256 timestamp) external;
    function deal(address account, uint256 balance) external;
    function etch(address account, bytes calldata code) external;
    function chainId(uint256 id) external;
    function assume(bool condition) external pure;
    function expectRevert() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata data) external;
    function expectEmit(address emitter) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function lastCallGas() external view returns (Gas memory);
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);
    function getCode(string calldata artifact) external view returns (bytes memory);
    function toString(uint256 value) external pure returns (string memory);
}

/// @title A target that counts, pays back, and fails on demand
contract Target {
    uint256 public count;

    error Refused(uint256 count);

    function hit() external payable returns (uint256) {
        return ++count;
    }

    function refuse() external view {
        revert Refused(count);
    }
}

/// @title What all tests share: cheat codes, assertions, people, and a deployed factory
abstract contract Base {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant ALICE_KEY = 0xa11ce;
    uint256 internal constant BOB_KEY = 0xb0b;
    bytes32 internal constant TASK = keccak256("tsk_test");
    bytes32 internal constant ISSUER = keccak256("did:web:example.com");

    address internal immutable alice = vm.addr(ALICE_KEY);
    address internal immutable bob = vm.addr(BOB_KEY);
    address internal constant CARRIER = address(0xCA441E4);

    AionERC20 internal erc20Implementation;
    AionERC721 internal erc721Implementation;
    TokenFactory internal factory;

    error AssertionFailed(string what);

    function deployFactory() internal {
        erc20Implementation = new AionERC20();
        erc721Implementation = new AionERC721();
        factory = new TokenFactory(address(erc20Implementation), address(erc721Implementation));
    }

    function erc20Params(uint256 cap) internal pure returns (ITokenFactory.Erc20Params memory) {
        return ITokenFactory.Erc20Params({name: "Aion Gold", symbol: "AGLD", cap: cap, issuer: ISSUER});
    }

    function erc721Params(bool soulbound) internal pure returns (ITokenFactory.Erc721Params memory) {
        return ITokenFactory.Erc721Params({
            name: "Aion Deeds",
            symbol: "DEED",
            baseUri: "https://deeds.example.com/metadata/",
            soulbound: soulbound,
            royaltyBps: 250,
            issuer: ISSUER
        });
    }

    /// @dev An ERC-20 of alice without a cap.
    function newErc20(uint256 cap) internal returns (AionERC20) {
        vm.prank(alice);
        return AionERC20(factory.createErc20(TASK, erc20Params(cap)));
    }

    /// @dev An ERC-721 of alice.
    function newErc721(bool soulbound) internal returns (AionERC721) {
        vm.prank(alice);
        return AionERC721(factory.createErc721(TASK, erc721Params(soulbound)));
    }

    /// @dev The key's address with the account's code behind it.
    function delegate(AionAccount implementation, uint256 key) internal returns (AionAccount) {
        vm.signAndAttachDelegation(address(implementation), key);
        vm.prank(CARRIER);
        (bool success,) = address(0xBEEF).call("");
        check(success, "delegation");
        return AionAccount(payable(vm.addr(key)));
    }

    function signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function check(bool condition, string memory what) internal pure {
        if (!condition) revert AssertionFailed(what);
    }

    function equal(uint256 left, uint256 right, string memory what) internal pure {
        if (left != right) {
            revert AssertionFailed(string.concat(what, ": ", vm.toString(left), " is not ", vm.toString(right)));
        }
    }

    function equal(address left, address right, string memory what) internal pure {
        check(left == right, what);
    }

    function equal(bytes32 left, bytes32 right, string memory what) internal pure {
        check(left == right, what);
    }

    function equal(string memory left, string memory right, string memory what) internal pure {
        if (keccak256(bytes(left)) != keccak256(bytes(right))) {
            revert AssertionFailed(string.concat(what, ": ", left, " is not ", right));
        }
    }
}
