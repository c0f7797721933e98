"""A service of WS-Management as a Windows host has one, with psrpcore's server behind it.

It runs no PowerShell: a command is a word or two, and SCRIPTS says what a host would send for it.
It prints its port, and ends with its standard input. The user's name is how it behaves: `ann` is
served well, the others are in HOSTILE.
"""

import base64
import http.server
import itertools
import sys
import threading
import time
import uuid
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import psrpcore
from psrpcore import types as t

S = "http://www.w3.org/2003/05/soap-envelope"
A = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
W = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
X = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
N = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
R = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
F = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault"
P = "http://schemas.microsoft.com/powershell"
PREFIXES = " ".join(
    f'xmlns:{name}="{uri}"'
    for name, uri in {"s": S, "a": A, "w": W, "x": X, "n": N, "rsp": R, "f": F, "p": P}.items())
SIZE = 32_000
PASSWORD = "secret"

shells = {}
world = threading.Condition()


class Refused(Exception):
    def __init__(self, code, subcode, text):
        self.code, self.subcode, self.text = code, subcode, text


def timed_out():
    return Refused(2150858793, "w:TimedOut", "The WS-Management service cannot complete the operation "
                   "within the time specified in OperationTimeout.  ")


def no_such():
    return Refused(2150858843, "w:InvalidSelectors", "The request for the Windows Remote Shell with "
                   "that ShellId failed because the shell was not found on the server.")


class Command:
    def __init__(self, shell, name):
        self.shell, self.name, self.queue = shell, name, []
        self.pipeline = psrpcore.ServerPipeline(shell.pool, uuid.UUID(name))
        self.text, self.arguments, self.input = "", [], []
        self.done = False
        # What goes on when something happens.
        self.on = {}

    def begin(self, powershell):
        command = powershell.commands[0]
        self.text = str(command.command_text)
        self.arguments = [str(value) for _, value in command.parameters]
        self.pipeline.start()
        self.run(SCRIPTS.get(self.text.split(" ")[0], unknown))

    def run(self, script, *given):
        script(self, self.pipeline, *given)
        self.shell.drain()

    def happens(self, what, *given):
        script = self.on.pop(what, None)
        if script and not self.done:
            self.run(script, *given)

    def end(self):
        self.pipeline.complete()
        self.done = True

    def stop(self):
        if not self.done:
            self.pipeline.stop()
            self.done = True
            self.shell.drain()

    def raw(self, data):
        """Bytes that psrpcore would never send."""
        self.shell.drain()
        self.queue += data if isinstance(data, list) else [data]
        self.done = True


class Shell:
    def __init__(self, name, title, resource, client, idle, creation):
        self.id, self.name, self.resource = name, title, resource
        self.client, self.idle, self.connected = client, idle, True
        self.pool = psrpcore.ServerRunspacePool()
        self.queue, self.commands = [], {}
        self.feed(None, creation)

    def feed(self, command, data, stream=psrpcore.StreamType.default):
        name = uuid.UUID(command.name) if command else None
        self.pool.receive_data(psrpcore.PSRPPayload(data, stream, name))
        while True:
            event = self.pool.next_event()
            if event is None:
                break
            self.hear(event)
        self.drain()

    def hear(self, event):
        command = self.commands.get(str(event.pipeline_id).upper()) if event.pipeline_id else None
        if isinstance(event, psrpcore.CreatePipelineEvent):
            command.begin(event.pipeline)
        elif isinstance(event, psrpcore.PipelineInputEvent):
            command.input.append(str(event.data))
        elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
            command.happens("input")
        elif isinstance(event, psrpcore.PipelineHostResponseEvent):
            command.happens("answer", event)

    def drain(self):
        while True:
            payload = self.pool.data_to_send(SIZE)
            if payload is None:
                break
            of = self.commands.get(str(payload.pipeline_id).upper()) if payload.pipeline_id else self
            if of:
                of.queue.append(payload.data)
        world.notify_all()

    def used_by(self, client):
        if self.client != client:
            raise Refused(2150859213, "w:InternalError", "The shell is connected to another client.")
        if not self.connected:
            raise Refused(2150859230, "w:InternalError", "The stream is currently disconnected.")


