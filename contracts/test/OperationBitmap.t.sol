// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OperationBitmap} from "../src/OperationBitmap.sol";
import {Base} from "./Base.sol";

/// @title Tests of the set of used numbers
contract OperationBitmapTest is Base {
    using OperationBitmap for OperationBitmap.Bitmap;

    OperationBitmap.Bitmap private used;

    function testFuzzSecondUseIsNotFresh(uint256 op) public {
        check(!used.contains(op), "unused at first");
        check(used.use(op), "fresh");
        check(used.contains(op), "used");
        check(!used.use(op), "not fresh again");
        check(used.contains(op), "still used");
    }

    function testFuzzOtherNumbersStayUnused(uint256 op, uint256 other) public {
        vm.assume(op != other);
        used.use(op);
        check(!used.contains(other), "another number is unused");
        check(used.use(other), "another number is fresh");
        check(used.contains(op), "the first stays used");
    }

    function testNeighboursShareAWordButNotABit() public {
        for (uint256 op = 250; op < 262; ++op) {
            check(used.use(op), "fresh");
        }
        for (uint256 op = 250; op < 262; ++op) {
            check(used.contains(op), "used");
        }
        check(!used.contains(249) && !used.contains(262), "borders");
    }
}
