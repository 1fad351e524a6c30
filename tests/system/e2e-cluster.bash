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
