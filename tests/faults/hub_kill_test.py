#!/usr/bin/python3
"""kill -9 of the hub at random moments around its commits, while several devices push; and its restart.

What a device was told is entered must stay where it was told: each sync that ends well, and each place that a cut push
had acknowledged, is noted. In the end every changeset is in the ledger exactly once, at the place that was told, and
the hub and all devices have one root and one digest."""

import os
import threading
import time

import faults
import office
from office import Hub
from writers import Pusher, assert_entered_once

DEVICES = 3
KILLS_OF_A_ROUND = 200      # then a new hub: what the last check reads grows with what was entered
LONGEST_LIFE_S = 5.0


def stamp(path):
    found = os.stat(path)
    return found.st_mtime_ns, found.st_size


class HubKillTest(office.OfficeTest):
    def wait_for_commits(self, log, count):
        """Until the hub has written so many times into its log (0: not at all), at the longest a life."""
        end = time.monotonic() + LONGEST_LIFE_S
        last = stamp(log)
        while count > 0 and time.monotonic() < end:
            time.sleep(0.001)
            now = stamp(log)
            if now != last:
                last, count = now, count - 1
                self.hits += 1

    def one_round(self, campaign, number, kills):
        hub = Hub(self, f"hub{number}")
        pushers = [Pusher(self, hub, f"device{number}.{n}", f"1.{n}", campaign.random(number, n))
                   for n in range(1, DEVICES + 1)]
        first = pushers[0]
        first.device.sync()
        self.begin_register(first.device, [one.code for one in pushers])
        first.saved += 1
        for one in pushers:
            one.sync()
        over, is_up = threading.Event(), threading.Event()
        log = os.path.join(hub.folder, "hub.db-wal")
        chance = campaign.random(number, "hub")
        stop_at = campaign.done + kills

        def kill():
            try:
                while campaign.goes_on() and campaign.done < stop_at:
                    is_up.set()
                    self.wait_for_commits(log, chance.randrange(3))
                    time.sleep(chance.uniform(0, 0.02))
                    hub.kill()
                    is_up.clear()
                    campaign.count()
                    hub.serve()
            finally:
                over.set()
                is_up.set()

        def push(one):
            while not over.is_set():
                if len(one.told) == one.saved or one.chance.random() < 0.2:  # else the last push was cut: again
                    one.save()
                is_up.wait()
                one.sync()

        campaign.run([kill, *[lambda one=one: push(one) for one in pushers]])
        assert_entered_once(self, hub, pushers)
        hub.stop()
        faults.remove_folders(hub, *[one.device for one in pushers])
        return pushers

    def test_hub_killed_while_devices_push(self):
        campaign = faults.Campaign("DAFTAR_KILLS", 200)
        pushers, rounds = [], 0
        self.hits = 0
        while campaign.goes_on():
            rounds += 1
            pushers += self.one_round(campaign, rounds, min(KILLS_OF_A_ROUND, campaign.wanted - campaign.done))
        cut = sum(one.cut_pushes for one in pushers)
        self.assertGreater(self.hits, (campaign.done - campaign.before) // 2, "the hub wrote too little between its kills to prove a thing")
        self.said(campaign.said(
            f"kills of the hub; {sum(one.syncs[0] for one in pushers)} syncs ended well, "
            f"{sum(one.syncs[6] for one in pushers)} were cut, {cut} of them in the middle; "
            f"{sum(one.saved for one in pushers)} changesets, each entered once, where it was told"))


if __name__ == "__main__":
    office.main()
