#!/usr/bin/python3
"""Registers of other kinds: an action plan of commitments, a self-assessment with ordinal answers, a national list of SDG
indicators with formulas. Each is kept, checked, searched and scored with the commands that an office has."""

import json
import os

import office
from office import Device, Hub


class ExamplesTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.a = Device(self, self.hub, "a")
        self.a.sync()

    def set(self, *words):
        return self.a.set(*words)

    def findings(self, *options):
        return [(one["check"], one["record"]) for one in self.a.run("check", *options).json["findings"]
                if one["check"] != "unfilled"]

    def test_an_open_government_action_plan(self):
        """Commitments are milestone indicators; the independent review is the verification."""
        self.set("new:kpa", "code=NAP", "name_ar=خطة العمل الوطنية", "scope=organisational")
        for code, steps in (("C1", "30% 2024-06-30 Draft law; 30% 2024-12-31 Consultation; 40% 2025-12-31 Law adopted"),
                            ("C2", "50% 2024-12-31 Portal; 50% 2025-12-31 Data of five ministries")):
            self.set("new:indicator", f"code={code}", "parent=kpa:NAP", f"name_ar=التزام {code}", "direction=milestone",
                     "unit=مراحل")
            self.set(f"target:{code}@2025", f"value={steps}")
        self.set("C1@2024", "value=2")
        self.set("C2@2024", "value=0")
        self.set("C1@2025", "value=2.5")
        self.set("C2@2025", "value=2")
        plan = self.a.run("score", "kpa:NAP", "--period", "2024").json
        self.assertEqual([part["score"] for part in plan["parts"]], [100, 0], "what was due by the end of 2024")
        self.assertEqual([part["score"] for part in self.a.run("score", "kpa:NAP", "--period", "2025").json["parts"]],
                         [60, 100], "half a milestone is none")
        self.set("C1", "linear_milestones=yes")
        self.assertEqual(self.a.run("score", "C1", "--period", "2025").json["score"], 80)
        review = Device(self, self.hub, "review", ledgers=())
        self.a.sync()
        review.sync()
        review.run("set", "--ledger", office.LEDGER, "verification:C2@2025", "verdict=corrected", "value=1",
                   "reason=The portal has data of two ministries")
        for one in (review, self.a):
            one.sync()
        reviewed = self.a.run("score", "C2", "--period", "2025").json
        self.assertEqual((reviewed["score"], reviewed["verified"]["score"]), (100, 50))
        self.assertEqual(self.findings(), [])
        self.set("target:C2@2026", "value=50% 2026-12-31 More")
        self.assertEqual(self.findings(), [("milestones", "target:C2@2026")])
        self.said("an action plan: commitments by milestones, corrected by an independent review")

    def test_an_e_participation_self_assessment(self):
        """Questions with levels from 0 to 3; yes or no; weights; a part that does not apply."""
        self.set("new:kpa", "code=EP", "name_ar=المشاركة الإلكترونية", "scope=organisational")
        for code, direction, weight in (("Q1", "ordinal", 2), ("Q2", "ordinal", 1), ("Q3", "yes_no", 1), ("Q4", "ordinal", 1)):
            self.set("new:indicator", f"code={code}", "parent=kpa:EP", f"name_ar=سؤال {code}", f"direction={direction}",
                     f"weight={weight}", "unit=مستوى", "levels=none; information; consultation; decision", "lowest=0", "highest=3")
        for code, answer in (("Q1", "Consultation"), ("Q2", "٣"), ("Q3", "نعم"), ("Q4", "لا ينطبق")):
            if code != "Q3":
                self.set("baseline:" + code, "value=0", "period=2023")
                self.set(f"target:{code}@2025", "value=3")
            self.set(f"{code}@2025", f"value={answer}")
        found = self.a.run("score", "kpa:EP", "--period", "2025").json
        self.assertAlmostEqual(found["score"], (2 * 200 / 3 + 100 + 100) / 4)
        self.assertEqual(found["coverage"], 1, "what does not apply is not expected")
        heavier = self.a.run("score", "kpa:EP", "--period", "2025", "--weight", "Q1=0").json
        self.assertEqual(heavier["score"], 100)
        self.assertEqual(self.a.run("score", "kpa:EP", "--period", "2025").json["score"], found["score"], "nothing was kept")
        self.assertEqual(self.a.try_run("score", "--weight", "Q9=1").error, "weight.bad")
        self.assertEqual((self.a.value("Q1@2025", "value"), self.a.value("Q1@2025", "value_as_written")), ("2", "Consultation"))
        self.a.run("set", "Q1@2025", "value=nonsense", code=2, error="measured.bad")
        tables = os.path.join(self.folder, "tables")
        os.mkdir(tables)
        for name, lines in (("indicators", ("id,parent_id,level,name_en,direction,levels", "Q5,EP,kpi,Five,ordinal,لا; قليل; نعم")),
                            ("measurements", ("indicator_id,period,value,note", "Q5,2025,قَلِيل,", "Q1,2024,DECISION,", "Q1,2023,never,"))):
            with open(os.path.join(tables, name + ".csv"), "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
        self.a.try_run("import", tables)
        self.assertEqual([self.a.value(of, "value") for of in ("Q5@2025", "Q1@2024")], ["1", "3"], "in tables too")
        self.assertNotEqual(self.a.try_run("show", "Q1@2023").code, 0, "no level is called so")
        said = self.set("Q1@2025", "value=7")["findings"]
        self.assertIn("out_of_range", [one["check"] for one in said], "told at once")
        self.assertIn(("out_of_range", "Q1@2025"), self.findings())
        self.said("a self-assessment: ordinal and yes/no answers, weights, what does not apply")

    def test_a_national_list_of_sdg_indicators(self):
        """Codes of the official list, a formula, a break of the definition, the method progress-rate, search."""
        self.set("new:kpa", "code=G4", "name_ar=التعليم الجيد", "name_fr=Éducation de qualité", "scope=sectoral")
        for code, name, more in (("4.1.2", "معدل إتمام المرحلة الابتدائية", ("sdg=4.1.2", "unit=%", "direction=higher")),
                                 ("4.1.2a", "التلاميذ الذين أتمّوا", ("unit=عدد", "name_fr=Élèves ayant achevé")),
                                 ("4.1.2b", "التلاميذ", ("unit=عدد", "sdg=4.1.9"))):
            self.set("new:indicator", f"code={code}", "parent=kpa:G4", f"name_ar={name}", *more)
        self.set("4.1.2", "formula=[4.1.2a] / [4.1.2b] * 100")
        self.set("baseline:4.1.2", "value=60", "period=2015")
        self.set("target:4.1.2@2030", "value=100")
        for year, done, all_of in ((2019, 30, 50), (2020, 33, 50), (2021, 36, 50), (2022, 39, 50)):
            self.set(f"4.1.2a@{year}", f"value={done}")
            self.set(f"4.1.2b@{year}", f"value={all_of}")
        explained = self.a.run("explain", "4.1.2", "--period", "2022").json
        self.assertEqual([(one["role"], one["value"]) for one in explained["inputs"]][:4],
                         [("computed", "78"), ("formula", "[4.1.2a] / [4.1.2b] * 100"), ("formula_input", "39"),
                          ("formula_input", "50")])
        self.assertTrue(explained["computed"])
        self.assertIn("ƒ", self.a.run("score", "4.1.2", "--period", "2022", as_json=False).out)
        rate = self.a.run("score", "4.1.2", "--period", "2022", "--profile", "progress-rate").json
        expected = ((78 / 60) ** (1 / 7) - 1) / ((100 / 60) ** (1 / 15) - 1)
        self.assertAlmostEqual(rate["achievement"], expected)
        self.assertIn(("sdg_code", "4.1.2b"), self.findings())
        self.assertEqual([one["code"] for one in self.a.run("find", "التّعليـم").json["shown"]], ["G4"])
        self.assertEqual([one["code"] for one in self.a.run("find", "eleves", "acheve").json["shown"]], ["4.1.2a"])
        self.assertEqual([one["code"] for one in self.a.run("find", "اتمام").json["shown"]], ["4.1.2"])
        helped = self.a.run("targets", "4.1.2").json["indicators"][0]
        self.assertEqual((helped["targets"][0]["place"], round(helped["trend"]["per_year"], 2)), ("within", 6.0))
        series = self.a.run("series", "4.1.2").json
        self.assertEqual([(one["period"], one.get("value")) for one in series["periods"]][-2:], [("2022", "78"), ("2030", None)])
        self.set("4.1.2", "definition_breaks=2021", "agreed_administration=2")
        broken = self.a.run("series", "4.1.2").json
        self.assertEqual((broken["standing"], broken["definition_version"]), ("draft", 2))
        self.assertEqual([one["definition_version"] for one in broken["periods"]], [1, 1, 2, 2, 2])
        self.assertIn("not comparable", self.a.run("series", "4.1.2", as_json=False).out)
        inspection = Device(self, self.hub, "inspection", ledgers=())
        self.a.sync()
        inspection.sync()
        inspection.run("set", "--ledger", office.LEDGER, "4.1.2", "agreed_inspection=2")
        for one in (inspection, self.a):
            one.sync()
        self.assertEqual(self.a.run("series", "4.1.2").json["standing"], "agreed")
        self.assertIn(("definition_changed", "target:4.1.2@2030"), self.findings())
        units = {one["unit"]: one["spellings"] for one in self.a.run("units").json["units"]}
        self.assertEqual(units, {"percent": {"%": 1}, "number": {"عدد": 2}})
        self.said("a list of SDG indicators: codes, formulas, breaks, growth, search in two languages")


if __name__ == "__main__":
    office.main()
