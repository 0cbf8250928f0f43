//! The fault points of the kernel: their names, and within how many passes each panics for the first time.
//!
//! The tooling reads the same list, and fails if one is never hit. A point that is passed seldom panics sooner.

/// Every fault point.
pub const POINTS: &[(&str, u32)] = &[
    // The object.
    ("object-begins", 5),
    ("object-accuses", 3),
    // The inbox, and the alarm.
    ("entry-posted", 40),
    ("alarm-fires", 6),
    ("alarm-armed", 6),
    // A turn.
    ("turn-begins", 40),
    ("entries-applied", 40),
    ("due-begins", 20),
    ("turn-finished", 40),
    // Within its transaction.
    ("tables-made", 1),
    ("alarm-written", 40),
    ("link-written", 40),
    ("task-written", 40),
    // After it.
    ("committed", 40),
    ("told", 40),
    ("calls-begun", 40),
    ("turn-ended", 40),
    // A call.
    ("call-leaves", 5),
    ("call-answered", 5),
    // A task or a link on its way to the archive.
    ("task-leaves", 5),
    ("task-copied", 5),
    ("task-forgotten", 5),
    ("links-leave", 1),
    ("links-copied", 1),
    ("links-dropped", 1),
    // A suspect.
    ("trial-opened", 4),
];
