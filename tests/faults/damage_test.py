#!/usr/bin/python3
"""One bit turned round in a page of each kind, in the database of a device and in that of the hub.

SQLite keeps no checksums; the rows of records, entries and pending changesets have one, others have none. What is
proved: no command and no hub dies of it; where it is noticed, it is said with 7 and what to do; no value is shown that
nobody wrote; and nothing wrong travels: what the other side verifies after a sync is what was written, never what the
damage made of it. What is missing on a damaged device, from a row that is not found, shows in its digest.

DAFTAR_FLIPS says how many in each of the two databases, DAFTAR_SEED which."""

import collections
import csv
import os
import random
import shutil
import sqlite3

import faults
import office
import pages
from office import Device, Hub

# What a damaged folder may answer; never 1, a fault of Daftar. 2: a ledger's name is none any more; 3: a code or
# record is not found where it was; 6: the hub's address was hit; 11: the version number was; 12 and 4: what it sent
# before does not fit what it sends now.
ANSWERS = {0, 2, 3, 4, 6, 7, 11, 12}
HUB_ANSWERS = {0, 4, 6, 7, 12}


class DamageTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.damaged, self.sound = Device(self, self.hub, "damaged"), Device(self, self.hub, "sound")
        device = self.damaged
        device.sync()
        self.begin_register(device)
        rows = [(f"1.{1 + n % 4}", str(1000 + n // 4), str(n), f"note {n} of the survey as the office wrote it")
                for n in range(3000)]
        device.run("import", self.write_table("rows.csv", [("indicator_id", "period", "value", "note"), *rows]))
        device.sync()
        device.run("import", self.write_notes("notes.csv", ["1.1"], range(3000, 3200), 1500)[0])
        device.sync()
        self.sound.sync()
        self.before = self.exported(self.sound)
        device.run("import", self.write_notes("pending.csv", ["1.2"], range(3000, 3010), 1500)[0])
        for year in range(4000, 4010):
            device.set(f"1.3@{year}", f"value={year}")
        self.hub.stop()
        self.databases = {"device": os.path.join(device.folder, "daftar.db"),
                          "hub": os.path.join(self.hub.folder, "hub.db")}
        for path in self.databases.values():
            self.leave_free_pages(path)
        self.folders = [device.folder, self.sound.folder, self.hub.folder]
        for folder in self.folders:
            office.copy_folder(folder, folder + ".kept")
        self.campaign = faults.Campaign("DAFTAR_FLIPS", 24, share=0.45, seed=1)
        self.answers = collections.Counter()

    def leave_free_pages(self, path):
        database = sqlite3.connect(path)
        database.executescript("CREATE TABLE gone(x BLOB); INSERT INTO gone VALUES (zeroblob(40000)); DROP TABLE gone;")
        database.close()

    def exported(self, device):
        folder = self.path(f"tables{random.randrange(10**9)}")
        device.run("export", folder)
        with open(os.path.join(folder, "measurements.csv"), newline="", encoding="utf-8") as file:
            rows = {tuple(row) for row in csv.reader(file)}
        shutil.rmtree(folder)
        return rows

    def restore(self):
        self.hub.kill()
        for folder in self.folders:
            shutil.rmtree(folder)
            office.copy_folder(folder + ".kept", folder)

    def flips(self, whose):
        """For each flip: makes it in a fresh world, and yields what was flipped."""
        path = self.databases[whose]
        self.restore()
        with open(path, "rb") as file:
            of_kind = pages.by_kind(file.read())
        chance = self.campaign.random(whose)
        while self.campaign.goes_on():
            kind = pages.KINDS[self.campaign.done % len(pages.KINDS)]
            self.assertTrue(of_kind[kind], f"the database has no page of the kind {kind}")
            page = chance.choice(of_kind[kind])
            # Half of them where the page says what it is; the first page's own header comes before that.
            offset = chance.randrange(112 if page == 1 else 12) if chance.random() < 0.5 else chance.randrange(4096)
            bit = chance.randrange(8)
            self.restore()
            pages.flip(path, page, offset, bit)
            self.campaign.count()
            yield f"{kind} page {page}, byte {offset}, bit {bit} (DAFTAR_SEED={self.campaign.seed})"

    def ask(self, device, words, allowed, where):
        result = device.try_run(*words)
        self.assertIn(result.code, allowed, f"{where}\n{result}")
        if result.code != 0:
            self.assertTrue(result.error, f"{where}\n{result}")
            self.answers[f"{result.code} {result.error}"] += 1
        return result

    def assert_nothing_wrong_travelled(self, where):
        self.sound.sync()
        rows = self.exported(self.sound)
        self.assertLessEqual(self.before, rows, where)
        self.assertLessEqual(rows, self.right, where)
        return rows

    def assert_no_value_is_wrong(self, where):
        """Rows may be missing, and it may be told; none may be another than was written."""
        folder = self.path(f"tables{random.randrange(10**9)}")
        if self.ask(self.damaged, ["export", folder], ANSWERS, where).code == 0:
            with open(os.path.join(folder, "measurements.csv"), newline="", encoding="utf-8") as file:
                self.assertLessEqual({tuple(row) for row in csv.reader(file)}, self.right, where)

    def test_device(self):
        self.hub.serve()
        self.damaged.set("1.4@5000", "value=5000")
        self.damaged.sync()
        self.sound.sync()
        self.right = self.exported(self.sound)
        noticed = shown = 0
        for where in self.flips("device"):
            self.hub.serve()
            commands = (["show"], ["show", "1.1@3000"], ["log"], ["log", "1.3@4001"], ["set", "1.4@5000", "value=5000"])
            codes = [self.ask(self.damaged, words, ANSWERS, where).code for words in commands]
            codes.append(self.ask(self.damaged, ["sync"], ANSWERS, where).code)
            rows = self.assert_nothing_wrong_travelled(where)
            noticed += any(codes)
            if any(codes):
                continue
            status = self.ask(self.damaged, ["status"], ANSWERS, where)
            if status.code == 0 and self.damaged.status()["digest"] == self.hub.ledger()["digest"]:
                self.assertEqual(self.exported(self.damaged), rows, where)
            else:
                shown += 1
                self.assert_no_value_is_wrong(where)
        self.said(self.campaign.said(
            f"flips in a device's database: {noticed} noticed, {shown} seen by the digest only, the others without "
            f"effect on the register; answers: {dict(self.answers)}"))

    def test_a_column_that_lost_its_name(self):
        """SQLite finds the schema right as it stands, and only the statement wrong."""
        path = self.databases["device"]
        with open(path, "rb") as file:
            content = file.read()
        at = content.index(b"reason INTEGER NOT NULL DEFAULT 0, crc INTEGER")
        size = pages.page_bytes(content)
        pages.flip(path, at // size + 1, at % size, 0)
        for words in (["log"], ["set", "1.4@5000", "value=5000"]):
            self.damaged.run(*words, code=7, error="database.corrupt")

    def test_hub(self):
        self.hub.serve()
        self.damaged.sync()
        self.sound.sync()
        self.right = self.exported(self.sound)
        refused = noticed = 0
        for where in self.flips("hub"):
            running = self.hub.start("serve", "--listen", self.hub.address)
            office.wait_until(lambda: "\n" in running.out() or not running.is_running(), "the hub listens")
            if not running.is_running():
                self.assertIn(running.wait(), ANSWERS, f"{where}\n{running.log()}")
                refused += 1
                continue
            codes = [self.ask(device, ["sync"], HUB_ANSWERS, where).code for device in (self.damaged, self.sound)]
            noticed += any(codes)
            rows = self.exported(self.sound)
            self.assertLessEqual(self.before, rows, where)
            self.assertLessEqual(rows, self.right, where)
            self.assertTrue(running.is_running(), f"{where}\n{running.log()}")
            running.kill()
        self.said(self.campaign.said(
            f"flips in the hub's database: {refused} times it did not start, {noticed} times a device was told; "
            f"answers: {dict(self.answers)}"))


if __name__ == "__main__":
    office.main()
