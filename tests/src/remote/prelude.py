import base64, http.client, os, sys, threading, time
from pypsrp.wsman import WSMan
from pypsrp.shell import WinRS, Process, SignalCode
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.exceptions import AuthenticationError, WSManFaultError

PORT = int(sys.argv[1])


def ws(user="ann", password="secret"):
    return WSMan(
        "127.0.0.1", port=PORT, ssl=False, auth="basic", username=user, password=password,
        encryption="never", operation_timeout=10, read_timeout=30,
    )


def refused(code, what):
    try:
        what()
    except WSManFaultError as fault:
        assert fault.code == code, fault
        return str(fault)
    raise AssertionError(f"not refused with {code}")


def pipe(pool, script, **invoke):
    ps = PowerShell(pool)
    ps.add_script(script)
    ps.output = ps.invoke(**invoke)
    return ps


def post(body, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    login = base64.b64encode(b"ann:secret").decode()
    given = {"Authorization": f"Basic {login}", "Content-Type": "application/soap+xml;charset=UTF-8"}
    given.update({name.replace("_", "-"): value for name, value in headers.items()})
    connection.request("POST", "/wsman", body, {k: v for k, v in given.items() if v is not None})
    answer = connection.getresponse()
    return answer.status, answer.read()
