//! What the cmdlets for jobs and for printing say.

use super::{Example, Text};
use crate::table::CmdletId;

pub(super) const TEXTS: &[Text] = &[
    Text {
        id: CmdletId::GetJob,
        synopsis: "Lists the jobs of this login.",
        description: &[
            "A job is a command that runs without a terminal: Invoke-Command -AsJob and \
             Receive-PSSession -OutTarget Job start one. It has a part for each machine.",
        ],
        examples: &[
            Example {
                title: "All of them",
                lines: &["Get-Job"],
                says: "Lists them with their states and whether there is output to receive.",
            },
            Example {
                title: "What went wrong",
                lines: &["Get-Job -State Failed -IncludeChildJob"],
                says: "Lists jobs that have failed, and their parts.",
            },
        ],
        related: &[
            "Receive-Job",
            "Wait-Job",
            "Stop-Job",
            "Remove-Job",
            "Invoke-Command",
        ],
    },
    Text {
        id: CmdletId::ReceiveJob,
        synopsis: "Prints what jobs have printed.",
        description: &[
            "Output that was received once is gone from the job, unless -Keep leaves it there.",
        ],
        examples: &[
            Example {
                title: "So far",
                lines: &["Receive-Job -Name Backup -Keep"],
                says: "Prints what has come so far, and leaves it with the job.",
            },
            Example {
                title: "Until the end",
                lines: &[
                    "j=$(Invoke-Command -HostName web01,web02 -AsJob '{./update}')",
                    "Receive-Job $j -Wait -AutoRemoveJob",
                ],
                says: "Prints output as it comes, and removes the job when it has ended.",
            },
        ],
        related: &["Get-Job", "Wait-Job", "Remove-Job"],
    },
    Text {
        id: CmdletId::WaitJob,
        synopsis: "Waits until jobs have ended.",
        description: &["It prints the jobs that have ended; with -Timeout these may be fewer."],
        examples: &[Example {
            title: "For a minute",
            lines: &["Wait-Job -Id 1,2 -Timeout 60"],
            says: "Waits for both jobs, but not longer than a minute.",
        }],
        related: &["Get-Job", "Receive-Job", "Stop-Job"],
    },
    Text {
        id: CmdletId::StopJob,
        synopsis: "Stops jobs.",
        description: &[
            "The commands of the jobs are stopped on their machines. The jobs stay, with the \
             output that there is, until Remove-Job removes them.",
        ],
        examples: &[Example {
            title: "Whatever runs",
            lines: &["Get-Job -State Running | Stop-Job -PassThru"],
            says: "Stops all jobs that run and prints them.",
        }],
        related: &["Get-Job", "Remove-Job"],
    },
    Text {
        id: CmdletId::RemoveJob,
        synopsis: "Removes jobs, with the output that nobody has received.",
        description: &["A job that still runs is removed only with -Force, which stops it."],
        examples: &[Example {
            title: "All that have ended",
            lines: &["Remove-Job -State Completed"],
            says: "Removes the jobs that have ended well.",
        }],
        related: &["Get-Job", "Stop-Job", "Receive-Job"],
    },
    Text {
        id: CmdletId::FormatList,
        synopsis: "Prints the properties of objects from a pipe, a line each.",
        description: &[
            "Properties are named in any case and with wildcards; all of them are *, which needs \
             quotes in most shells.",
        ],
        examples: &[Example {
            title: "All there is to know of a session",
            lines: &["Get-PSSession -Id 3 | Format-List -Property '*'"],
            says: "Prints every property of the session with the number 3.",
        }],
        related: &["Format-Table"],
    },
    Text {
        id: CmdletId::FormatTable,
        synopsis: "Prints the properties of objects from a pipe as a table.",
        description: &["Each property is a column, each object a line."],
        examples: &[Example {
            title: "Chosen columns",
            lines: &["Get-PSSession | Format-Table Name,ComputerName,State"],
            says: "Prints three properties of each session.",
        }],
        related: &["Format-List"],
    },
];
