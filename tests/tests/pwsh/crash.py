# The host dies while this client waits for output and sends input, again and again. Where the
# connection breaks, this client sends the same bytes again, as Windows' does.
here = sys.argv[2]
client = persistent(ws())
pool = RunspacePool(client, configuration_name="Power")
pool.open()
ps = PowerShell(pool)
ps.add_script(f"""
import os, time
n = 0
while not os.path.exists('{here}.stop'):
    n += 1
    out(n)
    time.sleep(.002)
out(f'end {{n}}')
""")
ps.begin_invoke()
open(here + ".now", "w").close()
while ps.state in (0, 1, 2):
    ps.poll_invoke(timeout=5)
lines = ps.output
assert lines[-1] == f"end {len(lines) - 1}", (len(lines), lines[-3:])
assert lines[:-1] == list(range(1, len(lines))), "lines are lost or doubled"
print(len(lines), flush=True)
