# What is measured, for run: one function for each scenario, which starts the servers
# that it wants one after the other. round and quick are the run's.

# each "SERVER..." FUNCTION ARGUMENT...: the function for each that is there, while it
# is up.
each() {
	local servers=$1 server
	shift
	for server in $servers; do
		case $server in
		ncat | ngircd | inspircd) has_peer "$server" || continue ;;
		esac
		up "$server" || continue
		"$1" "$server" "${@:2}"
		down
	done
}

first_round() { [ "$round" = 1 ]; }
# pick FULL QUICK
pick() { if [ -n "$quick" ]; then echo "$2"; else echo "$1"; fi; }

# -- 200 members, by lines in flight ---------------------------------------------------

flight_one() {
	measure flight "$1" members=200 talk members=200 \
		window="$(pick 1,8,32,128,256 1,32,256)" seconds="$(pick 2.5 1)"
}
scenario_flight() {
	each "floor relaxed commit $(pick sync '') ncat ngircd inspircd" flight_one
}

# -- the two engines -------------------------------------------------------------------

engines_one() {
	measure engines "$1" "members=$2" talk members="$2" window="$3" seconds="$(pick 2 0.5)"
}
# Those who come in, and those who say nothing.
engines_quiet() {
	measure engines_joins "$1" "members=200 replay=0" join members=200 joins=1000 replay=0
	measure engines_scale "$1" "members=$2 named=1" idle members="$2" unnamed=0 times=5
}
scenario_engines() {
	each "floor uring epoll" engines_one 3 1,32,256
	each "floor uring epoll" engines_one 10 1,32
	each "floor uring epoll" engines_one 200 1,32,256
	[ -n "$quick" ] || each "floor uring epoll" engines_one 10000 1,32
	each "uring epoll" engines_quiet "$(pick 10000 1000)"
}

# -- 32 lines and one in flight, by members --------------------------------------------

members_one() {
	measure members "$1" "members=$2" talk members="$2" window=1,32 seconds="$(pick 2 0.5)"
}
scenario_members() {
	local size
	for size in 10 100 1000 10000; do
		each "floor relaxed commit" members_one $size
	done
}

# -- small rooms -----------------------------------------------------------------------

rooms_one() {
	measure rooms "$1" "members=$2 rooms=$3" talk members="$2" rooms="$3" window="$4" \
		seconds="$(pick 2 0.5)"
}
scenario_rooms() {
	per_room=3
	each "floor relaxed commit ngircd inspircd" rooms_one 3 1 32
	per_room=5
	each "floor relaxed commit" rooms_one 5 1000 1000
	# It takes the peers a minute to take in that many.
	[ -n "$quick" ] || ! first_round || each "ngircd inspircd" rooms_one 5 1000 1000
	per_room=
}

# -- private messages ------------------------------------------------------------------

private_one() {
	measure private "$1" members=200 talk members=200 direct=1 window=32 seconds="$(pick 2 0.5)"
}
scenario_private() {
	each "relaxed commit ngircd inspircd" private_one
}

# -- open loop -------------------------------------------------------------------------

open_one() {
	measure open "$1" members=500 talk members=500 rate=100 seconds="$(pick 3 1)"
}
scenario_open() {
	each "floor relaxed commit sync ncat ngircd inspircd" open_one
}

# -- people who come in ----------------------------------------------------------------

joins_one() {
	measure joins "$1" "members=200 replay=$2" join members=200 joins=1000 replay="$2"
}
scenario_joins() {
	each "commit $(pick inspircd '')" joins_one 0
	# Once more with something to replay. Who comes first reads it too.
	rm -f "$work"/lines.db*
	"$fill" make "$work/lines.db" 1000 1 || return
	chatd_conf "$work/lines.db" "history_replay = 20"
	up kept || return
	joins_one commit 1
	down
}

# -- a burst after silence -------------------------------------------------------------

burst_one() {
	measure burst "$1" members=200 burst members=200 times="$(pick 5 1)"
}
scenario_burst() {
	each "floor relaxed commit $(pick 'ngircd inspircd' '')" burst_one
}

