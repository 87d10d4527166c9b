#!/usr/bin/python3
"""check_vectors.py FILE: checks test vectors (tests/vectors/format.json) with the independent reader."""

import json
import os
import sys
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import daftar_reader as reader


def expect(ok, what="differs"):
    if not ok:
        raise AssertionError(what)


def refused(read, *arguments):
    try:
        read(*arguments)
    except reader.Refused:
        return
    raise AssertionError("is accepted")


def raw(v, name="hex"):
    return bytes.fromhex(v[name])


def check_n(v):
    value = int(v["value"])
    expect(reader.whole(reader.read_n, raw(v)) == value, "is read as another number")
    expect(reader.write_n(value) == raw(v), "is written otherwise")


def check_decimal(v):
    sign, digits, e = Decimal(v["text"]).as_tuple()
    c = int("".join(map(str, digits)))
    encoded = reader.write_decimal(sign, c, e)
    expect(encoded == raw(v), f"is written {encoded.hex()}")
    reader.whole(reader.read_value, raw(v))
    s, c2, e2 = reader.whole(reader.read_decimal, raw(v))
    expect(c == c2 * 10 ** max(e2 - e, 0) and (c == 0 or s == sign), "is read as another number")


def check_changeset(v):
    c = reader.whole(reader.read_changeset, raw(v))
    expect(c.edits == int(v["edits"]), f"has {c.edits} edits, not {v['edits']}")


def check_header(v):
    h = reader.whole(reader.read_header, raw(v))
    expect(h.position == int(v["position"]), f"has position {h.position}")


def check_link(v):
    first = reader.link_first(v["ledger"].encode(), int(v["device"]), raw(v, "key"))
    expect(first == raw(v, "link0"), f"link0 is {first.hex()}")
    following = reader.link_next(first, reader.sha256(raw(v, "changeset")).digest())
    expect(following == raw(v, "link1"), f"link1 is {following.hex()}")


def check_note(v):
    origin, size, root = reader.verify_note(v["note"].encode(), raw(v, "key"))
    expect(origin == v["origin"] and size == int(v["size"]) and root == raw(v, "root"))


def check_ledger(v):
    r = reader.check_entries(raw(v, "entries_file"))
    expect(r.root == raw(v, "root"), f"root is {r.root.hex()}")
    expect(r.digest == raw(v, "digest"), f"digest is {r.digest.hex()}")


def check_cosignature(v):
    found = reader.find_cosignature(v["note"].encode(), raw(v, "key"))
    expect(found == (v["name"], int(v["time"])), f"found {found}")
    expect(reader.find_cosignature(v["note"].encode(), b"\1" * 32) is None)


def check_receipt(v):
    _, header, _, code = reader.verify_receipt(v["receipt"].encode(), raw(v, "key"))
    expect(header.position == int(v["position"]) and code == v["code"], f"code is {code}")


CHECKS = {
    "n": check_n,
    "n_refused": lambda v: refused(reader.whole, reader.read_n, bytes.fromhex(v)),
    "decimals": check_decimal,
    "changesets": check_changeset,
    "changesets_refused": lambda v: refused(reader.whole, reader.read_changeset, raw(v)),
    "headers": check_header,
    "headers_refused": lambda v: refused(reader.whole, reader.read_header, raw(v)),
    "links": check_link,
    "notes": check_note,
    "notes_refused": lambda v: refused(reader.verify_note, v["note"].encode(), raw(v, "key")),
    "ledgers": check_ledger,
    "cosignatures": check_cosignature,
    "receipts": check_receipt,
}


def label(v):
    if isinstance(v, str):
        return v
    return v.get("name") or v.get("text") or v.get("value") or v.get("origin") or str(v)[:100]


def check_vectors(vectors):
    """({name: number checked}, [differences]) of the vectors, a parsed JSON object."""
    counts, wrong = {}, []
    for name, check in CHECKS.items():
        for number, v in enumerate(vectors.get(name, ())):
            counts[name] = counts.get(name, 0) + 1
            try:
                check(v)
            except (AssertionError, reader.Refused, KeyError, ValueError) as e:
                wrong.append(f"{name}[{number}] {label(v)}: {type(e).__name__} {e}")
    return counts, wrong


def main(arguments):
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[0], encoding="utf-8") as f:
        vectors = json.load(f)
    counts, wrong = check_vectors(vectors)
    for name, count in counts.items():
        print(f"{name}: {count}")
    for name in vectors:
        if name not in CHECKS:
            print(f"(not checked here: {name})")
    for line in wrong:
        print(f"DIFFERS {line}")
    print(f"{sum(counts.values())} checked, {len(wrong)} differ")
    return 1 if wrong or not counts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
