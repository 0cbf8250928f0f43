//! Where a request comes from, as the platform says it.

use std::net::IpAddr;

use aion_api::operations::{Credential, Method, Operation};
use aion_limit::Facts;
use aion_limit::rule::address;
use http::request::Parts;

use crate::ask::Caller;

/// Where a request comes from. On one machine there is neither.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The caller's address.
    pub ip: Option<IpAddr>,
    /// The caller's country.
    pub country: Option<String>,
}

/// The caller's country as the platform says it: an extension of a request.
#[derive(Debug, Clone)]
pub struct Country(pub String);

impl Source {
    /// The header by which the platform tells the caller's address; nobody else can set it there.
    pub const ADDRESS_HEADER: &str = "cf-connecting-ip";

    /// Reads it from a request.
    pub fn of(parts: &Parts) -> Self {
        let header = parts.headers.get(Self::ADDRESS_HEADER).and_then(|value| value.to_str().ok());
        Self::new(header, parts.extensions.get::<Country>().map(|country| country.0.clone()))
    }

    /// The caller's address as the header has it, and his country.
    pub fn new(header: Option<&str>, country: Option<String>) -> Self {
        Self { ip: header.and_then(address), country }
    }
}

/// What the rules look at. Without a caller's key it is an anonymous request, unless it has shown the operator's token.
pub fn facts<'a>(
    operation: &'static Operation,
    caller: Option<&'a Caller>,
    operator: bool,
    did: Option<&'a str>,
    source: &'a Source,
) -> Facts<'a> {
    let scope = match operation.credential {
        Credential::Key(scope) => Some(scope),
        Credential::Public | Credential::Offered | Credential::AnyKey | Credential::Operator => None,
    };
    Facts {
        operation: operation.id,
        path: operation.path,
        scope: scope.map(aion_api::Scope::as_str),
        tenant: caller.map(|caller| caller.tenant.as_str()),
        key: caller.map(|caller| caller.key.as_str()),
        operator,
        did,
        ip: source.ip,
        country: source.country.as_deref(),
        writes: operation.method != Method::Get,
        moves_money_or_rights: scope.is_some_and(aion_api::Scope::moves_money_or_rights),
    }
}