# ---- what commands send

def lines(*values):
    def script(command, pipeline):
        for value in values:
            pipeline.write_output(value)
        command.end()
    return script


def unknown(command, pipeline):
    failed(command, pipeline, f"The term '{command.text}' is not recognized.", "CommandNotFoundException")


def failed(command, pipeline, text, name):
    record = t.ErrorRecord(
        Exception=t.NETException(Message=text), FullyQualifiedErrorId=name,
        CategoryInfo=t.ErrorCategoryInfo(Category=t.ErrorCategory.ObjectNotFound, Reason=name))
    pipeline._change_state(t.PSInvocationState.Failed, error=record)
    command.done = True


def error(pipeline, text, name="Broken"):
    pipeline.write_error(
        t.NETException(Message=text), fully_qualified_error_id=name,
        category_info=t.ErrorCategoryInfo(Category=t.ErrorCategory.ReadError, Reason=name))


def streams(command, pipeline):
    pipeline.write_output("before")
    error(pipeline, "it broke")
    pipeline.write_warning("careful")
    pipeline.write_verbose("many words")
    pipeline.write_debug("a bug")
    pipeline.write_progress("copying", 1, "half", percent_complete=50)
    pipeline.write_information(
        t.PSCustomObject(PSTypeName="System.Management.Automation.HostInformationMessage",
                         Message="for whoever sits there", NoNewLine=False),
        "Write-Host", tags=["PSHOST"])
    pipeline.write_output("after")
    command.end()


def terminate(command, pipeline):
    pipeline.write_output("before")
    failed(command, pipeline, "there is no C:\\missing", "PathNotFound")


def wait(command, pipeline):
    pipeline.write_output("waiting")


def later(command, pipeline):
    pipeline.write_output("before")
    command.on["disconnected"] = after


def after(command, pipeline):
    for number in range(1, 1001):
        pipeline.write_output(f"{number} " + "x" * 100)
    command.end()


def take(command, pipeline):
    def give(command, pipeline):
        for line in command.input:
            pipeline.write_output(f"got {line}")
        command.end()
    command.on["input"] = give


def write_host(command, pipeline):
    method = t.HostMethodIdentifier
    pipeline.host_call(method.Write1, ["half "])
    pipeline.host_call(method.Write2, [t.ConsoleColor.Red, t.ConsoleColor.Black, "and half"])
    pipeline.host_call(method.WriteLine1)
    pipeline.host_call(method.WriteLine2, ["a line"])
    pipeline.host_call(method.WriteLine3, [t.ConsoleColor.Red, t.ConsoleColor.Black, "in red"])
    pipeline.host_call(method.WriteErrorLine, ["an error"])
    pipeline.host_call(method.WriteWarningLine, ["a warning"])
    pipeline.host_call(method.WriteVerboseLine, ["verbose"])
    pipeline.host_call(method.WriteDebugLine, ["debug"])
    pipeline.write_output("done")
    command.end()


def ask(method, *parameters):
    def script(command, pipeline):
        call = pipeline.host_call(method, list(parameters))
        command.on["answer"] = lambda command, pipeline, answer: answered(command, pipeline, answer, call)
    return script


def answered(command, pipeline, answer, call):
    assert answer.ci == call, (answer.ci, call)
    if answer.error is None:
        pipeline.write_output(f"answered {answer.result}")
        return command.end()
    failed(command, pipeline, str(answer.error.Exception.Message), "HostFunctionNotImplemented")


def fragment(number, place, data, flags, length=None):
    length = len(data) if length is None else length
    return number.to_bytes(8, "big") + place.to_bytes(8, "big") + bytes([flags]) + \
        length.to_bytes(4, "big") + data


