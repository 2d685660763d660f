//! The build cost of a user's program: the same types stored by this library and by serde with
//! bincode, with one field (feature `one`) and with thirty. `scripts/compile_cost.sh` builds it.

#[cfg(feature = "twin")]
use serde::{Deserialize, Serialize};
#[cfg(not(feature = "one"))]
use std::collections::{BTreeMap, HashMap};

macro_rules! stored {
    ($($item:item)*) => {$(
        #[cfg_attr(feature = "ours", derive(filebacked::FileBacked))]
        #[cfg_attr(feature = "twin", derive(Serialize, Deserialize))]
        #[derive(Debug, Clone, PartialEq)]
        $item
    )*};
}

#[cfg(feature = "one")]
stored! {
    struct State {
        step: u64,
    }
}

#[cfg(not(feature = "one"))]
stored! {
    struct State {
        step: u64,
        time: f64,
        name: String,
        seed: u32,
        finished: bool,
        ratio: f32,
        tags: Vec<String>,
        losses: Vec<f64>,
        counts: Vec<u32>,
        note: Option<String>,
        limit: Option<f64>,
        retries: Option<u32>,
        mode: Mode,
        modes: Vec<Mode>,
        shape: Shape,
        shapes: Vec<Shape>,
        layers: Vec<Layer>,
        first: Layer,
        last: Option<Layer>,
        particles: Vec<Particle>,
        origin: Particle,
        bounds: (f64, f64),
        size: [u64; 3],
        names: HashMap<String, u64>,
        settings: BTreeMap<String, f64>,
        by_name: BTreeMap<String, Layer>,
        by_number: HashMap<u32, Particle>,
        history: Vec<Vec<f64>>,
        optimizer: Optimizer,
        events: Vec<Event>,
    }
    struct Layer {
        width: u32,
        rate: f64,
        activation: Mode,
        weights: Vec<f32>,
        bias: Option<f64>,
    }
    struct Particle {
        id: u64,
        position: [f64; 3],
        velocity: [f64; 3],
        charge: Option<f32>,
        label: String,
    }
    struct Optimizer {
        kind: Mode,
        rate: f64,
        momentum: Option<f64>,
        moments: Vec<Vec<f64>>,
    }
    struct Event {
        at: f64,
        what: Shape,
        who: Option<u64>,
        note: String,
    }
    enum Mode {
        Linear,
        Relu,
        Tanh,
    }
    enum Shape {
        Empty,
        Circle { radius: f64 },
        Box { width: f64, height: f64 },
        Named(String, u32),
        Polygon(Vec<(f64, f64)>),
    }
}

#[cfg(feature = "ours")]
fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let state: State = filebacked::load(&path).expect("a state");
    filebacked::save(&path, &state).expect("a saved state");
}

#[cfg(feature = "twin")]
fn main() {
    let path = std::env::args().nth(1).unwrap_or_default();
    let config = bincode::config::standard();
    let bytes = std::fs::read(&path).expect("a file");
    let (state, _): (State, usize) =
        bincode::serde::decode_from_slice(&bytes, config).expect("a state");
    let bytes = bincode::serde::encode_to_vec(&state, config).expect("an encoded state");
    std::fs::write(&path, bytes).expect("a saved state");
}
