# Ends session $id of logind, if it has one, and the processes of $leader, which began $began
# seconds after the epoch. Says which step did it.
LC_ALL=C; export LC_ALL
PATH=$PATH:/usr/bin:/bin:/usr/sbin:/sbin
age=$(ps -o etimes= -p "$leader") || { echo gone; exit 0; }
started=$(($(date +%s) - age))
if [ $((started - began)) -gt 2 ] || [ $((began - started)) -gt 2 ]; then
    echo "process $leader is another one by now" >&2
    exit 5
fi
members() { ps -e -o sess= -o pid= | while read -r s p; do [ "$s" = "$leader" ] && echo "$p"; done; }
gone() { [ -z "$(ps -o pid= -p "$leader")$(members)" ]; }
settle() {
    n=0
    while [ $n -lt 20 ]; do
        gone && { echo "$1"; exit 0; }
        sleep 0.1 2>/dev/null || sleep 1
        n=$((n + 1))
    done
}
if [ -n "$id" ] && loginctl terminate-session "$id" 2>/dev/null; then
    settle HUP
    loginctl kill-session "$id" 2>/dev/null
    settle TERM
fi
kill -HUP "$leader" || exit 4
for p in $(members); do kill -HUP "$p" 2>/dev/null; done
settle HUP
for p in $(members) "$leader"; do kill -TERM "$p" 2>/dev/null; done
settle TERM
# Never the leader: an ssh session's is sshd's, and the shell would outlive it.
for p in $(members); do [ "$p" = "$leader" ] || kill -KILL "$p" 2>/dev/null; done
settle KILL
for p in $(members); do kill -KILL "$p" 2>/dev/null; done
settle KILL
echo left
