"""What PowerShell's console says and expects in `Enter-PSSession`, with psrpcore's messages.

The console opens a pool whose host has a screen, asks for the commands that it cannot do without, and
then for the prompt and for each line that is typed. It takes lines apart into commands before it sends
them, shows what its host is called to show, and leaves when it is called to.
"""

import tempfile
import xml.etree.ElementTree as ET

import psrpcore
from psrpcore import types as t
from pypsrp.shell import SignalCode, WinRS
from pypsrp.wsman import NAMESPACES, OptionSet

POWERSHELL = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell"
SHELL = NAMESPACES["rsp"]
WRITE1, WRITE_LINE2, WRITE_ERROR_LINE = 13, 16, 18
SET_SHOULD_EXIT, POP_RUNSPACE = 6, 53
STOPPED, COMPLETED, FAILED = 3, 4, 5

screen = t.HostInfo(
    IsHostNull=False, IsHostUINull=False, IsHostRawUINull=False, UseRunspaceHost=False,
    HostDefaultData=t.HostDefaultData(
        ForegroundColor=t.ConsoleColor.Gray, BackgroundColor=t.ConsoleColor.Black,
        CursorPosition=t.Coordinates(X=0, Y=0), WindowPosition=t.Coordinates(X=0, Y=0),
        CursorSize=25, BufferSize=t.Size(Width=120, Height=50),
        WindowSize=t.Size(Width=120, Height=50), MaxWindowSize=t.Size(Width=120, Height=50),
        MaxPhysicalWindowSize=t.Size(Width=120, Height=50), WindowTitle="PowerShell"))
# What a pipeline says that leaves it to the pool.
as_pool = t.HostInfo(
    IsHostNull=True, IsHostUINull=True, IsHostRawUINull=True, UseRunspaceHost=True,
    HostDefaultData=None)


class Console:
    def __init__(self, host=screen):
        self.pool = psrpcore.ClientRunspacePool(host=host)
        self.shell = WinRS(ws(), resource_uri=POWERSHELL, id=str(self.pool.runspace_pool_id).upper(),
                           input_streams="stdin pr", output_streams="stdout")
        self.pool.open()
        opening = ET.Element("creationXml", xmlns="http://schemas.microsoft.com/powershell")
        opening.text = base64.b64encode(self.pool.data_to_send().data).decode()
        options = OptionSet()
        options.add_option("protocolversion", "2.3", {"MustComply": "true"})
        self.shell.open(options, opening)
        while self.pool.state != t.RunspacePoolState.Opened:
            self.receive(None)

    def receive(self, command):
        """The events of an answer."""
        stdout = self.shell.receive("stdout", command)[2]["stdout"]
        self.pool.receive_data(psrpcore.PSRPPayload(
            stdout, psrpcore.StreamType.default, self.number if command else None))
        events = []
        while event := self.pool.next_event():
            events.append(event)
        return events

    def begin(self, pipeline):
        pipeline.start()
        self.number = pipeline.pipeline_id
        self.command = str(self.number).upper()
        line = ET.Element("{%s}CommandLine" % SHELL, CommandId=self.command)
        ET.SubElement(line, "{%s}Command" % SHELL)
        arguments = ET.SubElement(line, "{%s}Arguments" % SHELL)
        arguments.text = base64.b64encode(self.pool.data_to_send().data).decode()
        self.shell.wsman.command(POWERSHELL, line, selector_set=self.shell._selector_set)

    def events(self):
        """What a pipeline says until it is over."""
        events = []
        while not any(isinstance(event, psrpcore.PipelineStateEvent) for event in events):
            events += self.receive(self.command)
        self.shell.signal(SignalCode.TERMINATE, self.command)
        return events

    def run(self, pipeline):
        self.begin(pipeline)
        return self.events()

    def line(self, line, *commands):
        """A line that is typed; without commands it is one that PowerShell cannot take apart."""
        ps = psrpcore.ClientPowerShell(
            self.pool, history=line, add_to_history=True, no_input=True, host=as_pool)
        if not commands:
            ps.add_script(line)
        for name, *arguments in commands:
            ps.add_command(name)
            for argument in arguments:
                if isinstance(argument, tuple):
                    ps.add_parameter(*argument)
                else:
                    ps.add_argument(argument)
        ps.metadata.commands[0].redirect_error()
        ps.add_command("Out-Default", use_local_scope=True)
        return ps

    def types(self, line, *commands):
        """The calls of the host that a typed line leads to, and how it ended."""
        return seen(self.run(self.line(line, *commands)))

    def prompt(self):
        ps = psrpcore.ClientPowerShell(self.pool, history="prompt", no_input=True, host=as_pool)
        ps.add_command("prompt")
        output = [str(event.data) for event in self.run(ps)
                  if isinstance(event, psrpcore.PipelineOutputEvent)]
        assert len(output) == 1, output
        return output[0]


def seen(events):
    calls = []
    for event in events:
        if isinstance(event, psrpcore.PipelineHostCallEvent):
            assert event.ci == -100, "none of these is answered"
            calls.append((int(event.method_identifier), *event.method_parameters))
        else:
            assert isinstance(event, psrpcore.PipelineStateEvent), event
            state = event
    return calls, int(state.state), state.reason


def shows(expected, said):
    assert said == (expected, COMPLETED, None), said


console = Console()

# Without these two it does not enter.
events = console.run(psrpcore.ClientGetCommandMetadata(
    console.pool, ["Out-Default", "Exit-PSSession"]))
