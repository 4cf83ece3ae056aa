# parts.sh - what programs promise that share their files' lines among processes (-j); sourced behind tap.sh.

# The bytes, errors and status of one process, from two and from three.
one_and_parts() { # program, its options and files of megabytes
	one_program=$1
	shift
	one_status=0 one_wrong=
	"$one_program" "$@" >"$tmp/.one" 2>"$tmp/.one.err" || one_status=$?
	for parts in 2 3; do
		status=0
		"$one_program" -j $parts "$@" >"$tmp/.parts" 2>"$tmp/.parts.err" || status=$?
		[ $status = $one_status ] || one_wrong="$one_wrong
-j $parts: status $status, not $one_status"
		cmp "$tmp/.one" "$tmp/.parts" >"$tmp/.cmp" 2>&1 || one_wrong="$one_wrong
-j $parts: $(cat "$tmp/.cmp")"
		cmp "$tmp/.one.err" "$tmp/.parts.err" >"$tmp/.cmp" 2>&1 || one_wrong="$one_wrong
-j $parts says: $(head -c 500 "$tmp/.parts.err")"
	done
	what="$one_program -j $*: as one process, status $one_status"
	if [ -z "$one_wrong" ]; then ok "$what"; else not_ok "$what" "$one_wrong"; fi
}

# The parts do the work, not one process after them: where memory is what is read, three take less each than one.
parts_do_it() { # program, its options and files
	parts_program=$1
	shift
	what="$parts_program -j $*: the parts do it"
	if ! memory true >/dev/null; then
		skip "$what" 'no GNU time'
	elif one=$(memory "$parts_program" "$@") && three=$(memory "$parts_program" -j 3 "$@") && [ $((three * 10)) -lt $((one * 8)) ]; then
		ok "$what"
	else
		not_ok "$what" "KiB: $one, then $three"
	fi
}
