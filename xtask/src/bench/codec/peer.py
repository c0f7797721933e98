"""psrpcore's side of `cargo xtask codec`.

documents ENVELOPES OUT: the CLIXML documents in recorded envelopes, both JSON lists of texts.
measure DOCUMENTS LINES SECONDS: bytes in a second for each row, as crates/psrp/examples/codec.rs.
"""

import base64
import json
import re
import sys
import time
import uuid
from xml.etree import ElementTree

import psrpcore
from psrpcore import types

CARRIERS = ("creationXml", "connectXml", "connectResponseXml", "Arguments", "Stream")
HEADER = 21
ENVELOPE = 300_000


class NoCipher:
    """Secure strings stay as they are."""

    def decrypt(self, value):
        return value

    def encrypt(self, value):
        return value

    def register_key(self, key):
        pass


def documents(envelopes):
    carrier = re.compile(r"<(?:\w+:)?(?:%s)\b[^>]*>([^<]+)</" % "|".join(CARRIERS))
    found = []
    for envelope in envelopes:
        message = b""
        for text in carrier.findall(envelope):
            data = base64.b64decode(text)
            while len(data) > HEADER:
                flags, length = data[16], int.from_bytes(data[17:HEADER], "big")
                message = b"" if flags & 1 else message
                message += data[HEADER:HEADER + length]
                data = data[HEADER + length:]
                document = message[40:].decode("utf-8-sig")
                # What is spread over envelopes is left out, and what is mostly one long text.
                if flags == 3 and 0 < len(document) < 20_000 and handles(document):
                    found.append(document)
    return found


def handles(text):
    """Whether psrpcore can write what it has read: of records with invocations it cannot."""
    try:
        write(read(text))
        return True
    except AttributeError:
        return False


def read(text):
    return types.deserialize(ElementTree.fromstring(text), NoCipher())


def write(value):
    return ElementTree.tostring(types.serialize(value, NoCipher()), encoding="utf-8")


def rate(seconds, size, work):
    work()
    begin = time.perf_counter()
    times = 0
    while True:
        work()
        times += 1
        passed = time.perf_counter() - begin
        if passed >= seconds:
            return size * times / passed


def pools():
    client = psrpcore.ClientRunspacePool()
    server = psrpcore.ServerRunspacePool()
    client.open()
    for _ in range(3):
        for source, sink in ((client, server), (server, client)):
            payload = source.data_to_send()
            if payload:
                sink.receive_data(payload)
                while sink.next_event():
                    pass
    asking = psrpcore.ClientPowerShell(client)
    asking.add_script("cat")
    asking.start()
    pipeline = psrpcore.ServerPipeline(server, asking.pipeline_id)
    server.receive_data(client.data_to_send())
    while server.next_event():
        pass
    pipeline.start()
    return client, server, pipeline


def written(lines):
    client, server, pipeline = pools()
    sent = []
    for number, line in enumerate(lines):
        pipeline.write_output(line)
        if number % 100 == 99:
            sent.append(server.data_to_send(ENVELOPE))
    while True:
        payload = server.data_to_send(ENVELOPE)
        if payload is None:
            return client, sent
        sent.append(payload)


def heard(client, sent):
    count = 0
    for payload in sent:
        client.receive_data(payload)
        while True:
            event = client.next_event()
            if event is None:
                break
            count += isinstance(event, psrpcore.PipelineOutputEvent)
    return count


def measure(texts, lines, seconds):
    values = [read(text) for text in texts]
    size = sum(len(text.encode()) for text in texts)
    length = sum(len(line.encode()) for line in lines)
    rows = {
        "read documents": rate(seconds, size, lambda: [read(text) for text in texts]),
        "write documents": rate(seconds, size, lambda: [write(value) for value in values]),
        "write lines": rate(seconds, length, lambda: written(lines)),
    }
    client, sent = written(lines)
    assert heard(client, sent) == len(lines)
    rows["read lines"] = rate(seconds, length, lambda: heard(client, sent))
    return rows


def load(path):
    with open(path, encoding="utf-8") as text:
        return json.load(text)


if sys.argv[1] == "documents":
    with open(sys.argv[3], "w", encoding="utf-8") as out:
        json.dump(documents(load(sys.argv[2])), out)
else:
    with open(sys.argv[3], encoding="utf-8") as text:
        all_lines = text.read().splitlines()
    print(json.dumps(measure(load(sys.argv[2]), all_lines, float(sys.argv[4]))))
