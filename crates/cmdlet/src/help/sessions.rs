//! What the cmdlets for sessions say.

use super::{Example, Text};
use crate::table::CmdletId;

pub(super) const TEXTS: &[Text] = &[
    Text {
        id: CmdletId::NewPSSession,
        synopsis: "Opens sessions on this or other machines that stay until they are ended.",
        description: &[
            "A session is a shell on a machine that keeps its state between commands: its \
             folder, its variables, its functions. It is open until Remove-PSSession ends it, \
             also between commands of this login.",
            "-HostName reaches machines through your own ssh, with its keys and its \
             configuration. -ComputerName reaches them through WS-Management, as Windows \
             machines are reached. localhost needs no network.",
            "-ComputerName speaks TLS on port 5986. With -Authentication Negotiate or Kerberos it \
             speaks HTTP on port 5985 unless -UseSSL is given, and seals all that is said with \
             the keys of the logon. Both need -Credential.",
            "What is printed can be kept in a variable of the shell and given to -Session.",
        ],
        examples: &[
            Example {
                title: "A session on another machine",
                lines: &["s=$(New-PSSession -HostName web01 -Name Backup)"],
                says: "Opens a session named Backup on web01 and keeps it in s.",
            },
            Example {
                title: "Sessions on several machines",
                lines: &["New-PSSession -ComputerName Srv1, Srv2, Srv30 -Name ITTask"],
                says: "Opens a session on each of three machines, all under one name.",
            },
            Example {
                title: "A session on a Windows machine",
                lines: &[
                    "New-PSSession -ComputerName Srv1 -Authentication Negotiate -Credential 'LAB\\ann'",
                ],
                says: "Logs on to Srv1 as ann of the domain LAB, with Kerberos if a key \
                       distribution center of LAB is known, else with NTLM.",
            },
            Example {
                title: "A session that may be left for a day",
                lines: &[
                    "o=$(New-PSSessionOption -IdleTimeout 86400000)",
                    "s=$(New-PSSession -ComputerName Server01 -SessionOption $o)",
                ],
                says: "The session stays for 24 hours after nobody is connected to it, if its \
                       configuration allows that.",
            },
        ],
        related: &[
            "Connect-PSSession",
            "Disconnect-PSSession",
            "Enter-PSSession",
            "Get-PSSession",
            "Invoke-Command",
            "New-PSSessionOption",
            "Remove-PSSession",
        ],
    },
    Text {
        id: CmdletId::GetPSSession,
        synopsis: "Lists sessions, those of this login or those on a machine.",
        description: &[
            "Without a machine it lists the sessions that this login has made or taken. With \
             one it asks that machine, and lists all sessions there that you may connect to, \
             also those that another login or another machine has made.",
            "State is what the session is for you: Opened if this login is connected to it, \
             Disconnected if it is not. A disconnected session whose availability is Busy is \
             held by another client.",
            "Names may have wildcards. Quotes keep your shell from replacing them.",
        ],
        examples: &[
            Example {
                title: "The sessions of this login",
                lines: &["Get-PSSession"],
                says: "Lists them with their numbers, which other cmdlets take.",
            },
            Example {
                title: "What somebody left on a machine",
                lines: &["Get-PSSession -ComputerName Srv1 -State Disconnected -Name 'IT*'"],
                says: "Lists disconnected sessions on Srv1 whose names begin with IT.",
            },
            Example {
                title: "As another user",
                lines: &["Get-PSSession -ComputerName Srv1 -Name ITTask -Credential User01"],
                says: "Asks for the password of User01 and lists that user's session.",
            },
        ],
        related: &[
            "Connect-PSSession",
            "Disconnect-PSSession",
            "New-PSSession",
            "Receive-PSSession",
            "Remove-PSSession",
        ],
    },
    Text {
        id: CmdletId::EnterPSSession,
        synopsis: "Lets you type in a session.",
        description: &[
            "Lines that you type run in the session until exit or Exit-PSSession leaves it. A \
             session that was there before stays; one that was made for this ends.",
            "When the connection breaks, the session becomes a disconnected one, and the same \
             terminal picks it up again as soon as the machine can be reached.",
        ],
        examples: &[
            Example {
                title: "On a machine",
                lines: &["Enter-PSSession -HostName admin@web01"],
                says: "Makes a session on web01 and enters it.",
            },
            Example {
                title: "A session that is there",
                lines: &["Enter-PSSession -Id 3"],
                says: "Enters the session with the number 3. It stays open when you leave it.",
            },
        ],
        related: &[
            "Exit-PSSession",
            "Get-PSSession",
            "New-PSSession",
            "Invoke-Command",
        ],
    },
    Text {
        id: CmdletId::ExitPSSession,
        synopsis: "Leaves the session that you type in.",
        description: &[
            "It does in an entered session what exit does: the prompt of your own shell comes \
             back. A session that was there before you entered it stays open.",
        ],
        examples: &[Example {
            title: "In and out",
            lines: &["Enter-PSSession -Id 3", "Exit-PSSession"],
            says: "The second line is typed in the session and leaves it.",
        }],
        related: &["Enter-PSSession", "Disconnect-PSSession"],
    },
    Text {
        id: CmdletId::InvokeCommand,
        synopsis: "Runs commands in sessions or on machines and prints what they print.",
        description: &[
            "Commands stand in braces, or in a script of this machine (-FilePath), which is \
             sent. Output comes as it is printed, with the name of its machine where there are \
             several. Errors stay errors, and the exit status is that of the commands.",
            "In a session commands find what earlier ones have left. With -ComputerName or \
             -HostName a session is made for them and ended afterwards.",
            "Your shell reads the line first: put quotes around a block that has one of its own \
             signs in it, such as a semicolon, a pipe or a variable of the other side.",
            "Ctrl-C stops the commands. A second Ctrl-C leaves them alone and disconnects.",
        ],
        examples: &[
            Example {
                title: "On three machines",
                lines: &["Invoke-Command -HostName web01,web02,web03 '{df -h / | tail -1}'"],
                says: "Prints how full the disks are, each line with the name of its machine.",
            },
            Example {
                title: "A script in a session",
                lines: &["Invoke-Command $s -FilePath ./get-patch-status.sh -ArgumentList all"],
                says: "Sends the script to the session in s and runs it there with one argument.",
            },
            Example {
                title: "Start it and go",
                lines: &[
                    "Invoke-Command -ComputerName Server01 -InDisconnectedSession \
                     -SessionName Night '{./backup}'",
                    "Receive-PSSession -ComputerName Server01 -Name Night",
                ],
                says: "The first line returns at once. The second one, some time later and from \
                       any machine, prints what has come since.",
            },
        ],
        related: &[
            "Enter-PSSession",
            "New-PSSession",
            "Get-Job",
            "Receive-Job",
            "Receive-PSSession",
        ],
    },
];

