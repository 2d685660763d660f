//! Prints a tree: one line per object, with aligned columns.

use super::{Content, Layout, Tree, TreeAttribute, TreeNode};
use crate::stamp::{FILTER, FORMAT, LEN, STAMP};
use crate::storage::{CompoundType, Description, Dtype};
use std::fmt::{self, Write as _};

/// Longer names do not shift the text beside shorter ones.
const WIDEST: usize = 40;

/// Longer datatypes are cut.
const DTYPE: usize = 100;

/// The prefix of attributes that are marks of a compound type's members.
const MARKS: &str = "filebacked";
const STAMPS: &str = "filebacked:";

/// Longer compound types are printed with one line per member.
const COMPOUND: usize = 60;

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        collect(&self.root, String::new(), String::new(), &mut lines);
        let wide =
            lines.iter().filter(|line| !line.text.is_empty()).map(|line| line.name.chars().count());
        let wide = wide.filter(|width| *width <= WIDEST).max();
        let wide = wide.unwrap_or(0);
        for line in lines {
            match line.text.is_empty() {
                true => writeln!(f, "{}", line.name)?,
                false => writeln!(f, "{:wide$}   {}", line.name, line.text)?,
            }
        }
        Ok(())
    }
}

struct Line {
    /// The branches and the name.
    name: String,
    text: String,
}

/// The lines of a node: `first` stands before its name, `rest` before those of what is below it.
fn collect(node: &TreeNode, first: String, rest: String, lines: &mut Vec<Line>) {
    let slash =
        if matches!(node.content, Content::Group { .. }) && node.name != "/" { "/" } else { "" };
    lines.push(Line { name: format!("{first}{}{slash}", plain(&node.name)), text: describe(node) });
    let records = spread(node);
    // On a single line, the types of members are left out, but not their filters.
    let marks = if records.is_some() { MARKS } else { STAMPS };
    let told = |a: &TreeAttribute| is_inline(a, node) || a.name.starts_with(marks);
    let attributes: Vec<&TreeAttribute> = node.attributes.iter().filter(|a| !told(a)).collect();
    let left_out = match node.content {
        Content::Group { left_out, .. } => left_out,
        _ => 0,
    };
    let mut below = attributes.len() + node.members().len() + usize::from(left_out > 0);
    below += records.map_or(0, |compound| compound.members.len());
    let mut branch = || {
        below -= 1;
        branches(&rest, below == 0)
    };
    for attribute in attributes {
        lines.push(Line {
            name: branch().0 + "@" + &plain(&attribute.name),
            text: describe_attribute(attribute),
        });
    }
    for i in 0..records.map_or(0, |compound| compound.members.len()) {
        let (first, rest) = branch();
        collect_record(records, i, node, "", first, rest, lines);
    }
    for member in node.members() {
        let (first, rest) = branch();
        collect(member, first, rest, lines);
    }
    if left_out > 0 {
        lines.push(Line {
            name: format!("{}... {} more", branch().0, grouped(left_out as u64)),
            text: String::new(),
        });
    }
}

/// The text before the name on a line, and before the lines below it.
fn branches(rest: &str, last: bool) -> (String, String) {
    if last {
        (format!("{rest}└── "), format!("{rest}    "))
    } else {
        (format!("{rest}├── "), format!("{rest}│   "))
    }
}

/// The compound type of a dataset that is printed with one line per member.
fn spread(node: &TreeNode) -> Option<&CompoundType> {
    let Content::Dataset { description, .. } = &node.content else { return None };
    let Dtype::Compound(compound) = &description.dtype else { return None };
    (description.dtype.to_string().chars().count() > COMPOUND).then_some(compound)
}

/// The lines of a member of a compound type, which has its marks among the attributes of the
/// dataset.
fn collect_record(
    compound: Option<&CompoundType>,
    i: usize,
    node: &TreeNode,
    path: &str,
    first: String,
    rest: String,
    lines: &mut Vec<Line>,
) {
    let Some(member) = compound.and_then(|compound| compound.members.get(i)) else { return };
    let path = format!("{path}{}", member.name);
    let (mut dtype, mut shape) = (&member.dtype, Vec::new());
    while let Dtype::Array(element, dims) = dtype {
        shape.extend(dims);
        dtype = element;
    }
    let inner = if let Dtype::Compound(inner) = dtype { Some(inner) } else { None };
    let said = if inner.is_some() { "compound".to_string() } else { dtype.to_string() };
    let mut parts =
        vec![if shape.is_empty() { said } else { format!("{said} {}", extents(&shape)) }];
    parts.extend(mark(node, &format!("{STAMP}:{path}")));
    parts.extend(
        mark(node, &format!("{FILTER}:{path}")).map(|filter| format!("by filter {filter}")),
    );
    lines.push(Line { name: first + &plain(&member.name), text: plain(&parts.join(", ")) });
    let count = inner.map_or(0, |inner| inner.members.len());
    // The elements of an array of structs have a level of their own among the names of attributes.
    let values = node.attribute(&format!("{STAMP}:{path}/values")).is_some();
    let path = if values && !shape.is_empty() { path + "/values/" } else { path + "/" };
    for j in 0..count {
        let (first, rest) = branches(&rest, j + 1 == count);
        collect_record(inner, j, node, &path, first, rest, lines);
    }
}

