//! What is in a [`Group`]: listing, making, deleting, moving and linking.

use super::group::{Group, missing, names, walk};
use crate::error::{Error, ErrorKind, Operation, Result};
use crate::storage::libhdf5::{self, Id, Member};
use crate::storage::{Link, ObjectKind};
use std::collections::VecDeque;

/// A link of a [`Group`]: its name, and what it is.
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

    /// The name, taken out.
    pub fn into_name(self) -> String {
        self.name
    }

    /// What kind of object it is; `None` for soft and external links, which are not followed.
    pub fn kind(&self) -> Option<ObjectKind> {
        match &self.member {
            Member::Object(kind) => Some(*kind),
            Member::Link(_) => None,
        }
    }

    /// Where a soft or external link leads.
    pub fn link(&self) -> Option<&Link> {
        match &self.member {
            Member::Object(_) => None,
            Member::Link(link) => Some(link),
        }
    }

    /// Whether it is a group, and no link to one.
    pub fn is_group(&self) -> bool {
        self.kind() == Some(ObjectKind::Group)
    }

    /// Whether it is a dataset, and no link to one.
    pub fn is_dataset(&self) -> bool {
        self.kind() == Some(ObjectKind::Dataset)
    }
}

/// So many soft links on a path are taken for a circle, as HDF5 does.
const MOST_LINKS: usize = 16;

impl Group {
    /// The names in the group: in the order of their creation where that is tracked, else sorted by
    /// their bytes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Invalid`] for names that are not UTF-8, or what HDF5 says.
    pub fn names(&self) -> Result<Vec<String>> {
        self.starting(Operation::Inspect, "", libhdf5::children)
    }

    /// The names in the group, with what each of them is.
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

    /// The number of names in the group.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> Result<usize> {
        self.starting(Operation::Inspect, "", libhdf5::count)
    }

    /// Whether nothing is in the group.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Whether the group keeps the order in which its members were made. Those of
    /// [`File::create`](crate::File::create) and [`Group::create_group`] do.
    ///
    /// # Errors
    ///
    /// What HDF5 says.
    pub fn is_ordered(&self) -> Result<bool> {
        self.starting(Operation::Inspect, "", libhdf5::is_ordered)
    }

    /// Whether the name is in use, wherever a link of that name leads.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for what is no path, or what HDF5 says.
    pub fn contains(&self, path: &str) -> Result<bool> {
        Ok(self.find(path)?.is_some())
    }

    /// Whether there is an object: a link that leads nowhere is none.
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

    /// What kind of object is at a path; links are followed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`]; [`ErrorKind::Dangling`] for a link that leads nowhere;
    /// [`ErrorKind::Mismatch`] where something on the way is no group.
    pub fn kind(&self, path: &str) -> Result<ObjectKind> {
        self.along(Operation::Inspect, path, |base, names| libhdf5::kind_of(&walk(base, names)?))
    }

    /// The link of a name, without following it; `None` where there is none.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for what is no path, or what HDF5 says.
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

    /// Looks for a name at a path that is to be changed: from the group that is given, along the
    /// names above it. The change itself begins with [`libhdf5::begin`], with the group that it is
    /// in.
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

    /// Makes something of a new name. Groups on the way are made where they are missing.
    pub(super) fn make<R>(
        &self,
        path: &str,
        act: impl FnOnce(&Id, &str) -> Result<R>,
    ) -> Result<R> {
        self.make_if(path, |_| Ok(()), act)
    }

    /// The same, unless a look at the last group that is there refuses it: the new name is in its
    /// file, and below it.
    fn make_if<R>(
        &self,
        path: &str,
        check: impl FnOnce(&Id) -> Result<()>,
        act: impl FnOnce(&Id, &str) -> Result<R>,
    ) -> Result<R> {
        self.change(path, "the root group is there already", |base, above, leaf| {
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

    /// Makes a group, and those on the way to it. They keep the order in which their members are
    /// made.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`], [`ErrorKind::Mismatch`] where something on the way is no group,
    /// [`ErrorKind::ReadOnly`].
    pub fn create_group(&self, path: &str) -> Result<Group> {
        let id = self.make(path, libhdf5::create_group)?;
        Ok(Group::new(id, self.file.clone()))
    }

    /// Opens a group, or makes it where nothing is there.
    ///
    /// # Errors
    ///
    /// As [`Group::group`] and [`Group::create_group`].
    pub fn require_group(&self, path: &str) -> Result<Group> {
        if self.contains(path)? { self.group(path) } else { self.create_group(path) }
    }

    /// Makes a soft link: a path that is followed whenever the name is read, from this group or,
    /// with a `/` at its beginning, from the root. Nothing needs to be there yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Exists`], [`ErrorKind::ReadOnly`], or [`ErrorKind::Unsupported`] for an empty
    /// target.
    pub fn create_soft_link(&self, path: &str, target: &str) -> Result<()> {
        self.create_link(path, Link::Soft(target.to_string()))
    }

    /// Makes a link to an object of another file. A relative name of a file is looked for beside
    /// the file of the link, and elsewhere as HDF5 documents it. Nothing needs to be there yet.
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

    /// Makes a further name of an object: both are the same, and it stays until the last of them is
    /// deleted.
    ///
    /// # Errors
    ///
    /// As [`Group::create_soft_link`]; [`ErrorKind::Missing`] where there is no such object;
    /// [`ErrorKind::Cycle`] for a group that the new name would be in; [`ErrorKind::Unsupported`]
    /// for an object of another file.
    pub fn create_hard_link(&self, path: &str, target: &str) -> Result<()> {
        let object = self.along(Operation::Change, target, walk)?;
        let check = |group: &Id| {
            if !libhdf5::is_same(&libhdf5::root_of(&object)?, &libhdf5::root_of(group)?) {
                return Err(Error::new(ErrorKind::Unsupported(
                    "a hard link to an object of another file".into(),
                ))
                .with_help("`create_external_link` makes one that is looked up by name"));
            }
            check_no_cycle(&object, group)
        };
        self.make_if(path, check, |group, leaf| libhdf5::create_hard_link(&object, group, leaf))
    }

    /// Deletes a name, and what it leads to if that was its last one. The space can be used for
    /// what is written later. HDF5 does not know of references to it, which lead to whatever lies
    /// there next.
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

    /// Gives an object another name, in this group or in another of the same file. Groups on the
    /// way are made. Soft links to the old name lead nowhere then.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Missing`], [`ErrorKind::Exists`], [`ErrorKind::ReadOnly`], [`ErrorKind::Cycle`]
    /// where a group would be moved into itself, or [`ErrorKind::Unsupported`] for the root group.
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
                    "to move an object into another file".into(),
                ))
                .with_help("`copy` it there, and `delete` it here"));
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

