//! The implementations, one file for each shape of type. Attributes have been read and checked by
//! now.

mod enums;
mod members;
mod require;
mod schema;
mod structs;
mod transparent;
mod unit;

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Generics, Ident};

use self::require::{all_stated, stated};
use crate::Derive;
use crate::ast::{Container, Data, Field, Style};
use crate::attr::{Layout, Upgrade};
use crate::bound;

/// All implementations of one type.
pub(crate) fn implementations(container: &Container<'_>, derive: Derive) -> TokenStream {
    let target = Target { container, derive, generics: bound::with_bounds(container, derive) };
    match &container.data {
        Data::Struct(style, fields) => match container.transparent_field() {
            Some(index) if container.is_transparent() => {
                transparent::implementations(&target, *style, fields, index)
            }
            _ => structs::implementations(&target, *style, fields),
        },
        Data::Enum(variants) if container.is_unit_enum() => {
            unit::implementations(&target, variants)
        }
        Data::Enum(variants) => enums::implementations(&target, variants),
    }
}

/// The type that gets the implementations.
struct Target<'a> {
    container: &'a Container<'a>,
    derive: Derive,
    generics: Generics,
}

impl Target<'_> {
    /// `impl Trait for Type { body }`.
    fn implement(&self, name: &str, body: &TokenStream) -> TokenStream {
        let name = Ident::new(name, Span::call_site());
        let ident = self.container.ident;
        let (impl_generics, _, where_clause) = self.generics.split_for_impl();
        let (_, type_generics, _) = self.container.generics.split_for_impl();
        quote! {
            #[automatically_derived]
            impl #impl_generics __fb::#name for #ident #type_generics #where_clause {
                #body
            }
        }
    }

    /// `impl Trait for Type { body }` for a trait that only `derive(FileBacked)` implements.
    fn implement_reading(
        &self,
        name: &str,
        body: impl FnOnce() -> TokenStream,
    ) -> Option<TokenStream> {
        (self.derive == Derive::FileBacked).then(|| self.implement(name, &body()))
    }

    /// Whether many values are columns, one dataset per field.
    fn has_columns(&self) -> bool {
        self.container.attrs.layout.get() != Some(&Layout::Rows)
    }

    /// Whether those columns are put together to one dataset.
    fn is_compound(&self) -> bool {
        self.container.attrs.layout.get() == Some(&Layout::Compound)
    }

    /// `Save::key`: the identity that the registry knows the type by. Types that borrow have none.
    fn key(&self) -> Option<TokenStream> {
        (self.derive == Derive::FileBacked).then(|| {
            quote! {
                fn key() -> ::core::option::Option<__fb::Key<Self>> {
                    ::core::option::Option::Some(__fb::Key::new())
                }
            }
        })
    }

    /// The call that tells a slot the class in Python that the type stands for, where it names its
    /// module.
    fn class(&self) -> Option<TokenStream> {
        let (module, name) = (self.container.attrs.module.get()?, &self.container.name);
        Some(quote!(.class(&[#module, #name])))
    }

    /// The body of a `read`: `statements` read the type as it is now, the types of `upgrade` what
    /// is older, and `after_read` sees the value before the caller does.
    fn read_value(&self, statements: TokenStream) -> TokenStream {
        let statements = self.upgraded(statements, "upgrade");
        let Some(path) = self.container.attrs.after_read.get() else { return statements };
        quote! {
            let __read: __fb::Result<Self> = { #statements };
            let mut __value = __read?;
            __fb::after_read(#path(&mut __value))?;
            ::core::result::Result::Ok(__value)
        }
    }

    /// The body of a `read_rows`.
    fn read_values(&self, statements: TokenStream) -> TokenStream {
        let statements = self.upgraded(statements, "upgrade_rows");
        let Some(path) = self.container.attrs.after_read.get() else { return statements };
        quote! {
            let __read: __fb::Result<__fb::Vec<Self>> = { #statements };
            let mut __rows = __read?;
            for __value in &mut __rows {
                __fb::after_read(#path(__value))?;
            }
            ::core::result::Result::Ok(__rows)
        }
    }

    /// Statements that read what is of the newest version; older ones are read as the type that is
    /// named for them, or for the next version that has one: that type goes on from there.
    fn upgraded(&self, statements: TokenStream, read: &str) -> TokenStream {
        let mut upgrades: Vec<_> = self.container.attrs.upgrades.iter().collect();
        if upgrades.is_empty() {
            return statements;
        }
        upgrades.sort_by_key(|upgrade| upgrade.from);
        let read = local(read);
        let arms = upgrades.into_iter().map(|Upgrade { from, via, .. }| {
            quote_spanned! {via.span()=>
                ::core::option::Option::Some(..=#from) => __fb::#read::<#via, Self>(__node, #from),
            }
        });
        quote! {
            match __fb::stored_version(&__node)? {
                #(#arms)*
                _ => { #statements }
            }
        }
    }
}

/// `Path { a: .., b: .. }`, `Path(.., ..)` or `Path`, out of a value for each field.
fn construct(
    path: &TokenStream,
    style: Style,
    fields: &[Field<'_>],
    value: impl FnMut(&Field<'_>) -> TokenStream,
) -> TokenStream {
    let values = fields.iter().map(value);
    match style {
        Style::Named => {
            let members = fields.iter().map(|field| &field.member);
            quote!(#path { #(#members: #values),* })
        }
        Style::Tuple => quote!(#path(#(#values),*)),
        Style::Unit => path.clone(),
    }
}

/// A name of generated code, resolved where the derive stands.
fn local(name: impl AsRef<str>) -> Ident {
    Ident::new(name.as_ref(), Span::call_site())
}

/// `Save::is_listed`: many values are objects of their own.
fn listed() -> TokenStream {
    quote! {
        fn is_listed() -> __fb::bool {
            true
        }
    }
}

/// `Save::needs_objects`: one of the fields' types does, or `own` says so.
fn needs_objects<'f, 'a: 'f>(
    target: &Target<'_>,
    own: bool,
    fields: impl Iterator<Item = &'f Field<'a>>,
) -> TokenStream {
    if own {
        return quote! {
            fn needs_objects(_: &mut __fb::Seen) -> __fb::bool {
                true
            }
        };
    }
    let fields: Vec<_> = fields.collect();
    let stated = all_stated(target, fields.iter().copied());
    let types = fields.iter().map(|field| field.ty);
    quote! {
        fn needs_objects(__seen: &mut __fb::Seen) -> __fb::bool {
            #stated
            __seen.enter::<Self>()
                && (false #(|| <#types as __fb::Save>::needs_objects(__seen))*)
        }
    }
}

/// `Save::needs_objects` of what is stored as its one field.
fn passes_objects(target: &Target<'_>, field: &Field<'_>) -> TokenStream {
    let stated = stated(target, field);
    let ty = field.ty;
    quote! {
        fn needs_objects(__seen: &mut __fb::Seen) -> __fb::bool {
            #stated
            __seen.pass::<Self>() && <#ty as __fb::Save>::needs_objects(__seen)
        }
    }
}

/// `Save::is_flat`: the types of all fields are, behind the guard that ends the question for
/// recursive ones.
fn all_flat<'f, 'a: 'f>(
    target: &Target<'_>,
    fields: impl Iterator<Item = &'f Field<'a>>,
) -> TokenStream {
    let fields: Vec<_> = fields.collect();
    let stated = all_stated(target, fields.iter().copied());
    let types = fields.iter().map(|field| field.ty);
    quote! {
        fn is_flat(__level: __fb::u32) -> __fb::bool {
            #stated
            __level < 16 #(&& <#types as __fb::Save>::is_flat(__level + 1))*
        }
    }
}
