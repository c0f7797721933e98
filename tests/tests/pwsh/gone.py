pool = RunspacePool(ws(), configuration_name="Power")
pool.open()
waiting = PowerShell(pool)
waiting.add_script("out('begun'); until('/nowhere')")
waiting.begin_invoke()
while not waiting.output:
    waiting.poll_invoke()
ps = PowerShell(pool)
ps.add_script("import sys\nout('last')\nprint('it hurts', file=sys.stderr)\nleave(3)")
ps.invoke()
assert (ps.state, ps.output) == (5, ["last"]), (ps.state, ps.output)
waiting.end_invoke()
assert waiting.state == 5, waiting.state
text = refused(2150859046, lambda: pipe(pool, "out(1)"))
assert "engine has ended" in text and "it hurts" in text, text
try:
    pool._receive()
    raise AssertionError("the pool is not broken")
except Exception as broken:
    assert "ended with status 3" in str(broken), broken

# Who comes later hears the same.
pool.state = 2
pool.disconnect()
late = RunspacePool.get_runspace_pools(ws())[0]
try:
    late.connect()
    raise AssertionError("the pool is not broken")
except Exception as broken:
    assert "ended with status 3" in str(broken), broken
shells = {shell.id: shell for shell in late.create_disconnected_power_shells()}
shells[waiting.id].connect()
assert shells[waiting.id].state == 5
late.state = 2
late.close()
assert RunspacePool.get_runspace_pools(ws()) == []
with RunspacePool(ws(), configuration_name="Power") as pool:
    assert pipe(pool, "out('new')").output == ["new"]
