//! Modules: what one has to be, and one that is ready to run.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wasmi::errors::ErrorKind;
use wasmi::{CompilationMode, Config, EnforcedLimits, Engine, ExternType, FuncType, OperatorCost};

use crate::host;
use crate::limits::{
    CALL_FUEL, DEPTH_MAX_CALLS, LOCALS_MAX, MEMORY_MAX_PAGES, MODULE_MAX_BYTES, STACK_MAX_BYTES, TABLE_MAX_ELEMENTS,
    TABLES_MAX,
};

#[cfg(test)]
mod tests;

/// The name of what is called.
pub(crate) const HANDLE: &str = "handle";
/// The name of its memory.
pub(crate) const MEMORY: &str = "memory";

/// What is known of a module that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Module {
    /// SHA-256 of its bytes, in hex digits.
    pub id: String,
    /// Its size in bytes.
    pub bytes: usize,
    /// The host functions that it imports, by name.
    pub imports: Vec<String>,
}

/// A module that is ready to run. It has an engine of its own: an engine never gives up what it has translated.
pub struct Prepared {
    /// What is known of it.
    pub about: Module,
    pub(crate) module: wasmi::Module,
}

/// What is wrong with a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It has more bytes than a module may have.
    TooLarge(usize),
    /// It is no WebAssembly, or uses what functions do not get: threads, SIMD, 64-bit memories, tail calls, exceptions.
    /// The reason is the parser's.
    NotWasm(String),
    /// It has more than one memory, or more functions, globals, segments or parameters than anybody needs.
    TooMany(String),
    /// It imports something that does not exist here.
    UnknownImport(String),
    /// It imports a host function under another signature: its name, and how it is.
    WrongSignature(String, String),
    /// It exports no function `handle` without parameters and results.
    NoHandle,
    /// It exports no memory as `memory`.
    NoMemory,
    /// Its memory begins, or may become, larger than this many pages.
    MemoryTooLarge(u64),
    /// A table begins with this many elements, which is too many.
    TableTooLarge(u64),
    /// It has this many tables, which is too many.
    TooManyTables(usize),
    /// A function has this many locals, which is too many.
    TooManyLocals(u64),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bytes) => write!(f, "has {bytes} bytes, and may have {MODULE_MAX_BYTES}"),
            Self::NotWasm(reason) => write!(f, "is not WebAssembly as functions may use it: {reason}"),
            Self::TooMany(reason) => write!(f, "is made of too many parts: {reason}"),
            Self::UnknownImport(name) => write!(f, "imports {name}, which does not exist here"),
            Self::WrongSignature(name, signature) => write!(f, "imports {name}, whose signature is {signature}"),
            Self::NoHandle => write!(f, "exports no function handle without parameters and results"),
            Self::NoMemory => write!(f, "exports no memory with the name memory"),
            Self::MemoryTooLarge(pages) => {
                write!(f, "has a memory of {pages} pages, and may have {MEMORY_MAX_PAGES}: link it with --max-memory")
            }
            Self::TableTooLarge(elements) => {
                write!(f, "has a table of {elements} elements, and may have {TABLE_MAX_ELEMENTS}")
            }
            Self::TooManyLocals(locals) => {
                write!(f, "has a function of {locals} locals, and one may have {LOCALS_MAX}: build it optimised")
            }
            Self::TooManyTables(tables) => write!(f, "has {tables} tables, and may have {TABLES_MAX}"),
        }
    }
}

/// Checks a module.
pub fn check(bytes: &[u8]) -> Result<Module, Vec<Fault>> {
    Prepared::new(bytes).map(|prepared| prepared.about)
}

/// The id of a module: SHA-256 of its bytes, in hex digits.
#[must_use]
pub fn id(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Prepared {
    /// Checks a module and translates it.
    pub fn new(bytes: &[u8]) -> Result<Self, Vec<Fault>> {
        if bytes.len() > MODULE_MAX_BYTES {
            return Err(vec![Fault::TooLarge(bytes.len())]);
        }
        let module = wasmi::Module::new(&Engine::new(&config()), bytes).map_err(|error| vec![unreadable(&error)])?;
        let (imports, mut faults) = imports(&module);
        faults.extend(parts(&module));
        let tables = tables(bytes).unwrap_or_default();
        faults.extend((tables.len() > TABLES_MAX).then_some(Fault::TooManyTables(tables.len())));
        let large = tables.into_iter().max().filter(|elements| *elements > TABLE_MAX_ELEMENTS as u64);
        faults.extend(large.map(Fault::TableTooLarge));
        let locals = locals(bytes).filter(|locals| *locals > LOCALS_MAX);
        faults.extend(locals.map(Fault::TooManyLocals));
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self { about: Module { id: id(bytes), bytes: bytes.len(), imports }, module })
    }
}

