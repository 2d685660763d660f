//! Rules over several attributes, and over attributes and the type that they stand on.

use std::collections::HashMap;

use proc_macro2::Span;
use syn::spanned::Spanned as _;

use crate::Derive;
use crate::ast::{Container, Data, Field, Style, Variant, member_and_attribute};
use crate::attr::words::{
    ALIAS, ATTR, BINCODE, CHUNK, COMPRESSION, DEFAULT, DENY_UNKNOWN, FLATTEN, FLETCHER32, LAYOUT,
    MODULE, NAME, POSTCARD, REGISTERED, REMOVED, RENAME, RENAME_ALL, RENAME_ALL_FIELDS, REPR, SKIP,
    SKIP_IF, TAG, TRANSPARENT, UPGRADE, VERSION, WITH,
};
use crate::attr::{Attr, Layout, Name};
use crate::context::Context;

/// Attribute names that the format uses itself, or that AnnData does.
const RESERVED: [&str; 8] = [
    "filebacked",
    "filebacked_format",
    "filebacked_digest",
    "filebacked_filter",
    "len",
    "encoding-type",
    "encoding-version",
    "shape",
];

/// Words that exclude each other on a field: the first with each of the second, and why.
const CONFLICTS: [(&str, &[&str], &str); 6] = [
    (
        SKIP,
        &[
            ALIAS,
            ATTR,
            BINCODE,
            CHUNK,
            COMPRESSION,
            FLATTEN,
            FLETCHER32,
            LAYOUT,
            POSTCARD,
            REGISTERED,
            RENAME,
            SKIP_IF,
            WITH,
        ],
        "a skipped field is not stored",
    ),
    (
        FLATTEN,
        &[
            ALIAS,
            ATTR,
            BINCODE,
            CHUNK,
            COMPRESSION,
            DEFAULT,
            FLETCHER32,
            LAYOUT,
            POSTCARD,
            REGISTERED,
            RENAME,
            SKIP_IF,
            WITH,
        ],
        "the members of a flattened field stand beside the others, it is no node of its own",
    ),
    (ATTR, &[CHUNK, COMPRESSION, FLETCHER32, LAYOUT], "an HDF5 attribute has no storage options"),
    (WITH, &[BINCODE, POSTCARD, REGISTERED], ONE_FILTER),
    (REGISTERED, &[BINCODE, POSTCARD], ONE_FILTER),
    (BINCODE, &[POSTCARD], ONE_FILTER),
];

const ONE_FILTER: &str = "a field has one filter";

/// Checks everything that a single attribute could not know.
pub(crate) fn check(cx: &Context, container: &Container<'_>, derive: Derive) {
    lifetimes(cx, container, derive);
    upgrades(cx, container);
    place(cx, container);
    match container.attrs.layout.get() {
        None | Some(Layout::Rows | Layout::Columns) => {}
        Some(Layout::Compound) => records(cx, container),
        Some(_) => {
            let reason = "on a type is `columns` (the default), `rows` (a numbered group) \
                or `compound` (one dataset)";
            refuse(cx, &container.attrs.layout, LAYOUT, reason);
        }
    }
    if let Some(span) = container.packed {
        cx.error(span, "a packed type cannot be stored: its fields cannot be borrowed");
    }
    for field in container.all_fields() {
        conflicts(cx, field);
    }
    match &container.data {
        Data::Struct(..) if container.is_transparent() => transparent(cx, container),
        Data::Struct(_, fields) => members(cx, fields, &container.attrs.removed, None),
        Data::Enum(variants) => enumeration(cx, container, variants),
    }
}

/// Many values as one dataset, whose elements all have the same members.
fn records(cx: &Context, container: &Container<'_>) {
    if matches!(container.data, Data::Enum(_)) && !container.is_unit_enum() {
        let reason =
            "is `compound` for structs only: the variants of an enum have different fields";
        refuse(cx, &container.attrs.layout, LAYOUT, reason);
    }
    for field in container.all_fields() {
        for word in [BINCODE, POSTCARD] {
            if let Some(span) = field.attrs.span_of(word) {
                cx.error(
                    span,
                    format_args!(
                        "`{word}` makes bytes of any length, for which a record has no place"
                    ),
                );
            }
        }
    }
}

/// What is read from a file cannot borrow from anything.
fn lifetimes(cx: &Context, container: &Container<'_>, derive: Derive) {
    if derive == Derive::FileBacked
        && let Some(lifetime) = container.generics.lifetimes().next()
    {
        let message = "a type that borrows can be written but not read back: use `#[derive(Save)]`";
        cx.error(lifetime.lifetime.span(), message);
    }
}

