#!/usr/bin/python3
"""An independent reader of the ledger format, written from common/ledger/FORMAT.md alone.

Everything here is a small function over bytes. A reading function takes the bytes and an offset and
returns what it read and the offset behind it; whatever is not the one canonical encoding raises
Refused. The sections named in the comments are those of FORMAT.md.
"""

import base64
import binascii
import re
from hashlib import sha256

LIMIT64 = 1 << 64
MAX_FIELD = 9999
MAX_QUALIFIER = 64
MAX_LISTS = 4
MAX_MESSAGE, MAX_NAME, MAX_VALUE, MAX_CHANGESET = 4096, 1024, 65536, 1 << 20
MAX_EDITS = 5000
MAX_HEADER, MAX_NOTE = 1 << 15, 1 << 16
NO, YES = b"\x01", b"\x02"            # the two values of the field `deleted`
EMPTY_ROOT = sha256(b"").digest()
REASONS = (1, 2, 3, 4, 5)
LEDGER_NAME = re.compile(rb"(?=.{1,100}\Z)[a-z0-9-]+(/[a-z0-9-]+)*\Z")
FILE_MAGIC = b"daftar entries 2\n"


class Refused(Exception):
    """What was read is not the one valid encoding, or does not agree with what was recomputed."""


# ---------------------------------------------------------------------------- 1. notation

def read_n(buf, i):
    a = buf[i]
    if a <= 240:
        return a, i + 1
    if a <= 248:
        v = 240 + 256 * (a - 241) + buf[i + 1]
        if v == 240:
            raise Refused(f"a number at byte {i} is not in its shortest form")
        return v, i + 2
    if a == 249:
        return 2288 + 256 * buf[i + 1] + buf[i + 2], i + 3
    end = i + a - 246
    if end > len(buf):
        raise Refused(f"ends inside a number at byte {i}")
    v = int.from_bytes(buf[i + 1:end], "big")
    if v < 67824 if a == 250 else buf[i + 1] == 0:
        raise Refused(f"a number at byte {i} is not in its shortest form")
    return v, end


def write_n(v):
    if v <= 240:
        return _SMALL[v]
    if v <= 2287:
        return bytes((241 + (v - 240 >> 8), v - 240 & 255))
    if v <= 67823:
        return b"\xf9" + (v - 2288).to_bytes(2, "big")
    if v >= LIMIT64:
        raise ValueError("not below 2^64")
    size = (v.bit_length() + 7) // 8
    return bytes((247 + size,)) + v.to_bytes(size, "big")


_SMALL = [bytes((x,)) for x in range(241)]


def read_id(buf, i, what):
    """A number that is at least 1."""
    v, i = read_n(buf, i)
    if v == 0:
        raise Refused(f"{what} is 0 before byte {i}")
    return v, i


def read_bytes(buf, i):
    size, i = read_n(buf, i)
    end = i + size
    if end > len(buf):
        raise Refused(f"ends inside the {size} bytes at byte {i}")
    return buf[i:end], end


def read_text(buf, i, most):
    s, end = read_bytes(buf, i)
    if len(s) > most:
        raise Refused(f"a text over its limit before byte {end}")
    if 0 in s:
        raise Refused(f"U+0000 in the text before byte {end}")
    if not s.isascii():
        try:
            s.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused(f"not UTF-8 in the text before byte {end}") from None
    return s, end


def read_fixed(buf, i, size):
    end = i + size
    if end > len(buf):
        raise Refused(f"ends inside the {size} bytes at byte {i}")
    return buf[i:end], end


def read_ledger(buf, i):
    s, end = read_bytes(buf, i)
    if not LEDGER_NAME.match(s):
        raise Refused(f"not a ledger's name before byte {end}")
    return s, end


def write_bytes(s):
    return write_n(len(s)) + s


def from_zigzag(u):
    return -(u >> 1) - 1 if u & 1 else u >> 1


def to_zigzag(v):
    return 2 * v if v >= 0 else -2 * v - 1


def whole(read, buf, *rest):
    """What `read` makes of all of buf; nothing may be left, and it may not end early."""
    buf = bytes(buf)
    try:
        result, end = read(buf, 0, *rest)
    except IndexError:
        raise Refused("ends early") from None
    if end != len(buf):
        raise Refused(f"{len(buf) - end} bytes too many, from byte {end}")
    return result


