//! The parts that pages are made of: native elements of HTML, after the practices of WAI-ARIA.
//!
//! Sizes, distances and colours stand in ui/style/tokens.css and nowhere else.

#[allow(clippy::needless_pass_by_value, reason = "properties of components are owned by them")]
pub mod action;
pub mod dialog;
pub mod field;
pub mod json;
pub mod menu;
pub mod palette;
pub mod plot;
pub mod state;
pub mod table;
pub mod tabs;
pub mod time;
pub mod timeline;
