#!/usr/bin/python3
"""daftar agent: the nightly sync, a missed night, one agent for a folder, a broken line, a prompt end."""

import datetime
import os
import re
import signal
import sqlite3
import time

import office
from office import Device, Hub, wait_until

PROMPT_S = 20    # an ended agent is gone within this (the sanitizers' builds are slow), far below any backoff
DAY_MS = 24 * 60 * 60 * 1000


def far_from_now():
    """A time of day twelve hours from now, so that no night falls into the test."""
    return (datetime.datetime.now() + datetime.timedelta(hours=12)).strftime("%H:%M")


def is_locked(path):
    """Whether a process holds a lock on the file."""
    with open("/proc/locks", encoding="ascii") as locks:
        return any(line.split()[5].endswith(":" + str(os.stat(path).st_ino)) for line in locks if "->" not in line)


class AgentTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.a = Device(self, self.hub, "a")

    def start_agent(self, at=None):
        agent = self.a.start("agent", "--at", at or far_from_now())
        wait_until(lambda: "agent.started" in agent.log() or not agent.is_running(), "the agent starts")
        self.assertTrue(agent.is_running(), agent.log())
        return agent

    def wait_for(self, agent, text, count=1):
        wait_until(lambda: agent.log().count(text) >= count or not agent.is_running(), f"{text} in the agent's log")
        self.assertGreaterEqual(agent.log().count(text), count, agent.log())

    def end(self, agent, number=signal.SIGTERM):
        begun = time.monotonic()
        agent.signal(number)
        self.assertEqual(agent.wait(PROMPT_S), 0, agent.log())
        self.assertLess(time.monotonic() - begun, PROMPT_S)
        self.assertIn("agent.stopped", agent.log())
        for line in agent.log().splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} (info|warning|error) [a-z_]+\.[a-z_]+ .+")

    def set_last_sync(self, milliseconds):
        with sqlite3.connect(os.path.join(self.a.folder, "daftar.db")) as database:
            database.execute("UPDATE setting SET value = ? WHERE name = 'last_sync_ms'", (str(milliseconds),))
        database.close()

    def test_first_sync_at_once_and_then_not_before_the_night(self):
        agent = self.start_agent()
        self.wait_for(agent, "sync.done")
        self.begin_register(self.a)
        self.assertIn("last_sync", self.a.run("status").json)
        self.end(agent)
        self.assertEqual(agent.log().count("sync.done"), 1, "nothing is due before the night")
        self.assertEqual(self.a.status()["waiting"], 1)
        self.said("an agent that never synced does so at once, and then waits for the night")

    def test_a_missed_night_is_made_up_for_at_once(self):
        self.a.sync()
        self.begin_register(self.a)
        agent = self.start_agent()
        self.end(agent)
        self.assertEqual(self.a.status()["waiting"], 1, "no night was missed: nothing is due")
        next_at = re.search(r"next at (\S+)", agent.log()).group(1)
        self.assertGreater(datetime.datetime.fromisoformat(next_at.replace("Z", "+00:00")).timestamp(), time.time())

        self.set_last_sync(int(time.time() * 1000) - 2 * DAY_MS)
        agent = self.start_agent()
        self.wait_for(agent, "sync.done")
        wait_until(lambda: self.a.status()["waiting"] == 0, "the work is sent")
        self.end(agent)
        self.assertEqual(self.hub.ledger()["size"], 1)
        self.set_last_sync(int(time.time() * 1000) + 30 * DAY_MS)
        agent = self.start_agent()
        self.wait_for(agent, "sync.")
        self.end(agent, signal.SIGINT)
        self.said("a missed night, and a last sync in the future, are made up for at once")

    def test_second_agent_is_refused_and_other_commands_work(self):
        agent = self.start_agent()
        self.wait_for(agent, "sync.done")
        self.a.run("agent", code=13, error="agent.running", timeout=PROMPT_S)
        self.begin_register(self.a)
        self.a.set("1.1@2024", "value=1")
        self.assertEqual(self.a.value("1.1@2024"), "1")
        self.a.run("export", self.path("tables"))
        self.assertEqual(self.a.sync().json["pushed"], 2)
        self.assertEqual(len(self.a.log()), 2)
        self.assertTrue(agent.is_running())
        self.end(agent)
        after = self.start_agent()
        self.end(after)
        self.said("a second agent is refused with 13; import, set, show, export, sync and log work beside the first")

    def device_with_a_night_soon(self, devices):
        """One of the devices, and the --at with which its next night is 12 to 22 seconds from now: each has an offset
        of its own, 97 s times its number within half an hour."""
        now = int(time.time())
        for device in devices:
            offset = device.number * 97 % 1800
            for due in range(now + 12, now + 23):
                if (due - offset) % 60 == 0:
                    return device, datetime.datetime.fromtimestamp(due - offset).strftime("%H:%M")
        raise AssertionError("the offsets of the devices leave a gap")

    def test_the_night_comes_and_the_agent_goes_on_from_where_a_command_got(self):
        """The agent keeps the ledger open; a sync by command beside it moves the folder on."""
        devices = [Device(self, self.hub, f"device{n}") for n in range(8)]
        self.a.sync()
        self.begin_register(self.a)
        self.a.sync()
        device, at = self.device_with_a_night_soon(devices)
        agent = device.start("agent", "--at", at)
        self.wait_for(agent, "sync.done")
        self.a.set("1.1@2024", "value=1")
        self.a.sync()
        device.sync()
        device.set("1.2@2024", "value=2")
        self.a.set("1.1@2025", "value=3")
        self.a.sync()
        self.wait_for(agent, "sync.done", 2)
        self.end(agent)
        self.a.sync()
        self.assert_equal_everywhere(self.hub, self.a, device)
        self.assertEqual((device.value("1.1@2025"), self.a.value("1.2@2024")), ("3", "2"))
        self.said("the agent syncs in its own minute of the night, after a command has synced beside it")

    def test_an_agent_that_was_killed_leaves_no_lock(self):
        agent = self.start_agent()
        agent.kill()
        self.end(self.start_agent())

    def test_hub_down_is_logged_and_the_agent_ends_promptly(self):
        self.hub.stop()
        agent = self.start_agent()
        self.wait_for(agent, "warning hub.unreachable")
        self.assertTrue(agent.is_running(), agent.log())
        self.end(agent)
        self.assertEqual(agent.log().count("hub.unreachable"), 1, "the next attempt waits for the backoff")
        self.hub.serve()
        agent = self.start_agent()
        self.wait_for(agent, "sync.done")
        self.end(agent)
        self.said("a hub that is down: logged with hub.unreachable, tried again later; SIGTERM ends it, exit 0")

    def test_sigterm_while_the_hub_does_not_answer(self):
        self.a.sync()
        self.begin_register(self.a)
        self.set_last_sync(0)
        self.hub.running.signal(signal.SIGSTOP)
        try:
            agent = self.start_agent()
            path = os.path.join(self.a.folder, "sync.lock")
            wait_until(lambda: os.path.exists(path) and self.a.try_run("sync").error == "sync.running",
                       "the agent is in the middle of a sync")
            self.end(agent)
        finally:
            self.hub.running.signal(signal.SIGCONT)
        self.assertEqual(self.a.status()["waiting"], 1)
        self.assertEqual(self.a.sync().json["pushed"], 1)
        self.said("SIGTERM in the middle of a sync with a hub that hangs: exit 0 at once, work kept")

    def test_sync_stopped_by_a_person(self):
        self.a.sync()
        self.begin_register(self.a)
        self.hub.running.signal(signal.SIGSTOP)
        try:
            running = self.a.start("sync")
            # Asked of the system: another sync that asks for the lock might get it first.
            lock = os.path.join(self.a.folder, "sync.lock")
            wait_until(lambda: not running.is_running() or is_locked(lock), "the sync is under way")
            running.signal(signal.SIGINT)
            self.assertEqual(running.wait(PROMPT_S), 10, running.log())
            self.assertIn("sync.cancelled", running.log())
        finally:
            self.hub.running.signal(signal.SIGCONT)
        self.assertEqual(self.a.sync().json["pushed"], 1)


if __name__ == "__main__":
    office.main()
