//! Patterns of `skip` and `only`: checked against a [`Schema`], then walked beside the value.

use crate::error::{Error, ErrorKind, Result};
use crate::schema::{FieldSchema, Nested, Schema};
use crate::storage::path::names;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

/// One level of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum PatternLevel {
    Name(String),
    /// `*`: any one name, or each element.
    One,
    /// `**`: any number of levels.
    Many,
}

/// Where a value is in all patterns at once. 0 is the state of calls without patterns.
pub(crate) type State = u32;

/// The state of a call without patterns.
pub(crate) const UNMASKED: State = 0;

/// The patterns of a call. Positions in the patterns are a set, each distinct set a state, and
/// steps are remembered.
#[derive(Debug)]
pub(crate) struct Mask {
    skip: Vec<Vec<PatternLevel>>,
    only: Option<Vec<Vec<PatternLevel>>>,
    walked: Mutex<Walked>,
}

#[derive(Debug, Default)]
struct Walked {
    positions: Vec<Positions>,
    steps: HashMap<(State, Option<String>, Option<usize>), Option<State>>,
}

/// Pairs of a pattern and a place in it.
type Set = BTreeSet<(usize, usize)>;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Positions {
    skip: Set,
    only: Set,
    /// Some pattern of `only` fits this node or one above it.
    inside: bool,
}

impl Mask {
    /// The mask of these patterns, or none where there are none.
    ///
    /// `schema` is what the value looks like; every pattern must fit something in it.
    pub(crate) fn new(
        skip: &[String],
        only: Option<&[String]>,
        schema: Option<Nested>,
    ) -> Result<Option<Mask>> {
        if skip.is_empty() && only.is_none() {
            return Ok(None);
        }
        let Some(schema) = schema else {
            return Err(Error::new(ErrorKind::Unsupported(
                "`skip` and `only` need a type with a schema".into(),
            ))
            .with_help("derive `FileBacked` instead of `Save`"));
        };
        let compile = |patterns: &[String]| -> Result<Vec<Vec<PatternLevel>>> {
            patterns.iter().map(|pattern| check(pattern, parse(pattern), schema)).collect()
        };
        let (skip, only) = (compile(skip)?, only.map(compile).transpose()?);
        let mut start = Positions { inside: only.is_none(), ..Positions::default() };
        start.skip = close(&skip, (0..skip.len()).map(|p| (p, 0)).collect());
        if let Some(only) = &only {
            start.only = close(only, (0..only.len()).map(|p| (p, 0)).collect());
        }
        // State 0 means "no mask", so the start is state 1.
        let walked = Walked { positions: vec![Positions::default(), start], steps: HashMap::new() };
        Ok(Some(Mask { skip, only, walked: Mutex::new(walked) }))
    }

    /// The state of the value itself.
    pub(crate) fn start(&self) -> State {
        1
    }

    /// The state of a member (or, without a name, of each element), or `None` where it is left out.
    pub(crate) fn step(
        &self,
        state: State,
        name: Option<&str>,
        schema: Option<Nested>,
    ) -> Option<State> {
        let mut walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        let memo = (state, name.map(str::to_string), schema.map(|schema| schema as usize));
        if let Some(known) = walked.steps.get(&memo) {
            return *known;
        }
        let from = walked.positions.get(state as usize).cloned().unwrap_or_default();
        let next = self.advance(&from, name, schema).map(|to| {
            let place =
                walked.positions.iter().skip(1).position(|p| *p == to).map(|place| place + 1);
            place.unwrap_or_else(|| {
                walked.positions.push(to);
                walked.positions.len() - 1
            }) as State
        });
        walked.steps.insert(memo, next);
        next
    }

    /// Whether nothing is left out at a node and below it.
    pub(crate) fn takes_all(&self, state: State) -> bool {
        let walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        walked
            .positions
            .get(state as usize)
            .is_none_or(|positions| positions.inside && positions.skip.is_empty())
    }

    /// Whether a node is included for itself, not only for members below it.
    pub(crate) fn takes(&self, state: State) -> bool {
        let walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        walked.positions.get(state as usize).is_none_or(|positions| positions.inside)
    }

