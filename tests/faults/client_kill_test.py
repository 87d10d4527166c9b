#!/usr/bin/python3
"""kill -9 of the client at random moments of set, delete, import, sync and agent.

Several offices work at once against one hub; most of their commands are killed at a random moment of their usual
duration. After each kill the folder must open and hold every changeset of every command that had ended with 0, and of
the killed command all or nothing. In the end all offices sync, and their tables must be what the commands wrote."""

import csv
import os
import sqlite3
import threading
import time

import faults
import office
from office import Hub
from writers import Office

OFFICES = 6
KILLS_OF_A_ROUND = 200     # then new folders: checking all of a folder after each kill costs what it holds


class KilledOffice(Office):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.killed = {True: 0, False: 0}   # saves: whether they were there afterwards

    def agent(self):
        """An agent that syncs at once."""
        database = sqlite3.connect(os.path.join(self.device.folder, "daftar.db"), timeout=60)
        with database:
            database.execute("DELETE FROM setting WHERE name = 'last_sync_ms'")
        database.close()
        return ["agent", "--at", "00:00"], None

    def next_command(self):
        lot = self.chance.random()
        if lot < 0.7:
            return self.next_saving()
        return (["sync"], None) if lot < 0.95 else self.agent()

    def step(self, typical):
        """One command, killed at a random moment unless it is faster; sometimes a sync beside it, killed too. Returns
        whether the command was killed."""
        words, work = self.next_command()
        kind = "sync" if words[0] == "agent" else words[0]
        delay = typical.delay(kind, self.chance)
        beside = threading.Thread(target=faults.run_until, args=(self.device, ["sync"], delay * self.chance.random()),
                                  kwargs={"name": "beside."})
        if work is not None and self.chance.random() < 0.2:
            beside.start()
        begun = time.monotonic()
        code, _, said = faults.run_until(self.device, words, delay)
        if words[0] != "agent":  # which does not end
            typical.note(kind, time.monotonic() - begun, code != 0)
        if beside.ident is not None:
            beside.join()
        self.test.assertIn(code, (0, -9), f"{words}: {said}")
        if work is not None:
            self.note(work, code)
        self.check(words)
        if work is not None and code == -9:
            self.killed[work.is_saved] += 1
        return code == -9


class ClientKillTest(office.OfficeTest):
    def one_round(self, campaign, number, kills):
        hub = Hub(self, f"hub{number}")
        offices = [KilledOffice(self, hub, f"office{number}.{n}", f"1.{n}", campaign.random(number, n))
                   for n in range(1, OFFICES + 1)]
        first = offices[0].device
        first.sync()
        self.begin_register(first, [one.code + more for one in offices for more in ("", "0")])
        for one in offices:
            one.device.sync()
        typical = faults.Typical({"sync": 0.06, "import": 0.2}, 0.04)
        stop_at = campaign.done + kills

        def work(one):
            while campaign.goes_on() and campaign.done < stop_at:
                if one.step(typical):
                    campaign.count()

        campaign.run([lambda one=one: work(one) for one in offices])
        self.settle(hub, offices)
        return offices

    def settle(self, hub, offices):
        """All offices sync, and hold the same: what their commands saved."""
        for one in [*offices, *offices]:
            one.device.sync()
            one.check("the last sync")
        self.assert_equal_everywhere(hub, *[one.device for one in offices])
        tables = hub.folder + ".tables"
        offices[-1].device.run("export", tables)
        with open(os.path.join(tables, "measurements.csv"), newline="", encoding="utf-8") as file:
            exported = [tuple(row) for row in csv.reader(file)][1:]
        expected = set().union(*[one.expected_rows() for one in offices])
        self.assertEqual(len(exported), len(expected))
        self.assertEqual(set(exported), expected)
        hub.stop()
        faults.remove_folders(hub, *[one.device for one in offices])

    def test_client_killed_at_random_moments(self):
        campaign = faults.Campaign("DAFTAR_KILLS", 200)
        offices, rounds = [], 0
        while campaign.goes_on():
            rounds += 1
            offices += self.one_round(campaign, rounds, min(KILLS_OF_A_ROUND, campaign.wanted - campaign.done))
        whole, nothing = (sum(one.killed[is_saved] for one in offices) for is_saved in (True, False))
        if campaign.done - campaign.before >= KILLS_OF_A_ROUND:  # else chance alone may miss one side
            self.assertGreater(min(whole, nothing), 0, "the kills hit only one side of the commit")
        self.said(campaign.said(f"kills of the client; {sum(len(one.works) for one in offices)} saves: of those killed "
                                f"{whole} were there whole and {nothing} had not begun, of the others none was lost"))


if __name__ == "__main__":
    office.main()
