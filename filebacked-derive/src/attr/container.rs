//! Attributes of a struct or an enum.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit, LitStr, Token, WherePredicate};

use super::words::{self, Place};
use super::{Attr, Layout, Name, RenameRule, value};
use crate::context::Context;

/// `repr`: how an enum without data is stored.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Repr {
    Enum,
    String,
    Int { name: &'static str, size: u8, signed: bool },
}

impl Repr {
    const ALL: [(&'static str, Self); 10] = [
        ("enum", Self::Enum),
        ("string", Self::String),
        ("u8", Self::Int { name: "u8", size: 1, signed: false }),
        ("u16", Self::Int { name: "u16", size: 2, signed: false }),
        ("u32", Self::Int { name: "u32", size: 4, signed: false }),
        ("u64", Self::Int { name: "u64", size: 8, signed: false }),
        ("i8", Self::Int { name: "i8", size: 1, signed: true }),
        ("i16", Self::Int { name: "i16", size: 2, signed: true }),
        ("i32", Self::Int { name: "i32", size: 4, signed: true }),
        ("i64", Self::Int { name: "i64", size: 8, signed: true }),
    ];
}

/// `upgrade(from = 1, via = ModelV1)`.
pub(crate) struct Upgrade {
    pub(crate) span: Span,
    pub(crate) from: u32,
    pub(crate) via: syn::Type,
}

/// The attributes of a struct or an enum.
#[derive(Default)]
pub(crate) struct Container {
    pub(crate) after_read: Attr<syn::Path>,
    pub(crate) bound: Attr<Vec<WherePredicate>>,
    pub(crate) crate_path: Attr<syn::Path>,
    pub(crate) default: Attr<()>,
    pub(crate) deny_unknown: Attr<()>,
    pub(crate) layout: Attr<Layout>,
    pub(crate) module: Attr<LitStr>,
    pub(crate) name: Attr<Name>,
    pub(crate) removed: Vec<Name>,
    pub(crate) rename_all: Attr<RenameRule>,
    pub(crate) rename_all_fields: Attr<RenameRule>,
    pub(crate) repr: Attr<Repr>,
    pub(crate) tag: Attr<Name>,
    pub(crate) transparent: Attr<bool>,
    pub(crate) upgrades: Vec<Upgrade>,
    pub(crate) version: Attr<u32>,
}

impl Container {
    pub(crate) fn parse(cx: &Context, attributes: &[syn::Attribute]) -> Self {
        let mut this = Self::default();
        super::parse(cx, attributes, Place::Container, |word, meta| {
            match word {
                words::AFTER_READ => this.after_read.set(cx, meta, Some(value::path(meta)?)),
                words::BOUND => this.bound.set(cx, meta, bound(cx, meta)?),
                words::CRATE => this.crate_path.set(cx, meta, Some(value::path(meta)?)),
                words::DEFAULT => this.default.set(cx, meta, value::flag(cx, meta)?),
                words::DENY_UNKNOWN => this.deny_unknown.set(cx, meta, value::flag(cx, meta)?),
                words::LAYOUT => this.layout.set(cx, meta, value::layout(cx, meta)?),
                words::MODULE => this.module.set(cx, meta, value::string(cx, meta)?),
                words::NAME => this.name.set(cx, meta, value::name(cx, meta)?),
                words::REMOVED => this.removed.extend(removed(cx, meta)?),
                words::RENAME_ALL => this.rename_all.set(cx, meta, value::rename_rule(cx, meta)?),
                words::RENAME_ALL_FIELDS => {
                    this.rename_all_fields.set(cx, meta, value::rename_rule(cx, meta)?)
                }
                words::REPR => this.repr.set(cx, meta, value::choice(cx, meta, &Repr::ALL)?),
                words::TAG => this.tag.set(cx, meta, value::name(cx, meta)?),
                words::TRANSPARENT => this.transparent.set(cx, meta, transparent(cx, meta)?),
                words::UPGRADE => this.upgrades.extend(upgrade(cx, meta)?),
                words::VERSION => this.version.set(cx, meta, value::version(cx, meta)?),
                _ => return Ok(false),
            }
            Ok(true)
        });
        this
    }
}

/// `bound = "T: Trait, U: Other"`, with or without a leading `where`.
fn bound(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Vec<WherePredicate>>> {
    let Some(text) = value::string(cx, meta)? else { return Ok(None) };
    let predicates = text.parse_with(|input: syn::parse::ParseStream<'_>| {
        input.parse::<Option<Token![where]>>()?;
        Punctuated::<WherePredicate, Token![,]>::parse_terminated(input)
    });
    match predicates {
        Ok(predicates) => Ok(Some(predicates.into_iter().collect())),
        Err(error) => {
            cx.error(
                text.span(),
                format_args!("expected predicates as they stand after `where`: {error}"),
            );
            Ok(None)
        }
    }
}

/// `removed("old", "older")`.
fn removed(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Vec<Name>> {
    if !meta.input.peek(syn::token::Paren) {
        return Err(syn::Error::new(
            meta.path.span(),
            "expected the names of removed fields: `removed(\"old\")`",
        ));
    }
    let content;
    syn::parenthesized!(content in meta.input);
    let names = Punctuated::<LitStr, Token![,]>::parse_terminated(&content)?;
    Ok(names.iter().filter_map(|text| value::checked_name(cx, text)).collect())
}

/// `transparent`, `transparent = true` or `transparent = false`.
fn transparent(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Option<bool>> {
    if !meta.input.peek(Token![=]) {
        return Ok(value::flag(cx, meta)?.map(|()| true));
    }
    match value::expr(meta)? {
        Expr::Lit(ExprLit { lit: Lit::Bool(flag), .. }) => Ok(Some(flag.value)),
        other => {
            cx.error(
                other.span(),
                "expected `transparent`, `transparent = true` or `transparent = false`",
            );
            Ok(None)
        }
    }
}

/// `upgrade(from = 1, via = ModelV1)`.
fn upgrade(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Upgrade>> {
    let span = meta.path.span();
    let mut from = Attr::default();
    let mut via = Attr::<syn::Type>::default();
    if meta.input.peek(syn::token::Paren) {
        meta.parse_nested_meta(|inner| {
            match super::word(&inner).as_str() {
                words::FROM => from.set(cx, &inner, value::version(cx, &inner)?),
                words::VIA => via.set(cx, &inner, Some(inner.value()?.parse()?)),
                _ => return Err(inner.error("expected `from` or `via`")),
            }
            Ok(())
        })?;
    }
    match (from.get(), via.get()) {
        (Some(from), Some(via)) => Ok(Some(Upgrade { span, from: *from, via: via.clone() })),
        _ => {
            cx.error(span, "expected `upgrade(from = 1, via = OldType)`");
            Ok(None)
        }
    }
}
