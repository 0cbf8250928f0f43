//! What modules and runs are bounded by, each with its unit and its reason.

/// A module in bytes: it is stored as one row, and rows of the platform's SQLite end at 2 MB.
pub const MODULE_MAX_BYTES: usize = 1 << 20;
/// A page of memory in bytes (WebAssembly core specification, section 4.2.8).
pub const PAGE_BYTES: usize = 1 << 16;
/// Memory in pages, 16 MiB: an isolate has 128 MB for everything that it does at the same time.
pub const MEMORY_MAX_PAGES: u64 = 256;
/// Elements of a table: as many as a module may have functions.
pub const TABLE_MAX_ELEMENTS: usize = 10_000;
/// Tables: compilers make one, and another for references.
pub const TABLES_MAX: usize = 4;
/// Locals of a function beside its parameters. A call clears all of them, and costs the same with few.
pub const LOCALS_MAX: u64 = 1_000;
/// Calls inside of calls. Parsers that recurse need some hundred.
pub const DEPTH_MAX_CALLS: usize = 1_000;
/// The interpreter's own stack in bytes: what compilers keep on a stack stands in memory.
pub const STACK_MAX_BYTES: usize = 1 << 20;
/// The head of an answer in bytes: what the platform takes for all headers of one.
pub const HEAD_MAX_BYTES: usize = 16 << 10;
/// Headers of an answer, so that nobody has to look at more.
pub const HEADERS_MAX: usize = 64;
/// An ask in bytes: up to eight travel with a run, and their answers. Whoever performs one cuts its answer likewise.
pub const ASK_MAX_BYTES: usize = 256 << 10;
/// The body of a request, or the input of a step, in bytes: a function has 16 MiB to take it apart in.
pub const INPUT_MAX_BYTES: usize = 1 << 20;
/// A call of the host costs this fuel, and one for each byte that passes: what the interpreter would do with a byte
/// costs more than that.
pub const HOST_FUEL: u64 = 100;
/// A call inside of a module costs this fuel: it clears up to [`LOCALS_MAX`] locals.
pub const CALL_FUEL: u8 = 16;

/// What one run is bounded by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Fuel: about one for each instruction. Whatever was done with it, workerd took up to a third of a second on a
    /// slow machine, half a second in a fresh isolate; and nine runs are what one request may need.
    pub fuel: u64,
    /// Memory in bytes.
    pub memory_bytes: usize,
    /// The body of an answer in bytes.
    pub output_bytes: usize,
    /// Lines of the log,
    pub log_lines: usize,
    /// and bytes of each: a line of the platform's log has room for all of them.
    pub log_line_bytes: usize,
    /// Asks. Each runs the function again from its beginning.
    pub asks: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            fuel: 20_000_000,
            memory_bytes: 16 << 20,
            output_bytes: 1 << 20,
            log_lines: 64,
            log_line_bytes: 1 << 10,
            asks: 8,
        }
    }
}
