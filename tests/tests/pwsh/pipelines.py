def power(user="ann", **more):
    return RunspacePool(ws(user), configuration_name="Power", **more)


with power() as pool:
    def says(script, output, errors=(), **invoke):
        ps = pipe(pool, script, **invoke)
        assert ps.state == 4, (script, ps.state)
        assert (ps.output, [str(e) for e in ps.streams.error]) == (list(output), list(errors)), (
            script, ps.output, ps.streams.error)

    # The engine itself answers.
    says("x = 5", [])
    says("out(x); out(str(x)); err('oops')", [5, "5"], ["oops"])
    says("out([1, 2]); out('<&>\\'\"\\x01\\U0001F600')", [[1, 2], "<&>'\"\x01\U0001F600"])
    says("out(nothing)", [], ["NameError: name 'nothing' is not defined"])
    says("for item in given: out(item)", ["one", 2], input=["one", 2])
    long = "y" * 300_000
    says(f"z = '{long}'; out(z); out(len(z))", [long, 300_000])
    says("for n in range(3000): out(n)", range(3000))

    ps = PowerShell(pool)
    ps.add_script("out('begun')\nwhile True: out('on')")
    ps.begin_invoke()
    while not ps.output:
        ps.poll_invoke()
    ps.stop()
    assert ps.state == 3, ps.state
    says("out(f'still {x}')", ["still 5"])

    ps = PowerShell(pool)
    ps.add_script("out('closed')")
    ps.invoke()
    ps.close()
    refused(2150858843, lambda: pool.shell.receive("stdout", command_id=ps.id))

    pool.exchange_keys()
    assert pool.is_alive()

with power(min_runspaces=1, max_runspaces=4) as pool:
    # Each waits for the others: they run at the same time or not at all.
    place = f"/tmp/winsta-test-{os.getpid()}"
    all_ps = []
    for number in range(4):
        ps = PowerShell(pool)
        others = "\n".join(f"until('{place}.{other}')" for other in range(4))
        ps.add_script(f"open('{place}.{number}', 'w').close()\n{others}\nout({number})")
        ps.begin_invoke()
        all_ps.append(ps)
    for number, ps in enumerate(all_ps):
        ps.end_invoke()
        assert ps.output == [number], ps.output
        os.remove(f"{place}.{number}")

# A pipeline that nobody wants any more, and a session that is deleted in the middle of one.
pool = power()
pool.open()
for ends in (True, False):
    ps = PowerShell(pool)
    ps.add_script("out('begun'); until('/nowhere')")
    ps.begin_invoke()
    while not ps.output:
        ps.poll_invoke()
    if ends:
        pool.shell.signal(SignalCode.TERMINATE, command_id=ps._command_id)
        assert pipe(pool, "out('next')").output == ["next"]
pool.close()
