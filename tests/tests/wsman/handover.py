mine = RunspacePool(ws())
mine.open()
assert pipe(mine, "x=kept; echo $$").output
ps = PowerShell(mine)
ps.add_script("for i in $(seq 1 40); do echo line$i; sleep .02; done; echo $x")
ps.begin_invoke()

listed = RunspacePool.get_runspace_pools(ws())
assert [pool.id for pool in listed] == [mine.id]
refused(2150859213, listed[0].connect)
assert RunspacePool.get_runspace_pools(ws("bob")) == []

mine.disconnect()
if len(sys.argv) > 2:
    # Whoever started this replaces the host now.
    print("crash", flush=True)
    open(sys.argv[2] + ".now", "w").close()
    while not os.path.exists(sys.argv[2]):
        time.sleep(0.01)

theirs = RunspacePool.get_runspace_pools(ws())[0]
theirs.connect()
[found] = [found for found in theirs.create_disconnected_power_shells() if found.id == ps.id]
found.connect()
found.end_invoke()
assert found.output == [f"line{n}" for n in range(1, 41)] + ["kept"], found.output

late = PowerShell(mine)
late.add_script("echo x")
mine.state = 2
refused(2150859213, late.invoke)
assert pipe(theirs, "echo $x").output == ["kept"]
theirs.close()
assert RunspacePool.get_runspace_pools(ws()) == []
