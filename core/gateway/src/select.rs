//! Which route takes a request.

use crate::path::{Params, Pattern};
use crate::table::{Match, Route, Table};

/// What is known of a request.
pub trait Facts {
    /// The host that it was sent to, in lower case, without its port.
    fn host(&self) -> &str;
    /// Its path within the gateway, as it was sent.
    fn path(&self) -> &str;
    /// Its method.
    fn method(&self) -> &str;
    /// A header's value, by its name in lower case.
    fn header(&self, name: &str) -> Option<String>;
    /// The caller's country, where the platform knows it.
    fn country(&self) -> Option<&str>;
}

/// A table that is ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Routes(Vec<(Pattern, Route)>);

/// Why no route takes a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unrouted {
    /// None has its path.
    Unknown,
    /// Some have its path, but none takes its method.
    Method,
}

impl Routes {
    /// The routes of a checked table; those whose path cannot be read are left out.
    #[must_use]
    pub fn new(table: Table) -> Self {
        let read = |route: Route| Some((Pattern::parse(&route.matches.path).ok()?, route));
        Self(table.routes.into_iter().filter_map(read).collect())
    }

    /// The first route that takes the request, with what its path holds.
    pub fn select(&self, facts: &dyn Facts) -> Result<(&Route, Params), Unrouted> {
        let mut unrouted = Unrouted::Unknown;
        for (pattern, route) in &self.0 {
            let Some(params) = pattern.matches(facts.path()).filter(|_| fits(&route.matches, facts)) else {
                continue;
            };
            if route.matches.methods.is_empty() || route.matches.methods.iter().any(|method| method == facts.method()) {
                return Ok((route, params));
            }
            unrouted = Unrouted::Method;
        }
        Err(unrouted)
    }

    /// The route of a name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Route> {
        self.0.iter().map(|(_, route)| route).find(|route| route.name == name)
    }

    /// All routes.
    pub fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter().map(|(_, route)| route)
    }
}

fn fits(matches: &Match, facts: &dyn Facts) -> bool {
    let host = matches.host.as_deref().is_none_or(|host| match host.strip_prefix('*') {
        Some(domain) => facts.host().len() > domain.len() && facts.host().ends_with(domain),
        None => facts.host() == host,
    });
    let countries = &matches.countries;
    let country = || facts.country().is_some_and(|country| countries.iter().any(|known| known == country));
    let header =
        |(name, value): (&String, &String)| facts.header(name).is_some_and(|sent| value == "*" || sent == *value);
    host && (countries.is_empty() || country()) && matches.headers.iter().all(header)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Facts, Routes, Unrouted};
    use serde_json::json;

    struct Sent(&'static str, &'static str, &'static str, Option<&'static str>);

    impl Facts for Sent {
        fn host(&self) -> &str {
            self.0
        }

        fn path(&self) -> &str {
            self.1
        }

        fn method(&self) -> &str {
            self.2
        }

        fn header(&self, name: &str) -> Option<String> {
            (name == "x-beta").then(|| "1".to_owned())
        }

        fn country(&self) -> Option<&str> {
            self.3
        }
    }

    fn routes() -> Routes {
        let to = json!([{ "origin": "https://a.example" }]);
        let route = |name: &str, matches: serde_json::Value| json!({ "name": name, "match": matches, "targets": to });
        let table = json!({ "routes": [
            route("host", json!({ "host": "shop.example", "path": "/{rest*}" })),
            route("below", json!({ "host": "*.shop.example", "path": "/{rest*}" })),
            route("spain", json!({ "path": "/a/{x}", "countries": ["ES"] })),
            route("beta", json!({ "path": "/b", "headers": { "x-beta": "1" } })),
            route("gamma", json!({ "path": "/c", "headers": { "x-gamma": "*" } })),
            route("post", json!({ "path": "/a/{x}", "methods": ["POST"] })),
            route("put", json!({ "path": "/a/{x}", "methods": ["PUT", "PATCH"] }))
        ] });
        Routes::new(serde_json::from_value(table).unwrap())
    }

    #[test]
    fn the_first_route_that_fits_takes_it() {
        let routes = routes();
        let taken = |sent: Sent| routes.select(&sent).map(|(route, params)| (route.name.clone(), params));
        let name = |sent: Sent| taken(sent).map(|(name, _)| name);
        assert_eq!(name(Sent("shop.example", "/a/1", "GET", None)).as_deref(), Ok("host"));
        assert_eq!(name(Sent("eu.shop.example", "/a/1", "GET", None)).as_deref(), Ok("below"));
        assert_eq!(name(Sent("xshop.example", "/b", "GET", None)).as_deref(), Ok("beta"));
        assert_eq!(name(Sent("x", "/a/1", "GET", Some("ES"))).as_deref(), Ok("spain"));
        let (route, params) = taken(Sent("x", "/a/7", "POST", None)).unwrap();
        assert_eq!((route.as_str(), params), ("post", vec![("x".to_owned(), "7".to_owned())]));
        assert_eq!(name(Sent("x", "/a/1", "PATCH", None)).as_deref(), Ok("put"));
        assert_eq!(name(Sent("x", "/a/1", "GET", Some("FR"))), Err(Unrouted::Method));
        assert_eq!(name(Sent("x", "/c", "GET", None)), Err(Unrouted::Unknown));
        assert_eq!(name(Sent("x", "/d", "GET", None)), Err(Unrouted::Unknown));
        assert!(routes.named("beta").is_some() && routes.named("x").is_none() && routes.iter().count() == 7);
    }
}
