//! [`Wanted`]: the place that the read doors fill in. It has all that reading does for one type and not for
//! another, so that the doors themselves are compiled once and not per type.

use super::Node;
use super::door::nothing_read;
use crate::backed::FileBacked;
use crate::error::Result;
use crate::filter::{AnyType, exact};
use crate::object::Bare;
use crate::reader::LinkReader;
use crate::rows::Column;
use crate::schema::Nested;
use std::any::Any;
use std::borrow::Cow;

/// Facts about a type that the doors need before they read.
#[derive(Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) schema: Nested,
    /// A value stands for none.
    pub(crate) optional: bool,
    /// A value is a link, which is not followed.
    pub(crate) link: bool,
}

impl Facts {
    #[inline]
    pub(crate) fn of<T: FileBacked>() -> Self {
        Facts { schema: T::schema, optional: T::from_absence(0).is_some(), link: T::is_link() }
    }
}

/// A value that is read, or many.
pub(crate) trait Wanted {
    fn facts(&self) -> Facts;

    /// The type of one value.
    fn any_type(&self) -> AnyType;

    /// Reads in the type's own way.
    fn read(&mut self, node: Node<'_>) -> Result<()>;

    /// Reads by a filter that the registry found for the type.
    fn read_by(&mut self, filter: &(dyn Any + Send + Sync), node: Node<'_>) -> Result<()>;

    /// Takes one value that a filter read, if it is of the type.
    fn put_any(&mut self, value: Box<dyn Any>) -> bool;

    /// Takes the value of absence, if the type has one; see `FileBacked::from_absence`.
    fn put_absent(&mut self, depth: u32) -> bool;

    /// Reads an object without attributes and filters, if that takes one step.
    fn read_bare(&mut self, bare: &Bare<'_>) -> Result<bool>;

    /// Reads a link.
    fn read_link(&mut self, reader: &LinkReader<'_, '_>) -> Result<()>;

    /// Of many, reads the next through the door.
    fn get_next(&mut self, node: Node<'_>) -> Result<()>;

    /// How many values are there.
    fn count(&self) -> usize;
}

/// The keys of a map that are read.
pub(crate) trait WantedKeys: Wanted {
    /// Adds the key whose name a link has.
    fn push_named(&mut self, name: &str) -> bool;

    /// The last key as a link name, for patterns.
    fn last_name(&self) -> Option<Cow<'_, str>>;

    /// Calls a function with the name of each key, for patterns.
    fn each_name(&self, take: &mut dyn FnMut(Option<&str>) -> Result<()>) -> Result<()>;

    /// Takes away the last one.
    fn pop(&mut self);

    /// Takes away those that are not kept.
    fn retain(&mut self, kept: &[bool]);
}

impl<T: FileBacked> WantedKeys for Many<T> {
    fn push_named(&mut self, name: &str) -> bool {
        match T::from_name(name) {
            Some(key) => self.0.push(key),
            None => return false,
        }
        true
    }

    fn last_name(&self) -> Option<Cow<'_, str>> {
        match self.0.last() {
            Some(key) => key.name(),
            None => None,
        }
    }

    fn each_name(&self, take: &mut dyn FnMut(Option<&str>) -> Result<()>) -> Result<()> {
        for key in &self.0 {
            take(key.name().as_deref())?;
        }
        Ok(())
    }

    fn pop(&mut self) {
        self.0.pop();
    }

    fn retain(&mut self, kept: &[bool]) {
        let mut all = Column::new(std::mem::take(&mut self.0));
        for kept in kept {
            match all.next() {
                Some(value) if *kept => self.0.push(value),
                _ => {}
            }
        }
    }
}

/// A value of a type.
pub(crate) struct One<T>(pub(crate) Option<T>);

/// Values of a type.
pub(crate) struct Many<T>(pub(crate) Vec<T>);

impl<T> One<T> {
    pub(crate) fn taken(self) -> Result<T> {
        match self.0 {
            Some(value) => Ok(value),
            None => Err(nothing_read()),
        }
    }

    fn put(&mut self, read: Result<T>) -> Result<()> {
        match read {
            Ok(value) => self.0 = Some(value),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl<T> Many<T> {
    fn put(&mut self, read: Result<Vec<T>>) -> Result<()> {
        match read {
            Ok(values) => self.0 = values,
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn push(&mut self, read: Result<T>) -> Result<()> {
        match read {
            Ok(value) => self.0.push(value),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

fn unboxed<T: 'static>(value: Box<dyn Any>) -> Option<T> {
    match value.downcast() {
        Ok(value) => Some(*value),
        Err(_) => None,
    }
}

impl<T: FileBacked> Wanted for One<T> {
    fn facts(&self) -> Facts {
        Facts::of::<T>()
    }

    fn any_type(&self) -> AnyType {
        AnyType::backed::<T>()
    }

    #[allow(clippy::disallowed_methods)]
    fn read(&mut self, node: Node<'_>) -> Result<()> {
        self.put(T::read(node))
    }

    fn read_by(&mut self, filter: &(dyn Any + Send + Sync), node: Node<'_>) -> Result<()> {
        let read = match exact::<T>(filter) {
            Ok(filter) => filter.read(node),
            Err(error) => Err(error),
        };
        self.put(read)
    }

    fn put_any(&mut self, value: Box<dyn Any>) -> bool {
        self.0 = unboxed(value);
        self.0.is_some()
    }

    fn put_absent(&mut self, depth: u32) -> bool {
        self.0 = T::from_absence(depth);
        self.0.is_some()
    }

    fn read_bare(&mut self, bare: &Bare<'_>) -> Result<bool> {
        match T::read_bare(bare) {
            Ok(value) => self.0 = value,
            Err(error) => return Err(error),
        }
        Ok(self.0.is_some())
    }

    fn read_link(&mut self, reader: &LinkReader<'_, '_>) -> Result<()> {
        self.put(T::read_link(reader))
    }

    fn get_next(&mut self, node: Node<'_>) -> Result<()> {
        node.fill(u32::MAX, self)
    }

    fn count(&self) -> usize {
        usize::from(self.0.is_some())
    }
}

impl<T: FileBacked> Wanted for Many<T> {
    fn facts(&self) -> Facts {
        Facts::of::<T>()
    }

    fn any_type(&self) -> AnyType {
        AnyType::backed::<T>()
    }

    #[allow(clippy::disallowed_methods)]
    fn read(&mut self, node: Node<'_>) -> Result<()> {
        self.put(T::read_rows(node))
    }

    fn read_by(&mut self, filter: &(dyn Any + Send + Sync), node: Node<'_>) -> Result<()> {
        let read = match exact::<T>(filter) {
            Ok(filter) => filter.read_rows(node),
            Err(error) => Err(error),
        };
        self.put(read)
    }

    fn put_any(&mut self, value: Box<dyn Any>) -> bool {
        match unboxed(value) {
            Some(value) => self.0.push(value),
            None => return false,
        }
        true
    }

    fn put_absent(&mut self, depth: u32) -> bool {
        match T::from_absence(depth) {
            Some(value) => self.0.push(value),
            None => return false,
        }
        true
    }

    fn read_bare(&mut self, _: &Bare<'_>) -> Result<bool> {
        Ok(false)
    }

    fn read_link(&mut self, reader: &LinkReader<'_, '_>) -> Result<()> {
        self.push(T::read_link(reader))
    }

    fn get_next(&mut self, node: Node<'_>) -> Result<()> {
        self.push(node.get())
    }

    fn count(&self) -> usize {
        self.0.len()
    }
}
