//! `#[filebacked::dynamic]`: traits whose objects are stored, and the classes behind them.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::Parser as _;
use syn::spanned::Spanned as _;
use syn::{Generics, Item, ItemImpl, ItemTrait, LitStr, parse_quote};

/// The arguments in the parentheses.
struct Arguments {
    name: Option<LitStr>,
    krate: syn::Path,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let arguments = Arguments::parse(arguments)?;
    match syn::parse2::<Item>(item)? {
        Item::Trait(item) => interface(&arguments, item),
        Item::Impl(item) => class(&arguments, &item),
        other => Err(syn::Error::new(
            other.span(),
            "`dynamic` stands on a trait, and on each `impl` of it for a type that is stored",
        )),
    }
}

impl Arguments {
    fn parse(tokens: TokenStream) -> syn::Result<Self> {
        let mut this = Self { name: None, krate: parse_quote!(::filebacked) };
        syn::meta::parser(|meta| {
            if meta.path.is_ident("name") {
                this.name = Some(meta.value()?.parse()?);
            } else if meta.path.is_ident("crate") {
                this.krate = meta.value()?.parse()?;
            } else {
                return Err(meta.error("expected `name = \"...\"` or `crate = path`"));
            }
            Ok(())
        })
        .parse2(tokens)?;
        Ok(this)
    }
}

/// The trait, whose objects know their class, and `Box`es of them that can be stored.
fn interface(arguments: &Arguments, mut item: ItemTrait) -> syn::Result<TokenStream> {
    refuse_generics(
        &item.generics,
        "a trait whose objects are stored has no parameters: which classes would there be?",
    )?;
    let krate = &arguments.krate;
    let ident = &item.ident;
    let name = arguments.name.as_ref().map_or_else(|| ident.to_string(), LitStr::value);
    let visibility = &item.vis;
    let implementations = quote! {
        const _: () = {
            use #krate::__private as __fb;

            #[doc(hidden)]
            #visibility struct Registration(__fb::Class<dyn #ident>);

            impl Registration {
                #[doc(hidden)]
                pub const fn of<T: __fb::ClassOf<dyn #ident>>() -> Self {
                    Registration(__fb::Class::of::<T>())
                }
            }

            __fb::inventory::collect!(Registration);

            #[automatically_derived]
            impl __fb::Interface for dyn #ident {
                type Registration = Registration;
                const NAME: &'static __fb::str = #name;

                fn classes() -> &'static __fb::Classes<Self> {
                    static CLASSES: ::std::sync::OnceLock<__fb::Classes<dyn #ident>> =
                        ::std::sync::OnceLock::new();
                    CLASSES.get_or_init(|| {
                        let registered = ::core::iter::IntoIterator::into_iter(
                            __fb::inventory::iter::<Registration>,
                        );
                        __fb::Classes::new(::core::iter::Iterator::map(
                            registered,
                            |registration| &registration.0,
                        ))
                    })
                }

                fn value(&self) -> &dyn __fb::Dynamic {
                    self
                }
            }

            #[automatically_derived]
            impl __fb::Save for ::std::boxed::Box<dyn #ident> {
                fn write(&self, __slot: __fb::Slot<'_>) -> __fb::Result<__fb::Written> {
                    __fb::dynamic::write(&**self, __slot)
                }

                fn write_rows(
                    __rows: __fb::Rows<'_, Self>,
                    __slot: __fb::Slot<'_>,
                ) -> __fb::Result<__fb::Written> {
                    __fb::dynamic::write_boxes(__rows, __slot)
                }

                fn key() -> ::core::option::Option<__fb::Key<Self>> {
                    ::core::option::Option::Some(__fb::Key::new())
                }
            }

            #[automatically_derived]
            impl __fb::FileBacked for ::std::boxed::Box<dyn #ident> {
                fn schema() -> __fb::Schema {
                    __fb::dynamic::schema::<dyn #ident>()
                }

                fn read(__node: __fb::Node<'_>) -> __fb::Result<Self> {
                    __fb::dynamic::read(__node)
                }

                fn read_rows(__node: __fb::Node<'_>) -> __fb::Result<__fb::Vec<Self>> {
                    __fb::dynamic::read_rows(__node)
                }
            }
        };
    };
    item.supertraits.push(parse_quote!(#krate::__private::Dynamic));
    Ok(quote!(#item #implementations))
}

/// An `impl` for a type that objects of the trait may be.
fn class(arguments: &Arguments, item: &ItemImpl) -> syn::Result<TokenStream> {
    let krate = &arguments.krate;
    let Some((_, path, _)) = &item.trait_ else {
        return Err(syn::Error::new(
            item.self_ty.span(),
            "`dynamic` stands on the `impl` of a trait",
        ));
    };
    if let Some(name) = &arguments.name {
        let message = "a class has the name of its type: \
            write `#[filebacked(name = \"...\")]` beside the derive of the type";
        return Err(syn::Error::new(name.span(), message));
    }
    let message = "a generic type stands for many classes, and none has a name: \
        implement the trait for each type that is stored";
    refuse_generics(&item.generics, message)?;
    let ty = &item.self_ty;
    Ok(quote! {
        #item

        const _: () = {
            use #krate::__private as __fb;

            #[automatically_derived]
            impl __fb::ClassOf<dyn #path> for #ty {
                fn boxed(self) -> ::std::boxed::Box<dyn #path> {
                    ::std::boxed::Box::new(self)
                }
            }

            __fb::inventory::submit! {
                <<dyn #path as __fb::Interface>::Registration>::of::<#ty>()
            }
        };
    })
}

fn refuse_generics(generics: &Generics, message: &str) -> syn::Result<()> {
    match generics.params.first() {
        None => Ok(()),
        Some(param) => Err(syn::Error::new_spanned(param.to_token_stream(), message)),
    }
}
