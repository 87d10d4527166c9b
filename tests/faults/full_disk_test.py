#!/usr/bin/python3
"""A full disk, of a device and of the hub, in both ways in which SQLite meets it: a write that finds no room
(SQLITE_FULL), and a log or its index that cannot be made when the database is opened (SQLITE_IOERR, SQLITE_CANTOPEN).

Every command says disk.full with 9, the hub's devices are told that it is the hub's fault, nothing acknowledged is gone
and nothing is half saved; as soon as there is room, everything works. The disks are small tmpfs mounts; where the
machine cannot mount, this says NOT RUN."""

import os

import faults
import office
from office import Device, Hub, Program

READING = (["show"], ["show", "1.1"], ["log"], ["status"], ["conflicts"])
WRITING = (["set", "1.1@2024", "value=5"], ["set", "new:indicator", "code=1.9", "name_en=x", "parent=kpa:1"],
           ["delete", "1.2"], ["sync"])


class FullDiskTest(office.OfficeTest):
    def disk(self, options):
        why = faults.why_no_mounts("tmpfs")
        if why:
            faults.not_run("a full disk", why)
            return None
        return faults.Tmpfs(self, "small", options)

    def on_disk(self, disk, name):
        """The folder of that name will be on the disk."""
        os.mkdir(os.path.join(disk.path, name))
        os.symlink(os.path.join(disk.path, name), self.path(name))

    def begin(self, options, on_disk):
        disk = self.disk(options)
        if disk is None:
            return None
        self.on_disk(disk, on_disk)
        self.hub = Hub(self)
        self.device = Device(self, self.hub, "device")
        self.device.sync()
        self.begin_register(self.device)
        self.device.set("1.1@2023", "value=1")
        return disk

    def assert_disk_full(self, commands):
        for words in commands:
            self.device.run(*words, code=9, error="disk.full")

    def assert_all_works(self):
        self.assertEqual(self.device.value("1.1@2023"), "1")
        self.assertEqual([one["state"] for one in self.device.log()].count("waiting"), 2)
        self.device.run("show", "1.9", code=3, error="code.missing")
        for words in WRITING:
            self.device.run(*words)
        self.assertEqual(self.device.value("1.1@2024"), "5")
        self.assert_equal_everywhere(self.hub, self.device)

    def test_no_room_to_write(self):
        """Another program has the folder open, so that its log is there; then no page is free."""
        disk = self.begin("size=4m", "device")
        if disk is None:
            return
        reader = faults.open_reader(os.path.join(self.device.folder, "daftar.db"))
        self.addCleanup(reader.close)
        filler = disk.fill()
        self.assert_disk_full(WRITING)
        for words in READING:
            self.device.run(*words)
        self.assertEqual(self.device.value("1.1@2023"), "1")
        table = self.write_notes("large.csv", ["1.1"], range(1000, 2000), 800)[0]
        self.device.run("import", table, code=9, error="disk.full")
        os.remove(filler)
        # Room for a part of the import only: none of it is saved.
        with open(filler, "wb") as file:
            file.write(b"\0" * (os.statvfs(disk.path).f_bavail * 4096 - 300_000))
        self.device.run("import", table, code=9, error="disk.full")
        self.assertEqual(self.device.run("show").json["records"]["measurement"], 1)
        os.remove(filler)
        self.assert_all_works()
        self.said("no room to write: 9 disk.full, reading goes on; with room again everything works")

    def test_no_room_to_open(self):
        disk = self.begin("size=4m", "device")
        if disk is None:
            return
        filler = disk.fill()
        self.assert_disk_full([*READING, *WRITING])
        os.remove(filler)
        self.assert_all_works()
        self.said("no room for the log's index: 9 disk.full, not an unexplained I/O error")

    def test_no_more_files(self):
        """Free pages, but no file can be made (tmpfs with few inodes)."""
        disk = self.begin("size=16m,nr_inodes=12", "device")
        if disk is None:
            return
        made = []
        try:
            while True:
                made.append(os.path.join(disk.path, f"file{len(made)}"))
                with open(made[-1], "w", encoding="ascii"):
                    pass
        except OSError:
            made.pop()
        self.assert_disk_full([*READING, *WRITING])
        for path in made:
            os.remove(path)
        self.assert_all_works()
        self.said("no file can be made: 9 disk.full")

    def test_init_on_a_full_disk(self):
        disk = self.disk("size=4m")
        if disk is None:
            return
        filler = disk.fill()
        device = Program(self, "daftar", os.path.join(disk.path, "device"))
        hub = Program(self, "daftar-hub", os.path.join(disk.path, "hub"))
        elsewhere = Hub(self, "elsewhere")
        enrols = ["init", "--hub", elsewhere.enrol_address, "--token", elsewhere.token("--ledger", office.LEDGER)]
        device.run(*enrols, code=9, error="disk.full")
        hub.run("init", code=9, error="disk.full")
        os.remove(filler)
        device.run(*enrols)
        hub.run("init")
        hub.run("init", code=13, error="hub.exists")
        self.said("init on a full disk: 9 disk.full, and with room init goes on")

    def test_hub(self):
        """The device is told that the hub has failed, not that its own disk is full; its work waits."""
        disk = self.begin("size=6m", "hub")
        if disk is None:
            return
        filler = disk.fill()
        table = self.write_notes("some.csv", ["1.1"], range(1000, 1100), 400)[0]
        self.device.run("import", table)
        told = self.device.sync(code=6, error="hub.failed")
        self.assertNotIn(self.hub.folder, told.err)
        self.assertIn("disk.full", self.hub.running.log())
        self.assertEqual((self.device.status()["waiting"], self.hub.ledger()["size"]), (3, 0))
        os.remove(filler)
        self.assertEqual(self.device.sync().json["pushed"], 3)
        self.assert_equal_everywhere(self.hub, self.device)

        self.hub.stop()
        filler = disk.fill()
        for words in (["serve", "--listen", "127.0.0.1:0"], ["ledger", "list"], ["device", "list"]):
            self.hub.run(*words, code=9, error="disk.full")
        os.remove(filler)
        self.hub.serve()
        self.device.set("1.1@2025", "value=7")
        self.device.sync()
        self.assert_equal_everywhere(self.hub, self.device)
        self.said("the hub's disk full: devices get 6 hub.failed and keep their work; the hub's log says disk.full")


if __name__ == "__main__":
    office.main()
