"""psrpcore's client, against a server at the other end of standard input and output.

Each line is a JSON object: {"pipeline": id or null, "stream": "default" or "pr", "data": hex}.
The last line that it writes is {"seen": ...}.
"""

import json
import sys

import psrpcore
from psrpcore import types as t

SIZE = 2000
pool = psrpcore.ClientRunspacePool(min_runspaces=1, max_runspaces=3)
seen = {"events": []}
pipeline = None
texts = ["", "plain", "tab\there\r\n", "_x000A_ _X", "\U0001d11e \u3053\u3093 \x7f\x85", "<&>\"'"]


def send():
    while True:
        payload = pool.data_to_send(SIZE)
        if payload is None:
            return
        stream = "pr" if payload.stream_type == psrpcore.StreamType.prompt_response else "default"
        line = {
            "pipeline": str(payload.pipeline_id) if payload.pipeline_id else None,
            "stream": stream,
            "data": payload.data.hex(),
        }
        print(json.dumps(line), flush=True)


def start():
    global pipeline
    pipeline = psrpcore.ClientPowerShell(pool, no_input=False, add_to_history=True)
    pipeline.add_command("Get-Thing").add_parameter("Name", "x").add_parameter("Force")
    pipeline.add_argument(["a", 1])
    pipeline.add_command("Out-Default")
    pipeline.add_statement()
    pipeline.add_script("echo 'two'")
    secret = t.PSSecureString("p\u00e4ss")
    pipeline.add_parameter("Secret", secret)
    pipeline.start()
    for text in texts:
        pipeline.send(text)
    pipeline.send({"k": [1, 2.5, None, True, b"\x00\xff", "x" * 5000]})
    pipeline.send_eof()


def record(event):
    name = type(event).__name__
    seen["events"].append(name)
    if isinstance(event, psrpcore.RunspacePoolStateEvent):
        seen["pool"] = int(event.state)
        if event.state == t.RunspacePoolState.Opened:
            seen["remoting"] = str(
                pool.application_private_data["PSVersionTable"]["PSRemotingProtocolVersion"])
            seen["name"] = str(pool.application_private_data["PSVersionTable"]["PSEdition"])
            pool.set_max_runspaces(5)
            pool.set_min_runspaces(9)
            pool.get_available_runspaces()
            pool.reset_runspace_state()
            pool.exchange_key()
    elif isinstance(event, psrpcore.SetRunspaceAvailabilityEvent):
        seen.setdefault("set", []).append(bool(event.success))
    elif isinstance(event, psrpcore.GetRunspaceAvailabilityEvent):
        seen["available"] = event.count
    elif isinstance(event, psrpcore.EncryptedSessionKeyEvent):
        start()
    elif isinstance(event, psrpcore.PipelineOutputEvent):
        value = event.data
        if isinstance(value, t.PSSecureString):
            value = value.decrypt()
        elif isinstance(value, t.PSInt):
            value = int(value)
        elif value is not None and not isinstance(value, str):
            value = repr(type(value).__name__)
        seen.setdefault("output", []).append(str(value) if isinstance(value, str) else value)
    elif isinstance(event, psrpcore.ErrorRecordEvent):
        error = event.record
        seen["error"] = [
            str(error.Exception.Message), str(error.FullyQualifiedErrorId),
            int(error.CategoryInfo.Category), str(error.CategoryInfo.Reason), str(error),
        ]
    elif isinstance(event, psrpcore.WarningRecordEvent):
        seen["warning"] = str(event.record.Message)
    elif isinstance(event, psrpcore.VerboseRecordEvent):
        seen["verbose"] = str(event.record.Message)
    elif isinstance(event, psrpcore.DebugRecordEvent):
        seen["debug"] = str(event.record.Message)
    elif isinstance(event, psrpcore.ProgressRecordEvent):
        seen["progress"] = [str(event.record.Activity), int(event.record.PercentComplete)]
    elif isinstance(event, psrpcore.InformationRecordEvent):
        seen["information"] = [
            str(event.record.MessageData), [str(tag) for tag in event.record.Tags],
            event.record.TimeGenerated.isoformat(),
        ]
    elif isinstance(event, psrpcore.PipelineHostCallEvent):
        parameters = [str(p) for p in event.method_parameters]
        seen.setdefault("calls", []).append([event.ci, int(event.method_identifier), parameters])
        if event.ci != -100:
            pipeline.host_response(event.ci, return_value="typed")
    elif isinstance(event, psrpcore.PipelineStateEvent):
        seen["state"] = int(event.state)
        seen["reason"] = str(event.reason) if event.reason else None


pool.open()
send()
for line in sys.stdin:
    line = json.loads(line)
    stream = psrpcore.StreamType.default
    data = bytes.fromhex(line["data"])
    pool.receive_data(psrpcore.PSRPPayload(data, stream, line["pipeline"]))
    while True:
        event = pool.next_event()
        if event is None:
            break
        record(event)
    send()
    if seen.get("state"):
        break
print(json.dumps({"seen": seen}), flush=True)