/// How modules are read and run. Floats stay, because what compilers link in has them: every NaN is the same one here,
/// so they compute alike everywhere.
fn config() -> Config {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        .operator_cost(OperatorCost { call: CALL_FUEL, call_indirect: CALL_FUEL, ..OperatorCost::default() })
        // All at once: what is translated as it is called would cost the first run more fuel than the next.
        .compilation_mode(CompilationMode::Eager)
        .enforced_limits(EnforcedLimits::strict())
        .ignore_custom_sections(true)
        .set_max_recursion_depth(DEPTH_MAX_CALLS)
        .set_max_stack_height(STACK_MAX_BYTES)
        .set_max_cached_stacks(1)
        .wasm_multi_memory(false)
        .wasm_tail_call(false)
        .wasm_extended_const(false)
        .wasm_custom_page_sizes(false)
        .wasm_wide_arithmetic(false);
    config
}

fn unreadable(error: &wasmi::Error) -> Fault {
    match error.kind() {
        ErrorKind::UserLimits(error) => Fault::TooMany(error.to_string()),
        ErrorKind::ImplementationLimits(error) => Fault::TooMany(error.to_string()),
        _ => Fault::NotWasm(error.to_string()),
    }
}

fn imports(module: &wasmi::Module) -> (Vec<String>, Vec<Fault>) {
    let (mut names, mut faults) = (Vec::new(), Vec::new());
    for import in module.imports() {
        let full = format!("{}.{}", import.module(), import.name());
        let known = host::FUNCTIONS.iter().find(|(name, _)| import.module() == host::MODULE && *name == import.name());
        match (known, import.ty()) {
            (Some((name, shape)), ExternType::Func(ty)) if *ty == shape.ty() => names.push((*name).to_owned()),
            (Some((_, shape)), _) => faults.push(Fault::WrongSignature(full, shape.to_string())),
            (None, _) => faults.push(Fault::UnknownImport(full)),
        }
    }
    names.sort();
    names.dedup();
    (names, faults)
}

fn parts(module: &wasmi::Module) -> Vec<Fault> {
    let mut faults = Vec::new();
    if !matches!(module.get_export(HANDLE), Some(ExternType::Func(ty)) if ty == FuncType::new([], [])) {
        faults.push(Fault::NoHandle);
    }
    match module.get_export(MEMORY) {
        Some(ExternType::Memory(ty)) => {
            let pages = ty.maximum().unwrap_or(0).max(ty.minimum());
            faults.extend((pages > MEMORY_MAX_PAGES).then_some(Fault::MemoryTooLarge(pages)));
        }
        _ => faults.push(Fault::NoMemory),
    }
    faults
}

/// The ids of the sections that hold tables and code (WebAssembly core specification, section 5.5.2).
const TABLE_SECTION: u8 = 4;
const CODE_SECTION: u8 = 10;

/// A section of a module that has been read before: only what the interpreter does not tell of it is read again.
/// Nothing for a module without that section.
fn section(bytes: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut rest = bytes.get(8..)?;
    loop {
        let (id, after) = rest.split_first()?;
        rest = after;
        let size = usize::try_from(number(&mut rest)?).ok()?;
        let (section, after) = rest.split_at_checked(size)?;
        if *id == wanted {
            return Some(section);
        }
        rest = after;
    }
}

/// The elements that each table begins with.
fn tables(bytes: &[u8]) -> Option<Vec<u64>> {
    let mut rest = section(bytes, TABLE_SECTION)?;
    let mut tables = Vec::new();
    for _ in 0..number(&mut rest)? {
        // The type of its references, and whether it has a maximum.
        let [_, limits, after @ ..] = rest else {
            break;
        };
        rest = after;
        tables.push(number(&mut rest)?);
        if limits & 1 == 1 {
            number(&mut rest)?;
        }
    }
    Some(tables)
}

/// The largest number of locals that a function has, beside its parameters.
fn locals(bytes: &[u8]) -> Option<u64> {
    let mut rest = section(bytes, CODE_SECTION)?;
    let mut largest = 0;
    for _ in 0..number(&mut rest)? {
        let size = usize::try_from(number(&mut rest)?).ok()?;
        let (mut code, after) = rest.split_at_checked(size)?;
        rest = after;
        let mut locals = 0_u64;
        for _ in 0..number(&mut code)? {
            locals = locals.saturating_add(number(&mut code)?);
            // Their type.
            code = code.get(1..)?;
        }
        largest = largest.max(locals);
    }
    Some(largest)
}

/// A number in LEB128.
fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
