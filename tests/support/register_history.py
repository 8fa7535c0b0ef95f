# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients did to registers (keys), and whether one order explains it: a linearizability check.

Each write returns its index and each read the index of the value that it saw, so the order is known where an answer
came. What is left is to check it against real time: who began after another had ended stands after it. An operation
without an answer may have happened, once, at any time after its beginning.
"""
import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Optional

UNKNOWN, DONE, REFUSED = "unknown", "done", "refused"


@dataclass
class Operation:
    kind: str  # set, swap, read
    key: str
    began: float
    value: Optional[str] = None  # written, or read (None: there was nothing)
    expected: Optional[str] = None  # swap
    ended: Optional[float] = None
    outcome: str = UNKNOWN
    index: int = 0  # modifiedIndex of what was written or read; 0 for nothing


@dataclass
class History:
    operations: list = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, operation):
        with self.lock:
            self.operations.append(operation)

    def of(self, key):
        return [operation for operation in self.operations if operation.key == key]

    def complaints(self, final):
        """What no order explains. `final`: key -> (value, index) when all was over."""
        out = []
        for key in sorted({operation.key for operation in self.operations}):
            out += complaints_of(self.of(key), final.get(key, (None, 0)))
        return out


def complaints_of(operations, final):
    writes = [o for o in operations if o.kind != "read" and o.outcome == DONE]
    reads = [o for o in operations if o.kind == "read" and o.outcome == DONE]
    attempts = {o.value: o for o in operations if o.kind != "read"}
    refused = {o.value for o in operations if o.kind != "read" and o.outcome == REFUSED}
    return (twice(writes) + strangers(reads, attempts, refused, final) + against_time(writes + reads)
            + wrong_swaps(writes, reads) + lost(writes, final))


def twice(writes):
    seen = {}
    out = []
    for write in writes:
        if write.index in seen:
            out.append(f"two writes have index {write.index}: {write} and {seen[write.index]}")
        seen[write.index] = write
    return out


def strangers(reads, attempts, refused, final):
    """Values that nobody wrote, or that were seen at another index than the one that their writer was told."""
    out = []
    for value, index, who in [(r.value, r.index, r) for r in reads] + [(*final, "the end")]:
        if value is None:
            continue
        write = attempts.get(value)
        if write is None:
            out.append(f"{who} saw a value that nobody wrote")
        elif value in refused:
            out.append(f"{who} saw the value of a write that was refused: {write}")
        elif write.outcome == DONE and write.index != index:
            out.append(f"{who} saw at index {index} what was written at {write.index}: {write}")
    return out


def against_time(done):
    """Whoever began after another had ended may not stand before it; a write stands after it."""
    out = []
    newest = None  # of what had ended before: the highest index
    ends = sorted(done, key=lambda o: o.ended)
    position = 0
    for operation in sorted(done, key=lambda o: o.began):
        while position < len(ends) and ends[position].ended < operation.began:
            if newest is None or ends[position].index > newest.index:
                newest = ends[position]
            position += 1
        if newest is None:
            continue
        stale = operation.index < newest.index if operation.kind == "read" else operation.index <= newest.index
        if stale:
            out.append(f"{operation} stands before {newest}, which had ended")
    return out


def wrong_swaps(writes, reads):
    """A swap stands directly on the value that it expected: nothing that is known lies between the two."""
    out = []
    at = {write.value: write.index for write in writes}
    for read in reads:
        at.setdefault(read.value, read.index)
    indexes = sorted(set(at.values()))
    for swap in (write for write in writes if write.kind == "swap"):
        base = at.get(swap.expected)
        before = bisect_left(indexes, swap.index)
        if base is not None and before > 0 and indexes[before - 1] != base:
            out.append(f"{swap} stands on index {indexes[before - 1]}, not on {base}")
    return out


def lost(writes, final):
    newest = max(writes, key=lambda o: o.index, default=None)
    if newest is not None and final[1] < newest.index:
        return [f"the end has {final}, but acknowledged was {newest}"]
    return []
