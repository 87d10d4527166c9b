#!/usr/bin/python3
"""Who gets in: tokens, certificates, their renewal and their end, revoked devices, foreign clients."""

import base64
import hashlib
import os
import pty
import socket
import sqlite3
import ssl
import stat
import subprocess
import sys
import time

import office
from office import LEDGER, Device, Hub, Proxy, wait_until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "faults"))
import faults  # noqa: E402  (found by the line above)

DAY_S = 24 * 3600
# What an Ed25519 key has before its 32 bytes in PKCS#8 (RFC 8410).
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
# A gRPC message of no bytes: not compressed, length 0.
EMPTY_MESSAGE = bytes(5)


def key_pem(path):
    with open(path, "rb") as file:
        encoded = base64.b64encode(PKCS8 + file.read()).decode()
    return f"-----BEGIN PRIVATE KEY-----\n{encoded}\n-----END PRIVATE KEY-----\n"


def setting(device, name):
    with sqlite3.connect(os.path.join(device.folder, "daftar.db")) as database:
        value = database.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()[0]
    database.close()
    return value


def connect(address):
    """A TLS connection that believes any server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    host, port = address.rsplit(":", 1)
    return context.wrap_socket(socket.create_connection((host, int(port)), 20), server_hostname="daftar-hub")


def serial_at(address):
    with connect(address) as line:
        return line.getpeercert(binary_form=True)


class IdentityTest(office.OfficeTest):
    def setUp(self):
        super().setUp()
        self.hub = Hub(self)
        self.a = Device(self, self.hub, "a")

    def in_days(self, days):
        """While it lasts, programs start with a clock that is so many days ahead."""
        library = faults.time_library()
        return faults.Preloaded(self, f"in-{days}-days", {
            "LD_PRELOAD": library, "FAKETIME": f"+{days * DAY_S}", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1", "ASAN_OPTIONS": "verify_asan_link_order=0"})

    def openssl(self, *words, at=None):
        before = ["faketime", at] if at else []
        subprocess.run([*before, "openssl", *words], check=True, capture_output=True, cwd=self.folder)

    # -- tokens

    def test_a_token_enrols_one_device(self):
        hub = self.hub
        token = hub.token("--ledger", LEDGER, "--label", "the desk at the window")
        first, second = (Device(self, None, name) for name in ("first", "second"))
        given = first.run("init", "--hub", hub.enrol_address, "--token", token).json
        self.assertEqual(given["hub_key"], hub.key)
        # An answer that was lost: the same device asks again, and is the same.
        again = first.run("init", "--hub", hub.enrol_address, "--token", token.lower().replace("-", " ")).json
        self.assertEqual(given, again)
        second.run("init", "--hub", hub.enrol_address, "--token", token, code=4, error="token.refused")
        second.run("status")
        second.run("set", "new:kpa", "code=1", code=3, error="device.no_number")
        ended = hub.token("--ledger", LEDGER)
        with sqlite3.connect(os.path.join(hub.folder, "hub.db")) as database:
            database.execute("UPDATE token SET ends_ms = 1 WHERE key = x''")
        database.close()
        second.run("init", "--hub", hub.enrol_address, "--token", ended, code=4, error="token.refused")
        self.assertEqual([one["device"] for one in hub.run("device", "list").json], [self.a.number, given["device"]])
        # The secret is in no file of the hub; whoever reads its database cannot enrol.
        secret = base64.b32decode(token.replace("-", ""))[:10]
        for name in os.listdir(hub.folder):
            with open(os.path.join(hub.folder, name), "rb") as file:
                self.assertNotIn(secret, file.read(), name)
        for line in hub.running.log().splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT\S+ (info|warning|error) [a-z_]+\.[a-z_]+ ")
            self.assertNotIn(token[:19], line)
        fresh = hub.token("--ledger", LEDGER, "--user", self.a.user)
        self.assertEqual(second.run("init", "--hub", hub.enrol_address, "--token", fresh).json["user"], self.a.user)
        self.said("a token counts once, for some minutes, and again only for the device that has used it")

    def test_another_hub_at_the_address(self):
        other = Hub(self, "other")
        token = self.hub.token("--ledger", LEDGER)
        device = Device(self, None, "device")
        device.run("init", "--hub", other.enrol_address, "--token", token, code=4, error="certificate.other_hub")
        self.assertEqual(other.run("device", "list").json, [], "nothing was sent")
        device.run("init", "--hub", self.hub.enrol_address, "--token", token)
        device.sync()
        device.run("init", "--hub", other.enrol_address, code=4, error="certificate.untrusted")
        # The other hub where this one was: no certificate of this root, so nothing is said to it.
        device.run("init", "--hub", self.hub.enrol_address, "--sync", other.address)
        device.set("new:kpa", "code=1")
        device.sync(code=4, error="certificate.untrusted")
        self.assertEqual((other.ledger()["size"], device.status()["waiting"]), (0, 1))
        device.run("init", "--hub", self.hub.enrol_address)
        self.assertEqual(device.sync().json["pushed"], 1)
        self.said("a device speaks with the hub of its token alone, wherever that has moved")

    def test_keys_and_databases_are_their_owners_alone(self):
        self.a.sync()
        for folder in (self.a.folder, self.hub.folder):
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
            for name in os.listdir(folder):
                if not name.endswith(".lock"):
                    self.assertEqual(stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode), 0o600, name)

    # -- a key that is sealed

    def at_terminal(self, device, command, *answers):
        """Runs a command at a terminal, types an answer at each prompt, and returns its exit code and what was seen."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(office.PROGRAMS["daftar"], device.command(*command), office.environment(self.folder))
        seen = b""
        for answer in answers:
            before = len(seen)
            while not seen[before:].rstrip(b" ").endswith(b":"):
                seen += os.read(terminal, 1000)
            os.write(terminal, answer.encode() + b"\n")
        try:
            while more := os.read(terminal, 1000):
                seen += more
        except OSError:  # the other end has closed
            pass
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode()

    def test_a_sealed_key(self):
        hub, device = self.hub, self.a
        device.sync()
        first, second = "a phrase of some words", "quite another phrase"
        files = [self.write("first", first + "\n"), self.write("second", second + "\r\nmore\n")]
        device.run("passphrase", "--new-file", self.write("short", "too short"), code=2, error="passphrase.short")
        self.assertFalse(device.run("status").json["key_sealed"])
        device.run("passphrase", "--new-file", files[0])
        self.assertTrue(device.run("status").json["key_sealed"])
        with open(device.folder + "/device.key", "rb") as file:
            self.assertNotIn(b"phrase", file.read())
        # Work never waits for a passphrase; what speaks to the hub does.
        self.begin_register(device)
        device.run("audit")
        device.sync(code=2, error="passphrase.needed", start_new_session=True)
        device.sync(code=4, error="passphrase.wrong", env={"DAFTAR_PASSPHRASE_FILE": files[1]})
        device.run("agent", code=2, error="passphrase.needed", start_new_session=True)
        self.assertEqual(device.sync(env={"DAFTAR_PASSPHRASE_FILE": files[0]}).json["pushed"], 1)
        # At the terminal, where it is not seen.
        code, seen = self.at_terminal(device, ["sync"], first)
        self.assertEqual(code, 0, seen)
        self.assertNotIn(first, seen)
        code, seen = self.at_terminal(device, ["passphrase"], first, second, first)
        self.assertIn("passphrase.differs", seen)
        code, seen = self.at_terminal(device, ["passphrase"], first, second, second)
        self.assertEqual(code, 0, seen)
        device.sync(code=4, error="passphrase.wrong", env={"DAFTAR_PASSPHRASE_FILE": files[0]})
        # A number of its own for a copy: the new key is sealed by the same passphrase.
        token = hub.token("--ledger", LEDGER, "--user", device.user)
        told = device.run("init", "--hub", hub.enrol_address, "--token", token, "--again",
                          env={"DAFTAR_PASSPHRASE_FILE": files[1]}).json
        self.assertNotEqual(told["device"], device.number)
        self.assertTrue(device.run("status").json["key_sealed"])
        device.sync(env={"DAFTAR_PASSPHRASE_FILE": files[1]})
        device.run("passphrase", "--remove", env={"DAFTAR_PASSPHRASE_FILE": files[1]})
        self.assertFalse(device.run("status").json["key_sealed"])
        device.sync()
        self.said("a sealed key speaks to the hub by its passphrase alone; work on the register needs none")

    # -- foreign clients

    def is_answered(self, address, certificate=None, key=None):
        """Whether the hub answers a call of nghttp's: under TLS 1.3 the handshake alone says nothing."""
        client = [f"--cert={certificate}", f"--key={key}"] if certificate else []
        done = subprocess.run(
            ["nghttp", "-v", "-t", "20", *client, "-d", self.write("empty", EMPTY_MESSAGE), "-H", "te: trailers",
             "-H", "content-type: application/grpc", f"https://{address}/daftar.v1.Hub/Heads"],
            capture_output=True, text=True, timeout=60, errors="replace")
        return "grpc-status: 0" in done.stdout

    def speaks(self, address, version, *client):
        """Whether `openssl s_client` comes to terms with the server."""
        done = subprocess.run(["openssl", "s_client", "-connect", address, version, *client, "-brief"],
                              capture_output=True, text=True, timeout=60, input="")
        return "Protocol version: TLSv1." in done.stdout + done.stderr

    def test_who_is_let_in(self):
        device, hub = self.a, self.hub
        own = self.write("own.crt", setting(device, "certificate")), self.write("own.key",
                                                                                key_pem(device.folder + "/device.key"))
        self.assertTrue(self.is_answered(hub.address, *own))
        self.assertFalse(self.is_answered(hub.address), "no certificate")
        self.assertFalse(self.is_answered(hub.address, hub.folder + "/server.crt", hub.folder + "/server.key"),
                         "wrong usage")
        as_device = ["-cert", own[0], "-key", own[1]]
        for address in (hub.address, hub.enrol_address):
            self.assertTrue(self.speaks(address, "-tls1_3", *as_device))
            self.assertFalse(self.speaks(address, "-tls1_2", *as_device), "TLS 1.2")

        self.openssl("genpkey", "-algorithm", "ed25519", "-out", "rogue.key")
        self.openssl("req", "-x509", "-new", "-key", "rogue.key", "-subj", "/CN=Daftar issuer", "-out", "rogue.crt")
        self.openssl("req", "-new", "-key", "own.key", "-subj", f"/CN=device {device.number}", "-out", "own.csr")
        self.write("client.ext", "extendedKeyUsage=clientAuth\n")
        sign = ["x509", "-req", "-in", "own.csr", "-days", "30", "-extfile", "client.ext"]
        self.openssl(*sign, "-CA", "rogue.crt", "-CAkey", "rogue.key", "-CAcreateserial", "-out", "by-rogue.crt")
        self.assertFalse(self.is_answered(hub.address, self.path("by-rogue.crt"), own[1]), "a rogue authority")

        issuer = hub.folder + "/issuer.pem"
        issued = ["-CA", issuer, "-CAkey", issuer, "-CAcreateserial", "-CAserial", self.path("serial")]
        self.openssl(*sign, *issued, "-out", "leaf.crt")
        above = self.read(issuer)
        above = above[above.index("-----BEGIN CERTIFICATE"):]
        self.assertTrue(self.is_answered(hub.address, self.write("good.crt", self.read("leaf.crt") + above), own[1]))
        self.openssl(*sign, *issued, "-out", "ended.crt", at="90 days ago")
        ended = self.write("ended-chain.crt", self.read("ended.crt") + above)
        self.assertFalse(self.is_answered(hub.address, ended, own[1]), "ended")

        # A good certificate, but with a key that is not the one that this number was registered with.
        self.openssl("req", "-new", "-key", "rogue.key", "-subj", f"/CN=device {device.number}", "-out", "own.csr")
        self.openssl(*sign, *issued, "-out", "leaf.crt")
        with sqlite3.connect(os.path.join(device.folder, "daftar.db")) as database:
            database.execute("UPDATE setting SET value = ? WHERE name = 'certificate'",
                             (self.read("leaf.crt") + above,))
        database.close()
        der = subprocess.run(["openssl", "pkey", "-in", self.path("rogue.key"), "-outform", "DER"], check=True,
                             capture_output=True).stdout
        with open(device.folder + "/device.key", "wb") as file:
            file.write(der[-32:])
        device.sync(code=4, error="device.caller_unknown")
        self.said("no certificate, a rogue authority, ended, wrong usage, another's key, TLS 1.2: none gets a word")

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="ascii") as file:
            return file.read()

    def read_bytes(self, path):
        with open(path, "rb") as file:
            return file.read()

    # -- renewal

    def test_certificates_renew(self):
        if not faults.time_library():
            faults.not_run("certificates that end", "the package faketime is missing")
            return
        device, hub = self.a, self.hub
        first = setting(device, "certificate")
        device.sync()
        self.assertEqual(setting(device, "certificate"), first, "not before half its time is over")
        hub.stop()
        with self.in_days(16):
            hub.serve()
        self.assertTrue(device.sync().json["unchanged"])
        second = setting(device, "certificate")
        self.assertNotEqual(second, first)
        hub.stop()
        # Dark for two months: the certificate has ended, and so would the hub's own.
        with self.in_days(16 + 75):
            hub.serve()
            self.assertIn("hub.certificate_renewed", hub.running.log())
            device.set("new:kpa", "code=1")
            self.assertEqual(device.sync().json["pushed"], 1)
            third = setting(device, "certificate")
            self.assertNotEqual(third, second)
        with self.in_days(16 + 75 + 60):
            hub.stop()
            hub.serve()
            hub.run("device", "revoke", device.number)
            device.sync(code=4, error="device.revoked")
        self.assertEqual(setting(device, "certificate"), third)
        self.said("certificates renew over sync, ended ones by the key; a revoked device gets none")

    def test_a_device_whose_clock_is_wrong(self):
        if not faults.time_library():
            return
        self.a.sync()
        self.hub.stop()
        with self.in_days(60):
            self.hub.serve()
        # Ended at the hub, good for the device's own clock: the hub's word counts.
        self.a.set("new:kpa", "code=1")
        self.assertEqual(self.a.sync().json["pushed"], 1)

    def test_the_hubs_certificate_is_replaced_while_it_serves(self):
        hub = self.hub
        for options in ([], ["--root-key", hub.folder + "/root.key"]):
            process, before = hub.running.process.pid, [serial_at(hub.address), serial_at(hub.enrol_address)]
            hub.run("certificate", *options)
            wait_until(lambda: serial_at(hub.address) != before[0], "gRPC shows the new certificate", 30)
            self.assertNotEqual(serial_at(hub.enrol_address), before[1])
            self.assertEqual(hub.running.process.pid, process)
            self.assertTrue(hub.running.is_running())
            self.a.sync()
            Device(self, hub, f"new{len(options)}").sync()
        os.rename(hub.folder + "/root.key", self.path("root.key"))
        hub.stop()
        hub.serve()
        Device(self, hub, "without-root").sync()
        hub.run("certificate", "--root-key", hub.folder + "/hub.key", code=2, error="root_key.other")
        self.said("the hub's certificate and its issuer are replaced while it serves; the root's key can be elsewhere")

    def test_a_hub_whose_files_are_damaged(self):
        hub = self.hub
        self.a.sync()
        hub.stop()
        # The key that signs checkpoints is not made anew over ledgers that devices know.
        for name in ("hub.key", "hub.db"):
            os.rename(os.path.join(hub.folder, name), self.path(name))
            hub.run("ledger", "list", code=7, error="hub.half")
            if name == "hub.key":
                hub.run("init", code=7, error="hub.half")
            os.rename(self.path(name), os.path.join(hub.folder, name))
        os.rename(hub.folder + "/root.key", self.path("root.key"))
        kept = {name: self.read_bytes(os.path.join(hub.folder, name)) for name in ("root.crt", "issuer.pem", "server.crt")}
        hub.run("init", code=13, error="hub.exists")
        # What is only missing is made, and nothing else is touched.
        for name in ("server.key", "server.crt"):
            os.remove(os.path.join(hub.folder, name))
            hub.run("serve", code=3)
            hub.run("init")
        self.assertEqual(self.read_bytes(hub.folder + "/issuer.pem"), kept["issuer.pem"])
        # What cannot be made again without the root's key, or does not belong together, is left as it is and named.
        for name in ("root.crt", "issuer.pem"):
            path = os.path.join(hub.folder, name)
            for damaged in (None, b"", kept[name][:-40], kept["root.crt" if name == "issuer.pem" else "issuer.pem"]):
                os.remove(path)
                if damaged is not None:
                    self.write(path, damaged)
                told = hub.try_run("init")
                self.assertNotEqual(told.code, 0, str(told))
                self.assertIn(told.error, ("certificate.unreadable", "file.not_found", "certificate.bad"), str(told))
                self.assertFalse(os.path.exists(hub.folder + "/root.key"))
                self.write(path, kept[name])
        hub.serve()
        self.assertTrue(self.a.sync().json["unchanged"])
        Device(self, hub, "late").sync()
        self.said("`init` makes what is missing, and puts no device of a damaged hub under another root")

    def test_a_new_root(self):
        """The issuer's key was seen by others: who has it counts until the root is another one."""
        hub = self.hub
        self.a.sync()
        self.a.set("new:kpa", "code=1")
        hub.stop()
        for name in ("root.crt", "root.key", "issuer.pem", "server.crt", "server.key"):
            os.rename(os.path.join(hub.folder, name), self.path(name))
        hub.run("init")
        hub.serve()
        self.a.sync(code=4, error="certificate.untrusted")
        number = self.a.number
        self.assertEqual(self.a.enrol(hub, user=self.a.user).json["device"], number)
        self.assertEqual(self.a.sync().json["pushed"], 1)
        self.said("a hub can be given a new root; its devices keep their numbers and their work")

    # -- strangers

    def test_strangers_at_the_enrolment(self):
        hub = self.hub
        host, port = hub.enrol_address.rsplit(":", 1)
        idle = [socket.create_connection((host, int(port)), 20) for _ in range(64)]
        self.addCleanup(lambda: [one.close() for one in idle])
        with socket.create_connection((host, int(port)), 20) as line:
            self.assertEqual(line.recv(1), b"", "the 65th is closed at once")
        # Nor does gRPC wait for a handshake that does not come.
        host, port = hub.address.rsplit(":", 1)
        silent = socket.create_connection((host, int(port)), 20)
        self.addCleanup(silent.close)
        wait_until(lambda: idle[0].recv(1) == b"", "an idle connection is closed", 30)
        silent.settimeout(30)
        while silent.recv(1000):
            pass
        host, port = hub.enrol_address.rsplit(":", 1)
        Device(self, hub, "b").sync()
        with connect(hub.enrol_address) as line:
            line.sendall(b"POST /v1/certificate HTTP/1.1\r\nHost: hub\r\nContent-Length: 20000\r\n\r\n" + b"x" * 20000)
            self.assertNotIn(b" 200 ", line.recv(100))
        # Made-up tokens say nothing, change nothing, and do not fill the log.
        stranger = Device(self, None, "stranger")
        good = base64.b32decode(hub.token("--ledger", LEDGER).replace("-", ""))
        for _ in range(5):
            made_up = os.urandom(10) + good[10:28]
            made_up += hashlib.sha256(made_up).digest()[:2]
            stranger.run("init", "--hub", hub.enrol_address, "--token", base64.b32encode(made_up).decode(), code=4,
                         error="token.refused")
        self.assertEqual(hub.running.log().count("token.refused"), 5)
        with connect(hub.enrol_address) as line:
            line.sendall(b"POST /v1/certificate HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\n\r\n{}")
            self.assertIn(b" 400 ", line.recv(100))
        for _ in range(40):
            with connect(hub.enrol_address) as line:
                line.sendall(b"POST /v1/certificate HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\n\r\n{}")
                line.recv(100)
        self.assertLessEqual(hub.running.log().count("enrolment.request_bad"), 20)
        # Nobody who holds a connection open can keep the hub from ending.
        held = [socket.create_connection((host, int(port)), 20) for _ in range(8)]
        self.addCleanup(lambda: [one.close() for one in held])
        time.sleep(0.2)
        began = time.monotonic()
        hub.stop()
        self.assertLess(time.monotonic() - began, 8, "it ends")
        self.said("strangers are bounded in connections, time, bytes and lines of the log")

    def test_no_secret_and_no_value_is_logged(self):
        hub, device = self.hub, self.a
        device.sync()
        self.begin_register(device)
        device.set("1.1@2024", "value=918273645", "note=unlikely-words-of-a-note", message="unlikely-words-of-a-message")
        token = hub.token("--ledger", LEDGER)
        other = Device(self, None, "other")
        other.run("init", "--hub", hub.enrol_address, "--token", token)
        with sqlite3.connect(os.path.join(device.folder, "daftar.db")) as database:  # a night was missed
            database.execute("INSERT OR REPLACE INTO setting VALUES('last_sync_ms', '1')")
        database.close()
        agent = device.start("agent")
        wait_until(lambda: device.status()["waiting"] == 0 or not agent.is_running(), "the agent has synced", 60)
        agent.stop()
        other.sync()
        hub.run("device", "revoke", device.number)
        device.sync(code=4)
        logs = hub.running.log() + agent.log()
        self.assertGreater(len(logs.splitlines()), 4, logs)
        secrets = [token, token.replace("-", ""), token[:19], "918273645", "unlikely-words"]
        for path in (hub.folder + "/hub.key", hub.folder + "/root.key", device.folder + "/device.key",
                     other.folder + "/device.key"):
            key = self.read_bytes(path)
            secrets += [key.hex(), base64.b64encode(key).decode()]
        for path in (hub.folder + "/issuer.pem", hub.folder + "/server.key"):
            secrets.append(self.read(path).splitlines()[1])
        for secret in secrets:
            self.assertNotIn(secret, logs)
        self.said("no token, no secret key and no value is in a log of the hub or of an agent")

    # -- shut out

    def test_revoked_while_it_sends(self):
        hub = self.hub
        line = Proxy(self, hub)
        far = Device(self, hub, "far", address=line.address)
        far.sync()
        self.begin_register(far)
        table, rows = self.write_notes("large.csv", ["1.1", "1.2"], range(1000, 7000), 1600)
        changesets = far.run("import", table).json["changesets"]
        line.pause_s = 0.01
        running = far.start("sync")
        wait_until(lambda: far.status()["entered"] > 0 or not running.is_running(), "the hub takes a batch")
        hub.run("device", "revoke", far.number)
        self.assertEqual(running.wait(60), 4, running.log())
        self.assertIn("device.revoked", running.log())
        state = far.status()
        self.assertGreater(state["waiting"], 0, state)
        self.assertLess(state["waiting"], changesets)
        self.assertEqual(far.run("show").json["records"]["measurement"], len(rows), "it keeps its data")
        # A colleague's device: what was not sent is made again under another number.
        line.pause_s = 0
        far.enrol(hub, user=far.user, again=True)
        far.sync()
        self.a.sync()
        self.assertEqual(self.a.run("show").json["records"]["measurement"], len(rows))
        self.assert_equal_everywhere(hub, far, self.a)
        self.said("a device that is retired while it sends is told so; its work goes on under another number")

    def test_lost(self):
        hub, device = self.hub, self.a
        device.sync()
        self.begin_register(device)
        device.sync()
        for year in (2024, 2025):
            device.set(f"1.1@{year}", "value=1", message="on the laptop that was stolen")
        hub.run("device", "revoke", device.number, "--lost")
        device.sync(code=4, error="device.lost")
        device.run("init", "--hub", hub.enrol_address, code=4, error="device.lost")
        device.run("init", "--hub", hub.enrol_address, "--token", hub.token("--ledger", LEDGER), code=4,
                   error="device.lost")
        # Nor under another number.
        device.enrol(hub, user=device.user, again=True, code=4, error="device.lost")
        self.assertEqual(device.value("1.1@2024"), "1", "it keeps what it has")
        # Nor does unsent work go on under somebody else's name.
        other = Device(self, hub, "another")
        other.sync()
        other.enrol(hub, again=True, code=4, error="token.other_user")
        self.assertEqual(device.status()["waiting"], 2)
        other = Device(self, hub, "other")
        other.sync()
        other.run("show", "1.1@2024", code=3)
        self.said("what a lost device had not sent cannot be handed on; it stays on that disk")

    def test_a_number_goes_back_to_its_device_alone(self):
        hub = self.hub
        self.a.sync()
        token = hub.token("--number", 9, "--user", 9, "--ledger", LEDGER)
        Device(self, None, "new").run("init", "--hub", hub.enrol_address, "--token", token, code=4,
                                      error="token.other_number")
        self.a.run("init", "--hub", hub.enrol_address, "--token", token, "--again", code=4, error="token.other_number")
        self.assertTrue(self.a.sync().json["unchanged"])
        hub.run("token", "--role", "focal-point", "--number", 9, "--ledger", LEDGER, code=2)


if __name__ == "__main__":
    office.main()
