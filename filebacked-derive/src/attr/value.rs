//! Values of attributes: strings, expressions, paths, rules.

use proc_macro2::{Span, TokenStream};
use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, Lit, LitStr, Token};

use super::word;
use crate::context::Context;

/// A name on disk, and where it was written, so that an error can point there.
#[derive(Clone)]
pub(crate) struct Name {
    pub(crate) value: String,
    pub(crate) span: Span,
}

/// `rename_all`: how identifiers become names on disk.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum RenameRule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

impl RenameRule {
    const ALL: [(&'static str, Self); 8] = [
        ("lowercase", Self::Lower),
        ("UPPERCASE", Self::Upper),
        ("PascalCase", Self::Pascal),
        ("camelCase", Self::Camel),
        ("snake_case", Self::Snake),
        ("SCREAMING_SNAKE_CASE", Self::ScreamingSnake),
        ("kebab-case", Self::Kebab),
        ("SCREAMING-KEBAB-CASE", Self::ScreamingKebab),
    ];

    /// The name of a field, whose identifier is in snake case.
    pub(crate) fn field(self, ident: &str) -> String {
        // `_x` and `x_` have empty words at their ends, which carry no letters.
        let words: Vec<&str> = ident.split('_').filter(|word| !word.is_empty()).collect();
        match self {
            // Only the case of the letters is named, so the underscores stay.
            Self::Lower => return ident.to_lowercase(),
            Self::Upper => return ident.to_uppercase(),
            _ => {}
        }
        if words.is_empty() { ident.to_owned() } else { self.join(&words) }
    }

    /// The name of a variant, whose identifier is in Pascal case.
    pub(crate) fn variant(self, ident: &str) -> String {
        let starts = ident
            .char_indices()
            .filter(|(at, letter)| *at > 0 && letter.is_uppercase())
            .map(|(at, _)| at);
        let ends: Vec<usize> = starts.chain([ident.len()]).collect();
        let mut start = 0;
        let words: Vec<&str> =
            ends.into_iter().map(|end| &ident[std::mem::replace(&mut start, end)..end]).collect();
        self.join(&words)
    }

    fn join(self, words: &[&str]) -> String {
        let lower = |word: &&str| word.to_lowercase();
        let upper = |word: &&str| word.to_uppercase();
        let capital = |word: &&str| {
            let mut letters = word.chars();
            letters.next().map(|first| {
                first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect()
            })
        };
        let all = |change: &dyn Fn(&&str) -> String, between| {
            words.iter().map(change).collect::<Vec<_>>().join(between)
        };
        match self {
            Self::Lower => all(&lower, ""),
            Self::Upper => all(&upper, ""),
            Self::Pascal => words.iter().filter_map(capital).collect(),
            Self::Camel => {
                let rest = words.iter().skip(1).filter_map(capital);
                words.iter().take(1).map(lower).chain(rest).collect()
            }
            Self::Snake => all(&lower, "_"),
            Self::ScreamingSnake => all(&upper, "_"),
            Self::Kebab => all(&lower, "-"),
            Self::ScreamingKebab => all(&upper, "-"),
        }
    }
}

/// `layout`: one of the ways in which many values can be stored.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Layout {
    Packed,
    Stacked,
    Rows,
    Columns,
    Links,
    Compound,
    Shared,
}

