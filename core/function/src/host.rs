//! The host interface: what the functions of the module `aion` do.

use std::fmt;
use std::rc::Rc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use wasmi::errors::{HostError, LinkerError};
use wasmi::{Caller, Engine, Extern, FuncType, Linker, StoreLimits, StoreLimitsBuilder, ValType};

use crate::limits::{ASK_MAX_BYTES, HEAD_MAX_BYTES, HEADERS_MAX, HOST_FUEL, TABLE_MAX_ELEMENTS, TABLES_MAX};
use crate::module::MEMORY;
use crate::{Answer, Ask, Event, FailureKind, Grant, Grants, Headers, Input, Limits, Request, Start, Step};

/// The module that host functions are imported from.
pub const MODULE: &str = "aion";

/// The signatures of host functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Gives a length.
    Gives,
    /// Takes a pointer.
    Into,
    /// Takes a pointer and a length.
    Takes,
    /// Takes a pointer and a length, and gives a length.
    Asks,
    /// Neither.
    Does,
}

impl Shape {
    pub fn ty(self) -> FuncType {
        let (params, results) = match self {
            Self::Gives => (0, 1),
            Self::Into => (1, 0),
            Self::Takes => (2, 0),
            Self::Asks => (2, 1),
            Self::Does => (0, 0),
        };
        FuncType::new(vec![ValType::I32; params], vec![ValType::I32; results])
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gives => "() -> i32",
            Self::Into => "(i32) -> ()",
            Self::Takes => "(i32, i32) -> ()",
            Self::Asks => "(i32, i32) -> i32",
            Self::Does => "() -> ()",
        })
    }
}

/// Every host function.
pub const FUNCTIONS: [(&str, Shape); 12] = [
    ("request", Shape::Gives),
    ("body", Shape::Gives),
    ("caller", Shape::Gives),
    ("result", Shape::Into),
    ("respond", Shape::Takes),
    ("write", Shape::Takes),
    ("pass", Shape::Does),
    ("log", Shape::Takes),
    ("fetch", Shape::Asks),
    ("resolve", Shape::Asks),
    ("verify", Shape::Asks),
    ("start", Shape::Asks),
];

/// Why a run ends before `handle` returns.
#[derive(Debug)]
pub enum Stop {
    /// It needs the answer to an ask.
    Needs(Ask),
    /// It failed.
    Failed(FailureKind, String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Needs(_) => f.write_str("an answer is needed"),
            Self::Failed(kind, detail) => write!(f, "{kind}: {detail}"),
        }
    }
}

impl HostError for Stop {}

pub fn failed(kind: FailureKind, detail: impl Into<String>) -> wasmi::Error {
    wasmi::Error::host(Stop::Failed(kind, detail.into()))
}

/// The head of an answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Head {
    #[serde(default = "ok")]
    pub status: u16,
    #[serde(default)]
    pub headers: Headers,
}

const fn ok() -> u16 {
    200
}

/// What one run knows and has done so far.
pub struct Host<'a> {
    pub input: &'a Input,
    pub answers: &'a [Answer],
    pub grants: &'a Grants,
    pub limits: &'a Limits,
    /// What it may take.
    pub bounds: StoreLimits,
    /// What the last call gave.
    given: Rc<[u8]>,
    /// The event as JSON, once it was asked for.
    event: Option<Rc<[u8]>>,
    /// So many asks were made.
    pub asked: usize,
    pub head: Option<Head>,
    pub body: Vec<u8>,
    pub passed: bool,
    pub log: Vec<String>,
}

impl<'a> Host<'a> {
    pub fn new(input: &'a Input, answers: &'a [Answer], grants: &'a Grants, limits: &'a Limits) -> Self {
        Self {
            input,
            answers,
            grants,
            limits,
            bounds: bounds(limits),
            given: Rc::from([]),
            event: None,
            asked: 0,
            head: None,
            body: Vec::new(),
            passed: false,
            log: Vec::new(),
        }
    }

    fn event(&mut self) -> Rc<[u8]> {
        let input = self.input;
        let text = self.event.get_or_insert_with(|| match &input.event {
            Event::Request(Request { method, path, query, headers, params, body: _ }) => {
                let event = json!({
                    "kind": "request", "method": method, "path": path, "query": query,
                    "headers": headers, "params": params
                });
                event.to_string().into_bytes().into()
            }
            Event::Step(Step { input }) => json!({ "kind": "step", "input": input }).to_string().into_bytes().into(),
        });
        Rc::clone(text)
    }

    fn body_of_request(&self) -> Rc<[u8]> {
        match &self.input.event {
            Event::Request(request) => Rc::from(request.body.0.as_slice()),
            Event::Step(_) => Rc::from([]),
        }
    }