/// Upgrades come from older versions, one from each.
fn upgrades(cx: &Context, container: &Container<'_>) {
    let mut seen = Vec::new();
    for upgrade in &container.attrs.upgrades {
        if !container.attrs.version.is_set() {
            cx.error(
                upgrade.span,
                "`upgrade` needs the `version` that it leads to: add `version = 2`",
            );
        } else if upgrade.from >= container.version() {
            let version = container.version();
            cx.error(
                upgrade.span,
                format_args!("an upgrade comes from a version before {version}"),
            );
        }
        if seen.contains(&upgrade.from) {
            cx.error(upgrade.span, format_args!("two upgrades from version {}", upgrade.from));
        }
        seen.push(upgrade.from);
    }
}

/// Reports an attribute that has no meaning on a type of this shape.
fn refuse<T>(cx: &Context, attribute: &Attr<T>, word: &str, reason: &str) {
    if let Some(span) = attribute.span() {
        cx.error(span, format_args!("`{word}` {reason}"));
    }
}

/// Container attributes that fit only some types.
fn place(cx: &Context, container: &Container<'_>) {
    let attrs = &container.attrs;
    match &container.data {
        Data::Struct(style, _) => {
            refuse(cx, &attrs.repr, REPR, "is for enums");
            refuse(cx, &attrs.tag, TAG, "is for enums");
            refuse(
                cx,
                &attrs.rename_all_fields,
                RENAME_ALL_FIELDS,
                "is for enums, a struct takes `rename_all`",
            );
            if *style != Style::Named {
                refuse(cx, &attrs.default, DEFAULT, "is for structs with named fields");
                refuse(cx, &attrs.rename_all, RENAME_ALL, "is for structs with named fields");
            }
        }
        Data::Enum(_) => {
            refuse(cx, &attrs.default, DEFAULT, "is for structs with named fields");
            refuse(cx, &attrs.deny_unknown, DENY_UNKNOWN, "is for structs");
            refuse(cx, &attrs.transparent, TRANSPARENT, "is for structs");
            refuse(cx, &attrs.module, MODULE, "is for structs: an enum is no class in Python");
            if let Some(name) = attrs.removed.first() {
                cx.error(name.span, format_args!("`{REMOVED}` is for structs"));
            }
            if container.is_unit_enum() {
                let reason = "is for types that are groups, many values of this one are a dataset";
                refuse(cx, &attrs.layout, LAYOUT, reason);
                if let Some(upgrade) = attrs.upgrades.first() {
                    let message = "is for types that are groups: no version is stored with this \
                        one. Use `alias` on its variants";
                    cx.error(upgrade.span, format_args!("`{UPGRADE}` {message}"));
                }
                refuse(
                    cx,
                    &attrs.tag,
                    TAG,
                    "is for enums with data, this one is stored as its variant alone",
                );
                let reason = "is for enums with data, the variants of this one have no fields";
                refuse(cx, &attrs.rename_all_fields, RENAME_ALL_FIELDS, reason);
            } else {
                refuse(cx, &attrs.repr, REPR, "is for enums of which no variant has fields");
            }
        }
    }
}

/// Words on one field that exclude each other.
fn conflicts(cx: &Context, field: &Field<'_>) {
    for (word, others, reason) in CONFLICTS {
        if field.attrs.span_of(word).is_none() {
            continue;
        }
        for other in others {
            if let Some(span) = field.attrs.span_of(other) {
                cx.error(span, format_args!("`{word}` and `{other}` exclude each other: {reason}"));
            }
        }
    }
}

/// A struct that is stored as its one field.
fn transparent(cx: &Context, container: &Container<'_>) {
    let attrs = &container.attrs;
    let reason = "has no meaning on a type that is stored as its field, add `transparent = false`";
    refuse(cx, &attrs.default, DEFAULT, reason);
    refuse(cx, &attrs.deny_unknown, DENY_UNKNOWN, reason);
    refuse(cx, &attrs.layout, LAYOUT, reason);
    // With a module it is the name of a class in Python.
    if !attrs.module.is_set() {
        refuse(cx, &attrs.name, NAME, reason);
    }
    refuse(cx, &attrs.rename_all, RENAME_ALL, reason);
    refuse(cx, &attrs.version, VERSION, reason);
    let removed = attrs.removed.first().map(|name| (name.span, REMOVED));
    let upgrade = attrs.upgrades.first().map(|upgrade| (upgrade.span, UPGRADE));
    for (span, word) in removed.into_iter().chain(upgrade) {
        cx.error(span, format_args!("`{word}` {reason}"));
    }
    let fields: Vec<_> = container.all_fields().collect();
    let Some(field) = container.transparent_field().and_then(|index| fields.get(index)) else {
        let stored = fields.iter().filter(|field| field.is_stored()).count();
        let span = attrs.transparent.span().unwrap_or_else(|| container.ident.span());
        let message = "a transparent struct is stored as its one field that is not skipped";
        cx.error(span, format_args!("{message}, this one has {stored}"));
        return;
    };
    for word in
        [ALIAS, ATTR, CHUNK, COMPRESSION, DEFAULT, FLATTEN, FLETCHER32, LAYOUT, RENAME, SKIP_IF]
    {
        if let Some(span) = field.attrs.span_of(word) {
            let message = "has no meaning on the field that a transparent struct is stored as";
            let help =
                "put it where the struct is a field, or add `transparent = false` to the struct";
            cx.error(span, format_args!("`{word}` {message}\nhelp: {help}"));
        }
    }
    if field.is_option() && field.attrs.filter().is_some_and(|filter| !filter.is_whole()) {
        let message = "the filter of a transparent struct has to take the `Option`";
        let help = "write `with = whole(...)`, or add `transparent = false` to the struct";
        cx.error(field.ty.span(), format_args!("{message}\nhelp: {help}"));
    }
}

