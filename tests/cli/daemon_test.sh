#!/bin/bash
# A real daemon in a network namespace: the console under expect, scripts, exit statuses, a second daemon on the same state
# folder, SIGTERM. Arguments: sallyportd, sallyport. Exit status 77: skipped.
set -u
daemon=$1 client=$2 here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "skipped: needs root"; exit 77; }
command -v expect > /dev/null || { echo "skipped: needs expect"; exit 77; }
ns=sallyport-cli-$$ state=$(mktemp -d) pid=
cleanup() {
  [ -n "$pid" ] && kill -9 "$pid" 2> /dev/null
  ip netns del "$ns" 2> /dev/null
  rm -rf "$state"
}
trap cleanup EXIT
fail() { echo "FAILED: $*"; exit 1; }
ip netns add "$ns" || { echo "skipped: no network namespaces"; exit 77; }
ip -n "$ns" link set lo up
ip -n "$ns" link add g0 type veth peer name g0p
ip -n "$ns" link set g0p up
run() { ip netns exec "$ns" "$daemon" --state "$state" "$@"; }

out=$(run --interface GigabitEthernet0/0=nolink 2>&1) && fail "a missing link was accepted"
[ "$(grep -c nolink <<< "$out")" = 1 ] || fail "a missing link is not named: $out"
run --bogus > /dev/null 2>&1 && fail "an unknown option was accepted"

ip netns exec "$ns" "$daemon" --state "$state" --interface GigabitEthernet0/0=g0 > "$state/out" 2>&1 &
pid=$!
for _ in $(seq 200); do
  [ -S "$state/console.sock" ] && break
  kill -0 "$pid" 2> /dev/null || fail "the daemon ended: $(cat "$state/out")"
  read -rt 0.05 <> <(:) || true
done
[ -S "$state/console.sock" ] || fail "the daemon did not become ready: $(cat "$state/out")"

out=$(run 2>&1) && fail "a second daemon on one state folder"
[ "$out" = "sallyportd: another sallyportd is running on the state folder $state" ] || fail "second daemon: $out"

expect "$here/console.exp" "$client" "$state" || fail "the console under expect"

[ "$("$client" --state "$state" -c 'show firewall')" = "Firewall mode: Router" ] || fail "-c"
out=$("$client" --state "$state" -c 'show conduit' -c 'show mode' 2> "$state/err") && fail "a refused command, status 0"
grep -q "ERROR: % Invalid input" <<< "$out" || fail "the error is not on standard output: $out"
grep -q "1 of 2 commands refused" "$state/err" || fail "no summary: $(cat "$state/err")"
printf 'configure terminal\nhostname edge\nend\nwrite memory\n' | "$client" --state "$state" | grep -q '^\[OK\]$' || fail "a script"
grep -q '^hostname edge$' "$state/startup-config" || fail "startup-config"

kill "$pid"
wait "$pid" || fail "SIGTERM: status $?"
pid=
[ ! -e "$state/console.sock" ] || fail "the socket is still there"
"$client" --state "$state" -c 'show mode' 2> "$state/err" && fail "no daemon, status 0"
grep -q "no sallyportd is running" "$state/err" || fail "no daemon: $(cat "$state/err")"
! ip netns exec "$ns" iptables -t raw -S 2> /dev/null | grep -q NFQUEUE || fail "rules are still there"
echo passed
