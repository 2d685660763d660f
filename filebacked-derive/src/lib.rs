//! The derive macros of [`filebacked`](https://docs.rs/filebacked): `#[derive(FileBacked)]` and
//! `#[derive(Save)]`.
//!
//! Use them through that crate, which re-exports them. A run goes one way: tokens are read into
//! typed attributes (`attr`) on a tree of our own (`ast`), rules that no single attribute can know
//! are checked (`check`), and code is generated from what is known to be right (`generate`). Errors
//! are collected on the way (`context`), so that all of them are reported at once.

mod ast;
mod attr;
mod bound;
mod check;
mod context;
mod dynamic;
mod generate;
mod storable;
mod wrap;

use syn::{DeriveInput, parse_macro_input};

use crate::ast::Container;
use crate::context::Context;

/// Implements `FileBacked` and `Save`: values of the type can live in an HDF5 file.
///
/// Every field has to be `FileBacked`, or to name a filter. A struct becomes a group with one
/// member per field, a newtype is stored as its field, an enum without data as an HDF5 enum, an
/// enum with data as a group that names its variant.
///
/// ```text
/// #[derive(FileBacked)]                          /            filebacked = "struct Model 1"
/// struct Model {                                 ├─ step      uint64 scalar
///     step: u64,                                 ├─ name      string scalar
///     name: String,                              ├─ weights   float64 [rows, cols]
///     weights: Array2<f64>,                      └─ layers/   filebacked = "columns Layer 1"
///     layers: Vec<Layer>,                           ├─ width  uint32 [len]
/// }                                                 └─ rate   float64 [len]
/// ```
///
/// `FileBacked` includes `Save`: deriving both on one type is a conflict. Types with lifetimes
/// cannot be read back: derive `Save` for them.
///
/// # On a struct or an enum
///
/// | `#[filebacked(...)]` | on | meaning |
/// |---|---|---|
/// | `rename_all = "..."` | named fields, variants | names on disk: `snake_case`, `camelCase`, `PascalCase`, `SCREAMING_SNAKE_CASE`, `kebab-case`, `SCREAMING-KEBAB-CASE`, `lowercase`, `UPPERCASE` |
/// | `rename_all_fields = "..."` | enums with data | the same for the fields of all variants |
/// | `name = "..."` | all | the type's name on disk, by default its identifier |
/// | `module = "..."` | structs | the module of the Python class that the struct, or a map in a newtype, becomes with `Layout::Python`. The class has the name of the type, or `name` |
/// | `version = 2` | all | the version of the stored form, by default 1 |
/// | `upgrade(from = 1, via = Old)` | structs and enums that are groups; several | files of version 1 are read as an `Old` and converted with `TryFrom`; an older version uses the next `upgrade` after it |
/// | `removed("old", ...)` | structs | names of former fields, which `deny_unknown` accepts |
/// | `deny_unknown` | structs | a member that is not a field is an error |
/// | `default` | structs with named fields | fields that are missing come from the struct's `Default`; a missing `Option` stays `None` |
/// | `transparent` | structs with one stored field | stored as that field; the default for newtypes, and `transparent = false` turns it off |
/// | `after_read = path` | all | a `fn(&mut Self)`, which may return a `Result`, called on each value after it is read |
/// | `tag = "kind"` | enums with data | the attribute that names the variant, by default `variant` |
/// | `repr = "..."` | enums without data | `enum` (default), `string`, or `u8` to `i64`: the discriminant as a number |
/// | `layout = "rows"` | structs, enums with data | many values are a numbered group with one node per value, instead of columns |
/// | `layout = "compound"` | structs | many values are one dataset of an HDF5 compound type, if all fields are flat |
/// | `bound = "T: Trait"` | generic types | replaces the inferred bounds |
/// | `crate = path` | all | the path of the crate, by default `::filebacked` |
///
/// # On a variant
///
/// | `#[filebacked(...)]` | meaning |
/// |---|---|
/// | `rename = "..."` | the name on disk |
/// | `alias = "..."` | another name that is read; may be repeated |
/// | `other` | read for every unknown variant; at most one, without fields |
/// | `rename_all = "..."` | names of the variant's fields on disk |
///
/// # On a field
///
/// | `#[filebacked(...)]` | meaning |
/// |---|---|
/// | `rename = "..."` | the name on disk; with `/` a path through groups |
/// | `alias = "..."` | another name that is read; may be repeated |
/// | `skip` | not stored; read as its `Default`, or as `default = expr` |
/// | `default`, `default = expr` | the value for a field that is missing in the file: its `Default`, or `expr`. With `expr`, a `None` is marked in the file and read as `None` |
/// | `skip_if = f` | not stored if `f(&field, &WriteContext)` is true, and then read as the default. Columns of a field with a filter store all values |
/// | `flatten` | the fields of the inner struct are stored beside the other fields |
/// | `attr` | an HDF5 attribute instead of a dataset; with `rename = "data@units"`, an attribute of the member `data`. In columns, a column |
/// | `with = expr` | a filter. On an `Option` it filters the value inside; `with = whole(expr)` filters the `Option` itself. `F(name = value)` stands for `F { name: value }` |
/// | `registered` | the filter that is registered for the type, which need not be `FileBacked` |
/// | `bincode`, `postcard` | stored as bytes of that codec |
/// | `compression = expr` | `Compression` of the datasets |
/// | `fletcher32` | a checksum for each chunk of the datasets |
/// | `chunk = [64, 64]` | the shape of the chunks |
/// | `layout = "packed"` | texts: bytes and offsets; `Vec<Array>`: `values`, `shapes` and `offsets`, for many small arrays |
/// | `layout = "stacked"` | `Vec<Array>` of equal shapes: one dataset |
/// | `layout = "rows"` | sequences: a numbered group with one node per value |
/// | `layout = "columns"`, `"links"` | maps: `keys` and `values`, or one link per key |
/// | `layout = "compound"` | structs, tuples and sequences of them: one dataset of an HDF5 compound type. Fields can be numbers, text, enums without data, and structs, tuples, options and `[T; N]` of those; any other field is an error |
/// | `layout = "shared"` | sequences and columns of `Arc` and `Rc`: each value once, and an index; values that were shared are shared again |
#[proc_macro_derive(FileBacked, attributes(filebacked))]
pub fn derive_file_backed(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    run(&parse_macro_input!(input as DeriveInput), Derive::FileBacked)
}

