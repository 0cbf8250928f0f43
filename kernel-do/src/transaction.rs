//! `transactionSync`, which worker 0.8.7 does not bind: all writes of a closure, or none of them.
//!
//! The writes of one turn are one implicit transaction anyway, but an error that is caught between two of them does
//! not undo the first.

use aion_api::Problem;
use aion_shell::call::fault;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::Storage;

#[wasm_bindgen]
extern "C" {
    type Transactional;

    #[wasm_bindgen(method, catch, js_name = transactionSync)]
    fn transaction_sync(
        this: &Transactional,
        writes: &mut dyn FnMut() -> Result<JsValue, JsValue>,
    ) -> Result<JsValue, JsValue>;
}

/// Runs writes that stand or fall together.
pub(crate) fn together<T>(storage: &Storage, writes: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
    let (mut writes, mut result) = (Some(writes), None);
    let mut run = || {
        let written = writes.take().map(|writes| writes());
        let failed = !matches!(written, Some(Ok(_)));
        result = written;
        if failed { Err(JsValue::from_str("rolled back")) } else { Ok(JsValue::UNDEFINED) }
    };
    let storage: &JsValue = storage.as_raw().as_ref();
    let committed = storage.unchecked_ref::<Transactional>().transaction_sync(&mut run);
    match (result, committed) {
        (Some(Err(problem)), _) => Err(problem),
        (Some(Ok(value)), Ok(_)) => Ok(value),
        (_, committed) => Err(fault("transaction", &format!("{committed:?}"))),
    }
}
