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

# In a container: the seccomp profile that docs/container/ has for that.
contained() {
	{
		timeout -k 2 $((60 * patience)) "$here/../check/container" "$chatd" "${as[@]}" 2>&1 |
			sed -E 's/^((not )?ok) [0-9]+ /\1 - /'
		echo done
	} >"$work/contained"
	results_of contained
}
