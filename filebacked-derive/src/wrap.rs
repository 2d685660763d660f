//! What stands around the generated implementations.

use proc_macro2::TokenStream;
use quote::quote;

use crate::ast::Container;

/// The path of the crate `filebacked`, as the user reaches it.
pub(crate) fn crate_path(container: &Container<'_>) -> TokenStream {
    container.attrs.crate_path.get().map_or_else(|| quote!(::filebacked), |path| quote!(#path))
}

/// Puts the implementations into a scope of their own: no name of theirs is seen outside, and
/// inside `__fb` is the library.
pub(crate) fn in_const(container: &Container<'_>, implementations: &TokenStream) -> TokenStream {
    let krate = crate_path(container);
    // The lints are those that a user may have denied, and that code made for any type cannot
    // always keep.
    quote! {
        #[doc(hidden)]
        #[allow(
            clippy::absolute_paths,
            deprecated,
            elided_lifetimes_in_paths,
            non_snake_case,
            non_upper_case_globals,
            single_use_lifetimes,
            trivial_casts,
            unreachable_code,
            unused_imports,
            unused_lifetimes,
            unused_mut,
            unused_parens,
            unused_qualifications,
            unused_results,
            unused_variables
        )]
        const _: () = {
            use #krate::__private as __fb;
            use ::core::iter::{IntoIterator as _, Iterator as _};
            #implementations
        };
    }
}
