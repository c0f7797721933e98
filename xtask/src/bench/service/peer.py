# What pypsrp measures of a service: seconds for so many bytes of lines, sessions a second, and
# milliseconds that an empty pipeline takes. One figure a line.
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan

port, size, sessions, rounds = map(int, sys.argv[1:])


def opened():
    wsman = WSMan(
        "127.0.0.1", port=port, ssl=False, auth="basic", username="ann", password="secret",
        encryption="never",
    )
    pool = RunspacePool(wsman)
    pool.open()
    return pool


def run(pool, script):
    ps = PowerShell(pool)
    ps.add_script(script)
    return ps.invoke()


pool = opened()
run(pool, ":")
times = []
for _ in range(rounds):
    begun = time.monotonic()
    run(pool, ":")
    times.append(time.monotonic() - begun)
begun = time.monotonic()
lines = run(pool, "yes %s | head -c %d" % ("x" * 79, size))
print(time.monotonic() - begun)
assert sum(len(line) + 1 for line in lines) == size, len(lines)
pool.close()
begun = time.monotonic()
with ThreadPoolExecutor(32) as threads:
    pools = list(threads.map(lambda _: opened(), range(sessions)))
print(sessions / (time.monotonic() - begun))
for pool in pools:
    pool.close()
times.sort()
print(times[len(times) // 2] * 1000)
