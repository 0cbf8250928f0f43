// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CloneArguments} from "../src/CloneArguments.sol";
import {Base} from "./Base.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title A contract that shows its arguments
contract Reader {
    function word(uint256 offset) external view returns (bytes32) {
        return CloneArguments.word(offset);
    }

    function addressAt(uint256 offset) external view returns (address) {
        return CloneArguments.addressAt(offset);
    }

    function tail(uint256 offset) external view returns (bytes memory) {
        return CloneArguments.tail(offset);
    }
}

/// @title Tests of immutable arguments
contract CloneArgumentsTest is Base {
    Reader private implementation;

    function setUp() public {
        implementation = new Reader();
    }

    function testFuzzReadsWhatWasPacked(bytes32 first, address second, string calldata rest) public {
        vm.assume(bytes(rest).length < 2000);
        Reader clone =
            Reader(Clones.cloneWithImmutableArgs(address(implementation), abi.encodePacked(first, second, rest)));
        equal(clone.word(0), first, "word");
        equal(clone.addressAt(32), second, "address");
        equal(string(clone.tail(52)), rest, "rest");
    }

    function testZerosBeyondTheEnd() public {
        Reader clone = Reader(Clones.cloneWithImmutableArgs(address(implementation), hex"ff"));
        equal(clone.word(0), bytes32(hex"ff"), "last byte, then zeros");
        equal(clone.word(1), bytes32(0), "zeros");
    }
}
