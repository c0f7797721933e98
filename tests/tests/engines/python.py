def snake():
    return RunspacePool(ws(), configuration_name="Snake")


with snake() as pool:
    def says(script, output, errors=(), **invoke):
        ps = pipe(pool, script, **invoke)
        assert (ps.output, [str(e) for e in ps.streams.error]) == (list(output), list(errors)), (
            script, ps.output, ps.streams.error)

    says("x = 5", [])
    says("print(x)", ["5"])
    says("x + 1", ["6"])
    says("def f(n):\n    '''It's a \"function\".'''\n    return n * 2\n\nf(x)", ["10"])
    says("import sys\nprint('a', end='')\nprint('oops', file=sys.stderr)", ["a"], ["oops"])
    says("print(started, __name__)", ["yes __main__"])
    says("print('\u00e9\U0001F600')", ["\u00e9\U0001F600"])
    says("import subprocess\nsubprocess.run(['sh', '-c', 'cat; echo out; echo err >&2']).returncode",
         ["out", "0"], ["err"])
    says("import sys\nfor line in sys.stdin: print(f'<{line.strip()}>')", ["<one>", "<two 2>"], input=["one", "two 2"])
    says("for n in range(20000): print(n)", [str(n) for n in range(20000)])
    says(f"z = '{'y' * 200_000}'\nlen(z)", ["200000"])
    errors = [str(e) for e in pipe(pool, "1 / 0").streams.error]
    assert errors[0].startswith("Traceback") and errors[-1] == "ZeroDivisionError: division by zero", errors
    assert not any("serve" in line or "exec(" in line for line in errors), errors
    assert pipe(pool, "if").streams.error, "a syntax error is told"
    says("import os\nos.close(1)\nos.close(2)", [])

with snake() as pool:
    for script in ("while True: pass", "import time; time.sleep(1000)", "import os; os.system('sleep 1000'); time.sleep(1000)"):
        ps = PowerShell(pool)
        ps.add_script(f"x = 7\nimport time\nprint('begun')\n{script}")
        ps.begin_invoke()
        while not ps.output:
            ps.poll_invoke()
        ps.stop()
        assert pipe(pool, "print('still', x)").output == ["still 7"]
    pipe(pool, "x = 8; exit(3)")
    assert pipe(pool, "print('new', started, 'x' in globals())").output == ["new yes False"]

pool = snake()
pool.open()
pipe(pool, "x = 5")
pool.disconnect()
