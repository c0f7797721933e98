"""psrpcore's server, against a client at the other end of standard input and output.

Lines are as in psrpcore_client.py. The last line that it writes is {"seen": ...}.
"""

import json
import sys
import uuid

import psrpcore
from psrpcore import types as t

SIZE = 2000
pool = psrpcore.ServerRunspacePool(application_private_data={"Extra": "x"})
seen = {"events": [], "input": []}
pipelines = {}


def send():
    while True:
        payload = pool.data_to_send(SIZE)
        if payload is None:
            return
        line = {
            "pipeline": str(payload.pipeline_id) if payload.pipeline_id else None,
            "stream": "default",
            "data": payload.data.hex(),
        }
        print(json.dumps(line), flush=True)


def plain(value):
    if isinstance(value, t.PSSecureString):
        return value.decrypt()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return type(value).__name__


def record(event):
    seen["events"].append(type(event).__name__)
    if isinstance(event, psrpcore.InitRunspacePoolEvent):
        seen["runspaces"] = [int(event.min_runspaces), int(event.max_runspaces)]
        seen["host"] = bool(event.host_info.IsHostNull)
    elif isinstance(event, (psrpcore.SetMaxRunspacesEvent, psrpcore.SetMinRunspacesEvent)):
        pool.runspace_availability_response(event.ci, True)
    elif isinstance(event, psrpcore.GetAvailableRunspacesEvent):
        pool.runspace_availability_response(event.ci, 4)
    elif isinstance(event, psrpcore.ResetRunspaceStateEvent):
        pool.runspace_availability_response(event.ci, False)
    elif isinstance(event, psrpcore.PublicKeyEvent):
        pool.host_call(t.HostMethodIdentifier.ReadLine)
        pool.host_call(t.HostMethodIdentifier.WriteLine2, ["said"])
    elif isinstance(event, psrpcore.RunspacePoolHostResponseEvent):
        seen["pool answer"] = plain(event.result)
    elif isinstance(event, psrpcore.CreatePipelineEvent):
        pipeline = pipelines[event.pipeline_id]
        commands = [[str(c.command_text), bool(c.is_script), bool(c.end_of_statement),
                     [[plain(n), plain(v)] for n, v in c.parameters]]
                    for c in event.pipeline.commands]
        seen["commands"] = commands
        seen["history"] = bool(event.pipeline.add_to_history)
        pipeline.start()
    elif isinstance(event, psrpcore.PipelineInputEvent):
        seen["input"].append(plain(event.data))
    elif isinstance(event, psrpcore.EndOfPipelineInputEvent):
        pipeline = pipelines[event.pipeline_id]
        for value in seen["input"]:
            pipeline.write_output(value)
        pipeline.write_output(t.PSSecureString("from the server"))
        pipeline.write_output(t.PSVersion("1.2.3.4"))
        pipeline.write_output("x" * 5000)
        error = t.NETException(Message="it broke")
        pipeline.write_error(error, fully_qualified_error_id="Broken",
                             category_info=t.ErrorCategoryInfo(
                                 Category=t.ErrorCategory.ReadError, Reason="Why"))
        pipeline.write_warning("careful")
        pipeline.write_verbose("many words")
        pipeline.write_debug("a bug")
        pipeline.write_progress("copying", 1, "half", percent_complete=50)
        pipeline.write_information("informed", "here", tags=["PSHOST"])
        pipeline.host_call(t.HostMethodIdentifier.ReadLine)
    elif isinstance(event, psrpcore.PipelineHostResponseEvent):
        seen["pipeline answer"] = plain(event.result)
        pipeline = pipelines[event.pipeline_id]
        pipeline.stop()


for line in sys.stdin:
    line = json.loads(line)
    pipeline_id = uuid.UUID(line["pipeline"]) if line["pipeline"] else None
    if pipeline_id and pipeline_id not in pipelines:
        pipelines[pipeline_id] = psrpcore.ServerPipeline(pool, pipeline_id)
    stream = psrpcore.StreamType.default
    data = bytes.fromhex(line["data"])
    pool.receive_data(psrpcore.PSRPPayload(data, stream, pipeline_id))
    while True:
        event = pool.next_event()
        if event is None:
            break
        record(event)
    send()
    if "pipeline answer" in seen:
        break
print(json.dumps({"seen": seen}), flush=True)
