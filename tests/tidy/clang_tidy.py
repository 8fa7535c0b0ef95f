#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""clang-tidy over the tree, or over the files that are named. `./qd check` runs it.

clang cannot read the precompiled headers of the build's compiler, so it gets a copy of the compile commands
that includes their text instead.
"""
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

SOURCE = os.environ.get("QD_SOURCE_DIR", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("QD_BUILD_DIR", os.path.join(SOURCE, "build", "dev"))
FOLDER = os.path.join(BUILD, "clang-tidy")


def without_precompiled(command):
    """The command with `-include SET/cmake_pch.hxx` turned to a copy beside which no compiled one lies."""
    found = re.search(r"-include (\S+/(\w+)\.dir/cmake_pch\.hxx)", command)
    if not found:
        return command
    copy = os.path.join(FOLDER, found[2] + ".h")
    if not os.path.exists(copy):
        with open(found[1], encoding="utf-8") as text, open(copy, "w", encoding="utf-8") as out:
            out.write(text.read())
    return command.replace(found[1], copy).replace("-fpch-preprocess", "").replace("-Winvalid-pch", "")


def write_commands():
    """Writes the compile commands for clang; the source files that have one, by path below SOURCE."""
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    for entry in entries:
        entry["command"] = without_precompiled(entry["command"])
    with open(os.path.join(FOLDER, "compile_commands.json"), "w", encoding="utf-8") as out:
        json.dump(entries, out)
    return {os.path.relpath(entry["file"], SOURCE) for entry in entries}


def check(path):
    """What clang-tidy says of a file; empty when it is clean."""
    run = subprocess.run(["clang-tidy", "-p", FOLDER, "--quiet", path], cwd=SOURCE, capture_output=True, text=True,
                         check=False)
    return run.stdout + (run.stderr if "error:" in run.stderr else "") if run.returncode else ""


def main():
    compiled = write_commands()
    listed = subprocess.run(["git", "ls-files", "shared/*.cpp", "agent/*.cpp", "console/*.cpp"], cwd=SOURCE,
                            capture_output=True, text=True, check=True).stdout.split()
    files = sys.argv[1:] or [path for path in listed if path in compiled]
    bad = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for number, said in enumerate(pool.map(check, files), 1):
            if said:
                bad += 1
                print(said, flush=True)
            if sys.stderr.isatty():
                print(f"\r{number} of {len(files)} files", end="", file=sys.stderr)
    print(f"clang-tidy: {len(files)} files, {bad} with findings")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
