#!/usr/bin/python3
"""Power cuts under load, of the client and of the hub.

Offices and a hub have their folders on an ext4 in a file, mounted through a loop device. While all of them write, the
file system is shut down without flushing its log (EXT4_IOC_SHUTDOWN): what had not been synced to the disk is gone, as
after a power cut. It is mounted again, its journal is replayed, and everything that a command had acknowledged with 0,
or the hub to a device whose own disk is sound, must be there. The control does the same with programs whose fsync does
nothing: they must lose work, or the test could not see a loss.

Where the machine cannot mount, both say NOT RUN."""

import os
import shutil
import subprocess
import threading
import time

import faults
import office
from office import Device, Hub
from writers import Office, Pusher, assert_entered_once

OFFICES = 3
PUSHERS = 1
CUTS_OF_A_DISK = 100        # then a new one: checking a folder after each cut costs what it holds
SAVES_BEFORE_A_CUT = 5      # at the least, of all offices together; and a push of each device
LONGEST_LOAD_S = 10
LATE = -1                   # the exit code of a command that outlived the cut, whatever it says
CONTROL_CUTS = 8            # as many as the control may need to lose something; mostly the first does


class World:
    """Folders on a disk that is cut, and a device on a sound one."""

    def __init__(self, test, number, random):
        self.test, self.number, self.chance = test, number, random("cuts")
        self.disk = faults.CutDisk(test, f"disk{number}")
        self.hub = Hub(test, self.on_disk("hub"))
        names = [f"office{n}" for n in range(OFFICES)]
        self.offices = [Office(test, self.hub, self.on_disk(name), f"1.{n + 1}", random(name))
                        for n, name in enumerate(names)]
        self.pushers = [Pusher(test, self.hub, f"pusher{number}.{n}", f"2.{n + 1}", random("pusher", n))
                        for n in range(PUSHERS)]
        first = self.pushers[0]
        first.device.sync()
        codes = [one.code + more for one in self.offices for more in ("", "0")] + [one.code for one in self.pushers]
        test.begin_register(first.device, codes)
        first.saved += 1
        for one in self.pushers:
            one.sync()
        for one in self.offices:
            one.device.sync()
        subprocess.run(["sync", "-f", self.disk.path], check=True)

    def on_disk(self, name):
        """A folder on the disk under a name outside: what the test itself writes beside a folder stays outside."""
        name = f"{name}.{self.number}"
        inside = os.path.join(self.disk.path, name)
        os.mkdir(inside)
        os.symlink(inside, self.test.path(name))
        return name

    # -- the load: each returns when the power is cut

    def write(self, one):
        """The commands of an office on the disk; each that ends with 0 has acknowledged."""
        while not self.is_cut.is_set():
            words, work = one.next_saving() if one.chance.random() < 0.85 else (["sync"], None)
            code, _, _ = faults.run_until(one.device, words, None)
            if work is not None:
                one.note(work, code if not self.is_cut.is_set() else LATE)

    def push(self, one):
        while not self.is_cut.is_set():
            one.save()
            one.sync(may_fail=self.is_cut.is_set)

    def make_folder(self):
        time.sleep(self.chance.uniform(0, 0.3))
        self.token = self.fresh_number = None
        given = self.hub.try_run("token", "--role", "focal-point", "--ledger", office.LEDGER)
        if given.code != 0 or self.is_cut.is_set():
            return
        self.token = given.json["token"]
        result = self.fresh().try_run("init", "--hub", self.hub.enrol_address, "--token", self.token)
        if result.code == 0 and not self.is_cut.is_set():
            self.fresh_number = result.json["device"]

    def fresh(self):
        return Device(self.test, None, os.path.join(self.disk.path, "fresh"))

    def cut(self, campaign):
        """Load, a power cut, and the power back."""
        self.is_cut = threading.Event()

        saved = sum(len(one.works) for one in self.offices) + SAVES_BEFORE_A_CUT
        synced = [one.syncs[0] for one in self.pushers]

        def is_loaded():
            return (sum(len(one.works) for one in self.offices) >= saved and
                    all(one.syncs[0] > before for one, before in zip(self.pushers, synced)))

        def end():
            try:
                latest = time.monotonic() + LONGEST_LOAD_S
                while not is_loaded() and time.monotonic() < latest:
                    time.sleep(office.POLL_S)
                time.sleep(self.chance.uniform(0, 0.1))
            finally:
                self.is_cut.set()
                # From here on nothing that a program says counts, so the hub must not answer any more: an fsync that
                # the shutdown meets half way can return 0 for data that are lost (plain files: 24 of 94 such, and none
                # of 23,662 before it). After a power cut no program lives to say so.
                faults.freeze(self.hub.running.process.pid)
                self.disk.cut()
                self.hub.kill()

        loads = [lambda one=one: self.write(one) for one in self.offices]
        loads += [lambda one=one: self.push(one) for one in self.pushers]
        campaign.run([end, *loads, self.make_folder])
        self.disk.restart()
        campaign.count()

    # -- nothing that was acknowledged is gone, and everything works

    def check_clients(self):
        for one in self.offices:
            one.check("the power cut")

    def check_enrolment(self):
        """A number that `init` printed is this device's; else the token still gives it one."""
        fresh = self.fresh()
        if self.fresh_number is not None:
            self.test.assertEqual(fresh.run("status").json["device"], self.fresh_number)
        elif self.token is not None:
            fresh.run("init", "--hub", self.hub.enrol_address, "--token", self.token)
        if self.token is not None:
            fresh.sync()
        shutil.rmtree(fresh.folder, ignore_errors=True)

    def check_hub(self):
        self.hub.serve()
        self.check_enrolment()
        for one in self.pushers:
            self.test.assertTrue(one.sync())

    def remove(self):
        self.hub.kill()
        self.disk.unmount()
        os.remove(self.disk.image)
        faults.remove_folders(*[one.device for one in self.pushers])

    def settle(self):
        for one in [*self.offices, *self.offices]:
            one.device.sync()
            one.check("the last sync")
        assert_entered_once(self.test, self.hub, self.pushers)
        self.test.assert_equal_everywhere(self.hub, *[one.device for one in self.offices])
        self.remove()


