with RunspacePool(ws(), configuration_name="Plain") as pool:
    def says(script, output, errors=(), **invoke):
        ps = pipe(pool, script, **invoke)
        assert (ps.output, [str(e) for e in ps.streams.error]) == (list(output), list(errors)), (
            script, ps.output, ps.streams.error)

    says("x=5; f() { echo f$1; }; cd /tmp", [])
    says("echo $x; pwd; f 7; echo oops >&2", ["5", "/tmp", "f7"], ["oops"])
    says("printf 'a\\nno end'; echo $started", ["a", "no endyes"])
    says("while read -r l; do echo \"<$l>\"; done", ["<one>", "<two 2>"], input=["one", "two 2"])
    says("set -u; false; echo $?", ["1"])
    assert pipe(pool, "if").streams.error, "a syntax error is told"
    assert pipe(pool, "echo $nothing").streams.error, "set -u holds"
    says("exec > /dev/null 2>&1; echo lost", [])
    says("seq 1 20000 | tail -1", ["20000"])
    for script in ("while :; do :; done", "sleep 1000"):
        ps = PowerShell(pool)
        ps.add_script(f"echo begun; {script}")
        ps.begin_invoke()
        while not ps.output:
            ps.poll_invoke()
        ps.stop()
        assert ps.state == 3, ps.state
    says("echo still $x", ["still 5"])
    pipe(pool, "exit 3")
    says("echo new; echo $started", ["new", "yes"])
