//! One field as a member of a group: written and read, alone and as a column.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Expr;

use crate::ast::{Container, Field};
use crate::attr::{Default, Filter, Layout};
use crate::wrap;

/// The variable of a group, and how it is passed on to a flattened field.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) name: TokenStream,
    pub(super) reference: TokenStream,
}

impl Group {
    /// A group that a function was given as a reference.
    pub(super) fn borrowed() -> Self {
        Self { name: quote!(__group), reference: quote!(__group) }
    }

    /// A group in a variable, to be written to.
    pub(super) fn written(name: TokenStream) -> Self {
        Self { reference: quote!(&mut #name), name }
    }

    /// A group in a variable, to be read from.
    pub(super) fn read(name: TokenStream) -> Self {
        Self { reference: quote!(&#name), name }
    }
}

/// The statements that write fields, those whose names have slashes inside of nested groups. Fields
/// with the same first name are written together, since a group is open once; attributes of members
/// come after the members.
pub(super) fn nest<'f, 'a: 'f>(
    fields: impl Iterator<Item = &'f Field<'a>>,
    group: &Group,
    write: &Write<'a>,
) -> TokenStream {
    let (last, first): (Vec<_>, Vec<_>) =
        fields.partition(|field| field.member_of_attribute().is_some());
    let names = first.into_iter().chain(last).map(|field| (field, field.name.value.as_str()));
    nest_below(&names.collect::<Vec<_>>(), group, write)
}

/// What writes a field under a name into a group.
type Write<'a> = dyn Fn(&Field<'a>, &str, &Group) -> TokenStream + 'a;

fn nest_below<'a>(fields: &[(&Field<'a>, &str)], group: &Group, write: &Write<'a>) -> TokenStream {
    let mut statements = TokenStream::new();
    let mut opened: Vec<&str> = Vec::new();
    for (field, name) in fields {
        match name.split_once('/').filter(|_| !field.is_flattened()) {
            None => statements.extend(write(field, name, group)),
            Some((first, _)) if opened.contains(&first) => {}
            Some((first, _)) => {
                opened.push(first);
                let inside = |(field, name): &(&'_ Field<'a>, &'_ str)| -> bool {
                    !field.is_flattened()
                        && name.split_once('/').is_some_and(|(other, _)| other == first)
                };
                let below: Vec<_> = fields.iter().filter(|entry| inside(entry)).collect();
                let below = below
                    .iter()
                    .filter_map(|(field, name)| Some((*field, name.split_once('/')?.1)));
                let inner = nest_below(&below.collect::<Vec<_>>(), &Group::borrowed(), write);
                let group = &group.name;
                statements.extend(quote_spanned! {field.span()=>
                    #group.nested(#first, |__group| {
                        #inner
                        ::core::result::Result::Ok(())
                    })?;
                });
            }
        }
    }
    statements
}

