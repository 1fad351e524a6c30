# Several nodes of one chat over a redis-server of our own, for run: what a delivery costs there, how long a line takes
# to another node, how many lines a second all nodes save, and how fast a node reads on that was away.
# Wants work, chatd, pipeline, acts and port; owns node_pids and engine_pid.

node_pids=()      # of the processes that were started, by number from 1
engine_pid=0
LEASE_S=10        # of the nodes

# -- the engine --------------------------------------------------------------------------

# Sets redis to its command.
engine_find() {
	local folder
	if folder=$(tests/lib/unpacked redis-server redis-tools 2>/dev/null); then
		redis=(env "LD_LIBRARY_PATH=$(find "$folder" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)"
			"$folder/usr/bin/redis-server")
	else
		redis=(redis-server)
		command -v redis-server >/dev/null
	fi
}

engine_up() {
	local tries=0
	rm -rf "$work/engine"
	mkdir -p "$work/engine"
	: >"$work/engine/log"
	chmod 755 "$work"
	"${redis[@]}" --port 0 --unixsocket "$work/engine/socket" --unixsocketperm 777 --dir "$work/engine" --save '' \
		--appendonly yes --appendfsync always >"$work/engine/log" 2>&1 </dev/null &
	engine_pid=$!
	until grep -q 'ready to accept' "$work/engine/log"; do
		tries=$((tries + 1))
		[ $tries -lt 500 ] || { echo "cannot start redis-server" >&2; return 1; }
		sleep 0.01
	done
}
engine_down() {
	[ "$engine_pid" != 0 ] || return 0
	kill -KILL "$engine_pid" 2>/dev/null
	wait "$engine_pid" 2>/dev/null
	engine_pid=0
}

# -- nodes -------------------------------------------------------------------------------

# has TEXT FILE, for a minute at most.
await_text() {
	local tries=0
	until grep -q "$1" "$2" 2>/dev/null; do
		tries=$((tries + 1))
		[ $tries -lt 12000 ] || { echo "no $1 in $2:" >&2; tail -n 5 "$2" >&2; return 1; }
		sleep 0.005
	done
}

# node_start NUMBER: the node n1, n2...; await_text says when it has all that the others have.
node_start() {
	local n=$1
	printf '%s\n' "listen = 127.0.0.$((n + 1)):$port" "database = $work/n$n.db" "cluster = unix:$work/engine/socket" \
		"node = n$n" "cluster_lease = $LEASE_S" "rate_lines = 0" "rate_bytes = 0" "rate_address = 0" \
		"history_replay = 0" "login_timeout = 0" >"$work/n$n.conf"
	: >"$work/n$n.log"
	"${as[@]}" "$chatd" -c "$work/n$n.conf" >"$work/n$n.log" 2>&1 </dev/null &
	node_pids[n]=$!
}
node_ready() { await_text 'has all that the others have' "$work/n$1.log"; }

nodes_up() {
	local n
	for n in $(seq "$1"); do node_start "$n"; done
	for n in $(seq "$1"); do node_ready "$n" || return 1; done
}