def message(command, kind, clixml):
    return (b"\x01\0\0\0" + kind.to_bytes(4, "little") + command.shell.pool.runspace_pool_id.bytes_le
            + uuid.UUID(command.name).bytes_le + clixml)


def raw(make):
    return lambda command, pipeline: command.raw(make(command))


def output(command, clixml):
    return fragment(900, 0, message(command, 0x00041004, clixml.encode()), 3)


def shared_bomb(command):
    """Each list holds the one before ten times, by reference."""
    levels = ['<Obj N="V" RefId="0"><LST><S>x</S></LST></Obj>']
    for level in range(1, 30):
        levels.append(f'<Obj RefId="{level}"><LST>' + f'<Ref RefId="{level - 1}" />' * 10 + "</LST></Obj>")
    return output(command, '<Obj RefId="99"><LST>' + "".join(levels) + "</LST></Obj>")


def announced(command):
    """Parts of a message that never ends, each as large as a fragment may say."""
    return [fragment(900, place, b"x" * 1_000_000, 1 if place == 0 else 0) for place in range(200)]


SCRIPTS = {
    "strings": lines("plain", "tab\there", "\U0001d11e \u3053\u3093", "<&>\"'", "_x000A_", "two\nlines", ""),
    "numbers": lines(7, -1, t.PSInt64(1 << 40), 2.5, True, None, t.PSVersion("1.2.3.4")),
    "object": lines(t.PSCustomObject(Name="spooler", Id=12, Tags=["a", "b"], Parent=t.PSCustomObject(Name="init"))),
    "dictionary": lines({"key": 1, "other": None}),
    "list": lines(["a", 1, [True]]),
    "streams": streams,
    "terminate": terminate,
    "wait": wait,
    "later": later,
    "take": take,
    "arguments": lambda command, pipeline: lines(*command.arguments)(command, pipeline),
    "long": lines(*[f"{number} " + "y" * 1000 for number in range(1, 301)]),
    "write-host": write_host,
    "read-line": ask(t.HostMethodIdentifier.ReadLine),
    "choose": ask(t.HostMethodIdentifier.PromptForChoice, "Delete", "Really?",
                  [t.PSCustomObject(label="&Yes", helpMessage="")], 0),
    # What no Windows host sends.
    "gap": raw(lambda command: fragment(900, 0, b"x" * 50, 1) + fragment(900, 2, b"x" * 50, 2)),
    "middle": raw(lambda command: fragment(900, 7, b"x" * 50, 0)),
    "absurd": raw(lambda command: fragment(900, 0, b"x" * 50, 3, 0x7FFFFFFF)),
    "empty": raw(lambda command: fragment(900, 0, b"", 3)),
    "endless": raw(announced),
    "deep": raw(lambda command: output(
        command, '<Obj RefId="0"><LST>' * 100_000 + "</LST></Obj>" * 100_000)),
    "shared": raw(shared_bomb),
    "noise": raw(lambda command: output(command, "<Obj RefId=")),
    "stranger": raw(lambda command: fragment(900, 0, message(command, 0x00071234, b"\xef\xbb\xbf<S>x</S>"), 3)),
}

# ---- what requests get


def text(element, path):
    found = element.find(path)
    return (found.text or "").strip() if found is not None else ""


def seconds(span):
    """PT60.000S, or P0DT0H1M0S."""
    total, number, unit = 0.0, "", {"D": 86400, "H": 3600, "M": 60, "S": 1}
    for letter in span.removeprefix("P").replace("T", ""):
        if letter in unit:
            total, number = total + float(number) * unit[letter], ""
        else:
            number += letter
    return total


def data_of(element):
    return base64.b64decode(element.text or "") if element is not None else b""