    fn granted(&self, grant: Grant) -> Result<(), wasmi::Error> {
        if self.grants.has(grant) {
            return Ok(());
        }
        Err(failed(FailureKind::NotGranted, format!("the function was not granted {grant}")))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), wasmi::Error> {
        if self.body.len() + bytes.len() > self.limits.output_bytes {
            let detail = format!("the body of an answer has at most {} bytes", self.limits.output_bytes);
            return Err(failed(FailureKind::OutputTooLarge, detail));
        }
        self.body.extend_from_slice(bytes);
        Ok(())
    }

    fn note(&mut self, line: &str) -> Result<(), wasmi::Error> {
        let Limits { log_lines, log_line_bytes, .. } = *self.limits;
        if line.len() > log_line_bytes || self.log.len() >= log_lines {
            let detail = format!("a log has at most {log_lines} lines of {log_line_bytes} bytes");
            return Err(failed(FailureKind::LogTooLarge, detail));
        }
        self.log.push(line.to_owned());
        Ok(())
    }

    /// The answer to an ask, if it was answered.
    fn ask(&mut self, ask: Ask) -> Result<Rc<[u8]>, wasmi::Error> {
        let place = self.asked;
        if place >= self.limits.asks {
            let detail = format!("a run has at most {} asks", self.limits.asks);
            return Err(failed(FailureKind::TooManyAsks, detail));
        }
        self.asked += 1;
        match self.answers.get(place) {
            None => Err(wasmi::Error::host(Stop::Needs(ask))),
            Some(answer) if answer.ask == ask && answer.told.fits(&ask) => Ok(answer.told.text().into_bytes().into()),
            Some(_) => {
                let detail = format!("ask {} is another one than in the run before", place + 1);
                Err(failed(FailureKind::DifferentReplay, detail))
            }
        }
    }
}

/// What a run may take. A refusal ends the run, so that its author reads why.
fn bounds(limits: &Limits) -> StoreLimits {
    let bounds = StoreLimitsBuilder::new().memory_size(limits.memory_bytes).table_elements(TABLE_MAX_ELEMENTS);
    bounds.instances(1).memories(1).tables(TABLES_MAX).trap_on_grow_failure(true).build()
}

/// Takes the fuel of a call and of the bytes that pass.
fn charge(caller: &mut Caller<'_, Host<'_>>, bytes: usize) -> Result<(), wasmi::Error> {
    let left = caller.get_fuel()?.checked_sub(HOST_FUEL + bytes as u64);
    caller.set_fuel(left.unwrap_or(0))?;
    left.map(|_| ()).ok_or_else(|| failed(FailureKind::OutOfFuel, "a call of the host used up the fuel"))
}

fn bad_pointer(what: &str) -> wasmi::Error {
    failed(FailureKind::BadPointer, format!("{what}: the pointer and the length are not inside of memory"))
}

fn memory(caller: &Caller<'_, Host<'_>>, what: &str) -> Result<wasmi::Memory, wasmi::Error> {
    caller.get_export(MEMORY).and_then(Extern::into_memory).ok_or_else(|| bad_pointer(what))
}

/// Reads what a call hands over, up to a limit.
fn take(
    caller: &mut Caller<'_, Host<'_>>,
    what: &str,
    (pointer, length): (i32, i32),
    limit: usize,
) -> Result<Vec<u8>, wasmi::Error> {
    let (start, length) = (pointer.cast_unsigned() as usize, length.cast_unsigned() as usize);
    let memory = memory(caller, what)?;
    let end = start.checked_add(length).filter(|end| *end <= memory.data_size(&*caller));
    let end = end.ok_or_else(|| bad_pointer(what))?;
    if length > limit {
        return Err(failed(FailureKind::OutputTooLarge, format!("{what}: at most {limit} bytes")));
    }
    charge(caller, length)?;
    memory.data(&*caller).get(start..end).map(<[u8]>::to_vec).ok_or_else(|| bad_pointer(what))
}

fn text(what: &str, bytes: Vec<u8>) -> Result<String, wasmi::Error> {
    String::from_utf8(bytes).map_err(|_| failed(FailureKind::BadText, format!("{what}: not UTF-8")))
}

fn json<T: DeserializeOwned>(what: &str, bytes: Vec<u8>) -> Result<T, wasmi::Error> {
    let text = text(what, bytes)?;
    serde_json::from_str(&text).map_err(|error| failed(FailureKind::BadText, format!("{what}: {error}")))
}

/// Keeps what a call gives, and gives its length.
fn give(caller: &mut Caller<'_, Host<'_>>, given: Rc<[u8]>) -> Result<i32, wasmi::Error> {
    let length = i32::try_from(given.len());
    caller.data_mut().given = given;
    length.map_err(|_| failed(FailureKind::OutOfMemory, "what the host gives is larger than memory"))
}

fn result(caller: &mut Caller<'_, Host<'_>>, pointer: i32) -> Result<(), wasmi::Error> {
    let (start, given) = (pointer.cast_unsigned() as usize, Rc::clone(&caller.data().given));
    let memory = memory(caller, "result")?;
    if start.checked_add(given.len()).is_none_or(|end| end > memory.data_size(&*caller)) {
        return Err(bad_pointer("result"));
    }
    charge(caller, given.len())?;
    memory.write(&mut *caller, start, &given).map_err(|_| bad_pointer("result"))
}

