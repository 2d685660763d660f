//! An enum without data: a value of an HDF5 enum, a string or a number. The library does the work,
//! the derive gives the tables.

use proc_macro2::{Literal, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::Ident;

use super::{Target, local};
use crate::ast::Variant;
use crate::attr::Repr;

pub(super) fn implementations(target: &Target<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let unit_enum = target.implement("UnitEnum", &unit_enum(target, variants));
    let save = target.implement("Save", &save(target));
    let file_backed = target.implement_reading("FileBacked", || file_backed(target));
    let fits = fits(target, variants);
    quote!(#unit_enum #save #file_backed #fits)
}

fn unit_enum(target: &Target<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let container = target.container;
    let name = &container.name;
    let repr = match container.attrs.repr.get() {
        None | Some(Repr::Enum) => quote!(__fb::UnitRepr::Enum),
        Some(Repr::String) => quote!(__fb::UnitRepr::String),
        Some(Repr::Int { size, signed, .. }) => {
            let size = Literal::u8_unsuffixed(*size);
            quote!(__fb::UnitRepr::Int { size: #size, signed: #signed })
        }
    };
    let names = variants.iter().map(|variant| &variant.name.value);
    let aliases = variants.iter().map(|variant| {
        let aliases = variant.attrs.aliases.iter().map(|alias| &alias.value);
        quote!(&[#(#aliases),*])
    });
    let idents: Vec<&Ident> = variants.iter().map(|variant| variant.ident).collect();
    let other = match variants.iter().position(|variant| variant.attrs.other.is_set()) {
        Some(index) => quote!(::core::option::Option::Some(#index)),
        None => quote!(::core::option::Option::None),
    };
    let indices = 0..variants.len();
    // The last arm takes the rest: the index comes out of `NAMES`.
    let arms = idents.iter().enumerate().map(|(index, ident)| {
        if index + 1 == idents.len() {
            quote!(_ => Self::#ident)
        } else {
            quote!(#index => Self::#ident)
        }
    });
    quote! {
        const NAME: &'static __fb::str = #name;
        const REPR: __fb::UnitRepr = #repr;
        const NAMES: &'static [&'static __fb::str] = &[#(#names),*];
        const ALIASES: &'static [&'static [&'static __fb::str]] = &[#(#aliases),*];
        const VALUES: &'static [__fb::i128] = &[#(Self::#idents as __fb::i128),*];
        const OTHER: ::core::option::Option<__fb::usize> = #other;

        fn index(&self) -> __fb::usize {
            match self {
                #(Self::#idents => #indices,)*
            }
        }

        fn from_index(__index: __fb::usize) -> Self {
            match __index {
                #(#arms,)*
            }
        }
    }
}

fn save(target: &Target<'_>) -> TokenStream {
    let key = target.key();
    quote! {
        fn write(&self, __slot: __fb::Slot<'_>) -> __fb::Result<__fb::Written> {
            __fb::unit::write(self, __slot)
        }

        fn write_rows(
            __rows: __fb::Rows<'_, Self>,
            __slot: __fb::Slot<'_>,
        ) -> __fb::Result<__fb::Written> {
            __fb::unit::write_rows(__rows, __slot)
        }

        fn write_optional_rows(
            __values: &[::core::option::Option<&Self>],
            __slot: __fb::Slot<'_>,
        ) -> __fb::Result<__fb::Written> {
            __fb::unit::write_optional_rows(__values, __slot)
        }

        fn is_flat(_: __fb::u32) -> __fb::bool {
            true
        }

        fn is_number() -> __fb::bool {
            __fb::unit::is_number::<Self>()
        }

        fn is_link_name() -> __fb::bool {
            true
        }

        fn name(&self) -> ::core::option::Option<__fb::Cow<'_, __fb::str>> {
            __fb::unit::name(self)
        }

        #key
    }
}

fn file_backed(target: &Target<'_>) -> TokenStream {
    let value = target.read_value(quote!(__fb::unit::read::<Self>(__node)));
    let values = target.read_values(quote!(__fb::unit::read_rows::<Self>(__node)));
    quote! {
        fn schema() -> __fb::Schema {
            __fb::unit::schema::<Self>()
        }

        fn read(__node: __fb::Node<'_>) -> __fb::Result<Self> {
            #value
        }

        fn read_rows(__node: __fb::Node<'_>) -> __fb::Result<__fb::Vec<Self>> {
            #values
        }

        fn from_name(__name: &__fb::str) -> ::core::option::Option<Self> {
            __fb::unit::from_name::<Self>(__name)
        }
    }
}

/// With `repr = "u8"` and the like, a discriminant that does not fit is an error of the build, not
/// of a save.
fn fits(target: &Target<'_>, variants: &[Variant<'_>]) -> Option<TokenStream> {
    // Without a value for its parameters a generic type has no constants.
    let Some(Repr::Int { name, .. }) = target.container.attrs.repr.get() else { return None };
    if !target.container.generics.params.is_empty() {
        return None;
    }
    let ident = target.container.ident;
    let int = local(name);
    let checks = variants.iter().map(|variant| {
        let variant = variant.ident;
        let span = Span::call_site().located_at(variant.span());
        let message =
            format!("the discriminant of `{variant}` does not fit into `repr = \"{name}\"`");
        quote_spanned! {span=>
            const _: () = ::core::assert!(
                #ident::#variant as __fb::i128 >= __fb::#int::MIN as __fb::i128
                    && #ident::#variant as __fb::i128 <= __fb::#int::MAX as __fb::i128,
                #message
            );
        }
    });
    Some(quote!(#(#checks)*))
}