# ---------------------------------------------------------------------------- 2. values

def skip_value(buf, i, lists=0):
    """The offset behind the value at i, which is checked."""
    tag = buf[i]
    i += 1
    if tag <= 2:
        return i
    if tag == 4:
        return read_text(buf, i, MAX_VALUE)[1]
    if tag == 3:
        return read_decimal(buf, i - 1)[1]
    if tag == 5:
        i = read_id(buf, i, "a reference's kind")[1]
        i = read_id(buf, i, "a reference's device")[1]
        i = read_id(buf, i, "a reference's counter")[1]
        qualifier, i = read_bytes(buf, i)
        if len(qualifier) > MAX_QUALIFIER:
            raise Refused(f"a reference's qualifier is too long before byte {i}")
        return i
    if tag == 6:
        period, i = read_bytes(buf, i)
        if len(period) > MAX_QUALIFIER:
            raise Refused(f"a period is too long before byte {i}")
        return i
    if tag == 8:
        return read_bytes(buf, i)[1]
    if tag == 7 or tag == 10:
        return read_n(buf, i)[1]
    if tag == 9:
        if lists == MAX_LISTS:
            raise Refused(f"more than {MAX_LISTS} lists inside each other at byte {i - 1}")
        count, i = read_n(buf, i)
        for _ in range(count):
            i = skip_value(buf, i, lists + 1)
        return i
    raise Refused(f"no value has the tag {tag}, at byte {i - 1}")


def read_value(buf, i):
    end = skip_value(buf, i)
    if end - i > MAX_VALUE:
        raise Refused(f"a value over its limit before byte {end}")
    return buf[i:end], end


def read_decimal(buf, i):
    """(sign, c, e) of a decimal value with its tag."""
    if buf[i] != 3:
        raise Refused("not a decimal")
    head, i = read_n(buf, i + 1)
    low, i = read_n(buf, i)
    high = 0
    if head & 1:
        high, i = read_n(buf, i)
        if high == 0:
            raise Refused("a wide decimal without a high part")
    sign, e = head >> 1 & 1, from_zigzag(head >> 2)
    if low >= 10**19 or high >= 10**19 or not -6000 <= e <= 6000:
        raise Refused("a decimal out of its range")
    c = high * 10**19 + low
    if (sign or e) if c == 0 else c % 10 == 0:
        raise Refused("a decimal that is not reduced")
    return (sign, c, e), i


def write_decimal(sign, c, e):
    while c and c % 10 == 0:
        c, e = c // 10, e + 1
    if c == 0:
        sign = e = 0
    high, low = divmod(c, 10**19)
    head = 4 * to_zigzag(e) + 2 * sign + (high > 0)
    return b"\x03" + write_n(head) + write_n(low) + (write_n(high) if high else b"")


# ---------------------------------------------------------------------------- 3. changeset

class Changeset:
    __slots__ = ("ledger", "device", "seq", "continues", "position", "foreign", "own_seq", "author",
                 "time", "message", "source", "origin", "records", "edits")
    # continues, foreign: (device, seq, link) or None; own_seq: None with a foreign context;
    # records: [(key, [(field, value), …]), …]


def read_pair(buf, i, device, what):
    other, i = read_id(buf, i, what + "'s device")
    if other == device:
        raise Refused(f"{what} names the device itself, before byte {i}")
    seq, i = read_id(buf, i, what + "'s seq")
    link, i = read_fixed(buf, i, 32)
    return (other, seq, link), i


def skip_place(buf, i, line):
    """(offset behind the place, line)."""
    form = buf[i]
    if form == 0:
        step, i = read_n(buf, i + 1)
        return i, (line + from_zigzag(step)) % LIMIT64
    if form != 1:
        raise Refused(f"no place has the form {form}, at byte {i}")
    sheet, i = read_text(buf, i + 1, MAX_NAME)
    if not sheet:
        raise Refused(f"a sheet without a name before byte {i}")
    i = read_n(buf, i)[1]
    return read_n(buf, i)[1], line


