use filebacked::FileBacked;

#[derive(FileBacked)]
struct Model {
    #[filebacked(attr, chunk = [64], layout = "packed")]
    data: Vec<f64>,
}

fn main() {}
