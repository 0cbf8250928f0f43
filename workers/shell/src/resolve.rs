//! Resolution of any DID: from its text alone, or from the object that holds it.

use aion_api::object::identity::{File, Reply, Request};
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use aion_api::{Address, v1};
use aion_identity::method::host::Place;
use aion_identity::method::{web, webvh};
use aion_identity::resolution::{Failure, Kind, Query, Resolution, is_acceptable, resolve_static};
use aion_identity::signature::is_signed;
use aion_identity::webauthn::Party;
use aion_identity::{Did, DidUrl, Jws};
use serde_json::{Value, json};
use worker::Env;

use crate::call;

/// Options of a resolution, as they stand in the query and the `Accept` header.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `versionId`
    pub version_id: Option<String>,
    /// `versionTime`, RFC 3339
    pub version_time: Option<String>,
    /// `versionNumber`
    pub version_number: Option<String>,
    /// The representations that the caller takes.
    pub accept: Option<String>,
}

/// The result of a resolution.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// The HTTP status.
    pub status: u16,
    /// `didDocument`, `didDocumentMetadata` and `didResolutionMetadata`.
    pub result: Value,
    /// The version, for the ETag.
    pub version_id: Option<String>,
}

impl From<Resolution> for Resolved {
    fn from(resolution: Resolution) -> Self {
        let version_id = resolution.result["didDocumentMetadata"]["versionId"].as_str().map(str::to_owned);
        Self { status: resolution.status, result: resolution.result, version_id }
    }
}

/// Resolves a DID. `public_host` is the host of this deployment, whose identities are found in their objects.
pub async fn resolve(
    env: &Env,
    trace: &Trace,
    public_host: &str,
    did: &str,
    options: &Options,
) -> Result<Resolved, Problem> {
    match find(env, trace, public_host, did, options).await {
        Ok(Ok(resolved)) => Ok(resolved),
        Ok(Err(failure)) => Ok(Resolution::failure(&failure).into()),
        Err(problem) => Err(problem),
    }
}

/// Verifies a compact JWS by the key of a DID that is resolved here, and gives the DID and what it signed. Passkeys
/// sign too what the page at `origin` asks for, where there is one.
pub async fn signed(
    env: &Env,
    trace: &Trace,
    public_host: &str,
    jws: &str,
    origin: Option<&str>,
) -> Result<(String, Vec<u8>), Problem> {
    let invalid = |error: aion_identity::Error| Problem::invalid("/proof", error.to_string());
    let jws = Jws::parse(jws).map_err(invalid)?;
    let resolved = resolve(env, trace, public_host, jws.did(), &Options::default()).await?;
    if resolved.status != 200 {
        return Err(Problem::invalid("/proof", format!("{} cannot be resolved here", jws.did())));
    }
    let party = origin.map(|origin| Party::at(public_host, origin));
    let payload = jws.verify(&resolved.result["didDocument"], party).map_err(invalid)?.to_vec();
    Ok((jws.did().to_owned(), payload))
}

/// Whether a bare signature over a payload is one of a DID that is resolved here. A DID that cannot be resolved is a
/// problem: nothing is known of its signatures.
pub async fn verified(
    env: &Env,
    trace: &Trace,
    public_host: &str,
    did: &str,
    payload: &[u8],
    signature: &[u8],
) -> Result<bool, Problem> {
    let resolved = resolve(env, trace, public_host, did, &Options::default()).await?;
    if resolved.status != 200 {
        return Err(Problem::invalid("/did", format!("{did} cannot be resolved here")));
    }
    Ok(is_signed(&resolved.result["didDocument"], payload, signature))
}

async fn find(
    env: &Env,
    trace: &Trace,
    public_host: &str,
    text: &str,
    options: &Options,
) -> Result<Result<Resolved, Failure>, Problem> {
    let (did, query) = match read(text, options) {
        Ok(read) => read,
        Err(failure) => return Ok(Err(failure)),
    };
    if let Some(resolution) = resolve_static(&did) {
        return Ok(Ok(resolution.into()));
    }
    let place = match did.method() {
        "webvh" => webvh::Name::parse(&did).map(|name| name.place),
        "web" => web::place(&did),
        other => {
            let detail = format!("the method {other} is not resolved here");
            return Ok(Err(Failure::new(Kind::MethodNotSupported, detail)));
        }
    };
    let place = match place {
        Ok(place) => place,
        Err(error) => return Ok(Err(Failure::new(Kind::InvalidDid, error.to_string()))),
    };
    let Some(id) = own_id(&place, public_host) else {
        let detail = "identities of other hosts are not resolved here";
        return Ok(Err(Failure::new(Kind::FeatureNotSupported, detail)));
    };
    let unknown = || Failure::new(Kind::NotFound, "there is no such identity at this host");
    let request =
        if did.method() == "webvh" { webvh_request(&did, &query) } else { Request::File { file: File::WebDocument } };
    match call::ask(env, Address::public_identity(&id), trace, request).await {
        Ok(Reply::Resolution { status, result, version_id }) => Ok(Ok(Resolved { status, result, version_id })),
        Ok(Reply::File { text, version_id }) => {
            let document: Value = serde_json::from_str(&text).map_err(|_| Problem::internal())?;
            let resolution = Resolution::document(&document, &json!({ "versionId": version_id }));
            Ok(Ok(resolution.into()))
        }
        Ok(_) => Err(Problem::internal()),
        Err(problem) if problem.code == Code::ResourceUnknown => Ok(Err(unknown())),
        Err(problem) => Err(problem),
    }
}

fn read(text: &str, options: &Options) -> Result<(Did, Query), Failure> {
    if !is_acceptable(options.accept.as_deref()) {
        return Err(Failure::new(Kind::RepresentationNotSupported, "DID documents are JSON here"));
    }
    let url = DidUrl::parse(text).map_err(|error| Failure::new(Kind::InvalidDid, error.to_string()))?;
    if !url.path.is_empty() || url.fragment.is_some() {
        return Err(Failure::new(Kind::FeatureNotSupported, "paths and fragments are not dereferenced here"));
    }
    let option = |given: &Option<String>, name: &str| given.clone().or_else(|| url.parameter(name));
    let (id, time) = (option(&options.version_id, "versionId"), option(&options.version_time, "versionTime"));
    let number = option(&options.version_number, "versionNumber");
    Ok((url.did.clone(), Query::read(id.as_deref(), time.as_deref(), number.as_deref())?))
}

fn webvh_request(did: &Did, query: &Query) -> Request {
    let mut request = (None, None, None);
    match query {
        Query::Current => {}
        Query::Id(id) => request.0 = Some(id.clone()),
        Query::Time(time_ms) => request.1 = Some(aion_identity::time::rfc3339(*time_ms)),
        Query::Number(number) => request.2 = Some(*number),
    }
    let (version_id, version_time, version_number) = request;
    Request::Resolve { did: did.as_str().to_owned(), version_id, version_time, version_number }
}

/// The id of an identity of this deployment, if the place is one.
/// The id of an identity of this host, of which a `did:webvh` names one.
#[must_use]
pub fn own(did: &str, public_host: &str) -> Option<String> {
    own_id(&webvh::Name::parse(&Did::parse(did).ok()?).ok()?.place, public_host)
}

fn own_id(place: &Place, public_host: &str) -> Option<String> {
    let id = place.path.join(":");
    (place.authority() == public_host && v1::identities::is_id(&id)).then_some(id)
}
