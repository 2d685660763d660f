//! The type under the derive, as the checks and the generators see it.

use proc_macro2::Span;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Generics, Ident, Member, Type};

use crate::attr::{self, Name, RenameRule};
use crate::context::Context;

/// The name of the attribute that names the variant, unless `tag` says another.
const DEFAULT_TAG: &str = "variant";

/// A struct or an enum.
pub(crate) struct Container<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) generics: &'a Generics,
    pub(crate) attrs: attr::Container,
    pub(crate) data: Data<'a>,
    /// The type's name on disk.
    pub(crate) name: String,
    /// Where `#[repr(packed)]` stands, which forbids references to fields.
    pub(crate) packed: Option<Span>,
}

pub(crate) enum Data<'a> {
    Struct(Style, Vec<Field<'a>>),
    Enum(Vec<Variant<'a>>),
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Style {
    Named,
    Tuple,
    Unit,
}

pub(crate) struct Variant<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) attrs: attr::Variant,
    pub(crate) style: Style,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) name: Name,
}

pub(crate) struct Field<'a> {
    pub(crate) member: Member,
    pub(crate) ty: &'a Type,
    pub(crate) attrs: attr::Field,
    pub(crate) name: Name,
}

impl<'a> Container<'a> {
    /// Reads the type; what is wrong with it goes to `cx`. `None` for unions, of which nothing can
    /// be said.
    pub(crate) fn parse(cx: &Context, input: &'a DeriveInput) -> Option<Self> {
        let attrs = attr::Container::parse(cx, &input.attrs);
        let rename_all = attrs.rename_all.get().copied();
        let data = match &input.data {
            syn::Data::Struct(data) => {
                Data::Struct(Style::of(&data.fields), fields(cx, &data.fields, rename_all))
            }
            syn::Data::Enum(data) => {
                let rename_fields = attrs.rename_all_fields.get().copied();
                let variant = |variant| Variant::parse(cx, variant, rename_all, rename_fields);
                Data::Enum(data.variants.iter().map(variant).collect())
            }
            syn::Data::Union(data) => {
                let message = "a union cannot be stored: nothing says which of its fields is valid";
                cx.error(data.union_token.span, message);
                return None;
            }
        };
        let name = attrs
            .name
            .get()
            .map_or_else(|| input.ident.unraw().to_string(), |name| name.value.clone());
        Some(Self {
            ident: &input.ident,
            generics: &input.generics,
            attrs,
            data,
            name,
            packed: packed(input),
        })
    }

    pub(crate) fn version(&self) -> u32 {
        self.attrs.version.get().copied().unwrap_or(1)
    }

    /// The name of the attribute, and in rows of the dataset, that says which variant it is.
    pub(crate) fn tag(&self) -> &str {
        self.attrs.tag.get().map_or(DEFAULT_TAG, |tag| &tag.value)
    }

    /// Whether the type is stored as its one field: on request, and newtypes by themselves.
    pub(crate) fn is_transparent(&self) -> bool {
        match (self.attrs.transparent.get(), &self.data) {
            (Some(answer), _) => *answer,
            (None, Data::Struct(Style::Tuple, fields)) => {
                matches!(&fields[..], [field] if field.is_stored())
            }
            (None, _) => false,
        }
    }

    /// The index of the field that a transparent struct is stored as, if there is exactly one.
    pub(crate) fn transparent_field(&self) -> Option<usize> {
        let Data::Struct(_, fields) = &self.data else { return None };
        let indices = |stands: &dyn Fn(&Field<'_>) -> bool| {
            let mut found = fields
                .iter()
                .enumerate()
                .filter(|(_, field)| stands(field))
                .map(|(index, _)| index);
            found.next().filter(|_| found.next().is_none())
        };
        // A `PhantomData` beside the field needs no `skip` of its own.
        indices(&|field| field.is_stored())
            .or_else(|| indices(&|field| field.is_stored() && !field.is_phantom()))
    }

    /// An enum of which no variant has fields or brackets.
    pub(crate) fn is_unit_enum(&self) -> bool {
        let Data::Enum(variants) = &self.data else { return false };
        variants.iter().all(|variant| variant.style == Style::Unit)
    }

    /// All fields, of all variants.
    pub(crate) fn all_fields(&self) -> impl Iterator<Item = &Field<'a>> {
        let (fields, variants): (&[Field<'a>], &[Variant<'a>]) = match &self.data {
            Data::Struct(_, fields) => (fields, &[]),
            Data::Enum(variants) => (&[], variants),
        };
        fields.iter().chain(variants.iter().flat_map(|variant| &variant.fields))
    }
}

impl Style {
    fn of(fields: &syn::Fields) -> Self {
        match fields {
            syn::Fields::Named(_) => Self::Named,
            syn::Fields::Unnamed(_) => Self::Tuple,
            syn::Fields::Unit => Self::Unit,
        }
    }
}

