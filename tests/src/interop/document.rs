//! What docs/INTEROP.md says: the recipes of each tool, and the table.
//!
//! A fenced block belongs to the test if the line above it is a marker: `<!-- opening: TOOL -->`,
//! the code in front of everything, `<!-- help: TOOL -->`, what recipes need besides, or
//! `<!-- recipes: TOOL -->`. There each recipe begins with a comment that names the types it reads,
//! in a line of its own: `# vec_vec, map: more words`. Recipes read the field `x` of the open file
//! `f` into `x`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The recipe for a tool's reading of anything.
const ANY: &str = "any";

/// The recipes of one tool.
#[derive(Debug, Default)]
pub struct Recipes {
    opening: String,
    help: String,
    by_kind: BTreeMap<String, String>,
}

/// The document.
#[derive(Debug)]
pub struct Document {
    text: String,
    tools: BTreeMap<String, Recipes>,
}

impl Document {
    /// Reads docs/INTEROP.md.
    pub fn open() -> Self {
        let text = std::fs::read_to_string(path()).expect("docs/INTEROP.md");
        let mut tools = BTreeMap::<String, Recipes>::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let Some((what, tool)) = marker(line) else { continue };
            let fence = lines.next().unwrap_or_default();
            assert!(fence.starts_with("```"), "{line} stands above a fenced block, not {fence:?}");
            let code: Vec<&str> =
                lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            let recipes = tools.entry(tool.to_string()).or_default();
            match what {
                "opening" => recipes.opening += &(code.join("\n") + "\n"),
                "help" => recipes.help += &(code.join("\n") + "\n"),
                _ => recipes.add(tool, &code),
            }
        }
        Document { text, tools }
    }

    /// The recipes of a tool.
    #[track_caller]
    pub fn recipes(&self, tool: &str) -> &Recipes {
        self.tools.get(tool).unwrap_or_else(|| panic!("docs/INTEROP.md has no recipes for {tool}"))
    }

    /// The tools that have recipes.
    pub fn tools(&self) -> impl Iterator<Item = &str> {
        self.tools.keys().map(String::as_str)
    }

    /// The lines of the table: those between the markers `<!-- table -->` and `<!-- /table -->`.
    pub fn table(&self) -> &str {
        self.around_table().1
    }

    /// Puts another table into the document.
    pub fn write_table(&self, table: &str) {
        let (before, _, after) = self.around_table();
        std::fs::write(path(), [before, table, after].concat())
            .expect("docs/INTEROP.md is written");
    }

    fn around_table(&self) -> (&str, &str, &str) {
        let end = |marker: &str| self.text.find(marker).map(|at| at + marker.len());
        let start = end("<!-- table -->\n").expect("the table begins");
        let length = self.text[start..].find("<!-- /table -->").expect("the table ends");
        (&self.text[..start], &self.text[start..start + length], &self.text[start + length..])
    }
}

impl Recipes {
    fn add(&mut self, tool: &str, code: &[&str]) {
        let mut names: Vec<&str> = Vec::new();
        let mut body = String::new();
        for line in code.iter().chain([&""]) {
            if let Some(named) = heading(line) {
                self.finish(tool, &names, &body);
                (names, body) = (named, String::new());
            } else {
                body += line;
                body.push('\n');
            }
        }
        self.finish(tool, &names, &body);
    }

    fn finish(&mut self, tool: &str, names: &[&str], body: &str) {
        assert!(
            !names.is_empty() || body.trim().is_empty(),
            "{tool}: code above the first recipe: {body}"
        );
        for name in names {
            let old = self.by_kind.insert(name.to_string(), body.trim().to_string());
            assert_eq!(old, None, "{tool}: two recipes for {name}");
        }
    }

    /// The code that reads a type.
    pub fn recipe(&self, kind: &str) -> Option<String> {
        self.by_kind.get(kind).map(|code| format!("{}{}{code}\n", self.opening, self.help))
    }

    /// The code that reads any object as the tool sees it, without help.
    pub fn any(&self) -> Option<String> {
        self.by_kind.get(ANY).map(|code| format!("{}{code}\n", self.opening))
    }

    /// The types that recipes name.
    pub fn kinds(&self) -> BTreeSet<&str> {
        self.by_kind.keys().map(String::as_str).filter(|&name| name != ANY).collect()
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/INTEROP.md")
}

fn marker(line: &str) -> Option<(&str, &str)> {
    let (what, tool) = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?.split_once(": ")?;
    matches!(what, "opening" | "help" | "recipes").then_some((what, tool))
}

/// The names in a comment that begins a recipe: `# u8, u16` with or without `: words` behind.
fn heading(line: &str) -> Option<Vec<&str>> {
    let words = ["# ", "// ", "% "].iter().find_map(|sign| line.strip_prefix(sign))?;
    let names = words.split_once(':').map_or(words, |(names, _)| names);
    let plain = |name: &str| {
        name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let names: Vec<&str> = names.split(", ").collect();
    names.iter().all(|name| !name.is_empty() && plain(name)).then_some(names)
}
