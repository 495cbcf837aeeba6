"""A Kafka broker that takes nobody without TLS and a password, a CA and certificates made by openssl, and keys and tokens (PyJWT)."""
import base64, json, os, shutil, subprocess, sys, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "end_to_end"))
from system import ROOT, free_port, skip, until

try:
    import jwt
except ImportError:
    skip("the Python package PyJWT is not installed (tests/run installs it)")
for program in ("openssl", "java"):
    if not shutil.which(program):
        skip(f"{program} is not installed")

KAFKA_LIB = os.environ.get("ORDERLY_LOCAL_KAFKA_LIB", str(ROOT / "build/local/kafka-lib"))


def run(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True, **more).stdout


class Authority:
    """A CA of its own in a directory, and the certificates that it signs."""

    def __init__(self, directory):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True)
        self.certificate = self.directory / "ca.pem"
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a test's authority",
            "-keyout", self.directory / "ca.key", "-out", self.certificate)

    def issue(self, name):
        """(certificate file, key file) for localhost."""
        key, request, certificate = (self.directory / f"{name}.{kind}" for kind in ("key", "csr", "pem"))
        names = self.directory / f"{name}.ext"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", request)
        run("openssl", "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.directory / "ca.key", "-days", "2",
            "-extfile", names, "-out", certificate)
        return certificate, key


    def client(self):
        """The Kafka settings of a client that shows a certificate of ours instead of a password."""
        certificate, key = self.issue("client")
        return {"security.protocol": "SSL", "ssl.ca.location": str(self.certificate), "ssl.certificate.location": str(certificate),
                "ssl.key.location": str(key), "broker.address.family": "v4"}


class KeyPair:
    """A signing key in a file, its public half in another, and the tokens that it makes."""

    def __init__(self, directory, name, algorithm):
        self.algorithm = algorithm
        self.secret_file, self.public_file = Path(directory) / f"{name}.key", Path(directory) / f"{name}.pub"
        kind = ("rsa", ["-pkeyopt", "rsa_keygen_bits:2048"]) if algorithm == "RS256" else ("EC", ["-pkeyopt", "ec_paramgen_curve:P-256"])
        run("openssl", "genpkey", "-algorithm", kind[0], *kind[1], "-out", self.secret_file)
        run("openssl", "pkey", "-in", self.secret_file, "-pubout", "-out", self.public_file)

    def token(self, claims, **headers):
        return jwt.encode(claims, self.secret_file.read_text(), algorithm=self.algorithm, headers=headers or None)

    def jwk(self, key_id):
        """The public half, as a JWK set has it."""
        algorithm = jwt.get_algorithm_by_name(self.algorithm)
        made = json.loads(algorithm.to_jwk(algorithm.prepare_key(self.public_file.read_text())))
        return {k: v for k, v in made.items() if k not in ("key_ops", "alg")} | {"kid": key_id}


class Keys:
    """Of everybody: the identity provider, the principals, and the write services."""

    def __init__(self, directory, service_secret):
        self.issuer = KeyPair(directory, "issuer", "RS256")
        self.issuer_ec = KeyPair(directory, "issuer-ec", "ES256")
        self.shop, self.store = KeyPair(directory, "shop", "ES256"), KeyPair(directory, "store", "RS256")
        self.stranger = KeyPair(directory, "stranger", "ES256")
        self.service = base64.urlsafe_b64encode(service_secret.encode()).decode().rstrip("=")
        self.commands, self.http = Path(directory) / "commands.json", Path(directory) / "issuers.json"
        self.commands.write_text(json.dumps({"keys": [
            self.shop.jwk("shop"), self.store.jwk("store"), {"kty": "oct", "kid": "write-service", "k": self.service}]}))
        self.http.write_text(json.dumps({"keys": [self.issuer.jwk("one"), self.issuer_ec.jwk("two")]}))

    def claims(self, roles, **more):
        return {"iss": "https://issuer.example", "aud": ["orderly"], "exp": int(time.time()) + 600, "roles": roles} | more

    def reader(self, **more):
        return self.issuer.token(self.claims(["reader"], **more), kid="one")

    def operator(self, **more):
        return self.issuer_ec.token(self.claims(["operator"], **more))


class SecuredBroker:
    """Two listeners: `address`, SASL_SSL, `passwords`: {"scram": ..., "plain": ...} of the users of these names; `certified_address`, where
    a client shows a certificate."""

    def __init__(self, directory, authority, passwords):
        self.directory, self.port = Path(directory), free_port()
        self.directory.mkdir(parents=True)
        self.certified_port = free_port()
        self.address, self.certified_address = f"localhost:{self.port}", f"localhost:{self.certified_port}"
        self.authority, self.passwords, self.process = authority, passwords, None

    def properties(self):
        certificate, key = self.authority.issue("broker")
        store = self.directory / "keystore.pem"
        store.write_text(key.read_text() + certificate.read_text())
        controller, plain = free_port(), self.passwords["plain"]
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        return f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=SASL_SSL://127.0.0.1:{self.port},CERTIFIED://127.0.0.1:{self.certified_port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SASL_SSL://{self.address},CERTIFIED://{self.certified_address}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL,CERTIFIED:SSL
listener.name.certified.ssl.client.auth=required
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256,PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="broker" password="{plain}" user_broker="{plain}" user_plain="{plain}";
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={scram}
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={scram}
ssl.keystore.type=PEM
ssl.keystore.location={store}
ssl.truststore.type=PEM
ssl.truststore.location={self.authority.certificate}
log.dirs={self.directory}/data
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
"""

    def java(self, *arguments):
        return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                f"-Dlog4j2.configurationFile={ROOT}/deploy/local/kafka/log4j2.properties", "-cp", f"{KAFKA_LIB}/*", *arguments]

    def __enter__(self):
        properties, log = self.directory / "server.properties", self.directory / "broker.log"
        properties.write_text(self.properties())
        users = [word for kind in ("SCRAM-SHA-512", "SCRAM-SHA-256")
                 for word in ("--add-scram", f"{kind}=[name=scram,password={self.passwords['scram']}]")]
        run(*self.java("kafka.tools.StorageTool", "format", "--cluster-id", "AAAAAAAAAAAAAAAAAAAAAA", "-c", properties, *users))
        with open(log, "wb") as out:
            self.process = subprocess.Popen(self.java("kafka.Kafka", str(properties)), stdout=out, stderr=out)
        handshake = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-CAfile", str(self.authority.certificate)]
        def answers():
            assert self.process.poll() is None, f"the broker ended: {log.read_text()[-2000:]}"
            return subprocess.run(handshake, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
        until(answers, 60, f"the broker shakes hands: {log.read_text()[-2000:]}")
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.wait()
