#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every C++ file is as clang-format leaves it. Mend: clang-format -i FILE."""
import os
import subprocess
import sys

from tidy import source_files

files = [f for f in source_files() if f.endswith((".h", ".cpp"))]
bad = []
for start in range(0, len(files), 50):
    chunk = files[start:start + 50]
    run = subprocess.run(["clang-format", "--dry-run", "--Werror", *chunk], capture_output=True, text=True)
    bad += sorted({line.split(":")[0] for line in run.stderr.splitlines() if "clang-format-violations" in line})
for name in bad:
    print(f"{os.path.relpath(name)}: run clang-format -i on it")
sys.exit(1 if bad else 0)
