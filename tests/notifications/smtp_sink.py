"""A real SMTP server for tests: keeps every mail it takes as a file, and refuses or hangs where it is told to.

    smtp_sink.py DIR [-- COMMAND ...]

Writes the n-th mail to DIR/mails/n.eml, its envelope before it in X-Envelope-From and X-Envelope-To, and X-Login where
one logged in. With a command it runs that and ends as it ends; the command gets ORDERLY_TEST_SMTP=host:port,
ORDERLY_TEST_SMTP_DIR=DIR and, where openssl makes a certificate, ORDERLY_TEST_SMTPS=host:port and
ORDERLY_TEST_SMTP_CA=file. Without a command it prints the address and runs until SIGTERM.

How it answers: the local part of a recipient such as rcpt-451@x, data-550@x or data-hang@x says at which command (rcpt,
data) and what; or else the file DIR/answer does, such as "data 451". A login is "shop" with "secret".
"""
import asyncio
import os
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import threading

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

ANSWERS = {"421": "421 4.3.0 going away", "451": "451 4.3.0 try again later", "550": "550 5.1.1 no such mailbox"}


class Sink:
    def __init__(self, directory):
        self.mails = directory / "mails"
        self.answer_file = directory / "answer"
        self.mails.mkdir(parents=True, exist_ok=True)
        self.count = 0

    async def refusal(self, stage, recipients):
        wanted = [match.groups() for match in (re.match(r"(rcpt|data)-(\w+)@", r) for r in recipients) if match]
        if not wanted and self.answer_file.exists():
            wanted = [tuple(self.answer_file.read_text().split())]
        for at, answer in wanted:
            if at == stage and answer == "hang":
                await asyncio.sleep(3600)
            if at == stage:
                return ANSWERS[answer]
        return None

    async def handle_RCPT(self, server, session, envelope, address, options):
        refused = await self.refusal("rcpt", [address])
        if refused:
            return refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        refused = await self.refusal("data", envelope.rcpt_tos)
        if refused:
            return refused
        login = f"X-Login: {session.login_name}\r\n" if getattr(session, "login_name", None) else ""
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {','.join(envelope.rcpt_tos)}\r\n{login}"
        self.count += 1
        part = self.mails / f"{self.count}.part"
        part.write_bytes(head.encode() + envelope.original_content)
        part.rename(self.mails / f"{self.count}.eml")
        return "250 taken"


def authenticate(server, session, envelope, mechanism, data):
    ok = isinstance(data, LoginPassword) and data.login == b"shop" and data.password == b"secret"
    if ok:
        session.login_name = "shop"
    return AuthResult(success=ok, handled=ok)


def listen(loop, sink, context=None):
    def session():
        return SMTP(sink, authenticator=authenticate, auth_require_tls=False, loop=loop)

    server = asyncio.run_coroutine_threadsafe(loop.create_server(session, "127.0.0.1", 0, ssl=context), loop).result(10)
    return "127.0.0.1:%d" % server.sockets[0].getsockname()[1]


def certificate(directory):
    key, file = directory / "key.pem", directory / "certificate.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", file], capture_output=True, check=False)
    if made.returncode != 0:
        return None, None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return context, file


def main(arguments):
    directory = pathlib.Path(arguments[0]).absolute()
    sink = Sink(directory)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    address = listen(loop, sink)
    environment = {"ORDERLY_TEST_SMTP": address, "ORDERLY_TEST_SMTP_DIR": str(directory)}
    context, file = certificate(directory)
    if context is not None:
        environment |= {"ORDERLY_TEST_SMTPS": listen(loop, sink, context), "ORDERLY_TEST_SMTP_CA": str(file)}
    if len(arguments) > 2 and arguments[1] == "--":
        status = subprocess.run(arguments[2:], env=os.environ | environment, check=False).returncode
    else:
        print(address, flush=True)
        signal.sigwait([signal.SIGTERM, signal.SIGINT])
        status = 0
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if status >= 0 else 1)  # connections that hang are not waited for


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
