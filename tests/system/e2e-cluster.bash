# Parts of e2e: a chatd that is a node of a cluster. Sourced by e2e.
# shellcheck shell=bash disable=SC2154

# engine_password TEXT: makes the file with it, for chatd's user alone.
engine_password() {
	echo "$1" >"$work/etc/engine"
	chmod 600 "$work/etc/engine"
	[ "${#as[@]}" -eq 0 ] || chown 61000 "$work/etc/engine"
}

# What is wrong with the keys is said by -n, and by a start.
cluster_keys() {
	local engine expect=78
	engine=redis://127.0.0.1:$("$load" port)
	engine_password secret
	configure "cluster = $engine" "node = a" "cluster_user = bob" "cluster_password_file = $work/etc/engine"
	checks "-n takes the keys of a cluster" 0 'configuration OK' -- -c "$conf"
	configure "cluster = $engine" "durability = relaxed" "store_failure = talk" "host_accounts = yes" "cluster_user = bob"
	set -- "cluster = $engine/0: node is not set; give this chatd a name that no other one in the cluster has: node = a" \
		"cluster_user = bob: cluster_password_file is not set" \
		"durability = relaxed: in a cluster nothing is seen before it is saved; choose commit or sync, or leave cluster out" \
		"store_failure = talk: in a cluster nothing is seen before it is saved; choose refuse, or leave cluster out" \
		"host_accounts = yes: in a cluster another machine's users could have the same names; choose no, or leave cluster out"
	checks "-n finds all that cannot go with a cluster" 78 "$@" -- -c "$conf"
	refuses "as does a start" "host_accounts = yes: in a cluster" -c "$conf"
	sed -i '/^cluster/d' "$conf"
	checks "without a cluster all that can be" 0 'configuration OK' -- -c "$conf"
	configure "cluster = redis://bob:verysecret@127.0.0.1:6379"
	checks "a password in the address is refused, and not repeated" 78 \
		"$conf:3: cluster: the user and the password have keys of their own: cluster_user and cluster_password_file" \
		-- -c "$conf"
	configure "node = a"
	checks "a node without a cluster is noted" 0 "chatd: node = a: cluster is not set, so this chatd is in none" \
		'configuration OK' -- -c "$conf"
	configure "cluster = $engine" "node = a" "cluster_password_file = $work/etc/none"
	checks "-n finds that the password's file is not there" 78 \
		"cluster_password_file = $work/etc/none: it cannot be read: No such file or directory" -- -c "$conf"
	chmod 644 "$work/etc/engine"
	configure "cluster = $engine" "node = a" "cluster_password_file = $work/etc/engine"
	checks "or that others can read it" 78 \
		"cluster_password_file = $work/etc/engine: other users of this host may use it \\(mode 0644\\); run chmod o= on it" -- \
		-c "$conf"
	refuses "and so does a start" "cluster_password_file = $work/etc/engine: other users of this host may use it" -c "$conf"
	configure "cluster = redis://[fe80::1%none]:6379" "node = a"
	refuses "a network interface that is not there" 'cluster = .*: this host has no such network interface' -c "$conf"
	rm -f "$work/etc/engine"
}

# engine_up: a Redis of our own at $work/engine.sock, with the password of engine_password; its process is $engine.
engine_up() {
	: >"$work/engine.log"
	redis-server --port 0 --unixsocket "$work/engine.sock" --requirepass "$(cat "$work/etc/engine")" --appendonly yes \
		--appendfsync always --save '' --dir "$work" --daemonize no >"$work/engine.log" 2>&1 &
	engine=$!
	await grep -q 'ready to accept connections' "$work/engine.log"
}

