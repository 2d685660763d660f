//! What Python's FileBacked 2.1 writes.

use crate::error::Result;
use crate::object::Object;
use crate::storage::Dtype;

/// The attribute with the number of a variant: of a type in `Union[...]`.
pub(crate) const TYPEID: &str = "typeid";

/// The attributes of an object: the module and the name of its class.
const CLASS: [&str; 2] = ["module", "class"];

/// The number of the variant that an object is the value of.
pub(crate) fn typeid(object: &Object<'_>) -> Result<Option<i64>> {
    let Some(attribute) = object.attribute(TYPEID)? else { return Ok(None) };
    let description = attribute.source.describe(attribute.handle)?;
    if !matches!(description.dtype, Dtype::Int(_)) || description.elements() != Some(1) {
        return Ok(None);
    }
    let bytes = attribute.elements::<u8>(&description)?;
    Ok(Some(i64::try_from(crate::layout::number::int(&bytes, true)).unwrap_or(-1)))
}

/// Whether a group is an object of Python's FileBacked.
pub(crate) fn is_object(group: &Object<'_>) -> Result<bool> {
    for name in CLASS {
        if group.text_attribute(name)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
