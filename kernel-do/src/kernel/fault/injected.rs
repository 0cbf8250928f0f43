//! The panics themselves.

use std::panic::panic_any;

use aion_task::Task;
use serde_json::json;
use worker::js_sys::{Math, Object, Reflect, global};
use worker::wasm_bindgen::JsValue;

use super::points::POINTS;
use crate::kernel::note::Note;

/// Where passes and hits are counted: properties of JavaScript's global object, which outlive the memory of wasm.
const PASSES: &str = "aionFaultPasses";
const HITS: &str = "aionFaultHits";
/// After its first hit a point panics so much more seldom: whatever stands behind it is to be reached as well.
const SELDOM: f64 = 20.0;
/// The member of a task's input that names the place at which it is poisoned.
const POISON: &str = "poison";
/// A poison as `due`, of an isolate that is lost altogether.
const LOST: &str = "lost";

/// Panics here now and then, for the first time within as many passes as the list says; says so in the log.
pub(in crate::kernel) fn point(name: &str) {
    let Some((_, rate)) = POINTS.iter().find(|(known, _)| *known == name) else {
        return die("unknown", name);
    };
    let (passes, hits) = (Counter::of(PASSES, name), Counter::of(HITS, name));
    let (rate, passed) = (f64::from(*rate), passes.count());
    passes.set(passed + 1.0);
    let one_in = if hits.count() > 0.0 { rate * SELDOM } else { (rate - passed).max(1.0) };
    if Math::random() * one_in < 1.0 {
        hits.set(hits.count() + 1.0);
        die("fault point", name);
    }
}

/// Panics if the task's input says that it is poisoned at this place.
pub(in crate::kernel) fn poison(task: &Task, place: &str, note: &Note) {
    let poisoned = task.input.get(POISON).and_then(|poisoned| poisoned.as_str());
    if poisoned == Some(LOST) && place == "due" {
        note.lose();
        die("poison", LOST);
    }
    if poisoned == Some(place) {
        die("poison", place);
    }
}

#[allow(clippy::panic, reason = "this is what it is for, in no bundle that is deployed")]
fn die(what: &str, name: &str) {
    worker::console_error!("{}", json!({ "level": "error", "at": what, "point": name }));
    panic_any(format!("{what} {name}"));
}

/// A number that outlives the memory of wasm.
struct Counter {
    all: JsValue,
    key: JsValue,
}

impl Counter {
    fn of(all: &str, name: &str) -> Self {
        let (global, all_key, key) = (global(), JsValue::from_str(all), JsValue::from_str(name));
        let known = Reflect::get(&global, &all_key).ok().filter(JsValue::is_object);
        let all = known.unwrap_or_else(|| {
            let new: JsValue = Object::new().into();
            _ = Reflect::set(&global, &all_key, &new);
            new
        });
        Self { all, key }
    }

    fn count(&self) -> f64 {
        Reflect::get(&self.all, &self.key).ok().and_then(|count| count.as_f64()).unwrap_or_default()
    }

    fn set(&self, count: f64) {
        _ = Reflect::set(&self.all, &self.key, &JsValue::from_f64(count));
    }
}
