"""The pages of an SQLite database by their kind, read from the file format (sqlite.org/fileformat2.html).

Every page is of one kind: the first one, the four kinds of b-tree pages, overflow, trunk and leaf of the freelist."""

B_TREE = {2: "index interior", 5: "table interior", 10: "index leaf", 13: "table leaf"}
KINDS = ("first", *B_TREE.values(), "overflow", "freelist trunk", "freelist leaf")


def by_kind(content):
    """{kind: [page number, from 1]} of a database without auto-vacuum that has no log beside it."""
    size = page_bytes(content)
    count = len(content) // size

    def number(offset):
        return int.from_bytes(content[offset:offset + 4], "big")

    free = {}
    trunk = number(32)
    while trunk:
        at = (trunk - 1) * size
        free[trunk] = "freelist trunk"
        for slot in range(number(at + 4)):
            free[number(at + 8 + 4 * slot)] = "freelist leaf"
        trunk = number(at)
    result = {kind: [] for kind in KINDS}
    for page in range(1, count + 1):
        # An overflow page begins with the number of the next one, which is small: its first byte is no b-tree's.
        kind = "first" if page == 1 else free.get(page) or B_TREE.get(content[(page - 1) * size], "overflow")
        result[kind].append(page)
    return result


def page_bytes(content):
    size = int.from_bytes(content[16:18], "big")
    return 65536 if size == 1 else size


def flip(path, page, offset, bit):
    """Turns one bit of the file round."""
    with open(path, "r+b") as file:
        at = (page - 1) * page_bytes(file.read(100)) + offset
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ (1 << bit)]))