/// Implements `Save` alone: values can be written but not read back. For types that borrow.
///
/// Takes the attributes of [`FileBacked`](macro@FileBacked); those that are about reading have no
/// effect. That derive includes this one, so derive only one of them.
#[proc_macro_derive(Save, attributes(filebacked))]
pub fn derive_save(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    run(&parse_macro_input!(input as DeriveInput), Derive::Save)
}

/// Makes the objects of a trait storable: `Box<dyn Trait>`, and with `with = SharedDyn` also
/// `Arc<dyn Trait>` and `Rc<dyn Trait>`. It stands on the trait, and on each `impl` of it for a
/// type that is stored; these are found at link time.
///
/// The type behind an object is known by its name in the file: that of the type, or what
/// `#[filebacked(name = "...")]` says. `#[filebacked::dynamic(name = "...")]` on the trait names
/// the trait itself, and `crate = path` says where `filebacked` is. The feature `dynamic` has to be
/// on.
///
/// ```text
/// x/          struct Circle 1                one: as its type stores it, whose name is in the stamp
///
/// x/          variants Shape 1, len = n      many, as those of an enum
/// ├── variant enum{Circle, Square} (n)
/// ├── Circle/ columns Circle 1
/// └── Square/ columns Square 1
/// ```
#[proc_macro_attribute]
pub fn dynamic(
    arguments: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    dynamic::expand(arguments.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Which derive runs.
#[derive(Clone, Copy, PartialEq)]
enum Derive {
    FileBacked,
    Save,
}

fn run(input: &DeriveInput, derive: Derive) -> proc_macro::TokenStream {
    let cx = Context::new();
    let container = Container::parse(&cx, input);
    if let Some(container) = &container {
        check::check(&cx, container, derive);
        storable::check(&cx, container, derive);
    }
    match (cx.check(), container) {
        (Ok(()), Some(container)) => {
            wrap::in_const(&container, &generate::implementations(&container, derive)).into()
        }
        (Ok(()), None) => proc_macro::TokenStream::new(),
        (Err(error), _) => error.into_compile_error().into(),
    }
}
