//! Values with several owners, and links.

use filebacked::FileBacked;
use filebacked::link::{ExternalLink, SoftLink};
use std::rc::{Rc, Weak};
use std::sync::Arc;

#[derive(FileBacked, Debug, PartialEq)]
struct Layer {
    width: u32,
}

#[derive(FileBacked, Debug)]
pub(super) struct Owners {
    input: Rc<Layer>,
    output: Rc<Layer>,
    latest: Weak<Layer>,
    nothing: Weak<Layer>,
    numbers: (Arc<u8>, Arc<u8>),
    #[filebacked(layout = "rows")]
    stack: Vec<Rc<Layer>>,
    #[filebacked(layout = "shared")]
    shared: Vec<Arc<u16>>,
}

impl PartialEq for Owners {
    /// Compares the values, and who shares which.
    fn eq(&self, other: &Self) -> bool {
        let parts = |owners: &Owners| {
            let target = owners.latest.upgrade();
            (
                (owners.input.width, Rc::ptr_eq(&owners.input, &owners.output)),
                target.map(|target| Rc::ptr_eq(&target, &owners.input)),
                owners.nothing.upgrade().is_none(),
                (*owners.numbers.0, Arc::ptr_eq(&owners.numbers.0, &owners.numbers.1)),
                owners
                    .stack
                    .iter()
                    .map(|layer| Rc::ptr_eq(layer, &owners.input))
                    .collect::<Vec<_>>(),
                (owners.shared.clone(), Arc::ptr_eq(&owners.shared[0], &owners.shared[2])),
            )
        };
        parts(self) == parts(other)
    }
}

pub(super) fn owners() -> Owners {
    let (tied, number) = (Rc::new(Layer { width: 7 }), Arc::new(3));
    let (once, twice) = (Arc::new(5), Arc::new(6));
    Owners {
        input: tied.clone(),
        output: tied.clone(),
        latest: Rc::downgrade(&tied),
        nothing: Weak::new(),
        numbers: (number.clone(), number),
        stack: vec![tied, Rc::new(Layer { width: 8 })],
        shared: vec![twice.clone(), once, twice],
    }
}

#[derive(FileBacked, Debug)]
pub(super) struct Links {
    target: Vec<f64>,
    soft: SoftLink<Vec<f64>>,
    external: ExternalLink<Vec<f64>>,
}

impl PartialEq for Links {
    fn eq(&self, other: &Self) -> bool {
        let paths = |links: &Links| {
            let external = &links.external;
            (
                links.target.clone(),
                links.soft.path().to_string(),
                external.file().to_string(),
                external.path().to_string(),
            )
        };
        paths(self) == paths(other)
    }
}

pub(super) fn links() -> Links {
    Links {
        target: vec![0.5],
        soft: SoftLink::new("/target"),
        external: ExternalLink::new("other.h5", "/run/loss"),
    }
}
