//! DID methods: how their names are read and what can be told from a name alone.

pub mod host;
pub mod key;
pub mod pkh;
pub mod web;
pub mod webvh;
