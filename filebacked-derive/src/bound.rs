//! Bounds of the generated implementations.
//!
//! They are put on the type parameters that stored fields use, not on the types of the fields: a
//! recursive type would ask for itself otherwise, and private types would show in public bounds.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit::{self, Visit};
use syn::{Generics, Ident, Type, WherePredicate, parse_quote};

use crate::Derive;
use crate::ast::{Container, Field};
use crate::attr::Default;

/// Types whose `Default` is empty, whatever they are made of.
const EMPTY_BY_DEFAULT: [&str; 9] = [
    "PhantomData",
    "Option",
    "Vec",
    "VecDeque",
    "LinkedList",
    "BTreeMap",
    "BTreeSet",
    "HashMap",
    "HashSet",
];

/// Types that ask nothing of what they are made of: a `PhantomData`, and iterators, whose items are
/// what is stored.
const UNASKED: [&str; 3] = ["PhantomData", "Sequence", "Pairs"];

/// The type's generics with the bounds that its implementations need.
pub(crate) fn with_bounds(container: &Container<'_>, derive: Derive) -> Generics {
    let mut generics = container.generics.clone();
    let predicates = match container.attrs.bound.get() {
        Some(given) => given.clone(),
        None => inferred(container, derive),
    };
    // What `FileBacked` asks of every type; no `bound` can mean to leave it out.
    let lasting = container.generics.type_params().filter(|_| derive == Derive::FileBacked);
    let lasting = lasting.map(|param| &param.ident).map(|param| parse_quote!(#param: 'static));
    let lasting: Vec<WherePredicate> = lasting.collect();
    if !predicates.is_empty() || !lasting.is_empty() {
        generics.make_where_clause().predicates.extend(lasting.into_iter().chain(predicates));
    }
    generics
}

fn inferred(container: &Container<'_>, derive: Derive) -> Vec<WherePredicate> {
    if container.generics.type_params().next().is_none() {
        return Vec::new();
    }
    let (stored, members) = match derive {
        Derive::FileBacked => {
            (quote!(__fb::FileBacked), quote!(__fb::SaveMembers + __fb::ReadMembers))
        }
        Derive::Save => (quote!(__fb::Save), quote!(__fb::SaveMembers)),
    };
    let fields: Vec<_> = container.all_fields().collect();
    let mut predicates = Vec::new();

    let own = fields.iter().filter(|field| field.is_stored() && field.attrs.filter().is_none());
    predicates.extend(Used::find(container, own, &UNASKED).bounds(&stored));

    for field in fields.iter().filter(|field| field.is_flattened()) {
        if !Used::find(container, [field], &[]).is_empty() {
            let ty = field.ty;
            predicates.push(parse_quote!(#ty: #members));
        }
    }
    if derive == Derive::FileBacked {
        let defaulted = fields.iter().filter(|field| needs_default(container, field));
        predicates.extend(
            Used::find(container, defaulted, &EMPTY_BY_DEFAULT)
                .bounds(&quote!(::core::default::Default)),
        );
        if container.attrs.default.is_set() {
            predicates.push(parse_quote!(Self: ::core::default::Default));
        }
    }
    predicates
}

/// Whether reading may call `Default` of the field's type.
fn needs_default(container: &Container<'_>, field: &Field<'_>) -> bool {
    match field.attrs.default.get() {
        Some(Default::Expr(_)) => false,
        Some(Default::Trait) => true,
        None if container.attrs.default.is_set() => false,
        None => !field.is_stored() || field.attrs.skip_if.is_set(),
    }
}

/// The type parameters and the types associated with them that some fields use.
struct Used<'a> {
    params: Vec<&'a Ident>,
    /// Types whose arguments do not matter.
    closed: &'static [&'static str],
    used: Vec<&'a Ident>,
    /// `T::Item` and `<T as Iterator>::Item`.
    associated: Vec<syn::TypePath>,
}

impl<'a> Used<'a> {
    fn find<'f, 'x: 'f>(
        container: &Container<'a>,
        fields: impl IntoIterator<Item = &'f &'f Field<'x>>,
        closed: &'static [&'static str],
    ) -> Self {
        let params = container.generics.type_params().map(|param| &param.ident).collect();
        let mut this = Self { params, closed, used: Vec::new(), associated: Vec::new() };
        for field in fields {
            this.visit_type(field.ty);
        }
        this
    }

    fn is_empty(&self) -> bool {
        self.used.is_empty() && self.associated.is_empty()
    }

    fn bounds(self, bound: &TokenStream) -> Vec<WherePredicate> {
        // In the order of the parameters, not of their use.
        let params = self
            .params
            .iter()
            .filter(|param| self.used.contains(param))
            .map(ToTokens::to_token_stream);
        let associated = self.associated.iter().map(ToTokens::to_token_stream);
        params.chain(associated).map(|ty| parse_quote!(#ty: #bound)).collect()
    }

    fn param(&self, ident: &Ident) -> Option<&'a Ident> {
        self.params.iter().copied().find(|param| *param == ident)
    }

    fn associate(&mut self, path: &syn::TypePath) {
        if !self.associated.contains(path) {
            self.associated.push(path.clone());
        }
    }

    /// Parameters among tokens that cannot be understood.
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => self.used.extend(self.param(&ident)),
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
        }
    }
}

impl<'a> Visit<'_> for Used<'a> {
    fn visit_type_path(&mut self, ty: &syn::TypePath) {
        if let Some(of) = &ty.qself {
            let params = self.params.clone();
            let mut inner = Self { params, closed: &[], used: Vec::new(), associated: Vec::new() };
            inner.visit_type(&of.ty);
            if !inner.is_empty() {
                self.associate(ty);
            }
            return;
        }
        if ty
            .path
            .segments
            .last()
            .is_some_and(|last| self.closed.iter().any(|closed| last.ident == closed))
        {
            return;
        }
        let param = ty.path.segments.first().and_then(|first| self.param(&first.ident));
        match param {
            Some(param) if ty.path.leading_colon.is_none() && ty.path.segments.len() == 1 => {
                self.used.push(param)
            }
            Some(_) if ty.path.leading_colon.is_none() => self.associate(ty),
            _ => visit::visit_type_path(self, ty),
        }
    }

    fn visit_type(&mut self, ty: &Type) {
        match ty {
            Type::Macro(call) => self.tokens(call.mac.tokens.clone()),
            other => visit::visit_type(self, other),
        }
    }
}
