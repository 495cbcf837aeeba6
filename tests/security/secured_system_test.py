#!/usr/bin/env python3
"""The whole system with every door shut: a broker that demands TLS and a password, HTTPS, bearer tokens, signed commands. What has
the right keys works; what has not is told why; no secret is in a log or on a command line."""
import base64, concurrent.futures, hashlib, hmac, http.client, json, os, secrets, shutil, ssl, subprocess, tempfile, time, urllib.error, urllib.request
from pathlib import Path

from secured_broker import Authority, Keys, SecuredBroker, jwt, until
from system import BIN, Producer, free_port

directory = Path(tempfile.mkdtemp(prefix="orderly-security-"))
SECRETS = {name: f"{name}-{secrets.token_hex(16)}" for name in ("scram", "plain", "wrong", "service")}
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith("ORDERLY_")}
ours, strange = Authority(directory / "ours"), Authority(directory / "strange")
PARTITIONS = 4


def in_file(name, text):
    path = directory / name
    path.write_text(text)
    path.chmod(0o600)
    return path


def kafka(mechanism="PLAIN", user="plain", ca=ours):
    """The settings that are no secret, for a config file."""
    return {"security.protocol": "SASL_SSL", "sasl.mechanism": mechanism, "sasl.username": user,
            "ssl.ca.location": str(ca.certificate), "broker.address.family": "v4"}


def options(settings):
    return [word for key, value in settings.items() for word in ("--kafka", f"{key}={value}")]


def orderly(*words, environment=None, code=0):
    done = subprocess.run([BIN / "orderly", *map(str, words)], env=CLEAN | (environment or {}), capture_output=True, text=True, timeout=90)
    assert done.returncode == code, f"orderly {words}: {done.returncode}, not {code}\n{done.stdout}{done.stderr}"
    for secret in SECRETS.values():
        assert secret not in done.stdout + done.stderr, "a secret was printed"
    return done.stdout + done.stderr


class Program:
    """A service as a process, its command line and log free of secrets."""
    all = []

    def __init__(self, name, *words, environment=None, port=None):
        self.port, self.log = port or free_port(), directory / f"{name}-{len(Program.all)}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([BIN / name, "--listen", f"127.0.0.1:{self.port}", *map(str, words)],
                                            env=CLEAN | (environment or {}), stdout=log, stderr=log)
        Program.all.append(self)

    def get(self, path, token=None, method="GET", scheme="https", context=None):
        request = urllib.request.Request(f"{scheme}://localhost:{self.port}{path}", method=method,
                                         headers={"Authorization": f"Bearer {token}"} if token else {})
        context = context or ssl.create_default_context(cafile=str(ours.certificate))
        try:
            with urllib.request.urlopen(request, timeout=40, context=context if scheme == "https" else None) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers, answer.read().decode()
        except (OSError, http.client.HTTPException) as trouble:
            return 0, {}, str(trouble)

    def keeps_its_secrets(self):
        """While it runs."""
        words = Path(f"/proc/{self.process.pid}/cmdline").read_bytes().decode()
        for name, secret in SECRETS.items():
            assert secret not in words, f"{name} stands on the command line of {self.log.name}"
            assert secret not in self.log.read_text(), f"{name} stands in {self.log.name}"

    def stop(self):
        if self.process.poll() is None:
            self.keeps_its_secrets()
            self.process.terminate()
            assert self.process.wait(10) == 0, self.log.read_text()[-1000:]


