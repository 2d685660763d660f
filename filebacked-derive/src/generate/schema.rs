//! What a type looks like, without a value.

use proc_macro2::TokenStream;
use quote::quote;

use super::{Target, members, require};
use crate::ast::{Field, Variant};

/// The schema of a struct that is a group.
pub(super) fn structure(target: &Target<'_>, fields: &[Field<'_>]) -> TokenStream {
    let name = &target.container.name;
    let version = target.container.version();
    let fields = field_list(target, fields);
    quote!(__fb::Schema::structure(#name, #version, #fields))
}

/// The schema of an enum with data.
pub(super) fn variants(target: &Target<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let name = &target.container.name;
    let version = target.container.version();
    let variants = variants.iter().map(|variant| {
        let name = &variant.name.value;
        let fields = field_list(target, &variant.fields);
        quote!(__fb::VariantSchema::new(#name, #fields))
    });
    quote!(__fb::Schema::variants(#name, #version, __fb::vec![#(#variants),*]))
}

/// A `Vec` of the schemas of fields.
fn field_list(target: &Target<'_>, fields: &[Field<'_>]) -> TokenStream {
    let stored: Vec<_> = fields.iter().filter(|field| field.is_stored()).collect();
    if stored.is_empty() {
        return quote!(__fb::Vec::new());
    }
    if !stored.iter().any(|field| field.is_flattened()) {
        let schemas = stored.iter().map(|field| one(target, field));
        return quote!(__fb::vec![#(#schemas),*]);
    }
    let statements = stored.iter().map(|field| {
        let ty = field.ty;
        if field.is_flattened() {
            let stated = require::stated(target, field);
            quote! {
                #stated
                __fields.append(&mut <#ty as __fb::FileBacked>::schema().into_fields());
            }
        } else {
            let schema = one(target, field);
            quote!(__fields.push(#schema);)
        }
    });
    quote!({
        let mut __fields = __fb::Vec::new();
        #(#statements)*
        __fields
    })
}

/// The schema of one field.
fn one(target: &Target<'_>, field: &Field<'_>) -> TokenStream {
    let name = &field.name.value;
    let ty = field.ty;
    let nested = match field.attrs.filter() {
        Some(_) => quote!(|| __fb::Schema::Opaque),
        None => quote!(<#ty as __fb::FileBacked>::schema),
    };
    let aliases = field.attrs.aliases.iter().map(|alias| &alias.value);
    let optional = members::default(target.container, field).map(|_| quote!(.optional()));
    let attribute = field.attrs.attr.is_set().then(|| quote!(.attribute()));
    quote!(__fb::FieldSchema::new(#name, #nested) #(.alias(#aliases))* #optional #attribute)
}
