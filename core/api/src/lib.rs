//! The HTTP contract: requests, responses, problems, credentials and scopes, object addresses, OpenAPI.
#![forbid(unsafe_code)]
