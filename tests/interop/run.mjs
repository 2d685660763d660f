// Runs the recipes that attempts.txt lists and prints what each left in `x`, as JSON: for tests/src/interop/tools.rs.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** A value as JSON; integers of more than 64 bits are text. */
function encode(x) {
  if (x === undefined) throw new Error("a recipe gave nothing");
  if (x === null) return "null";
  if (typeof x === "bigint") return x >= -(2n ** 63n) && x < 2n ** 64n ? String(x) : `"${x}"`;
  if (typeof x === "number" && Number.isNaN(x)) return '"nan"';
  if (typeof x === "number" && !Number.isFinite(x)) return x > 0 ? '"inf"' : '"-inf"';
  if (typeof x !== "object") return JSON.stringify(x);
  if (Array.isArray(x) || ArrayBuffer.isView(x)) return `[${Array.from(x, encode).join(",")}]`;
  const entries = x instanceof Map ? [...x] : Object.entries(x);
  return `{${entries.map(([key, value]) => `${JSON.stringify(String(key))}:${encode(value)}`).join(",")}}`;
}

const say = console.log;
console.log = console.error; // what the tools print must not look like a report
const top = process.cwd();
for (const line of readFileSync("attempts.txt", "utf8").trim().split("\n")) {
  const [kind, how] = line.split("\t");
  process.chdir(join(top, kind));
  try {
    const { x } = await import(pathToFileURL(join(top, kind, `${how}.mjs`)));
    say(["@", kind, how, encode(x)].join("\t"));
  } catch (error) {
    say(["!", kind, how, String(error).replaceAll("\n", " ")].join("\t"));
  }
}
say("@done");
