//! Creates an AnnData object, saves it as `.h5ad`, loads it again, and opens it in Python with
//! `anndata.read_h5ad`.

use filebacked::anndata::{AnnData, H5ad, Matrix, Uns};
use filebacked::with::{Categorical, DataFrame};
use filebacked::{Compression, FileBacked, ReadOptions, WriteOptions, inspect};
use ndarray::Array2;
use sprs::TriMat;
use std::collections::BTreeMap;

/// A row of `obs`. The first field is the index.
#[derive(FileBacked, Debug, Clone, PartialEq)]
struct Cell {
    barcode: String,
    /// A categorical, like every enum without data; the value may be missing.
    kind: Option<Kind>,
    /// Text with few different values.
    #[filebacked(with = Categorical)]
    sample: String,
    counts: u32,
    /// NaN for a missing value.
    score: Option<f64>,
}

#[derive(FileBacked, Debug, Clone, Copy, PartialEq)]
enum Kind {
    #[filebacked(rename = "B cell")]
    B,
    #[filebacked(rename = "T cell")]
    T,
}

/// A row of `var`.
#[derive(FileBacked, Debug, Clone, PartialEq)]
struct Gene {
    id: String,
    symbol: String,
    mitochondrial: bool,
}

fn measured() -> AnnData<Cell, Gene> {
    let kinds = [Some(Kind::T), Some(Kind::B), None];
    let cell = |i: usize| Cell {
        barcode: format!("cell-{i}"),
        kind: kinds[i % 3],
        sample: format!("donor {}", i % 2),
        counts: 100 + i as u32,
        score: (i % 3 < 2).then_some(i as f64 / 10.0),
    };
    let gene = |i: usize| Gene {
        id: format!("ENSG{i:011}"),
        symbol: format!("G{i}"),
        mitochondrial: i == 0,
    };
    let (cells, genes) = (60, 20);
    let mut counts = TriMat::new((cells, genes));
    for i in 0..cells {
        counts.add_triplet(i, i * 7 % genes, 1.0 + i as f32);
    }
    let embedding = Array2::from_shape_fn((cells, 2), |(i, j)| (i as f64 * 0.1).sin() + j as f64);
    let params = BTreeMap::from([
        ("n_neighbors".to_string(), Uns::Int(15)),
        ("metric".to_string(), Uns::Text("euclidean".into())),
    ]);
    AnnData {
        x: Some(Matrix::Sparse(counts.to_csr())),
        obs: (0..cells).map(cell).collect(),
        var: (0..genes).map(gene).collect(),
        obsm: BTreeMap::from([("X_umap".to_string(), Matrix::Dense(embedding))]),
        uns: BTreeMap::from([("params".to_string(), Uns::Dict(params))]),
        ..AnnData::default()
    }
}

/// The parts that another program needs of such a file: two columns of `obs`, and one number of
/// `uns`.
#[derive(FileBacked, Debug)]
struct Summary {
    #[filebacked(with = DataFrame(index = "name"))]
    obs: Vec<Counted>,
    #[filebacked(rename = "uns/params/n_neighbors")]
    neighbors: u32,
}

#[derive(FileBacked, Debug)]
struct Counted {
    /// The index, which may have any name in the file.
    name: String,
    /// Categories can also be read as text.
    kind: Option<String>,
}

fn main() -> filebacked::Result<()> {
    let directory = std::env::temp_dir().join(format!("filebacked-anndata-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let path = directory.join("cells.h5ad");

    let data = measured();
    WriteOptions::new().compression(Compression::Gzip(4)).save(&path, &data)?;
    assert_eq!(filebacked::load::<AnnData<Cell, Gene>>(&path)?, data);
    print!("{}", inspect::tree(&path)?);

    // Only a part: what is not asked for is not read.
    let summary: Summary = filebacked::load(&path)?;
    let typed = summary.obs.iter().filter(|cell| cell.kind.is_some()).count();
    println!(
        "{typed} of {} cells have a kind, the first is {:?}",
        summary.obs.len(),
        summary.obs[0].name
    );
    assert_eq!((typed, summary.neighbors), (40, 15));

    // Without what it would cost most to read.
    let light: AnnData<Cell, Gene> = ReadOptions::new().skip(["X", "obsm"]).load(&path)?;
    assert!(light.x.is_none() && light.obs == data.obs);

    // Any struct can be an AnnData object.
    #[derive(FileBacked)]
    struct Small {
        #[filebacked(rename = "X")]
        x: Array2<f32>,
        #[filebacked(with = DataFrame(index = "id"))]
        obs: Vec<Named>,
        #[filebacked(with = DataFrame(index = "id"))]
        var: Vec<Named>,
    }
    #[derive(FileBacked)]
    struct Named {
        id: String,
    }
    let named = |names: &[&str]| names.iter().map(|name| Named { id: name.to_string() }).collect();
    let small = Small { x: Array2::zeros((2, 1)), obs: named(&["a", "b"]), var: named(&["g"]) };
    filebacked::save(directory.join("small.h5ad"), &H5ad(small))?;

    std::fs::remove_dir_all(&directory)?;
    Ok(())
}