def read_records(buf, i):
    """([(key, [(field, value), …]), …], number of edits), offset."""
    count, i = read_id(buf, i, "the number of records")
    records, edits, line = [], 0, 0
    kind = device = counter = 0
    qualifier = kind_n = device_n = counter_n = None
    for index in range(count):
        head = buf[i]
        if head <= 240:
            i += 1
        else:
            head, i = read_n(buf, i)
        same = head & 3
        if index == 0 and same:
            raise Refused(f"the first record says that it continues another, before byte {i}")
        if same == 0:
            step, i = read_id(buf, i, "a record's step of kind")
            kind += step
            device, i = read_id(buf, i, "a record's device")
            counter, i = read_id(buf, i, "a record's counter")
        elif same == 1:
            step, i = read_id(buf, i, "a record's step of device")
            device += step
            counter, i = read_id(buf, i, "a record's counter")
        elif same == 2:
            step, i = read_id(buf, i, "a record's step of counter")
            counter += step
        if same < 3:
            if kind >= LIMIT64 or device >= LIMIT64 or counter >= LIMIT64:
                raise Refused(f"a record's id is over 2^64 before byte {i}")
            if same < 2:
                if same == 0:
                    kind_n = write_n(kind)
                device_n = kind_n + write_n(device)
            counter_n = device_n + write_n(counter)
        before = qualifier
        qualifier, i = read_bytes(buf, i)
        if len(qualifier) > MAX_QUALIFIER:
            raise Refused(f"a qualifier is too long before byte {i}")
        if same == 3 and qualifier <= before:
            raise Refused(f"qualifiers do not ascend before byte {i}")

        fields, field = [], -1
        number = (head >> 2) + 1
        for _ in range(number):
            step = buf[i]
            if step <= 240:
                i += 1
            else:
                step, i = read_n(buf, i)
            field += (step >> 1) + 1
            if field > MAX_FIELD:
                raise Refused(f"field {field} before byte {i}")
            if step & 1:
                i, line = skip_place(buf, i, line)
            start = i
            tag = buf[i]
            i = i + 1 if tag <= 2 else skip_value(buf, i)
            if i - start > MAX_VALUE:
                raise Refused(f"a value over its limit before byte {i}")
            if field == 0 and (number > 1 or tag != 1 and tag != 2):
                raise Refused(f"`deleted` is not alone, or neither yes nor no, before byte {i}")
            fields.append((field, buf[start:i]))
        edits += number
        if edits > MAX_EDITS:
            raise Refused(f"more than {MAX_EDITS} edits before byte {i}")
        records.append((counter_n + qualifier, fields))
    return (records, edits), i


def read_changeset(buf, i=0):
    c = Changeset()
    start = i
    if buf[i] != 1:
        raise Refused(f"a changeset's version is {buf[i]}, not 1")
    c.ledger, i = read_ledger(buf, i + 1)
    c.device, i = read_id(buf, i, "the device")
    c.seq, i = read_id(buf, i, "the seq")
    flags = buf[i]
    i += 1
    if flags & ~15:
        raise Refused(f"unknown flags {flags} at byte {i - 1}")
    c.continues = c.foreign = c.own_seq = c.source = c.origin = None
    if flags & 1:
        if c.seq != 1:
            raise Refused("`continues` in a changeset that is not the device's first")
        c.continues, i = read_pair(buf, i, c.device, "`continues`")
    c.position, i = read_n(buf, i)
    if flags & 2:
        c.foreign, i = read_pair(buf, i, c.device, "the foreign context")
    else:
        behind, i = read_n(buf, i)
        c.own_seq = c.seq - 1 - behind
        if c.own_seq < 0:
            raise Refused(f"the context's own seq is below 0, before byte {i}")
    c.author, i = read_n(buf, i)
    c.time, i = read_n(buf, i)
    c.message, i = read_text(buf, i, MAX_MESSAGE)
    if flags & 4:
        workbook, i = read_text(buf, i, MAX_NAME)
        name, i = read_text(buf, i, MAX_NAME)
        digest, i = read_fixed(buf, i, 32)
        c.source = (workbook, name, digest)
    if flags & 8:
        c.origin, i = read_fixed(buf, i, 32)
    (c.records, c.edits), i = read_records(buf, i)
    if i - start > MAX_CHANGESET:
        raise Refused(f"a changeset of {i - start} bytes")
    return c, i


# ---------------------------------------------------------------------------- 4. chain, seal

def link_first(ledger, device, key):
    return sha256(b"daftar chain 1" + write_bytes(ledger) + write_n(device) + key).digest()


def link_next(link, changeset_hash):
    return sha256(link + changeset_hash).digest()


def seal_message(ledger, device, seq, link, size, root):
    return (b"daftar seal 1" + write_bytes(ledger) + write_n(device) + write_n(seq) + link
            + write_n(size) + root)


