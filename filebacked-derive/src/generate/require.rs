//! What generated code requires of the types of fields, in a form that makes one error of one
//! mistake.
//!
//! rustc reports an unmet bound wherever it is needed, but prints equal reports once: those with
//! the same message, place and notes. So each function that uses a field first states the strongest
//! bound on the field's type ([`stated`]), and names the type when it calls a generic function
//! ([`call`]). All bounds are then placed at the type in the user's code, where rustc drops those
//! that follow from the stated one, and the reports from all functions are equal.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;

use super::Target;
use crate::Derive;
use crate::ast::Field;

/// The statement that requires what storing the field needs. A field with a filter states that its
/// filter takes the type, where it is called.
pub(super) fn stated(target: &Target<'_>, field: &Field<'_>) -> TokenStream {
    let ty = field.ty;
    if !field.is_stored() || field.attrs.filter().is_some() {
        return TokenStream::new();
    }
    let function = match (target.derive, field.is_flattened()) {
        (Derive::FileBacked, false) => quote!(<#ty as __fb::FileBacked>::schema),
        (Derive::FileBacked, true) => quote!(<#ty as __fb::ReadMembers>::member_names),
        (Derive::Save, false) => quote!(<#ty as __fb::Save>::is_flat),
        (Derive::Save, true) => quote!(<#ty as __fb::SaveMembers>::write_members),
    };
    quote!(let _ = #function;)
}

/// The same for several fields.
pub(super) fn all_stated<'f, 'a: 'f>(
    target: &Target<'_>,
    fields: impl IntoIterator<Item = &'f Field<'a>>,
) -> TokenStream {
    fields.into_iter().map(|field| stated(target, field)).collect()
}

/// A call of a function that is generic over the field's type: a `Result`.
pub(super) fn call(
    target: &Target<'_>,
    field: &Field<'_>,
    function: &TokenStream,
    arguments: &TokenStream,
) -> TokenStream {
    let ty = field.ty;
    let stated = stated(target, field);
    quote_spanned! {field.span()=> {
        #stated
        // In two steps: bounds of what is called at once would be placed at its arguments.
        let __call = #function::<#ty>;
        __call(#arguments)
    }}
}

/// The closure that makes the `Default` of a type. A closure, since bounds of a function that is an
/// argument would be placed at the whole derive, too.
pub(super) fn default(ty: &Type) -> TokenStream {
    quote!(|| <#ty as __fb::HasDefault>::value())
}

/// The value that such a closure makes.
pub(super) fn default_value(ty: &Type) -> TokenStream {
    quote!(<#ty as __fb::HasDefault>::value())
}