# -- many who say nothing --------------------------------------------------------------

scale_one() {
	measure scale "$1" "members=$2 named=$3" idle members="$2" unnamed=$((1 - $3)) times=5
}
scenario_scale() {
	local size most
	# Each is a descriptor on both sides, and the server needs some more.
	most=$(($(ulimit -H -n) - 600))
	for size in $(pick "1000 10000 50000" 2000); do
		if [ "$size" -gt "$most" ]; then
			echo "note: $most connections instead of $size:" \
				"ulimit -n allows $(ulimit -H -n) descriptors"
			size=$most
		fi
		connections=$((size + 50))
		# Beyond three quarters of the places those without a name may have to make way.
		each commit scale_one $((size * 7 / 10)) 0
		each commit scale_one "$size" 1
		each floor scale_one "$size" 1
		connections=12000
	done
}

# -- a long history --------------------------------------------------------------------

history_start() {
	up kept || return
	record history commit "lines=$1 cache=$2" \
		"startup_ms=$((startup_us / 1000)).$((startup_us / 100 % 10))" \
		"$(awk '/^VmHWM/ { print "rss_kib=" $2 }' "/proc/$pid/status")"
}
history_ask() {
	local kind
	for kind in history rare common; do
		"$fill" ask $kind 50 >"$work/$kind"
		measure history commit "lines=$1 cache=$2 ask=$kind" ask name=asker \
			commands="$work/$kind" times="$3"
	done
}
scenario_history() {
	local lines database
	first_round || return 0
	for lines in $(pick "100000 1000000 10000000" 100000); do
		database=$out/history-$lines.db
		"$fill" make "$database" "$lines" || continue
		cat "$database" >/dev/null
		chatd_conf "$database"
		history_start "$lines" warm || continue
		history_ask "$lines" warm 50
		down
		chatd_conf "$database"
		sync "$database"
		if [ -n "$quick" ] || ! echo 3 2>/dev/null >/proc/sys/vm/drop_caches; then
			continue
		fi
		history_start "$lines" cold || continue
		history_ask "$lines" cold 1
		down
	done
}

# -- lines saved, sustained ------------------------------------------------------------

# Lines that are not in the index yet, every other second.
lag_watch() {
	while sleep 2; do
		sqlite3 -readonly "$work/chatd.db" "SELECT (SELECT max(id) FROM messages) -
			(SELECT coalesce(max(value), 0) FROM meta WHERE key = 'indexed')" 2>/dev/null
	done
}
store_one() {
	local seconds=20
	first_round && seconds=$(pick 60 8)
	lag_watch >"$work/lag" &
	beside=$!
	measure store "$1" members=10 talk members=10 rooms=10 batch=120 window=12000 seconds=$seconds
	kill $beside 2>/dev/null
	wait $beside 2>/dev/null
	beside=0
	record store_lag "$1" "end=$(tail -n 1 "$work/lag")" "max=$(sort -n "$work/lag" | tail -n 1)" \
		"db_mib=$(($(cat "$work"/chatd.db* | wc -c) >> 20))"
}
scenario_store() {
	each commit store_one
}

# -- a disk slower than the talk -------------------------------------------------------

# slow_one SERVER RATE: senders far too fast, and one who asks the time meanwhile.
slow_one() {
	local seconds
	seconds=$(pick 10 4)
	echo /time >"$work/time"
	(
		sleep 0.5
		exec timeout 150 "$gen" ask port="$port" name=asker commands="$work/time" \
			times=$((seconds * 10)) every_ms=100 warm=1
	) >"$work/asked" 2>&1 &
	beside=$!
	measure slow_disk "$1" "members=20 rate=$2" talk members=20 rate="$2" patient=1 \
		seconds="$seconds"
	wait $beside
	beside=0
	record slow_ask "$1" "$(cat "$work/asked")"
	# All that was sent has been read by now, or said to be skipped; it must be in the file.
	record slow_rows "$1" "rows=$(sqlite3 -readonly "$work/chatd.db" 'SELECT count(*) FROM messages')"
}
scenario_slow_disk() {
	first_round || return 0
	each slow_sync slow_one 150000
	each slow_commit slow_one 20000
}