found = [event.data for event in events if isinstance(event, psrpcore.PipelineOutputEvent)]
assert len(found) == 3 and found[0].Count == 2, found
assert [str(command.Name) for command in found[1:]] == ["Out-Default", "Exit-PSSession"]
assert int(events[-1].state) == COMPLETED

prompt = console.prompt()
assert "@" in prompt and prompt.endswith("$ "), prompt

# Lines are bash's, however PowerShell has taken them apart.
shows([], console.types("cd /etc/..", ("cd", "/etc/..")))
assert console.prompt().endswith(":/$ ")
shows([], console.types("cd /etc", ("cd", "/etc")))
shows([(WRITE_LINE2, "passwd")], console.types("ls -d pass*d", ("ls", ("-d", None), "pass*d")))
shows([(WRITE_LINE2, "1"), (WRITE_LINE2, ""), (WRITE_LINE2, "3")],
      console.types("for i in 1 '' 3; do echo $i; done"))
shows([(WRITE_LINE2, "a b")], console.types('x="a b"; echo "$x"'))
shows([(WRITE_LINE2, "a b")], console.types("echo $x | cat"))
shows([(WRITE1, "no end")], console.types("printf 'no end'", ("printf", "no end")))
shows([(WRITE_ERROR_LINE, "oops")], console.types("echo oops >&2", ("echo", "oops")))
calls, state, _ = console.types("nonsense-here", ("nonsense-here",))
assert state == COMPLETED and [call[0] for call in calls] == [WRITE_ERROR_LINE], calls
assert "nonsense-here: command not found" in calls[0][1], calls
shows([], console.types("read -r x", ("read", ("-r", None), "x")))
shows([(WRITE_LINE2, "<>")], console.types('echo "<$x>"', ("echo", "<>")))
calls, state, _ = console.types("seq 1 3000", ("seq", 1, 3000))
assert [call[1] for call in calls] == [str(n) for n in range(1, 3001)], len(calls)

# A command that is not whole has the console ask for more of it.
for line in ["if true; then", "echo 'abc", "for x in 1 2", "ls |"]:
    calls, state, reason = console.types(line)
    assert (calls, state) == ([], FAILED), (line, calls, state)
    assert reason.CategoryInfo.Reason == "IncompleteParseException", reason
shows([(WRITE_LINE2, "yes")], console.types("if true; then\necho yes\nfi"))
calls, state, _ = console.types("echo )")
assert state == COMPLETED and "syntax error near" in calls[0][1], calls

# Ctrl+C stops the line, and the session goes on.
console.begin(console.line("echo begun; sleep 600; echo not reached"))
events = []
while not events:
    events = console.receive(console.command)
console.shell.signal(SignalCode.PS_CTRL_C, console.command)
calls, state, reason = seen(events + console.events())
assert (calls, state) == ([(WRITE_LINE2, "begun")], STOPPED), (calls, state)
assert reason.CategoryInfo.Reason == "PipelineStoppedException", reason
shows([(WRITE_LINE2, "a b")], console.types("x='a b'; echo $x"))


# The tabulator.
def completes(line, cursor=None):
    ps = psrpcore.ClientPowerShell(console.pool, no_input=True, host=as_pool)
    ps.add_command("TabExpansion2").add_argument(line)
    ps.add_argument(len(line) if cursor is None else cursor).add_argument(None)
    output, state = [], None
    for event in console.run(ps):
        if isinstance(event, psrpcore.PipelineOutputEvent):
            output.append(event.data)
        else:
            state = int(event.state)
    assert state == COMPLETED
    if not output:
        return None
    [found] = output
    assert found.PSObject.type_names[0].endswith("System.Management.Automation.CommandCompletion")
    matches = [(str(m.CompletionText), str(m.ListItemText), str(m.ToolTip), int(m.ResultType))
               for m in found.CompletionMatches]
    return found.ReplacementIndex, found.ReplacementLength, matches


with tempfile.TemporaryDirectory(prefix="winsta tab ") as place:
    os.mkdir(f"{place}/folder")
    open(f"{place}/file", "w").close()
    typed = place.replace(" ", "\\ ")
    file = (f"{typed}/file", "file", f"{typed}/file", 3)
    folder = (f"{typed}/folder/", "folder/", f"{typed}/folder/", 4)
    length = len(typed) + 2
    assert completes(f"ls {typed}/f") == (3, length, [file, folder])
    assert completes(f"cd {typed}/f; ls", 3 + length) == (3, length, [folder])
index, length, matches = completes("echo | mktem")
assert (index, length) == (7, 5) and ("mktemp", "mktemp", "mktemp", 2) in matches, matches
assert completes("echo $BASH_VERSIO")[2][0][0] == "$BASH_VERSION"
for nothing in ["ls /there/is/no/su", "ls 'qu", "ls ", ""]:
    assert completes(nothing) is None, nothing

# The console makes `exit` of what leads out; and what ends bash leads out as well.
shows([(POP_RUNSPACE,)], console.types("Exit-PSSession", ("Exit-PSSession",)))
shows([(WRITE_LINE2, "bye"), (SET_SHOULD_EXIT, 3)], console.types("echo bye; exit 3"))
shows([(WRITE_LINE2, "again")], console.types("echo again", ("echo", "again")))

# Whoever has no screen gets objects, of commands as they are sent.
console.shell.close()
console = Console(host=None)
events = console.run(console.line("ls -d /etc/pass*d", ("ls", ("-d", None), "/etc/passwd")))
assert [str(event.data) for event in events[:-1]] == ["/etc/passwd"], events
console.shell.close()