def verified(key, message, signature):
    from nacl.exceptions import BadSignatureError
    from nacl.signing import VerifyKey
    try:
        VerifyKey(key).verify(message, signature)
        return True
    except (BadSignatureError, ValueError):
        return False


# ---------------------------------------------------------------------------- 5. entry

class Header:
    __slots__ = ("position", "time", "national", "refused", "matched", "outcomes", "seal")
    # refused: (device, seq, reason, hash) or None; outcomes: [(index, 0 agreed or 1 contended), …];
    # seal: (size, root, signature) or None


def read_header(buf, i=0):
    h = Header()
    start = i
    h.position, i = read_id(buf, i, "the position")
    h.time, i = read_n(buf, i)
    h.national, i = read_n(buf, i)
    if buf[i] != 1:
        raise Refused(f"the rule version is {buf[i]}, not 1")
    flags = buf[i + 1]
    i += 2
    if flags & ~7:
        raise Refused(f"unknown flags {flags} at byte {i - 1}")
    h.refused, h.outcomes, h.seal = None, [], None
    h.matched = bool(flags & 2)
    if flags & 1:
        if h.matched:
            raise Refused("a refused entry has no context that could match")
        device, i = read_id(buf, i, "the device")
        seq, i = read_id(buf, i, "the seq")
        reason, i = read_n(buf, i)
        if reason not in REASONS:
            raise Refused(f"no reason has the number {reason}")
        digest, i = read_fixed(buf, i, 32)
        h.refused = (device, seq, reason, digest)
    else:
        count, i = read_n(buf, i)
        index = -1
        for _ in range(count):
            step, i = read_n(buf, i)
            index += (step >> 1) + 1
            if index >= MAX_EDITS:
                raise Refused(f"an outcome of edit {index} before byte {i}")
            h.outcomes.append((index, step & 1))
    if flags & 4:
        size, i = read_n(buf, i)
        root, i = read_fixed(buf, i, 32)
        signature, i = read_fixed(buf, i, 64)
        if size == 0 and root != EMPTY_ROOT:
            raise Refused("a seal over no checkpoint has another root than that of nothing")
        h.seal = (size, root, signature)
    if i - start > MAX_HEADER:
        raise Refused(f"a header of {i - start} bytes")
    return h, i


def leaf_hash(leaf):
    return sha256(b"\x00" + leaf).digest()


def edge_add(edge, count, leaf):
    """Adds leaf number `count` (from 0) to the right edge: the complete subtrees, largest first."""
    node = leaf
    while count & 1:
        node = sha256(b"\x01" + edge.pop() + node).digest()
        count >>= 1
    edge.append(node)


def edge_root(edge):
    if not edge:
        return EMPTY_ROOT
    node = edge[-1]
    for left in edge[-2::-1]:
        node = sha256(b"\x01" + left + node).digest()
    return node


def merkle_root(leaves):
    edge = []
    for count, leaf in enumerate(leaves):
        edge_add(edge, count, leaf_hash(leaf))
    return edge_root(edge)


# ---------------------------------------------------------------------------- 6. merge

class State:
    """records: key → {field: (current version or None, tuple of the other standing versions)};
    a version is (stamp, value), a stamp (position, device, seq, their bytes)."""
    __slots__ = ("records", "heads", "continues", "origins", "position", "time", "national")

    def __init__(self):
        self.records, self.heads, self.continues, self.origins = {}, {}, {}, set()
        self.position = self.time = self.national = 0


def covered_pairs(continues, changeset, matched):
    """{device: greatest covered seq} of the changeset's context."""
    if changeset.foreign is None:
        device, seq = changeset.device, changeset.own_seq
    elif matched:
        device, seq, _ = changeset.foreign
    else:
        return {}
    pairs, passed = {}, set()
    while True:
        pairs[device] = max(seq, pairs.get(device, 0))
        if device in passed:
            return pairs
        passed.add(device)
        if device == changeset.device and changeset.continues is not None:
            following = changeset.continues
        else:
            following = continues.get(device)
        if following is None:
            return pairs
        device, seq, _ = following


