#!/usr/bin/python3
"""check_entries.py [--json] FILE…: recomputes what each entries file (`daftar export --entries`) holds.

Prints what it found and OK, or the first thing that is wrong with its position. Exit 1 if any file is
wrong. With --json, the last line on a good file is {"ledger", "size", "root", "digest"}."""

import gc
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import daftar_reader as reader


def main(arguments):
    as_json = "--json" in arguments
    paths = [a for a in arguments if a != "--json"]
    if not paths or any(a.startswith("-") for a in paths):
        print(__doc__, file=sys.stderr)
        return 2
    gc.disable()                      # nothing here makes cycles, and the state is large
    status = 0
    for path in paths:
        try:
            with open(path, "rb") as f:
                r = reader.check_entries(f.read())
        except (OSError, reader.Refused) as e:
            print(f"{path}: WRONG: {e}")
            status = 1
            continue
        print(f"{path}: ledger {r.ledger}, size {r.size}, checkpoint of {r.origin}")
        print(f"  {r.changesets} changesets, {r.edits} edits ({r.agreed} agreed, {r.contended} contended), "
              f"{r.refused} refused, {r.seals} seals")
        print(f"  {r.records} records, {r.cells} cells, {r.contended_cells} with contenders")
        print(f"  root   {r.root.hex()}")
        print(f"  digest {r.digest.hex()}")
        for remark in r.remarks[:20]:
            print(f"  note: {remark}")
        if len(r.remarks) > 20:
            print(f"  note: and {len(r.remarks) - 20} more")
        print("  OK")
        if as_json:
            print(json.dumps({"ledger": r.ledger, "size": r.size, "root": r.root.hex(),
                              "digest": r.digest.hex()}))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
