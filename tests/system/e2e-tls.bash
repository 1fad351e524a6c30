# Parts of e2e: encrypted connections. Sourced by e2e.
# shellcheck shell=bash disable=SC2154

# certificate NAME: makes $work/etc/cert.pem and key.pem anew.
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/etc/key.pem" \
		-out "$work/etc/cert.pem" -days 30 -subj "/CN=$1" 2>/dev/null
	chmod a+r "$work/etc/"*.pem
}

# encrypted LINE...: what somebody reads who says this by TLS and goes.
encrypted() { printf '%s\n' "$@" | timeout $((10 * patience)) openssl s_client -quiet -connect "127.0.0.1:$tls" 2>/dev/null; }

# served: the name in the certificate of the TLS port.
served() {
	openssl s_client -connect "127.0.0.1:$tls" </dev/null 2>/dev/null | sed -n 's/^subject=CN = //p'
}
serves() { [ "$(served)" = "$1" ]; }

# child NAME: the process of that name that our chatd has started.
child() { pgrep -P "$pid" -x "chatd: $1"; }

tls_up() {
	local said
	certificate first
	configure "listen = 127.0.0.1:0 tls" "listen = 127.0.0.1:0 tls telnet" "tls_certificate = $work/etc/cert.pem" \
		"tls_key = $work/etc/key.pem" "$@"
	up -c "$conf" || return
	read -r -t $((10 * patience)) said <&"$out"
	tls=$(port_of "$said")
	is "a listener with TLS says so" "$said" 'chatd: listening on 127\.0\.0\.1:[0-9]+ \(TLS\)'
	read -r -t $((10 * patience)) said <&"$out"
	telnets=$(port_of "$said")
}

tls_talk() {
	local tls telnets said watch slow
	program=$asan tls_up || return
	"$here/tls_client.py" slow "$tls" >"$work/slow" 2>&1 &
	slow=$!
	is "openssl s_client -quiet comes in" "$(encrypted bob 'hello from bob' '/whois bob' /quit)" \
		'Welcome to TCP-Chat!' '.*-- You are bob, in general[.;].*' '-- bob is connected over TLS\.'
	is "ncat --ssl as well, and reads what was said" "$(printf 'ann\n/quit\n' |
		timeout $((10 * patience)) ncat --ssl 127.0.0.1 "$tls")" "$stamp\\[bob\\]:hello from bob" '.*'
	is "people without TLS talk to them" "$(printf 'carl\n' | nc_bsd -N 127.0.0.1 "$port")" \
		"$stamp\\[bob\\]:hello from bob"
	is "plain text at the TLS port is answered so" "$(echo bob | nc_bsd -N 127.0.0.1 "$tls")" \
		'-- This port speaks TLS\. Connect with openssl .*' '--    or ncat --ssl .*'
	is "TLS at a plain port is answered so" "$(hello_at "$port")" 'This port does not speak TLS\. .*'
	said=$(printf 'dora\r\n/quit\r\n' | timeout $((10 * patience)) openssl s_client -quiet \
		-connect "127.0.0.1:$telnets" 2>/dev/null | head -c 3 | od -An -tx1)
	is "with telnet, chatd negotiates" "$said" ' ff fd .*'
	if openssl s_client -tls1_1 -cipher 'DEFAULT@SECLEVEL=0' -connect "127.0.0.1:$tls" </dev/null 2>&1 |
		grep -q 'alert protocol version'; then
		ok "TLS 1.1 is refused with an alert"
	else
		not_ok "TLS 1.1 is refused with an alert"
	fi
	coproc again { openssl s_client -tls1_2 -connect "127.0.0.1:$tls" 2>&1; }
	said=$again_PID
	echo R >&"${again[1]}" # for openssl: renegotiate
	if timeout $((10 * patience)) grep -qm1 'no renegotiation' <&"${again[0]}"; then
		ok "another handshake within a session is refused"
	else
		not_ok "another handshake within a session is refused" "$(tail -n 5 "$log")"
	fi
	kill "$said" 2>/dev/null
	wait "$said" 2>/dev/null
	exec {watch}<>"/dev/tcp/127.0.0.1/$port"
	printf 'eve\n' >&"$watch"
	await knows eve
	for said in reset cut junk; do
		if ! "$here/tls_client.py" "$said" "$tls" >"$work/client" 2>&1; then
			not_ok "a client that should not: $said" "$(cat "$work/client")" "$(tail -n 5 "$log")"
		fi
	done
	if timeout $((10 * patience)) grep -qm1 'lost has left our chat: connection lost' <&"$watch"; then
		ok "others are told of one that breaks off"
	else
		not_ok "others are told of one that breaks off" "$(host /who)" "$(tail -n 5 "$log")"
	fi
	exec {watch}>&-
	is "/stats counts handshakes, and knows when the certificate ends" "$(host /stats)" \
		'-- TLS handshakes: [0-9]+ done, [1-9][0-9]* failed\. Connections refused before one: 0\.' \
		'-- The certificate is good for 30 days\.'
	is "and others talk on" "$(encrypted bob /quit)" '.*-- You are bob, in general[.;].*'
	if wait "$slow"; then
		ok "a handshake has ten seconds, however slowly it comes"
	else
		not_ok "a handshake has ten seconds, however slowly it comes" "$(cat "$work/slow")" "$(tail -n 5 "$log")"
	fi
	down "with TLS"
	if grep -q 'Sanitizer' "$log"; then not_ok "and no sanitizer complains" "$(grep -A20 Sanitizer "$log")"; fi
}