# The processes of a node, started by root: the parent reads the password's file, and the chat alone keeps what is in it.
cluster_node() {
	local tls telnets found engine title="of all processes the chat alone has the engine's password"
	if [ "$(id -u)" -ne 0 ] || ! command -v redis-server >/dev/null; then
		skip "$title" "only root can look into the processes, and it takes redis-server"
		return
	fi
	engine_password 'Horse-Battery-47-Staple'
	chown -R nobody "$work"
	chown 0 "$work/etc/engine"
	local as=()
	set -- "user = nobody" "metrics = unix:$work/metrics.sock" "cluster = unix:$work/engine.sock" "node = a" \
		"cluster_password_file = $work/etc/engine"
	configure "$@"
	checks "-n notes a password that only root can read, which is right if root starts chatd" 0 \
		"chatd: cluster_password_file = $work/etc/engine: the user nobody cannot read it \\(Permission denied\\); that is fine if root starts chatd, .*" \
		'configuration OK' -- -c "$conf"
	engine_up
	program=$chatd tls_up "$@" || return
	await child metrics >/dev/null
	await child tls >/dev/null
	found=$("$here/key_in_memory.py" "$work/etc/engine" "$pid" "$(child chat)" "$(child metrics)" "$(child tls)" 2>"$work/look")
	case $? in
	0) same "$title" "$found" "$(child chat)" ;;
	3) skip "$title" "root may not look into other processes here" ;;
	*) not_ok "$title" "$(cat "$work/look")" ;;
	esac
	is "the chat of a node is sandboxed" "$(grep -E '^(Uid|NoNewPrivs|Seccomp):' "/proc/$(child chat)/status" | tr '\t' ' ')" \
		'Uid: 65534 65534 65534 65534' 'NoNewPrivs: 1' 'Seccomp: 2'
	echo "store_failure = talk" >>"$conf"
	sed -i '/^cluster =/d' "$conf"
	kill -HUP "$pid"
	if await in_log 'store_failure = talk: in a cluster nothing is seen before it is saved' && in_log 'reload: nothing was changed'; then
		ok "a reload takes nothing that cannot go with the cluster that chatd is in"
	else
		not_ok "a reload takes nothing that cannot go with the cluster that chatd is in" "$(tail -n 5 "$log")"
	fi
	down "as root in a cluster"
	if await no_child; then ok "and no process of it is left"; else not_ok "and no process of it is left" "$(pgrep -fa "$conf")"; fi
	kill "$engine"
	wait "$engine" 2>/dev/null
	chown -R 61000 "$work"
}

# second_node: a node b next to a; its process is $second, its log $work/b.log, its configuration $work/b/chatd.conf.
second_node() {
	: >"$work/b.log"
	"${as[@]}" "$asan" -c "$work/b/chatd.conf" >>"$work/b.log" 2>&1 </dev/null &
	second=$!
	await grep -q 'this node has all that the others have' "$work/b.log"
}

second_down() {
	kill "$second"
	wait "$second" 2>/dev/null
}

# node_host LINE...: what the host of a says, and what it is answered.
node_host() { printf '%s\n' "$@" | "${as[@]}" "$chatd" -c "$conf" admin chat; }

# compared DIGITS: the digest at the end of a row.
compared() { grep -oE '[0-9a-f]{16}' <<<"$1" | head -n 1; }

