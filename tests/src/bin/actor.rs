//! Does one thing to a file, for tests that stop it in the middle: `actor ACTION FILE`. Ends with 3
//! where the library reports an error, which goes to standard output.
//! `actor look FOLDER READER FROM TO` looks at damaged files. `actor leave FILE` ends while its
//! threads make system calls. `actor simulate FILE` runs the example `checkpoint` in the file's folder.

use filebacked_tests::actor::Action;
use filebacked_tests::allocator::Counting;
use filebacked_tests::checkpoint;
#[cfg(unix)]
use filebacked_tests::hostile;
use std::path::Path;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(action), Some(path)) = (arguments.next(), arguments.next()) else {
        return ExitCode::from(2);
    };
    #[cfg(unix)]
    if action == "look" {
        let rest =
            std::iter::once(path).chain(arguments).map(|word| word.to_string_lossy().into_owned());
        return if hostile::serve(&rest.collect::<Vec<_>>()).is_some() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(2)
        };
    }
    if action == "leave" {
        for _ in 0..4 {
            std::thread::spawn(|| {
                loop {
                    std::thread::yield_now();
                }
            });
        }
        return ExitCode::SUCCESS;
    }
    let done = match action.to_string_lossy().as_ref() {
        "simulate" => checkpoint::run(Path::new(&path).parent().unwrap_or(Path::new("."))),
        action => Action::named(action).act(path.as_ref()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:?}");
            ExitCode::from(3)
        }
    }
}
