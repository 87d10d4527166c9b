#!/usr/bin/python3
"""Who may write what, and who says so: roles, administrators and their approvals in `national`, by whole programs."""

import shutil

import office
from office import LEDGER, Device, Hub


class DirectoryTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)

    def role(self, device):
        device.sync()
        return device.run("status").json["role"]

    def audit(self, device):
        device.sync()
        for report in device.run("audit").json:
            self.assertEqual(report["judged"], report["entries"] - report["refused"], report)

    def test_roles(self):
        hub, focal = self.hub, Device(self, self.hub, "focal")
        focal.sync()
        self.begin_register(focal)
        focal.sync()
        officer = Device(self, None, "officer")
        officer.enrol(hub, role="data-officer")
        officer.sync()
        self.assertEqual(officer.run("status").json["role"], "data-officer")
        officer.set("1.1@2024", "value=7")
        told = officer.run("set", "1.1", "name_en=Another name", code=4, error="authority.denied")
        self.assertIn("focal-point", told.err)
        officer.run("import", self.write_indicators(["9.9"], "new.csv"), code=4, error="authority.denied")
        self.assertEqual(officer.status()["waiting"], 1, "nothing of it was saved")
        self.assertEqual(officer.sync().json["pushed"], 1)
        inspector = Device(self, hub, "inspector", ledgers=())
        inspector.sync()
        self.assertEqual(inspector.value("1.1@2024"), "7")
        inspector.run("set", "1.1@2024", "value=8", code=4, error="authority.denied")
        # What was saved before the role was another one is held, and says who may.
        hub.run("device", "grant", focal.number, "--role", "data-officer")
        focal.set("1.2", "name_en=Too late")
        self.assertEqual(focal.sync().json["refused"], 1)
        held = focal.run("held").json[0]
        self.assertEqual((held["reason"], held["who_may"]), ("no_authority", "focal-point, omsar-analyst"))
        self.assertIn("who may: focal-point, omsar-analyst", focal.run("held", as_json=False).out)
        hub.run("device", "grant", officer.number, "--role", "focal-point")
        officer.run("set", "1.1", "name_en=Another name", code=4, error="authority.denied")
        officer.sync()
        officer.set("1.1", "name_en=Another name")
        self.assertEqual(officer.sync().json["refused"], 0)
        self.said("a device saves what its user's role may write, and says who else may")

    def administrators(self):
        found = []
        for name in ("first", "second"):
            found.append(Device(self, None, name))
            found[-1].enrol(self.hub, ["national"], role="omsar-administrator")
            found[-1].sync()
        return found

    def test_administrators_appoint(self):
        hub, inspector = self.hub, Device(self, self.hub, "inspector", ledgers=())
        focal = Device(self, hub, "focal")
        focal.sync()
        self.begin_register(focal)
        focal.sync()
        first, second = self.administrators()

        # The hub appoints nobody any more; it registers.
        told = hub.run("token", "--role", "focal-point", "--ledger", LEDGER, code=4, error="hub.may_not_appoint")
        self.assertIn("national", told.err)
        hub.run("device", "grant", focal.number, "--role", "data-officer", code=4, error="hub.may_not_appoint")
        token = hub.run("token", "--party", "transport", "--ledger", LEDGER, "--ledger", "national").json["token"]
        newcomer = Device(self, None, "newcomer")
        user = newcomer.run("init", "--hub", hub.enrol_address, "--token", token).json["user"]
        self.assertEqual(self.role(newcomer), "none")
        newcomer.run("set", "1.1", "name_en=Not yet", "--ledger", LEDGER, code=4, error="authority.denied")

        hub.run("token", "--party", "x\x1b", "--ledger", LEDGER, code=2, error="party.bad")
        first.run("set", "new:user", "role=focal-point", code=4, error="kind.by_hub")

        # An administrator gives a role, whose name is checked.
        record = f"user#{user}.1"
        office.wait_until(lambda: first.sync() and first.try_run("show", record).code == 0, "the user is in national")
        first.run("set", record, "role=minister", code=2, error="role.unknown")
        first.run("set", record, "role=omsar-administrator", code=4, error="authority.alone")
        first.set(record, "role=focal-point")
        first.sync()
        self.assertEqual(self.role(newcomer), "focal-point")
        newcomer.run("set", "1.1", "name_en=By the newcomer", "--ledger", LEDGER)
        self.assertEqual(newcomer.sync().json["refused"], 0)

        # Two administrators make a third.
        own = first.run("status").json["user"]
        first.run("set", "new:approval", f"user=user#{own}.1", code=4, error="authority.alone")
        first.set("new:approval", f"user={record}")
        first.sync()
        self.assertEqual(self.role(newcomer), "focal-point")
        second.sync()
        second.set("new:approval", f"user={record}")
        second.sync()
        self.assertEqual(self.role(newcomer), "omsar-administrator")
        newcomer.run("set", f"device#{focal.number}.1", "standing=lost", "--ledger", "national")
        newcomer.sync()
        focal.sync(code=4, error="device.lost")
        self.audit(inspector)

        told = inspector.run("users").json
        self.assertFalse(told["founding"])
        made = [one for one in told["users"] if one["user"] == user][0]
        self.assertEqual([made["role"], made["party"], len(made["approved_by"])],
                         ["omsar-administrator", "transport", 2])
        lost = [one for person in told["users"] for one in person["devices"] if one["standing"] == "lost"]
        self.assertEqual([one["device"] for one in lost], [focal.number])
        focal.run("users", code=3, error="ledger.missing")
        self.said("the hub founds, two administrators appoint, and every entry's authority can be judged")

    def test_restored_hub_has_its_directory_again(self):
        """What `national` said after the backup counts again before anything is judged, and nobody gets a number or a
        role that is another's."""
        hub, inspector = self.hub, Device(self, self.hub, "inspector", ledgers=())
        focal = Device(self, hub, "focal")
        focal.sync()
        self.begin_register(focal)
        focal.sync()
        first, second = self.administrators()
        inspector.sync()
        hub.stop()
        office.copy_folder(hub.folder, self.path("backup"))
        hub.serve()

        newcomer = Device(self, None, "newcomer")
        made = newcomer.run("init", "--hub", hub.enrol_address, "--token", hub.run("token", "--ledger", LEDGER).json["token"]).json
        user, number = made["user"], made["device"]
        office.wait_until(lambda: first.sync() and first.try_run("show", f"user#{user}.1").code == 0, "the newcomer")
        first.set(f"user#{focal.user}.1", "role=data-officer")
        first.set(f"user#{user}.1", "role=focal-point")
        first.sync()
        newcomer.sync()
        newcomer.run("set", "1.1", "name_en=Of the newcomer")
        newcomer.sync()
        inspector.sync()

        hub.kill()
        shutil.rmtree(hub.folder)
        office.copy_folder(self.path("backup"), hub.folder)
        hub.serve("--restored")
        stranger = Device(self, None, "stranger")
        token = hub.run("token", "--ledger", LEDGER).json["token"]
        stranger.run("init", "--hub", hub.enrol_address, "--token", token, code=4, error="hub.is_restored")
        newcomer.run("sync", code=4, error="device.caller_unknown")
        focal.run("set", "1.2", "name_en=Not a data officer's to write")
        focal.run("sync", code=6, error="push.recovering")

        for device in (inspector, first, second, inspector, first):
            device.try_run("sync")
        newcomer.sync()
        self.assertEqual(focal.sync().json["refused"], 1)
        self.assertEqual(focal.run("held").json[0]["who_may"], "focal-point, omsar-analyst")
        stranger.run("init", "--hub", hub.enrol_address, "--token", token)
        self.assertGreater(stranger.run("status").json["device"], number)
        self.assertEqual(self.role(newcomer), "focal-point")
        self.assertEqual(self.role(stranger), "none")
        self.audit(inspector)
        self.said("a restored hub has its devices, users and roles back with national before it judges")


if __name__ == "__main__":
    office.main()
