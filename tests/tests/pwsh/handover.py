place = sys.argv[2]
mine = RunspacePool(ws(), configuration_name="Power", max_runspaces=3)
mine.open()
pipe(mine, "x = 'kept'")
done = pipe(mine, "out('done before')")
ps = PowerShell(mine)
ps.add_script(f"""
for n in range(20): out(f'line{{n}}')
until('{place}.go')
for n in range(20, 40): out(f'line{{n}}')
out(x)
""")
ps.begin_invoke()
# Some of it was fetched, and what came then was let go of.
while not ps.output:
    ps.poll_invoke()
had = len(ps.output)

listed = RunspacePool.get_runspace_pools(ws())
assert [pool.id for pool in listed] == [mine.id]
refused(2150859213, listed[0].connect)
assert RunspacePool.get_runspace_pools(ws("bob")) == []

mine.disconnect()
if len(sys.argv) > 3:
    # Whoever started this replaces the host now.
    open(place + ".now", "w").close()
    while not os.path.exists(place + ".replaced"):
        time.sleep(0.01)

mine.connect()
mine.disconnect()
theirs = RunspacePool.get_runspace_pools(ws())[0]
theirs.connect()
assert theirs.max_runspaces == 3
assert theirs.application_private_data is not None
assert theirs.protocol_version == "2.3"
shells = {shell.id: shell for shell in theirs.create_disconnected_power_shells()}
assert ps.id in shells, shells
# What has ended says so again to whoever comes.
over = shells[done.id]
over.connect()
assert (over.state, over.output) == (4, []), (over.state, over.output)
open(place + ".go", "w").close()
found = shells[ps.id]
found.connect()
assert found.state == 4
assert ps.output[:had] + found.output == [f"line{n}" for n in range(40)] + ["kept"], (had, found.output)

late = PowerShell(mine)
late.add_script("out('x')")
mine.state = 2
refused(2150859213, late.invoke)
assert pipe(theirs, "out(x)").output == ["kept"]
theirs.state = 2
theirs.disconnect()
again = RunspacePool.get_runspace_pools(ws())[0]
again.connect()
assert pipe(again, "out(x)").output == ["kept"]
again.close()
assert RunspacePool.get_runspace_pools(ws()) == []
