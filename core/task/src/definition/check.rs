//! The rules of definitions; every fault is named by its place.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::nearest;
use super::{
    ATTEMPTS_MAX, DOCUMENT_MAX_BYTES, Definition, Fault, LABEL_MAX_CHARS, LABELS_MAX, NOTIFY_MAX, PARALLEL_MAX, Retry,
    STEP_ID_MAX_CHARS, STEPS_MAX, Step,
};
use crate::machine::notice;
use crate::task::State;
use crate::{expression, kind, time};

/// Definitions within definitions may go this deep: each level is a task of its own.
const DEPTH_MAX: usize = 4;
/// What a duration looks like.
const DURATION: &str = "a duration is like PT5M or 300s, at most a year";

pub(super) fn parse(document: &Value) -> Result<Definition, Vec<Fault>> {
    parse_at(document, 0)
}

fn parse_at(document: &Value, depth: usize) -> Result<Definition, Vec<Fault>> {
    if document.to_string().len() > DOCUMENT_MAX_BYTES {
        return Err(vec![Fault::new("", format!("a definition has at most {DOCUMENT_MAX_BYTES} bytes"))]);
    }
    let mut definition: Definition = read(document)?;
    let mut check = Check { definition: &definition, depth, faults: Vec::new() };
    check.run();
    let faults = check.faults;
    if !faults.is_empty() {
        return Err(faults);
    }
    definition.seal().map_err(|error| vec![Fault::new("", error.to_string())])?;
    Ok(definition)
}

/// Reads the document, each step by itself, so that a fault of its form is named by its place.
fn read(document: &Value) -> Result<Definition, Vec<Fault>> {
    let broken = |pointer: String| move |error: serde_json::Error| form(pointer, &error.to_string());
    let mut faults = Vec::new();
    for (id, step) in document.get("steps").and_then(Value::as_object).into_iter().flatten() {
        let read = serde_json::from_value::<Step>(step.clone());
        faults.extend(read.err().map(broken(format!("/steps/{}", escape(id)))));
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    serde_json::from_value(document.clone()).map_err(|error| vec![broken(String::new())(error)])
}

/// A fault of form. Of a field that there is not, the reader says which there are, each between back-ticks.
fn form(pointer: String, text: &str) -> Fault {
    let fault = Fault::new(pointer, text);
    let mut quoted = text.split('`').skip(1).step_by(2);
    match quoted.next().filter(|_| text.starts_with("unknown field")) {
        Some(field) => fault.with_hint(nearest::hint(field, quoted)),
        None => fault,
    }
}

struct Check<'a> {
    definition: &'a Definition,
    depth: usize,
    faults: Vec<Fault>,
}

/// What the expressions of a place may read.
struct Sight<'a> {
    /// The steps.
    steps: &'a BTreeSet<String>,
    /// Whether there are `item` and `index`.
    item: bool,
}

