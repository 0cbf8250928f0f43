//! DID methods, documents, resolution.
#![forbid(unsafe_code)]