def merge_records(records, stamp, limit, pairs, changes):
    """Merges one changeset's records into the state's; returns the outcomes that are not `applied`.
    Each record is there once, and a merge touches only its own record, so that judging each edit
    against the state before the changeset comes to judging it before its own record's changes."""
    outcomes, index = [], 0
    covered = pairs.get

    def seen(version):
        s = version[0]
        return s[0] <= limit or covered(s[1], 0) >= s[2]

    for key, fields in changes:
        cells = records.get(key)
        if cells is None:                                     # a new record: nothing to judge
            records[key] = {field: ((stamp, value), ()) for field, value in fields}
            index += len(fields)
            continue
        if fields[0][0] == 0:
            value = fields[0][1]
            current, others = cells.get(0, (None, ()))
            if value == YES and (current is None or current[1] == NO) and not all(
                    seen(v) for field, (first, rest) in cells.items() if field
                    for v in ((first, *rest) if first else rest)):
                # Rule 1. The cell's value is no, with a current version or without.
                kept = tuple(v for v in others if v[1] == NO or not seen(v))
                cells[0] = (current, kept + ((stamp, value),))
                outcomes.append((index, 1))
                index += 1
                continue
        for field, value in fields:                           # Rule 2.
            cell = cells.get(field)
            if cell is None:
                cells[field] = ((stamp, value), ())
            else:
                current, others = cell
                if others:
                    others = tuple(v for v in others if not seen(v))
                if current is None or seen(current):
                    cells[field] = ((stamp, value), others)
                else:
                    cells[field] = (current, others + ((stamp, value),))
                    outcomes.append((index, 0 if current[1] == value else 1))
            index += 1
        if fields[0][0] != 0 and 0 in cells:                  # Rule 3.
            current, others = cells[0]
            if current is not None and current[1] == YES and not seen(current) and not any(
                    v[1] == YES and seen(v) for v in others):
                kept = tuple(v for v in others if v[1] != NO or not seen(v))
                cells[0] = (current, kept + ((stamp, NO),))
    return outcomes


def contenders(cell, field):
    """The versions of a cell that contend with its value."""
    current, others = cell
    value = current[1] if current is not None else NO if field == 0 else None
    return [v for v in others if v[1] != value]


def fold(state, changeset, link, position, time, national, matched):
    """Takes a changeset that was entered into the state; returns its outcomes that are not `applied`."""
    device, seq = changeset.device, changeset.seq
    stamp = (position, device, seq, write_n(position) + write_n(device) + write_n(seq))
    pairs = covered_pairs(state.continues, changeset, matched)
    outcomes = merge_records(state.records, stamp, changeset.position, pairs, changeset.records)
    if changeset.continues is not None:
        state.continues[device] = changeset.continues
    if changeset.origin is not None:
        state.origins.add(changeset.origin)
    fold_refused(state, device, seq, link, position, time, national)
    return outcomes


def fold_refused(state, device, seq, link, position, time, national):
    state.heads[device] = (seq, link)
    state.position, state.time, state.national = position, time, national


# ---------------------------------------------------------------------------- 7. state digest

def state_digest(state, ledger):
    h = sha256(b"daftar state 1" + write_bytes(ledger))
    records = state.records
    for key in sorted(records):
        cells = records[key]
        out = [b"\x01", write_n(len(key)), key, write_n(len(cells))]
        for field in sorted(cells):
            current, others = cells[field]
            if current is not None:
                out.append(write_n(2 * field + 1))
                out.append(write_n(1 + len(others)))
                out.append(current[0][3])
                out.append(current[1])
            else:
                out.append(write_n(2 * field))
                out.append(write_n(len(others)))
            if others:
                for stamp, value in sorted(others):
                    out.append(stamp[3])
                    out.append(value)
        h.update(b"".join(out))
    out = [b"\x00", write_n(len(state.heads))]
    for device, (seq, link) in sorted(state.heads.items()):
        out += (write_n(device), write_n(seq), link)
    out.append(write_n(len(state.continues)))
    for device, (other, seq, link) in sorted(state.continues.items()):
        out += (write_n(device), write_n(other), write_n(seq), link)
    out.append(write_n(len(state.origins)))
    out += sorted(state.origins)
    out += (write_n(state.position), write_n(state.time), write_n(state.national))
    h.update(b"".join(out))
    return h.digest()


# ---------------------------------------------------------------------------- 8. checkpoint

def strict_base64(s):
    try:
        raw = base64.b64decode(s, validate=True)
    except (binascii.Error, ValueError):
        raise Refused("not base64 in the note") from None
    if base64.b64encode(raw) != s.encode():
        raise Refused("not the canonical base64 in the note")
    return raw


