import winrm

session = winrm.Session(f"http://127.0.0.1:{PORT}/wsman", auth=("ann", "secret"), transport="basic")
ran = session.run_cmd("echo", ["hello", "&&", "echo", "oops", ">&2;", "exit", "3"])
assert (ran.std_out, ran.std_err, ran.status_code) == (b"hello\n", b"oops\n", 3), ran
ran = session.run_ps("for i in 1 2 3; do echo line$i; done")
assert (ran.std_out, ran.status_code) == (b"line1\nline2\nline3\n", 0), ran
