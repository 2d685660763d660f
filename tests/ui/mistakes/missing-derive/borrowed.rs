use filebacked::Save;

struct Layer<'a> {
    name: &'a str,
}

#[derive(Save)]
struct Model<'a> {
    layers: &'a [Layer<'a>],
}

fn main() {
    let layer = Layer { name: "first" };
    let _ = filebacked::to_bytes(&layer);
    let _ = filebacked::to_bytes(&filebacked::Sequence::new([layer]));
}