def key_id(origin, key):
    return sha256(origin.encode() + b"\n\x01" + key).digest()[:4]


def verify_note(note, key):
    """(origin, size, root) of a checkpoint note that the hub with this public key has signed.
    Lines further than the third are in the signed body, as C2SP says."""
    if len(note) > MAX_NOTE:
        raise Refused(f"a note of {len(note)} bytes")
    try:
        text = note.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("the note is not UTF-8") from None
    if any(ord(ch) < 32 and ch != "\n" for ch in text):
        raise Refused("the note has a control character")
    body, empty, signatures = text.partition("\n\n")
    if not empty or not signatures.endswith("\n"):
        raise Refused("the note has no empty line, or its last line does not end")
    body += "\n"
    lines = body[:-1].split("\n")
    if len(lines) < 3:
        raise Refused("the note has fewer than three lines")
    origin, size = lines[0], lines[1]
    if not origin or "+" in origin or any(ch.isspace() for ch in origin):
        raise Refused("the note's origin is not a name")
    if not re.fullmatch(r"0|[1-9][0-9]*", size) or int(size) >= LIMIT64:
        raise Refused("the note's size is not a number")
    root = strict_base64(lines[2])
    if len(root) != 32:
        raise Refused("the note's root is not 32 bytes")
    if size == "0" and root != EMPTY_ROOT:
        raise Refused("the note's root of an empty tree is not that of nothing")
    wanted, good = key_id(origin, key), False
    for line in signatures[:-1].split("\n"):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or not parts[1]:
            raise Refused("a signature line of the note is not one")
        raw = strict_base64(parts[2])
        if len(raw) < 5:
            raise Refused("a signature of the note is too short")
        if parts[1] == origin and raw[:4] == wanted:
            if good or len(raw) != 68 or not verified(key, body.encode(), raw[4:]):
                raise Refused("the hub's signature on the note is wrong, or is there twice")
            good = True
    if not good:
        raise Refused("the note has no signature of the hub")
    return origin, int(size), root


def find_cosignature(note, key):
    """(name, time in seconds) of the cosignature by this public key on a note; None if there is none that holds."""
    body, empty, signatures = note.partition(b"\n\n")
    for line in signatures.split(b"\n")[:-1] if empty else ():
        parts = line.split(b" ")
        if len(parts) != 3 or parts[0] != "\u2014".encode():
            continue
        try:
            raw = strict_base64(parts[2].decode("ascii"))
        except (Refused, UnicodeDecodeError):
            continue
        wanted = sha256(parts[1] + b"\n\x04" + key).digest()[:4]
        time = int.from_bytes(raw[4:12], "big")
        message = b"cosignature/v1\ntime %d\n" % time + body + b"\n"
        if len(raw) == 76 and raw[:4] == wanted and verified(key, message, raw[12:]):
            return parts[1].decode("utf-8", "surrogateescape"), time
    return None


# ---------------------------------------------------------------------------- 9. entries file

def split_entries(buf):
    """(ledger, [(start, header, changeset start, end), …], rest) of an entries file, with rest =
    (digest, note, hub key, {device: public key}). Headers are decoded, changesets only passed over."""
    if not buf.startswith(FILE_MAGIC):
        raise Refused("not an entries file")
    i = len(FILE_MAGIC)
    entries = []
    where = "the file's head"
    try:
        ledger, i = read_ledger(buf, i)
        size, i = read_n(buf, i)
        for number in range(1, size + 1):
            where = f"entry {number} (byte {i})"
            start = i
            raw, i = read_bytes(buf, i)
            header = whole(read_header, raw)
            length, i = read_n(buf, i)
            at, i = i, i + length
            if i > len(buf):
                raise Refused("ends inside the changeset")
            entries.append((start, header, at, i))
        where = f"the file's end (byte {i})"
        digest, i = read_bytes(buf, i)
        if len(digest) != 32:
            raise Refused("the state digest is not 32 bytes")
        note, i = read_bytes(buf, i)
        key, i = read_fixed(buf, i, 32)
        count, i = read_n(buf, i)
        keys, last = {}, 0
        for _ in range(count):
            device, i = read_n(buf, i)
            if device <= last:
                raise Refused("the devices do not ascend")
            last = device
            keys[device], i = read_fixed(buf, i, 32)
        if i != len(buf):
            raise Refused(f"{len(buf) - i} bytes too many")
    except IndexError:
        raise Refused(f"{where}: ends early") from None
    except Refused as e:
        raise Refused(f"{where}: {e}") from None
    return ledger, entries, (digest, note, key, keys)


