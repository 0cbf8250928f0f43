//! What is checked when a table is put.

use crate::path::Pattern;
use crate::table::{Route, Table, Target};

/// A table may have so many routes: it is kept in every isolate that serves its tenant.
const ROUTES_MAX: usize = 64;
/// A list of targets may have so many.
const TARGETS_MAX: usize = 8;
/// A list of methods, headers or countries may have so many entries.
const LIST_MAX: usize = 32;
/// A header's value may have so many characters.
const VALUE_MAX_CHARS: usize = 512;
/// Headers that the gateway and the platform set themselves, or that belong to one connection (RFC 9110 section 7.6.1).
const RESERVED: [&str; 10] = [
    "host",
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
];

/// What the platform's own headers begin with.
const OWN_PREFIX: &str = "x-aion-";

/// What a name of a route or of a function is.
const NAME_RULE: &str = "1 to 32 lower-case letters, digits and dashes";

/// What is wrong with a table, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// In words.
    pub reason: String,
}

struct Faults(Vec<Fault>);

impl Faults {
    fn unless(&mut self, holds: bool, pointer: impl Into<String>, reason: impl Into<String>) {
        if !holds {
            self.0.push(Fault { pointer: pointer.into(), reason: reason.into() });
        }
    }
}

/// Every fault of a table.
#[must_use]
pub fn check(table: &Table) -> Vec<Fault> {
    let mut faults = Faults(Vec::new());
    faults.unless(table.routes.len() <= ROUTES_MAX, "/routes", format!("at most {ROUTES_MAX} routes"));
    for (place, route) in table.routes.iter().enumerate() {
        let at = format!("/routes/{place}");
        let twice = table.routes[..place].iter().any(|other| other.name == route.name);
        faults.unless(!twice, format!("{at}/name"), "another route has this name");
        check_route(route, &at, &mut faults);
    }
    faults.0
}

fn check_route(route: &Route, at: &str, faults: &mut Faults) {
    faults.unless(is_name(&route.name), format!("{at}/name"), NAME_RULE);
    check_match(route, at, faults);
    faults.unless(!route.targets.is_empty(), format!("{at}/targets"), "at least one target");
    for (list, targets) in [("targets", &route.targets), ("failover", &route.failover)] {
        faults.unless(targets.len() <= TARGETS_MAX, format!("{at}/{list}"), format!("at most {TARGETS_MAX} targets"));
        for (place, target) in targets.iter().enumerate() {
            let at = format!("{at}/{list}/{place}");
            check_target(target, &at, faults);
            let first = list == "targets" && place == 0;
            faults.unless(
                first || target.function.is_none(),
                format!("{at}/function"),
                "a function is the first target",
            );
        }
    }
    if let Some(mirror) = &route.mirror {
        check_origin(&mirror.origin, &format!("{at}/mirror/origin"), faults);
        faults.unless(mirror.percent <= 100, format!("{at}/mirror/percent"), "0 to 100");
    }
    let ranges = [
        ("timeoutMs", route.timeout_ms, 1, 60_000),
        ("retry/times", route.retry.times.into(), 0, 3),
        ("breaker/failures", route.breaker.failures.into(), 1, 100),
        ("breaker/openMs", route.breaker.open_ms, 100, 600_000),
    ];
    for (field, value, least, most) in ranges {
        faults.unless((least..=most).contains(&value), format!("{at}/{field}"), format!("{least} to {most}"));
    }
    let statuses = route.retry.statuses.iter().all(|status| (500..=599).contains(status));
    faults.unless(statuses && route.retry.statuses.len() <= LIST_MAX, format!("{at}/retry/statuses"), "500 to 599");
    if let Some(health) = &route.health {
        faults.unless(Pattern::parse(&health.path).is_ok(), format!("{at}/health/path"), "a path");
        faults.unless((5..=3_600).contains(&health.every_s), format!("{at}/health/everyS"), "5 to 3600");
        for (field, value) in [("unhealthyAfter", health.unhealthy_after), ("healthyAfter", health.healthy_after)] {
            faults.unless((1..=10).contains(&value), format!("{at}/health/{field}"), "1 to 10");
        }
    }
    check_rewrite(route, at, faults);
    if let Some(rule) = &route.cache {
        for (field, reason) in rule.faults() {
            faults.unless(false, format!("{at}/cache/{field}"), reason);
        }
    }
}

