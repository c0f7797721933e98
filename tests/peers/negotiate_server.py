"""A service of WS-Management that lets clients in by NTLM or Kerberos only, and seals what it says.

pyspnego keeps the server's side; what it opens goes on to a real service with Basic, and what that
answers is sealed. The arguments: the port of the real service, how this one behaves, and a file that
gets a line for each request. The first line of output is the port.
"""

import base64
import hashlib
import os
import re
import struct
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import spnego

REAL, MANNER, SEEN = sys.argv[1:4]
KINDS = {
    "Negotiate": "application/HTTP-SPNEGO-session-encrypted",
    "Kerberos": "application/HTTP-Kerberos-session-encrypted",
}
SOAP = "application/soap+xml;charset=UTF-8"
KEYTAB = os.environ.get("KRB5_KTNAME")
LOGON = base64.b64encode(b"ann:secret").decode()


def note(*words):
    with open(SEEN, "a", encoding="utf-8") as file:
        file.write(" ".join(str(word) for word in words) + "\n")


def ask(envelope):
    request = urllib.request.Request(
        f"http://127.0.0.1:{REAL}/wsman",
        data=envelope,
        headers={"Content-Type": SOAP, "Authorization": f"Basic {LOGON}"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read()


class Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.scheme = None
        self.context = None
        self.served = 0

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", kind=SOAP, *fields):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        note(self.form(body))
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        if token:
            self.logs_on(scheme, base64.b64decode(token))
        elif self.context is None or not self.context.complete:
            offered = "Basic realm=\"x\"" if MANNER == "basic" else "Negotiate"
            self.answer(401, b"", SOAP, ("WWW-Authenticate", offered))
        else:
            self.serves(body)

    def form(self, body):
        if not body:
            return "empty"
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("multipart/encrypted") and b"Envelope" not in body:
            return "sealed"
        return "tls" if self.is_in_tls() else "clear"

    def logs_on(self, scheme, token):
        if MANNER == "basic":
            self.answer(401, b"", SOAP, ("WWW-Authenticate", "Basic realm=\"x\""))
            return
        if self.context is None:
            self.scheme = scheme
            protocol = "kerberos" if scheme == "Kerberos" else "negotiate"
            self.context = spnego.server(
                hostname="localhost" if KEYTAB else None,
                service="HTTP" if KEYTAB else None,
                protocol=protocol,
                channel_bindings=self.server.bindings,
            )
        if MANNER == "open":
            # As if everybody were welcome.
            self.answer(200)
            return
        try:
            said = self.context.step(token)
        except spnego.exceptions.SpnegoError as error:
            note("refused", type(error).__name__)
            self.answer(401, b"", SOAP, ("WWW-Authenticate", scheme))
            return
        field = f"{scheme} {base64.b64encode(said).decode()}" if said else scheme
        fields = [("WWW-Authenticate", field)]
        if self.context.complete:
            note("in", self.context.client_principal, self.context.negotiated_protocol)
            if MANNER == "unproven":
                fields = []
            self.answer(200, b"", SOAP, *fields)
            return
        if MANNER == "cuts":
            self.close_connection = True
            return
        if MANNER == "closes":
            fields.append(("Connection", "close"))
            self.close_connection = True
        self.answer(401, b"", SOAP, *fields)

    def serves(self, body):
        if self.is_in_tls():
            status, answer = ask(body)
            self.answer(status, answer)
            return
        self.served += 1
        if MANNER == "forgets" and self.served == 2:
            note("forgotten")
            self.context = None
            self.answer(401, b"", SOAP, ("WWW-Authenticate", "Negotiate"))
            return
        clear = self.opened(body)
        status, answer = ask(clear)
        if MANNER == "clear":
            self.answer(status, answer)
            return
        if not answer:
            self.answer(status)
            return
        sealed = self.context.wrap_winrm(answer)
        header = bytearray(sealed.header)
        if MANNER == "corrupt":
            header[6] ^= 1
        length = len(answer) + sealed.padding_length
        if MANNER == "longer":
            length += 1
        kind = KINDS[self.scheme]
        parts = (
            f"--Encrypted Boundary\r\nContent-Type: {kind}\r\n"
            f"OriginalContent: type={SOAP};Length={length}\r\n"
            "--Encrypted Boundary\r\nContent-Type: application/octet-stream\r\n"
        ).encode()
        parts += struct.pack("<i", len(header)) + bytes(header) + sealed.data
        parts += b"--Encrypted Boundary--\r\n"
        outer = f'multipart/encrypted;protocol="{kind}";boundary="Encrypted Boundary"'
        self.answer(status, parts, outer)

    def is_in_tls(self):
        return hasattr(self.connection, "cipher")

    def opened(self, body):
        head = (
            rb"--Encrypted Boundary\r\n\s*Content-Type: (\S+)\r\n"
            rb"\s*OriginalContent: type=application/soap\+xml;charset=UTF-8;Length=(\d+)\r\n"
            rb"--Encrypted Boundary\r\n\s*Content-Type: application/octet-stream\r\n"
        )
        found = re.match(head, body)
        assert found and found[1].decode() == KINDS[self.scheme], body[:200]
        rest = body[found.end():]
        assert rest.endswith(b"--Encrypted Boundary--\r\n")
        rest = rest[: -len(b"--Encrypted Boundary--\r\n")]
        (size,) = struct.unpack("<i", rest[:4])
        clear = self.context.unwrap_winrm(rest[4 : 4 + size], rest[4 + size :])
        assert len(clear) == int(found[2]), (len(clear), found[2])
        return clear


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Connection)
server.bindings = None
if len(sys.argv) > 4:
    import ssl

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(sys.argv[4], sys.argv[5])
    with open(sys.argv[4], encoding="ascii") as file:
        shown = ssl.PEM_cert_to_DER_cert(file.read())
    if MANNER == "other":
        # As if somebody stood between who shows another certificate.
        shown += b"!"
    bound = b"tls-server-end-point:" + hashlib.new(sys.argv[6], shown).digest()
    server.bindings = spnego.channel_bindings.GssChannelBindings(application_data=bound)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
