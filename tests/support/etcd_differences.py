# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an agent deliberately answers otherwise than etcd 3.4.23. docs/etcd-differences.md gives the reasons, a heading
for each name here; the differential test checks that the two agree and allows nothing else.

A rule gets the call and both answers, normalised. It takes away from both what it excuses and says whether it did.
"""
import collections
from urllib.parse import unquote_to_bytes

HEAD = collections.defaultdict(bytes, HEAD=b"the key is not UTF-8")  # what cannot be seen of it
PLAIN = "text/plain; charset=utf-8"


def cors(_, __, theirs):
    names = [name for name in theirs.head if name.startswith("Access-Control-")]
    for name in names:
        del theirs.head[name]
    return bool(names)


def known_length(call, ours, theirs):
    if call.method == "HEAD" and "Content-Length" not in theirs.head:
        return ours.head.pop("Content-Length", None) is not None
    if theirs.head.get("Transfer-Encoding") != "chunked" or ours.head.get("Content-Length") is None:
        return False
    del theirs.head["Transfer-Encoding"], ours.head["Content-Length"]
    return True


def not_understood(_, ours, theirs):
    """Go's server has answered before the program heard of the request: it gives no date, or no sentence."""
    bare = "Date" not in theirs.head or theirs.head.get("Connection") == "close" and theirs.body == b""
    refused = bare and theirs.status[9] in "45"
    if not refused or ours.status[:12] != theirs.status[:12] or ours.head.get("Content-Type") != PLAIN:
        return False
    ours.status, ours.head, ours.body = theirs.status, theirs.head, theirs.body
    return True


def keys_are_text(call, ours, theirs):
    try:
        unquote_to_bytes(call.target.split(b"?")[0]).decode()
        return False
    except UnicodeDecodeError:
        if not ours.status.endswith(" 400 Bad Request") or b"the key is not UTF-8" not in ours.body + HEAD[call.method]:
            return False
    ours.status, ours.head, ours.body = theirs.status, theirs.head, theirs.body
    return True


RULES = {
    "no-cors-headers": cors,
    "length-is-told": known_length,
    "not-understood": not_understood,
    "keys-are-text": keys_are_text,
}
# Shown by stories of their own, or where watches are compared.
OTHERS = ("stream-goes-on", "stream-tells-once", "hidden-in-history", "prefix-in-history",
          "other-sites-are-refused", "own-keys-are-closed", "depth-has-a-limit", "size-has-a-limit", "far-is-far",
          "lines-by-the-book")


def names():
    return set(RULES) | set(OTHERS)
