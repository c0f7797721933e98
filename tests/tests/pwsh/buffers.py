import xml.etree.ElementTree as ET
from pypsrp.wsman import SelectorSet

place = sys.argv[2]


def power():
    pool = RunspacePool(ws(), configuration_name="Power", max_runspaces=2)
    pool.open()
    return pool


def connected(old):
    [pool] = [pool for pool in RunspacePool.get_runspace_pools(ws()) if pool.id == old.id]
    pool.connect()
    return pool


MUCH = f"for n in range(3000): out(f'{{n}} {'x' * 200}')\nopen('{place}', 'w').close()"

# Block: the engine waits, and all of it comes.
pool = power()
ps = PowerShell(pool)
ps.add_script(MUCH)
ps.begin_invoke()
pool.disconnect()
time.sleep(1)
assert not os.path.exists(place), "it waits"
theirs = connected(pool)
[found] = theirs.create_disconnected_power_shells()
found.connect()
assert [line.split()[0] for line in found.output] == [str(n) for n in range(3000)]
assert os.path.exists(place)

# What nobody asks for holds nothing up that somebody does ask for.
for turn in range(30):
    assert pipe(theirs, "for n in range(100): out('y' * 200)").output == ["y" * 200] * 100
theirs.close()

# Drop: it runs on, and the newest comes.
os.remove(place)
pool = power()
ps = PowerShell(pool)
ps.add_script(MUCH)
ps.begin_invoke()
body = ET.Element("{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}Disconnect")
ET.SubElement(body, "{http://schemas.microsoft.com/wbem/wsman/1/windows/shell}BufferMode").text = "Drop"
selectors = SelectorSet()
selectors.add_option("ShellId", pool.shell.id)
pool.connection.disconnect(pool.shell.resource_uri, body, selector_set=selectors)
while not os.path.exists(place):
    time.sleep(0.01)
theirs = connected(pool)
[found] = theirs.create_disconnected_power_shells()
found.connect()
assert found.state == 4
numbers = [int(line.split()[0]) for line in found.output]
assert numbers[-1] == 2999 and len(numbers) < 3000, len(numbers)
assert numbers == sorted(set(numbers)), "none twice"
theirs.close()
