#!/usr/bin/python3
"""`daftar score` and `daftar explain`: what an office and Central Inspection see."""

import json
import os

import office
from office import LEDGER, Device, Hub


class ScoreTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.a = Device(self, self.hub, "a")
        self.a.sync()
        for record in (("new:kpa", "code=1", "name_ar=المناطق الصناعية", "scope=sectoral"),
                       ("new:kpa", "code=2", "name_ar=الموارد البشرية", "scope=organisational"),
                       ("new:indicator", "code=1.1", "parent=kpa:1", "name_ar=الرخص", "direction=higher"),
                       ("new:indicator", "code=1.2", "parent=kpa:1", "name_ar=المهل", "direction=الأدنى أفضل"),
                       ("new:indicator", "code=2.1", "parent=kpa:2", "name_ar=التدريب", "direction=milestone"),
                       ("baseline:1.1", "value=40", "period=2024"), ("target:1.1@2025", "value=60"),
                       ("1.1@2025", "value=50"), ("target:1.2@2025", "value=60"),
                       ("target:2.1@2025", "value=40% 2025-06-30 Plan; 60% 2025-12-31 Training"), ("2.1@2025", "value=1")):
            self.a.set(*record)

    def score(self, *options):
        return self.a.run("score", *options).json

    def test_a_tree_of_scores(self):
        found = self.score("--period", "2025", "--all")
        self.assertEqual((found["shown"], found["band"]["word"], found["period"]), ("45.0", "behind", "2025"))
        self.assertEqual(found["profile"], {"code": "sopmip-default", "version": 0})
        self.assertEqual((found["sectoral"]["score"], found["organisational"]["score"]), (50, 40))
        first = found["parts"][0]
        self.assertEqual((first["score"], first["coverage"], first["accountability"]), (50, 0.5, 25))
        self.assertEqual([part.get("reason") for part in first["parts"]], [None, "not_reported"])
        self.assertEqual(self.score("1.1")["achievement"], 0.5)
        self.assertEqual(self.score()["period"], "2025", "the newest in which something was measured")
        self.assertEqual(self.score("--profile", "undp")["band"]["word"], "off_track")
        self.said("scores, coverage and both figures of a small register")

    def test_an_explanation_names_inputs_and_authors(self):
        found = self.a.run("explain", "1.1").json
        self.assertEqual(found["formula"], "from_baseline")
        self.assertEqual([(one["role"], one["record"], one["value"], one["device"]) for one in found["inputs"]],
                         [("value", "1.1@2025", "50", self.a.number), ("baseline", "baseline:1.1", "40", self.a.number),
                          ("target", "target:1.1@2025", "60", self.a.number)])
        self.assertEqual(found["recomputed"], found["score"])
        group = self.a.run("explain", "kpa:1").json
        self.assertEqual((group["formula"], group["recomputed"]), ("roll_up", group["score"]))
        self.assertEqual([part["code"] for part in group["parts"]], ["1.1", "1.2"])
        half = self.a.run("explain", "1.1", "--period", "2025 H1").json
        self.assertEqual(half["reason"], "not_due", "nothing says that it is measured by half-years")
        self.said("every figure opens down to who entered it")

    def test_results_stand_beside_money(self):
        for code, period, allocated, spent in (("B1", "2025", "120.5", "60"), ("B2", "2025", "79.5", "20"), ("B3", "2024 H1", "7", "7"), ("B4", "2025 H2", "9", "9")):
            self.a.set("new:budget_line", "kpa=kpa:1", f"code={code}", f"period={period}", f"allocated={allocated}", f"spent={spent}")
        self.assertEqual(self.a.run("explain", "kpa:1", "--period", "2025").json["budget"], {"allocated": 200, "spent": 80})
        self.assertEqual(self.score("kpa:1", "--period", "2025 H1")["budget"], {"allocated": 200, "spent": 80}, "of the whole year")
        self.assertEqual(self.score("kpa:1", "--period", "2024")["budget"], {"allocated": 7, "spent": 7}, "of a half")
        self.assertNotIn("budget", self.score("kpa:2", "--period", "2025"))
        self.assertIn("200 allocated, 80 spent", self.a.run("explain", "kpa:1", "--period", "2025", as_json=False).out)
        self.said("results stand beside money")

    def test_what_was_said_at_an_earlier_time(self):
        self.a.sync()
        self.a.sync()
        before = self.a.status()["position"] if "position" in self.a.status() else self.a.run("show").json["context"].split(":")[0]
        self.a.set("1.1@2025", "value=60")
        self.assertEqual(self.score("1.1")["score"], 100)
        self.assertEqual(self.score("1.1", "--as-of", before)["score"], 50)
        self.a.set("1.1", "code=1.9")
        self.a.sync()
        explained = self.a.run("explain", "1.1", "--as-of", before).json
        self.assertEqual([one["value"] for one in explained["inputs"]], ["50", "40", "60"])
        first = self.a.log("1.9@2025", "value")[0]
        self.assertEqual(explained["inputs"][0]["saved"], first["saved"], first)
        self.said("scores as of an earlier position")

    def test_checks_are_mended_or_justified(self):
        anchors = [f"{name}_anchor=نص" for name in ("institutional", "strategic", "legal", "budgetary")]
        for area in ("kpa:1", "kpa:2"):
            self.a.set(area, *anchors)
        for indicator in ("1.1", "1.2", "2.1"):
            self.a.set(indicator, "unit=عدد")
        for year, value in (("2022", 10), ("2023", 11)):
            self.a.set(f"1.1@{year}", f"value={value}")
        said = self.a.set("1.1@2024", "value=50")["findings"]
        self.assertEqual([one["check"] for one in said], ["jump"], "said at once")
        found = self.a.run("check").json
        self.assertEqual([(one["check"], one["record"]) for one in found["findings"]],
                         [("jump", "1.1@2024"), ("no_baseline", "1.2"), ("not_reported", "1.2@2025"), ("never_measured", "1.2")])
        self.assertEqual((found["errors"], found["warnings"], found["notes"], found["justified"]), (0, 3, 1, 0))
        self.a.set("new:justification", "check=jump", "about=1.1@2024", "text=مكتب جديد")
        self.a.set("1.2@2025", "value=لا ينطبق")
        found = self.a.run("check").json
        self.assertEqual([one["check"] for one in found["findings"]], ["no_baseline", "never_measured"])
        self.assertEqual(found["justified"], 1)
        self.assertEqual(len(self.a.run("check", "1.1", "--all").json["findings"]), 1)
        self.assertEqual(len(self.a.run("check", "kpa:1", "--all").json["findings"]), 3, "and what is below")
        self.a.set("1.1@2024", "value=51")
        self.assertEqual(self.a.run("check", "1.1").json["warnings"], 1, "another value has to be justified again")
        self.a.set("new:justification", "check=jump", "about=1.1@2024", "text=مكتب جديد")
        idle = self.a.set("new:justification", "check=outlier", "about=1.1@2024", "text=x")
        self.assertFalse(idle["justifies"], "there is no such finding")
        self.a.run("set", "new:justification", "check=jmp", "about=1.1@2024", "text=x", code=3, error="check.unknown")
        text = self.a.run("check", "--all", as_json=False, env={"DAFTAR_LANGUAGE": "ar"}).out
        self.assertIn("مكتب جديد", text)
        self.assertIn("أكثر من ثلاثة أضعاف", text)
        self.a.run("check", "9.9", code=3, error="code.missing")
        self.said("checks are listed, mended and justified")

    def test_indicators_outside_of_the_tree_are_named(self):
        self.a.set("new:indicator", "code=7.1", "name_ar=بلا مجال")
        self.a.set("1.2", "parent=1.2")
        self.assertEqual(self.score()["outside"], ["1.2", "7.1"])
        self.assertIn("1.2, 7.1", self.a.run("score", as_json=False).out)
        self.said("indicators that count nowhere are named")

    def test_words_and_symbols_for_people(self):
        text = self.a.run("score", as_json=False, env={"DAFTAR_LANGUAGE": "ar"}).out
        for expected in ("المناطق الصناعية", "◔", "متأخر", "قطاعي"):
            self.assertIn(expected, text)
        arabic = {"env": {"DAFTAR_LANGUAGE": "ar"}, "as_json": False}
        self.a.run("set", "1.1", "الاتجاه=الأدنى أفضل", **arabic)
        self.assertIn("الأدنى أفضل", self.a.run("show", "1.1", **arabic).out)
        self.assertIn("الأدنى أفضل", self.a.try_run("set", "1.1", "direction=up", **arabic).err, "the words that can be typed")
        self.assertNotIn("\x1b", text, "no colours but on a terminal")

    def test_wrong_input(self):
        for arguments, code, error in ((("score", "9.9"), 3, "code.missing"), (("score", "--period", "soon"), 2, "period.bad"),
                                       (("score", "--profile", "none"), 3, "profile.unknown"),
                                       (("score", "--profile", "missing.json"), 3, "file.not_found"),
                                       (("profiles", "--approve", "#9.9"), 3, "profile.not_proposed"),
                                       (("targets", "kpa:1"), 3, "targets.no_record"),
                                       (("set", "new:justification", "about=1.1@2024", "text=x"), 2, "record.incomplete"),
                                       (("set", "new:comment", "about=1.1@2024"), 2, "record.incomplete"),
                                       (("explain", "--as-of", "yesterday"), 2, "moment.bad"),
                                       (("score", "--as-of", "2001-01-01"), 3, "score.nothing_then"),
                                       (("set", "1.1", "direction=up"), 2, "choice.bad"),
                                       (("set", "target:1.1@2026", "value=20..10"), 2, "aim.bad"),
                                       (("set", "1.1", "weight=-1"), 2, "value.wrong_type"),
                                       (("set", "1.1", "weight=1e10"), 2, "value.wrong_type"),
                                       (("set", "1.1@2025", "value=many"), 2, "measured.bad"),
                                       (("set", "report#1.1", "state=open"), 2, "record.name_bad"),
                                       (("set", "target:1.1@2026", "value=" + "; ".join(["1% 2026-03-31 " + "x" * 1000] * 90)), 8, "value.too_long"),
                                       (("set", "1.1", "decimals=1.5"), 2, "value.wrong_type")):
            self.a.run(*arguments, code=code, error=error)
        path = os.path.join(self.folder, "profile.json")
        with open(path, "w") as file:
            json.dump({"method": "guess"}, file)
        self.a.run("score", "--profile", path, code=2, error="profile.bad")
        empty = Device(self, self.hub, "b")
        empty.sync()
        empty.run("score", "--ledger", LEDGER, code=3, error="score.no_period")

    def test_a_profile_takes_two_persons(self):
        national = ("--ledger", "national")
        first, second = Device(self, None, "first"), Device(self, None, "second")
        for device in (first, second):
            device.enrol(self.hub, ["national", LEDGER], role="omsar-administrator")
            device.sync()
        content = json.dumps({"method": "achievement", "lowest": 0, "highest": 100, "least_coverage": 0.4, "soft_above": 1.2,
                              "decimals": 0, "bands": [[40, "green", "met"], [0, "red", "far"]]})
        made = first.run(*national, "set", "new:profile", "code=sopmip-default", "version=1", f"content={content}").json
        for _ in range(2):
            first.sync()
        digest = first.run("profiles").json[-1]["content_hash"]
        approve = ("set", "new:profile_approval", f"profile=profile#{made['id']}", f"content_hash={digest}")
        first.run(*national, *approve)
        for device in (first, self.a, second, first):
            device.sync()

        def version(device):
            return device.run("score", "--ledger", LEDGER).json["profile"]["version"]

        self.assertEqual(version(first), 0, "its author's own approval does nothing")
        preview = first.run("score", "--ledger", LEDGER, "--profile", f"#{made['id']}").json
        self.assertEqual((preview["profile"]["version"], preview["band"]["word"]), (1, "met"))
        second.run(*national, *approve)
        self.assertEqual(version(second), 0, "the hub has not confirmed it")
        for device in (second, second, first):
            device.sync()
        self.assertEqual([version(first), version(second)], [1, 1])
        # What one person writes afterwards changes nothing of what two have agreed on.
        first.run(*national, "set", f"profile#{made['id']}", f"content={content} ", "version=99", "code=undp")
        second.run(*national, "delete", f"profile#{made['id']}")
        for device in (first, second, first, self.a):
            device.sync()
        self.assertEqual([version(first), version(second), version(self.a)], [1, 1, 0], "who does not hold national has the preset")
        self.assertEqual(first.run("score", "--ledger", LEDGER, "--as-of", "1", "--period", "2025").json["profile"]["version"], 0,
                         "at that time another one was in force")
        self.said("a profile is in force when another person has approved just its content")


if __name__ == "__main__":
    office.main()