# hello_at PORT: what it answers to the first bytes of a TLS client.
hello_at() { printf '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' | nc_bsd -N 127.0.0.1 "$1"; }

tls_life() {
	local tls telnets said before eve talker said_by
	program=$chatd tls_up || return
	coproc talk { openssl s_client -quiet -connect "127.0.0.1:$tls" 2>/dev/null; }
	talker=$talk_PID
	printf 'erin\n' >&"${talk[1]}"
	exec {eve}<>"/dev/tcp/127.0.0.1/$port"
	printf 'eve\n' >&"$eve"
	await knows erin
	before=$(child tls)
	certificate second
	host /reload /quit >/dev/null
	if await serves second; then
		ok "a reload takes a new certificate"
	else
		not_ok "a reload takes a new certificate" "$(served)" "$(tail -n 5 "$log")"
	fi
	echo junk >"$work/etc/cert.pem"
	kill -HUP "$pid"
	if await in_log 'the certificate stays as it was' && serves second; then
		ok "a bad one changes nothing, and the log says why"
	else
		not_ok "a bad one changes nothing, and the log says why" "$(served)" "$(tail -n 5 "$log")"
	fi
	is "those who are connected stay" "$(host '/whois erin')" '.*erin is connected over TLS\.'
	certificate third
	kill -9 "$before"
	if await serves third; then
		ok "if the TLS process dies, another one goes on"
	else
		not_ok "if the TLS process dies, another one goes on" "$(tail -n 5 "$log")"
	fi
	is "and the log says so" "$(cat "$log")" '.*the TLS process has ended by SIGKILL.*'
	printf 'still here\n' >&"$eve"
	still() { [ "$(bodies | tail -n 1)" = "still here" ]; }
	if await still; then ok "people without TLS notice nothing"; else not_ok "people without TLS notice nothing"; fi
	exec {eve}>&-
	wait "$talker" 2>/dev/null
	coproc talk { openssl s_client -quiet -connect "127.0.0.1:$tls" 2>/dev/null; }
	talker=$talk_PID
	printf 'fay\n' >&"${talk[1]}"
	await knows fay
	exec {said_by}<&"${talk[0]}"
	down "three processes"
	is "and TLS clients read the goodbye" "$(timeout $((10 * patience)) cat <&"$said_by")" '-- chatd is going down'
	exec {said_by}<&-
	wait "$talker" 2>/dev/null
	if await no_child; then ok "no process is left"; else not_ok "no process is left" "$(pgrep -fa "$conf")"; fi
	# A service manager may signal each process, and the parent passes it on: that is no second wish.
	program=$chatd tls_up "metrics = unix:$work/metrics" || return
	exec {eve}<>"/dev/tcp/127.0.0.1/$port"
	printf 'eve\n' >&"$eve"
	await knows eve
	kill -TERM "$(child chat)" "$(child metrics)" "$(child tls)"
	down "signals to each process"
	if grep -qE 'exiting at once|metrics process has ended' "$log"; then
		not_ok "and the end is in order" "$(tail -n 8 "$log")"
	else
		ok "and the end is in order"
	fi
	exec {eve}>&-
	# Nobody can end it from outside: the chat sees that its parent is gone.
	program=$chatd tls_up || return
	before=$(child chat)
	chatd_stop KILL
	ended() { ! kill -0 "$before" 2>/dev/null; }
	if await ended && in_log 'the parent process has ended'; then
		ok "if the parent is killed, the chat ends in order"
	else
		not_ok "if the parent is killed, the chat ends in order" "$(tail -n 5 "$log")"
	fi
}
no_child() { ! pgrep -f "$conf" >/dev/null; }