/// Whether an error says that something is not there.
fn is_absence(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Missing | ErrorKind::Dangling(_) | ErrorKind::Mismatch { .. })
}

/// Refuses a name that is in use, before anything is made.
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

/// Opens what there is of a path of groups; and the names that are missing.
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

/// Makes groups in one another.
fn create(group: &Id, names: &[&str]) -> Result<Id> {
    names.iter().try_fold(group.clone(), |group, name| libhdf5::create_group(&group, name))
}

/// Refuses to put a group into itself, where nothing else would lead to it.
fn check_no_cycle(object: &Id, group: &Id) -> Result<()> {
    if libhdf5::kind_of(object)? != ObjectKind::Group {
        return Ok(());
    }
    let inside = above(group)?.iter().any(|above| libhdf5::is_same(above, object));
    if !inside {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Cycle(libhdf5::path_of(object).unwrap_or_default()))
        .with_help("a group cannot be put into itself; a soft link may lead back to it"))
}

/// The groups that a group is in, the root first and itself last, by hard links alone: soft ones on
/// its path are resolved.
fn above(group: &Id) -> Result<Vec<Id>> {
    let Some(path) = libhdf5::path_of(group) else { return Ok(vec![group.clone()]) };
    let root = libhdf5::root_of(group)?;
    let mut names: VecDeque<String> = parts(&path).collect();
    let mut chain = vec![root.clone()];
    let mut links = 0;
    while let (Some(name), Some(at)) = (names.pop_front(), chain.last()) {
        match libhdf5::member(at, &name)? {
            Some(Member::Link(Link::Soft(target))) if links < MOST_LINKS => {
                links += 1;
                parts(&target).rev().for_each(|part| names.push_front(part));
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

fn parts(path: &str) -> impl DoubleEndedIterator<Item = String> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_string)
}
