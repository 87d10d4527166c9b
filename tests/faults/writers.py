"""Devices that write while faults happen, and note what Daftar told them: what must be true afterwards."""

import json
import sqlite3

import faults
from office import Device

# Rows of an import, each with two values: above limits::kChangesetEdits, so that it is saved as two changesets.
IMPORT_ROWS = 2600
# Rows and notes of a push that takes the hub several batches.
PUSH_ROWS, PUSH_NOTE_BYTES = 400, 2000
DELETED = ("", "deleted")     # the cell that `delete` writes
ALL = 10**6                   # changesets that `log` prints: all


class Work:
    """What one command would save, and whether it did."""

    def __init__(self, name, cells, changesets=1):
        self.name, self.cells, self.changesets = name, cells, changesets
        self.is_saved = None      # None: the command was cut, and the folder has still to say


class Office:
    """A folder whose commands may be cut anywhere. What each would save has a name, its message."""

    def __init__(self, test, hub, name, code, chance):
        self.test, self.code, self.chance = test, code, chance
        self.device = Device(test, hub, name)
        self.works = []

    # -- the commands: words, and what they would save

    def set_values(self, name):
        period = str(1000 + self.chance.randrange(400))
        value = str(self.chance.randrange(10**9))
        cells = {(period, "value"): value, (period, "note"): name}
        return ["set", f"{self.code}@{period}", f"value={value}", f"note={name}", "-m", name], Work(name, cells)

    def delete(self, name):
        deletions = [work.cells[DELETED] for work in self.works if work.is_saved and DELETED in work.cells]
        is_deleted = deletions[-1] if deletions else False
        words = ["delete", f"{self.code}0", *(["--undo"] if is_deleted else []), "-m", name]
        return words, Work(name, {DELETED: not is_deleted})

    def import_table(self, name):
        first_year = (2000, 4000, 6000)[self.chance.randrange(3)]
        rows = [(self.code, f"{first_year + month // 12} M{month % 12 + 1:02}", str(self.chance.randrange(10**9)), name)
                for month in range(IMPORT_ROWS)]
        path = self.test.write_table(f"{self.code}.csv", [("indicator_id", "period", "value", "note"), *rows])
        cells = {(period, "value"): value for _, period, value, _ in rows}
        cells |= {(period, "note"): note for _, period, _, note in rows}
        return ["import", path, "-m", name], Work(name, cells, changesets=2)

    def next_saving(self):
        make = self.chance.choices((self.set_values, self.delete, self.import_table), (5, 2, 2))[0]
        return make(f"work {len(self.works)} of {self.code}")

    # -- what must hold

    def note(self, work, code):
        work.is_saved = True if code == 0 else None
        self.works.append(work)

    def check(self, after):
        """Every changeset of this office is there once, in a row; of each command all or nothing, as it said."""
        code, printed, said = faults.run_until(self.device, ["log", "-n", str(ALL)], None)
        self.test.assertEqual(code, 0, f"after {after}: {said}")
        own = [one for one in json.loads(printed) if one["device"] == self.device.number]
        self.test.assertEqual(sorted(one["seq"] for one in own), list(range(1, len(own) + 1)), f"after {after}")
        found = {}
        for one in own:
            found.setdefault(one["message"], []).append(one["edits"])
        found.pop("the first indicators", None)
        for work in self.works:
            edits = found.pop(work.name, [])
            whole, nothing = (work.changesets, len(work.cells)), (0, 0)
            allowed = {True: [whole], False: [nothing], None: [whole, nothing]}[work.is_saved]
            self.test.assertIn((len(edits), sum(edits)), allowed,
                               f"{work.name}, saved: {work.is_saved}, after {after}")
            work.is_saved = bool(edits)
        self.test.assertEqual(found, {}, f"nobody wrote this; after {after}")

    def expected_rows(self):
        values = {}
        for work in self.works:
            if work.is_saved:
                values.update(work.cells)
        values.pop(DELETED, None)
        return {(self.code, period, values[period, "value"], values[period, "note"]) for period, _ in values}


class Pusher:
    """A device on a sound disk that saves and syncs with a hub that may be cut anywhere, and notes the place that the
    hub told for each changeset."""

    def __init__(self, test, hub, name, code, chance):
        self.test, self.code, self.chance = test, code, chance
        self.device = Device(test, hub, name)
        self.saved = 0            # changesets, each told by a command that ended with 0
        self.told = {}            # seq -> position
        self.syncs = {0: 0, 6: 0}
        self.cut_pushes = 0       # syncs that failed when the hub had acknowledged a part

    def save(self):
        if self.chance.random() < 0.15:
            first = 1000 + self.chance.randrange(8000)
            path, _ = self.test.write_notes(f"{self.device.number}.csv", [self.code], range(first, first + PUSH_ROWS),
                                            PUSH_NOTE_BYTES)
            self.saved += self.device.run("import", "--again", path).json["changesets"]
            return
        for _ in range(self.chance.randrange(1, 3)):
            self.device.set(f"{self.code}@{1000 + self.chance.randrange(9000)}", f"note={self.saved}")
            self.saved += 1

    def note_what_was_told(self):
        """Returns how many places are new."""
        before = len(self.told)
        database = sqlite3.connect(f"file:{self.device.folder}/daftar.db?mode=ro", uri=True, timeout=60)
        places = database.execute("SELECT seq, position FROM pending WHERE state = 1 AND position > 0").fetchall()
        places += database.execute("SELECT seq, position FROM chain WHERE device = ?", (self.device.number,)).fetchall()
        database.close()
        for seq, position in places:
            self.test.assertEqual(self.told.setdefault(seq, position), position, f"the hub moved changeset {seq}")
        return len(self.told) - before

    def sync(self, may_fail=lambda: False):
        """Returns whether it ended well; if not, the hub was not there (or what it has: may_fail)."""
        result = self.device.try_run("sync")
        if result.code not in (0, 6) and may_fail():
            self.note_what_was_told()
            return False
        self.test.assertIn((result.code, result.error), ((0, ""), (6, "hub.unreachable")), str(result))
        self.test.assertEqual(result.json["recovered"], 0, "the hub lost what it had shown")
        self.syncs[result.code] += 1
        new = self.note_what_was_told()
        if result.code == 0:
            self.test.assertEqual(sorted(self.told), list(range(1, self.saved + 1)), "a sync that ended well sent all")
        elif new > 0:
            self.cut_pushes += 1
        return result.code == 0


def assert_entered_once(test, hub, pushers):
    """After all have synced: every changeset is in the ledger once, where it was told, and all hold the same."""
    for one in [*pushers, *pushers]:
        one.sync()
    size = test.assert_equal_everywhere(hub, *[one.device for one in pushers])["size"]
    entries = pushers[-1].device.log("-n", ALL)
    places = {(one["device"], one["seq"]): one["position"] for one in entries}
    test.assertEqual(len(places), len(entries), "a changeset was entered twice")
    test.assertEqual(sorted(places.values()), list(range(1, size + 1)))
    for one in pushers:
        test.assertEqual({seq: at for (device, seq), at in places.items() if device == one.device.number}, one.told)
        test.assertEqual(len(one.told), one.saved)
