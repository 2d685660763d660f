//! One field as a member of a group: written and read, alone and as a column.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Type};

use super::require::{self, call};
use super::{Target, local};
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
    target: &Target<'_>,
    field: &Field<'_>,
    name: &str,
    group: &Group,
    value: &TokenStream,
) -> TokenStream {
    let Group { name: group, reference } = group;
    let span = field.span();
    let ty = field.ty;
    if field.is_flattened() {
        let stated = require::stated(target, field);
        return quote! {
            #stated
            <#ty as __fb::SaveMembers>::write_members(#value, #reference)?;
        };
    }
    let storage = storage(field);
    let attribute = field.attrs.attr.is_set().then(|| quote!(.attribute()));
    // Where a missing member means another value, `None` is not a missing member.
    let explicit =
        matches!(field.attrs.default.get(), Some(Default::Expr(_))).then(|| quote!(.explicit()));
    let member = quote_spanned!(span=> #group.member(#name)#attribute #explicit #storage);
    let written = match field_filter(target.container, field) {
        None if storage.is_none() && attribute.is_none() && explicit.is_none() => {
            let function = quote!(__fb::GroupWriter::field);
            call(target, field, &function, &quote!(#reference, #name, #value))
        }
        None => call(target, field, &quote!(__fb::MemberWriter::put), &quote!(#member, #value)),
        Some(filter) => filter.call("MemberWriter", "put", &quote!(#member, #value), None),
    };
    match field.attrs.skip_if.get() {
        None => quote_spanned!(span=> #written?;),
        Some(Expr::Path(path)) => {
            quote_spanned!(span=> if !#path(#value, #group.context()) { #written?; })
        }
        // A closure learns the types of its arguments from the variable's.
        Some(closure) => quote_spanned! {span=>
            let __skip: fn(&#ty, &__fb::WriteContext) -> __fb::bool = #closure;
            if !__skip(#value, #group.context()) { #written?; }
        },
    }
}

/// The statement that writes a field of many values as a column.
pub(super) fn write_rows(
    target: &Target<'_>,
    field: &Field<'_>,
    name: &str,
    group: &Group,
    rows: &TokenStream,
) -> TokenStream {
    let Group { name: group, reference } = group;
    let span = field.span();
    let ty = field.ty;
    if field.is_flattened() {
        let stated = require::stated(target, field);
        return quote! {
            #stated
            <#ty as __fb::SaveMembers>::write_member_rows(#rows, #reference)?;
        };
    }
    let storage = storage(field);
    // An HDF5 attribute per row would need an object per row: in columns, `attr` is a column like
    // any other.
    let member = quote_spanned!(span=> #group.member(#name)#storage);
    let written = match (field_filter(target.container, field), field.attrs.skip_if.get()) {
        (None, None) => {
            call(target, field, &quote!(__fb::MemberWriter::put_rows), &quote!(#member, #rows))
        }
        (None, Some(skip_if)) => {
            let skip_if = match skip_if {
                Expr::Path(path) => quote!(|__value, __context| #path(__value, __context)),
                closure => quote!(#closure),
            };
            let function = quote!(__fb::MemberWriter::put_rows_unless);
            let written = call(target, field, &function, &quote!(#member, #rows, __skip));
            // A closure learns the types of its arguments from the variable's.
            quote_spanned! {span=> {
                let __skip: fn(&#ty, &__fb::WriteContext) -> __fb::bool = #skip_if;
                #written
            }}
        }
        // A filter writes the rows itself, without a mask beside them, so all are written.
        (Some(filter), _) => filter.call("MemberWriter", "put_rows", &quote!(#member, #rows), None),
    };
    quote_spanned!(span=> #written?;)
}

/// The expression that reads a field.
pub(super) fn read(target: &Target<'_>, field: &Field<'_>, group: &Group) -> TokenStream {
    let span = field.span();
    if !field.is_stored() {
        return skipped(target.container, field);
    }
    let Group { name: group, reference } = group;
    if field.is_flattened() {
        let ty = field.ty;
        return quote!(<#ty as __fb::ReadMembers>::read_members(#reference)?);
    }
    let names = field.names().map(|name| &name.value);
    let attribute = field.attrs.attr.is_set().then(|| quote!(.attribute()));
    let member = quote_spanned!(span=> #group.member(&[#(#names),*])#attribute);
    let read = match (field_filter(target.container, field), default(target.container, field)) {
        (None, None) if field.attrs.aliases.is_empty() && attribute.is_none() => {
            let name = &field.name.value;
            call(target, field, &quote!(__fb::GroupReader::field), &quote!(#reference, #name))
        }
        (None, None) => call(target, field, &quote!(__fb::MemberReader::get), &member),
        (None, Some(default)) => {
            call(target, field, &quote!(__fb::MemberReader::get_or), &quote!(#member, #default))
        }
        (Some(filter), default) => filter.call("MemberReader", "get", &member, default),
    };
    quote_spanned!(span=> #read?)
}

/// The expression that reads a field of many values: a `Vec` as long as the group.
pub(super) fn read_rows(target: &Target<'_>, field: &Field<'_>, group: &Group) -> TokenStream {
    let Group { name: group, reference } = group;
    let span = field.span();
    if field.is_flattened() {
        let ty = field.ty;
        return quote!(<#ty as __fb::ReadMembers>::read_member_rows(#reference)?);
    }
    let names = field.names().map(|name| &name.value);
    let member = quote_spanned!(span=> #group.member(&[#(#names),*]));
    let rows = match (field_filter(target.container, field), default(target.container, field)) {
        (None, None) => call(target, field, &quote!(__fb::MemberReader::rows), &member),
        (None, Some(default)) => {
            let function = match field.attrs.skip_if.is_set() {
                true => quote!(__fb::MemberReader::rows_unless_or),
                false => quote!(__fb::MemberReader::rows_or),
            };
            call(target, field, &function, &quote!(#member, #default))
        }
        (Some(filter), default) => filter.call("MemberReader", "rows", &member, default),
    };
    quote_spanned!(span=> #rows?)
}

/// The value of a field that is not stored.
pub(super) fn skipped(container: &Container<'_>, field: &Field<'_>) -> TokenStream {
    match field.attrs.default.get() {
        Some(Default::Expr(expr)) => quote!(#expr),
        None if container.attrs.default.is_set() => of_container(field),
        _ => require::default_value(field.ty),
    }
}

/// What makes the value of a field that is missing in the file, if it may be missing.
pub(super) fn default(container: &Container<'_>, field: &Field<'_>) -> Option<TokenStream> {
    match field.attrs.default.get() {
        Some(Default::Expr(expr)) => Some(quote!(|| #expr)),
        Some(Default::Trait) => Some(require::default(field.ty)),
        // A missing `Option` is a stored `None`: the container's default must not put something
        // there.
        None if container.attrs.default.is_set() && !field.is_option() => {
            let value = of_container(field);
            Some(quote!(|| #value))
        }
        None => field.attrs.skip_if.is_set().then(|| require::default(field.ty)),
    }
}

/// The field of the container's own default.
fn of_container(field: &Field<'_>) -> TokenStream {
    let member = &field.member;
    quote!(<Self as ::core::default::Default>::default().#member)
}

/// The filter of a field.
pub(super) struct FieldFilter<'f> {
    /// The expression, which `&` can stand before.
    expr: TokenStream,
    /// Where errors about the filter point to.
    span: Span,
    /// The type that is filtered.
    ty: &'f Type,
    /// Whether that is what is inside the field's `Option`. Absence stays with the library.
    inner: bool,
}

impl FieldFilter<'_> {
    /// A call of one of the functions that take a filter: a `Result`. Its name is made of the verb,
    /// of `option` for filters of what is inside, `with`, and `or` before a default.
    pub(super) fn call(
        &self,
        owner: &str,
        verb: &str,
        arguments: &TokenStream,
        default: Option<TokenStream>,
    ) -> TokenStream {
        let Self { expr, span, ty, inner } = self;
        let owner = local(owner);
        let verb = match (inner, verb) {
            (true, "rows") => "option_rows".to_owned(),
            (true, "put_rows") => "put_option_rows".to_owned(),
            (true, verb) => format!("{verb}_option"),
            (false, verb) => verb.to_owned(),
        };
        let or = if default.is_some() { "_or" } else { "" };
        let function = local(format!("{verb}_with{or}"));
        let default = default.map(|default| quote!(, #default));
        quote_spanned! {*span=> {
            let __filter = &#expr;
            let __checked = __fb::filter_of::<#ty, _>;
            let __filter = __checked(__filter);
            let __call = __fb::#owner::#function::<#ty>;
            __call(#arguments, __filter #default)
        }}
    }
}

/// The filter of a field, if it has one.
pub(super) fn field_filter<'f>(
    container: &Container<'_>,
    field: &'f Field<'_>,
) -> Option<FieldFilter<'f>> {
    let filter = field.attrs.filter()?;
    let inside = field.inside_option().filter(|_| !filter.is_whole());
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
    let span = match filter {
        Filter::Expr(expr) => Span::call_site().located_at(expr.span()),
        Filter::Registered | Filter::Bincode | Filter::Postcard => field.span(),
    };
    Some(FieldFilter { expr, span, ty: inside.unwrap_or(field.ty), inner: inside.is_some() })
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
        let word = local(match layout {
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
