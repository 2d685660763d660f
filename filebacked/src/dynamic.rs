//! Trait objects: values whose class is known by its name in the file.
//!
//! ```text
//! x/          struct Circle 1         one: as its class stores it, whose name is in the stamp
//!
//! x/          variants Shape 1, len = n
//! ├── variant enum{Circle, Square} (n)   which class each row is
//! ├── Circle/ columns Circle 1, len = rows of this class
//! └── Square/ columns Square 1, len = rows of this class
//! ```
//!
//! An object of Python's FileBacked names its class too, in its attribute `class`.

mod classes;

pub use classes::{Class, ClassOf, Classes};

use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::layout::python;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::{Schema, VariantSchema};
use crate::slot::{Slot, Written};
use std::any::{Any, TypeId};

/// The attribute and the group of tags of rows, as enums have them.
const TAG: &str = "variant";

/// A value behind a trait object: what `#[filebacked::dynamic]` makes a supertrait of the trait.
/// Every type that is [`FileBacked`] is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` implements a trait whose objects are stored, and is not `FileBacked`",
    note = "add `#[derive(filebacked::FileBacked)]` to the type"
)]
pub trait Dynamic: Any {
    /// The class of the value.
    #[doc(hidden)]
    fn class_id(&self) -> TypeId;
    /// The value, to be downcast.
    #[doc(hidden)]
    fn as_any(&self) -> &dyn Any;
    /// Writes the value as its class does.
    #[doc(hidden)]
    fn put(&self, slot: Slot<'_>) -> Result<Written>;
}

impl<T: FileBacked> Dynamic for T {
    fn class_id(&self) -> TypeId {
        TypeId::of::<T>()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn put(&self, slot: Slot<'_>) -> Result<Written> {
        // The stamp has to name the class, so no filter stands between.
        slot.unfiltered().put_next(self)
    }
}

/// A `dyn Trait` whose trait is marked by `#[filebacked::dynamic]`, which implements this.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored: its classes are not known",
    note = "mark the trait and each `impl` of it with `#[filebacked::dynamic]`"
)]
pub trait Interface: Any {
    /// The type under which classes are collected.
    #[doc(hidden)]
    type Registration;
    /// The name of the trait on disk.
    const NAME: &'static str;
    /// The classes that are linked into the program.
    #[doc(hidden)]
    fn classes() -> &'static Classes<Self>;
    /// The value, whatever its class is.
    #[doc(hidden)]
    fn value(&self) -> &dyn Dynamic;
}

/// Returns the schema of the values: an enum of the classes.
pub fn schema<D: Interface + ?Sized>() -> Schema {
    let variants = D::classes()
        .iter()
        .map(|class| VariantSchema::new(class.name(), class.schema().into_fields()));
    Schema::variants(D::NAME, 1, variants.collect())
}

/// Writes a value as its class does.
///
/// # Errors
///
/// [`ErrorKind::Unsupported`] for a class that is not registered, or as its
/// [`Save::write`](crate::Save::write).
pub fn write<D: Interface + ?Sized>(value: &D, slot: Slot<'_>) -> Result<Written> {
    D::classes().of(value.value().class_id())?;
    value.value().put(slot)
}

/// Writes many values: their classes, and one table per class.
pub(crate) fn write_each<'v, D: Interface + ?Sized>(
    rows: impl ExactSizeIterator<Item = &'v D>,
    slot: Slot<'_>,
) -> Result<Written> {
    let (classes, len) = (D::classes(), rows.len());
    let mut tags = Vec::with_capacity(len);
    let mut values: Vec<Vec<&dyn Dynamic>> = classes.iter().map(|_| Vec::new()).collect();
    for row in rows {
        let value = row.value();
        let tag = classes.of(value.class_id())?;
        tags.push(tag);
        if let Some(values) = values.get_mut(tag) {
            values.push(value);
        }
    }
    let mut group = slot.variant_rows::<Box<D>>(D::NAME, 1, len)?;
    if !group.is_stub() {
        let names: Vec<&str> = classes.iter().map(|class| class.name()).collect();
        group.tags(TAG, &names, Rows::slice(&tags), |tag| *tag)?;
        for (class, values) in classes.iter().zip(&values) {
            group.part(class.name(), |slot| class.write_rows(values, slot))?;
        }
    }
    group.end()
}

/// Writes many boxed values.
///
/// # Errors
///
/// As [`write`].
pub fn write_boxes<D: Interface + ?Sized>(
    rows: Rows<'_, Box<D>>,
    slot: Slot<'_>,
) -> Result<Written> {
    let values: Vec<&D> = rows.iter().map(|value| &**value).collect();
    write_each(values.into_iter(), slot)
}

/// Reads a value of the class that the node's stamp names.
///
/// # Errors
///
/// [`ErrorKind::UnknownVariant`] for a name that no class has, or as the class's
/// [`FileBacked::read`].
pub fn read<D: Interface + ?Sized>(node: Node<'_>) -> Result<Box<D>> {
    let name = match node.stamp()? {
        Some(stamp) => stamp.name().map(str::to_owned),
        // Python's FileBacked names classes too.
        None => python::class(&node.object)?,
    };
    let Some(name) = name else {
        return Err(node.unexpected(format!("a group that names its class (`{}`)", D::NAME)));
    };
    match D::classes().named(&name)? {
        Some(class) => class.read(node),
        None => Err(unknown::<D>(&name)),
    }
}

/// Reads what [`write_boxes`] made.
///
/// # Errors
///
/// As [`read`].
pub fn read_rows<D: Interface + ?Sized>(node: Node<'_>) -> Result<Vec<Box<D>>> {
    let group = node.variant_rows(D::NAME, 1)?;
    if group.len() == 0 {
        return Ok(Vec::new());
    }
    let classes = D::classes();
    classes.check()?;
    let names: Vec<&str> = classes.iter().map(|class| class.name()).collect();
    let lists: Vec<&[&str]> = names.iter().map(std::slice::from_ref).collect();
    let tags = group.tags(TAG, &lists).map_err(|error| match error.kind() {
        ErrorKind::UnknownVariant { found, .. } => unknown::<D>(found).at(TAG),
        _ => error,
    })?;
    let mut counts = vec![0usize; names.len()];
    for tag in &tags {
        if let Some(count) = counts.get_mut(*tag) {
            *count += 1;
        }
    }
    let mut values = Vec::with_capacity(names.len());
    for (class, count) in classes.iter().zip(counts) {
        let mut of_class = Vec::new();
        if count > 0 {
            group.part(class.name(), |node| {
                of_class = class.read_rows(node)?;
                Ok(())
            })?;
        }
        if of_class.len() != count {
            let what = format!("{} values of a class that {count} rows have", of_class.len());
            return Err(Error::new(ErrorKind::Damaged(what)).at(class.name()));
        }
        values.push(of_class.into_iter());
    }
    let next = |tag: usize| values.get_mut(tag).and_then(Iterator::next);
    let found: Option<Vec<_>> = tags.into_iter().map(next).collect();
    found.ok_or_else(|| ErrorKind::Damaged("fewer values than rows".into()).into())
}

#[cold]
fn unknown<D: Interface + ?Sized>(found: &str) -> Error {
    let known = D::classes().iter().map(|class| class.name().to_string()).collect();
    let kind = ErrorKind::UnknownVariant { found: found.to_string(), known };
    Error::new(kind).with_help(format!(
        "a class of `{}` is known where its `impl` has `#[filebacked::dynamic]` and is linked into the program; if it was \
         renamed, `#[filebacked(name = \"...\")]` on it keeps the old name",
        D::NAME
    ))
}
