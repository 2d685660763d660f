//! [`MemberReader`]: one member of a group, as it is asked for.

use crate::backed::FileBacked;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::layout::absent;
use crate::node::Node;
use crate::object::Bare;
use crate::path::UNMASKED;
use crate::reader::{GroupReader, check_len};
use crate::schema::Nested;
use crate::slot::opaque;

/// A member of a group that is about to be read.
#[derive(Debug, Clone, Copy)]
#[must_use]
pub struct MemberReader<'s, 'a> {
    pub(crate) group: &'s GroupReader<'a>,
    pub(crate) names: &'s [&'s str],
    pub(crate) attribute: bool,
}

/// What was found under a member's names.
enum Found<'a> {
    Node(Node<'a>),
    Missing,
    LeftOut,
}

impl<'a> MemberReader<'_, 'a> {
    /// As an HDF5 attribute instead of a dataset; `member@name` is that of a member.
    pub fn attribute(mut self) -> Self {
        self.attribute = true;
        self
    }

    fn name(&self) -> &str {
        self.names.first().copied().unwrap_or("")
    }

    fn find(&self, schema: Nested) -> Result<Found<'a>> {
        let group = self.group;
        let Some(state) = group.step(Some(self.name()), Some(schema)) else {
            return Ok(Found::LeftOut);
        };
        for name in self.names {
            let node = if self.attribute {
                let object = group.attribute(name).map_err(|e| e.at(name))?;
                object
                    .map(|object| Node::open(object, group.cx, state, group.depth, group.ours))
                    .transpose()?
            } else {
                group.entry(name, state)?
            };
            if let Some(node) = node {
                return Ok(Found::Node(node));
            }
        }
        Ok(Found::Missing)
    }

    fn read<R>(
        &self,
        schema: Nested,
        read: impl FnOnce(Node<'a>) -> Result<R>,
        absent: impl FnOnce() -> Option<R>,
    ) -> Result<R> {
        let found = self.find(schema).and_then(|found| match found {
            Found::Node(node) => read(node).map_err(|e| e.at(self.name())),
            Found::Missing => absent().ok_or_else(|| self.group.missing(self.names)),
            Found::LeftOut => {
                absent().ok_or_else(|| Error::new(ErrorKind::Skipped).at(self.name()))
            }
        });
        found.map_err(|e| self.group.placed(e))
    }

    /// The values of a column, if there are as many as the table has rows.
    fn checked<T>(&self, values: Vec<T>) -> Result<Vec<T>> {
        check_len(values, self.group.len(), self.name()).map_err(|e| self.group.placed(e))
    }

    /// Reads the value. A member that is not there is the `None` of types that have one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], or whatever keeps the member from being a `T`, with the name in its
    /// path.
    #[inline]
    pub fn get<T: FileBacked>(self) -> Result<T> {
        if T::is_link() {
            return self.link(|| T::from_absence(0));
        }
        match self.names {
            [name] if !self.attribute && self.group.is_plain() && !name.contains('/') => {
                self.plain(name).map_err(|e| self.group.placed(e))
            }
            _ => self.read(T::schema, Node::get, || T::from_absence(0)),
        }
    }

    /// The same in a group that nothing but its members has a say in: most objects need not become
    /// nodes.
    #[inline]
    fn plain<T: FileBacked>(&self, name: &str) -> Result<T> {
        let group = self.group;
        let Some(object) = group.object.child(name).map_err(|e| e.at(name))? else {
            return T::from_absence(0).ok_or_else(|| group.missing(self.names));
        };
        let read = || {
            if !object.handle.bare {
                return Node::open(object, group.cx, UNMASKED, group.depth, true)?.get();
            }
            let bare = Bare(object);
            match T::read_bare(&bare)? {
                Some(value) => Ok(value),
                None => Node::open(bare.0, group.cx, UNMASKED, group.depth, true)?.get(),
            }
        };
        read().map_err(|e: Error| e.at(name))
    }

    /// Reads the value, or takes the default where the member is not there.
    ///
    /// # Errors
    ///
    /// Whatever keeps the member from being a `T`.
    pub fn get_or<T: FileBacked>(self, default: impl FnOnce() -> T) -> Result<T> {
        if T::is_link() {
            return self.link(|| Some(default()));
        }
        self.read(T::schema, Node::get, || Some(default()))
    }

    /// Reads a link, which is not followed.
    fn link<T: FileBacked>(&self, absent: impl FnOnce() -> Option<T>) -> Result<T> {
        let group = self.group;
        let find = || {
            if group.step(Some(self.name()), Some(T::schema)).is_none() {
                return absent().ok_or_else(|| Error::new(ErrorKind::Skipped).at(self.name()));
            }
            if self.attribute {
                let what = "a link as an attribute".into();
                return Err(Error::new(ErrorKind::Unsupported(what))
                    .with_help("take `attr` off the field")
                    .at(self.name()));
            }
            for name in self.names {
                if let Some(link) = group.link(name).map_err(|e| e.at(name))? {
                    return Ok(link);
                }
            }
            absent().ok_or_else(|| group.missing(self.names))
        };
        find().map_err(|e| group.placed(e))
    }

    /// Reads the value by a filter.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::get`].
    pub fn get_with<T: 'static>(self, filter: &(impl Filter<T> + ?Sized)) -> Result<T> {
        self.read(opaque, |node| node.get_with(filter), || None)
    }

    /// Reads the value by a filter, or takes the default where the member is not there.
    ///
    /// # Errors
    ///
    /// Whatever keeps the member from being a `T`.
    pub fn get_with_or<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
        default: impl FnOnce() -> T,
    ) -> Result<T> {
        self.read(opaque, |node| node.get_with(filter), || Some(default()))
    }

    /// Reads the value in an `Option` by a filter; a member that is not there is `None`.
    ///
    /// # Errors
    ///
    /// Whatever keeps the member from being a `T`.
    pub fn get_option_with<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<Option<T>> {
        self.read(opaque, |node| node.get_with(filter).map(Some), || Some(None))
    }

    /// Reads the value in an `Option` by a filter, or takes the default where the member is not
    /// there.
    ///
    /// # Errors
    ///
    /// Whatever keeps the member from being a `T`.
    pub fn get_option_with_or<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
        default: impl FnOnce() -> Option<T>,
    ) -> Result<Option<T>> {
        // A marker without the filter's name stands for a `None` that is not the default.
        let read =
            |node: Node<'a>| match node.filters().next().is_none() && node.absence()?.is_some() {
                true => Ok(None),
                false => node.get_with(filter).map(Some),
            };
        self.read(opaque, read, || Some(default()))
    }

    /// Reads the column's values, as many as the table has rows.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::get`]; [`ErrorKind::Damaged`] for a column of another length.
    #[inline]
    pub fn rows<T: FileBacked>(self) -> Result<Vec<T>> {
        let len = self.group.len();
        let absent = || (0..len).map(|_| T::from_absence(0)).collect::<Option<Vec<T>>>();
        let absent = || if len == 0 { None } else { absent() };
        self.checked(self.read(T::schema, Node::get_rows, absent)?)
    }

    /// Reads the column's values, or takes the default for each row where the column is not there.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    pub fn rows_or<T: FileBacked>(self, default: impl FnMut() -> T) -> Result<Vec<T>> {
        let absent = || Some(std::iter::repeat_with(default).take(self.group.len()).collect());
        self.checked(self.read(T::schema, Node::get_rows, absent)?)
    }

    /// Reads the column's values by a filter.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    pub fn rows_with<T: 'static>(self, filter: &(impl Filter<T> + ?Sized)) -> Result<Vec<T>> {
        let values = self.read(opaque, |node| node.get_rows_with(filter), || None)?;
        self.checked(values)
    }

    /// Reads the column's values by a filter, or takes the default for each row where the column is
    /// not there.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    pub fn rows_with_or<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
        default: impl FnMut() -> T,
    ) -> Result<Vec<T>> {
        let absent = || Some(std::iter::repeat_with(default).take(self.group.len()).collect());
        let values = self.read(opaque, |node| node.get_rows_with(filter), absent)?;
        self.checked(values)
    }

    /// Reads the column's values in an `Option` by a filter.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    pub fn option_rows_with<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
    ) -> Result<Vec<Option<T>>> {
        self.option_rows_with_or(filter, || None)
    }

    /// Reads the column's values in an `Option` by a filter, or takes the default for each row
    /// where it is not there.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    pub fn option_rows_with_or<T: 'static>(
        self,
        filter: &(impl Filter<T> + ?Sized),
        default: impl FnMut() -> Option<T>,
    ) -> Result<Vec<Option<T>>> {
        let absent = || Some(std::iter::repeat_with(default).take(self.group.len()).collect());
        let values = self.read(opaque, |node| filter.read_optional_rows(node), absent)?;
        self.checked(values)
    }

    /// Reads the column's values of which some were left out, and takes the default for those.
    ///
    /// # Errors
    ///
    /// As [`MemberReader::rows`].
    pub fn rows_unless_or<T: FileBacked>(self, mut default: impl FnMut() -> T) -> Result<Vec<T>> {
        let len = self.group.len();
        let read = |node: Node<'a>| absent::read_rows(node);
        let values = self.read(T::schema, read, || Some((0..len).map(|_| None).collect()))?;
        let values = self.checked(values)?;
        Ok(values.into_iter().map(|value| value.unwrap_or_else(&mut default)).collect())
    }
}