# What operators see of two nodes; one of them then has something that the other has not.
cluster_operators() {
	local engine second other bob got title="what operators see of a cluster"
	if ! command -v redis-server >/dev/null; then
		skip "$title" "it takes redis-server"
		return
	fi
	engine_password 'Horse-Battery-47-Staple'
	engine_up
	chmod 777 "$work/engine.sock"
	configure "cluster = unix:$work/engine.sock" "node = a" "cluster_password_file = $work/etc/engine" "cluster_lease = 2"
	mkdir -p "$work/b"
	other=$("$load" port)
	sed "s|^listen.*|listen = 127.0.0.1:$other|; s|^database.*|database = $work/b/chatd.db|; s|^node.*|node = b|" "$conf" \
		>"$work/b/chatd.conf"
	[ "${#as[@]}" -eq 0 ] || chown -R 61000 "$work/b"
	sed "s|^cluster_password_file.*|cluster_password_file = $work/etc/wrong|" "$conf" >"$work/etc/wrong.conf"
	echo nonsense >"$work/etc/wrong"
	chmod 600 "$work/etc/wrong"
	[ "${#as[@]}" -eq 0 ] || chown 61000 "$work/etc/wrong"
	expect=78 refuses "what the engine refuses for good ends a start with status 78" 'cluster: Redis refuses the password' \
		-c "$work/etc/wrong.conf"
	up -c "$conf" || return
	await in_log 'this node has all that the others have'
	second_node || not_ok "a second node starts" "$(tail -n 20 "$work/b.log")"
	exec {bob}<>"/dev/tcp/127.0.0.1/$other"
	echo bob >&"$bob"
	sees_bob() { node_host '/whois bob' | grep -q 'bob is connected to node b'; }
	if await sees_bob; then ok "/whois tells the node"; else not_ok "/whois tells the node" "$(node_host '/whois bob')"; fi
	sees_both() { node_host /stats | grep -q 'Node b: 1 person, up to date' && node_host /stats | grep -q 'Engine: .* [2-9] acts'; }
	await sees_both
	is "/stats shows the engine and the nodes" "$(node_host /stats)" '-- People: 1, .*' '-- Connections: 0 of 1024, .*' \
		'-- Cluster: [0-9a-f]{32}; incarnation [0-9]+ of this node\.' \
		'-- Engine: it answers; the last acts took it [0-9.]+ m?s\. It keeps [0-9]+ acts\.' \
		'-- Node a \(this one\): 0 people, up to date\.' '-- Node b: 1 person, up to date\.'
	got=$("${as[@]}" "$chatd" -c "$conf" admin check)
	is "admin check compares the nodes" "$got (status $?)" 'The database and its full-text index are sound\.' \
		'All 2 nodes that are up have the same, after #[0-9]+: [0-9a-f]{16}\. \(status 0\)'
	same "from either, nothing having changed" \
		"$(compared "$("${as[@]}" "$chatd" -c "$work/b/chatd.conf" admin check)")" "$(compared "$got")"
	is "as JSON" "$("${as[@]}" "$chatd" -c "$conf" admin check --json)" '\{"sound":true,"problems":\[\],"nodes":"same"\}'
	exec {bob}>&-
	second_down
	operators_of_one_that_is_down
	# Its digest of all records up to here is another one.
	sqlite3 "$work/b/chatd.db" "UPDATE meta SET value = replace(value, ' ' || substr(value, instr(value, ' ') + 1, 4), ' 1') WHERE key = 'position'"
	second_node
	got=$("${as[@]}" "$chatd" -c "$conf" admin check)
	is "and finds that they differ" "$got (status $?)" 'The nodes differ, after #[0-9]+:' \
		'  [0-9a-f]{16}  a \(this one\)' '  [0-9a-f]{16}  b' 'Give the node that differs a backup .*\(status 65\)'
	is "as JSON, too" "$("${as[@]}" "$chatd" -c "$conf" admin check --json)" '.*"nodes":"differ"\}'
	second_down
	kill "$engine"
	wait "$engine" 2>/dev/null
	engine_is_away() { node_host /stats | grep -q '^-- Engine: away for' && node_host /stats | grep -q '^-- Saving: nothing can'; }
	if await engine_is_away; then ok "/stats says that the engine is away"; else not_ok "/stats says that the engine is away" "$(node_host /stats)"; fi
	is "and admin check that it cannot compare" "$("${as[@]}" "$chatd" -c "$conf" admin check 2>&1; echo "status $?")" \
		'chatd: The nodes cannot be compared now: .*' 'status 1'
	down "a node without an engine"
}

operators_of_one_that_is_down() {
	sees_it_down() { node_host /stats | grep -q '^-- Node b: 0 people, down\.'; }
	if await sees_it_down; then ok "a node that was stopped is down at once"; else not_ok "a node that was stopped is down at once" "$(node_host /stats)"; fi
	is "and not compared" "$("${as[@]}" "$chatd" -c "$conf" admin check)" 'Only this node is up, so there is nothing .*' \
		'Node b is down, and was not compared\.'
	is "its own admin check says where it is" "$("${as[@]}" "$chatd" -c "$work/b/chatd.conf" admin check)" \
		'The database and its full-text index are sound\.' 'It is of the cluster [0-9a-f]{32}, up to the act [0-9]+-[0-9]+\.'
	is "and it is not changed" "$("${as[@]}" "$chatd" -c "$work/b/chatd.conf" admin add alice 2>&1)" \
		'chatd: this database belongs to a cluster; .*'
}
