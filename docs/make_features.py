#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes docs/features.md from the proofs that a full test run has left.

A proof counts only when its test ran, checked something and passed (tests/support/proof.h, qdtest.py).
docs/feature-ids.tsv says what each id means. --check leaves the file alone and fails when it differs.
"""
import argparse
import collections
import glob
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
AREAS = collections.OrderedDict([
    ("A", "Base system"), ("P", "Platform"), ("C", "Containers"), ("S", "Units (systemd)"), ("F", "Scheduling (fleet)"),
    ("T", "Case studies"), ("E", "Store (etcd)"), ("U", "Updates and cloud-config"), ("K", "Network and pods"),
    ("M", "More"), ("R-", "Consensus: historic defects"), ("U-", "Unit engine: the trickiest rules")])


def sort_key(feature):
    match = re.match(r"([A-Z]+-?)(\d+)(.*)", feature)
    order = list(AREAS).index(match.group(1)) if match.group(1) in AREAS else len(AREAS)
    return order, match.group(1), int(match.group(2)), match.group(3)


def read_sentences():
    sentences = {}
    with open(os.path.join(HERE, "feature-ids.tsv"), encoding="utf-8") as file:
        for line in file:
            feature, sentence = line.rstrip("\n").split("\t", 1)
            sentences[feature] = sentence
    return sentences


def read_proofs(folder):
    proofs = collections.defaultdict(set)
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path, encoding="utf-8") as file:
            for proof in json.load(file):
                proofs[proof["id"]].add(proof["test"])
    return proofs


def render(sentences, proofs):
    lines = [
        "# Features and their proofs", "",
        "Made by `docs/make_features.py` from a full test run; not written by hand. A feature stands here when at least one",
        f"test that names it ran, checked something and passed. Proved: {len(proofs)} of {len(sentences)}.", ""]
    area = None
    for feature in sorted(proofs, key=sort_key):
        letters = re.match(r"[A-Z]+-?", feature).group(0)
        if letters != area:
            area = letters
            lines += ["", f"## {AREAS.get(area, area)}", "", "| id | feature | proved by |", "|---|---|---|"]
        sentence = sentences[feature].replace("|", "\\|")
        tests = ", ".join(f"`{test}`" for test in sorted(proofs[feature]))
        lines.append(f"| {feature} | {sentence} | {tests} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--proofs", required=True)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    sentences, proofs = read_sentences(), read_proofs(arguments.proofs)
    unknown = sorted(set(proofs) - set(sentences))
    if unknown:
        sys.exit(f"tests claim features that docs/feature-ids.tsv does not know: {', '.join(unknown)}")
    text = render(sentences, proofs)
    target = os.path.join(HERE, "features.md")
    current = open(target, encoding="utf-8").read() if os.path.exists(target) else ""
    if arguments.check and text != current:
        have = set(re.findall(r"^\| ([A-Z]+-?\d+\w?) \|", current, re.M))
        print("docs/features.md differs from what the tests proved; run "
              f"python3 docs/make_features.py --proofs {arguments.proofs}")
        print("proved but not listed:", ", ".join(sorted(set(proofs) - have, key=sort_key)) or "-")
        print("listed but not proved:", ", ".join(sorted(have - set(proofs), key=sort_key)) or "-")
        sys.exit(1)
    if not arguments.check:
        with open(target, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
