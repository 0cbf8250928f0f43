// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TokenFactory} from "../src/TokenFactory.sol";
import {ITokenFactory} from "../src/interfaces/ITokenFactory.sol";
import {Base} from "./Base.sol";

/// @title Tests of the factory
contract TokenFactoryTest is Base {
    event TokenCreated(
        address indexed token, address indexed creator, bytes32 indexed task, uint8 standard, uint16 version
    );

    function setUp() public {
        deployFactory();
    }

    function testFuzzErc20StandsWhereItWasForetold(bytes32 task, string calldata name, uint256 cap) public {
        ITokenFactory.Erc20Params memory p = erc20Params(cap);
        p.name = name;
        address foretold = factory.predictErc20(alice, task, p);
        equal(
            foretold, computed(address(erc20Implementation), alice, task, keccak256(abi.encode(p)), args(p)), "CREATE2"
        );
        vm.expectEmit(address(factory));
        emit TokenCreated(foretold, alice, task, 1, 1);
        vm.prank(alice);
        equal(factory.createErc20(task, p), foretold, "address");
    }

    function testFuzzErc721StandsWhereItWasForetold(bytes32 task, string calldata uri, bool soulbound) public {
        vm.assume(bytes(uri).length < 1000);
        ITokenFactory.Erc721Params memory p = erc721Params(soulbound);
        p.baseUri = uri;
        bytes memory packed = abi.encodePacked(p.royaltyBps, p.soulbound, p.issuer, address(factory), p.baseUri);
        equal(packed.length, 65 + bytes(uri).length, "layout");
        address foretold = factory.predictErc721(alice, task, p);
        bytes32 hash = keccak256(abi.encode(p));
        equal(foretold, computed(address(erc721Implementation), alice, task, hash, packed), "CREATE2");
        vm.expectEmit(address(factory));
        emit TokenCreated(foretold, alice, task, 2, 1);
        vm.prank(alice);
        equal(factory.createErc721(task, p), foretold, "address");
    }

    function testCreatingAgainReturnsTheSameWithoutAnEvent() public {
        address token = address(newErc20(5));
        vm.recordLogs();
        equal(address(newErc20(5)), token, "ERC-20");
        equal(vm.getRecordedLogs().length, 0, "no event");
        token = address(newErc721(true));
        vm.recordLogs();
        equal(address(newErc721(true)), token, "ERC-721");
        equal(vm.getRecordedLogs().length, 0, "no event");
    }

    function testOtherCreatorTaskOrParametersMeanAnotherToken() public view {
        ITokenFactory.Erc20Params memory p = erc20Params(5);
        address first = factory.predictErc20(alice, TASK, p);
        check(first != factory.predictErc20(bob, TASK, p), "creator");
        check(first != factory.predictErc20(alice, ISSUER, p), "task");
        p.symbol = "OTHER";
        check(first != factory.predictErc20(alice, TASK, p), "parameters");
    }

    function testRefusesRoyaltyAboveThePrice() public {
        ITokenFactory.Erc721Params memory p = erc721Params(false);
        p.royaltyBps = 10_001;
        vm.expectRevert(abi.encodeWithSelector(ITokenFactory.RoyaltyTooHigh.selector, 10_001));
        factory.createErc721(TASK, p);
    }

    function testImplementations() public {
        equal(factory.implementation(1, 1), address(erc20Implementation), "ERC-20");
        equal(factory.implementation(2, 1), address(erc721Implementation), "ERC-721");
        equal(factory.implementation(3, 1), address(0), "no such standard");
        equal(factory.implementation(1, 2), address(0), "no such version");
        vm.expectRevert(abi.encodeWithSelector(ITokenFactory.NoImplementation.selector, alice));
        new TokenFactory(alice, alice);
    }

    function args(ITokenFactory.Erc20Params memory p) private view returns (bytes memory packed) {
        packed = abi.encodePacked(p.cap, p.issuer, address(factory));
        equal(packed.length, 84, "layout");
    }

    /// @dev The rule of README.md, written out.
    function computed(address implementation, address creator, bytes32 task, bytes32 hash, bytes memory packed)
        private
        view
        returns (address)
    {
        bytes memory code = abi.encodePacked(
            hex"61",
            uint16(packed.length + 0x2d),
            hex"3d81600a3d39f3363d3d373d3d3d363d73",
            implementation,
            hex"5af43d82803e903d91602b57fd5bf3",
            packed
        );
        bytes32 salt = keccak256(abi.encode(creator, task, hash));
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"ff", factory, salt, keccak256(code))))));
    }
}
