# PowerShell's cmdlets for PSSessions as words of bash. Read with: eval "$(winsta aliases bash)"

# What PowerShell calls by these names reaches a cmdlet as it was typed.
: "${true=\$true}" "${false=\$false}" "${home=\$HOME}"

# Whether a short name means nothing yet, or one of these functions.
function _winsta_is_free {
    case $(type -t -- "$1") in
    '') return 0 ;;
    function) [[ $(declare -f -- "$1") == *@PROGRAM@* ]] ;;
    *) return 1 ;;
    esac
}

# Runs a command. Where all files of the folder follow each other, the user has typed a star.
function _winsta_star {
    local IFS=/ all=() words=() rest=("${@:3}") count
    # With failglob, a folder without files would be an error.
    [[ -o noglob ]] || shopt -q failglob || all=(*)
    count=${#all[@]}
    if ((count)); then
        while ((${#rest[@]})); do
            if [[ ${rest[*]:0:count} == "${all[*]}" ]]; then
                words+=('*')
                rest=("${rest[@]:count}")
            else
                words+=("${rest[0]}")
                rest=("${rest[@]:1}")
            fi
        done
        rest=("${words[@]}")
    fi
    command "$1" "$2" "${rest[@]}"
}

@FUNCTIONS@

# What another hook did for words that are no command goes on being done.
if declare -F command_not_found_handle >/dev/null &&
    [[ $(declare -f command_not_found_handle) != *_winsta_before* ]]; then
    _winsta_hook=$(declare -f command_not_found_handle)
    eval "_winsta_before ${_winsta_hook#command_not_found_handle}"
    unset _winsta_hook
fi

# Cmdlets in another case, and properties of objects such as $s.Runspace.ConnectionInfo.
function command_not_found_handle {
    case ${1,,} in
    @NAMES@)
        command @PROGRAM@ "$@"
        return
        ;;
    '{"pstypename":'*)
        command @PROGRAM@ @PROPERTY@ "$@"
        return
        ;;
    esac
    if declare -F _winsta_before >/dev/null; then
        _winsta_before "$@"
        return
    fi
    printf '%s: %s: command not found\n' "$0" "$1" >&2
    return 127
}
