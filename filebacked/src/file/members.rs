//! Members of a [`Group`]: list, create, delete, move and link them.

use super::group::{Group, missing, names, walk};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::storage::libhdf5::{self, Id, Member};
use crate::storage::{Link, ObjectKind, path};
use std::collections::VecDeque;

/// A member of a [`Group`]: its name, and its object or link. See [`Group::entries`] for an
/// example.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    name: String,
    member: Member,
}

impl Entry {
    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the name as an owned text.
    pub fn into_name(self) -> String {
        self.name
    }

    /// Returns the kind of the object; `None` for soft and external links, which are not followed.
    pub fn kind(&self) -> Option<ObjectKind> {
        match &self.member {
            Member::Object(kind) => Some(*kind),
            Member::Link(_) => None,
        }
    }

    /// Returns the soft or external link.
    pub fn link(&self) -> Option<&Link> {
        match &self.member {
            Member::Object(_) => None,
            Member::Link(link) => Some(link),
        }
    }

    /// Returns whether the member is a group, not a link to one.
    pub fn is_group(&self) -> bool {
        self.kind() == Some(ObjectKind::Group)
    }

    /// Returns whether the member is a dataset, not a link to one.
    pub fn is_dataset(&self) -> bool {
        self.kind() == Some(ObjectKind::Dataset)
    }
}

/// More soft links than this on a path count as a cycle, as in HDF5.
const MOST_LINKS: usize = 16;

impl Group {
    /// Returns the names in the group, in creation order if the group tracks it, otherwise sorted
    /// by their bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for names that are not UTF-8, or any error of libhdf5.
    pub fn names(&self) -> Result<Vec<String>> {
        self.starting(Operation::Inspect, "", libhdf5::children)
    }

    /// Returns the members of the group.
    ///
    /// ```
    /// # fn main() -> filebacked::Result<()> {
    /// let file = filebacked::File::in_memory()?;
    /// file.write("losses", &vec![0.5, 0.25])?;
    /// file.create_soft_link("best", "losses")?;
    /// let entries = file.entries()?;
    /// assert!(entries[0].is_dataset());
    /// assert_eq!(entries[1].name(), "best");
    /// assert!(entries[1].link().is_some());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Group::names`].
    pub fn entries(&self) -> Result<Vec<Entry>> {
        let entries = |group: &Id| {
            let members = libhdf5::members(group)?;
            Ok(members.into_iter().map(|(name, member)| Entry { name, member }).collect())
        };
        self.starting(Operation::Inspect, "", entries)
    }

