//! The admin console: what operators and owners see of a deployment, in the browser alone.
//!
//! Rules (routes, texts, amounts, the check of a history) are plain Rust and are tested natively; everything that
//! touches the browser stands behind the target.

pub mod amount;
pub mod chart;
pub mod conversation;
pub mod diff;
pub mod history;
pub mod lang;
pub mod prometheus;
pub mod route;
pub mod signature;
pub mod text;

#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(target_arch = "wasm32")]
mod entrance;
#[cfg(target_arch = "wasm32")]
mod kit;
#[cfg(target_arch = "wasm32")]
mod live;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod passkey;
#[cfg(target_arch = "wasm32")]
mod remote;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(target_arch = "wasm32")]
mod shell;
#[cfg(target_arch = "wasm32")]
mod signing;
#[cfg(target_arch = "wasm32")]
mod wallet;

/// Shows the console.
#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(start)]
pub fn start() {
    app::mount();
}
