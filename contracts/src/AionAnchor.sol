// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Anchor of audit logs: binds each sender to one growing log
/// @notice A sender's log may only grow, and never shows two roots for one size. What was anchored can be proved
/// against {Anchored} or against the latest anchor.
contract AionAnchor {
    /// @notice The latest anchor of a log.
    struct Anchor {
        bytes32 root;
        uint64 size;
        uint64 timestamp;
    }

    mapping(address log => Anchor) private _latest;

    /// @notice The log of `log` had `size` entries with this `root`.
    event Anchored(address indexed log, bytes32 indexed root, uint64 size);

    /// @notice The log had `anchored` entries already, under another root or more of them.
    error NotAppendOnly(uint64 anchored, uint64 size);

    /// @notice Anchors the sender's log; the same anchor again changes nothing.
    /// @param root Root (or head hash) of the log.
    /// @param size Number of its entries, at least 1.
    function anchor(bytes32 root, uint64 size) external {
        Anchor storage latest = _latest[msg.sender];
        if (size <= latest.size) {
            if (size == latest.size && root == latest.root && size != 0) return;
            revert NotAppendOnly(latest.size, size);
        }
        _latest[msg.sender] = Anchor({root: root, size: size, timestamp: uint64(block.timestamp)});
        emit Anchored(msg.sender, root, size);
    }

    /// @notice The latest anchor of `log`, all zeros if there is none.
    function latestOf(address log) external view returns (Anchor memory) {
        return _latest[log];
    }
}