# What the chat may have the parent do: an intruder there cannot keep it busy, nor choose what it opens.
tls_reloads() {
	local tls telnets said begun k
	program=$chatd tls_up || return
	await serves first
	begun=$(date +%s)
	for ((k = 0; k < 40; k++)); do
		kill -HUP "$pid"
		host /version /quit >/dev/null
	done
	certificate second
	kill -HUP "$pid"
	if await serves second; then
		ok "of many reloads none is lost"
	else
		not_ok "of many reloads none is lost" "$(served)" "$(tail -n 5 "$log")"
	fi
	said=$(loads)
	# One before each second has passed, the one at the start and the one that was asked for last.
	if [ "$said" -ge 2 ] && [ "$said" -le $(($(date +%s) - begun + 3)) ]; then
		ok "and the certificate is read once a second at most"
		echo "# $said times in $(($(date +%s) - begun)) s"
	else
		not_ok "and the certificate is read once a second at most" "$said times in $(($(date +%s) - begun)) s"
	fi
	mkdir "$work/etc/other"
	cp "$work/etc/"{cert,key}.pem "$work/etc/other"
	certificate third
	sed -i "s,^\\(tls_.*etc/\\)\\(.*\\.pem\\),\\1other/\\2," "$conf"
	is "other files need a restart" "$(host /reload /quit)" '--   tls_certificate: .* \(needs a restart\)' \
		'--   tls_key: .* \(needs a restart\)'
	if await serves third; then
		ok "and those named at the start are read again"
	else
		not_ok "and those named at the start are read again" "$(served)" "$(tail -n 5 "$log")"
	fi
	down "after reloads"
}
loads() { grep -c 'TLS: the certificate is good until' "$log"; }

# key_only_in_tls TITLE: of the processes, the TLS one alone has the private key in its memory.
key_only_in_tls() {
	local found chat metrics tls_process
	chat=$(child chat) metrics=$(child metrics) tls_process=$(child tls)
	if [ -z "$chat" ] || [ -z "$metrics" ] || [ -z "$tls_process" ]; then
		not_ok "$1" "not all processes are there" "$(pgrep -P "$pid" -a)"
		return
	fi
	found=$("$here/key_in_memory.py" "$work/etc/key.pem" "$pid" "$chat" "$metrics" "$tls_process" 2>"$work/look")
	case $? in
	0) same "$1" "$found" "$tls_process" || echo "# parent $pid, chat $chat, metrics $metrics, TLS $tls_process" ;;
	3) skip "$1" "root may not look into other processes here" ;;
	*) not_ok "$1" "$(cat "$work/look")" ;;
	esac
}

# Started by root, which then becomes somebody else: no process but the one that needs it keeps the key.
tls_key() {
	local tls telnets before
	if [ "$(id -u)" -ne 0 ]; then
		skip "the private key is in the TLS process alone" "only root can look into the processes"
		return
	fi
	chown -R nobody "$work"
	local as=()
	program=$chatd tls_up "user = nobody" "metrics = unix:$work/metrics.sock" || return
	await serves first
	await child metrics >/dev/null
	key_only_in_tls "the private key is in the TLS process alone"
	certificate second
	kill -HUP "$pid"
	await serves second
	key_only_in_tls "and so is that of a reload"
	before=$(child tls)
	certificate third
	kill -9 "$before"
	await serves third
	key_only_in_tls "and of a TLS process that takes the place of one that died"
	down "as root with TLS"
	chown -R 61000 "$work"
}

