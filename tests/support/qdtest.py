# SPDX-License-Identifier: GPL-3.0-or-later
"""What conformance tests in Python share: proofs, waiting for an event, free addresses, programs.

A test class derives from `Case`; `@proves("E12")` claims features, which count only when the test
has run a check and passed. Nothing sleeps to wait: `wait_for` polls a condition with a deadline.
"""
import json
import os
import sys
import time
import unittest

BUILD = os.environ.get("QD_BUILD_DIR", "")
SOURCE = os.environ.get(
    "QD_SOURCE_DIR", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
_proved = []


def program(name):
    """Path of one of our programs in the build that is being tested."""
    return os.path.join(BUILD or os.path.join(SOURCE, "build", "dev"), "bin", name)


def on_test_net(address, count=0):
    """The loopback address that many further on. Two runs of the tests on one machine keep apart by the second octet."""
    octets = address.split(".")
    return ".".join([octets[0], os.environ.get("QD_TEST_NET", octets[1]), octets[2], str(int(octets[3]) + count)])


def proves(*ids):
    def mark(function):
        function.proves = ids
        return function
    return mark


def wait_for(condition, seconds, what):
    """Returns the first true value of condition(); fails with `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.02)


class Case(unittest.TestCase):
    """A test case that counts its checks."""

    def setUp(self):
        self.checks = 0

    def __getattribute__(self, name):
        value = super().__getattribute__(name)
        if name.startswith("assert") and callable(value):
            object.__setattr__(self, "checks", object.__getattribute__(self, "__dict__").get("checks", 0) + 1)
        return value


class _Result(unittest.TextTestResult):
    def addSuccess(self, test):
        super().addSuccess(test)
        method = getattr(test, test._testMethodName)
        if getattr(test, "checks", 0) > 0:
            for feature in getattr(method, "proves", ()):
                _proved.append({"id": feature, "test": f"{type(test).__name__}::{test._testMethodName}"})


def main():
    """Runs the calling module's tests, writes the proofs; a skipped test is a failure."""
    result = unittest.main(
        module="__main__", exit=False, verbosity=2,
        testRunner=unittest.TextTestRunner(resultclass=_Result, verbosity=2)).result
    folder = os.environ.get("QD_PROOFS")
    if folder:
        os.makedirs(folder, exist_ok=True)
        name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        with open(os.path.join(folder, f"py_{name}.json"), "w", encoding="utf-8") as out:
            json.dump(_proved, out, indent=1)
    sys.exit(0 if result.wasSuccessful() and not result.skipped else 1)
