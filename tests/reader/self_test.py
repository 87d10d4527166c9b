#!/usr/bin/python3
"""Tests of the independent reader, on small encodings made by the minimal encoder below."""

import base64
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import check_vectors
import daftar_reader as r
from daftar_reader import sha256, write_bytes as wb, write_n as n
from nacl.signing import SigningKey

LEDGER = b"audit/2025"
NO, YES, EMPTY = b"\x01", b"\x02", b"\x00"
H1, H2 = b"\x11" * 32, b"\x22" * 32


def text(s):
    return b"\x04" + wb(s.encode())


def fields(*items):
    """items (field, value) or (field, value, place bytes); number of them, their bytes."""
    out, before = b"", -1
    for field, value, *place in items:
        out += n(2 * (field - before - 1) + bool(place)) + b"".join(place) + value
        before = field
    return len(items), out


def record(same, ids, items, qualifier=b""):
    count, body = fields(*items)
    return n(same + 4 * (count - 1)) + b"".join(map(n, ids)) + wb(qualifier) + body


def changeset(device=7, seq=1, records=None, position=0, own=None, continues=None, foreign=None,
              source=None, origin=None, ledger=LEDGER, author=3, time=1000, message="", version=1, flags=None):
    if records is None:
        records = [record(0, (1, 7, 1), [(1, text("a"))])]
    if flags is None:
        flags = bool(continues) + 2 * bool(foreign) + 4 * bool(source) + 8 * bool(origin)
    pair = lambda p: n(p[0]) + n(p[1]) + p[2]
    out = bytes([version]) + wb(ledger) + n(device) + n(seq) + bytes([flags])
    out += pair(continues) if continues else b""
    out += n(position) + (pair(foreign) if foreign else n(0 if own is None else seq - 1 - own))
    out += n(author) + n(time) + wb(message.encode())
    out += wb(source[0]) + wb(source[1]) + source[2] if source else b""
    out += origin or b""
    return out + n(len(records)) + b"".join(records)


def header(position=1, time=10, national=0, refused=None, outcomes=(), matched=False, seal=None,
           version=1, flags=None):
    if flags is None:
        flags = bool(refused) + 2 * matched + 4 * bool(seal)
    out = n(position) + n(time) + n(national) + bytes([version, flags])
    if refused:
        out += n(refused[0]) + n(refused[1]) + n(refused[2]) + refused[3]
    else:
        out += n(len(outcomes))
        before = -1
        for index, outcome in outcomes:
            out += n(2 * (index - before - 1) + outcome)
            before = index
    return out + (n(seal[0]) + seal[1] + seal[2] if seal else b"")


def note(size, root, key, origin, extra="", others=""):
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n{extra}"
    ident = sha256(origin.encode() + b"\n\x01" + bytes(key.verify_key)).digest()[:4]
    signature = base64.b64encode(ident + key.sign(body.encode()).signature).decode()
    return f"{body}\n\u2014 {origin} {signature}\n{others}".encode()


