# Whatever leads to the command dies while this client waits for output, again and again.
import os

stop, begun = sys.argv[2:]
pool = RunspacePool(persistent(ws("bob")))
pool.open()
ps = PowerShell(pool)
ps.add_script("i=0; while [ ! -e %s ]; do i=$((i+1)); echo $i; sleep .002; done; echo end $i" % stop)
ps.begin_invoke()
while ps.state in (0, 1, 2):
    ps.poll_invoke(timeout=5)
    with open(begun + ".new", "w") as file:
        file.write(str(len(ps.output)))
    os.rename(begun + ".new", begun)
lines = ps.output
assert lines[-1] == f"end {len(lines) - 1}", (len(lines), lines[-3:])
assert lines[:-1] == [str(n) for n in range(1, len(lines))], "lines are lost or doubled"
pool.close()
print(len(lines), flush=True)
