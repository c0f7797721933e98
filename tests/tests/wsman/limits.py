client = ws()
shells = []
for number in range(2):
    shell = WinRS(client)
    shell.open()
    shells.append(shell)
text = refused(2150859173, WinRS(client).open)
assert "maximum number of 2 concurrent shells" in text, text
other = WinRS(ws("bob"))
other.open()
refused(2150859238, WinRS(ws("bob")).open)

process = Process(shells[0], "sleep 60")
process.begin_invoke()
refused(2150859241, Process(shells[0], "true").begin_invoke)

# Somebody else's shell is as if it were not there.
thief = WinRS(client)
thief.__dict__.update({name: value for name, value in other.__dict__.items() if name != "wsman"})
refused(2150858843, lambda: Process(thief, "true").invoke())
shells[0].close()
shells[0] = WinRS(client)
shells[0].open()

for shell in shells:
    shell.close()
other.close()
pool = RunspacePool(client, idle_timeout=200)
pool.open()
text = refused(2150859250, pool.disconnect)
assert "200(seconds)" in text and "120 (seconds)" in text, text
assert pipe(pool, "echo still here").output == ["still here"]
pool.close()