# Handshakes are dear. One address that makes many costs others nothing that they would notice: as the limits by address
# refuse it, and without them as well.
tls_flood() {
	local tls telnets limits said
	for limits in "address_connects = 60" "address_connects = 0"; do
		program=$chatd tls_up "$limits" "address_connections = 0" "address_exempt = 127.0.0.1" "rate_lines = 0" \
			"rate_bytes = 0" || return
		if said=$("$here/tls_client.py" flood "$tls" 2>&1); then
			ok "a flood of handshakes, $limits"
			echo "# $said"
		else
			not_ok "a flood of handshakes, $limits" "$said" "$(tail -n 5 "$log")"
		fi
		down "after a flood of handshakes"
	done
	is "the log names the one who floods" "$(grep -m1 'security: refused' "$log")" \
		'.*address=127\.0\.0\.9 .*before a TLS handshake.*'
}

# person NAME [ARGUMENT...]: a certificate of somebody's own, as $work/NAME.pem and NAME.key. Prints its fingerprint.
person() {
	local name=$1
	shift
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/$name.key" \
		-out "$work/$name.pem" -days 30 -subj "/CN=$name" "$@" 2>/dev/null
	openssl x509 -in "$work/$name.pem" -outform DER | sha256sum | cut -d' ' -f1
}

# as_person NAME OPTIONS LINE...: what they read who show that certificate, say this and go. OPTIONS: of s_client.
as_person() {
	local name=$1 options=$2
	shift 2
	# shellcheck disable=SC2086 # several
	printf '%s\n' "$@" | timeout $((10 * patience)) openssl s_client -quiet -cert "$work/$name.pem" \
		-key "$work/$name.key" $options -connect "127.0.0.1:$tls" 2>/dev/null
}

# The header of a proxy for 198.51.100.9 (version 2), with a field such as the TLS process hands over: a fingerprint.
forged() {
	printf '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x2f\xc6\x33\x64\x09\xc0\0\x02\x01\x0f\xa0\x23\x1f\xe2\0\x20'
	# shellcheck disable=SC2001 # a group of two
	printf '%b' "$(sed 's/../\\x&/g' <<<"$1")"
}

