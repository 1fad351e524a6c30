# Parts of e2e: connections through a proxy. Sourced by e2e.
# shellcheck shell=bash disable=SC2154

# run_unpacked FOLDER PROGRAM ARGUMENT...: becomes a program of tests/lib/unpacked.
run_unpacked() {
	local folder=$1 program=$2 libraries
	shift 2
	libraries=$(find "$folder" -name '*.so*' -printf '%h\n' | sort -u | paste -sd:)
	exec env LD_LIBRARY_PATH="$libraries" "$folder/$program" "$@"
}

# proxied HEADER LINE...: what the chat answers to somebody for whom a proxy connects; HEADER is printf's.
proxied() {
	local header=$1
	shift
	# shellcheck disable=SC2059 # it has escapes
	{ printf "$header"; printf '%s\n' "$@"; } | nc_bsd -N 127.0.0.1 "$proxy"
}

# stays NUMBER HEADER NAME: the same as somebody who stays, at descriptor $stays.
stays() {
	exec {stays}<>"/dev/tcp/127.0.0.1/$proxy"
	# shellcheck disable=SC2059
	{ printf "$1"; printf '%s\n' "$2"; } >&"$stays"
	await knows "$2"
}
knows() { host "/whois $1" /quit | grep -q "$1.* from "; }

v1='PROXY TCP4 198.51.100.7 192.0.2.1 4000 8991\r\n'
v2='\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xc6\x33\x64\x08\xc0\0\x02\x01\x0f\xa0\x23\x1f'

proxies() {
	local proxy said
	configure "address_connections = 2" "listen = 127.0.0.1:0 proxy"
	program=$asan up -c "$conf" || return
	read -r -t $((10 * patience)) said <&"$out"
	proxy=$(port_of "$said")
	is "a listener for proxies says so" "$said" 'chatd: listening on 127\.0\.0\.1:[0-9]+ \(proxy\)'
	stays "$v1" ann
	is "/whois tells the address that the proxy names" "$(host '/whois ann')" '.*ann .*198\.51\.100\.7.*'
	exec {stays}>&-
	stays "$v2" bob
	is "also by version 2" "$(host '/whois bob')" '.*bob .*198\.51\.100\.8.*'
	exec {ann}<>"/dev/tcp/127.0.0.1/$proxy"
	# shellcheck disable=SC2059
	printf "$v2" >&"$ann"
	said=$(proxied "$v2" carl)
	is "limits by address count it" "$said" '-- Too many connections: your address has 2 open, .*'
	exec {ann}>&- {stays}>&-
	is "others are not held to it" "$(proxied "$v1" ann /quit)" '.*-- You are ann.*'
	host '/ban --everywhere 198.51.100.8 1h' /quit >/dev/null
	is "a ban hits it" "$(proxied "$v2" bob)" '.*-- You are banned .*'
	is "and nobody else behind the proxy" "$(proxied "$v1" ann /quit)" '.*-- You are ann.*'
	is "LOCAL is the proxy's own" "$(proxied '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0' ann '/whois ann' /quit)" \
		'.*-- You are ann.*'
	is "somebody with nc is told where he is" "$(proxied '' bob)" '-- This port is for a proxy \(PROXY protocol\)\. .*'
	is "a header at another port is told so" "$(printf "$v1" | nc_bsd -N 127.0.0.1 "$port")" \
		'This port is not for proxies: .*'
	echo "proxy_from = 192.0.2.9" >>"$conf"
	host /reload /quit >/dev/null
	is "only those in proxy_from are proxies" "$(proxied "$v1" ann)" '-- This port is for proxies only\. .*'
	if in_log 'security: refused address=127.0.0.1 name=- account=-: not in proxy_from'; then
		ok "and the log says so"
	else
		not_ok "and the log says so" "$(tail -n 5 "$log")"
	fi
	down "with proxies"
}

# haproxy in front: people come to it from an address of their own.
haproxies() {
	local folder proxy front said balancer
	folder=$("$here/../lib/unpacked" haproxy) || { skip "haproxy in front" "it cannot be had here"; return; }
	proxy=$("$load" port)
	front=$("$load" port)
	configure "listen = 127.0.0.1:$proxy proxy"
	program=$asan up -c "$conf" || return
	cat >"$work/haproxy.cfg" <<-END
		defaults
		    mode tcp
		    timeout connect 5s
		    timeout client 1m
		    timeout server 1m
		listen chat
		    bind 127.0.0.1:$front
		    server chatd 127.0.0.1:$proxy send-proxy-v2 proxy-v2-options crc32c check inter 100 send-proxy
	END
	(run_unpacked "$folder" usr/sbin/haproxy -db -f "$work/haproxy.cfg") >"$work/haproxy" 2>&1 &
	balancer=$!
	through() { printf '%s\n' "$@" | nc_bsd -N -s 127.0.0.5 127.0.0.1 "$front"; }
	answered() { through dora /quit | grep -q 'You are dora'; }
	if await answered; then
		ok "people come through haproxy"
	else
		not_ok "people come through haproxy" "$(cat "$work/haproxy")" "$(tail -n 5 "$log")"
	fi
	coproc talker { stays=60 nc_bsd -s 127.0.0.5 127.0.0.1 "$front"; }
	printf 'emma\n' >&"${talker[1]}"
	await knows emma
	is "with their own address" "$(host '/whois emma')" '.*emma .*127\.0\.0\.5.*'
	kill "${talker_PID:-}" 2>/dev/null
	kill "$balancer"
	wait "$balancer"
	if in_log "refused a connection"; then
		not_ok "its health checks are not in the log" "$(grep 'refused' "$log")"
	else
		ok "its health checks are not in the log"
	fi
	down "behind haproxy"
}

# hitch in front, as it was done before chatd had TLS: people come to it from an address of their own.
hitches() {
	local folder proxy front balancer other=()
	folder=$("$here/../lib/unpacked" hitch) || { skip "hitch in front" "it cannot be had here"; return; }
	proxy=$("$load" port)
	front=$("$load" port)
	configure "listen = 127.0.0.1:$proxy proxy"
	program=$asan up -c "$conf" || return
	certificate hitch
	cat "$work/etc/key.pem" "$work/etc/cert.pem" >"$work/etc/hitch.pem"
	# It will not serve as root.
	[ "$(id -u)" -ne 0 ] || other=(--user=nobody --group=nogroup)
	(run_unpacked "$folder" usr/sbin/hitch "${other[@]}" --daemon=off --write-proxy-v2=on --workers=1 --frontend="[127.0.0.1]:$front" \
		--backend="[127.0.0.1]:$proxy" "$work/etc/hitch.pem") >"$work/hitch" 2>&1 &
	balancer=$!
	listens() { nc_bsd -z 127.0.0.1 "$front"; }
	await listens
	coproc talker { ncat --ssl -s 127.0.0.5 127.0.0.1 "$front" 2>/dev/null; }
	printf 'emma\n' >&"${talker[1]}"
	if await knows emma; then
		ok "people come through hitch"
	else
		not_ok "people come through hitch" "$(cat "$work/hitch")" "$(tail -n 5 "$log")"
	fi
	is "with their own address" "$(host '/whois emma')" '.*emma .*127\.0\.0\.5.*'
	kill "${talker_PID:-}" "$balancer" 2>/dev/null
	wait "$balancer"
	down "behind hitch"
}
