# PowerShell's cmdlets for PSSessions as words of fish. Read with: winsta aliases fish | source

# What PowerShell calls by these names reaches a cmdlet as it was typed.
set -q true; or set -g true '$true'
set -q false; or set -g false '$false'
set -q home; or set -g home '$HOME'

# Whether a short name means nothing yet, or one of these functions.
function __winsta_is_free
    not type -q -- $argv[1]; and return 0
    functions -q -- $argv[1]; or return 1
    string match -q -- '*winsta*' (functions -- $argv[1])
end

# Runs a command. Where all files of the folder follow each other, the user has typed a star.
function __winsta_star
    set -l files *
    set -l count (count $files)
    set -l rest $argv[3..]
    set -l words
    if test $count -gt 0
        while set -q rest[1]
            if test (count $rest) -ge $count; and test "$rest[1..$count]" = "$files"
                set -a words '*'
                set -e rest[1..$count]
            else
                set -a words $rest[1]
                set -e rest[1]
            end
        end
        set rest $words
    end
    command $argv[1..2] $rest
end

@FUNCTIONS@

# What another hook did for words that are no command goes on being done.
if functions -q fish_command_not_found
    if not functions fish_command_not_found | string match -q '*__winsta_before*'
        functions -q __winsta_before; and functions -e __winsta_before
        functions -c fish_command_not_found __winsta_before
    end
end

# Cmdlets in another case, and properties of objects such as $s.Runspace.ConnectionInfo.
function fish_command_not_found
    set -l word (string lower -- $argv[1])
    if contains -- $word @NAMES@
        command @PROGRAM@ $argv
        return
    end
    if string match -q -- '{"pstypename":*' $word
        command @PROGRAM@ @PROPERTY@ $argv
        return
    end
    if functions -q __winsta_before
        __winsta_before $argv
    else
        __fish_default_command_not_found_handler $argv
    end
end
