//! [`SharedDyn`]: stores trait objects behind `Arc` and `Rc`.

use crate::dynamic::{self, Interface};
use crate::error::Result;
use crate::filter::Filter;
use crate::node::Node;
use crate::rows::Rows;
use crate::shared::{self, Foreign, Owner};
use crate::slot::{Slot, Written};
use std::any::TypeId;
use std::rc::Rc;
use std::sync::Arc;

/// Stores `Arc<dyn Trait>` and `Rc<dyn Trait>` like `Box<dyn Trait>`: in the form of the concrete
/// type, whose name is in the file. The trait and its `impl`s need
/// [`#[filebacked::dynamic]`](macro@crate::dynamic).
///
/// ```text
/// x/          struct Sine 1
/// └── hertz   f64
/// ```
///
/// A value with two owners is one object, and one value again after loading.
///
/// ```
/// use filebacked::{FileBacked, with::SharedDyn};
/// use std::sync::Arc;
///
/// #[filebacked::dynamic]
/// trait Signal: Send + Sync {
///     fn at(&self, t: f64) -> f64;
/// }
///
/// #[derive(FileBacked)]
/// struct Sine { hertz: f64 }
///
/// #[filebacked::dynamic]
/// impl Signal for Sine {
///     fn at(&self, t: f64) -> f64 {
///         (std::f64::consts::TAU * self.hertz * t).sin()
///     }
/// }
///
/// #[derive(FileBacked)]
/// struct Channel {
///     #[filebacked(with = SharedDyn)]
///     signal: Arc<dyn Signal>,
/// }
///
/// # fn main() -> filebacked::Result<()> {
/// let bytes = filebacked::to_bytes(&Channel { signal: Arc::new(Sine { hertz: 50.0 }) })?;
/// let channel: Channel = filebacked::from_bytes(&bytes)?;
/// assert!((channel.signal.at(0.005) - 1.0).abs() < 1e-12);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SharedDyn;

macro_rules! shared_dyn {
    ($($pointer:ident),*) => {
        $(
            impl<D: Interface + ?Sized> Filter<$pointer<D>> for SharedDyn {
                fn name(&self) -> &str {
                    "SharedDyn"
                }
                fn write(&self, value: &$pointer<D>, slot: Slot<'_>) -> Result<Written> {
                    let (strong, weak) = ($pointer::strong_count(value), $pointer::weak_count(value));
                    let (address, id) = ($pointer::as_ptr(value).cast(), TypeId::of::<$pointer<D>>());
                    let keep = Foreign(value);
                    // A struct or an enum with data: its members are the root's where it is a whole
                    // file.
                    slot.put_owned_by(&Owner::new(address, id, strong, weak, &keep), &|| true, &mut |slot| {
                        dynamic::write::<D>(value, slot)
                    })
                }
                fn read(&self, node: Node<'_>) -> Result<$pointer<D>> {
                    shared::read(node, |node| dynamic::read::<D>(node).map($pointer::from))
                }
                fn write_rows(&self, rows: Rows<'_, $pointer<D>>, slot: Slot<'_>) -> Result<Written> {
                    let values: Vec<&D> = rows.iter().map(|value| &**value).collect();
                    dynamic::write_each(values.into_iter(), slot)
                }
                fn read_rows(&self, node: Node<'_>) -> Result<Vec<$pointer<D>>> {
                    Ok(dynamic::read_rows::<D>(node)?.into_iter().map($pointer::from).collect())
                }
                // Writes the form of the class.
                fn is_recorded(&self) -> bool {
                    false
                }
            }
        )*
    };
}
shared_dyn!(Arc, Rc);
