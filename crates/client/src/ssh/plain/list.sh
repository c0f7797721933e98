# What a machine without winsta knows of its sessions, as lines that a program reads.
LC_ALL=C TZ=UTC0; export LC_ALL TZ
PATH=$PATH:/usr/bin:/bin:/usr/sbin:/sbin; export PATH
echo 'winsta-plain 1'
echo "B $(cat /proc/sys/kernel/random/boot_id 2>/dev/null)"
echo "N $(date +%s)"
echo "S $(ps -o lsession= -p $$ 2>/dev/null)"
ids=$(loginctl list-sessions --no-legend 2>/dev/null | while read -r id rest; do printf '%s ' "$id"; done)
if [ -n "$ids" ]; then
    loginctl show-session -p Id -p Name -p Timestamp -p TTY -p RemoteHost -p Service -p Type \
        -p Class -p State -p Leader $ids 2>/dev/null | sed 's/^/L /'
fi
for tty in /dev/pts/[0-9]* /dev/tty[1-9]*; do
    [ -c "$tty" ] && stat -c 'T %n %X' "$tty" 2>/dev/null
done
ps -e -o pid= -o ppid= -o sess= -o lsession= -o tty= -o etimes= -o user:32= -o comm= | sed 's/^/P /'
echo 'E'
