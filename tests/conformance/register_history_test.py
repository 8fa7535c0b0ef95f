# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of histories finds what it is there for."""
from qdtest import Case, main, proves
from register_history import DONE, REFUSED, UNKNOWN, History, Operation


def op(kind, began, ended, value, index, outcome=DONE, expected=None):
    return Operation(kind, "k", began, value, expected, ended, outcome, index)


class RegisterHistory(Case):
    def complaints(self, *operations, final):
        history = History()
        for operation in operations:
            history.add(operation)
        return history.complaints({"k": final})

    @proves()
    def test_what_one_order_explains_passes(self):
        self.assertEqual(self.complaints(
            op("set", 0, 1, "a", 5), op("read", 0.5, 2, None, 0), op("read", 2, 3, "a", 5),
            op("set", 3, None, "b", 0, UNKNOWN), op("read", 4, 5, "b", 7), op("swap", 5, 6, "c", 9, expected="b"),
            op("swap", 5, 6, "d", 0, REFUSED, expected="b"), final=("c", 9)), [])

    @proves()
    def test_each_fault_is_found(self):
        a, b = op("set", 0, 1, "a", 5), op("set", 2, 3, "b", 7)
        faults = {
            "which had ended": [a, b, op("read", 4, 5, "a", 5)],
            "stands before": [a, op("set", 2, 3, "c", 4)],
            "two writes have index": [a, op("set", 0, 1, "c", 5)],
            "nobody wrote": [a, op("read", 1, 2, "x", 6)],
            "was refused": [a, op("swap", 1, 2, "r", 0, REFUSED), op("read", 3, 4, "r", 6)],
            "saw at index": [a, op("read", 1, 2, "a", 6)],
            "stands on index": [a, b, op("swap", 4, 5, "s", 9, expected="a")]}
        for word, operations in faults.items():
            newest = max(operations, key=lambda o: o.index)
            found = self.complaints(*operations, final=(newest.value, newest.index))
            self.assertTrue(any(word in each for each in found), (word, found))
        self.assertIn("acknowledged was", self.complaints(a, b, final=("a", 5))[0])
        # A read that another one contradicts, without any write that was answered.
        self.assertNotEqual(self.complaints(
            op("set", 0, None, "u", 0, UNKNOWN), op("read", 1, 2, "u", 5), op("read", 3, 4, None, 0),
            final=("u", 5)), [])


if __name__ == "__main__":
    main()
