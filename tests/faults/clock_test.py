#!/usr/bin/python3
"""A clock in 1970 (an empty battery), on a device and on the hub, by libfaketime.

Saving, syncing and the agent work as ever. What a device says about when it saved is its own clock's; the times at
which entries entered are the hub's, and never fall: with its clock set back a hub goes on with its newest entry's time.
Where libfaketime is missing this says NOT RUN."""

import faults
import office
from office import Device, Hub, wait_until


class ClockTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.library = faults.time_library()
        if not self.library:
            faults.not_run("a clock in 1970", "the package faketime is missing")

    def in_1970(self):
        """While it lasts, programs start in the first minute of 1970. Only the calendar's clock is wrong: what the
        system measures waiting with goes on."""
        return faults.Preloaded(self, "1970", {"LD_PRELOAD": self.library, "FAKETIME": "@1970-01-01\\ 00:01:00",
                                               "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
                                               "FAKETIME_NO_CACHE": "1", "TZ": "UTC",
                                               "ASAN_OPTIONS": "verify_asan_link_order=0"})

    def begin(self):
        self.hub = Hub(self)
        self.a, self.b = Device(self, self.hub, "a"), Device(self, self.hub, "b")
        self.a.sync()
        self.begin_register(self.a)
        self.a.sync()
        self.b.sync()

    def assert_times_never_fall(self, device):
        entries = sorted((one["position"], one["received"]) for one in device.log("-n", 10**6))
        times = [received for _, received in entries]
        self.assertEqual(times, sorted(times))
        return times

    def test_device(self):
        if not self.library:
            return
        self.begin()
        with self.in_1970():
            self.a.set("1.1@2024", "value=5", message="saved in 1970")
            self.assertEqual(self.a.value("1.1@2024"), "5")
            self.a.run("import", self.write_notes("some.csv", ["1.2"], range(2000, 2100), 100)[0])
            self.assertEqual(self.a.sync().json["pushed"], 2)
            self.b.sync()
            self.assertTrue(self.a.run("status").json["last_sync"].startswith("1970-01-01"))
        logged = self.a.log("1.1@2024", "value")[0]
        self.assertTrue(logged["saved"].startswith("1970-01-01"), logged)
        self.assertFalse(logged["received"].startswith("1970"), logged)
        self.a.set("1.1@2024", "value=6")
        self.a.sync()
        self.b.sync()
        self.assertEqual(self.b.value("1.1@2024"), "6", "the later save counts, whatever the clocks say")
        self.assert_times_never_fall(self.b)
        self.assert_equal_everywhere(self.hub, self.a, self.b)
        self.said("a device in 1970 saves and syncs; the hub's times are right, and order counts, not the clock")

    def test_agent(self):
        """Its last sync lies 50 years ahead: it does not wait for that."""
        if not self.library:
            return
        self.begin()
        self.a.set("1.1@2024", "value=5")
        with self.in_1970():
            agent = self.a.start("agent")
            wait_until(lambda: "sync.done" in agent.log() or not agent.is_running(), "the agent syncs")
            self.assertEqual(agent.stop(), 0, agent.log())
        self.assertEqual((self.a.status()["waiting"], self.hub.ledger()["size"]), (0, 2))
        agent = self.a.start("agent")
        wait_until(lambda: "sync.done" in agent.log() or not agent.is_running(), "the agent syncs with the clock right")
        self.assertEqual(agent.stop(), 0, agent.log())
        self.said("an agent in 1970 syncs at once, and again when the clock is right")

    def test_hub(self):
        if not self.library:
            return
        self.begin()
        self.hub.stop()
        with self.in_1970():
            self.hub.serve()
        for year in (2024, 2025):
            self.a.set(f"1.1@{year}", "value=5")
            self.a.sync()
        self.b.sync()
        times = self.assert_times_never_fall(self.b)
        self.assertEqual(times[0], times[-1], "while its clock is behind, the hub stays at its newest entry's time")
        self.hub.stop()
        self.hub.serve()
        self.a.set("1.1@2026", "value=5")
        self.a.sync()
        self.b.sync()
        times = self.assert_times_never_fall(self.b)
        self.assertGreater(times[-1], times[0])
        self.assert_equal_everywhere(self.hub, self.a, self.b)
        self.said("a hub in 1970 enters work, with times that never fall; with its clock right they go on")

    def test_hub_that_began_in_1970(self):
        if not self.library:
            return
        with self.in_1970():
            self.begin()
            self.a.set("1.1@2024", "value=5")
            self.a.sync()
        self.hub.stop()
        self.hub.serve()
        self.a.set("1.1@2025", "value=6")
        self.a.sync()
        self.b.sync()
        times = self.assert_times_never_fall(self.b)
        self.assertTrue(times[0].startswith("1970-01-01") and not times[-1].startswith("1970"), times)
        self.assert_equal_everywhere(self.hub, self.a, self.b)


if __name__ == "__main__":
    office.main()