impl Check<'_> {
    fn fault(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.faults.push(Fault::new(pointer, detail));
    }

    fn fault_with_hint(&mut self, pointer: impl Into<String>, detail: impl Into<String>, hint: impl Into<String>) {
        self.faults.push(Fault::new(pointer, detail).with_hint(hint));
    }

    fn run(&mut self) {
        let definition = self.definition;
        if definition.steps.is_empty() || definition.steps.len() > STEPS_MAX {
            self.fault("/steps", format!("1 to {STEPS_MAX} steps"));
        }
        self.labels();
        self.notify();
        self.duration("/timeout", definition.timeout.as_deref());
        self.duration("/retention", definition.retention.as_deref());
        for (id, step) in &definition.steps {
            self.shape(id, step);
        }
        if let Some(id) = definition.in_cycle() {
            let place = format!("/steps/{}/needs", escape(&id));
            let hint = "take one of the needs away";
            return self.fault_with_hint(place, "the steps need each other in a circle", hint);
        }
        for (id, step) in &definition.steps {
            self.expressions(id, step);
        }
        if let Some(output) = &definition.output {
            let all = definition.steps.keys().cloned().collect();
            self.reads("/output", output, &Sight { steps: &all, item: false });
        }
    }

    fn labels(&mut self) {
        if self.definition.labels.len() > LABELS_MAX {
            self.fault("/labels", format!("at most {LABELS_MAX} labels"));
        }
        let long = |text: &str| text.is_empty() || text.chars().count() > LABEL_MAX_CHARS;
        for (name, value) in &self.definition.labels {
            if long(name) || long(value) {
                let place = format!("/labels/{}", escape(name));
                self.fault(place, format!("names and values have 1 to {LABEL_MAX_CHARS} characters"));
            }
        }
    }

    fn notify(&mut self) {
        let definition = self.definition;
        if definition.notify.len() > NOTIFY_MAX {
            self.fault("/notify", format!("at most {NOTIFY_MAX} webhooks"));
        }
        for (place, notify) in definition.notify.iter().enumerate() {
            let at = format!("/notify/{place}");
            if notify.on.is_empty() || notify.on.iter().any(|state| !notice::STATES.contains(state)) {
                let states = notice::STATES.map(State::as_str).join(", ");
                self.fault(format!("{at}/on"), format!("at least one of {states}"));
            }
            let with = &notice::definition(notify)["steps"]["send"]["with"];
            if let Err(fault) = kind::check("http.request", with) {
                self.faults.push(fault.under(&at));
            }
        }
    }

    /// What can be said about a step by itself.
    fn shape(&mut self, id: &str, step: &Step) {
        let at = format!("/steps/{}", escape(id));
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if id.is_empty() || id.len() > STEP_ID_MAX_CHARS || !id.bytes().all(fits) {
            self.fault(&at, format!("the id of a step has 1 to {STEP_ID_MAX_CHARS} of A-Z a-z 0-9 _ -"));
        }
        for (place, need) in step.needs.iter().enumerate() {
            if need == id || !self.definition.steps.contains_key(need) {
                let others = self.definition.steps.keys().map(String::as_str).filter(|other| *other != id);
                let hint = nearest::hint(need, others);
                self.fault_with_hint(format!("{at}/needs/{place}"), format!("there is no other step {need}"), hint);
            }
        }
        if let Some(each) = &step.each
            && (each.parallel == 0 || each.parallel > PARALLEL_MAX)
        {
            self.fault(format!("{at}/each/parallel"), format!("1 to {PARALLEL_MAX}"));
        }
        self.retry(&format!("{at}/retry"), step.retry.as_ref());
        self.duration(&format!("{at}/timeout"), step.timeout.as_deref());
        if let Some(undo) = &step.compensate {
            self.retry(&format!("{at}/compensate/retry"), undo.retry.as_ref());
            self.duration(&format!("{at}/compensate/timeout"), undo.timeout.as_deref());
            if undo.kind.starts_with("wait.") || undo.kind == "task.start" {
                let detail = "what undoes a step neither waits for people nor starts tasks";
                self.fault(format!("{at}/compensate/do"), detail);
            }
        }
        if kind::is_inline(&step.kind) && (step.timeout.is_some() || step.retry.is_some()) {
            let which = if step.timeout.is_some() { "timeout" } else { "retry" };
            let waits = step.kind.starts_with("wait.");
            let hint = if waits { "`within` bounds its wait" } else { "take it away" };
            self.fault_with_hint(format!("{at}/{which}"), format!("{} calls nothing outside", step.kind), hint);
        }
    }

    fn retry(&mut self, at: &str, retry: Option<&Retry>) {
        let Some(retry) = retry else {
            return;
        };
        if retry.attempts.is_some_and(|attempts| attempts == 0 || attempts > ATTEMPTS_MAX) {
            self.fault(format!("{at}/attempts"), format!("1 to {ATTEMPTS_MAX}"));
        }
        self.duration(&format!("{at}/first"), retry.first.as_deref());
        self.duration(&format!("{at}/max"), retry.max.as_deref());
        for (code, rule) in &retry.per {
            let at = format!("{at}/per/{}", escape(code));
            if !rule.per.is_empty() {
                self.fault(format!("{at}/per"), "a class has no classes of its own");
            }
            self.retry(&at, Some(rule));
        }
    }

    fn duration(&mut self, at: &str, text: Option<&str>) {
        if text.is_some_and(|text| time::duration_ms(text).is_none()) {
            self.fault_with_hint(at, "this is no duration", DURATION);
        }
    }

    /// What a step reads, and its input as far as it is known.
    fn expressions(&mut self, id: &str, step: &Step) {
        let at = format!("/steps/{}", escape(id));
        let mut before = self.definition.before(id);
        let outside = Sight { steps: &before, item: false };
        if let Some(when) = &step.when {
            self.read_one(&format!("{at}/when"), when, &outside);
        }
        if let Some(each) = &step.each {
            self.read_one(&format!("{at}/each/in"), &each.list, &outside);
        }
        let inside = Sight { steps: &before, item: step.each.is_some() };
        self.input(&at, &step.kind, &step.with, &inside);
        if let Some(undo) = &step.compensate {
            before.insert(id.to_owned());
            let inside = Sight { steps: &before, item: step.each.is_some() };
            self.input(&format!("{at}/compensate"), &undo.kind, &undo.with, &inside);
        }
    }

    fn input(&mut self, at: &str, kind: &str, with: &Map<String, Value>, sight: &Sight<'_>) {
        let known = kind::is_known(kind);
        if !known {
            let names: Vec<&str> = kind::names().collect();
            let hint = nearest::hint(kind, names.into_iter());
            self.fault_with_hint(format!("{at}/do"), format!("there is no kind {kind}"), hint);
        }
        let faults = self.faults.len();
        let (mut dynamic, literal) = (false, kind::literal_field(kind));
        for (name, value) in with {
            let place = format!("{at}/with/{}", escape(name));
            if literal == Some(name) {
                self.nested(&place, value);
            } else {
                dynamic |= self.reads(&place, value, sight);
            }
        }
        if !known || self.faults.len() > faults {
            return;
        }
        // Without expressions the input is checked whole; with them its field names are, and its values when it runs.
        let whole = Value::Object(with.clone());
        let checked = if dynamic { kind::check_fields(kind, with) } else { kind::check(kind, &whole) };
        if let Err(fault) = checked {
            self.faults.push(fault.under(&format!("{at}/with")));
        }
    }

    /// The definition of a task that a step starts.
    fn nested(&mut self, at: &str, document: &Value) {
        if self.depth >= DEPTH_MAX {
            return self.fault(at, format!("definitions nest at most {DEPTH_MAX} deep"));
        }
        let faults = parse_at(document, self.depth + 1).err().unwrap_or_default();
        self.faults.extend(faults.into_iter().map(|fault| fault.under(at)));
    }

    fn read_one(&mut self, at: &str, expression: &str, sight: &Sight<'_>) {
        let wrapped = expression.trim_start().starts_with("${{");
        let text = if wrapped { expression.to_owned() } else { format!("${{{{ {expression} }}}}") };
        self.reads(at, &Value::String(text), sight);
    }

    /// Checks every expression of a document; tells whether there is any.
    fn reads(&mut self, at: &str, document: &Value, sight: &Sight<'_>) -> bool {
        let (mut any, definition) = (false, self.definition);
        for (pointer, found) in expression::references(document) {
            any = true;
            let place = format!("{at}{pointer}");
            match found {
                Err(detail) => self.fault(place, detail),
                Ok(reads) => {
                    if let Some(step) = reads.steps.iter().find(|step| !sight.steps.contains(*step)) {
                        let known = definition.steps.contains_key(step);
                        let names = definition.steps.keys().map(String::as_str);
                        let hint = if known { "name it in needs".to_owned() } else { nearest::hint(step, names) };
                        self.fault_with_hint(place.clone(), format!("{step} is not a step before this one"), hint);
                    }
                    if reads.item && !sight.item {
                        let hint = "give the step an `each`, or take them away";
                        self.fault_with_hint(place, "item and index are there in a step with `each` only", hint);
                    }
                }
            }
        }
        any
    }
}

/// Escapes a key for a JSON pointer (RFC 6901 section 3).
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
