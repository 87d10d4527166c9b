#!/usr/bin/python3
"""check_accepted.py PROGRAMS [--inputs FOLDER] NAME…: compares what the decoders make of inputs with the Python reader.

For each fuzzer NAME the program PROGRAMS/fuzz_NAME (any build but preset fuzz) says of every file in corpus/NAME and
findings/NAME (or FOLDER/NAME) what it read and what it found there. The independent reader (tests/reader) must accept what was accepted, refuse what was
refused, and find the same. Exit 1 if it does not, or if nothing was compared.

Left out by design, since the reader has no such thing: periods, tables in CSV, and the envelopes of protobuf messages
and zstd frames. Of the last two the reader gets what was inside.
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "reader"))
import daftar_reader as reader
from nacl.signing import SigningKey

REFUSED = "refused"
WATCHER_KEY = bytes(SigningKey(b"w" * 32).verify_key)
HUB_KEY = bytes(SigningKey(b"h" * 32).verify_key)  # fuzz.cc: hub_key
LEFT_OUT = {"csv", "period"}
SHOWN = 5


def words(*parts):
    return " ".join("-" if part is None else str(part) for part in parts)


def point_words(point):
    return None if point is None else f"{point[0]}:{point[1]}:{point[2].hex()}"


def changeset(raw):
    c = reader.whole(reader.read_changeset, raw)
    source = c.source and ":".join(part.hex() for part in c.source)
    records = [",".join([key.hex()] + [f"{field}={value.hex()}" for field, value in fields])
               for key, fields in c.records]
    return words(c.ledger.decode(), c.device, c.seq, point_words(c.continues), c.position,
                 point_words(c.foreign), c.own_seq, c.author, c.time, c.message.hex(), source or None,
                 c.origin and c.origin.hex(), *records)


def header(raw):
    h = reader.whole(reader.read_header, raw)
    refused = h.refused and "%d:%d:%d:%s" % (*h.refused[:3], h.refused[3].hex())
    seal = h.seal and f"{h.seal[0]}:{h.seal[1].hex()}:{h.seal[2].hex()}"
    return words(h.position, h.time, h.national, "matched" if h.matched else None, refused, seal,
                 *(f"{index}:{outcome}" for index, outcome in h.outcomes))


def value(raw):
    reader.whole(reader.read_value, raw)
    if raw[0] == 3:
        sign, c, e = reader.whole(reader.read_decimal, raw)
        return words("decimal", sign, c // 10**19, c % 10**19, e)
    if raw[0] == 4:
        return words("text", reader.whole(reader.read_text, raw[1:], reader.MAX_VALUE).hex())
    if raw[0] == 5:
        kind, device, counter, i = read_ids(raw, 1)
        qualifier, _ = reader.read_bytes(raw, i)
        return words("reference", (b"".join(map(reader.write_n, (kind, device, counter))) + qualifier).hex())
    return "value"


def read_ids(raw, i):
    kind, i = reader.read_id(raw, i, "the kind")
    device, i = reader.read_id(raw, i, "the device")
    counter, i = reader.read_id(raw, i, "the counter")
    return kind, device, counter, i


def record_key(raw):
    """FORMAT.md §2."""
    kind, device, counter, i = read_ids(raw, 0)
    if len(raw) - i > reader.MAX_QUALIFIER:
        raise reader.Refused("the qualifier is too long")
    return words(kind, f"{device}.{counter}", raw[i:].hex())


def record_state(raw):
    """A record's part of the state (FORMAT.md §7), from its number of cells on."""
    def read(buf, i):
        says = ["record"]
        count, i = reader.read_id(buf, i, "the number of cells")
        last = -1
        for _ in range(count):
            head, i = reader.read_n(buf, i)
            if head // 2 <= last or head // 2 > reader.MAX_FIELD:
                raise reader.Refused("fields do not ascend, or are over the limit")
            last = head // 2
            versions, i = reader.read_id(buf, i, "the number of versions")
            cell = [f"{last}{'+' if head % 2 else '-'}"]
            for _ in range(versions):
                position, i = reader.read_n(buf, i)
                device, i = reader.read_n(buf, i)
                seq, i = reader.read_n(buf, i)
                version, i = reader.read_value(buf, i)
                cell.append(f"{position}:{device}:{seq}={version.hex()}")
            says.append(",".join(cell))
        return words(*says), i
    return reader.whole(read, raw)


def content_words(kind, read_item, most):
    """A frame's content (FORMAT.md §9): a count, that many items, nothing more."""
    def read(buf, i):
        count, i = reader.read_id(buf, i, "the number of items")
        if count > most:
            raise reader.Refused("too many items")
        says = [kind]
        for _ in range(count):
            item, i = read_item(buf, i)
            says.append(item)
        return words(*says), i
    return lambda raw: reader.whole(read, raw)


def hashed(raw):
    return reader.sha256(raw).hexdigest()


def pushed(buf, i):
    raw, i = reader.read_bytes(buf, i)
    return hashed(raw), i


def pulled(buf, i):
    raw_header, i = reader.read_bytes(buf, i)
    left_out = buf[i]
    raw, i = reader.read_bytes(buf, i + 1)
    if left_out > 1 or left_out and raw:
        raise reader.Refused("neither whole nor left out")
    return hashed(raw_header) + "+-"[left_out] + hashed(raw), i


def note(raw):
    wanted, _, raw = raw.partition(b"\n")
    origin, size, root = reader.verify_note(raw, HUB_KEY)
    if origin.encode() != wanted:
        raise reader.Refused("another origin")
    return words(size, root.hex())


