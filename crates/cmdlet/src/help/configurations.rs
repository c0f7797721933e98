//! What the cmdlets for options and session configurations say.

use super::{Example, Text};
use crate::table::CmdletId;

pub(super) const TEXTS: &[Text] = &[
    Text {
        id: CmdletId::NewPSSessionOption,
        synopsis: "Makes options that sessions can be made with.",
        description: &[
            "What it prints is given to -SessionOption. What is not said keeps the value that \
             your file of defaults gives it, or else the one of the session configuration.",
        ],
        examples: &[Example {
            title: "An idle timeout of 48 hours",
            lines: &["Timeout=$(New-PSSessionOption -IdleTimeout 172800000)"],
            says: "Keeps the options in Timeout. Times are in milliseconds here.",
        }],
        related: &["New-PSSession", "Invoke-Command", "Enter-PSSession"],
    },
    Text {
        id: CmdletId::NewPSTransportOption,
        synopsis: "Makes limits that session configurations can have.",
        description: &[
            "What it prints is given to -TransportOption of Register-PSSessionConfiguration or \
             Set-PSSessionConfiguration. Limits that are not said stay as they are.",
        ],
        examples: &[Example {
            title: "Sessions of at most 12 hours",
            lines: &[
                "t=$(New-PSTransportOption -MaxIdleTimeoutSec 43200 -MaxSessionsPerUser 5)",
                "Set-PSSessionConfiguration -Name ITTasks -TransportOption $t",
            ],
            says: "No session of ITTasks stays longer than 12 hours without a client, and nobody \
                   has more than five.",
        }],
        related: &[
            "Register-PSSessionConfiguration",
            "Set-PSSessionConfiguration",
        ],
    },
    Text {
        id: CmdletId::GetPSSessionConfiguration,
        synopsis: "Lists the session configurations of this machine.",
        description: &[
            "A session configuration says who may have sessions, and what limits they have. Use \
             Invoke-Command to list those of another machine, and Format-List to see all of \
             their properties.",
        ],
        examples: &[
            Example {
                title: "Every property of one",
                lines: &["Get-PSSessionConfiguration Microsoft.PowerShell | Format-List '*'"],
                says: "Prints its limits, such as MaxIdleTimeoutms.",
            },
            Example {
                title: "On another machine",
                lines: &[
                    "Invoke-Command -ComputerName Server01 {Get-PSSessionConfiguration} | \
                     Format-List -Property '*'",
                ],
                says: "Runs the cmdlet on Server01.",
            },
        ],
        related: &[
            "Register-PSSessionConfiguration",
            "Set-PSSessionConfiguration",
            "Format-List",
        ],
    },
    Text {
        id: CmdletId::RegisterPSSessionConfiguration,
        synopsis: "Makes a session configuration on this machine.",
        description: &[
            "Users name it with -ConfigurationName. It is a file in the folder \
             session-configurations beside the host's own configuration file, whose part \
             [remoting] counts for what is not said. The file can also say which shell runs the \
             sessions (engine), and who may have them (permission). Only administrators may do \
             this.",
        ],
        examples: &[Example {
            title: "One for a team",
            lines: &[
                "t=$(New-PSTransportOption -MaxIdleTimeoutSec 43200)",
                "Register-PSSessionConfiguration -Name ITTasks -TransportOption $t \
                 -StartupScript /etc/winsta/ittasks.sh",
            ],
            says: "Sessions of ITTasks begin with a script and stay for at most 12 hours.",
        }],
        related: &[
            "Get-PSSessionConfiguration",
            "Set-PSSessionConfiguration",
            "Unregister-PSSessionConfiguration",
            "New-PSTransportOption",
        ],
    },
    Text {
        id: CmdletId::SetPSSessionConfiguration,
        synopsis: "Changes a session configuration of this machine.",
        description: &[
            "Properties that are not said stay as they are. Sessions that are there keep what \
             they have; new ones follow the change. Only administrators may do this.",
        ],
        examples: &[Example {
            title: "A shorter stay",
            lines: &[
                "t=$(New-PSTransportOption -MaxIdleTimeoutSec 3600)",
                "Set-PSSessionConfiguration ITTasks -TransportOption $t -Confirm:$false",
            ],
            says: "New sessions of ITTasks stay for an hour at most when nobody is connected.",
        }],
        related: &[
            "Get-PSSessionConfiguration",
            "Register-PSSessionConfiguration",
        ],
    },
    Text {
        id: CmdletId::UnregisterPSSessionConfiguration,
        synopsis: "Deletes session configurations of this machine.",
        description: &[
            "Sessions that use one run on; nobody can make new ones. Only administrators may do \
             this.",
        ],
        examples: &[Example {
            title: "Without a question",
            lines: &["Unregister-PSSessionConfiguration -Name 'IT*' -Force"],
            says: "Deletes all whose names begin with IT.",
        }],
        related: &[
            "Register-PSSessionConfiguration",
            "Disable-PSSessionConfiguration",
        ],
    },
    Text {
        id: CmdletId::EnablePSSessionConfiguration,
        synopsis: "Lets a session configuration be used again.",
        description: &[
            "It takes back what Disable-PSSessionConfiguration did. Without a name it is about \
             Microsoft.PowerShell. Only administrators may do this.",
        ],
        examples: &[Example {
            title: "One of them",
            lines: &["Enable-PSSessionConfiguration -Name ITTasks"],
            says: "Asks, and lets users have sessions of ITTasks again.",
        }],
        related: &[
            "Disable-PSSessionConfiguration",
            "Get-PSSessionConfiguration",
        ],
    },
    Text {
        id: CmdletId::DisablePSSessionConfiguration,
        synopsis: "Refuses new sessions of a session configuration.",
        description: &[
            "Sessions that are there run on. Without a name it is about Microsoft.PowerShell. \
             Only administrators may do this.",
        ],
        examples: &[Example {
            title: "All of them",
            lines: &["Disable-PSSessionConfiguration -Name '*' -Force"],
            says: "Nobody gets a new session on this machine.",
        }],
        related: &[
            "Enable-PSSessionConfiguration",
            "Get-PSSessionConfiguration",
        ],
    },
];