pub(super) const MORE_TEXTS: &[Text] = &[
    Text {
        id: CmdletId::DisconnectPSSession,
        synopsis: "Lets go of sessions; what runs in them runs on.",
        description: &[
            "A disconnected session is kept by its machine. You can connect to it again from \
             here or from any other machine, as the same user.",
            "Only open sessions that this login is connected to can be disconnected; closed and \
             broken ones cannot, nor one that you have entered, nor one that another client \
             holds.",
            "A session without a client is deleted after its idle timeout, even if a command \
             still runs in it. -IdleTimeoutSec changes that time. It has to be at least 60 \
             seconds and at most what the session configuration allows.",
            "While nobody is connected, output is kept. When the buffer is full, commands wait \
             (Block), or the oldest output is lost (Drop).",
        ],
        examples: &[
            Example {
                title: "By name",
                lines: &["Disconnect-PSSession -Name UpdateSession"],
                says: "Lets go of the session UpdateSession and prints its new state.",
            },
            Example {
                title: "For a long job whose output does not matter",
                lines: &[
                    "Get-PSSession -ComputerName Server12 -Name ITTask | Disconnect-PSSession \
                     -OutputBufferingMode Drop -IdleTimeoutSec 86400",
                ],
                says: "The session stays for a day, and a full buffer does not stop its script.",
            },
            Example {
                title: "An idle timeout that the configuration does not allow",
                lines: &[
                    "o=$(New-PSSessionOption -IdleTimeout 172800000)",
                    "s=$(New-PSSession -ComputerName Server01 -SessionOption $o)",
                    "Disconnect-PSSession $s -IdleTimeoutSec 43200",
                ],
                says: "Two days are more than the 12 hours that Server01 allows, which is noticed \
                       only when the session is to be disconnected. Saying a shorter time there \
                       is the way out.",
            },
        ],
        related: &[
            "Connect-PSSession",
            "Enter-PSSession",
            "Exit-PSSession",
            "Get-PSSession",
            "Get-PSSessionConfiguration",
            "New-PSSession",
            "New-PSSessionOption",
            "New-PSTransportOption",
            "Receive-PSSession",
            "Register-PSSessionConfiguration",
            "Remove-PSSession",
        ],
    },
    Text {
        id: CmdletId::ConnectPSSession,
        synopsis: "Connects to sessions that nobody is connected to.",
        description: &[
            "It takes back sessions that were disconnected, by you, by a lost network or by the \
             end of a login, on this machine or on another one. You have to be the user that \
             the session belongs to. A session that another client holds is refused.",
            "Connecting prints no output of commands; Receive-PSSession does. The idle timeout \
             and the buffering mode stay as they are.",
        ],
        examples: &[
            Example {
                title: "From home",
                lines: &[
                    "s=$(Connect-PSSession -ComputerName Srv1 -Name ITTask -Credential User01)",
                ],
                says: "Connects to the session that User01 has left on Srv1.",
            },
            Example {
                title: "All that can be had",
                lines: &["Get-PSSession -HostName web01 -State Disconnected | Connect-PSSession"],
                says: "Takes every session on web01 that nobody holds.",
            },
        ],
        related: &["Disconnect-PSSession", "Get-PSSession", "Receive-PSSession"],
    },
    Text {
        id: CmdletId::ReceivePSSession,
        synopsis: "Connects to a session if need be and prints what its commands have printed.",
        description: &[
            "It prints what was kept since the session was disconnected, and goes on until the \
             command ends. Who receives first gets all of it; it is not kept any longer then.",
            "With -OutTarget Job the output goes to a job, and the line returns at once.",
        ],
        examples: &[
            Example {
                title: "What happened last night",
                lines: &["Receive-PSSession -ComputerName Server01 -Name Night"],
                says: "Prints the output of the session Night.",
            },
            Example {
                title: "As a job",
                lines: &["Receive-PSSession -Id 4 -OutTarget Job -JobName Night"],
                says: "Collects the output in the job Night; Receive-Job prints it.",
            },
        ],
        related: &["Connect-PSSession", "Invoke-Command", "Receive-Job"],
    },
    Text {
        id: CmdletId::RemovePSSession,
        synopsis: "Ends sessions, with all that runs in them.",
        description: &[
            "Commands that still run in a session are stopped, and the session is deleted on its \
             machine, whether it is connected or not. -WhatIf says first which ones these are.",
        ],
        examples: &[
            Example {
                title: "By number",
                lines: &["Remove-PSSession 1,2"],
                says: "Ends the sessions 1 and 2 of this login.",
            },
            Example {
                title: "All of this login",
                lines: &["Get-PSSession | Remove-PSSession -Confirm"],
                says: "Asks before each one.",
            },
        ],
        related: &["Disconnect-PSSession", "Get-PSSession", "New-PSSession"],
    },
];
