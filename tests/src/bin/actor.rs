//! Does one thing to a file, for tests that stop it in the middle: `actor ACTION FILE`. Ends with 3 where the library
//! reports an error, which goes to standard output.

use filebacked_tests::actor::Action;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(action), Some(path)) = (arguments.next(), arguments.next()) else { return ExitCode::from(2) };
    match Action::named(&action.to_string_lossy()).act(path.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error:?}");
            ExitCode::from(3)
        }
    }
}
