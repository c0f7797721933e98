import winrm

assert run("bob", "id -un") == "bob\n"
assert run("alice", "id -un") == "alice\n"
session = winrm.Session(
    f"https://{HOST}:5986/wsman", auth=("bob", "winsta-bob"), transport="basic",
    server_cert_validation="ignore")
ran = session.run_cmd("id", ["-un"])
assert (ran.std_out, ran.status_code) == (b"bob\n", 0), ran

with RunspacePool(ws("bob")) as pool:
    seen = [files, zone, runtime, uid, home, *group] = pipe(
        pool, "ulimit -n; echo $TZ; echo $XDG_RUNTIME_DIR; id -u; pwd; cat /proc/self/cgroup")
    assert (files, zone, runtime, home) == ("2345", "said/by/PAM", f"/run/user/{uid}", "/home/bob"), seen
    scope = re.findall("/session-(.*)[.]scope", "\n".join(group))[-1]
    assert pipe(pool, "loginctl show-session --value -p Name -p Service -p State " + scope) == [
        "bob", "winsta", "active"]
    # Nothing that systemd said to the relay alone.
    names = "NOTIFY_SOCKET|LISTEN_|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|MEMORY_PRESSURE"
    assert pipe(pool, f"env | grep -E '^({names})'; echo end") == ["end"]
    # Much, both ways.
    assert pipe(pool, f"x={'y' * 300_000}; echo ${{#x}}") == ["300000"]
    assert pipe(pool, "seq 1 60000") == [str(n) for n in range(1, 60_001)]

# Nobody sees what is another's, or works in it.
pool = RunspacePool(ws("bob"))
pool.open()
assert pools("alice") == []
his, hers = WinRS(ws("bob")), WinRS(ws("alice"))
his.open()
hers.open()
own, hers._selector_set = hers._selector_set, his._selector_set
try:
    Process(hers, "id").invoke()
    raise AssertionError("alice works in bob's shell")
except WSManFaultError as fault:
    assert fault.code == 2150858843, fault
hers._selector_set = own
for shell in [hers, his, pool]:
    shell.close()
