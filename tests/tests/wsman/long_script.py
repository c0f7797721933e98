"""A script that bash takes its time to read is stopped in the middle, and nothing of it runs after that."""

import tempfile

with tempfile.TemporaryDirectory() as place, RunspacePool(ws()) as pool:
    comment = "# what nobody has to run, and it's quoted\n" * 10_000
    script = f"touch {place}/first; sleep 600\n{comment}\ntouch {place}/rest\n"
    assert len(script) > 400_000

    def stopped(when):
        ps = PowerShell(pool)
        ps.add_script(script)
        ps.begin_invoke()
        when()
        ps.stop()
        assert ps.state == 3, ps.state
        # Whatever came of it is behind the next one.
        after = pipe(pool, "echo after; x=kept")
        assert (after.output, after.streams.error) == (["after"], []), (
            after.output, [str(error) for error in after.streams.error])
        assert not os.path.exists(f"{place}/rest"), "the rest ran"
        assert pipe(pool, "echo $x").output == ["kept"]

    def running():
        while not os.path.exists(f"{place}/first"):
            time.sleep(0.01)

    for pause in [0, 0, 0.02, 0.05, 0.1]:
        stopped(lambda: time.sleep(pause))
    if os.path.exists(f"{place}/first"):
        os.remove(f"{place}/first")
    stopped(running)

    # What is not stopped runs, also with input, and long input comes as it is.
    assert pipe(pool, comment + "echo $1 done").output == ["done"]
    line = "it's $x `x` \\ " * 5_000
    assert pipe(pool, "wc -c; " + comment, input=[line, "b"]).output == [str(len(line) + 3)]
    assert pipe(pool, "cat", input=[line, "", "b"]).output == [line, "", "b"]
