#!/usr/bin/python3
"""Two offices and a hub: work without a line, conflicts and their settling, and a kill -9 of each side."""

import csv

import office
from office import Device, Hub, folder_bytes, wait_until


class TwoOfficesTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.a = Device(self, self.hub, "a")
        self.b = Device(self, self.hub, "b")

    def sync_all(self, *devices):
        for device in devices or (self.a, self.b, self.a):
            device.sync()

    def test_work_begins_before_the_first_sync(self):
        c = Device(self, self.hub, "c", begin=True)
        self.hub.stop()
        self.begin_register(c)
        c.sync(code=6, error="hub.unreachable")
        self.assertEqual(c.status()["waiting"], 1)
        self.hub.serve()
        self.assertEqual(c.sync().json["pushed"], 1)
        self.sync_all(self.a)
        self.assert_equal_everywhere(self.hub, c, self.a)
        self.said("a ledger begun offline enters whole")

    def test_offline_edits_conflicts_and_a_late_joiner(self):
        a, b, hub = self.a, self.b, self.hub
        a.sync()
        self.begin_register(a)
        self.sync_all()
        self.assert_equal_everywhere(hub, a, b)

        hub.stop()
        for code, own, other in (("1.1", 10, 20), ("1.2", 11, 21), ("1.3", 12, 22)):
            a.set(f"{code}@2024 H1", f"value={own}", message="a's figure")
            b.set(f"{code}@2024 H1", f"value={other}", message="b's figure")
        a.set("1.4@2024", "value=7.50", "note=only a wrote this")
        b.set("1.4", "name_en=Only b wrote this")
        a.set("1.1@2023", "value=5")
        b.set("1.1@2023", "value=5.0")
        for device in (a, b):
            result = device.sync(code=6, error="hub.unreachable")
            self.assertIn("next sync", result.err)
            self.assertEqual((device.status()["waiting"], device.status()["size"]), (5, 1))
        self.assertEqual((a.value("1.1@2024 H1"), b.value("1.1@2024 H1")), ("10", "20"))
        self.assertEqual(a.value("1.4@2024"), "7.5")
        self.said("with the hub stopped, sync ends with 6 hub.unreachable and every edit is kept")

        hub.serve()
        self.assertEqual(a.sync().json["pushed"], 5)
        self.assertEqual(b.sync().json["pushed"], 5)
        a.sync()
        at_hub = self.assert_equal_everywhere(hub, a, b)
        self.assertEqual(at_hub["size"], 11)
        expected = [{"record": f"{code}@2024 H1", "field": "value", "current": own,
                     "contenders": [{"take": 1, "value": other, "device": b.number, "seq": seq}]}
                    for code, own, other, seq in (("1.1", "10", "20", 1), ("1.2", "11", "21", 2),
                                                  ("1.3", "12", "22", 3))]
        for device in (a, b):
            listed = [{name: value for name, value in one.items() if name != "context"} for one in device.conflicts()]
            self.assertEqual(listed, expected)
            self.assertEqual(device.status()["contended"], 3)
            self.assertEqual(device.value("1.4", "name_en"), "Only b wrote this")
            self.assertEqual(device.value("1.4@2024"), "7.5")
        self.assertEqual([item["state"] for item in a.log("1.1@2023", "value")], ["applied", "agreed"])
        self.said("three conflicts at both offices, the same; equal values agree; other work joined")

        a.run("resolve", "1.1@2024 H1", "value", "--take", 1, "-m", "the survey is right")
        b.run("resolve", "1.2@2024 H1", "value", "--keep", "-m", "as it was")
        a.run("resolve", "1.3@2024 H1", "value", "--value", "12.7", "-m", "counted again")
        self.assertEqual([one["record"] for one in a.conflicts()], ["1.2@2024 H1"])
        self.sync_all(a, b, a)
        self.assert_equal_everywhere(hub, a, b)
        for device in (a, b):
            self.assertEqual(device.conflicts(), [])
            self.assertEqual([device.value(f"{code}@2024 H1") for code in ("1.1", "1.2", "1.3")],
                             ["20", "11", "12.7"])
            history = device.log("1.1@2024 H1", "value")
            self.assertEqual([(item["value"], item["state"]) for item in history],
                             [("10", "applied"), ("20", "contended"), ("20", "applied")])
            self.assertEqual(history[-1]["message"], "the survey is right")
        a.run("resolve", "1.1@2024 H1", "value", "--keep", code=3, error="resolve.not_contended")
        self.said("settled by --take, --keep and --value; every version is in the history")

        c = Device(self, hub, "c")
        c.sync()
        self.assert_equal_everywhere(hub, a, b, c)
        self.assertEqual(c.log("1.1@2024 H1"), a.log("1.1@2024 H1"))
        self.assert_nothing_new(a, b, c)
        text = c.run("sync", as_json=False).out
        self.assertIn("Nothing new", text)
        self.said("a late joiner has the same root, digest and history; a second sync says nothing new")

    def test_deletion_against_an_edit_that_it_did_not_see(self):
        a, b, hub = self.a, self.b, self.hub
        a.sync()
        self.begin_register(a)
        self.sync_all()
        # 1.1: the deletion enters first; 1.2: the edit does.
        a.run("delete", "1.1", "-m", "counted twice")
        a.set("1.2", "name_en=Named by a")
        b.set("1.1", "name_en=Named by b")
        b.run("delete", "1.2", "-m", "not needed")
        self.sync_all()
        self.assert_equal_everywhere(hub, a, b)
        for device in (a, b):
            found = {(one["field"], one["current"], one["contenders"][0]["value"]) for one in device.conflicts()}
            self.assertEqual(found, {("deleted", True, False), ("deleted", False, True)}, device.conflicts())
        by_state = {one["current"]: one["record"] for one in a.conflicts()}
        names = {item["value"] for item in a.log(by_state[True], "name_en")}
        self.assertEqual(names, {"Indicator 1.1", "Named by b"})
        a.run("resolve", by_state[True], "deleted", "--take", 1, "-m", "it is needed")
        b.run("resolve", by_state[False], "deleted", "--take", 1, "-m", "it is not")
        self.sync_all()
        self.assert_equal_everywhere(hub, a, b)
        for device in (a, b):
            self.assertEqual(device.conflicts(), [])
            kept = {one["record"] for one in device.run("show", "--kind", "indicator").json}
            self.assertEqual(kept, {"1.1", "1.3", "1.4"})
            self.assertEqual(device.value("1.1", "name_en"), "Named by b")
        self.said("deletion against an unseen edit stands as a conflict, in both orders, and is settled")

    def test_numbers_typed_with_zeros_are_one_conflict(self):
        """A number and the way it was typed are settled together."""
        a, b = self.a, self.b
        a.sync()
        self.begin_register(a)
        self.sync_all()
        a.set("1.1@2024", "value=10.50")
        b.set("1.1@2024", "value=20.50")
        self.sync_all()
        self.assertEqual([(one["record"], one["field"]) for one in a.conflicts()], [("1.1@2024", "value")])
        a.run("resolve", "1.1@2024", "value", "--take", 1)
        self.sync_all()
        for device in (a, b):
            self.assertEqual((device.value("1.1@2024"), device.conflicts()), ("20.5", []))
        self.assert_equal_everywhere(self.hub, a, b)

    # -- kill -9 in the middle

    def large_import(self, device):
        """About 20 MB of work in some 40 changesets: several pushed batches. Returns the table's rows."""
        codes = [f"1.{n}" for n in range(1, 21)]
        self.begin_register(device, codes)
        path, rows = self.write_notes("large.csv", codes, range(1000, 2250), 800)
        done = device.run("import", path).json
        self.assertEqual(done["files"][0]["rows"]["new"], len(rows))
        return rows, 1 + done["changesets"]

    def assert_holds_rows(self, device, rows):
        device.run("export", self.path("tables"))
        with open(self.path("tables/measurements.csv"), newline="") as file:
            exported = [tuple(row) for row in csv.reader(file)][1:]
        self.assertEqual(len(exported), len(rows))
        self.assertEqual(set(exported), set(rows))

    def sync_with_kills(self, device, watched, kill, steps):
        """Syncs, and kills when the watched folder has grown by so much, for each of the steps. Returns the sizes
        of the ledger there after the cuts."""
        cut_at = []
        for step in steps:
            before = folder_bytes(watched)
            running = device.start("sync")
            wait_until(lambda: folder_bytes(watched) > before + step or not running.is_running(),
                       f"{watched} grows by {step}")
            was_running = running.is_running()
            kill(running)
            code = running.wait()
            if was_running and code != 0:
                cut_at.append(self.hub.ledger()["size"] if watched == self.hub.folder else device.status()["size"])
                self.assertIn(code, (6, -9), running.log())
        return cut_at

    def test_hub_killed_during_a_large_push(self):
        a, b, hub = self.a, self.b, self.hub
        a.sync()
        rows, changesets = self.large_import(a)

        def kill_hub(_):
            hub.kill()
            hub.serve()

        cut_at = self.sync_with_kills(a, hub.folder, kill_hub, (2_000_000, 4_000_000, 4_000_000))
        self.assertTrue(any(0 < size < changesets for size in cut_at), f"no cut in the middle: {cut_at}")
        a.sync()
        self.assertEqual(hub.ledger()["size"], changesets)
        b.sync()
        self.assert_equal_everywhere(hub, a, b)
        self.assert_holds_rows(b, rows)
        self.assert_nothing_new(a, b)
        self.said(f"hub killed at {cut_at} of {changesets} changesets: entered exactly once, nothing lost")

    def test_device_killed_during_push_and_pull(self):
        a, b, hub = self.a, self.b, self.hub
        a.sync()
        rows, changesets = self.large_import(a)
        pushed = self.sync_with_kills(a, hub.folder, lambda running: running.kill(),
                                      (2_000_000, 4_000_000, 4_000_000))
        self.assertTrue(any(0 < size < changesets for size in pushed), f"no cut in the middle: {pushed}")
        a.set("1.1@2300", "value=1", message="entered after the cut")
        a.sync()
        self.assertEqual(hub.ledger()["size"], changesets + 1)
        pulled = self.sync_with_kills(b, b.folder, lambda running: running.kill(),
                                      (2_000_000, 12_000_000, 12_000_000))
        self.assertTrue(any(0 < size < changesets for size in pulled), f"no cut in the middle: {pulled}")
        b.set("1.1@2301", "value=2", message="entered after the cut")
        b.sync()
        a.sync()
        self.assertEqual(self.assert_equal_everywhere(hub, a, b)["size"], changesets + 2)
        self.assert_holds_rows(b, rows + [("1.1", "2300", "1", ""), ("1.1", "2301", "2", "")])
        self.assert_nothing_new(a, b)
        self.said(f"device killed in the push at {pushed} and in the pull at {pulled} of {changesets}: "
                  "exactly once, nothing lost")


if __name__ == "__main__":
    office.main()