    /// Returns the number of names in the group.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn count(&self) -> Result<usize> {
        self.starting(Operation::Inspect, "", libhdf5::count)
    }

    /// Returns whether the group tracks the creation order of its members. Groups made by
    /// [`File::create`](crate::File::create) and [`Group::create_group`] do.
    ///
    /// # Errors
    ///
    /// Any error of libhdf5.
    pub fn is_ordered(&self) -> Result<bool> {
        self.starting(Operation::Inspect, "", libhdf5::is_ordered)
    }

    /// Returns whether the name is in use, even by a dangling link.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for an invalid path, or any error of libhdf5.
    pub fn contains(&self, path: &str) -> Result<bool> {
        Ok(self.find(path)?.is_some())
    }

    /// Returns whether an object exists at the path; false for a dangling link.
    ///
    /// # Errors
    ///
    /// As [`Group::contains`].
    pub fn exists(&self, path: &str) -> Result<bool> {
        match self.kind(path) {
            Ok(_) => Ok(true),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Returns the kind of the object at a path, and follows links.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`]; [`ErrorKind::Dangling`] for a link without a target;
    /// [`ErrorKind::Mismatch`] if a name before the last is not a group.
    pub fn kind(&self, path: &str) -> Result<ObjectKind> {
        self.along(Operation::Inspect, path, |base, names| libhdf5::kind_of(&walk(base, names)?))
    }

    /// Returns the member of a name, without following links; `None` if the name is not in use.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for an invalid path, or any error of libhdf5.
    pub fn entry(&self, path: &str) -> Result<Option<Entry>> {
        let member = self.find(path)?;
        let name = names(path)
            .ok()
            .and_then(|names| names.last().map(|name| name.to_string()))
            .unwrap_or_default();
        Ok(member.map(|member| Entry { name, member }))
    }

    fn find(&self, path: &str) -> Result<Option<Member>> {
        self.along(Operation::Inspect, path, |base, names| {
            let Some((leaf, above)) = names.split_last() else {
                return Ok(Some(Member::Object(ObjectKind::Group)));
            };
            match walk(base, above).and_then(|group| libhdf5::member(&group, leaf)) {
                Err(error) if is_absence(&error) => Ok(None),
                found => found,
            }
        })
    }

    /// Finds the group of a path for a change. The change itself begins with [`libhdf5::begin`],
    /// with the group that it is in.
    fn change<R>(
        &self,
        path: &str,
        root: &str,
        act: impl FnOnce(&Id, &[&str], &str) -> Result<R>,
    ) -> Result<R> {
        self.along(Operation::Change, path, |base, names| match names.split_last() {
            Some((leaf, above)) => act(base, above, leaf),
            None => Err(ErrorKind::Unsupported(root.to_string()).into()),
        })
    }

    /// Creates an object under a new name, and missing groups on its path.
    pub(super) fn make<R>(
        &self,
        path: &str,
        act: impl FnOnce(&Id, &str) -> Result<R>,
    ) -> Result<R> {
        self.make_if(path, |_| Ok(()), act)
    }

    /// The same, unless a check of the last existing group on the path refuses it.
    fn make_if<R>(
        &self,
        path: &str,
        check: impl FnOnce(&Id) -> Result<()>,
        act: impl FnOnce(&Id, &str) -> Result<R>,
    ) -> Result<R> {
        self.change(path, "the root group exists already", |base, above, leaf| {
            let (group, missing) = reach(base, above)?;
            if missing.is_empty() {
                check_free(&group, above, leaf)?;
            }
            let place = |e: Error| e.at(leaf).at(&above.join("/"));
            check(&group).map_err(place)?;
            let _change = libhdf5::begin(&group)?;
            create(&group, missing).and_then(|group| act(&group, leaf)).map_err(place)
        })
    }

    /// Creates a group, and missing groups on its path. They track the creation order of their
    /// members.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`], [`ErrorKind::Mismatch`] if a name before the last is not a group,
    /// [`ErrorKind::ReadOnly`].
    pub fn create_group(&self, path: &str) -> Result<Group> {
        let id = self.make(path, libhdf5::create_group)?;
        Ok(Group::new(id, self.file.clone()))
    }

    /// Opens a group, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// As [`Group::group`] and [`Group::create_group`].
    pub fn require_group(&self, path: &str) -> Result<Group> {
        if self.contains(path)? { self.group(path) } else { self.create_group(path) }
    }

    /// Creates a soft link. Reading the name follows the target path from this group, or from the
    /// root if it begins with `/`. The target need not exist.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`], [`ErrorKind::ReadOnly`], or [`ErrorKind::Unsupported`] for an empty
    /// target.
    pub fn create_soft_link(&self, path: &str, target: &str) -> Result<()> {
        self.create_link(path, Link::Soft(target.to_string()))
    }

    /// Creates a link to an object of another file. A relative file name is looked up beside the
    /// file of the link, and elsewhere as HDF5 documents. The target need not exist.
    ///
    /// # Errors
    ///
    /// As [`Group::create_soft_link`].
    pub fn create_external_link(&self, path: &str, file: &str, target: &str) -> Result<()> {
        self.create_link(path, Link::External { file: file.to_string(), path: target.to_string() })
    }

    fn create_link(&self, path: &str, link: Link) -> Result<()> {
        link.check()
            .and_then(|()| self.make(path, |group, leaf| libhdf5::create_link(group, leaf, &link)))
            .map_err(|e| e.during(Operation::Change).in_file(&self.file))
    }

    /// Creates another name for an object. Both names are equal, and the object exists until the
    /// last name is deleted.
    ///
    /// # Errors
    ///
    /// As [`Group::create_soft_link`]; [`ErrorKind::Missing`] if the target does not exist;
    /// [`ErrorKind::Cycle`] for a group that would contain itself; [`ErrorKind::Unsupported`] for
    /// an object of another file.
    pub fn create_hard_link(&self, path: &str, target: &str) -> Result<()> {
        let object = self.along(Operation::Change, target, walk)?;
        let check = |group: &Id| {
            if !libhdf5::is_same(&libhdf5::root_of(&object)?, &libhdf5::root_of(group)?) {
                return Err(Error::new(ErrorKind::Unsupported(
                    "a hard link to an object of another file".into(),
                ))
                .with_help("use `create_external_link`, which names the other file"));
            }
            check_no_cycle(&object, group)
        };
        self.make_if(path, check, |group, leaf| libhdf5::create_hard_link(&object, group, leaf))
    }

    /// Deletes a name, and its object if this was the last name. Later writes can use the space.
    /// HDF5 references to the object are not updated; they lead to the data that lies there next.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], [`ErrorKind::ReadOnly`], or [`ErrorKind::Unsupported`] for the root
    /// group.
    pub fn delete(&self, path: &str) -> Result<()> {
        self.change(path, "the root group cannot be deleted", |base, above, leaf| {
            let group = walk(base, above)?;
            if libhdf5::member(&group, leaf).map_err(|e| e.at(&above.join("/")))?.is_none() {
                return Err(missing(&group, leaf).at(&above.join("/")));
            }
            let _change = libhdf5::begin(&group)?;
            libhdf5::delete(&group, leaf).map_err(|e| e.at(leaf).at(&above.join("/")))
        })
    }

    /// Moves an object to another name in this or another group of the same file. Missing groups on
    /// the path are created. Soft links to the old name become dangling.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], [`ErrorKind::Exists`], [`ErrorKind::ReadOnly`], [`ErrorKind::Cycle`]
    /// for a group that would contain itself, or [`ErrorKind::Unsupported`] for the root group.
    pub fn rename(&self, from: &str, to: &str) -> Result<()> {
        let (old, name) =
            self.change(from, "the root group cannot be moved", |base, above, leaf| {
                let group = walk(base, above)?;
                match libhdf5::member(&group, leaf).map_err(|e| e.at(&above.join("/")))? {
                    Some(_) => Ok((group, leaf.to_string())),
                    None => Err(missing(&group, leaf).at(&above.join("/"))),
                }
            })?;
        let same = |base: &Id, names: &[&str]| {
            let Some((leaf, above)) = names.split_last() else { return Ok(false) };
            Ok(*leaf == name && walk(base, above).is_ok_and(|group| libhdf5::is_same(&group, &old)))
        };
        if self.along(Operation::Change, to, same)? {
            return Ok(());
        }
        let check = |group: &Id| {
            if !libhdf5::is_same(&libhdf5::root_of(&old)?, &libhdf5::root_of(group)?) {
                return Err(Error::new(ErrorKind::Unsupported(
                    "an object cannot be moved into another file".into(),
                ))
                .with_help("use `copy`, and then `delete`"));
            }
            if !libhdf5::is_same(group, &old)
                && let Some(Member::Object(ObjectKind::Group)) = libhdf5::member(&old, &name)?
                && let Some(moved) = libhdf5::open_member(&old, &name)?
            {
                check_no_cycle(&moved, group)?;
            }
            Ok(())
        };
        self.make_if(to, check, |group, leaf| libhdf5::move_link(&old, &name, group, leaf))
    }
}