fn check_match(route: &Route, at: &str, faults: &mut Faults) {
    let matches = &route.matches;
    if let Err(reason) = Pattern::parse(&matches.path) {
        faults.unless(false, format!("{at}/match/path"), reason);
    }
    if let Some(host) = &matches.host {
        let name = host.strip_prefix("*.").unwrap_or(host);
        faults.unless(is_host(name), format!("{at}/match/host"), "a host in lower case, or *. and a domain");
    }
    let upper = |text: &String| text.bytes().all(|byte| byte.is_ascii_uppercase());
    let methods = matches.methods.iter().all(|method| (1..=16).contains(&method.len()) && upper(method));
    faults.unless(methods && matches.methods.len() <= LIST_MAX, format!("{at}/match/methods"), "methods like GET");
    let countries = matches.countries.iter().all(|country| country.len() == 2 && upper(country));
    faults.unless(countries && matches.countries.len() <= 250, format!("{at}/match/countries"), "countries like ES");
    for (name, value) in &matches.headers {
        let fits = is_header(name) && is_value(value);
        faults.unless(fits, format!("{at}/match/headers/{name}"), "a header in lower case with a printable value");
    }
}

fn check_rewrite(route: &Route, at: &str, faults: &mut Faults) {
    let rewrite = &route.rewrite;
    if let (Some(path), Ok(pattern)) = (&rewrite.path, Pattern::parse(&route.matches.path)) {
        match Pattern::parse(path) {
            Err(reason) => faults.unless(false, format!("{at}/rewrite/path"), reason),
            Ok(template) => {
                let known = template.names().all(|name| pattern.names().any(|known| known == name));
                faults.unless(known, format!("{at}/rewrite/path"), "names a part that the pattern lacks");
            }
        }
    }
    for (field, map) in [("setHeaders", &rewrite.set_headers), ("setAnswerHeaders", &rewrite.set_answer_headers)] {
        faults.unless(map.len() <= LIST_MAX, format!("{at}/rewrite/{field}"), format!("at most {LIST_MAX}"));
        for (name, value) in map {
            let reason = "a header in lower case that the gateway does not set itself, with a printable value";
            faults.unless(is_free(name) && is_value(value), format!("{at}/rewrite/{field}/{name}"), reason);
        }
    }
    for (field, list) in
        [("removeHeaders", &rewrite.remove_headers), ("removeAnswerHeaders", &rewrite.remove_answer_headers)]
    {
        let fits = list.len() <= LIST_MAX && list.iter().all(|name| is_free(name));
        faults.unless(
            fits,
            format!("{at}/rewrite/{field}"),
            "headers in lower case that the gateway does not set itself",
        );
    }
}

fn check_target(target: &Target, at: &str, faults: &mut Faults) {
    faults.unless(target.weight <= 1_000, format!("{at}/weight"), "0 to 1000");
    faults.unless(target.upstream().is_some(), at, "exactly one of origin, service, api and function");
    if let Some(function) = &target.function {
        faults.unless(is_name(function), format!("{at}/function"), NAME_RULE);
    }
    if let Some(origin) = &target.origin {
        check_origin(origin, &format!("{at}/origin"), faults);
    }
    if let Some(service) = &target.service {
        let fits = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        let named = (1..=32).contains(&service.len()) && service.bytes().all(fits);
        faults.unless(named, format!("{at}/service"), "1 to 32 upper-case letters, digits and underscores");
    }
}

fn check_origin(origin: &str, at: &str, faults: &mut Faults) {
    let reason = "scheme, host and port of an origin over https (over http on this machine alone), and nothing else";
    faults.unless(host_of(origin).is_some(), at, reason);
}

/// The host and port of an origin: over https, or over http on this machine.
#[must_use]
pub fn host_of(origin: &str) -> Option<&str> {
    let (scheme, host) = origin.split_once("://")?;
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let local = matches!(name, "localhost" | "127.0.0.1");
    let scheme = scheme == "https" || (scheme == "http" && local);
    let port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0 && number.to_string() == port));
    (scheme && port && is_host(name) && (local || !is_numeric(name))).then_some(host)
}

/// Whether a host is an address in numbers, which could be one of a private network.
fn is_numeric(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x")
}

fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(fits) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&name.len()) && name.bytes().all(fits)
}

fn is_header(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(fits)
}

fn is_free(name: &str) -> bool {
    is_header(name) && !RESERVED.contains(&name) && !name.starts_with(OWN_PREFIX)
}

fn is_value(value: &str) -> bool {
    value.len() <= VALUE_MAX_CHARS && value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}