fn respond(caller: &mut Caller<'_, Host<'_>>, span: (i32, i32)) -> Result<(), wasmi::Error> {
    let head: Head = json("respond", take(caller, "respond", span, HEAD_MAX_BYTES)?)?;
    if !(200..600).contains(&head.status) {
        return Err(failed(FailureKind::BadText, "respond: a status is 200 to 599"));
    }
    if head.headers.len() > HEADERS_MAX {
        return Err(failed(FailureKind::OutputTooLarge, format!("respond: at most {HEADERS_MAX} headers")));
    }
    for (name, value) in &head.headers {
        if !is_token(name) || !is_value(value) {
            return Err(failed(FailureKind::BadText, format!("respond: {name:?} is no header, or its value none")));
        }
    }
    caller.data_mut().head = Some(head);
    Ok(())
}

/// A name of a header (RFC 9110 section 5.6.2).
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// A value of a header (RFC 9110 section 5.5) that is ASCII.
fn is_value(value: &str) -> bool {
    value.bytes().all(|byte| byte == b'\t' || byte == b' ' || byte.is_ascii_graphic())
}

/// The ask that a call makes.
fn ask(caller: &mut Caller<'_, Host<'_>>, grant: Grant, span: (i32, i32)) -> Result<i32, wasmi::Error> {
    let what = grant.as_str();
    caller.data().granted(grant)?;
    let bytes = take(caller, what, span, ASK_MAX_BYTES)?;
    let ask = match grant {
        Grant::Fetch => Ask::Fetch(json(what, bytes)?),
        Grant::Resolve => Ask::Resolve { did: text(what, bytes)? },
        Grant::Verify => Ask::Verify(json(what, bytes)?),
        Grant::Start => Ask::Start(json(what, bytes)?),
        Grant::Caller => return Err(failed(FailureKind::NotGranted, "the caller is no ask")),
    };
    if matches!(&ask, Ask::Start(Start { definition, name, .. }) if definition.is_some() == name.is_some()) {
        return Err(failed(FailureKind::BadText, "start: either a definition or the name of one"));
    }
    let given = caller.data_mut().ask(ask)?;
    charge(caller, given.len())?;
    give(caller, given)
}

/// Defines every host function.
pub fn linker<'a>(engine: &Engine) -> Result<Linker<Host<'a>>, LinkerError> {
    type Called<'c, 'a> = Caller<'c, Host<'a>>;
    let mut linker = Linker::new(engine);
    linker.func_wrap(MODULE, "request", |mut caller: Called<'_, 'a>| {
        charge(&mut caller, 0)?;
        let given = caller.data_mut().event();
        give(&mut caller, given)
    })?;
    linker.func_wrap(MODULE, "body", |mut caller: Called<'_, 'a>| {
        let given = caller.data().body_of_request();
        charge(&mut caller, given.len())?;
        give(&mut caller, given)
    })?;
    linker.func_wrap(MODULE, "caller", |mut caller: Called<'_, 'a>| {
        caller.data().granted(Grant::Caller)?;
        charge(&mut caller, 0)?;
        let who = &caller.data().input.caller;
        let given = json!({ "tenant": who.tenant, "key": who.key }).to_string().into_bytes();
        give(&mut caller, given.into())
    })?;
    linker.func_wrap(MODULE, "result", |mut caller: Called<'_, 'a>, pointer: i32| result(&mut caller, pointer))?;
    linker.func_wrap(MODULE, "respond", |mut caller: Called<'_, 'a>, pointer: i32, length: i32| {
        respond(&mut caller, (pointer, length))
    })?;
    linker.func_wrap(MODULE, "write", |mut caller: Called<'_, 'a>, pointer: i32, length: i32| {
        let limit = caller.data().limits.output_bytes;
        let bytes = take(&mut caller, "write", (pointer, length), limit)?;
        caller.data_mut().write(&bytes)
    })?;
    linker.func_wrap(MODULE, "pass", |mut caller: Called<'_, 'a>| {
        charge(&mut caller, 0)?;
        caller.data_mut().passed = true;
        Ok::<(), wasmi::Error>(())
    })?;
    linker.func_wrap(MODULE, "log", |mut caller: Called<'_, 'a>, pointer: i32, length: i32| {
        let bytes = take(&mut caller, "log", (pointer, length), usize::MAX)?;
        let line = text("log", bytes)?;
        caller.data_mut().note(&line)
    })?;
    for grant in [Grant::Fetch, Grant::Resolve, Grant::Verify, Grant::Start] {
        let asks =
            move |mut caller: Called<'_, 'a>, pointer: i32, length: i32| ask(&mut caller, grant, (pointer, length));
        linker.func_wrap(MODULE, grant.as_str(), asks)?;
    }
    Ok(linker)
}
