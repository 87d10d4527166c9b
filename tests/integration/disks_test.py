#!/usr/bin/python3
"""Copied and restored disks (design §5): of a device, before and after it had work, and of the hub."""

import shutil

import office
from office import LEDGER, Device, Hub, Proxy, copy_folder, wait_until


class DisksTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.a = Device(self, self.hub, "a")
        self.b = Device(self, self.hub, "b")
        self.a.sync()
        self.begin_register(self.a)
        self.a.sync()
        self.b.sync()

    def begin_anew(self, device):
        """A token for the same user and daftar init --again: a number of its own for a copy."""
        before = device.number
        device.enrol(self.hub, user=device.user, again=True)
        self.assertNotEqual(device.number, before)

    def sync_all(self, *devices):
        for device in [*devices, *devices]:
            device.sync()
        self.assert_nothing_new(*devices)
        return self.assert_equal_everywhere(self.hub, *devices)

    def names_of(self, device):
        return sorted(one["fields"]["name_en"]["value"] for one in device.run("show", "--kind", "indicator").json)

    def test_copied_folder(self):
        a, b = self.a, self.b
        # Shared before the copy: one changeset that is not sent yet.
        a.set("1.1@2023", "value=1", message="before the copy")
        copy = a.copy("copy")
        a.set("1.1@2024", "value=2", message="on the original")
        a.set("new:indicator", "code=1.8", "name_en=Made on the original", "parent=kpa:1")
        a.set("1.8@2024", "value=80")
        copy.set("1.1@2024", "value=3", message="on the copy")
        copy.set("new:indicator", "code=1.9", "name_en=Made on the copy", "parent=kpa:1")
        copy.set("1.9@2024", "value=90")
        copy.set("1.2", "parent=kpa:1", "name_en=Renamed on the copy")
        size = self.hub.ledger()["size"]
        self.assertEqual(a.sync().json["pushed"], 4)

        told = copy.sync(code=12, error="device.forked")
        self.assertIn("init --again", told.err)
        self.assertEqual(told.json["forked"], [LEDGER])
        state = copy.status()
        self.assertEqual(state["waiting"] + state["entered"] + state["forked"], 4, state)
        self.assertEqual((copy.value("1.2", "name_en"), copy.value("1.1@2023")), ("Renamed on the copy", "1"))
        copy.set("1.3@2024", "value=30", message="still at work")
        copy.sync(code=12, error="device.forked")
        self.assertEqual(self.hub.ledger()["size"], size + 4)
        self.said("the copy is told with exit 12, keeps its work and goes on working")

        self.begin_anew(copy)
        done = copy.sync().json
        self.assertEqual((done["pushed"], done["forked"]), (5, []), done)
        at_hub = self.sync_all(a, b, copy)
        self.assertEqual(at_hub["size"], size + 4 + 5)
        for device in (a, b, copy):
            self.assertEqual([one["device"] for one in device.log("1.1@2023", "value")], [a.number])
            both = {(one["value"], one["device"]) for one in device.log("1.1@2024", "value")}
            self.assertEqual(both, {("2", a.number), ("3", copy.number)})
            self.assertEqual([one["record"] for one in device.conflicts()], ["1.1@2024"])
            self.assertEqual((device.value("1.8@2024"), device.value("1.9@2024"), device.value("1.3@2024")),
                             ("80", "90", "30"))
            self.assertEqual(self.names_of(device), ["Indicator 1.1", "Indicator 1.3", "Indicator 1.4",
                                                     "Made on the copy", "Made on the original",
                                                     "Renamed on the copy"])
            ids = [device.run("show", code).json["id"] for code in ("1.8", "1.9")]
            self.assertNotEqual(*ids)
            self.assertTrue(ids[1].startswith(f"{copy.number}."), ids)
            self.assertEqual(device.log("1.9@2024", "value")[0]["message"], "")
            self.assertEqual(device.log("1.1@2024", "value")[1]["message"], "on the copy")
        self.said("only the 5 changesets behind the fork were made again; both records, all values, equal digests")

        a.run("resolve", "1.1@2024", "value", "--take", 1)
        for device, code in ((a, "1.10"), (copy, "1.11")):
            device.set("new:indicator", f"code={code}", f"name_en=After {code}", "parent=kpa:1")
            device.set(f"{code}@2024", "value=5")
        self.sync_all(a, b, copy)
        self.assertEqual(b.value("1.11@2024"), "5")
        self.said("both go on under their own numbers")

    def test_a_copys_own_new_record_can_be_read_before_it_has_its_number(self):
        copy = self.a.copy("copy")
        for device, code in ((self.a, "1.8"), (copy, "1.9")):
            device.set("new:indicator", f"code={code}", f"name_en=Named {code}", "parent=kpa:1")
            device.set(f"{code}@2024", "value=5")
        self.a.sync()
        copy.sync(code=12, error="device.forked")
        # Both records have one id until the copy has a number of its own: its name stands beside the other's.
        shown = copy.run("show", "1.9").json["fields"]["name_en"]
        self.assertIn("Named 1.9", [shown["value"]] + [one["value"] for one in shown["contenders"]])
        copy.run("set", "1.9", "name_en=x", code=12, error="device.forked")
        self.begin_anew(copy)
        self.assertEqual((copy.value("1.9", "name_en"), copy.value("1.9@2024")), ("Named 1.9", "5"))

    def test_work_about_the_originals_new_record_stays_with_it(self):
        """The copy has seen a record that the original made after the copying; it has an id of the old number, and
        so have the copy's own new records."""
        a, b = self.a, self.b
        for has_own_record in (False, True):
            code = f"1.{80 + has_own_record}"
            copy = a.copy(f"copy{has_own_record}")
            a.set("new:indicator", f"code={code}", "name_en=Of the original", "parent=kpa:1")
            a.sync()
            if has_own_record:
                copy.set("new:indicator", "code=1.99", "name_en=Of the copy", "parent=kpa:1")
            else:
                copy.set("1.2@2024", "value=1")
            copy.sync(code=12, error="device.forked")
            if has_own_record:  # the names are mixed until the copy has its number
                copy.run("set", f"{code}@2025", "value=81", code=12, error="device.forked")
                self.begin_anew(copy)
                copy.set(f"{code}@2025", "value=81", message="about the original's record")
            else:
                copy.set(f"{code}@2025", "value=81", message="about the original's record")
                self.begin_anew(copy)
            copy.sync()
            self.sync_all(a, b, copy)
            self.assertEqual([b.value(code, "name_en"), b.run("show", f"{code}@2025").json["fields"]["value"]["value"]],
                             ["Of the original", "81"])

    def test_copied_twice(self):
        copies = [self.a.copy(f"copy{n}") for n in range(2)]
        for n, device in enumerate([self.a, *copies]):
            device.set("new:indicator", f"code=1.2{n}", f"name_en=Of {n}", "parent=kpa:1")
            device.set(f"1.2{n}@2024", f"value={n}")
        self.a.sync()
        for device in copies:
            device.sync(code=12, error="device.forked")
            self.begin_anew(device)
            self.assertEqual(device.sync().json["pushed"], 2)
        self.sync_all(self.a, self.b, *copies)
        self.assertEqual([self.b.value(f"1.2{n}@2024") for n in range(3)], ["0", "1", "2"])

    def test_older_copy_of_a_device_put_back(self):
        a = self.a
        copy_folder(a.folder, self.path("backup"))
        a.set("1.1@2024", "value=1")
        a.set("new:indicator", "code=1.8", "name_en=Made before the loss", "parent=kpa:1")
        a.set("1.8@2024", "value=80")
        a.sync()
        shutil.rmtree(a.folder)
        copy_folder(self.path("backup"), a.folder)
        a.run("show", "1.8", code=3, error="code.missing")
        done = a.sync().json
        self.assertEqual((done["pushed"], done["pulled"], done["forked"]), (0, 3, []), done)
        self.assertEqual((a.value("1.8@2024"), a.value("1.1@2024")), ("80", "1"))
        new = a.set("new:indicator", "code=1.9", "name_en=Made after the loss", "parent=kpa:1")
        self.assertNotEqual(new["id"], a.run("show", "1.8").json["id"])
        a.set("1.9@2024", "value=90")
        self.assertEqual(a.sync().json["pushed"], 2)
        self.sync_all(a, self.b)
        self.assertEqual(self.b.value("1.9@2024"), "90")
        self.said("a device restored from an older copy pulls its own later work and goes on with its number")

    def test_older_copy_put_back_after_the_hub_shut_its_number_out(self):
        a = self.a
        made = a.set("new:indicator", "code=1.8", "name_en=Made before the loss", "parent=kpa:1")
        copy_folder(a.folder, self.path("backup"))
        a.sync()
        shutil.rmtree(a.folder)
        copy_folder(self.path("backup"), a.folder)
        self.hub.run("device", "revoke", a.number)
        a.set("1.8", "name_en=Renamed after the loss")
        a.sync(code=4, error="device.revoked")
        self.begin_anew(a)
        self.assertEqual(a.sync().json["pushed"], 1, "only the new name is made again")
        self.sync_all(a, self.b)
        for device in (a, self.b):
            self.assertEqual(device.value("1.8", "name_en"), "Renamed after the loss")
            self.assertEqual(device.run("show", "1.8").json["id"], made["id"])
            self.assertEqual(device.conflicts(), [])
        self.said("a number that was shut out gives its work to the next one, without what the hub has already")

    def test_older_copy_put_back_and_worked_on_before_the_sync(self):
        a = self.a
        copy_folder(a.folder, self.path("backup"))
        a.set("1.1@2024", "value=1", message="before the loss")
        a.sync()
        shutil.rmtree(a.folder)
        copy_folder(self.path("backup"), a.folder)
        a.set("1.1@2024", "value=2", message="after the loss")
        a.set("1.2@2024", "value=3")
        old = a.number
        a.sync(code=12, error="device.forked")
        self.begin_anew(a)
        self.assertEqual(a.sync().json["pushed"], 2)
        self.sync_all(a, self.b)
        self.assertEqual({(one["value"], one["device"]) for one in self.b.log("1.1@2024", "value")},
                         {("1", old), ("2", a.number)})
        self.assertEqual(self.b.value("1.2@2024"), "3")

    # -- the hub

    def put_hub_back(self, backup, *options):
        self.hub.kill()
        shutil.rmtree(self.hub.folder)
        copy_folder(backup, self.hub.folder)
        self.hub.serve(*options)

    def backup_of_hub(self):
        self.hub.stop()
        copy_folder(self.hub.folder, self.path("hub-backup"))
        self.hub.serve()
        return self.path("hub-backup")

    def test_older_copy_of_the_hub_put_back(self):
        a, b, hub = self.a, self.b, self.hub
        late = Device(self, hub, "late")
        late.sync()
        late.set("1.3@2024", "value=33", message="by one that never saw the lost entries")
        backup = self.backup_of_hub()
        old = hub.ledger()
        a.set("1.1@2024", "value=1")
        a.sync()
        b.set("1.2@2024", "value=2")
        b.sync()
        a.sync()
        lost = self.assert_equal_everywhere(hub, a, b)
        self.assertEqual(lost["size"], old["size"] + 2)
        a.set("1.1@2025", "value=11", message="waiting while the hub was restored")

        self.put_hub_back(backup)
        self.assertEqual(hub.ledger(), old)
        done = a.sync().json
        self.assertEqual((done["recovered"], done["pushed"]), (2, 1), done)
        self.assertEqual(hub.ledger()["size"], lost["size"] + 1)
        self.assertEqual(b.sync().json["recovered"], 0)
        self.assertEqual(late.sync().json["pushed"], 1)
        at_hub = self.sync_all(a, b, late)
        self.assertEqual(at_hub["size"], lost["size"] + 2)
        a.run("diff", lost["size"], at_hub["size"])
        for device in (a, b, late):
            self.assertEqual([device.value(name) for name in ("1.1@2024", "1.2@2024", "1.1@2025", "1.3@2024")],
                             ["1", "2", "11", "33"])
        self.said("a device gives the restored hub its entries back; who never saw them syncs last; all equal")

    def test_restored_hub_takes_nothing_while_it_recovers(self):
        """A's giving back is cut in the middle; then nobody else's work may enter before it is whole."""
        hub, b = self.hub, self.b
        line = Proxy(self, hub)
        far = Device(self, hub, "far", address=line.address)
        far.sync()
        late = Device(self, hub, "late")
        late.sync()
        late.set("1.3@2024", "value=33")
        backup = self.backup_of_hub()
        old = hub.ledger()
        far.run("import", self.write_notes("lost.csv", ["1.1"], range(1000, 3000), 1600)[0])
        far.sync()
        lost = self.assert_equal_everywhere(hub, far)

        self.put_hub_back(backup)
        line.passed, line.most = 0, 300_000
        far.sync(code=6)
        self.assertGreater(line.cuts, 0)
        self.assertEqual(hub.ledger(), old)
        turned_away = late.try_run("sync")
        self.assertNotEqual(turned_away.code, 0, str(turned_away))
        self.assertEqual(turned_away.error, "push.recovering", str(turned_away))
        self.assertEqual(late.status()["waiting"], 1)
        self.assertEqual(late.value("1.3@2024"), "33")
        self.assertEqual(hub.ledger(), old)

        line.most = None
        self.assertEqual(far.sync().json["recovered"], lost["size"] - old["size"])
        self.assertEqual(hub.ledger()["root"], lost["root"])
        self.assertEqual(late.sync().json["pushed"], 1)
        self.sync_all(far, b, late)
        self.said("between the first word of a lost checkpoint and its recovery the hub takes no work")

    def test_acknowledged_work_that_no_checkpoint_covered_is_sent_again(self):
        """The hub is lost in the middle of a large push: what it had acknowledged was never pulled."""
        hub, b = self.hub, self.b
        line = Proxy(self, hub)
        far = Device(self, hub, "far", address=line.address)
        far.sync()
        backup = self.backup_of_hub()
        path, rows = self.write_notes("large.csv", ["1.1", "1.2"], range(1000, 7000), 1600)
        changesets = far.run("import", path).json["changesets"]
        # Room for the first batches; the hub answers them while it waits for more.
        line.passed, line.most, line.stalls = 0, 6_000_000, True
        running = far.start("sync")
        wait_until(lambda: far.status()["entered"] > 0 or not running.is_running(), "the hub acknowledges a batch")
        hub.kill()
        line.go_down()
        running.wait()
        acknowledged = far.status()["entered"]
        self.assertGreater(acknowledged, 0)
        self.assertLess(acknowledged, changesets)
        line.most = None
        self.put_hub_back(backup)
        self.assertEqual(far.sync().json["pushed"], changesets)
        self.assertEqual(self.sync_all(far, b)["size"], 1 + changesets)
        self.assertEqual(b.run("show").json["records"]["measurement"], len(rows))
        self.said(f"{acknowledged} of {changesets} changesets were acknowledged and lost by the hub: sent again, once")

    def test_work_that_entered_a_restored_hub_first_is_not_lost(self):
        """Nobody had shown the lost checkpoint when another device pushed: the hub now has two pasts. It must be
        said, and every value must still be found."""
        hub, a, b = self.hub, self.a, self.b
        backup = self.backup_of_hub()
        a.set("1.1@2024", "value=1")
        a.sync()
        self.put_hub_back(backup)
        b.set("1.2@2024", "value=2")
        b.sync()
        result = a.try_run("sync")
        self.assertNotEqual(result.code, 0, str(result))
        self.assertTrue(result.error, str(result))
        self.assertEqual(a.value("1.1@2024"), "1")
        self.assertEqual(hub.run("device", "list").code, 0)
        self.said(f"two pasts of one ledger: exit {result.code} {result.error}")


    def test_hub_that_is_said_to_be_restored_waits_for_its_devices(self):
        """The late device would take the lost entries' places; a device registered after the backup gets its number
        and user back."""
        hub, a, b = self.hub, self.a, self.b
        late = Device(self, hub, "late")
        late.sync()
        backup = self.backup_of_hub()
        old = hub.ledger()
        newcomer = Device(self, hub, "newcomer")
        newcomer.sync()
        a.set("1.1@2024", "value=1", message="behind the backup")
        a.sync()
        newcomer.set("1.3@2024", "value=3", message="by one registered behind the backup")
        newcomer.sync()
        a.sync()
        lost = hub.ledger()

        self.put_hub_back(backup, "--restored")
        b.set("1.2@2024", "value=2", message="must not take a lost place")
        b.run("sync", code=6, error="push.recovering")
        late.sync()
        self.assertEqual(hub.ledger(), old)
        self.assertEqual(a.sync().json["recovered"], 2)
        self.assertEqual(hub.ledger(), lost)
        # Nobody holds `national`: what it said of the newcomer is lost, and the hub does not decide that by itself.
        b.run("sync", code=6, error="push.recovering")
        log = hub.running.log()
        for message in ("hub.restored", "hub.device_shown", "hub.ledger_short", "hub.national_short"):
            self.assertIn(message, log)
        self.assertNotIn("hub.ledger_open", log, "what national lacks may name others")
        hub.stop()
        hub.serve("--give-up", "national")
        self.assertEqual(b.sync().json["pushed"], 1)
        self.assertIn("hub.ledger_open", hub.running.log())

        self.assertEqual(newcomer.try_run("sync").code, 0)
        recovered = {one["device"]: one for one in hub.run("device", "list").json}[newcomer.number]
        self.assertEqual((recovered["user"], recovered["ledgers"]), (0, []))
        hub.run("device", "grant", newcomer.number, "--user", newcomer.user, "--role", "focal-point", "--ledger", LEDGER)
        self.assertEqual(hub.try_run("device", "grant", newcomer.number, "--user", "99").error, "device.has_user")
        newcomer.set("1.3@2025", "value=4", message="after the grant")
        self.assertEqual(newcomer.sync().json["pushed"], 1)
        self.sync_all(a, b, late, newcomer)
        self.said("a hub said to be restored takes nothing until all its devices have shown what they know; all equal")


if __name__ == "__main__":
    office.main()
