//! What a type looks like, without a value.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::members;
use crate::ast::{Container, Field, Variant};

/// The schema of a struct that is a group.
pub(super) fn structure(container: &Container<'_>, fields: &[Field<'_>]) -> TokenStream {
    let name = &container.name;
    let version = container.version();
    let fields = field_list(container, fields);
    quote!(__fb::Schema::structure(#name, #version, #fields))
}

/// The schema of an enum with data.
pub(super) fn variants(container: &Container<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let name = &container.name;
    let version = container.version();
    let variants = variants.iter().map(|variant| {
        let name = &variant.name.value;
        let fields = field_list(container, &variant.fields);
        quote!(__fb::VariantSchema::new(#name, #fields))
    });
    quote!(__fb::Schema::variants(#name, #version, __fb::vec![#(#variants),*]))
}

/// A `Vec` of the schemas of fields.
fn field_list(container: &Container<'_>, fields: &[Field<'_>]) -> TokenStream {
    let stored: Vec<_> = fields.iter().filter(|field| field.is_stored()).collect();
    if stored.is_empty() {
        return quote!(__fb::Vec::new());
    }
    if !stored.iter().any(|field| field.is_flattened()) {
        let schemas = stored.iter().map(|field| one(container, field));
        return quote!(__fb::vec![#(#schemas),*]);
    }
    let statements = stored.iter().map(|field| {
        let ty = field.ty;
        if field.is_flattened() {
            quote_spanned!(field.span()=> __fields.append(&mut <#ty as __fb::FileBacked>::schema().into_fields());)
        } else {
            let schema = one(container, field);
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
fn one(container: &Container<'_>, field: &Field<'_>) -> TokenStream {
    let name = &field.name.value;
    let ty = field.ty;
    let nested = match field.attrs.filter() {
        Some(_) => quote!(|| __fb::Schema::Opaque),
        None => quote_spanned!(field.span()=> <#ty as __fb::FileBacked>::schema),
    };
    let aliases = field.attrs.aliases.iter().map(|alias| &alias.value);
    let optional = members::default(container, field).map(|_| quote!(.optional()));
    let attribute = field.attrs.attr.is_set().then(|| quote!(.attribute()));
    quote!(__fb::FieldSchema::new(#name, #nested) #(.alias(#aliases))* #optional #attribute)
}
