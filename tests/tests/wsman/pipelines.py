with RunspacePool(ws()) as pool:
    def says(script, output, errors=(), **invoke):
        ps = pipe(pool, script, **invoke)
        assert (ps.output, [str(e) for e in ps.streams.error]) == (list(output), list(errors)), (
            script, ps.output, ps.streams.error)

    says("x=5; f() { echo f$1; }; cd /tmp", [])
    says("echo $x; pwd; f 7; echo oops >&2", ["5", "/tmp", "f7"], ["oops"])
    says("printf 'a\\nno end'", ["a", "no end"])
    says("printf '\\x01\\xff|\\t|<&>'", ["\x01\ufffd|\t|<&>"])
    says("echo 'it'\\''s' \u00e9\U0001F600; echo; echo ' x '", ["it's \u00e9\U0001F600", "", " x "])
    says("while read -r l; do echo \"<$l>\"; done", ["<one>", "<two 2>"], input=["one", "two 2"])
    says("false; echo $?", ["1"])
    says("yes | head -n 1; sh -c 'kill -TERM $$'; echo $?", ["y", "143"])
    assert pipe(pool, "if").streams.error, "a syntax error is told"
    says("exec > /dev/null 2>&1; echo lost", [])
    says("echo not lost", ["not lost"])
    says("seq 1 20000 | tail -1", ["20000"])
    assert pipe(pool, "seq 1 5000").output == [str(n) for n in range(1, 5001)]

    ps = PowerShell(pool)
    ps.add_cmdlet("printf").add_argument("%s-%s").add_argument("a b").add_argument("c'd")
    assert ps.invoke() == ["a b-c'd"], ps.output

    ps = PowerShell(pool)
    ps.add_script("echo begun; while :; do :; done")
    ps.begin_invoke()
    while not ps.output:
        ps.poll_invoke()
    ps.stop()
    assert ps.state == 3, ps.state
    says("echo still $x", ["still 5"])

    pipe(pool, "exit 3")
    says("echo new$x", ["new"])
    pool.exchange_keys()

with RunspacePool(ws(), min_runspaces=1, max_runspaces=4) as pool:
    # Each waits for the others: they run at the same time or not at all.
    place = f"/tmp/winsta-test-{os.getpid()}"
    all_ps = []
    for number in range(4):
        ps = PowerShell(pool)
        ps.add_script(f"touch {place}.{number}; until [ $(ls {place}.* | wc -l) = 4 ]; do sleep .02; done; echo {number}")
        ps.begin_invoke()
        all_ps.append(ps)
    for number, ps in enumerate(all_ps):
        ps.end_invoke()
        assert ps.output == [str(number)], ps.output
    pipe(pool, f"rm -f {place}.*")
