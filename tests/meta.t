#!/bin/sh
# meta.t - what is said is so: every program has a page, a test and a row in weir(7); its page names its options, its
# usage and its purpose as it does itself; every transcript in the pages and the README runs.
# A transcript is a literal block (in the README: a fenced one) that begins with a line `$ command`. Lines `> more`
# carry a command on; what stands below is all that it prints.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
man=$here/../man
PROGRAMS=$(sed -n 's/^PROGRAMS = //p' "$here/../Makefile")

holds() { # what, why not, command...
	what=$1 why=$2
	shift 2
	if "$@"; then ok "$what"; else not_ok "$what" "$why"; fi
}

# A section of a page.
section() { # page, heading
	awk -v heading="$2" '/^\.Sh / { inside = $0 == ".Sh " heading; next } inside' "$1"
}

page_usage() { # program
	section "$man/$1.1" SYNOPSIS | sed "s/^\.Nm.*/$1/; s/^\.Op \(.*\)/[\1]/; s/^\.//; s/Fl /-/g; s/Ar //g; s/\[Ar\]/[file ...]/" |
		paste -s -d ' ' -
}

# Both give a line an option: -g, --group FIELD
page_options() {
	sed -n 's/^\.It \(Fl .*\)/\1/p' "$man/$1.1" | sed 's/ , /, /; s/Fl /-/g; s/Ar //' | sort
}

help_options() {
	"$1" --help | sed -n 's/^  *\(\(-., \)\{0,1\}--[a-z0-9-]*\( [A-Z]\{1,\}\)\{0,1\}\) .*/\1/p' | sort
}

# Runs the commands of the transcript on stdin in an empty folder; prints the transcript that comes of it.
replay() {
	rm -rf "$tmp/replay"
	mkdir "$tmp/replay"
	{ cat; echo '$ '; } | (
		cd "$tmp/replay" || exit
		set +u
		command=:
		while IFS= read -r line; do
			case $line in
			'$ '*)
				eval "$command" 2>&1 </dev/null
				command=${line#'$ '} ;;
			'> '*) command="$command
${line#'> '}" ;;
			*) continue ;;
			esac
			[ "$line" = '$ ' ] || printf '%s\n' "$line"
		done
	)
}

# Whether a transcript is what comes of it.
runs() { # what, file
	if [ ! -s "$2" ]; then
		not_ok "$1" 'there is no transcript'
	elif replay <"$2" >"$tmp/replayed" && difference=$(diff "$2" "$tmp/replayed"); then
		ok "$1"
	else
		not_ok "$1" "$difference"
	fi
}

page_transcripts() { # page
	section "$1" EXAMPLES | awk '
	/^\.Ed/ { inside = 0 }
	inside { print }
	/^\.Bd -literal/ { inside = 1 }' | sed 's/\\e/\\/g; s/\\-/-/g; s/\\(dq/"/g; s/\\(aq/'"'"'/g; s/\\&//g'
}

readme_transcripts() {
	awk '
	/^```/ { fenced = !fenced; inside = 0; first = fenced; next }
	first { inside = /^\$ /; first = 0 }
	inside' "$here/../README.md"
}

for p in $PROGRAMS; do
	holds "$p has a test" "tests/$p.t is not there" test -e "$here/$p.t"
	holds "$p has a row in weir(7)" ".It Xr $p 1 Ta ..." grep -q "^\.It Xr $p 1 Ta " "$man/weir.7"
	if [ ! -e "$man/$p.1" ]; then
		not_ok "$p has a page" "man/$p.1 is not there"
		continue
	fi
	is "$p: sections" "$(sed -n 's/^\.Sh //p' "$man/$p.1" | grep -vxE 'FILES|STANDARDS|CAVEATS' | paste -s -d , -)" \
		'NAME,SYNOPSIS,DESCRIPTION,EXIT STATUS,EXAMPLES,SEE ALSO'
	is "$p: purpose" "$p - $(sed -n 's/^\.Nd //p' "$man/$p.1")" "$("$p" --help | head -n 1)"
	is "$p: usage" "usage: $(page_usage "$p")" "$("$p" --help | grep '^usage: ')"
	is "$p: options" "$(page_options "$p")" "$(help_options "$p")"
	page_transcripts "$man/$p.1" >"$tmp/transcript"
	runs "$p: EXAMPLES" "$tmp/transcript"
	if command -v bash >/dev/null; then
		# shellcheck disable=SC2016
		t "$p: completion" 0 - '' bash -c 'eval "$("$1" --completion)" && complete -p "$1" | grep -e "--version. $1\$"' - "$p"
	fi
done
for page in weir.7 weir.5; do
	page_transcripts "$man/$page" >"$tmp/transcript"
	runs "$page: EXAMPLES" "$tmp/transcript"
done
readme_transcripts >"$tmp/transcript"
runs 'README' "$tmp/transcript"
done_testing
