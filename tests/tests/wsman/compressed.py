"""What PowerShell does unless it is told not to: streams are compressed, in both directions.

The host's blocks are read by dissect.util. What it is sent are the blocks of the specification's
examples, and blocks that hold their data as it is.
"""

import io
import struct
import xml.etree.ElementTree as ET

from dissect.util.compression import lzxpress_huffman
from pypsrp.wsman import NAMESPACES, WSMan

KIND = "xpress"
seen = {"packed": 0, "data": 0}
create_header, receive, send = WSMan._create_header, WinRS.receive, WinRS.send


def header(self, action, *arguments, **more):
    number, made = create_header(self, action, *arguments, **more)
    if action.endswith("/Create"):
        kind = ET.SubElement(made, "{%s}CompressionType" % NAMESPACES["rsp"])
        kind.attrib["{%s}mustUnderstand" % NAMESPACES["s"]] = "true"
        kind.text = KIND
    return number, made


class Block(io.BytesIO):
    """For a reader that looks for the next block where its input does not end, and ends where it has
    read its input, some bits ahead of what it has written."""

    def __init__(self, body):
        super().__init__(body + bytes(8))
        self.tables = 0

    def read(self, count=-1):
        self.tables += count == 256
        return b"\x99" * 256 if self.tables > 1 and count == 256 else super().read(count)

    def tell(self):
        return len(self.getbuffer()) if self.tables > 1 else super().tell()


def unpacked(blocks):
    data = b""
    while blocks:
        length, packed = (less_one + 1 for less_one in struct.unpack("<HH", blocks[:4]))
        body, blocks = blocks[4:4 + packed], blocks[4 + packed:]
        assert len(body) == packed and (length >= 266 or length == packed)
        if packed < length:
            body = lzxpress_huffman.decompress(Block(body))[:length]
        assert len(body) == length
        seen["packed"] += packed
        seen["data"] += length
        data += body
    return data


def as_it_is(data):
    chunks = [data[at:at + 65536] for at in range(0, len(data), 65536)]
    return b"".join(struct.pack("<HH", len(c) - 1, len(c) - 1) + c for c in chunks)


def received(self, *arguments, **more):
    state, code, streams = receive(self, *arguments, **more)
    return state, code, {name: unpacked(blocks) for name, blocks in streams.items()}


def sent(self, stream, data, **more):
    return send(self, stream, as_it_is(data), **more)


WSMan._create_header, WinRS.receive, WinRS.send = header, received, sent

# A command shell.
table = bytearray(256)
table[48:50], table[128], table[143] = b"\x30\x23", 2, 0x20
example = bytes(table) + bytes([0xa8, 0xdc, 0, 0, 0xff, 0x26, 1])
example = struct.pack("<HH", 299, len(example) - 1) + example
with WinRS(ws()) as shell:
    process = Process(shell, "cat; seq 1 30000; echo bad >&2; exit 3")
    process.begin_invoke()
    send(shell, "stdin", example, command_id=process.id)
    refused(87, lambda: send(shell, "stdin", example[:-5], command_id=process.id))
    process.send(b"plain\n")
    process.end_invoke()
    numbers = b"".join(b"%d\n" % n for n in range(1, 30001))
    assert process.stdout == b"abc" * 100 + b"plain\n" + numbers, process.stdout[:400]
    assert (process.stderr, process.rc) == (b"bad\n", 3)
    [mode] = [shell_.text for shell_ in shell.wsman.get(
        shell.resource_uri, selector_set=shell._selector_set).iter(
            "{%s}CompressionMode" % NAMESPACES["rsp"])]
    assert mode == "XpressCompression", mode

# A PSSession: what comes with it is not compressed, what is sent and received later is.
with RunspacePool(ws(), min_runspaces=1, max_runspaces=2) as pool:
    assert pipe(pool, "seq 1 5000").output == [str(n) for n in range(1, 5001)]
    assert pipe(pool, "echo é <&>", ).streams.error
    long = "# so long that it comes in several requests\n" * 20_000
    assert pipe(pool, long + "echo done").output == ["done"]
    assert pipe(pool, "cat", input=["one", "two"]).output == ["one", "two"]
    pool.exchange_keys()
    pool.disconnect()
    pool.connect()
    assert pipe(pool, "echo again").output == ["again"]
assert seen["packed"] < seen["data"] / 2, seen

KIND = "zip"
refused(2150858834, lambda: WinRS(ws()).open())
