#!/usr/bin/env bash
# Counts turns of phrase that are hard to read, in comments, docs and texts, and fails above the
# number in scripts/plain-limit, which only falls. The second column of PATTERNS says what reads
# better. Code, code spans and quotations are not counted.
#
#   scripts/plain.sh                 the count of each pattern
#   scripts/plain.sh --list [PATH]   each place, below PATH
#   scripts/plain.sh --files         the count of each file
#   scripts/plain.sh --lower         write today's count as the new limit, if it is lower
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 - "$@" <<'PYTHON'
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

UNITS = (
    "array attribute block byte call case chunk class column core dataset dimension element entry "
    "engine error extent feature field file folder form frame group key kind layer level line link "
    "map member message mistake module name node object option page part path piece place process "
    "read record row rule save second shape slice step string struct structure test text thread "
    "time tool type value variant version write year"
).split()
GLUE = (
    "about above after all also among and any are as at be because before behind below beside "
    "between but by calls can covers do does for from get gets give given gives had has have holds "
    "become becomes if in inside into is it its just keeps leave leaves like made make makes means near need needs never no "
    "nor not now of off on only onto opens or out over past per plus puts reads replace replaces return returns "
    "says so such takes than that the then this through to under unless until up upon use uses "
    "via was what when where which while with within without writes wrote"
).split()
GLUED = "|".join(GLUE)
EXCUSED = r"(?:any|every|some|no)(?:thing|body|one|where)|what|who|where|or"

# The counted patterns: name, a better phrase, expression.
PATTERNS = [
    ("ours", '"this crate", "the native engine"', r"\bours\b|\bour (?:own|marks?)\b|\bof our\b"),
    ("of others", '"other programs", "foreign"', r"\b(?:of|by|from) others\b"),
    ("X is no Y", '"X is not a Y"',
     r"(?<!\bthere )\b(?:is|are|was|were) (?:no (?!longer\b|more than\b|matter\b)\w+|none\b)"),
    ("has not", 'say what it lacks', r"\b(?:has|have|had) not(?=\s*(?:[.,;:)]|$|and\b|or\b|are\b|is\b))"),
    ("a N a M", '"one N per M"',
     rf"\b(?:an?|one|some|\d+|(?:micro|nano|milli)?seconds|bytes|columns|objects)\s+"
     rf"(?:(?!(?:{GLUED})\b)\w+\s+)?(?:(?!(?:{GLUED})\b)\w+\s+)an?\s+(?:{'|'.join(UNITS)})\b"
     rf"|\b(?:columns|bytes|microseconds|nanoseconds|objects)\s+an?\s+(?:{'|'.join(UNITS)})\b(?! says)"),
    ("else.", '"otherwise"', rf"(?<!\w)(?<!thing )(?<!body )(?<!one )(?<!what )(?<!where )(?<!who )\belse(?=\s*(?:[.;)]|$))"),
    (", else", '"otherwise"', r"[,;:] else\b(?! if)"),
    ("is to be", '"must", "will"', r"\b(?:is|are|was|were) to be\b"),
    ("of which", '"whose", or a new sentence', r"\bof which\b"),
    ("What ..", "begin with the subject", r"(?:^|(?<=[.!?] ))What (?![^.?]*\?)"),
    ("subject what", "name the thing", r"(?:^|[.;:,]) (?:and )?(?:of|in|for|with|to|from) what\b|\bas what\b|\bthan what\b"),
    ("somebody", '"another process", "the caller"', r"\b(?:some|no)body\b"),
    ("is wanted", '"requested", "if you need"', r"\b(?:is|are|was|were) wanted\b"),
    ("passed over", '"ignored", "skipped"', r"(?<!two )\bpass(?:es|ed|ing)? over\b"),
    ("is told", '"configured", "passed"', r"\b(?:is|are|be|was|were) told\b"),
    ("in silence", '"silently"', r"\bin silence\b"),
    ("on its way", '"while"', r"\bon (?:its|the|their) way\b"),
    ("as ever", '"as usual"', r"\bas ever\b"),
    ("nothing of", "say what is missing", r"\bnothing of\b"),
]
PATTERNS = [(n, better, re.compile(e, re.I if n != "What .." else 0)) for n, better, e in PATTERNS]

RUST = re.compile(
    r'(?P<line>//[^\n]*)|(?P<block>/\*.*?\*/)|b?r(?P<h>#*)"(?P<raw>.*?)"(?P=h)'
    r'|b?"(?P<text>(?:[^"\\]|\\.)*)"|\'(?:[^\'\\\n]|\\[^\n]{1,8}?)\'', re.S)
