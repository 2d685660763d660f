//! An enum with data: a group with the variant's name in an attribute; in rows the tags, and one
//! group of columns a variant.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Ident;

use super::members::{self, Group};
use super::{Target, construct, listed, needs_objects, schema};
use crate::ast::{Field, Style, Variant};

pub(super) fn implementations(target: &Target<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let save = target.implement("Save", &save(target, variants));
    let file_backed = target.implement_reading("FileBacked", || file_backed(target, variants));
    quote!(#save #file_backed)
}

fn save(target: &Target<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let name = &target.container.name;
    let version = target.container.version();
    let tag = target.container.tag();
    let key = target.key();
    let union = is_union(variants);
    let arms = variants
        .iter()
        .zip(0u32..)
        .map(|(variant, index)| write_variant(target, variant, union.then_some(index)));
    let names = variants.iter().map(|variant| &variant.name.value);
    let tags = variants.iter().enumerate().map(|(index, variant)| {
        let ident = variant.ident;
        quote!(Self::#ident { .. } => #index)
    });
    let gathered = gather(variants);
    let columns = variants.iter().filter(|variant| variant.has_stored_fields());
    let columns = columns.map(|variant| write_columns(target, variant));
    // Without columns, rows are the numbered group that every type falls back on.
    let write_rows = target.has_columns().then(|| {
        quote! {
            fn write_rows(
                __rows: __fb::Rows<'_, Self>,
                __slot: __fb::Slot<'_>,
            ) -> __fb::Result<__fb::Written> {
                let mut __group = __slot.variant_rows::<Self>(#name, #version, __rows.len())?;
                if !__group.is_stub() {
                    __group.tags(#tag, &[#(#names),*], __rows, |__row| match __row { #(#tags,)* })?;
                    #gathered
                    #(#columns)*
                }
                __group.end()
            }
        }
    });
    let is_listed = (!target.has_columns()).then(listed);
    let fields = || variants.iter().flat_map(|variant| &variant.fields);
    let stored = || fields().filter(|field| field.is_stored());
    let filtered = stored().any(|field| field.attrs.filter().is_some());
    let needs_objects = needs_objects(target, filtered || !target.has_columns(), stored());
    quote! {
        fn write(&self, __slot: __fb::Slot<'_>) -> __fb::Result<__fb::Written> {
            match self {
                #(#arms)*
            }
        }

        #write_rows
        #is_listed
        #needs_objects

        #key
    }
}

/// The arm of `write` for one variant.
fn write_variant(target: &Target<'_>, variant: &Variant<'_>, union: Option<u32>) -> TokenStream {
    let container = target.container;
    let (name, version, tag, variant_name) =
        (&container.name, container.version(), container.tag(), &variant.name.value);
    let pattern = pattern(variant);
    let union = union.map(|index| quote!(.union(#index)));
    let open = quote!(__slot #union.variant(#name, #version, #tag, #variant_name)?);
    if !variant.has_stored_fields() {
        return quote!(#pattern => #open.end(),);
    }
    let group = Group::written(quote!(__group));
    let fields =
        members::nest(stored(variant).map(|(_, field)| field), &group, &|field, name, group| {
            let binding = binding_of(variant, field);
            members::write(target, field, name, group, &quote!(#binding))
        });
    quote! {
        #pattern => {
            let mut __group = #open;
            #fields
            __group.end()
        }
    }
}

/// One pass over the rows that takes the fields of all variants apart.
fn gather(variants: &[Variant<'_>]) -> TokenStream {
    let filled: Vec<_> = variants.iter().filter(|variant| variant.has_stored_fields()).collect();
    if filled.is_empty() {
        return TokenStream::new();
    }
    let columns: Vec<Ident> = filled
        .iter()
        .flat_map(|variant| stored(variant).map(|(binding, _)| column(variant, &binding)))
        .collect();
    let arms = filled.iter().map(|variant| {
        let pattern = pattern(variant);
        let pushes = stored(variant).map(|(binding, _)| {
            let column = column(variant, &binding);
            quote!(#column.push(#binding);)
        });
        quote!(#pattern => { #(#pushes)* })
    });
    let rest = (filled.len() < variants.len()).then(|| quote!(_ => {}));
    quote! {
        #(let mut #columns = __fb::Vec::new();)*
        __rows.for_each(|__row| match __row { #(#arms)* #rest });
    }
}

/// The columns of one variant's fields.
fn write_columns(target: &Target<'_>, variant: &Variant<'_>) -> TokenStream {
    let name = &variant.name.value;
    let group = Group::written(quote!(__columns));
    let count = stored(variant).next().map(|(binding, _)| column(variant, &binding));
    let fields =
        members::nest(stored(variant).map(|(_, field)| field), &group, &|field, name, group| {
            let column = column(variant, &binding_of(variant, field));
            let rows = quote_spanned!(field.span()=> __fb::Rows::refs(&#column));
            members::write_rows(target, field, name, group, &rows)
        });
    quote! {
        let mut __columns = __group.variant_columns(#name, #count.len())?;
        if !__columns.is_stub() {
            #fields
        }
        __columns.end()?;
    }
}

fn file_backed(target: &Target<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let name = &target.container.name;
    let version = target.container.version();
    let schema = schema::variants(target, variants);
    let tag = target.container.tag();
    let matched = read_variants(target, variants);
    let open = match is_union(variants) {
        true => {
            let names = variants.iter().map(|variant| &variant.name.value);
            quote!(__node.union(#name, #version, #tag, &[#(#names),*]))
        }
        false => quote!(__node.variant(#name, #version, #tag)),
    };
    let value = target.read_value(quote! {
        let __group = #open?;
        #matched
    });
    let rows = read_rows(target, variants);
    let values = target.read_values(quote! {
        let __group = __node.variant_rows(#name, #version)?;
        if __group.len() == 0 {
            return ::core::result::Result::Ok(__fb::Vec::new());
        }
        #rows
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

/// Whether each variant is one value, so that the enum is what Python calls a `Union`.
fn is_union(variants: &[Variant<'_>]) -> bool {
    let is_value = |field: &Field<'_>| {
        field.is_stored()
            && !field.is_flattened()
            && !field.attrs.attr.is_set()
            && field.name.value == "0"
    };
    variants.iter().all(|variant| matches!(&variant.fields[..], [field] if is_value(field)))
}

/// The match over the name of the variant: a `Result`.
fn read_variants(target: &Target<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let group = Group::read(quote!(__group));
    let arms = variants.iter().map(|variant| {
        let names = variant.names().map(|name| &name.value);
        let ident = variant.ident;
        let value = construct(&quote!(Self::#ident), variant.style, &variant.fields, |field| {
            members::read(target, field, &group)
        });
        quote!(#(#names)|* => ::core::result::Result::Ok(#value))
    });
    let rest = match other(variants) {
        Some((_, ident)) => quote!(::core::result::Result::Ok(Self::#ident)),
        None => {
            let names = variants.iter().map(|variant| &variant.name.value);
            quote!(::core::result::Result::Err(__group.unknown_variant(&[#(#names),*])))
        }
    };
    quote! {
        match __group.variant() {
            #(#arms,)*
            _ => #rest,
        }
    }
}

/// The rows: first the tags, then the columns of each variant, then a walk over the tags that takes
/// from the columns.
fn read_rows(target: &Target<'_>, variants: &[Variant<'_>]) -> TokenStream {
    let tag = target.container.tag();
    let names = variants.iter().map(|variant| {
        let names = variant.names().map(|name| &name.value);
        quote!(&[#(#names),*])
    });
    let tags = match other(variants) {
        Some((index, _)) => quote!(tags_or(#tag, &[#(#names),*], #index)),
        None => quote!(tags(#tag, &[#(#names),*])),
    };
    let filled = || variants.iter().enumerate().filter(|(_, variant)| variant.has_stored_fields());
    let counts = filled().next().map(|_| {
        let variants = variants.len();
        quote! {
            let mut __counts = [0; #variants];
            for __tag in &__tags {
                if let ::core::option::Option::Some(__count) = __counts.get_mut(*__tag) {
                    *__count += 1;
                }
            }
        }
    });
    let columns = filled().map(|(index, variant)| read_columns(target, index, variant));
    let arms = variants.iter().enumerate().map(|(index, variant)| {
        // The last arm takes the rest: the library has checked the tags.
        let pattern = if index + 1 == variants.len() { quote!(_) } else { quote!(#index) };
        let ident = variant.ident;
        let mut bindings = (0..).map(binding);
        let value = construct(&quote!(Self::#ident), variant.style, &variant.fields, |field| {
            let column = bindings.next().map(|binding| column(variant, &binding));
            if field.is_stored() {
                quote_spanned!(field.span()=> __fb::next(&mut #column)?)
            } else {
                members::skipped(target.container, field)
            }
        });
        quote!(#pattern => #value)
    });
    quote! {
        let __tags = __group.#tags?;
        #counts
        #(#columns)*
        let mut __values = __fb::Vec::with_capacity(__tags.len());
        for __tag in __tags {
            __values.push(match __tag { #(#arms,)* });
        }
        ::core::result::Result::Ok(__values)
    }
}

/// The columns of one variant. One that no row has is not looked for: in recursive types its
/// columns are left out.
fn read_columns(target: &Target<'_>, index: usize, variant: &Variant<'_>) -> TokenStream {
    let group = Group::read(quote!(__columns));
    let names = variant.names().map(|name| &name.value);
    let columns = stored(variant).map(|(binding, _)| column(variant, &binding));
    let empty = stored(variant).map(|_| quote!(__fb::Column::new(__fb::Vec::new())));
    let rows = stored(variant).map(|(_, field)| {
        let rows = members::read_rows(target, field, &group);
        quote!(__fb::Column::new(#rows))
    });
    quote! {
        let (#(mut #columns,)*) = match __counts[#index] {
            0 => (#(#empty,)*),
            __len => {
                let __columns = __group.variant_columns(&[#(#names),*], __len)?;
                (#(#rows,)*)
            }
        };
    }
}

/// The variant that stands for all that are not known, and its index.
fn other<'a>(variants: &'a [Variant<'_>]) -> Option<(usize, &'a Ident)> {
    let mut indexed = variants.iter().enumerate();
    indexed
        .find(|(_, variant)| variant.attrs.other.is_set())
        .map(|(index, variant)| (index, variant.ident))
}

/// `Self::Circle(__0, _)`: a name for each stored field.
fn pattern(variant: &Variant<'_>) -> TokenStream {
    let ident = variant.ident;
    let bindings = variant.fields.iter().enumerate().map(|(index, field)| {
        let binding = binding(index);
        if field.is_stored() { quote!(#binding) } else { quote!(_) }
    });
    match variant.style {
        Style::Named => {
            let members = variant.fields.iter().map(|field| &field.member);
            quote!(Self::#ident { #(#members: #bindings),* })
        }
        Style::Tuple => quote!(Self::#ident(#(#bindings),*)),
        Style::Unit => quote!(Self::#ident),
    }
}

/// The stored fields of a variant, each with its name in the pattern.
fn stored<'v, 'a>(variant: &'v Variant<'a>) -> impl Iterator<Item = (Ident, &'v Field<'a>)> {
    let indexed = variant.fields.iter().enumerate();
    indexed.filter(|(_, field)| field.is_stored()).map(|(index, field)| (binding(index), field))
}

/// The variable that a variant's pattern gives a field.
fn binding_of(variant: &Variant<'_>, field: &Field<'_>) -> Ident {
    binding(variant.fields.iter().position(|other| std::ptr::eq(other, field)).unwrap_or_default())
}

fn binding(index: usize) -> Ident {
    format_ident!("__{index}")
}

/// The variable of a column: `__Circle__0`.
fn column(variant: &Variant<'_>, binding: &Ident) -> Ident {
    format_ident!("__{}{}", variant.ident, binding)
}
