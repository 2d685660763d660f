//! Types of which the syntax alone says that they cannot be stored: pointers and functions.

use proc_macro2::Span;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{GenericArgument, PathArguments, Token, Type, TypeParamBound, TypeReference};

use crate::Derive;
use crate::ast::{Container, Field, last_segment};
use crate::context::Context;

/// Containers of the standard library that store what is inside them. The arguments of other types
/// may be anything: `PhantomData<fn(T)>` can be stored.
const CONTAINERS: [&str; 14] = [
    "Option",
    "Box",
    "Rc",
    "Arc",
    "Vec",
    "VecDeque",
    "LinkedList",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
    "HashMap",
    "HashSet",
    "Mutex",
    "RwLock",
];

/// Reports fields that are stored and whose types can never be.
pub(crate) fn check(cx: &Context, container: &Container<'_>, derive: Derive) {
    let is_own = |field: &&Field<'_>| field.is_stored() && field.attrs.filter().is_none();
    for field in container.all_fields().filter(is_own) {
        if let Some((span, what)) = unstorable(field.ty, derive) {
            let help = "leave the field out with `#[filebacked(skip)]`, \
                or name a filter with `#[filebacked(with = ...)]`";
            cx.error(span, format_args!("{what}\nhelp: {help}"));
        }
    }
}

/// The part of a type that cannot be stored, and why.
fn unstorable(ty: &Type, derive: Derive) -> Option<(Span, &'static str)> {
    let inside = |ty: &Type| unstorable(ty, derive);
    match ty {
        Type::Ptr(pointer) => {
            let message = "a raw pointer cannot be stored: an address means nothing in a file";
            Some((pointer.star_token.span(), message))
        }
        Type::BareFn(function) => {
            let message = "a function pointer cannot be stored: an address means nothing in a file";
            Some((function.fn_token.span(), message))
        }
        Type::TraitObject(object) if is_closure(&object.bounds) => {
            Some((object.bounds.span(), "a closure cannot be stored: it is code, not data"))
        }
        // Any other lifetime is a parameter of the type, which is an error itself.
        Type::Reference(reference) if derive == Derive::FileBacked && is_static(reference) => {
            let message =
                "a reference cannot be read back: store the value itself, or derive `Save` alone";
            Some((reference.and_token.span(), message))
        }
        Type::Array(array) => inside(&array.elem),
        Type::Group(group) => inside(&group.elem),
        Type::Paren(paren) => inside(&paren.elem),
        Type::Reference(reference) => inside(&reference.elem),
        Type::Slice(slice) => inside(&slice.elem),
        Type::Tuple(tuple) => tuple.elems.iter().find_map(inside),
        Type::Path(_) => {
            let segment = last_segment(ty)?;
            let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
            if !CONTAINERS.iter().any(|name| segment.ident == name) {
                return None;
            }
            arguments.args.iter().find_map(|argument| match argument {
                GenericArgument::Type(ty) => inside(ty),
                _ => None,
            })
        }
        _ => None,
    }
}

/// Whether a trait object is of `Fn`, `FnMut` or `FnOnce`.
fn is_closure(bounds: &Punctuated<TypeParamBound, Token![+]>) -> bool {
    bounds.iter().any(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return false };
        let last = bound.path.segments.last();
        last.is_some_and(|segment| matches!(segment.arguments, PathArguments::Parenthesized(_)))
    })
}

fn is_static(reference: &TypeReference) -> bool {
    reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static")
}
