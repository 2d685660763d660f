//! [`LinkReader`]: a link that a field reads itself.

use crate::context::ReadContext;
use crate::object::Object;
use crate::storage::Link;
use std::fmt;

/// A link of a group, about to be read.
#[doc(hidden)]
pub struct LinkReader<'r, 'a> {
    pub(crate) group: &'r Object<'a>,
    pub(crate) name: &'r str,
    pub(crate) link: Link,
    pub(crate) cx: &'a ReadContext,
    pub(crate) depth: u32,
    pub(crate) ours: bool,
}

impl fmt::Debug for LinkReader<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkReader")
            .field("name", &self.name)
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}
