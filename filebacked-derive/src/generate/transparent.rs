//! A struct that is stored as its one field: everything is forwarded.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::members::{self, FieldFilter, field_filter};
use super::require::{call, stated};
use super::{Target, all_flat, construct, passes_objects};
use crate::ast::{Field, Style};

pub(super) fn implementations(
    target: &Target<'_>,
    style: Style,
    fields: &[Field<'_>],
    index: usize,
) -> TokenStream {
    let Some(field) = fields.get(index) else { return TokenStream::new() };
    let filter = field_filter(target.container, field);
    // The field is found by its place: the members of two fields of one struct differ.
    let construct = |value: TokenStream| {
        construct(&quote!(Self), style, fields, |each| {
            if each.member == field.member {
                value.clone()
            } else {
                members::skipped(target.container, each)
            }
        })
    };
    let save = target.implement("Save", &save(target, field, filter.as_ref()));
    let file_backed = target
        .implement_reading("FileBacked", || file_backed(target, field, filter.as_ref(), construct));
    quote!(#save #file_backed)
}

fn save(target: &Target<'_>, field: &Field<'_>, filter: Option<&FieldFilter<'_>>) -> TokenStream {
    let span = field.span();
    let member = &field.member;
    let ty = field.ty;
    let key = target.key();
    let value = quote_spanned!(span=> &self.#member);
    let rows = quote_spanned!(span=> __rows.project(|__row| &__row.#member));
    let class = target.class();
    let slot = quote_spanned!(span=> __slot #class);
    let (put, put_rows) = match filter {
        None => (
            call(target, field, &quote!(__fb::Slot::put), &quote!(#slot, #value)),
            call(target, field, &quote!(__fb::Slot::put_rows), &quote!(__slot, #rows)),
        ),
        Some(filter) => (
            filter.call("Slot", "put", &quote!(#slot, #value), None),
            filter.call("Slot", "put_rows", &quote!(__slot, #rows), None),
        ),
    };
    // With a filter, nothing that the field's type says of itself holds.
    let forwarded = filter.is_none().then(|| {
        let stated = stated(target, field);
        let is_flat = all_flat(target, [field].into_iter());
        let needs_objects = passes_objects(target, field);
        quote! {
            fn absence(&self) -> ::core::option::Option<__fb::u32> {
                #stated
                <#ty as __fb::Save>::absence(#value)
            }

            #is_flat
            #needs_objects

            fn is_number() -> __fb::bool {
                #stated
                <#ty as __fb::Save>::is_number()
            }

            fn is_link_name() -> __fb::bool {
                #stated
                <#ty as __fb::Save>::is_link_name()
            }

            fn name(&self) -> ::core::option::Option<__fb::Cow<'_, __fb::str>> {
                #stated
                <#ty as __fb::Save>::name(#value)
            }
        }
    });
    quote! {
        fn write(&self, __slot: __fb::Slot<'_>) -> __fb::Result<__fb::Written> {
            #put
        }

        fn write_rows(
            __rows: __fb::Rows<'_, Self>,
            __slot: __fb::Slot<'_>,
        ) -> __fb::Result<__fb::Written> {
            #put_rows
        }

        #forwarded
        #key
    }
}

fn file_backed(
    target: &Target<'_>,
    field: &Field<'_>,
    filter: Option<&FieldFilter<'_>>,
    construct: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    let ty = field.ty;
    let node = quote!(__node);
    let (schema, get, get_rows) = match filter {
        None => (
            quote!(<#ty as __fb::FileBacked>::schema()),
            call(target, field, &quote!(__fb::Node::get), &node),
            call(target, field, &quote!(__fb::Node::get_rows), &node),
        ),
        Some(filter) => (
            quote!(__fb::Schema::Opaque),
            filter.call("Node", "get", &node, None),
            filter.call("Node", "get_rows", &node, None),
        ),
    };
    let made = construct(quote!(__inner));
    let wrapped = quote!(|__inner: #ty| #made);
    let value = target.read_value(quote! {
        let __inner: #ty = #get?;
        ::core::result::Result::Ok(#made)
    });
    let values = target.read_values(quote! {
        let __inners: __fb::Vec<#ty> = #get_rows?;
        ::core::result::Result::Ok(__inners.into_iter().map(#wrapped).collect())
    });
    let forwarded = filter.is_none().then(|| {
        quote! {
            fn is_link() -> __fb::bool {
                <#ty as __fb::FileBacked>::is_link()
            }

            fn read_link(__reader: &__fb::LinkReader<'_, '_>) -> __fb::Result<Self> {
                <#ty as __fb::FileBacked>::read_link(__reader).map(#wrapped)
            }

            fn from_absence(__depth: __fb::u32) -> ::core::option::Option<Self> {
                <#ty as __fb::FileBacked>::from_absence(__depth).map(#wrapped)
            }

            fn from_name(__name: &__fb::str) -> ::core::option::Option<Self> {
                <#ty as __fb::FileBacked>::from_name(__name).map(#wrapped)
            }
        }
    });
    quote! {
        fn schema() -> __fb::Schema {
            #schema
        }

        fn read(__node: __fb::Node<'_>) -> __fb::Result<Self> {
            #value
        }

        fn read_rows(__node: __fb::Node<'_>) -> __fb::Result<__fb::Vec<Self>> {
            #values
        }

        #forwarded
    }
}
