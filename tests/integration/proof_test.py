#!/usr/bin/python3
"""audit, receipt, verify: what was entered is proved to people who hold nothing but the hub's key, and what does not
hold is never called good. Receipts and entries files are read by the independent reader too."""

import base64
import os
import shutil
import sqlite3
import sys
import time

import office
from office import LEDGER, Device, Hub

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "reader"))
import daftar_reader as reader


class ProofTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.a = Device(self, self.hub, "a")
        self.b = Device(self, self.hub, "b")
        self.hub_key = self.hub.key
        self.a.sync()
        self.begin_register(self.a, ("1.1", "1.2"))
        self.a.sync()
        self.b.sync()
        self.b.set("1.1@2024 H1", "value=12.5", message="first half of 2024")
        self.a.set("1.1@2024 H1", "value=13")
        self.b.sync()
        self.a.sync()
        self.b.sync()

    def stranger(self):
        """A program without an enrolled folder: an auditor."""
        return Device(self, None, "stranger")

    def receipt(self, device=None, *arguments):
        path = self.path("proof.tlog-proof")
        made = (device or self.b).run("receipt", *arguments, "--out", path, "--replace").json
        self.assertEqual(made["file"], path)
        with open(path, "rb") as file:
            return made, path, file.read()

    def test_audit_of_a_folder(self):
        at_hub = self.assert_equal_everywhere(self.hub, self.a, self.b)
        for device in (self.a, self.b):
            report = device.run("audit").json
            self.assertEqual(len(report), 1)
            self.assertTrue(report[0]["good"], report)
            self.assertEqual([report[0][what] for what in ("entries", "root", "digest", "devices")],
                             [at_hub["size"], at_hub["root"], at_hub["digest"], 2])
            self.assertEqual(device.run("audit", LEDGER).json, report)
        text = self.b.run("audit", as_json=False).out
        self.assertIn("GOOD", text)
        self.b.run("audit", "administration/nowhere", code=3, error="ledger.missing")
        self.b.run("audit", "--hub-key", self.hub_key, code=2, error="command_line.bad")
        self.stranger().run("audit", code=3)
        self.said("audit of a folder: size, root and digest are those of the hub")

    def test_audit_of_an_entries_file(self):
        path = self.path("register.entries")
        self.b.run("export", "--entries", path)
        alone = Device(self, None, "nobody")
        report = alone.run("audit", "--entries", path, "--hub-key", self.hub_key).json[0]
        self.assertTrue(report["good"], report)
        self.assertEqual(report["root"], self.hub.ledger()["root"])
        alone.run("audit", "--entries", path, code=2, error="hub_key.needed")
        other_key = Hub(self, "other", start=False).key
        wrong = alone.run("audit", "--entries", path, "--hub-key", other_key, code=7, error="audit.failed").json[0]
        self.assertEqual((wrong["good"], wrong["rule"]), (False, "checkpoint.bad"))
        with open(path, "rb") as file:
            raw = file.read()
        self.assertEqual(reader.check_entries(raw).seals, 3)
        damaged = self.write("damaged.entries", raw[:200] + bytes([raw[200] ^ 1]) + raw[201:])
        bad = self.b.try_run("audit", "--entries", damaged)
        self.assertEqual(bad.code, 7, str(bad))
        cut = self.write("cut.entries", raw[:-1])
        self.b.run("audit", "--entries", cut, code=7, error="entries_file.bad")
        self.b.run("audit", "--entries", self.path("none"), code=3)
        self.b.run("audit", LEDGER, "--entries", path, code=2, error="command_line.bad")

    def test_damage_is_named(self):
        with sqlite3.connect(os.path.join(self.b.folder, "daftar.db")) as database:
            database.execute("DELETE FROM entry WHERE id = (SELECT min(id) FROM entry)")
        result = self.b.run("audit", code=7, error="audit.failed")
        wrong = result.json[0]
        self.assertEqual((wrong["good"], wrong["rule"], wrong["wrong_entry"]), (False, "entry.out_of_order", 1))
        text = self.b.run("audit", code=7, as_json=False)
        self.assertIn("entry 1 breaks the rule entry.out_of_order", text.out)
        self.assertIn("Central Inspection", text.err)
        self.a.run("audit")

    def test_receipt_of_a_value(self):
        made, path, raw = self.receipt(self.b, "1.1@2024 H1", "value")
        self.assertEqual(self.b.value("1.1@2024 H1"), "12.5")
        self.assertEqual((made["position"], made["pending"]), (2, False), "the current version, not its contender")
        shown = Device(self, None, "nobody").run("verify", path, "--hub-key", self.hub_key).json
        self.assertEqual((shown["code"], shown["hub"], shown["ledger"], shown["position"]),
                         (made["code"], "hub.test", LEDGER, made["position"]))
        self.assertEqual((shown["device"], shown["author"]), (self.b.number, self.b.user))
        self.assertEqual([(edit["field"], edit["value"], edit["outcome"]) for edit in shown["edits"]],
                         [("value", "12.5", "applied")])
        self.assertTrue(shown["edits"][0]["record"].endswith("@2024 H1"), shown)
        origin, header, changeset, code = reader.verify_receipt(raw, base64.b64decode(self.hub_key))
        self.assertEqual((origin, header.position, changeset.device, code),
                         ("hub.test/" + LEDGER, made["position"], self.b.number, made["code"]))
        first, _, _ = self.receipt(self.a, "--position", 1)
        self.assertEqual(first["position"], 1)
        self.b.run("verify", path)
        text = self.b.run("verify", path, as_json=False).out
        self.assertIn("GOOD  1-", text)
        self.assertIn("indicator #", text)
        self.b.set("1.1@2024 H1", "value=20", message="not sent\x1b[8m yet")
        again, path, _ = self.receipt(self.b, "1.1@2024 H1", "value")
        self.assertEqual((again["position"], again["pending"]), (2, True))
        self.b.sync()
        _, path, _ = self.receipt(self.b, "1.1@2024 H1", "value")
        self.assertNotIn("\x1b", self.b.run("verify", path, as_json=False).out)
        self.said("receipts hold at the sender, for a stranger with the hub's key, and for the independent reader")

    def test_inspection_cosigns(self):
        inspection = Device(self, self.hub, "inspection", ledgers=())
        key = inspection.run("status").json["key"]
        self.receipt(self.b, "--position", 1)
        self.b.run("verify", self.path("proof.tlog-proof"), "--cosigner", key, code=7, error="receipt.not_cosigned")
        inspection.sync()
        seen = inspection.status()["size"]
        self.assertTrue(inspection.sync().json["unchanged"])
        self.a.set("1.2@2024 H1", "value=1")
        self.a.sync()
        self.b.sync()
        self.assertEqual(self.b.status()["cosigned"], seen)
        _, path, raw = self.receipt(self.b, "--position", 1)
        shown = Device(self, None, "nobody").run("verify", path, "--hub-key", self.hub_key, "--cosigner", key).json
        self.assertEqual((shown["cosigner"], shown["size"]), (f"hub.test/device/{inspection.number}", seen))
        name, seconds = reader.find_cosignature(raw.partition(b"\n\n")[2], base64.b64decode(key))
        self.assertEqual(name, shown["cosigner"])
        self.assertLess(abs(seconds - time.time()), 600)
        text = self.b.run("verify", path, "--cosigner", key, as_json=False).out
        self.assertIn(f"cosigned by hub.test/device/{inspection.number}", text)
        newest, path, _ = self.receipt(self.b, "1.2@2024 H1")
        self.assertGreater(newest["position"], seen)
        self.b.run("verify", path)
        self.b.run("verify", path, "--cosigner", key, code=7, error="receipt.not_cosigned")
        self.assertTrue(self.b.run("audit").json[0]["good"])
        self.said("what inspection has cosigned stands in others' receipts, and the independent reader finds it there")

    def test_wrong_input(self):
        _, path, raw = self.receipt(self.b, "1.1@2024 H1")
        self.b.run("receipt", "1.1@2024 H1", "--out", path, code=13, error="export.exists")
        self.b.run("receipt", code=2, error="receipt.what")
        self.b.run("receipt", "1.1", "--position", 1, code=2, error="receipt.what")
        self.b.run("receipt", "--position", 99, code=3, error="receipt.no_entry")
        self.b.run("receipt", "1.9", code=3, error="code.missing")
        self.b.set("1.2@2024 H1", "value=1")
        self.b.run("receipt", "1.2@2024 H1", code=3, error="receipt.not_confirmed")
        alone = Device(self, None, "nobody")
        alone.run("verify", path, code=2, error="hub_key.needed")
        alone.run("verify", path, "--hub-key", "rubbish", code=2)
        alone.run("verify", path, "--hub-key", Hub(self, "other", start=False).key, code=7, error="checkpoint.bad")
        self.b.run("verify", self.path("none"), code=3)
        self.b.run("verify", self.write("text", "a letter"), code=7, error="receipt.bad")
        moved = raw.replace(f"index {self.hub.ledger()['size'] - 1}\n".encode(), b"index 0\n")
        self.assertNotEqual(moved, raw)
        self.b.run("verify", self.write("moved", moved), code=7, error="receipt.not_included")


if __name__ == "__main__":
    office.main()