def tree(leaves):
    """RFC 6962's own recursive definition."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\0" + leaves[0]).digest()
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return sha256(b"\1" + tree(leaves[:k]) + tree(leaves[k:])).digest()


def read_cs(raw):
    return r.whole(r.read_changeset, raw)


class Base(unittest.TestCase):
    def refuse(self, read, raw, part=""):
        with self.assertRaises(r.Refused) as caught:
            r.whole(read, raw)
        self.assertIn(part, str(caught.exception))

    def every_prefix(self, read, raw):
        r.whole(read, raw)
        for end in range(len(raw)):
            self.refuse(read, raw[:end])
        self.refuse(read, raw + b"\0", "too many")


class Notation(Base):
    def test_n(self):
        for v, h in ((0, "00"), (240, "f0"), (241, "f101"), (240 + 255, "f1ff"), (496, "f200"), (2287, "f8ff"),
                     (2288, "f90000"), (67823, "f9ffff"), (67824, "fa0108f0"), (2**24 - 1, "faffffff"),
                     (2**24, "fb01000000"), (2**32, "fc0100000000"), (2**40, "fd010000000000"),
                     (2**48, "fe01000000000000"), (2**64 - 1, "ff" + "ff" * 8)):
            self.assertEqual(n(v).hex(), h)
            self.every_prefix(r.read_n, bytes.fromhex(h))
            self.assertEqual(r.whole(r.read_n, bytes.fromhex(h)), v)
        for h in ("fa0108ef", "fa000000", "fb00ffffff", "fc00ffffffff", "ff00ffffffffffffff"):
            self.refuse(r.read_n, bytes.fromhex(h), "shortest")
        values = sorted({x + d for k in range(64) for x in (1 << k,) for d in (-1, 0, 1)} | set(range(5000)))
        self.assertEqual(sorted(map(n, values)), [n(v) for v in values])
        self.assertTrue(all(r.whole(r.read_n, n(v)) == v for v in values))
        self.assertRaises(ValueError, n, 2**64)

    def test_zigzag(self):
        self.assertEqual([r.from_zigzag(x) for x in range(5)], [0, -1, 1, -2, 2])
        self.assertTrue(all(r.from_zigzag(r.to_zigzag(v)) == v for v in range(-300, 300)))

    def test_text(self):
        self.assertEqual(r.whole(r.read_text, wb("دفتر".encode()), 8), "دفتر".encode())
        self.assertRaises(r.Refused, r.whole, r.read_text, wb("دفتر".encode()), 7)
        for s in (b"a\0", b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xd8"):
            self.assertRaises(r.Refused, r.whole, r.read_text, wb(s), 8)


class Values(Base):
    def test_each_tag(self):
        reference = b"\x05" + n(2) + n(7) + n(500) + wb(b"q" * 64)
        for v in (EMPTY, NO, YES, b"\x03" + n(4) + n(2), b"\x03" + n(1) + n(5) + n(1), text(""), text("é"), reference,
                  b"\x06" + wb(b"\1\2"), b"\x07" + n(2**63), b"\x08" + wb(b"\0"), b"\x0a" + n(300), b"\x09" + n(0),
                  b"\x09" + n(3) + text("x") + NO + reference):
            self.every_prefix(r.read_value, v)
        for v in (b"\x0b", b"\xff", b"\x04\x01\xff", b"\x05" + n(0) + n(1) + n(1) + n(0), b"\x05" + n(1) + n(0) + n(1) + n(0),
                  b"\x05" + n(1) + n(1) + n(0) + n(0), b"\x05" + n(1) * 3 + wb(b"q" * 65), b"\x06" + wb(b"q" * 65),
                  b"\x08" + wb(b"b" * 65535), b"\x09\x01\x0b"):
            self.refuse(r.read_value, v)
        self.every_prefix(r.read_value, b"\x09\x01" * 4 + YES)
        self.refuse(r.read_value, b"\x09\x01" * 5 + YES, "lists")
        self.refuse(r.read_value, b"\x09\x01" * 4 + b"\x09\x00", "lists")
        self.refuse(r.read_value, b"\x09" + n(2**60) + YES)

    def test_decimal(self):
        for arguments, h in (((0, 2, -1), "030402"), ((0, 0, 5), "030000"), ((1, 15, -1), "03060f"),
                             ((0, 1200, 0), "03" + n(16).hex() + "0c"), ((0, 10**19 + 1, 0), "03010101")):
            v = bytes.fromhex(h)
            self.assertEqual(r.write_decimal(*arguments), v)
            self.every_prefix(r.read_decimal, v)
        for v in (b"\x03" + n(0) + n(10), b"\x03" + n(2) + n(0), b"\x03" + n(4) + n(0), b"\x03" + n(1) + n(5) + n(0),
                  b"\x03" + n(0) + n(10**19 + 1), b"\x03" + n(4 * 12002) + n(1), b"\x03" + n(1) + n(1) + n(10**19)):
            self.refuse(r.read_decimal, v)
            with self.assertRaises(r.Refused):
                r.whole(r.read_value, v)


class Changesets(Base):
    def test_whole(self):
        rows = [record(0, (1, 7, 1), [(0, YES)]),
                record(2, (3,), [(1, text("a"), b"\0" + n(10)), (250, text("b"), b"\1" + wb(b"S") + n(3) + n(4)),
                                 (9999, NO, b"\0" + n(3))]),
                record(3, (), [(5, EMPTY)], b"q"),
                record(3, (), [(5, EMPTY)], b"q\0"),
                record(1, (1,) + (1,), [(1, NO)]),
                record(0, (299, 1, 1), [(0, NO)], b"q" * 64)]
        raw = changeset(records=rows, source=(b"wb", b"f.xlsx", H1), origin=H2, continues=(5, 9, H1),
                        foreign=(5, 8, H2), position=4000, message="رسالة")
        self.every_prefix(r.read_changeset, raw)
        c = read_cs(raw)
        self.assertEqual((c.edits, c.device, c.seq, c.position, c.author, c.time), (8, 7, 1, 4000, 3, 1000))
        self.assertEqual((c.continues, c.foreign, c.origin, c.source), ((5, 9, H1), (5, 8, H2), H2, (b"wb", b"f.xlsx", H1)))
        key = lambda *ids, q=b"": b"".join(map(n, ids)) + q
        self.assertEqual([k for k, _ in c.records], [key(1, 7, 1), key(1, 7, 4), key(1, 7, 4, q=b"q"),
                         key(1, 7, 4, q=b"q\0"), key(1, 8, 1), key(300, 1, 1, q=b"q" * 64)])
        self.assertEqual(c.records, sorted(c.records))
        self.assertEqual(c.records[1][1], [(1, text("a")), (250, text("b")), (9999, NO)])

    def test_head(self):
        self.every_prefix(r.read_changeset, changeset(seq=5, own=0))
        self.assertEqual(read_cs(changeset(seq=5, own=3)).own_seq, 3)
        pair = n(7) + n(1) + H1
        for raw in (changeset(version=2), changeset(version=0), changeset(ledger=b""), changeset(ledger=b"A"),
                    changeset(ledger=b"a" * 101), changeset(ledger=b"a\n"), changeset(device=0),
                    changeset(seq=0), changeset(flags=16), changeset(flags=128), changeset(seq=2, continues=(5, 1, H1)),
                    changeset(continues=(7, 1, H1)), changeset(continues=(0, 1, H1)), changeset(continues=(5, 0, H1)),
                    changeset(foreign=(7, 1, H1)), changeset(foreign=(0, 1, H1)), changeset(foreign=(5, 0, H1)),
                    changeset(seq=3, own=-1), changeset(message="\0"), changeset(source=(b"\0", b"", H1)),
                    changeset(source=(b"", b"\xff", H1)), changeset(records=[])):
            self.refuse(r.read_changeset, raw)
        read_cs(changeset(ledger=b"a" * 100))

    def test_records(self):
        first, f = record(0, (1, 7, 1), [(1, NO)]), [(1, NO)]
        good = [[first, record(2, (1,), f)], [first, record(1, (1, 1), f)], [first, record(0, (1, 1, 1), f)]]
        for rows in good:
            read_cs(changeset(records=rows))
        bad = [[record(1, (7, 1), f)], [record(2, (1,), f)], [record(3, (), f)], [record(0, (0, 7, 1), f)],
               [record(0, (1, 0, 1), f)], [record(0, (1, 7, 0), f)], [first, record(0, (0, 8, 1), f)],
               [first, record(0, (1, 0, 1), f)], [first, record(0, (1, 1, 0), f)],
               [first, record(1, (0, 1), f)], [first, record(1, (1, 0), f)], [first, record(2, (0,), f)],
               [first, record(3, (), f)], [record(0, (1, 7, 1), f, b"b"), record(3, (), f, b"b")],
               [record(0, (1, 7, 1), f, b"b"), record(3, (), f, b"a")], [record(0, (1, 7, 1), f, b"q" * 65)],
               [first, record(0, (2**64 - 1, 1, 1), f)], [first, record(1, (2**64 - 1, 1), f)],
               [first, record(2, (2**64 - 1,), f)]]
        for rows in bad:
            self.refuse(r.read_changeset, changeset(records=rows))

    def test_fields(self):
        one = lambda *items: changeset(records=[record(0, (1, 7, 1), items)])
        self.every_prefix(r.read_changeset, one((0, NO)))
        self.every_prefix(r.read_changeset, one((0, YES, b"\0" + n(1))))
        self.every_prefix(r.read_changeset, one((1, NO, b"\0" + n(1))))            # line -1: see section 3
        for raw in (one((0, EMPTY)), one((0, text("x"))), one((0, YES), (1, NO)), one((10000, NO)),
                    one((1, b"\x0b")), one((1, NO, b"\2" + n(0))), one((1, NO, b"\1" + wb(b"\xff") + n(0) + n(0))),
                    one((1, NO, b"\1" + wb(b"") + n(0) + n(0))), one((1, NO, b"\1" + wb(b"s" * 1025) + n(0) + n(0))),
                    changeset(message="m" * 4097), changeset(source=(b"w" * 1025, b"", H1)),
                    changeset(records=[record(0, (1, 7, k + 1), [(1, EMPTY)]) if k == 0 else record(2, (1,), [(1, EMPTY)])
                                       for k in range(5001)])):
            self.refuse(r.read_changeset, raw)
        r.whole(r.read_changeset, one((1, NO, b"\0" + n(2**64 - 2)), (2, NO, b"\0" + n(2))))   # modulo 2^64


class Headers(Base):
    def test_good(self):
        raw = header(300, 2**41, 12, outcomes=[(0, 1), (1, 0), (700, 1)], matched=True, seal=(5, H1, H2 * 2))
        self.every_prefix(r.read_header, raw)
        h = r.whole(r.read_header, raw)
        self.assertEqual((h.position, h.time, h.national, h.matched, h.outcomes, h.seal),
                         (300, 2**41, 12, True, [(0, 1), (1, 0), (700, 1)], (5, H1, H2 * 2)))
        for reason in range(1, 6):
            self.every_prefix(r.read_header, header(refused=(7, 2, reason, H1)))
        self.every_prefix(r.read_header, header(refused=(7, 2, 1, H1), seal=(0, sha256(b"").digest(), H1 * 2)))

    def test_refused(self):
        for raw in (header(0), header(version=0), header(version=2), header(flags=8), header(flags=128),
                    header(refused=(0, 1, 1, H1)), header(refused=(1, 0, 1, H1)), header(refused=(1, 1, 0, H1)),
                    header(refused=(1, 1, 6, H1)), header(refused=(1, 1, 1, H1), matched=True),
                    header(seal=(0, H1, H1 * 2)), header(outcomes=[(5000, 1)])):
            self.refuse(r.read_header, raw)


class Tree(Base):
    def test_root(self):
        for size in list(range(20)) + [31, 32, 33, 100]:
            leaves = [b"leaf %d" % i for i in range(size)]
            self.assertEqual(r.merkle_root(leaves), tree(leaves))


class Merge(Base):
    """Each step: (device, seq, context, {field: value}) on one record; contexts are positions or pairs."""

    def setUp(self):
        self.state, self.position, self.links = r.State(), 0, {}

    def put(self, device, items, at=0, own=None, foreign=None, matched=False, continues=None, ids=(1, 7, 1)):
        seq = self.state.heads.get(device, (0,))[0] + 1
        c = read_cs(changeset(device, seq, [record(0, ids, items)], at, 0 if own is None else own,
                              foreign=foreign, continues=continues))
        self.position += 1
        return r.fold(self.state, c, H1, self.position, 0, 0, matched)

    def cell(self, field, ids=(1, 7, 1)):
        current, others = self.state.records[b"".join(map(n, ids))][field]
        short = lambda v: (v[0][0], v[1])
        return (short(current) if current else None), sorted(map(short, others))

    def contenders(self, field):
        return [v[0][0] for v in r.contenders(self.state.records[n(1) + n(7) + n(1)][field], field)]

    def test_rule_2(self):
        A, B, C = text("a"), text("b"), text("c")
        self.assertEqual(self.put(1, [(1, A), (2, A)]), [])
        self.assertEqual(self.put(2, [(1, B), (2, A)]), [(0, 1), (1, 0)])         # contended, agreed
        self.assertEqual(self.cell(1), ((1, A), [(2, B)]))
        self.assertEqual(self.cell(2), ((1, A), [(2, A)]))
        self.assertEqual((self.contenders(1), self.contenders(2)), ([2], []))
        self.assertEqual(self.put(3, [(1, C), (3, C)], at=1), [])                 # sees 1 only: B stands on
        self.assertEqual(self.cell(1), ((3, C), [(2, B)]))
        self.assertEqual(self.put(1, [(1, B)], own=1), [(0, 1)])                  # sees neither
        self.assertEqual(self.cell(1), ((3, C), [(2, B), (4, B)]))
        self.assertEqual(self.put(2, [(1, C)], own=1), [(0, 0)])                  # sees 2, agrees with 3
        self.assertEqual(self.cell(1), ((3, C), [(4, B), (5, C)]))
        self.assertEqual(self.put(9, [(1, A)], at=5), [])
        self.assertEqual(self.cell(1), ((6, A), []))

    def test_own_and_foreign_context(self):
        A, B = text("a"), text("b")
        self.put(1, [(1, A)])
        self.put(1, [(2, A)])
        self.assertEqual(self.put(1, [(1, B), (2, B)], own=1), [(1, 1)])
        self.assertEqual(self.put(2, [(1, A)], foreign=(1, 3, H1), matched=False), [(0, 1)])
        self.assertEqual(self.put(3, [(1, A)], foreign=(1, 2, H1), matched=True), [(0, 1)])
        self.assertEqual(self.put(4, [(1, A)], foreign=(1, 3, H1), matched=True), [])
        # A foreign context covers the named pair only, not what its own device wrote before.
        self.put(5, [(4, A)])
        self.assertEqual(self.put(5, [(4, B)], foreign=(1, 3, H1), matched=True), [(0, 1)])

    def test_continues(self):
        A, B = text("a"), text("b")
        self.put(1, [(1, A)])                                                      # 1
        self.put(1, [(2, A)])                                                      # 2, not continued
        self.assertEqual(self.put(2, [(1, B), (2, B)], continues=(1, 1, H1)), [(1, 1)])
        self.assertEqual(self.state.continues, {2: (1, 1, H1)})
        self.put(1, [(3, A)])                                                      # 4: seq 3
        self.assertEqual(self.put(3, [(1, A), (3, A)], continues=(2, 1, H1)), [(1, 0)])   # 2, and so 1 to seq 1
        self.assertEqual(self.put(3, [(2, B)], own=0), [(0, 1)])                   # own seq 0 covers what 3 continues: not 1's seq 2
        self.assertEqual(self.put(4, [(1, B)], foreign=(3, 1, H1), matched=True), [])
        self.assertEqual(self.put(5, [(1, A)], foreign=(9, 1, H1), matched=False, continues=(4, 1, H1)), [(0, 1)])
        self.state.continues.update({21: (22, 1, H1), 22: (21, 5, H1)})            # a ring must end
        c = read_cs(changeset(23, foreign=(21, 2, H1)))
        self.assertEqual(r.covered_pairs(self.state.continues, c, True), {21: 5, 22: 1})

    def test_delete_seen(self):
        self.put(1, [(1, NO), (2, NO)])
        self.assertEqual(self.put(2, [(0, YES)], at=1), [])
        self.assertEqual(self.cell(0), ((2, YES), []))
        self.assertEqual(self.put(1, [(0, NO)], at=2), [])                         # undone: rule 2
        self.assertEqual(self.cell(0), ((3, NO), []))
        self.assertEqual(self.put(3, [(0, YES)], at=1), [(0, 1)])                  # sees all but the no: rule 2
        self.assertEqual(self.cell(0), ((3, NO), [(4, YES)]))

    def test_delete_unseen(self):
        self.put(1, [(1, NO)])
        self.assertEqual(self.put(2, [(0, YES)]), [(0, 1)])                        # rule 1, no cell before
        self.assertEqual(self.cell(0), (None, [(2, YES)]))
        self.assertEqual(self.contenders(0), [2])
        self.assertEqual(self.put(3, [(0, YES)]), [(0, 1)])                        # again, 2 unseen
        self.assertEqual(self.put(2, [(0, YES)], own=1), [(0, 1)])                 # its own before is removed
        self.assertEqual(self.cell(0), (None, [(3, YES), (4, YES)]))
        self.assertEqual(self.put(4, [(0, NO)]), [])                               # rule 2: no current, so applied
        self.assertEqual(self.cell(0), ((5, NO), [(3, YES), (4, YES)]))
        self.put(1, [(1, YES)], own=1)                                             # 6: something unseen again
        self.assertEqual(self.put(2, [(0, YES)], at=5), [(0, 1)])                  # rule 1 with current no, seen: kept
        self.assertEqual(self.cell(0), ((5, NO), [(7, YES)]))
        self.assertEqual(self.put(5, [(0, YES)], at=6), [])                        # all other cells seen: rule 2
        self.assertEqual(self.cell(0), ((8, YES), [(7, YES)]))
        self.assertEqual(self.put(6, [(0, YES)]), [(0, 0)])                        # current yes: rule 2 whatever is seen

    def test_delete_unseen_contender(self):
        self.put(1, [(1, NO)])
        self.put(2, [(1, YES)])                                                    # a contender, not current
        self.assertEqual(self.put(3, [(0, YES)], at=1), [(0, 1)])
        self.assertEqual(self.put(4, [(0, YES)], at=2), [])
        self.assertEqual(self.cell(0), ((4, YES), [(3, YES)]))

    def test_delete_unknown_record(self):
        self.assertEqual(self.put(1, [(0, YES)]), [])
        self.assertEqual(self.cell(0), ((1, YES), []))
        self.assertEqual(self.put(2, [(1, NO)]), [])                               # rule 3
        self.assertEqual(self.cell(0), ((1, YES), [(2, NO)]))
        self.assertEqual(self.contenders(0), [2])

    def test_rule_3(self):
        self.put(1, [(1, NO)])
        self.put(2, [(0, YES)], at=1)
        self.assertEqual(self.put(3, [(1, YES), (2, NO)], at=1), [])               # did not see the deletion
        self.assertEqual(self.cell(0), ((2, YES), [(3, NO)]))
        self.put(3, [(1, NO)], at=1, own=1)                                        # its own no is seen and removed
        self.assertEqual(self.cell(0), ((2, YES), [(4, NO)]))
        self.put(5, [(3, NO)], at=1)
        self.assertEqual(self.cell(0), ((2, YES), [(4, NO), (5, NO)]))
        self.put(6, [(1, YES)], at=2)                                              # saw it: nothing is added
        self.assertEqual(self.cell(0), ((2, YES), [(4, NO), (5, NO)]))
        self.put(7, [(0, YES)])                                                    # agreed yes, not current
        self.put(7, [(1, YES)], own=1)                                             # saw one yes of two: nothing
        self.assertEqual(self.cell(0), ((2, YES), [(4, NO), (5, NO), (7, YES)]))
        self.put(8, [(0, NO)], at=8)
        self.put(9, [(1, NO)])                                                     # the current is no: nothing
        self.assertEqual(self.cell(0), ((9, NO), []))

    def test_rule_3_without_current(self):
        self.put(1, [(1, NO)])
        self.put(2, [(0, YES)])
        self.put(3, [(2, NO)])
        self.assertEqual(self.cell(0), (None, [(2, YES)]))

    def test_digest(self):
        A, B = text("a"), text("b")
        self.put(1, [(1, A)])
        self.put(2, [(1, B)], continues=(9, 4, H2))
        self.put(3, [(0, YES)])
        self.put(1, [(2, A)], own=1, ids=(1, 300, 1))
        self.state.origins.update((H2, H1))
        key = n(1) + n(7) + n(1)
        by_hand = (b"daftar state 1" + wb(LEDGER)
                   + b"\1" + wb(key) + n(2) + n(0) + n(1) + n(3) + n(3) + n(1) + YES
                   + n(3) + n(2) + n(1) + n(1) + n(1) + A + n(2) + n(2) + n(1) + B
                   + b"\1" + wb(n(1) + n(300) + n(1)) + n(1) + n(5) + n(1) + n(4) + n(1) + n(2) + A
                   + b"\0" + n(3) + n(1) + n(2) + H1 + n(2) + n(1) + H1 + n(3) + n(1) + H1
                   + n(1) + n(2) + n(9) + n(4) + H2 + n(2) + H1 + H2 + n(4) + n(0) + n(0))
        self.assertEqual(r.state_digest(self.state, LEDGER), sha256(by_hand).digest())
        empty = b"daftar state 1" + wb(LEDGER) + bytes(7)
        self.assertEqual(r.state_digest(r.State(), LEDGER), sha256(empty).digest())


class Notes(Base):
    key = SigningKey(b"k" * 32)
    public = bytes(key.verify_key)

    def refuse_note(self, raw, key=None):
        self.assertRaises(r.Refused, r.verify_note, raw, key or self.public)

    def test_note(self):
        other = SigningKey(b"o" * 32)
        good = note(5, H1, self.key, "hub.example/a/b")
        self.assertEqual(r.verify_note(good, self.public), ("hub.example/a/b", 5, H1))
        witness = "\u2014 witness " + base64.b64encode(b"w" * 68).decode() + "\n"
        r.verify_note(note(5, H1, self.key, "h/a", "more\n", witness), self.public)
        self.refuse_note(good, bytes(other.verify_key))
        self.refuse_note(good[:-1])
        self.refuse_note(good.replace(b"\n5\n", b"\n6\n"))
        self.refuse_note(note(5, H1, other, "h/a"))
        for raw in (note("05", H1, self.key, "h/a"), note(-1, H1, self.key, "h/a"), note(2**64, H1, self.key, "h/a"),
                    note(0, H1, self.key, "h/a"), note(5, H1[:31], self.key, "h/a"), note(5, H1, self.key, "h /a"),
                    note(5, H1, self.key, "h+/a"), note(5, H1, self.key, ""), note(5, H1, self.key, "h/a", others="x\n"),
                    note(5, H1, self.key, "h/a", others="\n"), note(5, H1, self.key, "h/a", "\ta\n"),
                    note(5, H1, self.key, "h/a", others="\u2014 w !!!!\n"), b"", b"\n\n", b"\xff",
                    good.replace(b"\xe2\x80\x94", b"-")):
            self.refuse_note(raw)
        r.verify_note(note(0, sha256(b"").digest(), self.key, "h/a"), self.public)

    def test_seal(self):
        message = r.seal_message(LEDGER, 7, 3, H1, 0, sha256(b"").digest())
        self.assertEqual(message, b"daftar seal 1" + b"\x0aaudit/2025" + b"\x07\x03" + H1 + b"\0" + sha256(b"").digest())
        self.assertTrue(r.verified(self.public, message, self.key.sign(message).signature))
        self.assertFalse(r.verified(self.public, message, b"\1" * 64))


class Files(Base):
    hub = SigningKey(b"h" * 32)
    keys = {d: SigningKey(bytes([d]) * 32) for d in (7, 8)}

    def build(self, change=None):
        """A file of four entries; change(name, value) may replace its parts."""
        change = change or (lambda name, value: value)
        public = {d: bytes(key.verify_key) for d, key in self.keys.items()}
        link0 = {d: r.link_first(LEDGER, d, key) for d, key in public.items()}

        def seal(device, seq, link, size, root):
            message = r.seal_message(LEDGER, device, seq, link, size, root)
            return size, root, self.keys[device].sign(message).signature
        c1 = changeset(7, 1)
        l1 = sha256(link0[7] + sha256(c1).digest()).digest()
        c2 = changeset(8, 1, [record(0, (1, 7, 1), [(1, text("b"))])], foreign=(7, 1, l1), origin=H1)
        c3 = b"nothing that anybody can read"
        c4 = changeset(7, 3, [record(0, (1, 7, 1), [(1, text("c")), (2, NO)])], position=1, own=1)
        l2 = sha256(l1 + sha256(c3).digest()).digest()
        l3 = sha256(l2 + sha256(c4).digest()).digest()
        m1 = sha256(link0[8] + sha256(c2).digest()).digest()
        leaves = []

        def enter(name, raw, **header_parts):
            leaves.append(wb(header(**change("h" + name, header_parts))) + wb(change("c" + name, raw)))

        enter("1", c1, position=1, time=10, seal=seal(7, 1, l1, 0, sha256(b"").digest()))
        seen = (1, change("seen", tree(leaves)))
        enter("2", c2, position=2, time=10, national=3, matched=True, seal=seal(8, 1, m1, *seen))
        enter("3", b"", position=3, time=11, national=3, refused=(7, 2, 3, sha256(c3).digest()))
        enter("4", c4, position=4, time=12, national=3, outcomes=[(0, 1)], seal=seal(7, 3, l3, *seen))
        digest = sha256(b"daftar state 1" + wb(LEDGER) + b"\1" + wb(n(1) + n(7) + n(1)) + n(2)
                        + n(3) + n(2) + n(2) + n(8) + n(1) + text("b") + n(4) + n(7) + n(3) + text("c")
                        + n(5) + n(1) + n(4) + n(7) + n(3) + NO
                        + b"\0" + n(2) + n(7) + n(3) + l3 + n(8) + n(1) + m1 + n(0) + n(1) + H1 + n(4) + n(12) + n(3)).digest()
        root = tree(leaves)
        devices = change("devices", public)
        return (b"daftar entries 2\n" + wb(LEDGER) + n(4) + b"".join(leaves) + wb(change("digest", digest))
                + wb(change("note", note(4, root, self.hub, "hub/audit/2025"))) + bytes(self.hub.verify_key)
                + n(len(devices)) + b"".join(n(d) + key for d, key in devices.items())), root, digest

    def test_good(self):
        raw, root, digest = self.build()
        report = r.check_entries(raw)
        self.assertEqual((report.ledger, report.size, report.changesets, report.edits, report.refused, report.contended),
                         ("audit/2025", 4, 3, 4, 1, 1))
        self.assertEqual((report.root, report.digest, report.contended_cells), (root, digest, 1))
        self.assertEqual((report.seals, report.remarks), (3, []))
        for end in range(len(raw)):
            self.assertRaises(r.Refused, r.check_entries, raw[:end])
        self.assertRaises(r.Refused, r.check_entries, raw + b"\0")

    def test_every_flipped_bit_in_the_entries_is_found(self):
        raw = self.build()[0]
        for i in range(len(raw)):
            for bit in (0, 3, 7):
                damaged = bytearray(raw)
                damaged[i] ^= 1 << bit
                with self.subTest(byte=i, bit=bit):
                    self.assertRaises(r.Refused, r.check_entries, bytes(damaged))

    def test_wrong(self):
        cases = {
            "h1": [dict(position=2), dict(time=11), dict(national=4), dict(matched=True), dict(outcomes=[(0, 0)]),
                   dict(seal=None), dict(seal=(0, sha256(b"").digest(), H1 * 2))],
            "h2": [dict(matched=False), dict(position=3), dict(seal=None)],
            "h3": [dict(refused=(7, 3, 3, H1)), dict(refused=(9, 1, 3, H1)), dict(refused=None)],
            "c3": [changeset(7, 2)],
            "h4": [dict(outcomes=()), dict(outcomes=[(0, 0)]), dict(outcomes=[(0, 1), (1, 1)]), dict(seal=None)],
            "c4": [changeset(7, 3, ledger=b"other"), changeset(7, 4), changeset(8, 2, origin=H1)],
            "digest": [H1, H1[:31]],
            "note": [note(4, H1, self.hub, "hub/audit/2025"), note(3, H1, self.hub, "hub/audit/2025")],
            "devices": [{7: H1}, {8: H1, 7: H1}],
        }
        for name, values in cases.items():
            for value in values:
                with self.subTest(name=name, value=value):
                    def change(what, v):
                        return v if what != name else {**v, **value} if name[0] == "h" else value
                    raw = self.build(change)[0]
                    self.assertRaises(r.Refused, r.check_entries, raw)
        extra = self.build(lambda what, v: {**v, 9: H1} if what == "devices" else v)[0]
        self.assertRaisesRegex(r.Refused, "device 9 has no entry", r.check_entries, extra)
        fork = self.build(lambda what, v: H1 if what == "seen" else v)[0]
        self.assertRaisesRegex(r.Refused, r"entry 2 .*seal \(size 1\)", r.check_entries, fork)

    def test_receipt(self):
        entries = [wb(header(i, 10)) + wb(changeset(7, i)) for i in range(1, 8)]
        leaves = [r.leaf_hash(entry) for entry in entries]

        def node(begin, end):
            if end - begin == 1:
                return leaves[begin]
            half = 1
            while half * 2 < end - begin:
                half *= 2
            return sha256(b"\1" + node(begin, begin + half) + node(begin + half, end)).digest()

        def path(index, begin, end):
            if end - begin == 1:
                return []
            half = 1
            while half * 2 < end - begin:
                half *= 2
            middle = begin + half
            return path(index, begin, middle) + [node(middle, end)] if index < middle else \
                path(index, middle, end) + [node(begin, middle)]

        def receipt(index, size=7, root=None, origin="h/audit/2025", leaf=None):
            lines = ["c2sp.org/tlog-proof@v1", "extra " + base64.b64encode(leaf or entries[index]).decode(),
                     f"index {index}"] + [base64.b64encode(one).decode() for one in path(index, 0, 7)]
            return "\n".join(lines).encode() + b"\n\n" + note(size, root or node(0, 7), self.hub, origin)

        public = bytes(self.hub.verify_key)
        for index in range(7):
            origin, h, c, code = r.verify_receipt(receipt(index), public)
            self.assertEqual((origin, h.position, c.seq), ("h/audit/2025", index + 1, index + 1))
            self.assertRegex(code, rf"^{index + 1}(-[0-9A-HJKMNP-TV-Z]{{4}}){{3}}$")
        self.assertEqual(r.receipt_code(1, b"\x08" + bytes(6) + b"\x10" + bytes(24)), "1-1000-0000-0001")
        good = receipt(4)
        for end in range(len(good)):
            self.assertRaises(r.Refused, r.verify_receipt, good[:end], public)
        for wrong in (receipt(4, root=H1), receipt(4, size=40), receipt(4, size=3), receipt(4, origin="h/other"),
                      receipt(4, leaf=entries[3]), good.replace(b"index 4", b"index 5"),
                      good.replace(b"index 4", b"index 04"), b"x" + good):
            self.assertRaises(r.Refused, r.verify_receipt, wrong, public)
        self.assertRaises(r.Refused, r.verify_receipt, good, b"\1" * 32)

    def test_empty(self):
        digest = sha256(b"daftar state 1" + wb(LEDGER) + bytes(7)).digest()
        raw = (b"daftar entries 2\n" + wb(LEDGER) + n(0) + wb(digest)
               + wb(note(0, sha256(b"").digest(), self.hub, "hub/audit/2025")) + bytes(self.hub.verify_key) + n(0))
        self.assertEqual(r.check_entries(raw).size, 0)

    def test_vectors(self):
        raw, root, digest = self.build()
        c, key = changeset(), b"\5" * 32
        link0 = sha256(b"daftar chain 1" + wb(LEDGER) + n(7) + key).digest()
        signed = note(5, H1, self.hub, "h/a")
        public = bytes(self.hub.verify_key).hex()
        vectors = {
            "n": [{"value": "67824", "hex": "fa0108f0"}], "n_refused": ["fa0108ef", "f1"],
            "decimals": [{"text": "0.2", "hex": "030402"}, {"text": "-0.0", "hex": "030000"}, {"text": "1200", "hex": "03100c"}],
            "changesets": [{"name": "one", "hex": c.hex(), "edits": 1}],
            "changesets_refused": [{"name": "short", "hex": c[:-1].hex()}],
            "headers": [{"hex": header().hex(), "position": "1"}], "headers_refused": [{"name": "0", "hex": header(0).hex()}],
            "links": [{"ledger": LEDGER.decode(), "device": 7, "key": key.hex(), "link0": link0.hex(), "changeset": c.hex(),
                       "link1": sha256(link0 + sha256(c).digest()).hexdigest()}],
            "notes": [{"note": signed.decode(), "key": public, "origin": "h/a", "size": "5", "root": H1.hex()}],
            "notes_refused": [{"name": "key", "note": signed.decode(), "key": (b"\1" * 32).hex()}],
            "ledgers": [{"entries_file": raw.hex(), "root": root.hex(), "digest": digest.hex()}],
        }
        counts, wrong = check_vectors.check_vectors(json.loads(json.dumps(vectors)))
        self.assertEqual((sum(counts.values()), wrong), (14, []))
        vectors["n"][0]["value"] = "67825"
        vectors["n_refused"].append("00")
        vectors["decimals"][0]["text"] = "0.3"
        vectors["ledgers"][0]["root"] = H1.hex()
        self.assertEqual(len(check_vectors.check_vectors(vectors)[1]), 4)
        self.assertEqual(check_vectors.check_vectors({}), ({}, []))


if __name__ == "__main__":
    unittest.main()