    fn advance(
        &self,
        from: &Positions,
        name: Option<&str>,
        schema: Option<Nested>,
    ) -> Option<Positions> {
        let skip = step(&self.skip, &from.skip, name);
        if finished(&self.skip, &skip) {
            return None;
        }
        let Some(patterns) = &self.only else {
            return Some(Positions { skip, only: Set::new(), inside: true });
        };
        let only = step(patterns, &from.only, name);
        let inside = from.inside || finished(patterns, &only);
        // A member outside of every pattern stays only if one can still fit below it.
        let leads_there = || {
            let fits = |(pattern, at): &(usize, usize)| match schema {
                Some(schema) => fits(schema, &patterns[*pattern][*at..], 64),
                None => true,
            };
            only.iter().any(fits)
        };
        (inside || leads_there()).then_some(Positions { skip, only, inside })
    }
}

fn parse(pattern: &str) -> Vec<PatternLevel> {
    let part = |part: &str| match part {
        "*" => PatternLevel::One,
        "**" => PatternLevel::Many,
        name => PatternLevel::Name(name.to_string()),
    };
    names(pattern).map(part).collect()
}

/// Adds the places behind each `**`, which may stand for no level at all.
fn close(patterns: &[Vec<PatternLevel>], mut set: Set) -> Set {
    let mut open: Vec<_> = set.iter().copied().collect();
    while let Some((pattern, at)) = open.pop() {
        if patterns[pattern].get(at) == Some(&PatternLevel::Many) && set.insert((pattern, at + 1)) {
            open.push((pattern, at + 1));
        }
    }
    set
}

fn step(patterns: &[Vec<PatternLevel>], set: &Set, name: Option<&str>) -> Set {
    let mut next = Set::new();
    for &(pattern, at) in set {
        match patterns[pattern].get(at) {
            Some(PatternLevel::Many) => next.insert((pattern, at)),
            Some(PatternLevel::One) => next.insert((pattern, at + 1)),
            Some(PatternLevel::Name(wanted)) if name == Some(wanted) => {
                next.insert((pattern, at + 1))
            }
            _ => continue,
        };
    }
    close(patterns, next)
}

fn finished(patterns: &[Vec<PatternLevel>], set: &Set) -> bool {
    set.iter().any(|(pattern, at)| *at == patterns[*pattern].len())
}

fn check(pattern: &str, parts: Vec<PatternLevel>, schema: Nested) -> Result<Vec<PatternLevel>> {
    let unknown =
        |nearest| Error::new(ErrorKind::UnknownPath { pattern: pattern.to_string(), nearest });
    if parts.is_empty() {
        return Err(
            unknown(None).with_help("a pattern is a path of names, such as `layers/*/weights`")
        );
    }
    if fits(schema, &parts, 64) {
        return Ok(parts);
    }
    let (depth, names) = reach(schema, &parts, 64);
    let Some(PatternLevel::Name(wrong)) = parts.get(depth) else {
        return Err(unknown(None).with_help("the pattern goes deeper than the type"));
    };
    if names.is_empty() {
        return Err(unknown(None).with_help(format!(
            "`{wrong}` names nothing: a single value has no members, and elements have no names: `*` stands for all of them"
        )));
    }
    let best = names.iter().min_by_key(|name| (distance(wrong, name), name.to_string()));
    let near = best.filter(|name| is_near(wrong, name));
    let nearest = near.map(|name| {
        let text = |part: &PatternLevel| match part {
            PatternLevel::Name(name) => name.clone(),
            PatternLevel::One => "*".to_string(),
            PatternLevel::Many => "**".to_string(),
        };
        let mut path: Vec<_> = parts.iter().map(text).collect();
        path[depth] = name.to_string();
        path.join("/")
    });
    let help = match &nearest {
        Some(path) => format!("did you mean `{path}`?"),
        None => format!(
            "known names there: `{}`",
            names.iter().cloned().collect::<Vec<_>>().join("`, `")
        ),
    };
    Err(unknown(nearest).with_help(help))
}

/// The schemas one level below a schema.
enum Below {
    Members(Vec<(String, Nested)>),
    /// Entries of a map: any name.
    Entries(Nested),
    /// Elements: no names, and nothing to leave out unless there is something below them.
    Elements(Nested),
    Nothing,
}

