import sys, winrm
from pypsrp.wsman import WSMan
from pypsrp.shell import WinRS, Process
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.exceptions import AuthenticationError, WSManFaultError

PORT, OWNER, ANN, STRANGER = int(sys.argv[1]), *sys.argv[2:]


def ws(pem, **how):
    how = how or {"auth": "certificate", "certificate_pem": pem, "certificate_key_pem": pem}
    return WSMan(
        "127.0.0.1", port=PORT, ssl=True, cert_validation=False, operation_timeout=10,
        read_timeout=30, **how,
    )


def pools(connection):
    return len(RunspacePool.get_runspace_pools(connection))


for pem in [OWNER, ANN]:
    with WinRS(ws(pem)) as shell:
        process = Process(shell, "echo", ["hello"])
        process.invoke()
        assert (process.stdout, process.rc) == (b"hello\n", 0), process.stdout
    session = winrm.Session(
        f"https://127.0.0.1:{PORT}/wsman", auth=("", ""), transport="certificate",
        cert_pem=pem, cert_key_pem=pem, server_cert_validation="ignore")
    ran = session.run_cmd("echo", ["hello"])
    assert (ran.std_out, ran.status_code) == (b"hello\n", 0), ran

# Who has ann's certificate is ann: shells are hers, by whichever way she comes.
pool = RunspacePool(ws(ANN))
pool.open()
pool.disconnect()
password = {"auth": "basic", "username": "ann", "password": "secret"}
other = {"auth": "basic", "username": "bob", "password": "secret"}
assert pools(ws(ANN)) == pools(ws(None, **password)) == 1
assert pools(ws(None, **other)) == 0
# The owner sees all.
assert pools(ws(OWNER)) == 1
pool.connect()
ps = PowerShell(pool)
ps.add_script("echo here")
assert ps.invoke() == ["here"]
pool.close()

try:
    RunspacePool(ws(STRANGER)).open()
    raise AssertionError("a stranger is let in")
except AuthenticationError:
    pass
