//! The stamp of a group: the attribute `filebacked`, which tells how to read it.

use std::borrow::Cow;
use std::fmt;

/// The attribute with the stamp of a group (`struct Model 1`), or with the form of a dataset that
/// is not plain.
pub const STAMP: &str = "filebacked";

/// The attribute with the names of the filters that wrote a node.
pub const FILTER: &str = "filebacked_filter";

/// The attribute of the root with the version of the format.
pub const FORMAT: &str = "filebacked_format";

/// The version of the format: the first number changes when older readers would misread, the second
/// when they lack something.
pub const FORMAT_VERSION: &str = "1.0";

/// The link under which a value is written until it is complete; not a member of any value.
pub const UNDER_WAY: &str = ".filebacked under way";

/// The link of a replaced value, until the new one is complete; not a member of any value. It is
/// not ASCII, so that an attribute with a non-ASCII name can be written under it: a file stores the
/// encoding of a name.
pub const ASIDE: &str = ".filebacked under way\u{2026}";

/// Whether a name is one of the two temporary names.
pub fn is_passing(name: &str) -> bool {
    name.starts_with(UNDER_WAY) && matches!(name, UNDER_WAY | ASIDE)
}

/// The attribute of the root group that holds the digest of the file.
pub const DIGEST: &str = "filebacked_digest";

/// The attribute with the number of rows, entries or elements of a group.
pub const LEN: &str = "len";

/// The stamp of a group: its kind, and the name and version of its type, if any. It tells how to
/// read the group.
///
/// On disk it is one short string: the kind, the percent-escaped name and the version, separated by
/// spaces. `docs/FORMAT.md` lists the kinds.
///
/// ```
/// use filebacked::schema::Stamp;
///
/// let stamp = Stamp::named("struct", "My Model", 2);
/// assert_eq!(stamp.to_string(), "struct My%20Model 2");
/// assert_eq!(Stamp::parse("struct My%20Model 2").name(), Some("My Model"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp<'a> {
    kind: Cow<'a, str>,
    name: Option<Cow<'a, str>>,
    version: Option<u32>,
}

impl<'a> Stamp<'a> {
    /// Creates a stamp with a kind only. Do not use the kinds of `docs/FORMAT.md` for other groups.
    pub fn kind(kind: &'a str) -> Self {
        Stamp { kind: kind.into(), name: None, version: None }
    }

    /// Creates the stamp of a named type.
    pub fn named(kind: &'a str, name: &'a str, version: u32) -> Self {
        Stamp { kind: kind.into(), name: Some(name.into()), version: Some(version) }
    }

    /// Creates the stamp of a `None` inside `depth` times `Some`.
    pub fn none(depth: u32) -> Stamp<'static> {
        Stamp { kind: "none".into(), name: None, version: Some(depth) }
    }

    /// Parses a stamp.
    pub fn parse(text: &str) -> Stamp<'static> {
        let mut words = text.split(' ');
        let kind = words.next().unwrap_or_default().to_string().into();
        let rest: Vec<&str> = words.collect();
        let (name, version) = match rest[..] {
            [] => (None, None),
            // A lone number is a version: no kind has a name without one.
            [only] => match only.parse() {
                Ok(version) => (None, Some(version)),
                Err(_) => (Some(unescape(only)), None),
            },
            [name, version, ..] => (Some(unescape(name)), version.parse().ok()),
        };
        Stamp { kind, name: name.map(Into::into), version }
    }

    /// Returns the kind: `struct`, `columns`, `map`, ...
    pub fn kind_name(&self) -> &str {
        &self.kind
    }

    /// Returns the name of the type.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns the version of the type; for `none`, the depth.
    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// Returns whether such a group puts its members at the root of a whole file.
    pub fn is_rooted(&self) -> bool {
        matches!(&*self.kind, "struct" | "enum" | "links")
    }

    /// Returns whether the order of the members matters.
    pub fn is_ordered(&self) -> bool {
        self.kind == "links"
    }
}

impl fmt::Display for Stamp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if let Some(name) = &self.name {
            write!(f, " {}", escape(name))?;
        }
        match self.version {
            Some(version) => write!(f, " {version}"),
            None => Ok(()),
        }
    }
}

/// Escapes a name for a stamp: `%`, white space and control characters become `%XX` of their UTF-8
/// bytes, the empty name becomes `%`.
pub fn escape(name: &str) -> Cow<'_, str> {
    percent(name, |c| c == '%' || c == '[' || c.is_whitespace() || c.is_control())
}

/// Escapes a key for a link: `/`, `%` and NUL become `%XX`, and so do the dots of `.` and `..` and
/// of the temporary names; the empty key becomes `%`. [`unescape`] reverses it.
pub fn escape_link(name: &str) -> Cow<'_, str> {
    match name {
        "." => "%2E".into(),
        ".." => "%2E%2E".into(),
        UNDER_WAY | ASIDE => name.replacen('.', "%2E", 1).into(),
        _ => percent(name, |c| matches!(c, '/' | '%' | '\0')),
    }
}

fn percent(name: &str, special: impl Fn(char) -> bool) -> Cow<'_, str> {
    if name.is_empty() {
        return "%".into();
    }
    if !name.contains(&special) {
        return name.into();
    }
    let mut text = String::with_capacity(name.len() + 8);
    for c in name.chars() {
        if special(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                text += &format!("%{byte:02X}");
            }
        } else {
            text.push(c);
        }
    }
    text.into()
}

/// Splits an attribute name such as `data@units` into the member, if any, and the attribute.
pub fn member_and_attribute(name: &str) -> (Option<&str>, &str) {
    match name.rsplit_once('@') {
        Some((member, attribute)) if !member.is_empty() && !attribute.is_empty() => {
            (Some(member), attribute)
        }
        _ => (None, name),
    }
}

/// Reverses the escapes; other text stands for itself.
pub fn unescape(text: &str) -> String {
    if text == "%" {
        return String::new();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let code = behind.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(*first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_string())
}
