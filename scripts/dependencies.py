#!/usr/bin/env python3
"""Checks deny.toml against the crates of Cargo.lock, without a network: licences, double versions, sources.

`cargo deny check` does the same and more, advisories above all, where it is installed and has a network.
"""

import json
import re
import subprocess
import sys
import tomllib
from collections import defaultdict


def is_allowed(expression, allowed):
    """Whether some choice of an SPDX expression is made of allowed licences."""
    # Before there was SPDX, a slash was an OR.
    tokens = re.findall(r"\(|\)|[^\s()/]+(?: WITH [^\s()/]+)?|/", expression)

    def either():
        fits = both()
        while tokens and tokens[0] in ("OR", "/"):
            tokens.pop(0)
            fits = both() or fits
        return fits

    def both():
        fits = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            fits = one() and fits
        return fits

    def one():
        token = tokens.pop(0)
        if token != "(":
            return token in allowed
        fits = either()
        tokens.pop(0)
        return fits

    return either() and not tokens


def breaches(packages, policy):
    allowed = set(policy["licenses"]["allow"])
    clarified = {entry["crate"]: entry["expression"] for entry in policy["licenses"].get("clarify", [])}
    skipped = {entry["crate"] for entry in policy["bans"].get("skip", [])}
    versions = defaultdict(set)
    known = set()
    for package in packages:
        name = f"{package['name']}@{package['version']}"
        known.add(name)
        if package["source"] is None:
            for dependency in package["dependencies"]:
                if dependency["req"] == "*" and not dependency.get("path"):
                    yield f"{package['name']} takes any version of {dependency['name']}"
            continue
        if not package["source"].startswith("registry+"):
            yield f"{name} comes from {package['source']}"
        licence = package["license"] or clarified.get(package["name"])
        if licence is None or not is_allowed(licence, allowed):
            yield f"{name} has the licence {licence}"
        if name not in skipped:
            versions[package["name"]].add(package["version"])
    for name, several in sorted(versions.items()):
        if len(several) > 1:
            yield f"{name} is there in the versions {', '.join(sorted(several))}"
    for name in sorted(skipped - known):
        yield f"deny.toml makes an exception of {name}, which is not there"


def main():
    with open("deny.toml", "rb") as file:
        policy = tomllib.load(file)
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--locked"], check=True, capture_output=True
    )
    packages = json.loads(metadata.stdout)["packages"]
    found = list(breaches(packages, policy))
    for breach in found:
        print(f"deny.toml: {breach}", file=sys.stderr)
    print(f"{len(packages)} crates, {len(found)} breaches")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
