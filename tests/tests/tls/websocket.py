import base64, os, socket, ssl, struct, sys

PORT, PEM, PATH = int(sys.argv[1]), sys.argv[2], sys.argv[3]
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.load_cert_chain(PEM)
stream = context.wrap_socket(socket.create_connection(("127.0.0.1", PORT), timeout=20))
key = base64.b64encode(os.urandom(16)).decode()
stream.sendall((
    f"GET {PATH} HTTP/1.1\r\nHost: winsta\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
reader = stream.makefile("rb")
assert b" 101 " in reader.readline()
while reader.readline().strip():
    pass


def message():
    _, length = struct.unpack("!BB", reader.read(2))
    if length == 126:
        [length] = struct.unpack("!H", reader.read(2))
    elif length == 127:
        [length] = struct.unpack("!Q", reader.read(8))
    return reader.read(length)


def typed(text):
    mask = os.urandom(4)
    body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text.encode()))
    stream.sendall(struct.pack("!BB", 0x81, 0x80 | len(body)) + mask + body)


seen = b""
while b"hello" not in seen:
    seen += message()
typed("over the wire\n")
while seen.count(b"over the wire") < 2:
    seen += message()
