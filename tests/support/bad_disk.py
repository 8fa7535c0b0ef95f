# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that misbehaves when it is told to: see bad_disk.cpp, which lists the orders."""
import os

from qdtest import BUILD, SOURCE

LIBRARY = os.path.join(BUILD or os.path.join(SOURCE, "build", "dev"), "tests", "libqd_bad_disk.so")


class BadDisk:
    """What stands between one agent and its files; the agent needs `environment` at its start."""

    def __init__(self, folder):
        self.file = os.path.join(folder, "order")
        if not os.path.exists(LIBRARY):
            raise AssertionError(f"{LIBRARY} is not built")
        self.environment = {
            "LD_PRELOAD": LIBRARY, "QD_BAD_DISK": self.file,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    def order(self, words):
        with open(self.file + ".new", "w", encoding="ascii") as file:
            file.write(words + "\n")
        os.rename(self.file + ".new", self.file)

    def is_done(self):
        return not os.path.exists(self.file)

    def revoke(self):
        if os.path.exists(self.file):
            os.unlink(self.file)