/// Whether an attribute is printed on the line of its object.
fn is_inline(attribute: &TreeAttribute, node: &TreeNode) -> bool {
    attribute.value.is_some()
        && (attribute.is_mark() || (is_detail(attribute) && node.attribute(STAMP).is_some()))
}

/// Whether it belongs to a stamp.
fn is_detail(attribute: &TreeAttribute) -> bool {
    matches!(&*attribute.name, LEN | "variant")
}

fn describe(node: &TreeNode) -> String {
    let stamp = mark(node, STAMP);
    let mut parts = Vec::new();
    match &node.content {
        Content::Group { members, left_out } => match stamp {
            Some(stamp) => parts.push(stamp),
            None if mark(node, FORMAT).is_some() => {}
            None if members.len() + left_out == 0 => parts.push("empty group".to_string()),
            None => parts.push("group".to_string()),
        },
        Content::Dataset { description, storage, value } => {
            let value = value.as_ref().map_or_else(String::new, |value| format!(" = {value}"));
            parts.push(match spread(node) {
                Some(_) if description.shape.is_empty() => "compound".to_string(),
                Some(_) => format!("compound {}", extents(&description.shape)),
                None => typed(description) + &value,
            });
            parts.extend(stamp);
            parts.extend(stored(description, storage));
        }
        Content::Other => parts.push("committed datatype".to_string()),
        Content::Same(path) => return format!("the same as {}", plain(path)),
        Content::Text(text) => return plain(text),
        Content::Broken(error) => return broken(error),
    }
    let details = node.attributes.iter().filter(|a| is_detail(a) && is_inline(a, node));
    parts.extend(details.filter_map(|a| Some(format!("{} = {}", a.name, a.value.as_ref()?))));
    parts.extend(mark(node, FILTER).map(|filter| format!("by filter {filter}")));
    parts.extend(mark(node, FORMAT).map(|format| format!("format {format}")));
    parts.join(", ")
}

/// The text of a mark, without its quotes.
fn mark(node: &TreeNode, name: &str) -> Option<String> {
    let value = node.attribute(name)?.value.as_ref()?;
    Some(value.replace('"', ""))
}

fn describe_attribute(attribute: &TreeAttribute) -> String {
    match (&attribute.description, &attribute.value) {
        (Ok(description), Some(value)) => format!("{} = {value}", typed(description)),
        (Ok(description), None) => typed(description),
        (Err(error), _) => broken(error),
    }
}

/// Datatype and shape: `f64 (64, 10)`.
fn typed(description: &Description) -> String {
    let mut text = description.dtype.to_string();
    if let Some((end, _)) = text.char_indices().nth(DTYPE) {
        text.truncate(end);
        text += "..";
    }
    let text = plain(text.trim_end());
    match (description.null, &description.shape[..]) {
        (true, _) => text + " (null)",
        (false, []) => text,
        (false, shape) => text + " " + &extents(shape),
    }
}

/// The storage of the data in the file; nothing for data whose value is printed.
fn stored(description: &Description, storage: &Layout) -> Option<String> {
    let single = description.shape.is_empty() && storage.bytes <= 256;
    if description.null || single || storage.kind.is_empty() {
        return None;
    }
    let mut text = storage.kind.to_string();
    if !storage.chunk.is_empty() {
        let _ = write!(text, " {}", extents(&storage.chunk));
    }
    if !storage.filters.is_empty() {
        let _ = write!(text, " {}", plain(&storage.filters.join(" + ")));
    }
    let _ = write!(
        text,
        ", {} {}",
        grouped(storage.bytes),
        if storage.bytes == 1 { "byte" } else { "bytes" }
    );
    if !storage.filters.is_empty() {
        let raw = description.elements().and_then(|n| n.checked_mul(description.dtype.size()));
        if let Some(raw) = raw.filter(|raw| *raw > 0 && description.dtype.is_plain()) {
            let _ = write!(text, " of {}", grouped(raw as u64));
        }
    }
    Some(text)
}

/// `(64, 10)`.
fn extents(shape: &[u64]) -> String {
    let extents: Vec<String> = shape.iter().map(u64::to_string).collect();
    format!("({})", extents.join(", "))
}

fn broken(error: &crate::Error) -> String {
    let help = error.help().map(|help| format!("; {help}")).unwrap_or_default();
    format!("error: {}", plain(&format!("{error}{help}")))
}

/// Text that stays in its line.
fn plain(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            if c.is_control() { Shown::Escaped(c.escape_default()) } else { Shown::Plain(Some(c)) }
        })
        .collect()
}

/// A character as it is, or escaped.
enum Shown {
    Plain(Option<char>),
    Escaped(std::char::EscapeDefault),
}

impl Iterator for Shown {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self {
            Shown::Plain(c) => c.take(),
            Shown::Escaped(escape) => escape.next(),
        }
    }
}

/// A number with commas: `9,900`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