def described(shell):
    return (f'<rsp:Shell><rsp:ShellId>{shell.id}</rsp:ShellId><rsp:Name>{escape(shell.name)}</rsp:Name>'
            f'<rsp:ResourceUri>{shell.resource}</rsp:ResourceUri><rsp:Owner>WIN\\ann</rsp:Owner>'
            f'<rsp:ClientIP>127.0.0.1</rsp:ClientIP><rsp:ProcessId>4242</rsp:ProcessId>'
            f'<rsp:IdleTimeOut>PT{shell.idle:.3f}S</rsp:IdleTimeOut>'
            f'<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>'
            f'<rsp:MaxIdleTimeOut>PT2147483.647S</rsp:MaxIdleTimeOut><rsp:BufferMode>Block</rsp:BufferMode>'
            f'<rsp:State>{"Connected" if shell.connected else "Disconnected"}</rsp:State>'
            f'<rsp:ShellRunTime>P0DT0H0M5S</rsp:ShellRunTime><rsp:ShellInactivity>P0DT0H0M2S</rsp:ShellInactivity>'
            f'<rsp:MemoryUsed>66MB</rsp:MemoryUsed><rsp:ChildProcesses>0</rsp:ChildProcesses></rsp:Shell>')


class Question:
    def __init__(self, envelope, user):
        head, self.body, self.user = envelope.find(f"{{{S}}}Header"), envelope.find(f"{{{S}}}Body"), user
        self.number = text(head, f"{{{A}}}MessageID")
        self.action = text(head, f"{{{A}}}Action").rsplit("/", 1)[-1]
        self.action_uri = text(head, f"{{{A}}}Action")
        self.resource = text(head, f"{{{W}}}ResourceURI")
        self.client = text(head, "{http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd}SessionId")
        self.patience = seconds(text(head, f"{{{W}}}OperationTimeout") or "PT60S")
        self.shell_id = ""
        for selector in head.iter(f"{{{W}}}Selector"):
            if selector.get("Name") == "ShellId":
                self.shell_id = (selector.text or "").strip().upper()

    def shell(self):
        shell = shells.get(self.shell_id)
        if shell is None:
            raise no_such()
        return shell

    def used(self):
        shell = self.shell()
        shell.used_by(self.client)
        return shell

    def command(self, shell, name):
        command = shell.commands.get((name or "").upper())
        if command is None:
            raise no_such()
        return command

    def answer(self):
        return getattr(self, f"on_{self.action.lower()}")()

    def on_create(self):
        element = self.body.find(f"{{{R}}}Shell")
        name = (element.get("ShellId") or str(uuid.uuid4())).upper()
        creation = data_of(element.find(f"{{{P}}}creationXml"))
        idle = seconds(text(element, f"{{{R}}}IdleTimeOut") or "PT7200S")
        shell = Shell(name, element.get("Name") or name, self.resource, self.client, idle, creation)
        shells[name] = shell
        return (f"<x:ResourceCreated><a:Address>http://127.0.0.1/wsman</a:Address><a:ReferenceParameters>"
                f"<w:ResourceURI>{self.resource}</w:ResourceURI><w:SelectorSet><w:Selector Name=\"ShellId\">"
                f"{name}</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
                + described(shell))

    def on_command(self):
        shell, line = self.used(), self.body.find(f"{{{R}}}CommandLine")
        name = (line.get("CommandId") or str(uuid.uuid4())).upper()
        shell.commands[name] = Command(shell, name)
        shell.feed(shell.commands[name], data_of(line.find(f"{{{R}}}Arguments")))
        return f"<rsp:CommandResponse><rsp:CommandId>{name}</rsp:CommandId></rsp:CommandResponse>"

    def on_send(self):
        shell = self.used()
        for stream in self.body.iter(f"{{{R}}}Stream"):
            name = stream.get("CommandId")
            kind = psrpcore.StreamType.prompt_response if stream.get("Name") == "pr" \
                else psrpcore.StreamType.default
            shell.feed(self.command(shell, name) if name else None, data_of(stream), kind)
        return "<rsp:SendResponse />"

    def on_receive(self):
        shell = self.used()
        name = self.body.find(f"{{{R}}}Receive/{{{R}}}DesiredStream").get("CommandId")
        of = self.command(shell, name) if name else shell
        until = time.monotonic() + self.patience
        while not of.queue and not (name and of.done):
            left = until - time.monotonic()
            if left <= 0:
                raise timed_out()
            world.wait(left)
            shell.used_by(self.client)
        # As Windows: no more in an answer than an envelope holds.
        parts, of.queue = of.queue[:8], of.queue[8:]
        extra = f' CommandId="{name}"' if name else ""
        found = "".join(f'<rsp:Stream Name="stdout"{extra}>{base64.b64encode(part).decode()}</rsp:Stream>'
                        for part in parts)
        if name:
            state = "Done" if of.done and not of.queue else "Running"
            found += f'<rsp:CommandState CommandId="{name}" State="{R}/CommandState/{state}" />'
        return f"<rsp:ReceiveResponse>{found}</rsp:ReceiveResponse>"

    def on_signal(self):
        shell, signal = self.used(), self.body.find(f"{{{R}}}Signal")
        command = self.command(shell, signal.get("CommandId"))
        if text(signal, f"{{{R}}}Code") == "powershell/signal/crtl_c":
            command.stop()
        else:
            del shell.commands[command.name]
        return "<rsp:SignalResponse />"

    def on_disconnect(self):
        shell = self.used()
        idle = text(self.body, f"{{{R}}}Disconnect/{{{R}}}IdleTimeOut")
        shell.idle = seconds(idle) if idle else shell.idle
        shell.connected = False
        for command in list(shell.commands.values()):
            command.happens("disconnected")
        shell.pool._change_state(t.RunspacePoolState.Disconnected)
        world.notify_all()
        return "<rsp:DisconnectResponse />"

    def on_reconnect(self):
        shell = self.shell()
        if shell.connected or shell.client != self.client:
            raise Refused(2150859216, "w:InvalidParameter", "The shell cannot be reconnected.")
        shell.connected = True
        return "<rsp:ReconnectResponse />"

    def on_connect(self):
        shell, element = self.shell(), self.body.find(f"{{{R}}}Connect")
        name = element.get("CommandId")
        if name:
            shell.used_by(self.client)
            self.command(shell, name)
            return "<rsp:ConnectResponse />"
        if shell.connected:
            raise Refused(2150859213, "w:InternalError", "The shell is connected to another client.")
        shell.connected, shell.client, shell.queue = True, self.client, []
        shell.pool.connect()
        shell.feed(None, data_of(element.find(f"{{{P}}}connectXml")))
        opening, shell.queue = b"".join(shell.queue), []
        return (f"<rsp:ConnectResponse><p:connectResponseXml>{base64.b64encode(opening).decode()}"
                f"</p:connectResponseXml></rsp:ConnectResponse>")

    def on_enumerate(self):
        if self.resource.endswith("/Command"):
            shell = self.shell() if self.shell_id else shells.get(self.filtered())
            items = [f"<rsp:Command><rsp:CommandId>{command.name}</rsp:CommandId><rsp:CommandLine />"
                     f"<rsp:CommandState>{'Done' if command.done else 'Running'}</rsp:CommandState>"
                     f"</rsp:Command>" for command in shell.commands.values()]
        else:
            items = [described(shell) for shell in shells.values()]
        return (f"<n:EnumerateResponse><n:EnumerationContext /><w:Items>{''.join(items)}</w:Items>"
                f"<w:EndOfSequence /></n:EnumerateResponse>")

    def filtered(self):
        for selector in self.body.iter(f"{{{W}}}Selector"):
            if selector.get("Name") == "ShellId":
                return (selector.text or "").strip().upper()

    def on_delete(self):
        self.shell()
        del shells[self.shell_id]
        world.notify_all()
        return ""