/// Whether an error means that an object does not exist.
fn is_absence(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Missing | ErrorKind::Dangling(_) | ErrorKind::Mismatch { .. })
}

/// Refuses a name that is in use, before anything is created.
fn check_free(group: &Id, above: &[&str], leaf: &str) -> Result<()> {
    libhdf5::check_group(group).map_err(|e| e.at(&above.join("/")))?;
    match libhdf5::exists(group, leaf)? {
        true => Err(Error::new(ErrorKind::Exists)
            .with_help("`delete` frees it")
            .at(leaf)
            .at(&above.join("/"))),
        false => Ok(()),
    }
}

/// Opens the existing groups of a path; returns the missing names.
fn reach<'n>(base: &Id, names: &'n [&'n str]) -> Result<(Id, &'n [&'n str])> {
    let mut group = base.clone();
    for (i, name) in names.iter().enumerate() {
        match libhdf5::open_member(&group, name).map_err(|e| e.at(&names[..=i].join("/")))? {
            Some(next) => group = next,
            None => return Ok((group, &names[i..])),
        }
    }
    Ok((group, &[]))
}

/// Creates nested groups.
fn create(group: &Id, names: &[&str]) -> Result<Id> {
    names.iter().try_fold(group.clone(), |group, name| libhdf5::create_group(&group, name))
}

/// Refuses to put a group into itself, where it would be unreachable.
fn check_no_cycle(object: &Id, group: &Id) -> Result<()> {
    if libhdf5::kind_of(object)? != ObjectKind::Group {
        return Ok(());
    }
    let inside = above(group)?.iter().any(|above| libhdf5::is_same(above, object));
    if !inside {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Cycle(libhdf5::path_of(object).unwrap_or_default()))
        .with_help("a group cannot contain itself; use a soft link to point back to it"))
}

/// The groups from the root to a group, itself last, by hard links; soft links on its path are
/// resolved.
fn above(group: &Id) -> Result<Vec<Id>> {
    let Some(start) = libhdf5::path_of(group) else { return Ok(vec![group.clone()]) };
    let root = libhdf5::root_of(group)?;
    let mut names: VecDeque<String> = path::names(&start).map(str::to_string).collect();
    let mut chain = vec![root.clone()];
    let mut links = 0;
    while let (Some(name), Some(at)) = (names.pop_front(), chain.last()) {
        match libhdf5::member(at, &name)? {
            Some(Member::Link(Link::Soft(target))) if links < MOST_LINKS => {
                links += 1;
                path::names(&target).rev().for_each(|name| names.push_front(name.to_string()));
                if target.starts_with('/') {
                    chain = vec![root.clone()];
                }
            }
            _ => match libhdf5::open_member(at, &name)? {
                Some(next) => chain.push(next),
                None => return Err(missing(at, &name)),
            },
        }
    }
    Ok(chain)
}
