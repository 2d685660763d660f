//! Attributes of a variant.

use super::words::{self, Place};
use super::{Attr, Name, RenameRule, value};
use crate::context::Context;

/// The attributes of a variant.
#[derive(Default)]
pub(crate) struct Variant {
    pub(crate) aliases: Vec<Name>,
    pub(crate) other: Attr<()>,
    pub(crate) rename: Attr<Name>,
    pub(crate) rename_all: Attr<RenameRule>,
}

impl Variant {
    pub(crate) fn parse(cx: &Context, attributes: &[syn::Attribute]) -> Self {
        let mut this = Self::default();
        super::parse(cx, attributes, Place::Variant, |word, meta| {
            match word {
                words::ALIAS => this.aliases.extend(value::name(cx, meta)?),
                words::OTHER => this.other.set(cx, meta, value::flag(cx, meta)?),
                words::RENAME => this.rename.set(cx, meta, value::name(cx, meta)?),
                words::RENAME_ALL => this.rename_all.set(cx, meta, value::rename_rule(cx, meta)?),
                _ => return Ok(false),
            }
            Ok(true)
        });
        this
    }
}