def test_who_may_come_to_the_broker(broker):
    create = ["topics", "create", "--brokers", broker.address, "--partitions", PARTITIONS]
    password = in_file("password", SECRETS["plain"] + "\n")
    assert "cannot read" in orderly(*create, *options(kafka()), "--kafka", "sasl.password=@/no/file", code=2)
    assert "--kafka: key=value wanted" in orderly(*create, "--kafka", SECRETS["wrong"], code=2)
    # Each way to give the password, and each mechanism.
    orderly(*create, *options(kafka()), "--kafka", f"sasl.password=@{password}")
    orderly(*create, *options(kafka()), environment={"ORDERLY_KAFKA_SASL_PASSWORD": SECRETS["plain"]})
    config = in_file("plain.conf", "".join(f"kafka={k}={v}\n" for k, v in kafka().items()) + f"kafka=sasl.password={SECRETS['plain']}\n")
    orderly(*create, "--config", config)
    certificate_only = ["topics", "create", "--brokers", broker.certified_address, "--partitions", PARTITIONS]
    orderly(*certificate_only, *options(ours.client()))
    scram = {"ORDERLY_KAFKA_SASL_PASSWORD": SECRETS["scram"]}
    for mechanism in ("SCRAM-SHA-512", "SCRAM-SHA-256"):
        orderly(*create, *options(kafka(mechanism, "scram")), environment=scram)
    test_who_may_not([
        ((*create, *options(kafka()), "--kafka", f"sasl.password=@{in_file('wrong', SECRETS['wrong'])}"), None, "uthentication"),
        ((*create, *options(kafka(ca=strange)), "--kafka", f"sasl.password=@{password}"), None, "certificate"),
        ((*certificate_only, *options(strange.client() | {"ssl.ca.location": str(ours.certificate)})), None, "Kafka"),
        ((*certificate_only, *options({"security.protocol": "SSL", "ssl.ca.location": ours.certificate})), None, "Kafka")])


def test_who_may_not(refused):
    """All at once, since each tries for ten seconds."""
    with concurrent.futures.ThreadPoolExecutor(len(refused)) as pool:
        for told, (_, _, why) in zip(pool.map(lambda r: orderly(*r[0], environment=r[1], code=1), refused), refused):
            assert why in told, told


def test_a_refused_service_says_why(broker, name, where):
    """Wrong password, then wrong CA: in /readyz and in the log."""
    for settings, password, words in ((kafka(), "wrong", "uthentication"), (kafka(ca=strange), "plain", "certificate")):
        program = Program(name, "--brokers", broker.address, "--data", directory / f"{where}-{password}-{words}", *options(settings),
                          environment={"ORDERLY_KAFKA_SASL_PASSWORD": SECRETS[password]})
        until(lambda: words in program.get("/readyz", scheme="http")[2], 30, f"{name} says {words}: {program.get('/readyz', scheme='http')}")
        assert program.get("/readyz", scheme="http")[0] == 503
        until(lambda: words in program.log.read_text(), 10, f"the log of {name} says {words}")
        program.stop()


