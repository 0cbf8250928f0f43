//! Numbers of this isolate on their way to the script `aion-eyes`: of the script itself, and of whatever objects live
//! here.

use std::cell::RefCell;

use aion_api::object::eyes::{Recorder, Reply, Request, SERVICE, catalogue};
use aion_api::object::{self, URL};
use aion_api::problem::Problem;
use wasm_bindgen::JsValue;
use worker::{Env, js_sys};

use crate::call;

/// Where the entry counts instances that died: a property of JavaScript's global object, which outlives them.
const DEATHS: &str = "aionDeaths";

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Works on the numbers of this isolate.
pub fn record(work: impl FnOnce(&mut Recorder)) {
    RECORDER.with_borrow_mut(|recorder| work(recorder.get_or_insert_with(|| Recorder::new(sender()))));
}

/// Whether it is time to send them.
#[must_use]
pub fn is_due() -> bool {
    let now_ms = call::now_ms();
    RECORDER.with_borrow(|recorder| recorder.as_ref().is_some_and(|recorder| recorder.due(now_ms)))
}

/// Sends what has come together. What does not arrive is sent again with the next ones.
pub async fn send(env: &Env) {
    let now_ms = call::now_ms();
    count_deaths();
    let batch = RECORDER.with_borrow_mut(|recorder| {
        recorder.as_mut().filter(|recorder| recorder.due(now_ms)).map(|recorder| recorder.take(now_ms).clone())
    });
    let Some(batch) = batch else {
        return;
    };
    let number = batch.number;
    // What is refused for good is not sent again.
    if ask(env, Request::Push { batch }).await.is_ok_and(|reply| matches!(reply, Reply::Pushed { .. })) {
        record(|recorder| recorder.acknowledge(number));
    }
}

/// Asks the script.
pub async fn ask(env: &Env, request: Request) -> Result<Reply, Problem> {
    let text = serde_json::to_string(&request).map_err(|error| call::fault("eyes", &error))?;
    let (status, body) = call::script(env, SERVICE, URL, text).await?;
    object::read_answer(status, &body)
}

/// Counts instances of wasm that died before this one (workers/entry.mjs).
fn count_deaths() {
    let (global, name) = (js_sys::global(), JsValue::from_str(DEATHS));
    let deaths = js_sys::Reflect::get(&global, &name).ok().and_then(|deaths| deaths.as_f64()).unwrap_or_default();
    if deaths > 0.0 {
        _ = js_sys::Reflect::set(&global, &name, &JsValue::from_f64(0.0));
        // One at a time: a number of JavaScript is none of ours.
        (0..64).take_while(|place| f64::from(*place) < deaths).for_each(|_| {
            record(|recorder| recorder.add(catalogue::PANICS, &[("script", "aion")], 1));
        });
    }
}

/// A sender that nobody else is: whoever begins anew is another one.
fn sender() -> String {
    let mut random = [0; 16];
    // Without randomness two isolates could be taken for one; the numbers would be wrong, and nothing else.
    _ = getrandom::fill(&mut random);
    hex::encode(random)
}
