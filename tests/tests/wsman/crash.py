# The host dies while this client waits for output, again and again. Where the connection breaks,
# this client sends the same bytes again, as Windows' does: their number tells the host that the
# answer was lost.
here = sys.argv[2]
client = persistent(ws())
pool = RunspacePool(client)
pool.open()
ps = PowerShell(pool)
ps.add_script("i=0; while [ ! -e %s.stop ]; do i=$((i+1)); echo $i; sleep .002; done; echo end $i" % here)
ps.begin_invoke()
print("begun", flush=True)
open(here + ".now", "w").close()
while ps.state in (0, 1, 2):
    ps.poll_invoke(timeout=5)
lines = ps.output
assert lines[-1] == f"end {len(lines) - 1}", (len(lines), lines[-3:])
assert lines[:-1] == [str(n) for n in range(1, len(lines))], "lines are lost or doubled"
print(len(lines), flush=True)
