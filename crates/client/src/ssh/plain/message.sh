# Shows $text at $tty, whose user is $user.
PATH=$PATH:/usr/bin:/bin:/usr/sbin:/sbin
if [ -w "/dev/$tty" ]; then
    printf '\r\n\007%s\r\n' "$text" > "/dev/$tty" && exit 0
elif command -v write > /dev/null 2>&1; then
    printf '%s\n' "$text" | write "$user" "$tty" && exit 0
fi
echo "$tty takes no messages from $(id -un)" >&2
exit 4
