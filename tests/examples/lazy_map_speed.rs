use filebacked::*;
use std::time::Instant;
#[derive(FileBacked, Clone)]
struct Run { step: u64, losses: Vec<f64> }
fn time(what: &str, n: u32, mut f: impl FnMut(u32)) {
    f(0); f(1);
    let mut best = f64::MAX;
    for _ in 0..7 {
        let t = Instant::now();
        for i in 0..n { f(i) }
        best = best.min(t.elapsed().as_secs_f64() / n as f64);
    }
    println!("{what:45} {:9.2} us", best * 1e6);
}
fn raw(path: &std::path::Path, name: &str) -> usize {
    let f = filebacked::hdf5::File::open(path).unwrap();
    let d = f.dataset(name).unwrap();
    d.read_raw::<f64>().unwrap().len()
}
fn raw_group(path: &std::path::Path, name: &str) -> usize {
    let f = filebacked::hdf5::File::open(path).unwrap();
    let g = f.group(name).unwrap();
    let s: u64 = g.dataset("step").unwrap().read_scalar().unwrap();
    g.dataset("losses").unwrap().read_raw::<f64>().unwrap().len() + s as usize
}
fn main() {
    let dir = std::env::temp_dir().join("fb-map-speed"); std::fs::create_dir_all(&dir).unwrap();
    let n = 10_000u32;
    let k: Vec<String> = (0..n).map(|i| format!("run {i}")).collect();
    let key = |i: u32| &k[(i.wrapping_mul(7919) % n) as usize];
    let map: LazyMap<String, Run> = k.iter().map(|k| (k.clone(), Run { step: 1, losses: vec![0.5; 10] })).collect();
    let vecs: LazyMap<String, Vec<f64>> = k.iter().map(|k| (k.clone(), vec![0.5; 10])).collect();
    for (what, engine) in [("native file", Engine::Native), ("libhdf5 file", Engine::Libhdf5)] {
        let (p, q) = (dir.join("runs.h5"), dir.join("vecs.h5"));
        WriteOptions::new().engine(engine).save(&p, &map).unwrap();
        WriteOptions::new().engine(engine).save(&q, &vecs).unwrap();
        println!("== {what}: {} and {} bytes", std::fs::metadata(&p).unwrap().len(), std::fs::metadata(&q).unwrap().len());
        time("raw libhdf5: open + read one Vec", 200, |i| { raw(&q, key(i)); });
        time("raw libhdf5: open + read one Run", 200, |i| { raw_group(&p, key(i)); });
        time("load (open) only", 500, |_| { load::<LazyMap<String, Vec<f64>>>(&q).unwrap(); });
        time("load + get one Vec", 500, |i| { load::<LazyMap<String, Vec<f64>>>(&q).unwrap().get(key(i)).unwrap().unwrap(); });
        time("load + get one Run", 500, |i| { load::<LazyMap<String, Run>>(&p).unwrap().get(key(i)).unwrap().unwrap(); });
        time("File::open + read_root + get one Vec", 200, |i| { File::open(&q).unwrap().read_root::<LazyMap<String, Vec<f64>>>().unwrap().get(key(i)).unwrap().unwrap(); });
        time("File::open + drop", 200, |_| { File::open(&q).unwrap(); });
        let lib = ReadOptions::new().engine(Engine::Libhdf5);
        time("load (libhdf5) + get one Vec", 200, |i| { lib.load::<LazyMap<String, Vec<f64>>>(&q).unwrap().get(key(i)).unwrap().unwrap(); });
        let open: LazyMap<String, Vec<f64>> = load(&q).unwrap();
        time("read one more (native)", 500, |i| { open.read(key(i)).unwrap().unwrap(); });
        time("contains_key (native)", 500, |i| { open.contains_key(key(i)).unwrap(); });
        time("len (native)", 500, |_| { open.len().unwrap(); });
        let open: LazyMap<String, Vec<f64>> = File::open(&q).unwrap().read_root().unwrap();
        time("read one more (libhdf5)", 500, |i| { open.read(key(i)).unwrap().unwrap(); });
        time("contains_key (libhdf5)", 500, |i| { open.contains_key(key(i)).unwrap(); });
        time("len (libhdf5)", 500, |_| { open.len().unwrap(); });
        time("load + keys", 3, |_| { load::<LazyMap<String, Vec<f64>>>(&q).unwrap().keys().unwrap(); });
        time("load + iter all", 3, |_| { assert_eq!(load::<LazyMap<String, Vec<f64>>>(&q).unwrap().iter().map(|e| e.unwrap()).count(), n as usize); });
        time("load as HashMap", 3, |_| { load::<std::collections::HashMap<String, Vec<f64>>>(&q).unwrap(); });
        let t = Instant::now();
        let mut m: LazyMap<String, Vec<f64>> = File::open_rw(&q).unwrap().read_root().unwrap();
        for i in 0..1000 { m.insert(format!("new {i}"), vec![1.0; 10]).unwrap(); }
        println!("insert 1000 {:?}", t.elapsed());
        let t = Instant::now(); m.flush().unwrap(); println!("flush 1000 {:?}", t.elapsed());
        let t = Instant::now(); m.insert("one".into(), vec![1.0; 10]).unwrap(); m.flush().unwrap(); println!("insert+flush 1 {:?}", t.elapsed());
        drop(m);
        let r = dir.join("copy.h5");
        let t = Instant::now(); let mut m = load::<LazyMap<String, Vec<f64>>>(&q).unwrap(); m.insert("more".into(), vec![1.0]).unwrap(); save(&r, &m).unwrap(); println!("save with 1 change {:?}", t.elapsed());
        let t = Instant::now(); save(&r, &load::<LazyMap<String, Vec<f64>>>(&q).unwrap()).unwrap(); println!("save unchanged {:?}", t.elapsed());
    }
}
