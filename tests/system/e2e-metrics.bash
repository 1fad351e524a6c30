# Parts of e2e: metrics and health. Sourced by e2e.
# shellcheck shell=bash disable=SC2154

# metrics_up LINE...: a chatd with metrics, at $where.
metrics_up() {
	configure "$@"
	up -c "$conf" || return
	until [[ $said == *"metrics at "* ]]; do
		read -r -t $((10 * patience)) said <&"$out" || { not_ok "it says where its metrics are" "$said"; return 1; }
	done
	where=${said#chatd: metrics at }
	where=${where#unix:}
	where=${where#127.0.0.1:}
}

asked() { timeout $((120 * patience)) "$here/metrics_client.py" "$where" "$@" 2>&1; }
# value NAME: of a metric; NAME with its labels. reaches NAME VALUE: it is, or more.
value() { asked value "$1"; }
reaches() { awk -v a="$(value "$1")" -v b="$2" 'BEGIN { exit !(a ~ /^[0-9.]+$/ && a + 0 >= b + 0) }'; }
health() { [[ $(asked health) == "$1"* ]]; }

# rises TITLE NAME VALUE: the metric comes to be at least that.
rises() {
	if await reaches "$2" "$3"; then ok "$1"; else not_ok "$1" "$2 is $(value "$2"), not $3" "$(tail -n 5 "$log")"; fi
}
# healthy TITLE WORDS: /healthz comes to say so.
healthy() {
	if await health "$2"; then ok "$1"; else not_ok "$1" "$(asked health)" "$(tail -n 5 "$log")"; fi
}

metrics_http() {
	local where
	program=$asan metrics_up "metrics = 127.0.0.1:0" || return
	asked http >"$work/http"
	results_of http
	asked limits >"$work/limits"
	results_of limits
	down "with metrics"
	if await no_child; then ok "and takes its processes with it"; else not_ok "and takes its processes with it" "$(pgrep -fa "$conf")"; fi
	if grep -q 'Sanitizer' "$log"; then not_ok "no sanitizer complains" "$(grep -A20 Sanitizer "$log")"; fi
}

# What is known to have happened is counted.
metrics_values() {
	local where reader folder
	program=$asan metrics_up "metrics = 127.0.0.1:0" "address_exempt = 192.0.2.1" "address_connections = 3" || return
	coproc talker { stays=120 nc_bsd 127.0.0.1 "$port"; }
	reader=$talker_PID
	printf 'ann\n' >&"${talker[1]}"
	await knows ann
	printf 'bob\none\ntwo\nthree\n' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	rises "lines are counted" chatd_lines_total 3
	# To ann: they, and that bob came and went. Nobody gets a line of their own.
	rises "and their deliveries" chatd_deliveries_total 5
	is "each once" "$(value chatd_lines_total) $(value chatd_deliveries_total)" '3 5'
	rises "and what saving them takes" chatd_store_commit_seconds_count 1
	rises "and until a reader has one" chatd_delivery_seconds_count 1
	rises "and turns of the loop" chatd_turn_seconds_count 5
	rises "people" chatd_people 1
	rises "connections admitted" 'chatd_connections_total{result="admitted"}' 2
	rises "those of people with a name" 'chatd_connections{state="named"}' 1
	exec {one}<>"/dev/tcp/127.0.0.1/$port" {two}<>"/dev/tcp/127.0.0.1/$port"
	rises "and without" 'chatd_connections{state="unnamed"}' 2
	nc_bsd -N 127.0.0.1 "$port" </dev/null >/dev/null
	rises "refusals, by their reason" 'chatd_refused_total{reason="address_connections"}' 1
	rises "and all of them" 'chatd_connections_total{result="refused"}' 1
	exec {one}>&- {two}>&-
	rises "the process's memory" process_resident_memory_bytes 1000000
	rises "when it started" process_start_time_seconds 1700000000
	is "without TLS nothing is told of it" "$(value chatd_tls_certificate_remaining_seconds)" none
	asked text >"$work/text"
	same "no name is in it" "$(grep -xE 'chatd_people 1|.*\b(ann|bob|general|127\.0\.0\.1)\b.*' -i "$work/text")" 'chatd_people 1'
	printf '/quit\n' >&"${talker[1]}"
	wait "$reader" 2>/dev/null
	down "with figures"
	if grep -q 'Sanitizer' "$log"; then not_ok "no sanitizer complains" "$(grep -A20 Sanitizer "$log")"; fi
	checked_by_promtool
}

# With TLS too, so that every metric is there.
checked_by_promtool() {
	local folder where tls telnets said
	folder=$("$here/../lib/unpacked" prometheus 2>/dev/null) || { skip "promtool takes the metrics" "it cannot be had here"; return; }
	program=$chatd tls_up "metrics = unix:$work/metrics.sock" || return
	where=$work/metrics.sock
	await reaches chatd_tls_certificate_remaining_seconds 2500000
	rises "how long the certificate is good for" chatd_tls_certificate_remaining_seconds 2500000
	encrypted bob /quit >/dev/null
	rises "and handshakes" 'chatd_tls_handshakes_total{result="done"}' 1
	asked text >"$work/text"
	if "$folder/usr/bin/promtool" check metrics <"$work/text" >"$work/promtool" 2>&1 && [ ! -s "$work/promtool" ]; then
		ok "promtool takes the metrics, and has no complaint"
	else
		not_ok "promtool takes the metrics, and has no complaint" "$(cat "$work/promtool")"
	fi
	echo 'chatd_Bad_total{a=1} x' >>"$work/text"
	if "$folder/usr/bin/promtool" check metrics <"$work/text" >/dev/null 2>&1; then
		not_ok "it would complain"
	else
		ok "it would complain"
	fi
	kill -STOP "$(child tls)"
	if await reaches chatd_tls_heartbeat_age_seconds 3; then
		ok "a TLS process that hangs shows"
	else
		not_ok "a TLS process that hangs shows" "$(value chatd_tls_heartbeat_age_seconds)"
	fi
	kill -CONT "$(child tls)"
	below() { awk -v a="$(value chatd_tls_heartbeat_age_seconds)" 'BEGIN { exit !(a ~ /^[0-9.]+$/ && a + 0 < 2.5) }'; }
	if await below; then
		ok "and one that goes on"
	else
		not_ok "and one that goes on" "$(value chatd_tls_heartbeat_age_seconds)"
	fi
	is "the socket is for chatd's user and group" "$(stat -c %a "$where")" 660
	down "with TLS and metrics"
	if [ -e "$where" ]; then not_ok "and takes the socket with it"; else ok "and takes the socket with it"; fi
}

metrics_health() {
	local where before chat
	metrics_up "metrics = 127.0.0.1:0" "sandbox = yes" || return
	healthy "a chat that works is healthy" "200 ok"
	before=$(value chatd_turn_seconds_count)
	rises "an idle one shows that it is there" chatd_turn_seconds_count $((before + 3))
	before=$(child metrics)
	chat=$(child chat)
	is "the metrics process is sandboxed" "$(grep -E '^(NoNewPrivs|Seccomp):' "/proc/$before/status" | tr '\t' ' ')" \
		'NoNewPrivs: 1' 'Seccomp: 2'
	kill -STOP "$chat"
	tries=600 healthy "one that hangs is not" "503 late: the chat's loop has not moved for "
	kill -CONT "$chat"
	healthy "and is again once it goes on" "200 ok"
	sed -i '/^disk_reserve/d' "$conf"
	echo "disk_reserve = 900T" >>"$conf"
	kill -HUP "$pid"
	healthy "one that cannot save is not healthy" "503 cannot save: "
	rises "as the figures say" chatd_store_failed 1
	sed -i '/^disk_reserve/d' "$conf"
	kill -HUP "$pid"
	healthy "and is again once it can" "200 ok"
	kill -9 "$before"
	another() { [ -n "$(child metrics)" ] && [ "$(child metrics)" != "$before" ]; }
	if await another && await in_log 'the metrics process has ended by SIGKILL; the next one starts at once'; then
		ok "a metrics process that dies is started again"
	else
		not_ok "a metrics process that dies is started again" "$(tail -n 5 "$log")"
	fi
	healthy "and serves" "200 ok"
	is "the chat has noticed nothing" "$(printf 'eve\n/quit\n' | nc_bsd -N 127.0.0.1 "$port")" '.*-- You are eve, .*'
	before=$(child metrics)
	chat=$(child chat)
	kill -9 "$pid"
	chatd_wait
	ended() { ! kill -0 "$before" 2>/dev/null && ! kill -0 "$chat" 2>/dev/null; }
	if await ended; then ok "without a parent none stays"; else not_ok "without a parent none stays" "$(pgrep -fa "$conf")"; fi
	metrics_wrong
}

# A disk that never answers is no error to SQLite, so nothing else notices it. No sandbox: what waits in
# the place of the kernel needs calls that chatd has none of.
metrics_hung_disk() {
	local where faildisk=${load%/*}/faildisk.so
	if [ ! -e "$faildisk" ]; then
		skip "one whose disk does not answer is not healthy" "$faildisk is not built"
		return
	fi
	LD_PRELOAD=$(ours "$faildisk") FAILDISK=$work/flag metrics_up "metrics = 127.0.0.1:0" "sandbox = no" "log_level = debug" || return
	printf 'eve\nhello\n/quit\n' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	saved() { [ "$(bodies | tail -n 1)" = "$1" ]; }
	await saved hello
	: >"$work/flag.hang"
	printf 'eve\nwaits\n/quit\n' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	rises "what waits is timed" chatd_store_waiting_seconds 1
	tries=750 healthy "one whose disk does not answer is not healthy" "503 cannot save: nothing has been saved for 1"
	is "no failure has been reported" "$(value chatd_store_failed)" 0
	rm "$work/flag.hang"
	healthy "and is again once it does" "200 ok"
	no_wait() { [ "$(value chatd_store_waiting_seconds)" = 0.000 ]; }
	if await no_wait; then ok "nothing waits any more"; else not_ok "nothing waits any more" "$(asked text | grep store)"; fi
	if await saved waits; then ok "with what has waited"; else not_ok "with what has waited" "$(bodies)"; fi
	# Somebody who does not want to wait for it: the chat is told by the service manager, by the parent, which
	# passes that on, and by the parent once more.
	: >"$work/flag.hang"
	printf 'eve\nis lost\n/quit\n' | nc_bsd -N 127.0.0.1 "$port" >/dev/null
	rises "a line waits again" chatd_store_queue_lines 1
	kill -TERM "$(child chat)"
	await in_log 'shutting down'
	kill -TERM "$pid"
	await in_log 'shutting down already'
	if in_log 'exiting at once'; then
		not_ok "two signals that mean one are one" "$(tail -n 5 "$log")"
	else
		ok "two signals that mean one are one"
	fi
	chatd_stop TERM
	if in_log 'while shutting down: exiting at once'; then
		ok "and another one is impatience"
	else
		not_ok "and another one is impatience" "$(tail -n 5 "$log")"
	fi
}

metrics_wrong() {
	local taken
	taken=$("$load" port)
	configure
	up -c "$conf" || return
	sed "s/$port/$taken/" "$conf" >"$work/etc/other.conf"
	echo "metrics = 127.0.0.1:$port" >>"$work/etc/other.conf"
	chmod a+r "$work/etc/other.conf"
	refuses "an address in use is an error at the start" "metrics = 127\.0\.0\.1:$port: port $port is in use, perhaps by another chatd" -c "$work/etc/other.conf" -d "$work/other.db"
	down "in the way"
	configure "metrics = 127.0.0.1:$taken tls"
	expect=78 refuses "metrics takes no options" "^$conf:3: metrics: metrics takes no options" -c "$conf"
	configure
	echo "metrics = 127.0.0.1:$port" >>"$conf"
	checks "-n finds an address given twice" 78 "metrics = 127.0.0.1:$port: it is the same address as listen = .*" -- -c "$conf"
	printf '%s\n' "listen = $port" "database = $db" "metrics = 127.0.0.1:$port" >"$conf"
	checks "and a port of a listener for all addresses" 78 \
		"metrics = 127.0.0.1:$port: it is the same port as listen = $port; choose another port" -- -c "$conf"
	expect=78 refuses "as does a start, which blames no other chatd" \
		"error: metrics = 127.0.0.1:$port: it is the same port as listen = $port; choose another port" -c "$conf"
	configure "metrics = 0"
	up -c "$conf" || return
	if await in_log 'metrics = 0: other machines can read them, and nobody is asked for a password'; then
		ok "the start says so if others can read them"
	else
		not_ok "the start says so if others can read them" "$(cat "$log")"
	fi
	down "metrics for everybody"
}
