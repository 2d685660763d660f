//! The filter for one type: on fields, and registered.

use filebacked::testing::{Failure, check_filter};
use filebacked::with::Each;
use filebacked::{ErrorKind, FileBacked, ReadOptions, Registry, Result, WriteOptions, hdf5};
use filter_plugin::GlamVec3;
use glam::Vec3;
use std::sync::Arc;

#[test]
fn it_keeps_the_contract() -> std::result::Result<(), Failure> {
    check_filter(GlamVec3, [Vec3::ZERO, Vec3::new(1.0, -2.5, f32::INFINITY)])
}

#[derive(FileBacked, Debug, PartialEq)]
struct Particle {
    mass: f64,
    #[filebacked(with = GlamVec3)]
    position: Vec3,
    #[filebacked(with = GlamVec3)]
    target: Option<Vec3>,
}

fn particle(i: u8) -> Particle {
    let position = Vec3::splat(i.into());
    Particle { mass: i.into(), position, target: i.is_multiple_of(2).then_some(-position) }
}

#[test]
fn particles_are_columns_with_one_dataset_of_positions() -> Result<()> {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Scene {
        particles: Vec<Particle>,
        #[filebacked(with = Each(GlamVec3))]
        corners: Vec<Vec3>,
    }
    let scene =
        Scene { particles: (0..5).map(particle).collect(), corners: vec![Vec3::X, Vec3::Y] };
    let dir = tempfile::tempdir()?;
    let path = dir.path().join("scene.h5");
    filebacked::save(&path, &scene)?;
    assert_eq!(filebacked::load::<Scene>(&path)?, scene);

    let file = hdf5::File::open(&path).unwrap();
    assert_eq!(file.dataset("particles/position").unwrap().shape(), [5, 3]);
    assert_eq!(file.dataset("corners").unwrap().shape(), [2, 3]);
    Ok(())
}

#[test]
fn a_program_may_register_it_instead() -> Result<()> {
    #[derive(FileBacked, Debug, PartialEq)]
    struct Camera {
        #[filebacked(registered)]
        eye: Vec3,
    }
    let mut registry = Registry::new();
    filter_plugin::register(&mut registry);
    let registry = Arc::new(registry);

    let camera = Camera { eye: Vec3::ONE };
    let bytes = WriteOptions::new().registry(registry.clone()).to_bytes(&camera)?;
    assert_eq!(ReadOptions::new().registry(registry).from_bytes::<Camera>(&bytes)?, camera);

    let without =
        ReadOptions::new().registry(Registry::new()).from_bytes::<Camera>(&bytes).unwrap_err();
    assert_eq!(*without.kind(), ErrorKind::UnknownFilter("glam.Vec3".into()));
    Ok(())
}
