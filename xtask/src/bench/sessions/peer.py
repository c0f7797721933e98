# What the cmdlets do, with pypsrp: a session, a command in it, away and back; another, a command
# that nobody waits for, away, back, and what it said.
import sys
from concurrent.futures import ThreadPoolExecutor
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

first, hosts, throttle = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])


def connect(wsman, pool):
    pool = [found for found in RunspacePool.get_runspace_pools(wsman) if found.id == pool.id][0]
    pool.connect()
    return pool


def one(number):
    wsman = WSMan(
        "127.0.0.1", port=first + number, ssl=False, auth="basic", username="ann", password="secret",
        encryption="never",
    )
    pool = RunspacePool(wsman)
    pool.open()
    ps = PowerShell(pool)
    ps.add_script("seq 100")
    lines = ps.invoke()
    assert len(lines) == 100, lines
    pool.disconnect()
    connect(wsman, pool).close()

    pool = RunspacePool(wsman)
    pool.open()
    ps = PowerShell(pool)
    ps.add_script("seq 100")
    ps.begin_invoke()
    pool.disconnect()
    pool = connect(wsman, pool)
    [ps] = pool.create_disconnected_power_shells()
    ps.connect()
    lines = ps.end_invoke() or ps.output
    assert len(lines) == 100, lines
    pool.close()


with ThreadPoolExecutor(throttle) as threads:
    for _ in threads.map(one, range(hosts)):
        pass