# As somebody with a certificate has it, and as somebody without one tries it.
tls_certs() {
	local tls telnets alice said plain proxied mallory
	alice=$(person alice)
	mallory=$(person mallory)
	program=$asan tls_up "listen = 127.0.0.1:0 proxy" "listen = 127.0.0.1:0 tls proxy" || return
	read -r -t $((10 * patience)) said <&"$out"
	plain=$(port_of "$said")
	read -r -t $((10 * patience)) said <&"$out"
	proxied=$(port_of "$said")
	is "/cert add takes the certificate that one has shown" \
		"$(as_person alice -tls1_3 alice '/register correct horse' '/cert add' 'correct horse' /cert /quit)" \
		".* +$alice" '.*-- From now on this certificate signs you in:' ".*  1  $alice" '.*never used; this connection.s'
	is "from then on Enter signs in" "$(as_person alice -tls1_3 '' hello /sessions /quit)" \
		'-- Your certificate belongs to alice\. Press Enter to sign in, or type a name\.' \
		'\[ENTER YOUR NAME\]: -- Your certificate signs you in\.' '-- alice is signed in here, .*, by a certificate\.'
	is "with TLS 1.2 as well, and the name" "$(as_person alice -tls1_2 alice /cert /quit)" \
		'.*-- Your certificate signs you in\.' '.*added .* ago, last used .* ago; this connection.s'
	is "and with ncat" "$(printf 'alice\n/quit\n' | timeout $((10 * patience)) ncat --ssl \
		--ssl-cert "$work/alice.pem" --ssl-key "$work/alice.key" 127.0.0.1 "$tls")" '.*-- Your certificate signs you in\.'
	in_log "signed in by the certificate $alice" || not_ok "the log says how" "$(grep sign-in "$log")"
	is "another certificate is asked for the password" "$(as_person mallory '' alice '' /quit)" '.*-- alice is registered\..*'
	is "and so is who shows none" "$(encrypted alice '' /quit)" '.*-- alice is registered\..*'
	said=$({ forged "$alice"; printf 'alice\n\n/quit\n'; } | nc_bsd -N 127.0.0.1 "$plain")
	is "a proxy's header brings no certificate" "$said" '.*-- alice is registered\..*'
	said=$({ forged "$alice"; printf '\n/quit\n'; } | nc_bsd -N 127.0.0.1 "$plain")
	is "and Enter is no name there" "$said" '.*-- That was empty\..*'
	if "$here/tls_client.py" forged "$proxied" "$alice" >"$work/client" 2>&1; then
		ok "neither does one in front of TLS"
	else
		not_ok "neither does one in front of TLS" "$(cat "$work/client")" "$(tail -n 5 "$log")"
	fi
	in_log 'account=alice: added the certificate' || not_ok "the log says when one was added" "$(tail -n 5 "$log")"
	is "a second one" "$(as_person mallory '' alice 'correct horse' '/cert add' 'correct horse' /cert /quit)" \
		".*  1  $alice" ".*  2  $mallory"
	is "chatd admin show lists them" "$(timeout $((10 * patience)) "${as[@]}" "$chatd" -c "$conf" admin show alice)" \
		'Certificates that sign in: 2' "  $alice" '    added .*, last used .*' "  $mallory" '    added .*, never used'
	down "with certificates"
	if grep -q 'Sanitizer' "$log"; then not_ok "and no sanitizer complains" "$(grep -A20 Sanitizer "$log")"; fi
	# It is in the database, and an export has it.
	timeout $((30 * patience)) "${as[@]}" "$chatd" -c "$conf" export >"$work/export.jsonl" 2>/dev/null </dev/null
	"${as[@]}" "$chatd" -d "$db.new" -c "$conf" import "$work/export.jsonl" >/dev/null 2>&1
	timeout $((30 * patience)) "${as[@]}" "$chatd" -d "$db.new" -c "$conf" export >"$work/again.jsonl" 2>/dev/null </dev/null
	if grep -q "$alice" "$work/export.jsonl" && grep -q "$mallory" "$work/again.jsonl" &&
		diff <(tail -n +2 "$work/export.jsonl") <(tail -n +2 "$work/again.jsonl") >/dev/null; then
		ok "an export has the certificates, and an import keeps them"
	else
		not_ok "an export has the certificates, and an import keeps them" "$(grep alice "$work/export.jsonl" | head -n 3)"
	fi
	program=$chatd tls_up || return
	is "after a start they still sign in" "$(as_person alice '' '' '/cert remove 1' /cert /quit)" \
		'.*-- Your certificate signs you in\.' "--      $alice" ".*  1  $mallory"
	is "until they are removed" "$(as_person alice '' alice '' /quit)" '.*-- alice is registered\..*'
	down "again with certificates"
}

tls_wrong() {
	local expect=78
	certificate first
	configure "listen = 127.0.0.1:0 tls"
	refuses "TLS without a certificate" 'tls_certificate is not set, and a listener has the option tls' -c "$conf"
	configure "listen = 127.0.0.1:0 tls" "tls_certificate = $work/etc/none.pem" "tls_key = $work/etc/key.pem"
	refuses "a certificate that is not there" 'tls_certificate = .*none\.pem: it cannot be read' -c "$conf"
	configure "listen = 127.0.0.1:0 tls" "tls_certificate = $work/etc/cert.pem" "tls_key = $work/etc/cert.pem"
	refuses "a key that is none" 'tls_key has no private key in PEM' -c "$conf"
	refuses "-n says so as well" 'tls_key has no private key in PEM' -n -c "$conf"
	yes '' | head -c $((256 * 1024 - $(stat -c %s "$work/etc/cert.pem"))) >>"$work/etc/cert.pem"
	configure "listen = 127.0.0.1:0 tls" "tls_certificate = $work/etc/cert.pem" "tls_key = $work/etc/key.pem"
	checks "a file as large as it may be is read" 0 'configuration OK' -- -c "$conf"
	echo >>"$work/etc/cert.pem"
	checks "and no larger one" 78 'tls_certificate = .*cert\.pem: it is no file, or has more than 256 KiB' -- -c "$conf"
	certificate first
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out "$work/etc/other.pem" 2>/dev/null
	chmod a+r "$work/etc/other.pem"
	configure "listen = 127.0.0.1:0 tls" "tls_certificate = $work/etc/cert.pem" "tls_key = $work/etc/other.pem"
	refuses "a key of another certificate" 'does not belong to the certificate' -c "$conf"
}
