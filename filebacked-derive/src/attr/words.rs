//! Every word of `#[filebacked(...)]`, and where it may stand.

/// The attribute itself.
pub(crate) const FILEBACKED: &str = "filebacked";

pub(crate) const AFTER_READ: &str = "after_read";
pub(crate) const ALIAS: &str = "alias";
pub(crate) const ATTR: &str = "attr";
pub(crate) const BINCODE: &str = "bincode";
pub(crate) const BOUND: &str = "bound";
pub(crate) const CHUNK: &str = "chunk";
pub(crate) const COMPRESSION: &str = "compression";
pub(crate) const CRATE: &str = "crate";
pub(crate) const DEFAULT: &str = "default";
pub(crate) const DENY_UNKNOWN: &str = "deny_unknown";
pub(crate) const FLATTEN: &str = "flatten";
pub(crate) const FLETCHER32: &str = "fletcher32";
pub(crate) const FROM: &str = "from";
pub(crate) const LAYOUT: &str = "layout";
pub(crate) const MODULE: &str = "module";
pub(crate) const NAME: &str = "name";
pub(crate) const OTHER: &str = "other";
pub(crate) const POSTCARD: &str = "postcard";
pub(crate) const REGISTERED: &str = "registered";
pub(crate) const REMOVED: &str = "removed";
pub(crate) const RENAME: &str = "rename";
pub(crate) const RENAME_ALL: &str = "rename_all";
pub(crate) const RENAME_ALL_FIELDS: &str = "rename_all_fields";
pub(crate) const REPR: &str = "repr";
pub(crate) const SKIP: &str = "skip";
pub(crate) const SKIP_IF: &str = "skip_if";
pub(crate) const TAG: &str = "tag";
pub(crate) const TRANSPARENT: &str = "transparent";
pub(crate) const UPGRADE: &str = "upgrade";
pub(crate) const VERSION: &str = "version";
pub(crate) const VIA: &str = "via";
pub(crate) const WITH: &str = "with";

/// Where an attribute stands.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Place {
    Container,
    Variant,
    Field,
}

impl Place {
    const ALL: [Self; 3] = [Self::Container, Self::Variant, Self::Field];

    /// The words that are known here, sorted.
    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Container => &[
                AFTER_READ,
                BOUND,
                CRATE,
                DEFAULT,
                DENY_UNKNOWN,
                LAYOUT,
                MODULE,
                NAME,
                REMOVED,
                RENAME_ALL,
                RENAME_ALL_FIELDS,
                REPR,
                TAG,
                TRANSPARENT,
                UPGRADE,
                VERSION,
            ],
            Self::Variant => &[ALIAS, OTHER, RENAME, RENAME_ALL],
            Self::Field => &[
                ALIAS,
                ATTR,
                BINCODE,
                CHUNK,
                COMPRESSION,
                DEFAULT,
                FLATTEN,
                FLETCHER32,
                LAYOUT,
                POSTCARD,
                REGISTERED,
                RENAME,
                SKIP,
                SKIP_IF,
                WITH,
            ],
        }
    }

    /// How a message calls the place.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Container => "a struct or an enum",
            Self::Variant => "a variant",
            Self::Field => "a field",
        }
    }
}

/// The message for a word that is not known at a place: where else it would be right, or the
/// nearest one, and the list.
pub(crate) fn unknown(word: &str, place: Place) -> String {
    let elsewhere = Place::ALL.into_iter().find(|other| other.words().contains(&word));
    let nearest = place.words().iter().map(|known| (distance(word, known), known)).min();
    let hint = match (elsewhere, nearest) {
        (Some(other), _) => format!(", it belongs on {}", other.noun()),
        (None, Some((distance, known))) if distance <= 1 + known.len() / 4 => {
            format!(", did you mean `{known}`?")
        }
        _ => String::new(),
    };
    let known: Vec<_> = place.words().iter().map(|known| format!("`{known}`")).collect();
    format!(
        "unknown attribute `{word}` on {}{hint}\nknown here: {}",
        place.noun(),
        known.join(", ")
    )
}

/// How many letters have to be inserted, removed or replaced to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b.bytes()) {
            let next = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = *cell;
            *cell = next;
            left = next;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}
