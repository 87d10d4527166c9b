#!/usr/bin/python3
"""What administrations of a sector share: their values in the sector's ledger, which nobody else can write, requests,
figures that differ, and scores of all of them together."""

import os

import office
from office import Device, Hub

HEALTH, INTERIOR, SECTOR = "administration/health", "administration/interior", "sector/wellbeing"


class SectorsTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        for ledger in (HEALTH, INTERIOR, SECTOR):
            self.hub.run("ledger", "add", ledger)
        self.health = self.office("health", "focal-point", HEALTH, SECTOR, "national")
        self.interior = self.office("interior", "focal-point", INTERIOR, SECTOR, "national")
        self.omsar = self.office("omsar", "omsar-analyst", HEALTH, INTERIOR, SECTOR, "national")
        for one, ledger, value in ((self.health, HEALTH, "12"), (self.interior, INTERIOR, "13")):
            self.set(one, ledger, "new:kpa", "code=1", "name_ar=السلامة", "scope=sectoral")
            self.set(one, ledger, "new:indicator", "code=1.1", "parent=kpa:1", "name_ar=حوادث السير", "unit=عدد",
                     "direction=lower", "sectors=wellbeing")
            self.set(one, ledger, "1.1@2025", f"value={value}")
            self.set(one, ledger, "target:1.1@2025", "value=10")
        self.sync()

    def office(self, name, role, *ledgers, party=None):
        one = Device(self, None, name)
        token = self.hub.token("--role", role, "--party", party or name, *(word for ledger in ledgers for word in ("--ledger", ledger)))
        one.run("init", "--hub", self.hub.enrol_address, "--token", token)
        one.sync()
        return one

    def sync(self):
        for one in (self.health, self.interior, self.omsar) * 2:
            one.sync()

    @staticmethod
    def set(one, ledger, *words):
        return one.run("set", "--ledger", ledger, *words).json

    def share(self):
        self.sync()
        self.health.run("share", "--ledger", HEALTH)
        self.interior.run("share", "--ledger", INTERIOR)
        self.sync()

    def shared(self, one, ledger):
        """The #id in the sector's ledger of what an administration shares."""
        for found in one.run("find", "--ledger", SECTOR, "حوادث").json["shown"]:
            of = "#" + found["id"]
            if (one.value(of, "shared_from", "--ledger", SECTOR) or "").startswith(ledger):
                return of
        raise AssertionError(f"nothing of {ledger}")

    def value_there(self, one, of):
        found = one.try_run("show", "--ledger", SECTOR, f"{of}@2025", "value")
        return found.json["value"] if found.code == 0 else None

    def test_a_value_is_read_by_all_and_written_by_its_owner(self):
        pending = self.health.run("share", "--ledger", HEALTH).json["sectors"]
        self.assertEqual([(one["sector"], one["indicators"], one["values"]) for one in pending], [("wellbeing", 1, 1)])
        self.share()
        again = self.health.run("share", "--ledger", HEALTH).json["sectors"][0]
        self.assertEqual((again["values"], again["changed"]), (1, 0))
        there = self.shared(self.interior, HEALTH)
        self.assertEqual(self.value_there(self.interior, there), "12")
        origin = f"origin{there}@2025"
        self.assertEqual(self.interior.value(origin, "source_ledger", "--ledger", SECTOR), HEALTH)
        self.assertEqual(len(self.interior.value(origin, "source_link", "--ledger", SECTOR)), 64)
        shown = self.interior.run("show", "--ledger", SECTOR, f"{there}@2025")
        self.assertEqual(shown.json["origin"]["source_ledger"], HEALTH)
        self.assertIn(HEALTH, self.interior.run("show", "--ledger", SECTOR, f"{there}@2025", as_json=False).out)
        refused = self.interior.try_run("set", "--ledger", SECTOR, f"{there}@2025", "value=99")
        self.assertEqual((refused.code, refused.error), (4, "authority.owner"))
        self.set(self.health, HEALTH, "1.1@2025", "value=11")
        self.share()
        self.assertEqual(self.value_there(self.interior, there), "11")
        self.health.run("delete", "--ledger", HEALTH, "1.1@2025")
        self.share()
        self.assertIn("deleted", self.interior.try_run("show", "--ledger", SECTOR, f"{there}@2025").out)
        self.interior.run("audit", SECTOR)
        self.said("one administration writes its value in the sector, the others read it")

    def test_what_is_gone_comes_back_and_what_is_shared_no_more_goes(self):
        self.share()
        there = self.shared(self.interior, HEALTH)
        self.health.run("delete", "--ledger", HEALTH, "1.1@2025")
        self.share()
        self.health.run("delete", "--ledger", HEALTH, "1.1@2025", "--undo")
        self.share()
        self.assertEqual(self.value_there(self.interior, there), "12")
        self.assertEqual(self.health.run("share", "--ledger", HEALTH).json["sectors"][0]["changed"], 0)
        self.set(self.health, HEALTH, "1.1@2025", "returned=unclear")
        self.share()
        self.assertIsNone(self.value_there(self.interior, there), "sent back")
        self.set(self.health, HEALTH, "new:indicator", "code=1.2", "parent=kpa:1", "name_ar=حوادث كل شهر", "unit=عدد",
                 "formula=[1.1] / 12", "sectors=wellbeing")
        self.set(self.health, HEALTH, "1.1@2025", "returned=")
        self.share()
        self.assertEqual(self.interior.value("1.2@2025", "value", "--ledger", SECTOR), "1")
        # An entered value before the formula's, and none after it; both ways share without a stop.
        for value in ("value=7", "value="):
            self.set(self.health, HEALTH, "1.2@2025", value)
            self.share()
        self.health.run("delete", "--ledger", HEALTH, "1.2@2025")
        self.share()
        self.assertEqual(self.interior.value("1.2@2025", "value", "--ledger", SECTOR), "1")
        self.assertIsNone(self.interior.value("origin:1.2@2025", "source_seq", "--ledger", SECTOR))
        self.set(self.health, HEALTH, "1.1@2025", "value=24")
        pending = self.health.run("share", "--ledger", HEALTH).json["sectors"][0]
        self.assertEqual(pending["changed"], 0, "what the hub has not confirmed is shared when it has")
        self.share()
        self.assertEqual(self.interior.value("1.2@2025", "value", "--ledger", SECTOR), "2")
        self.set(self.health, HEALTH, "1.1", "sectors=")
        self.assertEqual(self.health.run("share", "--ledger", HEALTH).json["sectors"][0]["changed"], 0)
        self.share()
        gone = [one["id"] for one in self.interior.run("find", "--ledger", SECTOR, "حوادث السير").json["shown"]]
        self.assertNotIn(there[1:], gone)
        self.assertIn("deleted", self.interior.try_run("show", "--ledger", SECTOR, f"origin{there}@2025").out)
        self.said("what is deleted, sent back, or shared no more goes from the sector, and comes back")

    def cut_off(self, one, ledger):
        """Its copy of the ledger stays, and grows no more."""
        admin = Device(self, None, "admin")
        token = self.hub.token("--role", "omsar-administrator", "--all-ledgers")
        admin.run("init", "--hub", self.hub.enrol_address, "--token", token)
        for _ in range(2):
            admin.sync()
        number = one.run("status").json["device"]
        grants = [grant for grant in admin.run("show", "--ledger", "national", "--kind", "grant").json
                  if ledger in str(grant) and f"device#{number}.1" in str(grant)]
        self.assertEqual(len(grants), 1, grants)
        admin.run("delete", "--ledger", "national", f"grant#{grants[0]['id']}")
        admin.sync()

    def test_a_colleague_who_is_behind_undoes_nothing(self):
        for code, *more in (("1.2", "name_en=old"), ("1.3",), ("1.4",), ("1.5", "formula=[1.2] * 2"), ("1.6", "formula=[1.2] * 3"),
                            ("1.7", "sectors=other"), ("1.8",)):
            self.set(self.health, HEALTH, "new:indicator", f"code={code}", "parent=kpa:1", f"name_ar=حوادث {code}", "unit=عدد",
                     *([] if any("sectors" in word for word in more) else ["sectors=wellbeing"]), *more)
            if not any("formula" in word for word in more):
                self.set(self.health, HEALTH, f"{code}@2025", "value=5")
        self.share()
        behind = self.office("behind", "focal-point", SECTOR, "national", HEALTH, party="health")
        self.cut_off(behind, HEALTH)
        self.set(self.health, HEALTH, "1.2", "name_en=new")
        self.set(self.health, HEALTH, "1.2@2025", "value=7")
        self.set(self.health, HEALTH, "1.2@2024", "value=3")
        self.health.run("delete", "--ledger", HEALTH, "1.3@2025")
        self.set(self.health, HEALTH, "1.4@2025", "returned=unclear")
        self.set(self.health, HEALTH, "1.6@2025", "value=99")
        self.set(self.health, HEALTH, "1.7", "sectors=wellbeing; other")
        self.set(self.health, HEALTH, "1.8", "sectors=")
        self.share()
        self.interior.run("export", "--ledger", SECTOR, os.path.join(self.folder, "before"))
        behind.try_run("sync")
        said = behind.run("share", "--ledger", HEALTH).json["sectors"]
        self.assertEqual([(one["sector"], one["behind"], one["changed"]) for one in said if one["held"]], [("wellbeing", True, 0)])
        self.assertIn("daftar sync", behind.run("share", "--ledger", HEALTH, as_json=False).out)
        behind.try_run("sync")
        self.assertEqual(self.health.run("share", "--ledger", HEALTH).json["sectors"][-1]["changed"], 0)
        self.sync()
        self.interior.run("export", "--ledger", SECTOR, os.path.join(self.folder, "after"))
        for name in os.listdir(os.path.join(self.folder, "before")):
            with open(os.path.join(self.folder, "before", name)) as one, open(os.path.join(self.folder, "after", name)) as other:
                self.assertEqual(one.read(), other.read())
        self.said("who holds less of a register than a colleague shared undoes nothing of it")

    def test_what_comes_back_says_what_it_says_then(self):
        self.share()
        there = self.shared(self.interior, HEALTH)
        self.health.run("delete", "--ledger", HEALTH, "1.1@2025")
        self.share()
        self.health.run("delete", "--ledger", HEALTH, "1.1@2025", "--undo")
        self.set(self.health, HEALTH, "1.1@2025", "value=44")
        self.share()
        self.assertEqual(self.value_there(self.interior, there), "44")
        self.set(self.health, HEALTH, "1.1", "sectors=")
        self.share()
        self.set(self.health, HEALTH, "1.1", "sectors=wellbeing", "name_en=Accidents")
        waits = self.health.run("share", "--ledger", HEALTH, as_json=False).out
        self.assertIn("daftar sync", waits, "the hub has not confirmed that it is shared")
        self.share()
        self.assertEqual(self.interior.value(there, "name_en", "--ledger", SECTOR), "Accidents")
        self.assertEqual(self.value_there(self.interior, there), "44")
        self.said("what comes back after it was withdrawn comes as it is by then")

    def test_two_who_share_at_once_leave_nothing_to_settle(self):
        self.share()
        there = self.shared(self.interior, HEALTH)
        colleague = self.office("colleague", "focal-point", HEALTH, SECTOR, "national", party="health")
        colleague.sync()
        before = colleague.run("find", "--ledger", SECTOR, "حوادث").json["found"]
        self.set(self.health, HEALTH, "1.1@2025", "value=20")
        for _ in range(2):
            self.health.sync()
        self.health.run("share", "--ledger", HEALTH)
        for _ in range(2):
            colleague.sync()
        self.set(colleague, HEALTH, "1.1@2025", "value=21")
        for _ in range(2):
            colleague.sync()
        colleague.run("share", "--ledger", HEALTH)
        colleague.sync()
        behind = self.health.run("share", "--ledger", HEALTH).json["sectors"][0]
        self.assertEqual((behind["behind"], behind["changed"]), (False, 0), "its own waits still")
        for turn in range(3):
            for one in (self.health, colleague):
                one.sync()
                changed = one.run("share", "--ledger", HEALTH).json["sectors"][0]["changed"]
                one.sync()
        self.assertEqual(changed, 0, "they come to rest")
        self.health.sync()
        self.assertEqual(self.health.run("conflicts", "--ledger", SECTOR).json, [])
        self.assertEqual(self.value_there(self.health, there), "21")
        self.assertEqual(self.health.run("find", "--ledger", SECTOR, "حوادث").json["found"], before, "the same records")
        self.said("colleagues who share at once leave one value, the newer register's")

    def test_a_user_stays_with_his_party(self):
        self.hub.run("token", "--role", "focal-point", "--user", "1", "--party", "interior", code=4, error="authority.party")
        self.hub.run("token", "--role", "focal-point", "--user", "1", "--party", "health")
        # Of two open tokens the first that is used says the party.
        one = Device(self, None, "one")
        one.run("init", "--hub", self.hub.enrol_address, "--token", self.hub.token("--ledger", SECTOR))
        user = one.run("status").json["user"]
        tokens = [self.hub.token("--ledger", SECTOR, "--user", str(user), "--party", party) for party in ("health", "interior")]
        for number, token in enumerate(tokens):
            again = Device(self, None, f"again{number}").try_run("init", "--hub", self.hub.enrol_address, "--token", token)
            self.assertEqual((again.code, again.error), ((0, ""), (4, "authority.party"))[number], again.err)
        self.said("a person who changes administration is enrolled there anew")

    def test_nobody_takes_the_place_of_another(self):
        of = self.health.run("show", "--ledger", HEALTH, "1.1").json["id"]
        claim = ("set", "--ledger", SECTOR, "new:indicator", "code=1.1", "name_ar=x", f"shared_from={HEALTH}#{of}")
        refused = self.interior.try_run(*claim)
        self.assertEqual((refused.code, refused.error), (4, "authority.source"), "not a register of its own")
        self.omsar.run(*claim)
        self.share()
        found = [one for one in self.omsar.run("find", "--ledger", SECTOR, "حوادث").json["shown"]]
        self.assertEqual(len(found), 2, "health and interior share all the same")
        self.said("a record that claims to be another's keeps nobody from sharing")

    def test_what_two_report_differently_is_found(self):
        self.share()
        self.set(self.omsar, SECTOR, "new:kpa", "code=S", "name_ar=القطاع", "scope=sectoral")
        self.set(self.omsar, SECTOR, "new:indicator", "code=S.1", "parent=kpa:S", "name_ar=حوادث السير", "unit=عدد")
        for ledger in (HEALTH, INTERIOR):
            self.set(self.omsar, SECTOR, self.shared(self.omsar, ledger), "parent=S.1")
        self.sync()
        found = self.health.run("check", "--ledger", SECTOR).json["findings"]
        self.assertEqual(len([one for one in found if one["check"] == "shared_differs"]), 2, found)
        self.set(self.interior, INTERIOR, "1.1@2025", "value=12")
        self.share()
        found = self.health.run("check", "--ledger", SECTOR).json["findings"]
        self.assertEqual([one for one in found if one["check"] == "shared_differs"], [])
        self.said("figures of one thing that differ are named until they agree")

    def test_scores_of_a_sector_and_a_ministry(self):
        admin = Device(self, None, "admin")
        token = self.hub.token("--role", "omsar-administrator", "--all-ledgers")
        admin.run("init", "--hub", self.hub.enrol_address, "--token", token)
        admin.sync()
        self.set(admin, "national", "new:organisation", "code=M", "name_ar=وزارة")
        for code, ledger, sector in (("H", HEALTH, "Wellbeing"), ("I", INTERIOR, "wellbeing"), ("X", "administration/x", "")):
            self.set(admin, "national", "new:organisation", f"code={code}", f"name_ar={code}", "parent=M", f"ledger={ledger}",
                     f"sector={sector}")
        for _ in range(2):
            admin.sync()
            self.sync()
        found = self.omsar.run("score", "--sector", "WELLBEING", "--period", "2025").json
        self.assertEqual([(part["code"], part["score"]) for part in found["parts"]],
                         [("H", 10 / 12 * 100), ("I", 10 / 13 * 100)])
        self.assertAlmostEqual(found["score"], (10 / 12 + 10 / 13) * 50)
        below = self.health.run("score", "--ministry", "M").json
        self.assertEqual([(part["code"], part["held"]) for part in below["parts"]], [("H", True), ("I", False), ("X", False)])
        self.assertEqual([one["parent"] for one in self.health.run("ministries").json], ["M", "M", None, "M"])
        self.assertEqual(self.health.try_run("score", "--sector", "none").error, "score.sector_none")
        self.interior.run("score", "--ministry", "H", code=3, error="score.none_held")
        self.omsar.run("score", "--sector", "wellbeing", "--as-of", "3", code=2, error="score.position_of_many")
        self.omsar.run("score", "--sector", "wellbeing", "--as-of", "2099-01-01")
        opened = self.omsar.run("explain", "--sector", "wellbeing").json
        self.assertEqual((opened["score"], opened["formula"], len(opened["parts"])), (found["score"], "roll_up", 2))
        self.assertIn("daftar explain --ledger " + HEALTH, self.omsar.run("explain", "--ministry", "m", as_json=False).out)
        text = self.omsar.run("score", "--sector", "wellbeing", as_json=False).out
        self.assertRegex(text, r"80\.1 .*\n.*83\.3 .*H\n.*76\.9 .*I")
        self.said("administrations add up to sectors and ministries")

    def test_a_request_is_answered_by_another(self):
        self.share()
        asked = self.set(self.interior, SECTOR, "new:request", "text=حسب القضاء", "period=2025")
        self.sync()
        self.set(self.health, SECTOR, f"request#{asked['id']}", "answer=سنرسلها")
        refused = self.health.try_run("set", "--ledger", SECTOR, f"request#{asked['id']}", "text=لا")
        self.assertEqual(refused.error, "authority.owner")
        self.sync()
        self.assertEqual(self.interior.value(f"request#{asked['id']}", "answer", "--ledger", SECTOR), "سنرسلها")
        self.said("a request for a value, and its answer")


if __name__ == "__main__":
    office.main()
