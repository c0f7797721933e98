from winrm import Session

BOB, STRANGER = sys.argv[2:]


def by(pem):
    return WSMan(
        HOST, port=5986, ssl=True, auth="certificate", certificate_pem=pem,
        certificate_key_pem=pem, cert_validation=False, operation_timeout=10, read_timeout=30,
    )


with RunspacePool(by(BOB)) as pool:
    assert pipe(pool, "id -un") == ["bob"]
    # Who has bob's certificate is bob: sessions are his by whichever way he comes.
    assert len(pools("bob")) == 1 and pools("alice") == []
session = Session(
    f"https://{HOST}:5986/wsman", auth=("", ""), transport="certificate", cert_pem=BOB,
    cert_key_pem=BOB, server_cert_validation="ignore")
ran = session.run_cmd("id", ["-un"])
assert (ran.std_out, ran.status_code) == (b"bob\n", 0), ran
try:
    RunspacePool(by(STRANGER)).open()
    raise AssertionError("a stranger is let in")
except AuthenticationError:
    pass
