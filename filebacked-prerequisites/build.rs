//! Looks for cmake, make and a C compiler, as the `cmake` crate will. Says nothing in doubt.

use std::env;
use std::process::Command;

/// The cmake that HDF5 2 asks for.
const CMAKE: (u32, u32) = (3, 26);

/// How cmake is installed. Some releases of Linux have an older one; Python's registry is newer.
const INSTALL_CMAKE: &str = "`apt install cmake` (or `pip install cmake`, if that is older), \
    `brew install cmake` or `winget install Kitware.CMake`";

/// How a C compiler and make are installed.
const INSTALL_C: &str = "`apt install build-essential`, `xcode-select --install` or \
    `winget install Microsoft.VisualStudio.2022.BuildTools`";

/// What needs neither.
const WITHOUT: &str = "`cargo add filebacked --no-default-features --features native,derive`";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CMAKE");
    println!("cargo::rerun-if-env-changed=CC");
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    if env::var_os("CARGO_FEATURE_STATIC").is_none() || env::var_os("DOCS_RS").is_some() {
        return;
    }
    if let Some((missing, install)) = cmake().or_else(make).or_else(compiler) {
        // Cargo fails the build after this line, and names this crate before it.
        println!(
            "cargo::error=filebacked builds HDF5 from source, and {missing}; install it with \
             {install}, or build without C: {WITHOUT}"
        );
    }
}

/// What is wrong, and how the missing program is installed.
type Problem = (String, &'static str);

fn cmake() -> Option<Problem> {
    // Another program, or that of a tool for cross-compilers, is for the `cmake` crate to judge.
    if has_variable("CMAKE") {
        return None;
    }
    let (major, minor) = CMAKE;
    let Some(text) = version("cmake") else {
        return Some((format!("cmake {major}.{minor} or newer is missing"), INSTALL_CMAKE));
    };
    let found = text.split_whitespace().find_map(|word| {
        let mut numbers = word.split('.').map(|number| number.parse::<u32>().ok());
        Some((numbers.next()??, numbers.next()??))
    });
    let (has_major, has_minor) = found.filter(|found| *found < CMAKE)?;
    let what = format!("cmake is {has_major}.{has_minor}, older than {major}.{minor}");
    Some((what, INSTALL_CMAKE))
}

/// On Unix, cmake calls make unless it is configured otherwise.
fn make() -> Option<Problem> {
    let is_needed = cfg!(unix) && !has_variable("CMAKE_GENERATOR");
    (is_needed && version("make").is_none() && version("gmake").is_none())
        .then(|| ("make is missing".to_string(), INSTALL_C))
}

fn compiler() -> Option<Problem> {
    let same = env::var_os("HOST") == env::var_os("TARGET");
    // On Windows, Visual Studio's compiler is found through the registry.
    let is_known = same && cfg!(unix) && !has_variable("CC");
    (is_known && ["cc", "gcc", "clang"].iter().all(|name| version(name).is_none()))
        .then(|| ("a C compiler is missing".to_string(), INSTALL_C))
}

/// Whether a variable of this name is set, also for one target only.
fn has_variable(name: &str) -> bool {
    env::vars_os().any(|(variable, _)| {
        let variable = variable.to_string_lossy();
        let special = [format!("HOST_{name}"), format!("TARGET_{name}")];
        variable == name
            || special.iter().any(|special| *special == variable)
            || env::var("TARGET").is_ok_and(|target| {
                variable == format!("{name}_{target}")
                    || variable == format!("{name}_{}", target.replace('-', "_"))
            })
    })
}

/// What a program says of its version, if there is one.
fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