/// The statement that writes a field; `value` is a reference to it.
pub(super) fn write(
    container: &Container<'_>,
    field: &Field<'_>,
    name: &str,
    group: &Group,
    value: &TokenStream,
) -> TokenStream {
    let Group { name: group, reference } = group;
    let span = field.span();
    if field.is_flattened() {
        return quote_spanned!(span=> __fb::SaveMembers::write_members(#value, #reference)?;);
    }
    let storage = storage(field);
    let attribute = field.attrs.attr.is_set().then(|| quote!(.attribute()));
    // Where a missing member means another value, `None` is not a missing member.
    let explicit =
        matches!(field.attrs.default.get(), Some(Default::Expr(_))).then(|| quote!(.explicit()));
    let member = quote_spanned!(span=> #group.member(#name)#attribute #explicit #storage);
    let statement = match field_filter(container, field) {
        None if storage.is_none() && attribute.is_none() && explicit.is_none() => {
            quote_spanned!(span=> #group.field(#name, #value)?;)
        }
        None => quote_spanned!(span=> #member.put(#value)?;),
        Some((Takes::Value, filter)) => quote_spanned!(span=> #member.put_with(#value, &#filter)?;),
        Some((Takes::Inner, filter)) => {
            quote_spanned!(span=> #member.put_option_with(#value, &#filter)?;)
        }
    };
    match field.attrs.skip_if.get() {
        None => statement,
        Some(Expr::Path(path)) => {
            quote_spanned!(span=> if !#path(#value, #group.context()) { #statement })
        }
        // A closure learns the types of its arguments from the variable's.
        Some(closure) => {
            let ty = field.ty;
            quote_spanned! {span=>
                let __skip: fn(&#ty, &__fb::WriteContext) -> bool = #closure;
                if !__skip(#value, #group.context()) { #statement }
            }
        }
    }
}

/// The statement that writes a field of many values as a column.
pub(super) fn write_rows(
    container: &Container<'_>,
    field: &Field<'_>,
    name: &str,
    group: &Group,
    rows: &TokenStream,
) -> TokenStream {
    let Group { name: group, reference } = group;
    let span = field.span();
    if field.is_flattened() {
        return quote_spanned!(span=> __fb::SaveMembers::write_member_rows(#rows, #reference)?;);
    }
    let storage = storage(field);
    // An HDF5 attribute of each row would be a node of each row: in columns `attr` is a column as
    // any other.
    let put = match (field_filter(container, field), field.attrs.skip_if.get()) {
        (None, None) => quote_spanned!(span=> put_rows(#rows)),
        (None, Some(Expr::Path(path))) => {
            quote_spanned!(span=> put_rows_unless(#rows, |__value, __context| #path(__value, __context)))
        }
        (None, Some(closure)) => quote_spanned!(span=> put_rows_unless(#rows, #closure)),
        // The rows of a filter are its own: there is no mask beside them, so that all are written.
        (Some((Takes::Value, filter)), _) => quote_spanned!(span=> put_rows_with(#rows, &#filter)),
        (Some((Takes::Inner, filter)), _) => {
            quote_spanned!(span=> put_option_rows_with(#rows, &#filter))
        }
    };
    quote_spanned!(span=> #group.member(#name)#storage.#put?;)
}

/// The expression that reads a field.
pub(super) fn read(container: &Container<'_>, field: &Field<'_>, group: &Group) -> TokenStream {
    let span = field.span();
    if !field.is_stored() {
        return skipped(container, field);
    }
    let Group { name: group, reference } = group;
    if field.is_flattened() {
        return quote_spanned!(span=> __fb::ReadMembers::read_members(#reference)?);
    }
    let names = field.names().map(|name| &name.value);
    let attribute = field.attrs.attr.is_set().then(|| quote!(.attribute()));
    let get = match (field_filter(container, field), default(container, field)) {
        (None, None) if field.attrs.aliases.is_empty() && attribute.is_none() => {
            let name = &field.name.value;
            return quote_spanned!(span=> #group.field(#name)?);
        }
        (None, None) => quote_spanned!(span=> get()),
        (None, Some(default)) => quote_spanned!(span=> get_or(#default)),
        (Some((Takes::Value, filter)), None) => quote_spanned!(span=> get_with(&#filter)),
        (Some((Takes::Value, filter)), Some(default)) => {
            quote_spanned!(span=> get_with_or(&#filter, #default))
        }
        (Some((Takes::Inner, filter)), None) => quote_spanned!(span=> get_option_with(&#filter)),
        (Some((Takes::Inner, filter)), Some(default)) => {
            quote_spanned!(span=> get_option_with_or(&#filter, #default))
        }
    };
    quote_spanned!(span=> #group.member(&[#(#names),*])#attribute.#get?)
}

/// The expression that reads a field of many values: a `Vec` as long as the group.
pub(super) fn read_rows(
    container: &Container<'_>,
    field: &Field<'_>,
    group: &Group,
) -> TokenStream {
    let Group { name: group, reference } = group;
    let span = field.span();
    if field.is_flattened() {
        return quote_spanned!(span=> __fb::ReadMembers::read_member_rows(#reference)?);
    }
    let names = field.names().map(|name| &name.value);
    let rows = match (field_filter(container, field), default(container, field)) {
        (None, None) => quote_spanned!(span=> rows()),
        (None, Some(default)) if field.attrs.skip_if.is_set() => {
            quote_spanned!(span=> rows_unless_or(#default))
        }
        (None, Some(default)) => quote_spanned!(span=> rows_or(#default)),
        (Some((Takes::Value, filter)), None) => quote_spanned!(span=> rows_with(&#filter)),
        (Some((Takes::Value, filter)), Some(default)) => {
            quote_spanned!(span=> rows_with_or(&#filter, #default))
        }
        (Some((Takes::Inner, filter)), None) => quote_spanned!(span=> option_rows_with(&#filter)),
        (Some((Takes::Inner, filter)), Some(default)) => {
            quote_spanned!(span=> option_rows_with_or(&#filter, #default))
        }
    };
    quote_spanned!(span=> #group.member(&[#(#names),*]).#rows?)
}

/// The value of a field that is not stored.
pub(super) fn skipped(container: &Container<'_>, field: &Field<'_>) -> TokenStream {
    match field.attrs.default.get() {
        Some(Default::Expr(expr)) => quote!(#expr),
        None if container.attrs.default.is_set() => of_container(field),
        _ => quote!(::core::default::Default::default()),
    }
}

/// What makes the value of a field that is missing in the file, if it may be missing.
pub(super) fn default(container: &Container<'_>, field: &Field<'_>) -> Option<TokenStream> {
    match field.attrs.default.get() {
        Some(Default::Expr(expr)) => Some(quote!(|| #expr)),
        Some(Default::Trait) => Some(quote!(::core::default::Default::default)),
        // A missing `Option` is a stored `None`: the container's default must not put something
        // there.
        None if container.attrs.default.is_set() && !field.is_option() => {
            let value = of_container(field);
            Some(quote!(|| #value))
        }
        None => field.attrs.skip_if.is_set().then(|| quote!(::core::default::Default::default)),
    }
}

/// The field of the container's own default.
fn of_container(field: &Field<'_>) -> TokenStream {
    let member = &field.member;
    quote!(<Self as ::core::default::Default>::default().#member)
}

/// What a filter is applied to.
pub(super) enum Takes {
    /// The field's value.
    Value,
    /// What is in the field's `Option`; absence stays with the library.
    Inner,
}

/// The filter of a field, as an expression that `&` can stand before.
pub(super) fn field_filter(
    container: &Container<'_>,
    field: &Field<'_>,
) -> Option<(Takes, TokenStream)> {
    let filter = field.attrs.filter()?;
    let takes = if field.is_option() && !filter.is_whole() { Takes::Inner } else { Takes::Value };
    let krate = wrap::crate_path(container);
    let expr = match filter {
        Filter::Expr(Expr::Call(call)) if named_arguments(call) => {
            let (function, fields) = (&call.func, call.args.iter().filter_map(as_field));
            quote!(#function { #(#fields),* })
        }
        Filter::Expr(
            expr @ (Expr::Path(_) | Expr::Call(_) | Expr::MethodCall(_) | Expr::Struct(_)),
        ) => quote!(#expr),
        Filter::Expr(expr) => quote!((#expr)),
        Filter::Registered => quote!(#krate::with::Registered),
        Filter::Bincode => quote!(#krate::with::Bincode),
        Filter::Postcard => quote!(#krate::with::Postcard),
    };
    Some((takes, expr))
}

/// Whether a call has named arguments, `DataFrame(index = "name")`: those are the fields of a
/// struct.
fn named_arguments(call: &syn::ExprCall) -> bool {
    !call.args.is_empty() && call.args.iter().all(|argument| as_field(argument).is_some())
}

/// A named argument as a field in a struct expression.
fn as_field(argument: &Expr) -> Option<TokenStream> {
    let Expr::Assign(syn::ExprAssign { left, right, .. }) = argument else { return None };
    let Expr::Path(name) = &**left else { return None };
    name.path.get_ident().map(|name| quote!(#name: #right))
}

/// `.storage(...)`, where a field has wishes.
fn storage(field: &Field<'_>) -> Option<TokenStream> {
    let compression = field.attrs.compression.get().map(|expr| quote!(.compression(#expr)));
    let fletcher32 = field.attrs.fletcher32.is_set().then(|| quote!(.fletcher32(true)));
    let chunk = field.attrs.chunk.get().map(|lengths| quote!(.chunk(&#lengths)));
    let layout = field.attrs.layout.get().map(|layout| {
        let word = super::local(match layout {
            Layout::Packed => "Packed",
            Layout::Stacked => "Stacked",
            Layout::Rows => "Rows",
            Layout::Columns => "Columns",
            Layout::Links => "Links",
            Layout::Compound => "Compound",
            Layout::Shared => "Shared",
        });
        quote!(.layout(__fb::StoreAs::#word))
    });
    (compression.is_some() || fletcher32.is_some() || chunk.is_some() || layout.is_some())
        .then(|| quote!(.storage(__fb::Storage::new()#compression #fletcher32 #chunk #layout)))
}