fn below(schema: Schema) -> Below {
    let members = |fields: Vec<FieldSchema>| {
        fields.into_iter().map(|f| (f.name.to_string(), f.schema)).collect()
    };
    match schema {
        Schema::Struct(s) => Below::Members(members(s.fields)),
        Schema::Variants(v) => {
            Below::Members(members(v.variants.into_iter().flat_map(|v| v.fields).collect()))
        }
        Schema::Tuple(parts) => {
            Below::Members(parts.into_iter().enumerate().map(|(i, s)| (i.to_string(), s)).collect())
        }
        Schema::Map { value, .. } => Below::Entries(value),
        Schema::Sequence(element) => Below::Elements(element),
        Schema::Any => Below::Entries(crate::schema::any),
        Schema::Option(inner) => below(inner()),
        _ => Below::Nothing,
    }
}

/// Whether the rest of a pattern fits something; `levels` bounds the walk through recursive types.
fn fits(schema: Nested, parts: &[PatternLevel], levels: u32) -> bool {
    let Some((part, rest)) = parts.split_first() else { return true };
    if levels == 0 {
        return false;
    }
    // `**` has a tighter bound, since every level branches.
    let many = *part == PatternLevel::Many;
    if many && fits(schema, rest, levels) {
        return true;
    }
    let levels = if many { levels.min(9) } else { levels } - 1;
    let rest = if many { parts } else { rest };
    match below(schema()) {
        Below::Members(members) => members.into_iter().any(|(name, schema)| {
            (many || *part == PatternLevel::One || *part == PatternLevel::Name(name))
                && fits(schema, rest, levels)
        }),
        Below::Entries(value) => fits(value, rest, levels),
        Below::Elements(element) => {
            (many || *part == PatternLevel::One) && !rest.is_empty() && fits(element, rest, levels)
        }
        Below::Nothing => false,
    }
}

/// How far a pattern fits, and the names that exist there.
fn reach(schema: Nested, parts: &[PatternLevel], levels: u32) -> (usize, BTreeSet<String>) {
    let Some((part, rest)) = parts.split_first() else { return (0, BTreeSet::new()) };
    if levels == 0 {
        return (0, BTreeSet::new());
    }
    let deeper = |schema| {
        let (depth, names) = reach(schema, rest, levels - 1);
        (depth + 1, names)
    };
    let farthest = |found: Vec<(usize, BTreeSet<String>)>| {
        found.into_iter().reduce(|best, other| match best.0.cmp(&other.0) {
            std::cmp::Ordering::Less => other,
            std::cmp::Ordering::Equal => (best.0, best.1.into_iter().chain(other.1).collect()),
            std::cmp::Ordering::Greater => best,
        })
    };
    match below(schema()) {
        Below::Members(members) => {
            let names: BTreeSet<String> = members.iter().map(|(name, _)| name.clone()).collect();
            let fitting = members.into_iter().filter(|(name, _)| match part {
                PatternLevel::Name(wanted) => wanted == name,
                PatternLevel::One | PatternLevel::Many => true,
            });
            farthest(fitting.map(|(_, schema)| deeper(schema)).collect()).unwrap_or((0, names))
        }
        Below::Entries(value) => deeper(value),
        Below::Elements(element) if !matches!(part, PatternLevel::Name(_)) => deeper(element),
        Below::Elements(_) | Below::Nothing => (0, BTreeSet::new()),
    }
}

/// The name among `names` that `name` is a slip of, if there is one.
pub(crate) fn near<'n>(name: &str, names: &'n [String]) -> Option<&'n str> {
    let best = names.iter().min_by_key(|found| distance(name, found))?;
    is_near(name, best).then_some(best)
}

/// Whether a name may be a slip of another: one edit in four letters. In short names only a letter
/// too many or too few, since `x` is not a slip of `y`.
pub(crate) fn is_near(a: &str, b: &str) -> bool {
    let (len, other) = (a.chars().count(), b.chars().count());
    let edits = distance(a, b);
    edits <= len.max(other) / 4 || edits == 1 && len != other && len.max(other) > 1
}

/// How many edits lie between two names: a letter added, removed or changed, or two neighbours
/// swapped. The case of letters is free.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<Vec<_>>();
    let (a, b) = (letters(a), letters(b));
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut edits = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && *y == a[i - 1] {
                edits = edits.min(before[j - 1] + 1);
            }
            row.push(edits);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}