def cosignature(raw):
    found = reader.find_cosignature(raw, WATCHER_KEY)
    if found is None:
        raise reader.Refused("no cosignature that holds")
    return words(*found)


def receipt(raw):
    origin, _, _, code = reader.verify_receipt(raw, HUB_KEY)
    return words(origin, code)


def entries_file(raw):
    """The file's parts (FORMAT.md §9), with headers and changesets as bytes of a length."""
    if not raw.startswith(reader.FILE_MAGIC):
        raise reader.Refused("not an entries file")

    def read(buf, i):
        ledger, i = reader.read_ledger(buf, i)
        size, i = reader.read_n(buf, i)
        begin = i
        for _ in range(size):
            for most in (32768, 1048576):
                part, i = reader.read_bytes(buf, i)
                if len(part) > most:
                    raise reader.Refused("an entry's part is over the limit")
        entries = buf[begin:i]
        digest, i = reader.read_bytes(buf, i)
        note, i = reader.read_bytes(buf, i)
        if len(digest) != 32 or len(note) > 65536:
            raise reader.Refused("a digest or note of another length")
        _, i = reader.read_fixed(buf, i, 32)
        count, i = reader.read_n(buf, i)
        last = 0
        for _ in range(count):
            device, i = reader.read_id(buf, i, "the device")
            if device <= last or device > 10**9:
                raise reader.Refused("the devices do not ascend, or are over the limit")
            last = device
            _, i = reader.read_fixed(buf, i, 32)
        return words(ledger.decode(), size, hashed(entries), count), i
    return reader.whole(read, raw[len(reader.FILE_MAGIC):])


NUMBER = re.compile(r"([-+\u2212]?)([0-9]*)(?:\.([0-9]*))?(?:[eE](?:\+?([0-9]{1,5})|(-[0-9]{1,5})))?\Z")
DIGITS = {0x660 + i: str(i) for i in range(10)} | {0x6F0 + i: str(i) for i in range(10)} | {0x66B: ".", 0x66C: None}


def number_of(raw):
    """(sign, c, e) of a number as people write it (common/base/decimal.h)."""
    text = raw.decode("utf-8", "surrogateescape").strip(" \t\r\n\v\f\u00a0").translate(DIGITS)
    match = NUMBER.match(text)
    if not match or not (match[2] or match[3]):
        raise reader.Refused("no number")
    c = int(match[2] + (match[3] or ""))
    e = int(match[4] or match[5] or "0") - len(match[3] or "")
    while c and c % 10 == 0:
        c, e = c // 10, e + 1
    if c >= 10**38 or c and abs(e) > 6000:
        raise reader.Refused("too long")
    return match[1] not in ("", "+"), c, e


def decimal_text(raw):
    return reader.write_decimal(*number_of(raw)).hex()


def decimal_order(raw):
    (sign, c, e), (other_sign, d, f) = map(number_of, raw.split(b"\n"))
    a, b = (-c if sign else c) * 10**(e + 6100), (-d if other_sign else d) * 10**(f + 6100)
    return "less" if a < b else "greater" if a > b else "equal"


READERS = {
    "changeset": changeset, "header": header, "value": value, "record_key": record_key,
    "record_state": record_state, "note": note, "cosignature": cosignature, "receipt": receipt, "entries_file": entries_file, "decimal_text": decimal_text, "decimal_order": decimal_order,
    "push_content": content_words("push", pushed, 4000),
    "pull_content": content_words("pull", pulled, 1 << 64),
}


def says_of(what, raw):
    try:
        return READERS[what](raw), ""
    except IndexError:
        return REFUSED, "ends early"
    except reader.Refused as e:
        return REFUSED, str(e)


def compare(program, folders):
    """(compared, accepted, [differences]) of one fuzzer's folders."""
    command = [program, "--verdicts", *filter(os.path.isdir, folders)]
    result = subprocess.run(command, capture_output=True, text=True, errors="surrogateescape")
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{result.stderr}")
    compared = accepted = 0
    wrong = []
    for line in result.stdout.splitlines():
        name, what, hexadecimal, says = line.split("\t", 3)
        compared += 1
        accepted += says != REFUSED
        mine, reason = says_of(what, bytes.fromhex(hexadecimal))
        if mine != says:
            wrong.append(f"{name}: {what} {hexadecimal[:400]}\n    the decoder: {says[:400]}\n"
                         f"    the reader:  {mine[:400]} {reason}")
    return compared, accepted, wrong


def main(arguments):
    if len(arguments) < 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    programs, *names = arguments
    parents = [os.path.join(HERE, "corpus"), os.path.join(HERE, "findings")]
    is_corpus = names[0] != "--inputs"
    if not is_corpus:
        parents, names = [names[1]], names[2:]
    differ = idle = 0
    for name in names:
        if name in LEFT_OUT:
            print(f"{name}: left out by design")
            continue
        compared, accepted, wrong = compare(os.path.join(programs, "fuzz_" + name),
                                            [os.path.join(parent, name) for parent in parents])
        print(f"{name}: {compared} compared, {accepted} of them accepted, {len(wrong)} differ")
        for line in wrong[:SHOWN]:
            print("DIFFERS " + line)
        differ += len(wrong)
        # A corpus has inputs that are accepted; of others nobody can say so.
        idle += compared == 0 or is_corpus and accepted == 0
    return 1 if differ or idle else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
