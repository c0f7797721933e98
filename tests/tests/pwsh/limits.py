pool = RunspacePool(ws(), configuration_name="Power", max_runspaces=2)
pool.open()
ps = PowerShell(pool)
ps.add_script("out('begun'); until('/nowhere')")
ps.begin_invoke()
while not ps.output:
    ps.poll_invoke()
refused(2150859241, lambda: pipe(pool, "out(1)"))
ps.stop()
assert pipe(pool, "import subprocess\nchild = subprocess.Popen(['sleep', '1000'])\nout('one')").output == ["one"]
text = refused(1816, lambda: pipe(pool, "out(1)"))
assert "The shell has 1 processes, and MaxProcessesPerShell is 1." in text, text
long = RunspacePool(ws(), configuration_name="Power", idle_timeout=130)
long.open()
text = refused(2150859250, long.disconnect)
assert "allowed 120 (seconds)" in text, text
long.close()
pool.close()