/// Fields that are members of one group, beside the names of former ones; `tag` if it is the group
/// of a variant.
fn members(cx: &Context, fields: &[Field<'_>], removed: &[Name], tag: Option<&str>) {
    let stored = fields.iter().filter(|field| field.is_stored() && !field.is_flattened());
    let removed = removed.iter().map(|name| vec![name]);
    unique(cx, stored.clone().map(|field| field.names().collect()).chain(removed), "fields");
    for field in stored.filter(|field| field.attrs.attr.is_set()) {
        for name in field.names() {
            let (member, attribute) = member_and_attribute(&name.value);
            if member.is_some() {
                if RESERVED[..3].contains(&attribute) {
                    let message = "is an attribute of the format itself";
                    cx.error(
                        name.span,
                        format_args!("`{attribute}` {message}, a field cannot be stored there"),
                    );
                } else if attribute.contains('/') {
                    cx.error(
                        name.span,
                        "the path is that of the member: what is behind `@` cannot contain `/`",
                    );
                }
            } else if RESERVED.contains(&name.value.as_str()) || Some(name.value.as_str()) == tag {
                let message = "is an attribute of the format itself";
                cx.error(
                    name.span,
                    format_args!("`{}` {message}, give the field another name", name.value),
                );
            } else if name.value.contains('/') {
                let help = "help: `member@name` is the attribute of a member";
                cx.error(
                    name.span,
                    format_args!(
                        "an attribute stands on its own group, its name cannot contain `/`\n{help}"
                    ),
                );
            }
        }
    }
}

/// Variants, and the fields of each.
fn enumeration(cx: &Context, container: &Container<'_>, variants: &[Variant<'_>]) {
    if variants.is_empty() {
        cx.error(
            container.ident.span(),
            "an enum without variants has no values that could be stored",
        );
    }
    unique(cx, variants.iter().map(|variant| variant.names().collect()), "variants");
    if let Some(tag) = container.attrs.tag.get()
        && RESERVED.contains(&tag.value.as_str())
    {
        cx.error(
            tag.span,
            format_args!(
                "`{}` is an attribute of the format itself, choose another tag",
                tag.value
            ),
        );
    }
    let mut others = variants.iter().filter_map(|variant| variant.attrs.other.span());
    for span in others.by_ref().skip(1) {
        cx.error(span, "only one variant can be `other`");
    }
    for variant in variants {
        if variant.style != Style::Unit {
            refuse(cx, &variant.attrs.other, "other", "is for a variant without fields");
        }
        if variant.style != Style::Named {
            refuse(cx, &variant.attrs.rename_all, RENAME_ALL, "is for variants with named fields");
        }
        members(cx, &variant.fields, &[], Some(container.tag()));
        // In rows the tags are a dataset beside the groups of the variants.
        if variant.has_stored_fields()
            && let Some(name) = variant.names().find(|name| name.value == container.tag())
        {
            let message = "is also the tag of the enum: \
                give the variant another name, or the enum another `tag`";
            cx.error(name.span, format_args!("`{}` {message}", name.value));
        }
    }
}

/// Names and aliases in one group are all different.
fn unique<'a>(cx: &Context, owners: impl Iterator<Item = Vec<&'a Name>>, what: &str) {
    let mut seen: HashMap<&str, (usize, Span)> = HashMap::new();
    for (owner, names) in owners.enumerate() {
        for name in names {
            match seen.get(name.value.as_str()) {
                Some((first, _)) if *first == owner => {
                    cx.error(name.span, format_args!("the name `{}` is given twice", name.value));
                }
                Some((_, first)) => {
                    cx.error(name.span, format_args!("two {what} have the name `{}`", name.value));
                    cx.error(*first, format_args!("`{}` is first used here", name.value));
                }
                None => {
                    seen.insert(&name.value, (owner, name.span));
                }
            }
        }
    }
}
