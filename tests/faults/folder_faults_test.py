#!/usr/bin/python3
"""A folder that is not as Daftar left it: on a read-only disk, without its write-ahead log, of a newer version; and two
programs where one may be (agent, hub)."""

import glob
import os
import shutil
import sqlite3

import faults
import office
from office import Device, Hub

COMMANDS = (["show"], ["show", "1.1"], ["set", "1.1@2024", "value=5"], ["delete", "1.1"], ["log"], ["diff", "0"],
            ["status"], ["conflicts"], ["held"], ["sync"], ["agent"])
HUB_COMMANDS = (["serve", "--listen", "127.0.0.1:0"], ["ledger", "list"], ["ledger", "add", "administration/new"],
                ["device", "list"])


def content_of(path):
    with open(path, "rb") as file:
        return file.read()


class FolderFaultsTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.a, self.b = Device(self, self.hub, "a"), Device(self, self.hub, "b")
        self.a.sync()
        self.begin_register(self.a)
        self.a.sync()
        self.b.sync()

    # -- a read-only disk

    def test_read_only_disk(self):
        why = faults.why_no_mounts("tmpfs")
        if why:
            faults.not_run("a read-only disk", why)
            return
        disk = faults.Tmpfs(self, "disk", "size=16m")
        self.hub.stop()
        for program in (self.a, self.hub):
            moved = os.path.join(disk.path, os.path.basename(program.folder))
            shutil.move(program.folder, moved)
            os.symlink(moved, program.folder)
        self.a.set("1.1@2023", "value=1")
        faults.read_only_again(disk.path, True)
        for words in COMMANDS:
            self.a.run(*words, code=9, error="database.read_only")
        for words in HUB_COMMANDS:
            self.hub.run(*words, code=9, error="database.read_only")
        self.a.run("init", code=9, error="database.read_only")
        fresh = Device(self, None, os.path.join(disk.path, "fresh"))
        fresh.run("init", "--token", office.some_token(), code=9, error="file.io")
        faults.read_only_again(disk.path, False)
        self.hub.serve()
        self.a.set("1.1@2024", "value=2")
        self.assertEqual(self.a.sync().json["pushed"], 2)
        self.assert_equal_everywhere(self.hub, self.a)
        self.said("a read-only disk: 9 database.read_only by every command and the hub; writable again, all is there")

    # -- a removed log

    def without_log(self, program, name, work):
        """Does `work` while the log cannot be emptied into the database, and removes the log: what was only in it is
        gone. No program runs when it is removed."""
        reader = faults.open_reader(os.path.join(program.folder, name))
        work()
        kept = program.folder + ".kept"
        office.copy_folder(program.folder, kept)
        reader.close()
        shutil.rmtree(program.folder)
        os.rename(kept, program.folder)
        log = os.path.join(program.folder, name + "-wal")
        self.assertGreater(os.path.getsize(log), 0)
        os.remove(log)
        index = os.path.join(program.folder, name + "-shm")
        self.assertTrue(os.path.exists(index))

    def test_log_removed_with_work_that_was_sent(self):
        """The device lacks its own recent work and pulls it."""
        def work():
            self.a.set("1.1@2024", "value=5", message="sent")
            self.a.set("new:indicator", "code=1.9", "name_en=Sent", "parent=kpa:1")
            self.a.sync()

        self.without_log(self.a, "daftar.db", work)
        self.a.run("show", "1.9", code=3, error="code.missing")
        done = self.a.sync().json
        self.assertEqual((done["pulled"], done["forked"]), (2, []))
        self.assertEqual((self.a.value("1.1@2024"), self.a.value("1.9", "name_en")), ("5", "Sent"))
        new = self.a.set("new:indicator", "code=1.10", "name_en=After", "parent=kpa:1")
        self.assertNotEqual(new["id"], self.a.run("show", "1.9").json["id"])
        self.a.sync()
        self.b.sync()
        self.assert_equal_everywhere(self.hub, self.a, self.b)
        self.said("a removed log with work that was sent: the next sync brings it back")

    def test_log_removed_and_worked_on(self):
        """The new work takes the numbers of the lost one, as on a restored copy: it is told with 12, and nothing is
        mixed up."""
        def work():
            self.a.set("1.1@2024", "value=5", message="sent")
            self.a.sync()

        self.without_log(self.a, "daftar.db", work)
        self.a.set("1.2@2024", "value=6", message="after the loss")
        self.a.sync(code=12, error="device.forked")
        self.assertEqual((self.a.value("1.2@2024"), self.a.status()["forked"]), ("6", 1))
        self.b.sync()
        self.assertEqual(self.b.value("1.1@2024"), "5")
        self.said("a removed log and work before the next sync: 12 device.forked, all of both is kept")

    def test_log_removed_with_work_that_was_not_sent(self):
        """Nobody else has it, so it is gone and cannot be missed by anyone: the folder is whole without it, as it was
        before, and goes on."""
        self.without_log(self.a, "daftar.db", lambda: self.a.set("1.1@2024", "value=5"))
        self.a.run("show", "1.1@2024", code=3, error="record.empty")
        self.assertEqual(self.a.status()["waiting"], 0)
        self.a.set("1.1@2024", "value=6")
        self.assertEqual(self.a.sync().json["pushed"], 1)
        self.b.sync()
        self.assert_equal_everywhere(self.hub, self.a, self.b)

    def test_log_of_the_hub_removed(self):
        """As a hub that came back from an older copy: a device gives back what is missing."""
        def work():
            self.a.set("1.1@2024", "value=5")
            self.a.sync()
            self.hub.kill()

        self.hub.stop()  # so that only this work is in the log
        self.hub.serve()
        self.without_log(self.hub, "hub.db", work)
        self.hub.serve()
        self.assertEqual(self.hub.ledger()["size"], 1)
        self.assertEqual(self.a.sync().json["recovered"], 1)
        self.b.sync()
        self.assert_equal_everywhere(self.hub, self.a, self.b)
        self.said("the hub's log removed: the next device that syncs gives the entries back")

    # -- a newer version

    def test_newer_version(self):
        self.a.set("1.1@2023", "value=1")
        self.hub.stop()
        paths = [os.path.join(self.a.folder, "daftar.db"), os.path.join(self.hub.folder, "hub.db")]
        for path in paths:
            database = sqlite3.connect(path)
            database.execute("PRAGMA user_version = 99")
            database.close()
        before = [content_of(path) for path in paths]
        for words in [*COMMANDS, ["init"], ["init", "--again"]]:
            self.a.run(*words, code=11, error="folder.newer")
        for words in HUB_COMMANDS:
            self.hub.run(*words, code=11, error="folder.newer")
        self.assertEqual([content_of(path) for path in paths], before, "nothing was changed")
        self.assertEqual(glob.glob(self.a.folder + "/*-wal"), [])
        self.said("a folder of a newer version: 11 folder.newer by every command and the hub, nothing changed")

    # -- two at once

    def test_two_agents_and_two_hubs(self):
        agent = self.a.start("agent")
        office.wait_until(lambda: "agent.started" in agent.log() or not agent.is_running(), "the agent starts")
        self.a.run("agent", code=13, error="agent.running")
        self.hub.run("serve", "--listen", "127.0.0.1:0", code=13, error="hub.running")
        self.assertTrue(agent.is_running())
        self.assertEqual(agent.stop(), 0)
        self.a.set("1.1@2024", "value=5")
        self.assertEqual(self.a.sync().json["pushed"], 1)
        self.said("a second agent and a second hub of one folder: 13")


if __name__ == "__main__":
    office.main()
