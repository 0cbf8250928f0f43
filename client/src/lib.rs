//! Typed client of the HTTP API, native and wasm.
