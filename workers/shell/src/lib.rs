//! What every shell says to the runtime in the same way: calls between objects and scripts, the resolution of DIDs, the
//! numbers of an isolate on their way to the eyes, and what becomes of an instance of wasm that has died.

pub mod call;
pub mod eyes;
pub mod resolve;
pub mod span;
pub mod zones;

use wasm_bindgen::handler::set_on_abort;
use wasm_bindgen::prelude::wasm_bindgen;

// Of the glue that a script is built into.
#[wasm_bindgen(inline_js = "
import { __wbg_reset_state, start } from '../../index.js';
export function replace() { __wbg_reset_state(); start(); }
")]
extern "C" {
    /// Replaces this instance of wasm by a fresh one.
    fn replace();
}

/// Has an instance that dies be replaced before anything else runs: what the runtime would call next may hold pointers
/// into its memory, and only a number that has changed keeps them out of the next one.
pub fn start() {
    set_on_abort(replace);
}
