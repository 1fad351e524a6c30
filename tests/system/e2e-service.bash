# Parts of e2e: chatd as a service. Sourced by e2e.
# shellcheck shell=bash disable=SC2154

# A service manager that is played by a script: what it is told, and sockets that it passes.
service() {
	port=$("$load" port)
	chmod 711 "$work"
	timeout -k 2 $((90 * patience)) "$here/service.py" "$chatd" "$work" "$port" "${as[@]}" \
		>"$work/service" 2>&1
	results_of service
}

# What serves connections, where io_uring is allowed and where it is not.
engines() {
	local CHATD_TEST_IO='' all=("${as[@]}") error program=$chatd tls telnets where=$work/metrics.sock
	no_uring=$(ours "$(dirname "$load")/no_uring")
	configure
	up -c "$conf" || return
	is "where io_uring is allowed, it serves" "$(grep -F ' io: ' "$log")" '.* io: io_uring'
	echo 'io = epoll' >>"$conf"
	kill -HUP "$pid"
	if await in_log 'io: auto -> epoll (needs a restart)'; then
		ok "a reload does not change that"
	else
		not_ok "a reload does not change that" "$(tail -n 3 "$log")"
	fi
	down "with io_uring"
	rm -f "$log"
	up -c "$conf" || return
	is "with io = epoll, that serves" "$(grep -F ' io: ' "$log")" '.* io: epoll'
	is "and people" "$(printf 'six\nhello\n/quit\n' | nc_bsd -N 127.0.0.1 "$port")" '.*You are six, .*'
	down "with epoll"
	CHATD_TEST_IO=epoll
	for error in EPERM ENOSYS; do
		rm -f "$log"
		no_uring_error=$error
		configure "sandbox = require"
		up -c "$conf" || return
		is "where io_uring answers $error, epoll serves, and the log says why" "$(grep -F ' io: ' "$log")" \
			'.* io: epoll, because .*io_uring.*'
		is "and so does /stats" "$(host /stats)" '-- Input and output: epoll\.'
		is "and people come in" "$(printf 'six\nhello\n/quit\n' | nc_bsd -N 127.0.0.1 "$port")" '.*You are six, .*'
		down "where io_uring answers $error"
	done
	rm -f "$log"
	no_uring_error=EPERM
	if tls_up "sandbox = require" "metrics = unix:$where"; then
		is "epoll serves people over TLS, too" "$(encrypted bob 'hello from bob' /quit)" '.*-- You are bob, in general[.;].*'
		is "its process has asked by itself" "$(grep -F ' TLS: io: ' "$log")" \
			'.* TLS: io: epoll, because .*io_uring.*'
		rises "and the metrics say so" 'chatd_io_info{engine="epoll"}' 1
		down "over TLS"
	fi
	configure "io = uring"
	as=("${all[@]}" "$no_uring" EPERM)
	expect=78 refuses "with io = uring it does not start then, and says what to do" 'io_uring is .* To allow it: ' -c "$conf"
	configure
	as=("${all[@]}" "$no_uring" ENOMEM)
	refuses "nor does it take epoll for want of memory" 'no memory for io_uring: .* To raise it: ' -c "$conf"
	as=("${all[@]}")
	unset no_uring_error
}

# In a container: the seccomp profile that docs/container/ has for that.
contained() {
	{
		timeout -k 2 $((60 * patience)) "$here/../check/container" "$chatd" "${as[@]}" 2>&1 |
			sed -E 's/^((not )?ok) [0-9]+ /\1 - /'
		echo done
	} >"$work/contained"
	results_of contained
}
