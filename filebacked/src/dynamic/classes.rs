//! [`Classes`]: the types behind a trait object that are linked into the program.

use super::{Dynamic, Interface};
use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::fmt;

/// A type whose values can be objects of `D`. `#[filebacked::dynamic]` on an `impl` implements it.
pub trait ClassOf<D: ?Sized>: FileBacked {
    /// The value as an object.
    fn boxed(self) -> Box<D>;
}

/// One type behind a trait object: what reads and writes it where it is not known.
pub struct Class<D: ?Sized> {
    id: fn() -> TypeId,
    type_name: fn() -> &'static str,
    schema: fn() -> Schema,
    write_rows: fn(&[&dyn Dynamic], Slot<'_>) -> Result<Written>,
    read: fn(Node<'_>) -> Result<Box<D>>,
    read_rows: fn(Node<'_>) -> Result<Vec<Box<D>>>,
}

impl<D: ?Sized> fmt::Debug for Class<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Class").field(&(self.type_name)()).finish()
    }
}

impl<D: ?Sized> Class<D> {
    /// The class of a type.
    pub const fn of<T: ClassOf<D>>() -> Self {
        Class {
            id: TypeId::of::<T>,
            type_name: type_name::<T>,
            schema: T::schema,
            write_rows: |values, slot| {
                let values = values.iter().map(|value| value.as_any().downcast_ref::<T>());
                let values: Option<Vec<&T>> = values.collect();
                let foreign = || {
                    Error::from(ErrorKind::Contract("a value among those of another class".into()))
                };
                slot.unfiltered().put_next_rows(Rows::refs(&values.ok_or_else(foreign)?))
            },
            read: |node| node.get::<T>().map(T::boxed),
            read_rows: |node| Ok(node.get_rows::<T>()?.into_iter().map(T::boxed).collect()),
        }
    }
}

/// A class and its name in files.
pub(super) struct Known<D: ?Sized + 'static> {
    class: &'static Class<D>,
    name: &'static str,
}

impl<D: ?Sized> Known<D> {
    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn schema(&self) -> Schema {
        (self.class.schema)()
    }

    pub(super) fn write_rows(&self, values: &[&dyn Dynamic], slot: Slot<'_>) -> Result<Written> {
        (self.class.write_rows)(values, slot)
    }

    pub(super) fn read(&self, node: Node<'_>) -> Result<Box<D>> {
        (self.class.read)(node)
    }

    pub(super) fn read_rows(&self, node: Node<'_>) -> Result<Vec<Box<D>>> {
        (self.class.read_rows)(node)
    }
}

/// All classes of a trait object, in the order of their names.
pub struct Classes<D: ?Sized + 'static> {
    known: Vec<Known<D>>,
    places: HashMap<TypeId, usize>,
    /// The reason why classes cannot be distinguished in a file, and the remedy.
    mistake: Option<(String, &'static str)>,
}

impl<D: ?Sized> fmt::Debug for Classes<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.known.iter().map(|known| known.name)).finish()
    }
}

impl<D: Interface + ?Sized> Classes<D> {
    /// Sorts the classes that were registered.
    pub fn new(classes: impl Iterator<Item = &'static Class<D>>) -> Self {
        let mut mistake = None;
        let mut known: Vec<Known<D>> = Vec::new();
        for class in classes {
            let name = match (class.schema)() {
                Schema::Struct(schema) => schema.name,
                Schema::Variants(schema) => schema.name,
                _ => {
                    let what = format!(
                        "`{}` is stored without a name, so it cannot be a class of `{}`",
                        (class.type_name)(),
                        D::NAME
                    );
                    mistake = Some((
                        what,
                        "a struct or an enum with data has one; newtypes take `#[filebacked(transparent = false)]`",
                    ));
                    continue;
                }
            };
            known.push(Known { class, name });
        }
        known.sort_by_key(|known| (known.name, (known.class.type_name)()));
        for pair in known.windows(2) {
            if let [one, other] = pair
                && one.name == other.name
            {
                let (one, other) = ((one.class.type_name)(), (other.class.type_name)());
                let what = format!(
                    "`{one}` and `{other}`, classes of `{}`, have the same name in files",
                    D::NAME
                );
                // One generic type has one name, whatever its parameters are.
                let is_generic =
                    one.contains('<') && one.split('<').next() == other.split('<').next();
                let help = if is_generic {
                    "a generic type has one name in files: store each as the field of a struct of its own"
                } else {
                    "rename one of them with `#[filebacked(name = \"...\")]`"
                };
                mistake = Some((what, help));
            }
        }
        let places =
            known.iter().enumerate().map(|(place, known)| ((known.class.id)(), place)).collect();
        Classes { known, places, mistake }
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Known<D>> {
        self.known.iter()
    }

    /// Refuses classes that cannot be distinguished.
    pub(super) fn check(&self) -> Result<()> {
        match &self.mistake {
            None => Ok(()),
            Some((what, help)) => {
                Err(Error::new(ErrorKind::Contract(what.clone())).with_help(*help))
            }
        }
    }

    /// The place of a value's class.
    pub(super) fn of(&self, id: TypeId) -> Result<usize> {
        self.check()?;
        self.places.get(&id).copied().ok_or_else(|| {
            let what = format!("an object of `{}` whose class is not registered", D::NAME);
            Error::new(ErrorKind::Unsupported(what))
                .with_help("put `#[filebacked::dynamic]` on the `impl` of its class")
        })
    }

    /// The class of a name.
    pub(super) fn named(&self, name: &str) -> Result<Option<&Known<D>>> {
        self.check()?;
        Ok(self.known.iter().find(|known| known.name == name))
    }
}
