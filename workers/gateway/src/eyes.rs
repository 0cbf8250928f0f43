//! Numbers of routes on their way to the script `aion-eyes`.

use std::cell::RefCell;

use aion_api::object::eyes::{Recorder, Reply, Request, SERVICE};
use aion_api::object::{self, URL};
use aion_api::problem::{Code, Problem};
use worker::wasm_bindgen::JsValue;
use worker::{Env, Method, RequestInit, Response};

use crate::call;

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Works on the numbers of this isolate.
pub fn record(work: impl FnOnce(&mut Recorder)) {
    RECORDER.with_borrow_mut(|recorder| work(recorder.get_or_insert_with(|| Recorder::new(sender()))));
}

/// Sends what has come together. What does not arrive is sent again with the next ones.
pub async fn send(env: &Env) {
    let now_ms = call::now_ms();
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
async fn ask(env: &Env, request: Request) -> Result<Reply, Problem> {
    let text = serde_json::to_string(&request).map_err(|error| call::fault("eyes", &error))?;
    let away = |error: &worker::Error| {
        worker::console_warn!("{}", serde_json::json!({ "level": "warn", "at": "eyes", "reason": error.to_string() }));
        Problem::new(Code::ComponentUnavailable, "the eyes do not answer")
    };
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&text)));
    let service = env.service(SERVICE).map_err(|error| away(&error))?;
    let response = service.fetch(URL, Some(init)).await.map_err(|error| away(&error))?;
    let status = response.status().as_u16();
    let mut response = Response::try_from(response).map_err(|error| away(&error))?;
    object::read_answer(status, &response.bytes().await.map_err(|error| away(&error))?)
}

/// A sender that nobody else is: whoever begins anew is another one.
fn sender() -> String {
    let mut random = [0; 16];
    // Without randomness two isolates could be taken for one; the numbers would be wrong, and nothing else.
    _ = getrandom::fill(&mut random);
    hex::encode(random)
}