PY = re.compile(
    r'(?P<line>#[^\n]*)|[rbf]*"""(?P<raw>.*?)"""|[rbf]*"(?P<text>(?:[^"\\\n]|\\.)*)"'
    r"|[rbf]*'(?P<text1>(?:[^'\\\n]|\\.)*)'", re.S)
SHELL = re.compile(r"(?:^|(?<=\s))(?P<line>#[^\n]*)", re.M)
MARK = {".rs": r"//[/!]?", ".py": r"#", ".sh": r"#+", "": r"#+"}


def lines_of(path, source):
    """The prose of a file: (line number, words, whether it continues the line before)."""
    suffix = path.suffix
    if suffix == ".md":
        return [(i, line, True) for i, line in enumerate(source.split("\n"), 1)]
    out, last = [], (-2, "")
    for m in {".rs": RUST, ".py": PY}.get(suffix, SHELL).finditer(source):
        kind = m.lastgroup if m.lastgroup != "h" else "raw"
        found = {k: v for k, v in m.groupdict().items() if v is not None and k != "h"}
        if not found:
            continue
        kind, words = next(iter(found.items()))
        number = source.count("\n", 0, m.start()) + 1
        if kind == "line":
            mark = re.match(MARK[suffix], words).group()
            words = words[len(mark):]
            out.append((number, words, last == (number - 1, mark)))
            last = (number, mark)
        else:
            if kind.startswith("text"):
                words = re.sub(r"\\\n\s*", " ", words)
                if kind != "block" and len(words.split()) < 3:
                    continue
            for i, line in enumerate(words.split("\n")):
                out.append((number + i, line.strip(" *"), i > 0 and bool(line.strip())))
            last = (-2, "")
    return out


def paragraphs(path, source):
    """Pieces of prose without code and quotations, each with the lines its characters are on."""
    fence, text, at = False, "", []

    def done():
        nonlocal text, at
        piece, where = text, at
        text, at = "", []
        return [(piece, where)] if piece.strip() else []

    for number, line, goes_on in lines_of(path, source):
        bare = line.strip()
        if bare.startswith("```"):
            fence = not fence
            yield from done()
            continue
        if fence:
            continue
        if not goes_on or not bare or re.match(r"(?:[-*] |#|\||\d+\. )", bare):
            yield from done()
        if bare.startswith("#") and path.suffix in (".md", ".rs"):
            continue  # a heading may be a question in short
        cells = bare.strip("|").split("|") if bare.startswith("|") else [bare]
        for cell in cells:
            if cell.strip() == "ours":
                continue  # the column of a benchmark
            cell = re.sub(r"^(?:[-*] |\d+\. )", "", cell.strip())
            text += cell + " "
            at += [number] * (len(cell) + 1)
            if len(cells) > 1:
                yield from done()
    yield from done()


def blank(m):
    return "\u00b7" * len(m.group())


def places():
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.rs", "*.md", "*.py", "*.sh", "Makefile"],
        check=True, capture_output=True, text=True).stdout.split("\n")
    for name in sorted(set(names)):
        path = Path(name)
        if not name or not path.is_file():
            continue
        for piece, at in paragraphs(path, path.read_text(encoding="utf-8", errors="replace")):
            piece = re.sub(r"``.*?``|`[^`]*`", blank, piece)
            piece = re.sub(r'(?<!\w)"[^"]{1,80}"(?!\w)', blank, piece)
            for pattern, _, expression in PATTERNS:
                for m in expression.finditer(piece):
                    around = piece[max(0, m.start() - 40):m.end() + 30].strip()
                    yield pattern, name, at[m.start()], around


found = list(places())
mode = sys.argv[1] if len(sys.argv) > 1 else ""
total = len(found)
if mode == "--list":
    below = sys.argv[2] if len(sys.argv) > 2 else ""
    for pattern, name, line, around in found:
        if name.startswith(below):
            print(f"{name}:{line}: [{pattern}] {around}")
    sys.exit()
if mode == "--files":
    for name, count in Counter(name for _, name, _, _ in found).most_common():
        print(f"{count:5} {name}")
    sys.exit()
counts = Counter(pattern for pattern, _, _, _ in found)
for pattern, better, _ in PATTERNS:
    print(f"{counts[pattern]:5}  {pattern:14} better: {better}")
limit_file = Path("scripts/plain-limit")
limit = int(limit_file.read_text()) if limit_file.exists() else total
if mode == "--lower" and total <= limit:
    limit_file.write_text(f"{total}\n")
print(f"{total:5}  in all, of at most {limit}")
if total > limit:
    sys.exit("more phrases that are hard to read than before: see scripts/plain.sh --list")
PYTHON
