# What the shell tests share: TAP, and a chatd of their own to test.
#
# Sourced. A test calls `ok TITLE` or `not_ok TITLE DETAIL...` once for each
# thing that a user would notice, and `plan` at its end. Every chatd has its
# folder under $work, which goes away with the script.
# shellcheck shell=bash
set -u
export LC_ALL=C.UTF-8

tests=0
failures=0
patience=${CHATD_PATIENCE:-1} # every wait takes this many times as long
pid=         # of the chatd that runs; empty: none
port=        # where it listens on 127.0.0.1
work=$(mktemp -d "${TMPDIR:-/tmp}/chatd-sh.XXXXXX") || exit 1
# chatd does not run as root, and not here either: it runs as a user that this host does not know.
as=()
if [ "$(id -u)" = 0 ]; then
	chown 61000 "$work"
	as=(setpriv --reuid 61000 --regid 61000 --clear-groups)
fi
conf=$work/etc/chatd.conf # in a folder of its own, as chatd wants it
mkdir "$work/etc"
db=$work/chatd.db
log=$work/log

# ours PROGRAM: where it can be run from; the folder that it was built in may be root's alone.
ours() {
	[ "${#as[@]}" -gt 0 ] || { echo "$1"; return; }
	local copy
	copy=$work/bin/$(cksum <<<"$1" | cut -d' ' -f1)/${1##*/}
	mkdir -p "${copy%/*}" && cp "$1" "$copy" && chmod -R a+rX "$work/bin" && echo "$copy"
}

cleanup() {
	[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

ok() {
	tests=$((tests + 1))
	echo "ok $tests - $1"
}

# not_ok TITLE DETAIL...: details are shown as comments.
not_ok() {
	tests=$((tests + 1))
	failures=$((failures + 1))
	echo "not ok $tests - $1"
	shift
	printf '%s\n' "$@" | tail -n 40 | sed 's/^/# /' | tr -d '\000\r'
}

skip() {
	tests=$((tests + 1))
	echo "ok $tests - $1 # SKIP $2"
}

plan() {
	echo "1..$tests"
	[ "$failures" -eq 0 ]
}

# The rows of a reply as one line (docs/protocol.md).
rows_joined() { sed -z 's/\r\{0,1\}\n-- \{4,\}/ /g'; }

# is TITLE GOT PATTERN...: GOT has each of the (extended, whole-line) patterns,
# in lines that follow each other in this order, others may be between.
is() {
	local title=$1 got=$2 rest line pattern
	shift 2
	rest=$got
	for pattern in "$@"; do
		line=$(grep -nxE -m1 -- "$pattern" <<<"$rest" | cut -d: -f1)
		if [ -z "$line" ]; then
			not_ok "$title" "expected: $pattern" "got:" "$got"
			return 1
		fi
		rest=$(tail -n "+$((line + 1))" <<<"$rest")
	done
	ok "$title"
}

# same TITLE GOT WANTED: GOT is that, with not a line more.
same() {
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1" "expected:" "$3" "got:" "$2"
	fi
}

# configure LINE...: a new chatd.conf on a free port with these lines.
configure() {
	port=$("$load" port)
	printf '%s\n' "listen = 127.0.0.1:$port" "database = $db" "$@" >"$conf"
}

# chatd_start CHATD ARGUMENT...: starts it and waits until it listens. With CHATD_TEST_IO=epoll io_uring is forbidden
# there, with $no_uring_error (EPERM).
chatd_start() {
	local program=$1 words=("${as[@]}")
	shift
	if [ "${CHATD_TEST_IO-}" = epoll ]; then
		[ -n "${no_uring-}" ] || no_uring=$(ours "$(dirname "$load")/no_uring")
		words+=("$no_uring" "${no_uring_error:-EPERM}")
	fi
	exec {out}< <(exec "${words[@]}" "$program" "$@" 2>>"$log" </dev/null)
	pid=$!
	while read -r -t $((20 * patience)) said <&"$out"; do
		[[ $said != *listening* ]] || return 0
	done
	said=
	return 1
}

# Waits for the end of the chatd that was started; its status is in $status.
chatd_wait() {
	wait "$pid"
	status=$?
	pid=
	exec {out}<&-
}

# chatd_stop [SIGNAL]
chatd_stop() {
	kill "-${1:-TERM}" "$pid"
	chatd_wait
}

# await COMMAND...: until it succeeds, about $tries times 20 ms (250 times: 5 s) at
# most, or $patience times as long. For what gives no event to a shell. Not for [: what it compares was
# expanded before, and would be the same each time.
await() {
	local i
	[ "$1" != '[' ] || return 1
	for ((i = 0; i < ${tries:-250} * patience; i++)); do
		"$@" && return 0
		sleep 0.02
	done
	return 1
}

# in_log TEXT: chatd's own log has it.
in_log() { grep -qF -- "$1" "$log"; }

# OpenBSD's nc, whichever nc is called so here; $stays seconds (10) at most, likewise.
nc_bsd() {
	if command -v nc.openbsd >/dev/null; then
		timeout $((${stays:-10} * patience)) nc.openbsd "$@"
	else
		timeout $((${stays:-10} * patience)) nc "$@"
	fi
}
