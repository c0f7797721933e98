def pool(name="Small", user="ann", **more):
    return RunspacePool(ws(user), configuration_name=name, **more)


small = pool()
small.open()
refused(2150859173, pool().open)
text = refused(2150859173, pool("SMALL").open)
assert "maximum number of 1 concurrent shells" in text, text
other = pool(user="bob")
other.open()
whole = pool("Whole")
whole.open()
refused(2150859238, pool("Whole", "bob").open)
users = pool("Users")
users.open()
refused(2150859237, pool("Users", "bob").open)
again = pool("Users")
again.open()

# Others are not concerned, and a name that nobody knows is Windows' unknown resource.
with RunspacePool(ws("bob")) as usual:
    assert pipe(usual, "echo ok").output == ["ok"]
refused(2150858752, pool("Nobody").open)
refused(2150858752, pool("../Small").open)
refused(5, pool("Off").open)
text = refused(5, pool("Bobs").open)
assert "ann lacks the right to have sessions of this configuration: Bobs" in text, text
with RunspacePool(ws("bob"), configuration_name="bobs") as bobs:
    assert pipe(bobs, "echo mine").output == ["mine"]
text = refused(2150859046, pool("Broken").open)
assert "Broken.toml, line 2: unknown field `max_shell`" in text, text
text = refused(2150859046, pool("NoScript").open)
assert "startup script" in text, text

# One command at a time.
ps = PowerShell(whole)
ps.add_script("echo begun; sleep 60")
ps.begin_invoke()
refused(2150859241, lambda: pipe(whole, "true"))
ps.stop()

# What is said when a session is let go of, and what is not said.
long = RunspacePool(ws(), configuration_name="Users", idle_timeout=90)
long.open()
text = refused(2150859250, long.disconnect)
assert "90(seconds)" in text and "allowed 70 (seconds)" in text, text
users.disconnect()
told = {p.id: p for p in RunspacePool.get_runspace_pools(ws())}
assert users.id in told, told

# Nothing is undone for sessions that are there.
os.remove(f"{sys.argv[2]}/Small.toml")
refused(2150858752, pool().open)
assert pipe(small, "echo here").output == ["here"]
for one in (small, other, whole, users, again, long):
    if one is not users:
        one.close()