class PowerTest(office.OfficeTest):
    def can_run(self, what):
        why = faults.why_no_mounts("ext4")
        if why:
            faults.not_run(what, why)
        return not why

    def test_nothing_acknowledged_is_lost(self):
        if not self.can_run("power cuts"):
            return
        campaign = faults.Campaign("DAFTAR_CUTS", 50)
        saves = pushed = disks = 0
        while campaign.goes_on():
            disks += 1
            world = World(self, disks, lambda *names: campaign.random(disks, *names))
            for _ in range(min(CUTS_OF_A_DISK, campaign.wanted - campaign.done)):
                if not campaign.goes_on():
                    break
                world.cut(campaign)
                world.check_clients()
                world.check_hub()
            world.settle()
            saves += sum(work.is_saved for one in world.offices for work in one.works)
            pushed += sum(one.saved for one in world.pushers)
        self.said(campaign.said(f"power cuts; {saves} saves and {pushed} pushed changesets, none lost"))

    def test_control_without_fsync_loses_work(self):
        if not self.can_run("the control of the power cuts"):
            return
        campaign = faults.Campaign("", CONTROL_CUTS)
        without, lost = faults.without_fsync(self), {}
        while campaign.goes_on() and len(lost) < 2:
            world = World(self, f"c{campaign.done}", lambda *names: campaign.random(campaign.done, *names))
            world.hub.stop()
            with without:
                world.hub.serve()
                world.cut(campaign)
            for who, check in (("client", world.check_clients), ("hub", world.check_hub)):
                try:
                    check()
                except AssertionError as loss:
                    lost[who] = str(loss).strip().splitlines()[-1][:160]
            world.remove()
        self.assertEqual(sorted(lost), ["client", "hub"], f"{CONTROL_CUTS} cuts without fsync: the test sees no loss")
        self.said(f"{campaign.done} cuts without fsync, and both lost work: {lost}")


if __name__ == "__main__":
    office.main()
