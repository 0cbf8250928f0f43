//! Spans of our own in the platform's traces, where the runtime offers them: without a trace, or on a runtime that
//! knows no spans, nothing happens.
//!
//! Source: <https://developers.cloudflare.com/workers/observability/traces/custom-spans/>

use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

// The whole module is imported: a name that a runtime lacks would keep the script from starting. One function does all,
// because the glue would name a module with several once for each.
#[wasm_bindgen(inline_js = "
import * as workers from 'cloudflare:workers';
const tracing = workers.tracing;
export function trace(what, one, other) {
  if (what === 'begin') return tracing?.startSpan?.(one);
  if (what === 'end') return one?.end?.();
  const span = tracing?.getActiveSpan?.();
  if (what === 'describe') return span?.setAttribute?.(one, other);
  return span?.isTraced;
}
")]
extern "C" {
    fn trace(what: &str, one: &JsValue, other: &JsValue) -> JsValue;
}

/// A span: from its making until it is dropped.
pub struct Span(JsValue);

impl Span {
    /// Begins one.
    #[must_use]
    pub fn begin(name: &str) -> Self {
        Self(trace("begin", &name.into(), &JsValue::UNDEFINED))
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        trace("end", &self.0, &JsValue::UNDEFINED);
    }
}

/// Says something of the request that is under way, by names and values.
pub fn attributes(all: &[(&str, &str)]) {
    if trace("isTraced", &JsValue::UNDEFINED, &JsValue::UNDEFINED).is_truthy() {
        for (name, value) in all {
            trace("describe", &(*name).into(), &(*value).into());
        }
    }
}
