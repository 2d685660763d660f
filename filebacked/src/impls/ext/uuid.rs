//! uuid: identifiers as the text they are written as.
//!
//! ```text
//! Uuid         str[36]: hyphenated, lower case
//! ```

use crate::backed::{FileBacked, Save};
use crate::erased::Key;
use crate::error::Result;
use crate::impls::net::printed_is_backed;
use crate::layout::scalar::{Element, element_shaped};
use crate::layout::text;
use crate::node::Node;
use crate::rows::Rows;
use crate::schema::Schema;
use crate::slot::{Slot, Written};
use std::borrow::Cow;
use uuid::Uuid;

printed_is_backed!(Uuid);