def envelope(question, body, action=None, number=None):
    action = action or question.action_uri + "Response"
    return (f'<s:Envelope xml:lang="en-US" {PREFIXES}><s:Header><a:Action>{action}</a:Action>'
            f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
            f"<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
            f"<a:RelatesTo>{number or question.number}</a:RelatesTo></s:Header>"
            f"<s:Body>{body}</s:Body></s:Envelope>")


def answer(question):
    try:
        with world:
            return 200, envelope(question, question.answer())
    except Refused as refused:
        fault = (f'<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{refused.subcode}'
                 f'</s:Value></s:Subcode></s:Code><s:Reason><s:Text xml:lang="en-US">{escape(refused.text)}'
                 f'</s:Text></s:Reason><s:Detail><f:WSManFault Code={quoteattr(str(refused.code))} '
                 f'Machine="WIN"><f:Message>{escape(refused.text)}</f:Message></f:WSManFault></s:Detail>'
                 f'</s:Fault>')
        return 500, envelope(question, fault, "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault")


# ---- services that mean no good: (handler, question, status, text of a proper answer)

def plain(handler, status, body, *fields):
    handler.send_response(status)
    for name, value in fields:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def flood(handler, question, status, given):
    handler.send_response(200)
    handler.end_headers()
    part = b"<a>" + b" " * (1 << 20)
    for _ in range(100):
        handler.wfile.write(part)
    handler.close_connection = True