def same_link(chains, pair):
    """Whether (device, seq, link) is what that device's chain says so far."""
    device, seq, link = pair
    chain = chains.get(device, ())
    return seq < len(chain) and chain[seq] == link


class Report:
    """What check_entries found. `remarks` are what the format allows but a reader may want to know."""
    __slots__ = ("ledger", "size", "changesets", "edits", "refused", "agreed", "contended", "seals",
                 "records", "cells", "contended_cells", "root", "digest", "origin", "remarks", "state")


def check_entries(buf):
    """Recomputes everything that an entries file holds; a Report, or Refused with the first fault."""
    ledger, entries, (digest, note, key, keys) = split_entries(buf)
    r = Report()
    r.ledger, r.size, r.remarks = ledger.decode(), len(entries), []
    r.changesets = r.edits = r.refused = r.agreed = r.contended = r.seals = 0
    state = State()
    chains = {device: [link_first(ledger, device, k)] for device, k in keys.items()}  # device: its links from 0
    wanted = {e[1].seal[0] for e in entries if e[1].seal}            # sizes whose roots seals name
    roots = {0: EMPTY_ROOT}
    entered = set()                                                 # links of changesets that were not refused
    unsealed = None                                                 # the device whose batch is open
    edge = []
    number = start = 0
    try:
        for number, (start, h, at, end) in enumerate(entries, 1):
            if h.position != number:
                raise Refused(f"its position is {h.position}")
            if h.time < state.time:
                raise Refused("its time falls")
            if h.national < state.national:
                raise Refused("its national position falls")
            if h.refused:
                if at != end:
                    raise Refused("a refused entry has a changeset")
                device, seq, _, changeset_hash = h.refused
                r.refused += 1
            else:
                raw = buf[at:end]
                c = whole(read_changeset, raw)
                if c.ledger != ledger:
                    raise Refused("the changeset is another ledger's")
                device, seq = c.device, c.seq
                changeset_hash = sha256(raw).digest()
            chain = chains.get(device)
            if chain is None:
                raise Refused(f"the file has no key of device {device}")
            if seq != len(chain):
                raise Refused(f"seq {seq} of device {device} follows {len(chain) - 1}")
            link = link_next(chain[-1], changeset_hash)
            if h.refused:
                fold_refused(state, device, seq, link, number, h.time, h.national)
            else:
                matched = c.foreign is not None and same_link(chains, c.foreign)
                if matched != h.matched:
                    raise Refused(f"the header says that the foreign context's link matched: "
                                  f"{h.matched}, by the chain: {matched}")
                if c.origin is not None and c.origin in state.origins:
                    raise Refused("its origin is entered already")
                if c.origin is None and link in state.origins:
                    raise Refused("its work is entered already, under another number")
                if c.origin in entered:
                    raise Refused("its origin is entered already, as it was first made")
                if c.continues and not same_link(chains, c.continues):
                    raise Refused("the link that it continues is not in the chain")
                if c.position >= number:
                    raise Refused(f"its context's position {c.position} is ahead of it")
                entered.add(link)
                outcomes = fold(state, c, link, number, h.time, h.national, matched)
                if outcomes != h.outcomes:
                    raise Refused(f"outcomes (edit, 0 agreed / 1 contended): header {h.outcomes[:20]}, "
                                  f"recomputed {outcomes[:20]}")
                contended = sum(o for _, o in outcomes)
                r.contended += contended
                r.agreed += len(outcomes) - contended
                r.changesets += 1
                r.edits += c.edits
            chain.append(link)
            if unsealed not in (None, device):
                raise Refused(f"the batch of device {unsealed} before it has no seal")
            unsealed = None if h.seal else device
            if h.seal:
                r.seals += 1
                size, root, signature = h.seal
                if not verified(keys[device], seal_message(ledger, device, seq, link, size, root), signature):
                    raise Refused("its seal is not the device's")
                if roots.get(size) != root:
                    raise Refused(f"the checkpoint in its seal (size {size}) is not this ledger's")
            edge_add(edge, number - 1, leaf_hash(buf[start:end]))
            if number in wanted:
                roots[number] = edge_root(edge)
    except Refused as e:
        raise Refused(f"entry {number} (byte {start}): {e}") from None
    for device, chain in chains.items():
        if len(chain) == 1:
            raise Refused(f"the file's end: device {device} has no entry")
    if unsealed is not None:
        raise Refused(f"the file's end: the last batch, of device {unsealed}, has no seal")
    r.root = edge_root(edge)
    r.origin, size, root = verify_note(note, key)
    if not r.origin.endswith("/" + r.ledger) or r.origin == "/" + r.ledger:
        raise Refused(f"the checkpoint: its origin {r.origin} is not <hub name>/{r.ledger}")
    if size != r.size:
        raise Refused(f"the checkpoint: its size is {size}, that of the file {r.size}")
    if root != r.root:
        raise Refused(f"the checkpoint: its root is {root.hex()}, recomputed {r.root.hex()}")
    r.digest = state_digest(state, ledger)
    if digest != r.digest:
        raise Refused(f"the state digest is {digest.hex()}, recomputed {r.digest.hex()}")
    r.records = len(state.records)
    r.cells = sum(map(len, state.records.values()))
    r.contended_cells = sum(1 for cells in state.records.values() for field, cell in cells.items()
                            if cell[1] and contenders(cell, field))
    r.state = state
    return r


