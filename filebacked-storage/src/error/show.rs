//! How errors look: one line for people, help and sources where they are asked for.

use super::{Error, ErrorKind};
use std::error::Error as StdError;
use std::fmt;

/// Names of a path that are shown at either end if it is long.
const ENDS: usize = 6;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        match (inner.operation, &inner.file) {
            (Some(operation), Some(file)) => write!(f, "{operation} {}: ", file.display())?,
            (Some(operation), None) => write!(f, "{operation}: ")?,
            (None, Some(file)) => write!(f, "{}: ", file.display())?,
            (None, None) => {}
        }
        if !inner.path.is_empty() {
            write_path(f, &inner.path)?;
            f.write_str(": ")?;
        }
        match &inner.kind {
            // The text of the kind is about the file.
            ErrorKind::WrongType { expected, found } if !inner.path.is_empty() => {
                write!(f, "holds a `{found}`, not a `{expected}`")?;
            }
            kind => write_line(f, &kind.to_string())?,
        }
        match &inner.help {
            Some(help) if f.alternate() => write!(f, "\nhelp: {help}"),
            _ => Ok(()),
        }
    }
}

/// Writes a path whose names go from the inside out. Of a long path the middle is left out.
fn write_path(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    // One name that is left out would take as much room as the note.
    let left_out = names.len().saturating_sub(2 * ENDS);
    if left_out < 2 {
        return names.iter().rev().try_for_each(|name| write!(f, "/{name}"));
    }
    names.iter().rev().take(ENDS).try_for_each(|name| write!(f, "/{name}"))?;
    write!(f, "/[{left_out} more]")?;
    names[..ENDS].iter().rev().try_for_each(|name| write!(f, "/{name}"))
}

/// Writes text on one line: the words of other libraries may have several.
fn write_line(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    f.write_str(lines.next().unwrap_or_default())?;
    lines.try_for_each(|line| write!(f, "; {line}"))
}

/// Made to be read: `unwrap` and `fn main() -> Result<()>` print this.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            return f
                .debug_struct("Error")
                .field("operation", &self.0.operation)
                .field("file", &self.0.file)
                .field("path", &self.path())
                .field("kind", &self.0.kind)
                .field("help", &self.0.help)
                .field("source", &self.0.source)
                .finish();
        }
        write!(f, "{self:#}")?;
        let mut source = self.source();
        while let Some(error) = source {
            write!(f, "\ncaused by: {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