def drip(handler, question, status, given):
    handler.send_response(200)
    handler.send_header("Content-Length", str(10_000_000))
    handler.end_headers()
    for _ in itertools.count():
        handler.wfile.write(b" ")
        time.sleep(0.1)


def half(handler, question, status, given):
    given = given.encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(given)))
    handler.end_headers()
    handler.wfile.write(given[:len(given) // 2])
    handler.close_connection = True


def silence(handler, question, status, given):
    threading.Event().wait()


def until(action, behaviour):
    """Is good until this is asked."""
    def handle(handler, question, status, given):
        if question.action == action:
            return behaviour(handler, question, status, given)
        return plain(handler, status, given.encode())
    return handle


def told(status, body, *fields):
    return lambda handler, question, _status, _given: plain(handler, status, body, *fields)


def changed(change):
    return lambda handler, question, status, given: plain(handler, status, change(question, given).encode())


BOMB = ('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)) + "]><x>&j;</x>")
HOSTILE = {
    "truncated": changed(lambda question, given: given[:len(given) // 2]),
    "half": half,
    "flood": flood,
    "drip": drip,
    "silence": silence,
    "drip-output": until("Receive", drip),
    "flood-output": until("Receive", flood),
    "redirect": told(302, b"", ("Location", "/wsman")),
    "failing": told(500, b"<html><body>Internal Server Error</body></html>"),
    "busy": told(503, b"Service Unavailable\r\nsecond line"),
    "nothing": told(200, b""),
    "stranger": until("Receive", changed(
        lambda question, given: given.replace(question.number, "uuid:00000000-0000-0000-0000-000000000000"))),
    "nested": told(200, b"<a>" * 1_000_000),
    "entities": told(200, BOMB.encode()),
    "escapes": told(418, b"\x1b]0;owned\x07\x1b[31mred"),
    "head": told(200, b"", ("X-Long", "x" * 60_000)),
}
# These never have a shell.
ONLY_BAD = set(HOSTILE) - {"drip-output", "flood-output", "stranger"}


def well(handler, question, status, given):
    plain(handler, status, given.encode(), ("Content-Type", "application/soap+xml;charset=UTF-8"))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        login = self.headers.get("Authorization", "")
        user, _, password = base64.b64decode(login.removeprefix("Basic ")).decode().partition(":")
        if password != PASSWORD:
            return plain(self, 401, b"", ("WWW-Authenticate", 'Basic realm="WSMAN"'))
        question = Question(ET.fromstring(body), user)
        if user in ONLY_BAD:
            status, given = 200, envelope(question, "")
        else:
            status, given = answer(question)
        try:
            HOSTILE.get(user, well)(self, question, status, given)
        except OSError:
            self.close_connection = True

    def log_message(self, *_):
        pass


class Service(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


service = Service(("127.0.0.1", 0), Handler)
print(service.server_address[1], flush=True)
threading.Thread(target=service.serve_forever, daemon=True).start()
sys.stdin.read()
