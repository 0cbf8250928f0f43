// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Set of used operation numbers, one bit each
/// @notice 256 neighbouring numbers share a storage word, so dense numbers cost 5,000 gas each instead of 22,100.
library OperationBitmap {
    /// @notice The used numbers.
    struct Bitmap {
        mapping(uint256 index => uint256 bits) words;
    }

    /// @notice Marks `op` as used.
    /// @return fresh False if it was used before; nothing changes then.
    function use(Bitmap storage self, uint256 op) internal returns (bool fresh) {
        mapping(uint256 => uint256) storage words = self.words;
        assembly ("memory-safe") {
            mstore(0x00, shr(8, op))
            mstore(0x20, words.slot)
            let slot := keccak256(0x00, 0x40)
            let bits := sload(slot)
            let bit := shl(and(op, 0xff), 1)
            fresh := iszero(and(bits, bit))
            if fresh { sstore(slot, or(bits, bit)) }
        }
    }

    /// @notice Whether `op` is used.
    function contains(Bitmap storage self, uint256 op) internal view returns (bool) {
        return self.words[op >> 8] & (1 << (op & 0xff)) != 0;
    }
}
