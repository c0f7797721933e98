# PowerShell's cmdlets for PSSessions as words of zsh. Read with: eval "$(winsta aliases zsh)"
# A block with blanks in it needs quotes here: '{dir /tmp}'.

# What PowerShell calls by these names reaches a cmdlet as it was typed.
: "${true=\$true}" "${false=\$false}" "${home=\$HOME}"

# Whether a short name means nothing yet, or one of these functions.
function _winsta_is_free {
    case $(whence -w -- $1) in
    *': none' | '') return 0 ;;
    *': '(function|alias)) [[ "$(typeset -f -- $1)" == *@PROGRAM@* ]] ;;
    *) return 1 ;;
    esac
}

@FUNCTIONS@

# What another hook did for words that are no command goes on being done.
if typeset -f command_not_found_handler >/dev/null &&
    [[ $(typeset -f command_not_found_handler) != *_winsta_before* ]]; then
    eval "_winsta_before ${$(typeset -f command_not_found_handler)#command_not_found_handler}"
fi

# Cmdlets in another case, and properties of objects such as $s.Runspace.ConnectionInfo.
function command_not_found_handler {
    case ${(L)1} in
    @NAMES@)
        command @PROGRAM@ "$@"
        return
        ;;
    '{"pstypename":'*)
        command @PROGRAM@ @PROPERTY@ "$@"
        return
        ;;
    esac
    if typeset -f _winsta_before >/dev/null; then
        _winsta_before "$@"
        return
    fi
    print -ru2 -- "zsh: command not found: $1"
    return 127
}
