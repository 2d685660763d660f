//! Attributes of a field.

use proc_macro2::Span;
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprArray, Token};

use super::words::{self, Place};
use super::{Attr, Layout, Name, value};
use crate::context::Context;

/// `default` alone, or with an expression.
pub(crate) enum Default {
    Trait,
    Expr(Box<Expr>),
}

/// Who stores a field instead of its type's own implementation.
pub(crate) enum Filter<'a> {
    Expr(&'a Expr),
    Registered,
    Bincode,
    Postcard,
}

/// The attributes of a field.
#[derive(Default)]
pub(crate) struct Field {
    pub(crate) aliases: Vec<Name>,
    alias_span: Option<Span>,
    pub(crate) attr: Attr<()>,
    pub(crate) bincode: Attr<()>,
    pub(crate) chunk: Attr<ExprArray>,
    pub(crate) compression: Attr<Expr>,
    pub(crate) default: Attr<Default>,
    pub(crate) flatten: Attr<()>,
    pub(crate) fletcher32: Attr<()>,
    pub(crate) layout: Attr<Layout>,
    pub(crate) postcard: Attr<()>,
    pub(crate) registered: Attr<()>,
    pub(crate) rename: Attr<Name>,
    pub(crate) skip: Attr<()>,
    pub(crate) skip_if: Attr<Expr>,
    pub(crate) with: Attr<Expr>,
}

impl Field {
    pub(crate) fn parse(cx: &Context, attributes: &[syn::Attribute]) -> Self {
        let mut this = Self::default();
        super::parse(cx, attributes, Place::Field, |word, meta| {
            match word {
                words::ALIAS => {
                    this.alias_span.get_or_insert(meta.path.span());
                    this.aliases.extend(value::name(cx, meta)?);
                }
                words::ATTR => this.attr.set(cx, meta, value::flag(cx, meta)?),
                words::BINCODE => this.bincode.set(cx, meta, value::flag(cx, meta)?),
                words::CHUNK => this.chunk.set(cx, meta, chunk(cx, meta)?),
                words::COMPRESSION => this.compression.set(cx, meta, Some(value::expr(meta)?)),
                words::DEFAULT => this.default.set(cx, meta, default(cx, meta)?),
                words::FLATTEN => this.flatten.set(cx, meta, value::flag(cx, meta)?),
                words::FLETCHER32 => this.fletcher32.set(cx, meta, value::flag(cx, meta)?),
                words::LAYOUT => this.layout.set(cx, meta, value::layout(cx, meta)?),
                words::POSTCARD => this.postcard.set(cx, meta, value::flag(cx, meta)?),
                words::REGISTERED => this.registered.set(cx, meta, value::flag(cx, meta)?),
                words::RENAME => this.rename.set(cx, meta, value::name(cx, meta)?),
                words::SKIP => this.skip.set(cx, meta, value::flag(cx, meta)?),
                words::SKIP_IF => this.skip_if.set(cx, meta, Some(value::expr(meta)?)),
                words::WITH => this.with.set(cx, meta, Some(value::expr(meta)?)),
                _ => return Ok(false),
            }
            Ok(true)
        });
        this
    }

    /// Where `word` was given, if it was.
    pub(crate) fn span_of(&self, word: &str) -> Option<Span> {
        match word {
            words::ALIAS => self.alias_span,
            words::ATTR => self.attr.span(),
            words::BINCODE => self.bincode.span(),
            words::CHUNK => self.chunk.span(),
            words::COMPRESSION => self.compression.span(),
            words::DEFAULT => self.default.span(),
            words::FLATTEN => self.flatten.span(),
            words::FLETCHER32 => self.fletcher32.span(),
            words::LAYOUT => self.layout.span(),
            words::POSTCARD => self.postcard.span(),
            words::REGISTERED => self.registered.span(),
            words::RENAME => self.rename.span(),
            words::SKIP => self.skip.span(),
            words::SKIP_IF => self.skip_if.span(),
            words::WITH => self.with.span(),
            _ => None,
        }
    }

    /// The filter of the field.
    pub(crate) fn filter(&self) -> Option<Filter<'_>> {
        if let Some(expr) = self.with.get() {
            Some(Filter::Expr(expr))
        } else if self.registered.is_set() {
            Some(Filter::Registered)
        } else if self.bincode.is_set() {
            Some(Filter::Bincode)
        } else if self.postcard.is_set() {
            Some(Filter::Postcard)
        } else {
            None
        }
    }
}

impl Filter<'_> {
    /// Whether the filter wants an `Option` as a whole: `with = whole(F)`.
    pub(crate) fn is_whole(&self) -> bool {
        let Self::Expr(Expr::Call(call)) = self else { return false };
        let Expr::Path(function) = &*call.func else { return false };
        function.path.segments.last().is_some_and(|segment| segment.ident == "whole")
    }
}

/// `default` or `default = expr`.
fn default(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Default>> {
    if meta.input.peek(Token![=]) {
        return Ok(Some(Default::Expr(Box::new(value::expr(meta)?))));
    }
    Ok(value::flag(cx, meta)?.map(|()| Default::Trait))
}

/// `chunk = [64, 64]`.
fn chunk(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Option<ExprArray>> {
    match value::expr(meta)? {
        Expr::Array(array) if !array.elems.is_empty() => Ok(Some(array)),
        other => {
            cx.error(
                other.span(),
                "expected the lengths of a chunk, one for each dimension: `chunk = [64, 64]`",
            );
            Ok(None)
        }
    }
}
