#!/usr/bin/python3
"""What administrations of a sector share: their values in the sector's ledger, which nobody else can write, requests,
figures that differ, and scores of all of them together."""

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

    def test_a_colleague_who_is_behind_withdraws_nothing(self):
        colleague = self.office("colleague", "focal-point", HEALTH, SECTOR, "national", party="health")
        self.set(self.health, HEALTH, "new:indicator", "code=1.3", "parent=kpa:1", "name_ar=حوادث الطرق", "unit=عدد", "sectors=wellbeing")
        self.set(self.health, HEALTH, "1.3@2025", "value=5")
        self.share()
        colleague.run("sync")
        before = colleague.run("find", "--ledger", SECTOR, "حوادث").json["found"]
        # Its copy of the register stays, and grows no more; the sector's goes on.
        behind = self.office("behind", "focal-point", SECTOR, "national", HEALTH, party="health")
        admin = Device(self, None, "admin")
        token = self.hub.token("--role", "omsar-administrator", "--all-ledgers")
        admin.run("init", "--hub", self.hub.enrol_address, "--token", token)
        for _ in range(2):
            admin.sync()
        number = behind.run("status").json["device"]
        grants = [one for one in admin.run("show", "--ledger", "national", "--kind", "grant").json
                  if str(one).find(HEALTH) >= 0 and str(one).find(f"device#{number}.1") >= 0]
        self.assertEqual(len(grants), 1, grants)
        for one in grants:
            admin.run("delete", "--ledger", "national", f"grant#{one['id']}")
        admin.sync()
        self.set(self.health, HEALTH, "1.3@2025", "value=6")
        self.set(self.health, HEALTH, "1.3@2024", "value=4")
        self.share()
        behind.try_run("sync")
        behind.run("share", "--ledger", HEALTH)
        behind.try_run("sync")
        colleague.sync()
        self.assertEqual(colleague.value("1.3@2025", "value", "--ledger", SECTOR), "6")
        self.assertEqual(colleague.value("1.3@2024", "value", "--ledger", SECTOR), "4")
        colleague.sync()
        self.assertEqual(colleague.run("share", "--ledger", HEALTH).json["sectors"][0]["changed"], 0)
        self.assertEqual(colleague.run("find", "--ledger", SECTOR, "حوادث").json["found"], before)
        self.said("devices of one administration share the same records")

    def test_a_user_stays_with_his_party(self):
        self.hub.run("token", "--role", "focal-point", "--user", "1", "--party", "interior", code=4, error="authority.party")
        self.hub.run("token", "--role", "focal-point", "--user", "1", "--party", "health")
        self.said("a person who changes administration is enrolled there anew")

    def test_nobody_takes_the_place_of_another(self):
        of = self.health.run("show", "--ledger", HEALTH, "1.1").json["id"]
        self.set(self.interior, SECTOR, "new:indicator", "code=1.1", "name_ar=x", f"shared_from={HEALTH}#{of}")
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
