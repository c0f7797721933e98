//! The cmdlets for jobs.

use super::{Choice, Cmdlet, CmdletId, Impact, Kind, Parameter, shared};

const STATES: Choice = Choice {
    name: "System.Management.Automation.JobState",
    words: &[
        "NotStarted",
        "Running",
        "Completed",
        "Failed",
        "Stopped",
        "Blocked",
        "Suspended",
        "Disconnected",
        "Suspending",
        "Stopping",
        "AtBreakpoint",
    ],
};

const ID_SET: &str = "SessionIdParameterSet";
const JOB_SET: &str = "JobParameterSet";
const NAME_SET: &str = "NameParameterSet";
const INSTANCE_SET: &str = "InstanceIdParameterSet";
const STATE_SET: &str = "StateParameterSet";
const COMMAND_SET: &str = "CommandParameterSet";

const JOBS: Parameter = Parameter::new(
    "Job",
    Kind::Jobs,
    "The jobs: what Get-Job or Invoke-Command -AsJob prints, also from a variable.",
)
.by_value()
.by_property()
.needed(&[JOB_SET])
.at(0);
const IDS: Parameter = Parameter::new(
    "Id",
    Kind::Ints,
    "The numbers of the jobs, as Get-Job lists them.",
)
.by_property()
.needed(&[ID_SET])
.at(0);
const NAMES: Parameter = Parameter::new("Name", Kind::Texts, "The names of the jobs.")
    .by_property()
    .wildcards()
    .needed(&[NAME_SET])
    .at(0);
const INSTANCES: Parameter = Parameter::new("InstanceId", Kind::Guids, "The GUIDs of the jobs.")
    .by_property()
    .needed(&[INSTANCE_SET])
    .at(0);
const STATE: Parameter = Parameter::new(
    "State",
    Kind::Choice(&STATES),
    "All jobs that are in this state.",
)
.by_property()
.needed(&[STATE_SET])
.at(0);
const COMMANDS: Parameter =
    Parameter::new("Command", Kind::Texts, "All jobs that run these commands.")
        .by_property()
        .wildcards()
        .of(&[COMMAND_SET]);

pub(super) const GET: Cmdlet = Cmdlet {
    id: CmdletId::GetJob,
    name: "Get-Job",
    alias: Some("gjb"),
    sets: &[ID_SET, INSTANCE_SET, NAME_SET, STATE_SET, COMMAND_SET],
    parameters: &[
        IDS.of(&[ID_SET]),
        INSTANCES,
        NAMES,
        STATE,
        COMMANDS,
        Parameter::new(
            "IncludeChildJob",
            Kind::Switch,
            "Lists the part of each machine too.",
        ),
        Parameter::new(
            "ChildJobState",
            Kind::Choice(&STATES),
            "Only parts in this state.",
        ),
        Parameter::new(
            "HasMoreData",
            Kind::Bool,
            "Only jobs that have output which nobody received, or only those that have none.",
        ),
        Parameter::new(
            "Before",
            Kind::Date,
            "Only jobs that ended before this time.",
        ),
        Parameter::new("After", Kind::Date, "Only jobs that ended after this time."),
        Parameter::new("Newest", Kind::Int, "Only so many of the latest jobs."),
    ],
    impact: Impact::None,
};

const OF_JOBS: &[&str] = &["Location", "ComputerName", "Session"];

pub(super) const RECEIVE: Cmdlet = Cmdlet {
    id: CmdletId::ReceiveJob,
    name: "Receive-Job",
    alias: Some("rcjb"),
    sets: &[
        "Location",
        "ComputerName",
        "Session",
        NAME_SET,
        INSTANCE_SET,
        ID_SET,
    ],
    parameters: &[
        JOBS.needed(OF_JOBS).at(0),
        Parameter::new("Location", Kind::Texts, "Only output of these machines.")
            .of(&["Location"])
            .at(1),
        Parameter::new(
            "ComputerName",
            Kind::Texts,
            "Only output of these machines, by the names that the command line had.",
        )
        .alias(&["Cn"])
        .by_property()
        .wildcards()
        .of(&["ComputerName"])
        .at(1),
        Parameter::new("Session", Kind::Sessions, "Only output of these sessions.")
            .by_property()
            .of(&["Session"])
            .at(1),
        NAMES,
        INSTANCES,
        IDS,
        Parameter::new(
            "Keep",
            Kind::Switch,
            "Leaves the output with the job, so that it can be received again.",
        ),
        Parameter::new(
            "NoRecurse",
            Kind::Switch,
            "Leaves out the parts of the job.",
        ),
        Parameter::new(
            "Wait",
            Kind::Switch,
            "Prints output as it comes until the job has ended.",
        ),
        Parameter::new(
            "AutoRemoveJob",
            Kind::Switch,
            "Removes the job when all was received; with -Wait.",
        ),
        Parameter::new(
            "WriteEvents",
            Kind::Switch,
            "Says how the job's state changes; with -Wait.",
        ),
        Parameter::new(
            "WriteJobInResults",
            Kind::Switch,
            "Prints the job before its output; with -Wait.",
        ),
        Parameter::new(
            "Force",
            Kind::Switch,
            "Goes on waiting for a job whose session is disconnected.",
        ),
    ],
    impact: Impact::None,
};

pub(super) const WAIT: Cmdlet = Cmdlet {
    id: CmdletId::WaitJob,
    name: "Wait-Job",
    alias: Some("wjb"),
    sets: &[ID_SET, JOB_SET, NAME_SET, INSTANCE_SET, STATE_SET],
    parameters: &[
        IDS,
        JOBS,
        NAMES,
        INSTANCES,
        STATE,
        Parameter::new("Any", Kind::Switch, "Returns when the first one has ended."),
        Parameter::new(
            "Timeout",
            Kind::Int,
            "How long to wait at most, in seconds; no limit by itself.",
        )
        .alias(&["TimeoutSec"]),
        Parameter::new(
            "Force",
            Kind::Switch,
            "Goes on waiting for a job whose session is disconnected.",
        ),
    ],
    impact: Impact::None,
};

pub(super) const STOP: Cmdlet = Cmdlet {
    id: CmdletId::StopJob,
    name: "Stop-Job",
    alias: Some("spjb"),
    sets: &[ID_SET, JOB_SET, NAME_SET, INSTANCE_SET, STATE_SET],
    parameters: &[
        IDS,
        JOBS,
        NAMES,
        INSTANCES,
        STATE,
        Parameter::new("PassThru", Kind::Switch, "Prints the jobs."),
    ],
    impact: Impact::Medium,
};

pub(super) const REMOVE: Cmdlet = Cmdlet {
    id: CmdletId::RemoveJob,
    name: "Remove-Job",
    alias: Some("rjb"),
    sets: &[
        ID_SET,
        JOB_SET,
        NAME_SET,
        INSTANCE_SET,
        STATE_SET,
        COMMAND_SET,
    ],
    parameters: &[
        IDS,
        JOBS,
        NAMES,
        INSTANCES,
        STATE,
        COMMANDS,
        Parameter {
            about: "Removes jobs that still run, after stopping them.",
            ..shared::FORCE
        }
        .alias(&["F"])
        .of(&[ID_SET, JOB_SET, NAME_SET, INSTANCE_SET]),
    ],
    impact: Impact::Medium,
};
