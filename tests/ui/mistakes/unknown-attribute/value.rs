use filebacked::FileBacked;

#[derive(FileBacked)]
#[filebacked(rename_all = "snake", deny_unknown = true)]
struct Model {
    #[filebacked(rename = steps)]
    step: u64,
    #[filebacked(layout = "pack")]
    names: Vec<String>,
    #[filebacked(chunk = 64)]
    data: Vec<f64>,
    #[filebacked(rename)]
    rate: f64,
    #[filebacked]
    note: String,
}

fn main() {}