impl<'a> Variant<'a> {
    fn parse(
        cx: &Context,
        variant: &'a syn::Variant,
        rename_all: Option<RenameRule>,
        rename_fields: Option<RenameRule>,
    ) -> Self {
        let attrs = attr::Variant::parse(cx, &variant.attrs);
        let rename_fields = attrs.rename_all.get().copied().or(rename_fields);
        let name = attrs.rename.get().cloned().unwrap_or_else(|| {
            let plain = variant.ident.unraw().to_string();
            let value = rename_all.map_or_else(|| plain.clone(), |rule| rule.variant(&plain));
            Name { value, span: variant.ident.span() }
        });
        let fields = fields(cx, &variant.fields, rename_fields);
        Self { ident: &variant.ident, attrs, style: Style::of(&variant.fields), fields, name }
    }

    /// The name and the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        [&self.name].into_iter().chain(&self.attrs.aliases)
    }

    /// Whether there is anything to store beside the variant itself.
    pub(crate) fn has_stored_fields(&self) -> bool {
        self.fields.iter().any(Field::is_stored)
    }
}

/// The member that an attribute's name is about, and the name of its own: `data@units`.
pub(crate) fn member_and_attribute(name: &str) -> (Option<&str>, &str) {
    match name.rsplit_once('@') {
        Some((member, attribute)) if !member.is_empty() && !attribute.is_empty() => {
            (Some(member), attribute)
        }
        _ => (None, name),
    }
}

impl Field<'_> {
    pub(crate) fn is_stored(&self) -> bool {
        !self.attrs.skip.is_set()
    }

    pub(crate) fn is_flattened(&self) -> bool {
        self.attrs.flatten.is_set()
    }

    /// The member whose attribute the field is, where it is not one of the group's own.
    pub(crate) fn member_of_attribute(&self) -> Option<&str> {
        self.attrs.attr.is_set().then(|| member_and_attribute(&self.name.value).0)?
    }

    /// The name and the aliases.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        [&self.name].into_iter().chain(&self.attrs.aliases)
    }

    /// Whether the type is written as `Option<...>`. A macro cannot see through an alias of it.
    pub(crate) fn is_option(&self) -> bool {
        self.inside_option().is_some()
    }

    /// The `T` of a type that is written as `Option<T>`.
    pub(crate) fn inside_option(&self) -> Option<&Type> {
        let segment = last_segment(self.ty).filter(|segment| segment.ident == "Option")?;
        let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
        match arguments.args.first() {
            Some(syn::GenericArgument::Type(inside)) if arguments.args.len() == 1 => Some(inside),
            _ => None,
        }
    }

    /// Whether the type is written as `PhantomData<...>`.
    fn is_phantom(&self) -> bool {
        last_segment(self.ty).is_some_and(|segment| segment.ident == "PhantomData")
    }

    /// Where errors about the type point to. Resolved at the derive, so that names of generated
    /// code are found even if the type comes out of a `macro_rules!`.
    pub(crate) fn span(&self) -> Span {
        Span::call_site().located_at(self.ty.span())
    }
}

/// The end of a type's path. Types out of a `macro_rules!` stand in invisible groups.
pub(crate) fn last_segment(mut ty: &Type) -> Option<&syn::PathSegment> {
    while let Type::Group(syn::TypeGroup { elem, .. }) | Type::Paren(syn::TypeParen { elem, .. }) =
        ty
    {
        ty = elem;
    }
    match ty {
        Type::Path(path) if path.qself.is_none() => path.path.segments.last(),
        _ => None,
    }
}

fn fields<'a>(
    cx: &Context,
    fields: &'a syn::Fields,
    rename_all: Option<RenameRule>,
) -> Vec<Field<'a>> {
    let field = |(index, field): (usize, &'a syn::Field)| {
        let attrs = attr::Field::parse(cx, &field.attrs);
        let (member, plain, span) = match &field.ident {
            Some(ident) => {
                let plain = ident.unraw().to_string();
                let value = rename_all.map_or_else(|| plain.clone(), |rule| rule.field(&plain));
                (Member::Named(ident.clone()), value, ident.span())
            }
            None => (Member::Unnamed(index.into()), index.to_string(), field.ty.span()),
        };
        let name = attrs.rename.get().cloned().unwrap_or(Name { value: plain, span });
        Field { member, ty: &field.ty, attrs, name }
    };
    fields.iter().enumerate().map(field).collect()
}

/// Where `packed` stands in `#[repr(...)]`.
fn packed(input: &DeriveInput) -> Option<Span> {
    let mut found = None;
    for attribute in input.attrs.iter().filter(|attribute| attribute.path().is_ident("repr")) {
        // Anything wrong in there is rustc's to report.
        let _ = attribute.parse_nested_meta(|meta| {
            if meta.path.is_ident("packed") {
                found = Some(meta.path.span());
            }
            if meta.input.peek(syn::token::Paren) {
                let content;
                syn::parenthesized!(content in meta.input);
                content.parse::<proc_macro2::TokenStream>()?;
            }
            Ok(())
        });
    }
    found
}
