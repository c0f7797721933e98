# The host dies while this client waits for output, again and again.
here = sys.argv[2]
client = ws()
pool = RunspacePool(client)
pool.open()
ps = PowerShell(pool)
ps.add_script("i=0; while [ ! -e %s.stop ]; do i=$((i+1)); echo $i; sleep .002; done; echo end $i" % here)
ps.begin_invoke()
print("begun", flush=True)
open(here + ".now", "w").close()
while ps.state in (0, 1, 2):
    try:
        ps.poll_invoke(timeout=5)
    except Exception as error:
        # The connection broke: the same request again, as its number says.
        if isinstance(error, WSManFaultError):
            raise
        time.sleep(0.05)
lines = ps.output
assert lines[-1] == f"end {len(lines) - 1}", lines[-3:]
assert lines[:-1] == [str(n) for n in range(1, len(lines))], "lines are lost or doubled"
print(len(lines), flush=True)