def test_bearer_tokens(read, keys):
    def answer(token, path="/batches", method="GET"):
        status, headers, body = read.get(path, token, method)
        if status in (401, 403):
            assert headers["content-type"] == "application/problem+json" and json.loads(body)["status"] == status, body
            assert headers["www-authenticate"].startswith("Bearer realm=\"orderly\""), headers
        return status

    assert answer(None) == 401 and answer("nonsense") == 401
    assert answer(keys.reader()) == 200 and answer(keys.operator()) == 200
    assert answer(None, "/admin/views") == 401 and answer(keys.reader(), "/admin/views") == 403
    assert answer(keys.operator(), "/admin/views") == 200
    assert answer(keys.reader(), "/admin/views/products/rebuild", "POST") == 403
    assert answer(keys.reader(), "/admin/verify", "POST") == 403 and answer(keys.reader(), "/admin/no-such-thing") == 404
    now = int(time.time())
    for what, token in {"expired": keys.reader(exp=now - 600), "not yet": keys.reader(nbf=now + 600), "issuer": keys.reader(iss="x"),
                        "audience": keys.reader(aud="other"), "stranger": keys.stranger.token(keys.claims(["operator"])),
                        "no end": keys.issuer.token({k: v for k, v in keys.claims(["reader"]).items() if k != "exp"})}.items():
        assert answer(token) == 401, what
    # The public key as the secret of an HMAC, and no signature at all.
    forged = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=") + b"." + keys.operator().split(".")[1].encode()
    for public in (keys.issuer.public_file, keys.issuer_ec.public_file):
        mac = hmac.new(public.read_bytes(), forged, hashlib.sha256).digest()
        assert answer((forged + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()) == 401
    assert answer(jwt.encode(keys.claims(["operator"]), None, algorithm="none")) == 401
    for path in ("/healthz", "/readyz", "/metrics", "/", "/openapi.json"):
        assert answer(None, path) == 200, path


def test_https(read, write):
    for program in (read, write):
        assert program.get("/healthz")[0] == 200
        assert program.get("/healthz", scheme="http")[0] == 0, "plain HTTP was answered"
        stranger = ssl.create_default_context(cafile=str(strange.certificate))
        assert "certificate" in program.get("/healthz", context=stranger)[2].lower()
        for version, works in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{program.port}", version, "-cipher", "ALL:@SECLEVEL=0"],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
            assert (done.returncode == 0) == works, f"{version}: {done.stdout[-300:]}{done.stderr[-300:]}"


class Client:
    """A stranger's producer, which signs with PyJWT, or does not."""

    def __init__(self, broker):
        self.partitions, self.brokers = PARTITIONS, broker.address
        self.settings = kafka("SCRAM-SHA-512", "scram") | {"sasl.password": SECRETS["scram"], "bootstrap.servers": broker.address, "log_level": 0}
        self.producer = Producer(self.settings | {"partitioner": "murmur2_random"})

    def send(self, type, data, id, principal=None, key=None, claims=None, headers=(), key_id=None, pretend=None):
        value = json.dumps(data).encode()
        all_headers = [("ce_type", type), ("ce_id", id), ("content-type", "application/json"), *headers]
        if principal:
            all_headers.append(("ce_authid", principal))
        if key:
            digest = base64.urlsafe_b64encode(hashlib.sha256(value).digest()).decode().rstrip("=")
            signed = {"sub": principal, "jti": id, "type": type, "sha256": digest, "datacontenttype": "application/json"} | (claims or {})
            all_headers.append(("ce_authtoken", key.token(signed, **({"kid": key_id} if key_id else {}))))
        self.producer.produce(type.split(".")[0] + ".commands", value=json.dumps(pretend).encode() if pretend else value, key=id,
                              headers=all_headers)
        assert self.producer.flush(30) == 0


def test_signed_commands(broker, read, keys):
    client = Client(broker)
    reader = keys.reader()

    def outcome(id):
        status, _, body = read.get(f"/commands/{id}?wait=20", reader)
        assert status == 200, f"{id}: {status} {body}"
        result = json.loads(body)
        return result["status"], result["code"], result.get("field", "")

    refused = ("REJECTED", "UNAUTHORIZED", "ce_authtoken")
    batch = {"batch_ref": "b1", "sku": "LAMP", "quantity": 10}
    client.send("allocation.v1.CreateBatch", batch, "s1", "store")
    assert outcome("s1") == refused, "a claim without a token was believed"
    client.send("allocation.v1.CreateBatch", batch, "s2", "store", keys.shop)
    assert outcome("s2") == refused, "another's key was taken"
    client.send("allocation.v1.CreateBatch", batch, "s3", "store", keys.store, pretend=batch | {"quantity": 99})
    assert outcome("s3") == refused, "the value was changed"
    client.send("allocation.v1.CreateBatch", batch, "s4", "store", keys.store, {"jti": "s0"})
    assert outcome("s4") == refused, "the token of another command was taken"
    client.send("allocation.v1.CreateBatch", batch, "s5", "store", keys.store, {"exp": int(time.time()) - 600})
    assert outcome("s5") == refused, "an old token was taken"
    client.send("allocation.v1.CreateBatch", batch, "s6", "store", headers=[("ce_source", "/orderly/write-service")])
    assert outcome("s6") == refused, "a stranger passed for a write service"
    # A refusal of a stranger does not spoil the id.
    client.send("allocation.v1.CreateBatch", batch, "s1", "store", keys.store)
    until(lambda: outcome("s1")[0] == "ACCEPTED", 20, f"the genuine command is accepted: {outcome('s1')}")
    client.send("allocation.v1.CreateBatch", batch, "s1", "store", keys.stranger)
    # Who may send what, by role.
    client.send("allocation.v1.CreateBatch", batch | {"batch_ref": "b2"}, "s7", "shop", keys.shop, key_id="shop")
    assert outcome("s7") == ("REJECTED", "UNAUTHORIZED", "ce_authid")
    # What services send each other cannot be sent by a client, whatever it may send.
    for id, type, data in (("s8", "customer.v1.RecordOrder", {"customer_id": "ann", "order_id": "o9", "total": {"currency": "EUR", "minor_units": 1}}),
                           ("s9", "ordering.v1.RecordAllocation", {"order_id": "o9", "sku": "LAMP", "quantity": 1, "batch_ref": "b1"})):
        client.send(type, data, id, "shop", keys.shop, headers=[("ce_source", "/orderly/write-service")])
        assert outcome(id) == refused, type
    assert outcome("s1")[0] == "ACCEPTED", "a forged repeat has replaced the answer"

    # `orderly send` signs, and everything that follows from an order finds its way between the shards.
    sending = ["--brokers", broker.address, *options(kafka()), "--wait", 20, "--sign-key", keys.shop.secret_file, "--principal", "shop"]
    password = {"ORDERLY_KAFKA_SASL_PASSWORD": SECRETS["plain"]}
    for number in range(8):
        order = f"o{number}"
        told = orderly("send", "ordering.v1.CreateOrder", f"order_id={order}", "customer_id=ann",
                       'items=[{"sku":"LAMP","quantity":1,"unit_price":{"currency":"EUR","minor_units":500}}]', *sending, environment=password)
        assert "ACCEPTED" in told, told
        until(lambda: json.loads(read.get(f"/orders/{order}", reader)[2])["lines"][0].get("batch_ref"), 20, f"{order} is allocated")
    until(lambda: json.loads(read.get("/customers/ann", reader)[2]).get("orders") == 8, 20, "the customer's orders are counted")
    assert "UNAUTHORIZED" in orderly("send", "allocation.v1.CreateBatch", "batch_ref=b3", "sku=LAMP", "quantity=1", *sending,
                                     environment=password, code=1)


def test_an_operator(broker, read, keys):
    token = in_file("operator.token", keys.operator())
    here = ["--url", f"https://localhost:{read.port}"]
    trusting = [*here, "--ca-file", ours.certificate]
    assert "products" in orderly("views", "list", *trusting, "--token", f"@{token}")
    assert "products" in orderly("views", "list", *trusting, environment={"ORDERLY_TOKEN": token.read_text()})
    assert "bearer token is wanted" in orderly("views", "list", *trusting, code=1)
    assert "certificate" in orderly("views", "list", *here, "--token", f"@{token}", code=1)
    orderly("verify", *trusting, "--token", f"@{token}")


def main(broker):
    test_who_may_come_to_the_broker(broker)
    test_a_refused_service_says_why(broker, "write-service", "refused-write")
    test_a_refused_service_says_why(broker, "read-service", "refused-read")
    keys = Keys(directory, SECRETS["service"])
    SECRETS["service in base64"] = keys.service
    certificate, key = ours.issue("services")
    tls = ["--tls-cert", certificate, "--tls-key", key]
    config = in_file("write.conf", "".join(f"kafka={k}={v}\n" for k, v in kafka().items()) + f"kafka=sasl.password={SECRETS['plain']}\n"
                     f"command-auth=required\ncommand-keys={keys.commands}\nallow=role:buyer=ordering.v1.*,customer.v1.*\n"
                     "allow=store=allocation.v1.*\nrole=buyer=shop,web\n")
    write = Program("write-service", "--brokers", broker.address, "--data", directory / "write", "--config", config, *tls)
    read = Program("read-service", "--brokers", broker.certified_address, "--data", directory / "read", *options(ours.client()), *tls,
                   "--auth-keys", keys.http, "--auth-issuer", "https://issuer.example", "--auth-audience", "orderly")
    for program in (write, read):
        until(lambda: program.get("/readyz")[0] == 200, 40, f"{program.log.name} is ready: {program.get('/readyz')}")
    test_https(read, write)
    test_bearer_tokens(read, keys)
    test_signed_commands(broker, read, keys)
    test_an_operator(broker, read, keys)
    for program in (write, read):
        program.stop()


try:
    with SecuredBroker(directory / "kafka", ours, SECRETS) as broker:
        main(broker)
    print("every door opens for its key alone, and no secret was told")
except BaseException:
    for program in Program.all:
        print(f"--- {program.log.name}\n" + "\n".join(program.log.read_text(errors="replace").splitlines()[-15:]))
    raise
finally:
    for program in Program.all:
        if program.process.poll() is None:
            program.process.kill()
    shutil.rmtree(directory, ignore_errors=True)
