//! A struct as a group, one member per field.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Member;

use super::members::{self, Group};
use super::{Target, all_flat, construct, listed, needs_objects, schema};
use crate::ast::{Field, Style};

pub(super) fn implementations(
    target: &Target<'_>,
    style: Style,
    fields: &[Field<'_>],
) -> TokenStream {
    let save = target.implement("Save", &save(target, fields));
    let save_members = target.implement("SaveMembers", &save_members(target, fields));
    let file_backed = target.implement_reading("FileBacked", || file_backed(target, fields));
    let read_members =
        target.implement_reading("ReadMembers", || read_members(target, style, fields));
    quote!(#save #save_members #file_backed #read_members)
}

fn save(target: &Target<'_>, fields: &[Field<'_>]) -> TokenStream {
    let name = &target.container.name;
    let version = target.container.version();
    let key = target.key();
    let class = target.class();
    let stored = || fields.iter().filter(|field| field.is_stored());
    // A filter or an attribute needs a node of its own, the others are what their types are.
    let own = stored().any(|field| field.attrs.filter().is_some() || field.attrs.attr.is_set());
    let is_flat = (!own && target.has_columns()).then(|| all_flat(target, stored()));
    let filtered = stored().any(|field| field.attrs.filter().is_some());
    let needs_objects = needs_objects(target, filtered || !target.has_columns(), stored());
    let columns = quote! {
        let mut __group = __slot.columns::<Self>(#name, #version, __rows.len())?;
        if !__group.is_stub() {
            __fb::SaveMembers::write_member_rows(__rows, &mut __group)?;
        }
        __group.end()
    };
    let columns = match target.is_compound() {
        true => quote!(__slot.compound(|__slot| { #columns })),
        false => columns,
    };
    // Without columns, rows are the numbered group that every type falls back on.
    let write_rows = target.has_columns().then(|| {
        quote! {
            fn write_rows(
                __rows: __fb::Rows<'_, Self>,
                __slot: __fb::Slot<'_>,
            ) -> __fb::Result<__fb::Written> {
                #columns
            }
        }
    });
    let is_listed = (!target.has_columns()).then(listed);
    quote! {
        fn write(&self, __slot: __fb::Slot<'_>) -> __fb::Result<__fb::Written> {
            let mut __group = __slot #class.structure(#name, #version)?;
            __fb::SaveMembers::write_members(self, &mut __group)?;
            __group.end()
        }

        #write_rows
        #is_listed

        #is_flat
        #needs_objects
        #key
    }
}

fn save_members(target: &Target<'_>, fields: &[Field<'_>]) -> TokenStream {
    let group = Group::borrowed();
    let stored = || fields.iter().filter(|field| field.is_stored());
    let values = members::nest(stored(), &group, &|field, name, group| {
        let member = &field.member;
        members::write(target, field, name, group, &quote_spanned!(field.span()=> &self.#member))
    });
    let columns = members::nest(stored(), &group, &|field, name, group| {
        let member = &field.member;
        let rows = quote_spanned!(field.span()=> __rows.project(|__row| &__row.#member));
        members::write_rows(target, field, name, group, &rows)
    });
    quote! {
        fn write_members(&self, __group: &mut __fb::GroupWriter<'_>) -> __fb::Result<()> {
            #values
            ::core::result::Result::Ok(())
        }

        fn write_member_rows(
            __rows: __fb::Rows<'_, Self>,
            __group: &mut __fb::GroupWriter<'_>,
        ) -> __fb::Result<()> {
            #columns
            ::core::result::Result::Ok(())
        }
    }
}

fn file_backed(target: &Target<'_>, fields: &[Field<'_>]) -> TokenStream {
    let name = &target.container.name;
    let version = target.container.version();
    let schema = schema::structure(target, fields);
    let deny = target
        .container
        .attrs
        .deny_unknown
        .is_set()
        .then(|| quote!(__group.deny_unknown(&<Self as __fb::ReadMembers>::member_names())?;));
    let value = target.read_value(quote! {
        let __group = __node.structure(#name, #version)?;
        #deny
        __fb::ReadMembers::read_members(&__group)
    });
    let values = target.read_values(quote! {
        let __names = <Self as __fb::ReadMembers>::member_names;
        let __group = __node.columns_of(#name, #version, __names)?;
        if __group.len() == 0 {
            return ::core::result::Result::Ok(__fb::Vec::new());
        }
        #deny
        __fb::ReadMembers::read_member_rows(&__group)
    });
    let read_rows = target.has_columns().then(|| {
        quote! {
            fn read_rows(__node: __fb::Node<'_>) -> __fb::Result<__fb::Vec<Self>> {
                #values
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

        #read_rows
    }
}

fn read_members(target: &Target<'_>, style: Style, fields: &[Field<'_>]) -> TokenStream {
    let container = target.container;
    let group = Group::borrowed();
    let names = member_names(target, fields);
    let value =
        construct(&quote!(Self), style, fields, |field| members::read(target, field, &group));
    let iter = |field: &Field<'_>| match &field.member {
        Member::Named(ident) => format_ident!("__rows_{}", ident),
        Member::Unnamed(index) => format_ident!("__rows_{}", index.index),
    };
    let iters = fields.iter().filter(|field| field.is_stored()).map(|field| {
        let iter = iter(field);
        let rows = members::read_rows(target, field, &group);
        quote_spanned!(field.span()=> let mut #iter = __fb::Column::new(#rows);)
    });
    let row = construct(&quote!(Self), style, fields, |field| {
        if !field.is_stored() {
            return members::skipped(container, field);
        }
        let iter = iter(field);
        quote_spanned!(field.span()=> __fb::next(&mut #iter)?)
    });
    // Columns vouch for their length; without any, the length is a number that somebody wrote.
    let capacity =
        fields.iter().any(Field::is_stored).then(|| quote!(with_capacity(__group.len())));
    let capacity = capacity.unwrap_or_else(|| quote!(new()));
    quote! {
        fn member_names() -> __fb::Vec<&'static __fb::str> {
            #names
        }

        fn read_members(__group: &__fb::GroupReader<'_>) -> __fb::Result<Self> {
            ::core::result::Result::Ok(#value)
        }

        fn read_member_rows(__group: &__fb::GroupReader<'_>) -> __fb::Result<__fb::Vec<Self>> {
            #(#iters)*
            let mut __rows = __fb::Vec::#capacity;
            for _ in 0..__group.len() {
                __rows.push(#row);
            }
            ::core::result::Result::Ok(__rows)
        }
    }
}

/// All names that may stand in the group: of fields, of their aliases, of flattened fields, and of
/// removed ones.
fn member_names(target: &Target<'_>, fields: &[Field<'_>]) -> TokenStream {
    let stored = || fields.iter().filter(|field| field.is_stored());
    let own = stored().filter(|field| !field.is_flattened()).flat_map(Field::names);
    let own = own.chain(&target.container.attrs.removed).map(|name| &name.value);
    let flattened: Vec<_> =
        stored().filter(|field| field.is_flattened()).map(|field| field.ty).collect();
    if flattened.is_empty() {
        return quote!(__fb::vec![#(#own),*]);
    }
    quote! {
        let mut __names = __fb::vec![#(#own),*];
        #(__names.append(&mut <#flattened as __fb::ReadMembers>::member_names());)*
        __names
    }
}
