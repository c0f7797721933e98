with RunspacePool(ws(), configuration_name="Told") as pool:
    def says(script, output, **invoke):
        ps = pipe(pool, script, **invoke)
        assert (ps.output, ps.streams.error) == (list(output), []), (script, ps.output, ps.streams.error)

    says("x=5", [])
    says("echo $x", ["5"])
    says("echo out; echo err >&2\necho on", ["out", "err", "on"])
    says("printf 'no end'", ["no end"])
    says("for n in $(seq 1 9000); do echo line$n; done", [f"line{n}" for n in range(1, 9001)])
    # Its first line is there before the mark is.
    ps = PowerShell(pool)
    ps.add_script("echo begun; sleep 1000")
    ps.begin_invoke()
    while not ps.output:
        ps.poll_invoke()
    assert ps.output == ["begun"], ps.output
    ps.stop()
    # This program ends when it is interrupted, and another takes its place.
    says("echo new $x", ["new"])

with RunspacePool(ws(), configuration_name="Echo") as pool:
    assert pipe(pool, "one\ntwo").output == ["one", "two"]
    assert pipe(pool, "three").output == ["three"]