# -- many who sign in at once ------------------------------------------------------------

# The talk of others before, and while 200 passwords are compared.
logins_one() {
	local talk="talk members=100 rate=200 seconds=4 warm=0.5"
	python3 tests/bench/logins.py register "$port" 200 >/dev/null
	# shellcheck disable=SC2086 # a list of words
	measure logins "$1" "members=100 rate=200 while=alone" $talk
	(
		sleep 1.5
		exec python3 tests/bench/logins.py login "$port" 200
	) >"$work/logins" 2>&1 &
	beside=$!
	# shellcheck disable=SC2086
	measure logins "$1" "members=100 rate=200 while=logins" $talk
	wait $beside
	beside=0
	record logins_took "$1" "$(cat "$work/logins")"
}
scenario_logins() { each commit logins_one; }

# -- what the store does beside the talk ---------------------------------------------------

CHORES_LINES=300000
# chore_do CHORE: what somebody does meanwhile, if anything.
chore_do() {
	local run=("${as[@]}" "$chatd" -c "$work/chatd.conf")
	sleep 1.5
	case $1 in
	export) "${run[@]}" export >/dev/null ;;
	backup) "${run[@]}" admin backup "$work/chores.copy.db" ;;
	delete) echo "/remove room room7 --yes" | "${run[@]}" admin chat ;;
	esac >>"$work/chore.log" 2>&1
}
# chore_begin CHORE: a server with a copy of that database. Retention begins 5 s after
# the start; the index is made again where words were folded by another rule.
chore_begin() {
	local kept=()
	rm -f "$work"/chores.db* "$work"/chores.copy.db*
	cp "$out/history-$CHORES_LINES.db" "$work/chores.db" || return
	[ "$1" != retention ] || kept=("history_lines = 1000")
	[ "$1" != index ] ||
		sqlite3 "$work/chores.db" "UPDATE meta SET value = value + 1 WHERE key = 'fold'"
	chatd_conf "$work/chores.db" "${kept[@]}"
	up kept
}
chore_left() {
	sqlite3 -readonly "$work/chores.db" "SELECT 'rows=' || (SELECT count(*) FROM messages) ||
		' unindexed=' || ((SELECT max(id) FROM messages) -
		(SELECT coalesce(max(value), 0) FROM meta WHERE key = 'indexed'))"
}
scenario_chores() {
	local chore seconds
	first_round || return 0
	"$fill" make "$out/history-$CHORES_LINES.db" "$CHORES_LINES" || return
	for chore in none retention index export backup delete; do
		seconds=$(pick 12 8)
		# What was deleted is wiped half a minute later.
		[ $chore != delete ] || seconds=$(pick 50 8)
		chore_begin $chore || continue
		chore_do $chore &
		beside=$!
		measure chores commit "members=100 rate=1000 chore=$chore" talk members=100 rate=1000 \
			seconds="$seconds"
		wait $beside
		beside=0
		record chores_left commit "chore=$chore" "$(chore_left)"
		down
	done
}

# -- system calls ----------------------------------------------------------------------

CALLS_S=3 # traced, within what gen measures
calls_one() {
	local trace="timeout -s INT $CALLS_S strace -f -qq -o $work/calls -p $pid"
	if command -v perf >/dev/null && perf trace -s true >/dev/null 2>&1; then
		# Stops nobody, so what it counts is what happens without it.
		trace="perf trace -s -o $work/calls -p $pid -- sleep $CALLS_S"
	elif ! command -v strace >/dev/null; then
		echo "  left out: there is no strace"
		return
	fi
	grep -H . "/proc/$pid"/task/*/comm >"$work/threads"
	measure calls "$1" "members=200 traced=${trace%% *}" talk members=200 window=32 seconds=$((CALLS_S + 1)) \
		with="$trace"
	python3 tests/bench/calls.py "$work/calls" "$work/threads" "$pid" $CALLS_S |
		while read -r line; do record calls_by "$1" "$line"; done
}
scenario_calls() {
	first_round || return 0
	each "uring epoll" calls_one
}
