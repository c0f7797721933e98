import re, sys, time
import requests
from pypsrp.wsman import WSMan
from pypsrp.shell import WinRS, Process, SignalCode
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.exceptions import AuthenticationError, WSManFaultError

HOST = sys.argv[1]


def ws(user, password=None):
    return WSMan(
        HOST, port=5986, ssl=True, auth="basic", username=user,
        password=password or f"winsta-{user}", cert_validation=False, operation_timeout=10,
        read_timeout=30,
    )


def run(user, line):
    with WinRS(ws(user)) as shell:
        process = Process(shell, line)
        process.invoke()
        return process.stdout.decode()


def pipe(pool, script):
    ps = PowerShell(pool)
    ps.add_script(script)
    return ps.invoke()


def pools(user):
    return RunspacePool.get_runspace_pools(ws(user))
