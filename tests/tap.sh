# tap.sh - the one verb of the tests, and what it stands on. Each tests/NAME.t sources it first and ends in `done_testing`.
#
#   t 'what' STATUS STDOUT STDERR-PATTERN command... <input
#
# runs the command and holds its status, its whole output and its errors against what is expected. STDOUT is the
# text itself ('' for none) or - for any; STDERR-PATTERN is a grep -E pattern, '' for silence, - for anything.
# Feed stdin with <file or a here-document: in a pipe the verb runs in a subshell and its failure is lost.

set -u
LC_ALL=C
export LC_ALL
here=$(cd "$(dirname "$0")" && pwd)
bin=${BIN:-$here/../bin}
case $bin in /*) ;; *) bin=$PWD/$bin ;; esac
PATH=$bin:$PATH
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' HUP INT TERM
tap_n=0
tap_failed=0

ok() { # what - a check that passed
	tap_n=$((tap_n + 1))
	printf 'ok %d - %s\n' "$tap_n" "$1"
}

not_ok() { # what, why - a check that failed
	tap_n=$((tap_n + 1))
	tap_failed=$((tap_failed + 1))
	printf 'not ok %d - %s\n' "$tap_n" "$1"
	printf '%s\n' "$2" | sed 's/^/# /'
}

skip() { # what, why - a check that cannot be made here
	tap_n=$((tap_n + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tap_n" "$1" "$2"
}

is() { # what, got, expected
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got:      $2
expected: $3"; fi
}

t() { # what, status, stdout, stderr pattern, command...
	what=$1 want_status=$2 want_out=$3 want_err=$4
	shift 4
	got_status=0
	"$@" >"$tmp/.out" 2>"$tmp/.err" || got_status=$?
	why=
	[ "$got_status" = "$want_status" ] || why="status $got_status, not $want_status"
	if [ "$want_out" != - ]; then
		printf '%s' "$want_out" >"$tmp/.want"
		[ -z "$want_out" ] || echo >>"$tmp/.want"
		cmp -s "$tmp/.want" "$tmp/.out" || why="$why
stdout: $(head -c 2000 "$tmp/.out")
not:    $want_out"
	fi
	case $want_err in
	-) ;;
	'') [ -s "$tmp/.err" ] && why="$why
stderr is not empty" ;;
	*) grep -qE -e "$want_err" "$tmp/.err" || why="$why
stderr does not match: $want_err" ;;
	esac
	if [ -z "$why" ]; then ok "$what"; else not_ok "$what" "$why
stderr: $(head -c 2000 "$tmp/.err")"; fi
}

memory() { # command... <input - prints how much it takes at most, in KiB
	env time -f '%M' -o "$tmp/.memory" "$@" >"$tmp/.out" 2>"$tmp/.err" && tail -n 1 "$tmp/.memory"
}

# A command takes no more memory for 32 times the lines on its stdin, but for 1 MiB of chance. The fewer lines are
# 2 MiB, so that both runs have filled the buffer for reading and every slot of a ring.
flat() { # what, file of lines, command...
	what="memory at 32 times the records: $1" few='' many=''
	cp "$2" "$tmp/.few"
	shift 2
	while [ "$(wc -c <"$tmp/.few")" -lt 2097152 ]; do
		cat "$tmp/.few" "$tmp/.few" >"$tmp/.many" && mv "$tmp/.many" "$tmp/.few"
	done
	for _ in 1 2 3 4 5 6 7 8; do
		cat "$tmp/.few" "$tmp/.few" "$tmp/.few" "$tmp/.few"
	done >"$tmp/.many"
	if ! memory true >/dev/null; then
		skip "$what" 'no GNU time'
	elif few=$(memory "$@" <"$tmp/.few") && many=$(memory "$@" <"$tmp/.many") && [ $((many - few)) -lt 1024 ]; then
		ok "$what"
	else
		not_ok "$what" "KiB: $few, then $many; stderr: $(head -c 2000 "$tmp/.err")"
	fi
	rm -f "$tmp/.few" "$tmp/.many"
}

done_testing() {
	printf '1..%d\n' "$tap_n"
	[ "$tap_failed" = 0 ]
	exit
}
