//! Numbers about the platform, without I/O: what an isolate or an object keeps between two pushes, what a batch on the
//! wire is, how batches become totals and the text of Prometheus, and when an alert is told.
//!
//! Everything pushes. A [`Recorder`] gathers, its [`Batch`] is sent until it is acknowledged, and a [`Meter`] counts
//! each one once.

pub mod alert;
pub mod batch;
pub mod catalogue;
pub mod delivery;
pub mod histogram;
pub mod meter;
pub mod numbers;
pub mod recorder;
pub mod ring;
pub mod series;
pub mod text;

pub use batch::Batch;
pub use meter::Meter;
pub use numbers::Numbers;
pub use recorder::Recorder;
pub use series::Series;
