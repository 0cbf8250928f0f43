//! What an object is working on, written where it outlives the memory of wasm.
//!
//! A panic loses everything that is in wasm, and nothing else: the JavaScript object by which the platform gives a
//! Durable Object its storage stays the same for as long as the Durable Object is in memory. What is touched stands in
//! a property of it while it is touched, so the next instance finds there what the last one died of. It costs no row.

use std::pin::pin;

use futures_util::future::poll_fn;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::State;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type Noted;

    #[wasm_bindgen(method, getter, js_name = aionWork)]
    fn work(this: &Noted) -> Option<String>;

    #[wasm_bindgen(method, setter, js_name = aionWork)]
    fn set_work(this: &Noted, work: &str);

    #[cfg(feature = "fault-points")]
    #[wasm_bindgen(method, setter, js_name = aionWork)]
    fn lose_work(this: &Noted, nothing: JsValue);
}

/// The note of one object.
pub(super) struct Note(Noted);

impl Note {
    /// The note that goes with the platform's handle of an object.
    pub(super) fn of(state: &State) -> Self {
        let state: &JsValue = state.as_raw().as_ref();
        Self(state.clone().unchecked_into())
    }

    /// What the instance before this one was working on as it died; empty if it died of something else, and nothing if
    /// there was none.
    pub(super) fn left(&self) -> Option<Vec<String>> {
        Some(self.0.work()?.split_whitespace().map(str::to_owned).collect())
    }

    /// A task is touched from now on.
    pub(super) fn on(&self, task: &str) {
        self.0.set_work(task);
    }

    /// So many are touched together.
    pub(super) fn on_all(&self, tasks: &[String]) {
        self.0.set_work(&tasks.join(" "));
    }

    /// Nothing is touched any more.
    pub(super) fn off(&self) {
        self.0.set_work("");
    }

    /// Loses the note, as it is lost with the isolate.
    #[cfg(feature = "fault-points")]
    pub(super) fn lose(&self) {
        self.0.lose_work(JsValue::UNDEFINED);
    }

    /// Has tasks noted whenever some work goes on, and nothing while it waits.
    pub(super) async fn during<F: Future>(&self, tasks: &[String], work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            self.on_all(tasks);
            let polled = work.as_mut().poll(context);
            self.off();
            polled
        })
        .await
    }
}
