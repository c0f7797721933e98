import sys, winrm
from pypsrp.wsman import WSMan
from pypsrp.shell import WinRS, Process
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.exceptions import AuthenticationError
from requests.exceptions import SSLError

PORT, CERTIFICATE = int(sys.argv[1]), sys.argv[2]


def ws(password="secret", trust=False):
    return WSMan(
        "127.0.0.1", port=PORT, ssl=True, auth="basic", username="ann", password=password,
        cert_validation=trust, operation_timeout=10, read_timeout=30,
    )


for trust in [False, CERTIFICATE]:
    with WinRS(ws(trust=trust)) as shell:
        process = Process(shell, "echo", ["hello"])
        process.invoke()
        assert (process.stdout, process.rc) == (b"hello\n", 0), process.stdout
    with RunspacePool(ws(trust=trust)) as pool:
        ps = PowerShell(pool)
        ps.add_script("echo one; echo two")
        assert ps.invoke() == ["one", "two"], ps.output

    # A session of ann's outlives its client.
    pool = RunspacePool(ws(trust=trust))
    pool.open()
    ps = PowerShell(pool)
    ps.add_script("sleep 1; seq 1 1000")
    ps.begin_invoke()
    pool.disconnect()
    pool = RunspacePool.get_runspace_pools(ws(trust=trust))[0]
    pool.connect()
    [ps] = pool.create_disconnected_power_shells()
    ps.connect()
    assert ps.end_invoke() == [str(n) for n in range(1, 1001)]
    pool.close()

    how = {"server_cert_validation": "validate", "ca_trust_path": CERTIFICATE} if trust else {
        "server_cert_validation": "ignore"}
    session = winrm.Session(
        f"https://127.0.0.1:{PORT}/wsman", auth=("ann", "secret"), transport="basic", **how)
    ran = session.run_cmd("echo", ["hello"])
    assert (ran.std_out, ran.status_code) == (b"hello\n", 0), ran

try:
    RunspacePool(ws(password="wrong")).open()
    raise AssertionError("a wrong password lets in")
except AuthenticationError:
    pass
# The host's certificate is nobody's whom the system believes.
try:
    RunspacePool(ws(trust=True)).open()
    raise AssertionError("an unknown certificate is believed")
except SSLError:
    pass
