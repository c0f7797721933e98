"""A stand-in for `pwsh -s`, which cannot be had where these tests run. This is not PowerShell.

It speaks as PowerShell's server mode does: lines of XML on standard input and output, PSRP's
fragments in them, which psrpcore reads and writes. Scripts are Python here, in one namespace for
the whole pool: `out` writes an object, `err` an error, `given` is the pipeline's input, `until`
waits for a file, `read_line` asks the client's host, and `leave` ends the process.
As PowerShell does, it takes fragments of a pipeline at the same time as others, so whoever
sends must wait for the answer to each line. What comes too early is refused loudly.
"""

import base64
import os
import sys
import threading
import time
import traceback
import uuid
import xml.etree.ElementTree as ET

import psrpcore
from psrpcore import types as t

SIZE = 32768
ZERO = uuid.UUID(int=0)
lock = threading.RLock()
names = {}
pool = psrpcore.ServerRunspacePool(application_private_data={"StandIn": "not PowerShell"})
pipelines = {}


class Stopped(BaseException):
    pass


def say(line):
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def send():
    while True:
        payload = pool.data_to_send(SIZE)
        if payload is None:
            return
        data = base64.b64encode(payload.data).decode()
        say(f"<Data Stream='Default' PSGuid='{payload.pipeline_id or ZERO}'>{data}</Data>")


def complain(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
    os._exit(70)


class Work:
    """A pipeline."""

    def __init__(self, number):
        self.machine = psrpcore.ServerPipeline(pool, number)
        self.stopping = threading.Event()
        self.answered = threading.Event()
        self.answer = None
        self.input = []
        self.script = None
        self.running = False
        self.over = False

    def begin(self):
        if self.script is not None and not self.running:
            self.running = True
            threading.Thread(target=self.run, daemon=True).start()

    def check(self):
        if self.stopping.is_set():
            raise Stopped

    def write(self, how, *what):
        self.check()
        with lock:
            how(*what)
            send()

    def until(self, path):
        while not os.path.exists(path):
            self.check()
            time.sleep(0.01)

    def read_line(self):
        self.write(self.machine.host_call, t.HostMethodIdentifier.ReadLine)
        while not self.answered.wait(0.01):
            self.check()
        return self.answer

    def run(self):
        err = lambda text: self.write(self.machine.write_error, t.NETException(Message=text))
        own = {
            "out": lambda value: self.write(self.machine.write_output, value),
            "err": err,
            "until": self.until,
            "read_line": self.read_line,
            "given": self.input,
            "leave": os._exit,
            "complain": complain,
        }
        try:
            try:
                # Each thread has its own words, and all share what they make of them.
                exec(compile(self.script, "script", "exec"), Names(own))
            except Exception as error:
                err(f"{type(error).__name__}: {error}")
            end = self.machine.complete
        except Stopped:
            end = self.machine.stop
        with lock:
            self.over = True
            end()
            send()


class Names(dict):
    """Names of a script: its own words, else the pool's variables."""

    def __missing__(self, name):
        return names[name]

    def __setitem__(self, name, value):
        names[name] = value


def heard(event):
    if isinstance(event, (psrpcore.SetMaxRunspacesEvent, psrpcore.SetMinRunspacesEvent)):
        pool.runspace_availability_response(event.ci, True)
    elif isinstance(event, psrpcore.GetAvailableRunspacesEvent):
        pool.runspace_availability_response(event.ci, 1)
    elif isinstance(event, psrpcore.ResetRunspaceStateEvent):
        names.clear()
        pool.runspace_availability_response(event.ci, True)
    elif isinstance(event, psrpcore.CreatePipelineEvent):
        work = pipelines[event.pipeline_id]
        work.machine.start()
        commands = [str(command.command_text) for command in event.pipeline.commands]
        work.script = "\n".join(text for text in commands if text not in ("Out-Default", "Out-String"))
        if event.pipeline.no_input:
            work.begin()
    elif isinstance(event, psrpcore.PipelineInputEvent):
        pipelines[event.pipeline_id].input.append(event.data)
    elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
        pipelines[event.pipeline_id].begin()
    elif isinstance(event, psrpcore.PipelineHostResponseEvent):
        work = pipelines[event.pipeline_id]
        work.answer = str(event.result)
        work.answered.set()


def take(element):
    about = uuid.UUID(element.attrib["PSGuid"])
    work = pipelines.get(about)
    if element.tag == "Data":
        if about != ZERO and work is None:
            complain(f"data for a pipeline that is not there: {about}")
        stream = psrpcore.StreamType.default
        if element.attrib["Stream"] == "PromptResponse":
            stream = psrpcore.StreamType.prompt_response
        data = base64.b64decode(element.text)
        pool.receive_data(psrpcore.PSRPPayload(data, stream, None if about == ZERO else about))
        while True:
            event = pool.next_event()
            if event is None:
                break
            heard(event)
        send()
        say(f"<DataAck PSGuid='{about}' />")
    elif element.tag == "Command":
        if work is not None:
            complain(f"a pipeline of this number is there: {about}")
        pipelines[about] = Work(about)
        say(f"<CommandAck PSGuid='{about}' />")
    elif element.tag == "Signal":
        if work is not None:
            work.stopping.set()
        say(f"<SignalAck PSGuid='{about}' />")
    elif element.tag == "Close":
        if work is not None:
            work.stopping.set()
            del pipelines[about]
        say(f"<CloseAck PSGuid='{about}' />")
    else:
        complain(f"not for a server: {element.tag}")


class Turns:
    """Lines of one pipeline must not come before the one before is answered."""

    def __init__(self):
        self.open = {}

    def take(self, line):
        element = ET.fromstring(line)
        about = element.attrib["PSGuid"]
        waits = element.tag in ("Command", "Data")
        with lock:
            if waits and self.open.get(about):
                complain(f"{element.tag} for {about} before {self.open[about]} was answered")
            if waits:
                self.open[about] = element.tag
        threading.Thread(target=self.later, args=(element, about, waits), daemon=True).start()

    def later(self, element, about, waits):
        # PowerShell hands each line to a thread.
        with lock:
            if waits:
                self.open[about] = None
            try:
                take(element)
            except Exception:
                complain(traceback.format_exc())


if "-s" not in sys.argv:
    complain("this is no PowerShell: it only has -s")
turns = Turns()
for line in sys.stdin:
    turns.take(line)