# ---------------------------------------------------------------------------- 10. receipt

RECEIPT_FIRST = "c2sp.org/tlog-proof@v1"
MAX_RECEIPT = 2 * 1024 * 1024
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def included(leaf, index, size, proof, root):
    """RFC 9162 §2.1.3.2."""
    if index >= size:
        return False
    at, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            result = sha256(b"\x01" + sibling + result).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            result = sha256(b"\x01" + result + sibling).digest()
        at, last = at >> 1, last >> 1
    return last == 0 and result == root


def receipt_code(position, leaf):
    bits = int.from_bytes(leaf[:8], "big") >> 4
    letters = "".join(BASE32[bits >> shift & 31] for shift in range(55, -1, -5))
    return "-".join([str(position), letters[:4], letters[4:8], letters[8:]])


def verify_receipt(raw, key):
    """(origin, header, changeset or None, code) of a receipt that holds by the hub's key."""
    if len(raw) > MAX_RECEIPT:
        raise Refused(f"a receipt of {len(raw)} bytes")
    head, empty, note = raw.partition(b"\n\n")
    if not empty:
        raise Refused("the receipt has no empty line")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise Refused("the receipt's lines are not ASCII") from None
    if len(lines) < 3 or lines[0] != RECEIPT_FIRST or len(lines) > 3 + 64:
        raise Refused("not a receipt")
    if not lines[1].startswith("extra ") or not re.fullmatch(r"index (0|[1-9][0-9]*)", lines[2]):
        raise Refused("the receipt's second or third line is not one")
    leaf, index = strict_base64(lines[1][6:]), int(lines[2][6:])
    proof = [strict_base64(line) for line in lines[3:]]
    if any(len(sibling) != 32 for sibling in proof):
        raise Refused("a hash of the receipt is not 32 bytes")
    origin, size, root = verify_note(note, key)
    hashed_leaf = leaf_hash(leaf)
    if not included(hashed_leaf, index, size, proof, root):
        raise Refused("the entry is not in the tree of the note")
    try:
        raw_header, i = read_bytes(leaf, 0)
        raw_changeset, i = read_bytes(leaf, i)
    except IndexError:
        raise Refused("the receipt's entry ends early") from None
    if i != len(leaf):
        raise Refused("the receipt's entry is too long")
    header = whole(read_header, raw_header)
    if header.position != index + 1:
        raise Refused("the header says another position")
    changeset = None
    if header.refused:
        if raw_changeset:
            raise Refused("a refused entry has a changeset")
    else:
        changeset = whole(read_changeset, raw_changeset)
        if origin.partition("/")[2] != changeset.ledger.decode():
            raise Refused("the changeset is another ledger's")
        if header.outcomes and header.outcomes[-1][0] >= changeset.edits:
            raise Refused("the header says the outcome of an edit that the changeset does not have")
        if header.matched and changeset.foreign is None:
            raise Refused("the header says that a link matched, and the changeset has no foreign context")
    return origin, header, changeset, receipt_code(header.position, hashed_leaf)
