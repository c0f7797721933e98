# As many connections as one user may have, and some more; bob's host answers none of them.
import base64, http.client, ssl, threading

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
MOST, MORE = 128, 4
refused = []
done = threading.Semaphore(0)


def come(user):
    connection = http.client.HTTPSConnection(HOST, 5986, context=context, timeout=60)
    login = base64.b64encode(f"{user}:winsta-{user}".encode()).decode()
    connection.request("POST", "/wsman", "x", {"Authorization": f"Basic {login}"})
    return connection


def hang():
    try:
        answer = come("bob").getresponse()
        refused.append((answer.status, answer.read()))
        done.release()
    except Exception:
        pass


for _ in range(MOST + MORE):
    threading.Thread(target=hang, daemon=True).start()
for _ in range(MORE):
    assert done.acquire(timeout=60), refused
assert refused == [(503, b"this user has all connections that one may have\n")] * MORE, refused
assert come("alice").getresponse().status == 500
assert len(refused) == MORE, refused