impl Layout {
    const ALL: [(&'static str, Self); 7] = [
        ("packed", Self::Packed),
        ("stacked", Self::Stacked),
        ("rows", Self::Rows),
        ("columns", Self::Columns),
        ("links", Self::Links),
        ("compound", Self::Compound),
        ("shared", Self::Shared),
    ];
}

/// Skips whatever follows an unknown word, so that the words after it are still looked at.
pub(super) fn discard(meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
    if meta.input.peek(syn::token::Paren) {
        let content;
        syn::parenthesized!(content in meta.input);
        content.parse::<TokenStream>()?;
    } else if meta.input.peek(Token![=]) {
        meta.input.parse::<Token![=]>()?;
        meta.input.parse::<Expr>()?;
    }
    Ok(())
}

/// A word that stands alone.
pub(super) fn flag(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Option<()>> {
    if meta.input.is_empty() || meta.input.peek(Token![,]) {
        return Ok(Some(()));
    }
    cx.error(meta.path.span(), format_args!("`{}` takes no value", word(meta)));
    discard(meta)?;
    Ok(None)
}

/// `word = expr`.
pub(super) fn expr(meta: &ParseNestedMeta<'_>) -> syn::Result<Expr> {
    if !meta.input.peek(Token![=]) {
        return Err(syn::Error::new(
            meta.path.span(),
            format_args!("`{0}` needs a value: `{0} = ...`", word(meta)),
        ));
    }
    // A value that comes out of a `macro_rules!` stands in an invisible group.
    let mut expr: Expr = meta.value()?.parse()?;
    while let Expr::Group(group) = expr {
        expr = *group.expr;
    }
    Ok(expr)
}

/// `word = "text"`.
pub(super) fn string(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Option<LitStr>> {
    match expr(meta)? {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Ok(Some(text)),
        other => {
            cx.error(other.span(), format_args!("expected a string: `{} = \"...\"`", word(meta)));
            Ok(None)
        }
    }
}

/// `word = "name"`: a name that HDF5 can hold.
pub(super) fn name(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Name>> {
    Ok(string(cx, meta)?.and_then(|text| checked_name(cx, &text)))
}

/// Refuses what cannot be the name of a link.
pub(super) fn checked_name(cx: &Context, text: &LitStr) -> Option<Name> {
    let name = Name { value: text.value(), span: text.span() };
    let problem = if name.value.is_empty() {
        "a name on disk must not be empty"
    } else if name.value.contains('\0') {
        "a name on disk must not contain NUL"
    } else if name.value.split('/').any(|part| part.is_empty() || part == ".") {
        "a name on disk must not be `.`, and `/` has to stand between names"
    } else {
        return Some(name);
    };
    cx.error(name.span, problem);
    None
}

/// `word = path`.
pub(super) fn path(meta: &ParseNestedMeta<'_>) -> syn::Result<syn::Path> {
    let value = meta.value()?;
    // `crate` is a keyword, and `parse::<Path>` takes it; the string form is what serde's users
    // write.
    if value.peek(LitStr) {
        value.parse::<LitStr>()?.parse_with(syn::Path::parse_mod_style)
    } else {
        value.parse()
    }
}

/// `word = "one of a list"`.
pub(super) fn choice<T: Copy>(
    cx: &Context,
    meta: &ParseNestedMeta<'_>,
    choices: &[(&str, T)],
) -> syn::Result<Option<T>> {
    let Some(text) = string(cx, meta)? else { return Ok(None) };
    let found = choices.iter().find(|(name, _)| *name == text.value());
    if found.is_none() {
        let known: Vec<_> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        let message = format!(
            "unknown `{}`: {:?}\nknown here: {}",
            word(meta),
            text.value(),
            known.join(", ")
        );
        cx.error(text.span(), message);
    }
    Ok(found.map(|(_, value)| *value))
}

/// `rename_all = "..."`.
pub(super) fn rename_rule(
    cx: &Context,
    meta: &ParseNestedMeta<'_>,
) -> syn::Result<Option<RenameRule>> {
    choice(cx, meta, &RenameRule::ALL)
}

/// `layout = "..."`.
pub(super) fn layout(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Option<Layout>> {
    choice(cx, meta, &Layout::ALL)
}

/// `word = 3`: a version number.
pub(super) fn version(cx: &Context, meta: &ParseNestedMeta<'_>) -> syn::Result<Option<u32>> {
    let value = expr(meta)?;
    let number = match &value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => {
            number.base10_parse().ok().filter(|number| *number > 0)
        }
        _ => None,
    };
    if number.is_none() {
        cx.error(
            value.span(),
            format_args!("`{}` is a whole number from 1 to {}", word(meta), u32::MAX),
        );
    }
    Ok(number)
}