# The processes of all nodes, with commas between them.
nodes_family() {
	local p all=()
	for p in "${node_pids[@]}"; do all+=("$p" $(cat "/proc/$p"/task/*/children 2>/dev/null)); done
	(IFS=,; echo "${all[*]}")
}
nodes_down() {
	[ "${#node_pids[@]}" -eq 0 ] || kill "${node_pids[@]}" 2>/dev/null
	for _ in $(seq 200); do
		kill -0 "${node_pids[@]}" 2>/dev/null || break
		sleep 0.05
	done
	nodes_kill
	port=$((port + 1))
}
nodes_kill() {
	local family
	[ "${#node_pids[@]}" -gt 0 ] || return 0
	family=$(nodes_family)
	# shellcheck disable=SC2086 # a list of words
	kill -KILL ${family//,/ } 2>/dev/null
	wait "${node_pids[@]}" 2>/dev/null
	node_pids=()
}

# cluster_measure SCENARIO SERVER LABELS MODE KEY=VALUE...: by gen, over the nodes that are up.
cluster_measure() {
	local family
	family=$(nodes_family)
	pid=${family%%,*}
	measure "$@" more="${family#*,}" apart="$engine_pid"
	pid=0
}

# with_nodes N COMMAND...: while N fresh nodes are up.
with_nodes() {
	local n=$1
	shift
	rm -f "$work"/n[0-9]*.db*
	if ! engine_find; then
		echo "  left out: there is no redis-server"
		return
	fi
	if engine_up && nodes_up "$n"; then "$@"; fi
	nodes_down
	engine_down
}

# -- what a delivery costs -----------------------------------------------------------------

cost_one() { measure cluster_cost "$1" "nodes=0" talk members=200 window=32 seconds="$(pick 4 2)"; }
cost_nodes() {
	cluster_measure cluster_cost nodes "nodes=$1" talk members=$((200 * $1)) nodes="$1" window="$2" \
		seconds="$(pick 4 2)"
}

# -- how long a line takes to another node --------------------------------------------------

latency_nodes() {
	cluster_measure cluster_latency nodes "" talk members=2 nodes=2 window=1 seconds="$(pick 4 2)"
}
latency_pipeline() {
	local n
	engine_find && engine_up || return
	for n in 1 2 3; do
		rm -f "$work/bare$n.db"*
		"$pipeline" 127.0.0.$((n + 1)) "$port" "$work/engine/socket" "$work/bare$n.db" >"$work/n$n.log" 2>&1 &
		node_pids[n]=$!
		await_text listening "$work/n$n.log"
	done
	local family
	family=$(nodes_family)
	pid=${family%%,*}
	measure cluster_latency floor "" talk members=2 nodes=2 window=1 seconds="$(pick 4 2)" more="${family#*,}" \
		apart="$engine_pid"
	pid=0
	nodes_down
	engine_down
}

# -- lines saved on all nodes, sustained ------------------------------------------------------

# not_indexed: of all nodes together, the most.
not_indexed() {
	local n
	for n in "${!node_pids[@]}"; do
		sqlite3 -readonly "$work/n$n.db" "SELECT (SELECT max(id) FROM messages) -
			(SELECT coalesce(max(value), 0) FROM meta WHERE key = 'indexed')" 2>/dev/null
	done | sort -n | tail -n 1
}
nodes_lag_watch() { while sleep 2; do not_indexed; done; }

# rate_nodes WHO IN_FLIGHT KEY=VALUE...: by gen's talk, and whether all of it is on all nodes, and in the index.
rate_nodes() {
	local who=$1 flying=$2 rows tries=0
	shift 2
	nodes_lag_watch >"$work/lag" &
	beside=$!
	cluster_measure cluster_rate nodes "who=$who in_flight=$flying" talk nodes=3 seconds="$(pick 20 5)" "$@"
	kill $beside 2>/dev/null
	wait $beside 2>/dev/null
	beside=0
	until [ "$(not_indexed)" = 0 ] || [ $tries -gt 100 ]; do
		tries=$((tries + 1))
		sleep 0.1
	done
	rows=$(for n in 1 2 3; do sqlite3 -readonly "$work/n$n.db" 'SELECT count(*) FROM messages'; done | sort -u | paste -sd,)
	record cluster_lag nodes "who=$who in_flight=$flying" "rows=$rows" "end=$(not_indexed)" \
		"max=$(sort -n "$work/lag" | tail -n 1)" "behind_s=$((tries / 10)).$((tries % 10))"
}

# -- a node that was away -------------------------------------------------------------------------

# has_line NODE NUMBER: it has saved that one of acts's.
has_line() {
	[ "$(sqlite3 -readonly "$work/n$1.db" "SELECT max(substr(body, 6, 10) + 0) = $2 FROM
		(SELECT body FROM messages ORDER BY id DESC LIMIT 200)" 2>/dev/null)" = 1 ]
}
# away N LINES: N nodes at once read on by so many lines.
away() {
	local n begin took
	for n in $(seq "$1"); do
		rm -f "$work/n$n.db"*
		cp "$work/away/n$n.db" "$work/"
		[ "${#as[@]}" = 0 ] || chown 61000 "$work/n$n.db"
	done
	begin=${EPOCHREALTIME/./}
	nodes_up "$1" || return
	for n in $(seq "$1"); do
		until has_line "$n" "$(($2 - 1))"; do
			[ $((${EPOCHREALTIME/./} - begin)) -lt 300000000 ] || { echo "n$n does not read on" >&2; return 1; }
			sleep 0.005
		done
	done
	took=$((${EPOCHREALTIME/./} - begin))
	record cluster_away nodes "nodes=$1" "lines=$2" "ms=$((took / 1000))" \
		"per_s=$(($2 * 1000 / (took / 1000)))" "end=$(not_indexed)" "rss_kib=$(nodes_peak)"
	nodes_down
}
# The largest node's.
nodes_peak() {
	local p
	for p in $(nodes_family | tr , ' '); do awk '/^VmHWM/ { print $2 }' "/proc/$p/status"; done | sort -n | tail -n 1
}
away_all() {
	local lines
	lines=$(pick 1000000 200000)
	nodes_down # in order, so that each has a position
	rm -rf "$work/away"
	mkdir "$work/away"
	cp "$work"/n[123].db "$work/away"
	"$acts" "$work/engine/socket" "$lines" || return
	away 1 "$lines"
	away 3 "$lines"
}

# -- all of it ---------------------------------------------------------------------------------

scenario_cluster_cost() {
	each commit cost_one
	with_nodes 1 cost_nodes 1 32
	with_nodes 3 cost_nodes 3 32,96 # the second: 32 on each
}
scenario_cluster_latency() {
	latency_pipeline
	with_nodes 3 latency_nodes
}
# Rooms of three, one on each node: 30 people who have several lines under way, and 600 who have one.
scenario_cluster_rate() {
	local batch
	for batch in $(pick "10 20 32" "20"); do
		with_nodes 3 rate_nodes several $((30 * batch)) members=3 rooms=10 batch="$batch"
	done
	with_nodes 3 rate_nodes one 600 members=3 rooms=200 window=600
}
scenario_cluster_away() { with_nodes 3 away_all; }

scenario_cluster() {
	local part
	for part in cost latency rate away; do "scenario_cluster_$part"; done
}
