with WinRS(ws(), environment={"A": "b c<&>"}, working_directory="/tmp", name="work") as shell:
    process = Process(shell, "cat; echo $A; pwd")
    process.begin_invoke()
    process.send("in\u00e9\U0001F600\n".encode(), end=True)
    process.end_invoke()
    assert process.stdout == "in\u00e9\U0001F600\nb c<&>\n/tmp\n".encode(), process.stdout
    assert process.rc == 0

    process = Process(shell, "echo out; echo err >&2; kill -TERM $$")
    process.invoke()
    assert (process.rc, process.stdout, process.stderr) == (143, b"out\n", b"err\n")

    process = Process(shell, "trap 'echo caught; exit 7' INT; echo ready; sleep 60 & wait")
    process.begin_invoke()
    while b"ready" not in process.stdout:
        process.poll_invoke()
    process.signal(SignalCode.CTRL_C)
    process.end_invoke()
    assert (process.rc, process.stdout) == (7, b"ready\ncaught\n"), process.stdout

    process = Process(shell, "/bin/echo", ["a  b", "$A", "|"], no_shell=True)
    process.invoke()
    assert process.stdout == b"a  b $A |\n", process.stdout
    refused(2147942402, lambda: Process(shell, "/no/such", no_shell=True).invoke())

    process = Process(shell, "sleep 600 & setsid sleep 600 & sleep 600")
    process.begin_invoke()
    process.signal(SignalCode.TERMINATE)
    refused(2150858843, process.poll_invoke)

    process = Process(shell, "head -c 3000000 /dev/zero | tr '\\0' x")
    process.invoke()
    assert len(process.stdout) == 3000000
