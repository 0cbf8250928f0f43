//! Patterns of paths: `/shops/{shop}/items/{rest*}`.
//!
//! A path is matched by its segments as they were sent, so that what is matched is what is forwarded. Paths that two
//! readers could read in two ways (dot segments, empty ones, encoded slashes) match nothing.

/// A pattern may have so many characters.
const PATTERN_MAX_CHARS: usize = 512;

/// A pattern of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// Exactly this.
    Literal(String),
    /// One segment, by its name.
    One(String),
    /// All segments that are left, by their name.
    Rest(String),
}

/// What a path holds for the names of its pattern.
pub type Params = Vec<(String, String)>;

impl Pattern {
    /// Reads a pattern; the error says what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let Some(rest) = text.strip_prefix('/') else {
            return Err("a path begins with a slash");
        };
        if text.len() > PATTERN_MAX_CHARS {
            return Err("is longer than 512 characters");
        }
        let mut segments = Vec::new();
        if rest.is_empty() {
            return Ok(Self { segments });
        }
        for part in rest.split('/') {
            if matches!(segments.last(), Some(Segment::Rest(_))) {
                return Err("nothing follows a rest, {name*}");
            }
            segments.push(Segment::parse(part)?);
        }
        let names: Vec<&str> = segments.iter().filter_map(Segment::name).collect();
        if (1..names.len()).any(|place| names[..place].contains(&names[place])) {
            return Err("names a part twice");
        }
        Ok(Self { segments })
    }

    /// What the path holds for each name, if it matches.
    #[must_use]
    pub fn matches(&self, path: &str) -> Option<Params> {
        let rest = path.strip_prefix('/')?;
        let mut parts: Vec<&str> = if rest.is_empty() { Vec::new() } else { rest.split('/').collect() };
        // A slash at the end is a path of its own only for a rest.
        let mut params = Params::new();
        for (place, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Rest(name) => {
                    let rest = parts.get(place..).unwrap_or_default();
                    if !rest.iter().rev().skip(1).all(|part| is_plain(part))
                        || !rest.last().is_none_or(|part| part.is_empty() || is_plain(part))
                    {
                        return None;
                    }
                    params.push((name.clone(), rest.join("/")));
                    return Some(params);
                }
                Segment::Literal(text) => {
                    if parts.get(place) != Some(&text.as_str()) {
                        return None;
                    }
                }
                Segment::One(name) => {
                    let part = parts.get(place).filter(|part| is_plain(part))?;
                    params.push((name.clone(), (*part).to_owned()));
                }
            }
        }
        parts.truncate(self.segments.len() + 1);
        (parts.len() == self.segments.len()).then_some(params)
    }

    /// The names of its parts.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(Segment::name)
    }
}

impl Segment {
    fn parse(part: &str) -> Result<Self, &'static str> {
        let Some(inner) = part.strip_prefix('{') else {
            let plain = is_plain(part) && part.bytes().all(|byte| byte.is_ascii_graphic() && !b"{}?#".contains(&byte));
            return if plain { Ok(Self::Literal(part.to_owned())) } else { Err("has a segment that is none") };
        };
        let name = inner.strip_suffix('}').ok_or("a name stands in braces")?;
        let (name, rest) = name.strip_suffix('*').map_or((name, false), |name| (name, true));
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err("a name has letters, digits and underscores");
        }
        Ok(if rest { Self::Rest(name.to_owned()) } else { Self::One(name.to_owned()) })
    }

    fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::One(name) | Self::Rest(name) => Some(name),
        }
    }
}

/// Whether every reader takes a segment for the same thing: no dot segments, nothing encoded that ends or climbs.
fn is_plain(part: &str) -> bool {
    let lower = part.to_ascii_lowercase();
    let encoded = ["%2f", "%5c", "%2e", "%00", "\\"].iter().any(|text| lower.contains(text));
    !part.is_empty() && part != "." && part != ".." && !encoded
}

/// A path from a template: names in braces, or with a star, become what they stand for.
#[must_use]
pub fn fill(template: &str, params: &Params) -> String {
    let mut text = template.to_owned();
    for (name, value) in params {
        text = text.replace(&format!("{{{name}*}}"), value).replace(&format!("{{{name}}}"), value);
    }
    text
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Pattern, fill};

    fn matched(pattern: &str, path: &str) -> Option<String> {
        let params = Pattern::parse(pattern).unwrap().matches(path)?;
        Some(params.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn paths_match_segment_by_segment() {
        for (pattern, path, params) in [
            ("/", "/", ""),
            ("/a", "/a", ""),
            ("/a/{x}", "/a/1", "x=1"),
            ("/a/{x}/b", "/a/1/b", "x=1"),
            ("/a/{rest*}", "/a", "rest="),
            ("/a/{rest*}", "/a/", "rest="),
            ("/a/{rest*}", "/a/b/c", "rest=b/c"),
            ("/a/{rest*}", "/a/b/c/", "rest=b/c/"),
            ("/{rest*}", "/", "rest="),
            ("/{x}/{rest*}", "/a/b%20c/d", "x=a,rest=b%20c/d"),
        ] {
            assert_eq!(matched(pattern, path).as_deref(), Some(params), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/", "/a"),
            ("/a", "/a/"),
            ("/a", "/A"),
            ("/a/{x}", "/a/"),
            ("/a/{x}", "/a/1/2"),
            ("/a/b", "/a"),
            ("/a/b", "/a/b/c/d"),
        ] {
            assert_eq!(matched(pattern, path), None, "{pattern} {path}");
        }
    }

    #[test]
    fn what_two_readers_read_in_two_ways_matches_nothing() {
        for path in [
            "/a/..",
            "/a/../b",
            "/a/%2e%2e/b",
            "/a/.%2E",
            "/a//b",
            "/a/x%2Fy",
            "/a/x%5cy",
            "/a/x\\y",
            "/a/%00",
            "a/b",
            "",
        ] {
            assert_eq!(matched("/a/{rest*}", path), None, "{path}");
        }
        assert_eq!(matched("/a/{x}", "/a/x%2fy"), None);
    }

    #[test]
    fn patterns_are_checked() {
        for text in [
            "",
            "a",
            "/a//b",
            "/{x",
            "/{}",
            "/{a b}",
            "/{x*}/a",
            "/{x}/{x}",
            "/a?b",
            "/a/..",
            "/x{y}",
            &format!("/{}", "a".repeat(512)),
        ] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn templates_are_filled() {
        let params = Pattern::parse("/v1/{shop}/{rest*}").unwrap().matches("/v1/7/a/b").unwrap();
        assert_eq!(fill("/shops/{shop}/{rest*}", &params), "/shops/7/a/b");
        assert_eq!(fill("/fixed", &params), "/fixed");
    }
}
