#!/bin/sh
# citizen.t - every program is a good citizen: one table of programs and one list of situations, each against each.

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
PROGRAMS=$(sed -n 's/^PROGRAMS = //p' "$here/../Makefile")

# Prints the least that makes a program work: its input, `made` for a program that writes $tmp/made and not stdout, the
# status of no input, and its arguments as the shell reads them. A program without input has none.
usual() { # program
	case $1 in
	sessions) echo 'records stdout 0 --unknown --catalogue "$tmp/items"' ;;
	simulate) echo 'none stdout 0 -n 3' ;;
	featurize) echo "log.csv stdout 0 -C -k item 'clicked ~ user + log1p(price)'" ;;
	holdout) echo 'records stdout 0 -v --last 1' ;;
	negatives) echo 'records stdout 0 -k 1 --catalogue "$tmp/items"' ;;
	pretrain) echo 'records made 0 -b 8 -o "$tmp/made"' ;;
	finetune) echo 'records made 0 --shift 0.01 -m "$tmp/model" -o "$tmp/made"' ;;
	pool) echo 'none made 0 -o "$tmp/made" "$tmp/model" "$tmp/model"' ;;
	candidates) echo 'scored stdout 0 --catalogue "$tmp/items"' ;;
	weights) echo 'none stdout 0 -m "$tmp/model"' ;;
	score) echo 'records stdout 0 -m "$tmp/model"' ;;
	topk) echo 'scored stdout 0 -k 1' ;;
	ctr | feedback) echo 'log.csv stdout 3 -C -g item -y clicked' ;;
	revenue) echo 'log.csv stdout 3 -C -g item -y price' ;;
	metrics) echo 'scored stdout 3 -k 1' ;;
	verdict) echo 'scored stdout 3 -M auc "$tmp/scored"' ;;
	ope) echo 'decisions stdout 3 --target -1' ;;
	esac
}

# Situations: each runs a command in it.
full() { "$@" >/dev/full; }
without_stdin() { "$@" <&-; }
without_stdout() { "$@" >&-; }
without_stderr() { "$@" 2>&-; }
without_environment() { env -i "$@"; }
without_home() { (unset HOME && exec "$@"); }
in_german() { (export LC_ALL=de_DE.UTF-8 LANG=de_DE.UTF-8 && exec "$@"); }
in_turkish() { (export LC_ALL=tr_TR.UTF-8 LANG=tr_TR.UTF-8 && exec "$@"); }
in_read_only_folder() { (cd "$tmp/locked" && "$@" && [ -z "$(ls -A)" ]); }

# Nobody reads what the command writes: the reading end is closed before it starts.
into_closed_pipe() { (exec 3<>"$tmp/pipe" 4>"$tmp/pipe" 3<&- && "$@" >&4 4>&-); }
into_closed_pipe_unsignalled() { (trap '' PIPE && into_closed_pipe "$@"); }

# Runs a command on the input; what it writes, or makes, goes to $tmp/out.
run() {
	rm -f "$tmp/made"
	status=0
	"$@" <"$input" >"$tmp/out" 2>"$tmp/err" || status=$?
	[ ! -e "$tmp/made" ] || cp "$tmp/made" "$tmp/out"
}

# Holds a command's status and errors against what is expected.
fails() { # what, status, stderr pattern ('' for silence), command...
	what=$1 want=$2 pattern=$3
	shift 3
	run "$@"
	if [ $status != "$want" ]; then
		not_ok "$what" "status $status, not $want: $(cat "$tmp/err")"
	elif [ -z "$pattern" ] && [ -s "$tmp/err" ]; then
		not_ok "$what" "stderr: $(cat "$tmp/err")"
	elif ! grep -qE -e "$pattern" "$tmp/err" && [ -n "$pattern" ]; then
		not_ok "$what" "stderr is not $pattern: $(cat "$tmp/err")"
	else
		ok "$what"
	fi
}

# Holds a command's output against that of the usual run.
works() { # what, command...
	what=$1
	shift
	run "$@"
	if [ $status != 0 ]; then
		not_ok "$what" "status $status: $(cat "$tmp/err")"
	elif ! cmp "$tmp/usual" "$tmp/out" >"$tmp/difference" 2>&1; then
		not_ok "$what" "$(cat "$tmp/difference")"
	else
		ok "$what"
	fi
}

# A situation that a program of stdout fails in, and in which others work.
stdout_fails() { # what, status, stderr pattern, command...
	if [ $output = stdout ]; then
		fails "$@"
	else
		what=$1
		shift 3
		works "$what" "$@"
	fi
}

matrix() { # program, arguments...
	p=$1
	program=$bin/$p
	shift
	input=/dev/null
	t "$p --help" 0 - '' "$p" --help
	t "$p --version" 0 "$p (weir) $version" '' "$p" --version
	t "$p: an unknown option" 2 '' "^$p: --no-such-option: no such option" "$p" --no-such-option
	fails "$p --help >/dev/full" 4 "^$p: stdout: No space left" full "$p" --help
	fails "$p --version, closed stdout" 4 "^$p: stdout: " without_stdout "$p" --version

	[ "$source" = none ] || input=$tmp/$source
	fails "$p works" 0 '' "$program" "$@"
	cp "$tmp/out" "$tmp/usual"
	[ -s "$tmp/usual" ] || not_ok "$p works" 'it writes nothing'
	works "$p again" "$program" "$@"
	stdout_fails "$p >/dev/full" 4 "^$p: stdout: No space left" full "$program" "$@"
	stdout_fails "$p, closed stdout" 4 "^$p: stdout: Bad file descriptor" without_stdout "$program" "$@"
	works "$p, closed stderr" without_stderr "$program" "$@"
	if [ "$signalled" = yes ]; then
		stdout_fails "$p, closed pipe" 141 '' into_closed_pipe "$program" "$@"
	else
		skip "$p, closed pipe" 'SIGPIPE is ignored here'
	fi
	stdout_fails "$p, closed pipe, SIGPIPE ignored" 4 "^$p: stdout: Broken pipe" \
		into_closed_pipe_unsignalled "$program" "$@"
	works "$p, no environment" without_environment "$program" "$@"
	works "$p, no HOME" without_home "$program" "$@"
	works "$p, read-only current folder" in_read_only_folder "$program" "$@"
	works "$p, German locale" in_german "$program" "$@"
	works "$p, Turkish locale" in_turkish "$program" "$@"
	if [ "$source" = none ]; then
		works "$p, closed stdin" without_stdin "$program" "$@"
		return
	fi
	works "$p -" "$program" "$@" -
	fails "$p, closed stdin" 4 "^$p: stdin: Bad file descriptor" without_stdin "$program" "$@"
	fails "$p, a folder as input" 4 "^$p: $tmp: Is a directory" "$program" "$@" "$tmp"
	fails "$p, a missing file" 4 "^$p: $tmp/missing: No such file" "$program" "$@" "$tmp/missing"
	input=/dev/null
	pattern="^$p: no records"
	[ "$output $empty" != 'stdout 0' ] || pattern=
	fails "$p, empty input" "$empty" "$pattern" "$program" "$@"
}

printf 'user,item,price,clicked\nu1,i1,9.99,1\nu1,i2,1.5,0\nu2,i1,1234.25,0\nu2,i2,3,1\n' >"$tmp/log.csv"
printf 'u1\ti1\t1\t3 7:0.5\nu1\ti2\t0\t4\nu2\ti1\t0\t3 9:0.25\nu2\ti2\t1\t4 7\n' >"$tmp/records"
printf 'u1\ti1\t1\t0.75\nu1\ti2\t0\t0.5\nu2\ti1\t0\t0.125\nu2\ti2\t1\t0.25\n' >"$tmp/scored"
printf 'u1\ti1\t0.5\t1\t0.25\nu1\ti2\t0.5\t0\t0.75\nu2\ti1\t0.25\t0\t0.25\nu2\ti2\t0.5\t1\t0.5\n' >"$tmp/decisions"
printf 'i1\t5\ni2\t3\ni3\t1\n' >"$tmp/items"
mkdir "$tmp/locked" && chmod 555 "$tmp/locked"
mkfifo "$tmp/pipe"
pretrain -b 8 -o "$tmp/model" "$tmp/records"
version=$(sed -n 's/^#define WEIR_VERSION "\(.*\)"/\1/p' "$here/../common/cli.h")
signalled=yes
sh -c 'kill -PIPE $$' && signalled=no

for name in $PROGRAMS; do
	row=$(usual "$name")
	if [ -z "$row" ]; then
		not_ok "$name is in the table" 'usual() does not know it'
		continue
	fi
	source=${row%% *} row=${row#* }
	output=${row%% *} row=${row#* }
	empty=${row%% *} row=${row#* }
	eval "matrix $name $row"
done

# A file that is opened while stderr is closed does not take its place.
printf 'u1\ti1\t1\t0.75\nbad\n' >"$tmp/one-bad"
without_stderr topk --max-bad 1 --rejects "$tmp/rejects" "$tmp/one-bad" >"$tmp/out"
is 'no message goes to a file' "$(cat "$tmp/rejects")" bad

# A file that is read is none to write to.
cd "$tmp" || exit
kept() { # option, file, program, arguments...: refused, and the file is as it was
	option=$1 file=$2
	shift 2
	cp "$file" before
	t "$*: --$option $file" 2 '' "^$1: --$option: this file is read, too: \"$file\"$" "$@" "--$option" "$file" <"$standard"
	is 'it is as it was' "$(cmp before "$file" 2>&1)" ''
	cp before "$file"
}
standard=/dev/null
ln -s log.csv link.csv
kept names log.csv featurize 'clicked ~ user' log.csv
kept names link.csv featurize 'clicked ~ user' log.csv
kept names items featurize 'index(item, "items")' log.csv
kept rejects records score -m model records
kept rejects log.csv ctr -C -y clicked scored log.csv
kept rejects items negatives --catalogue items records
kept log records pretrain -b 8 -o made records
cp records judges
kept log judges pretrain -b 8 --valid judges -o made records
kept log records pretrain -b 8 --schedule linear --optimizer sgd -o made records
standard=log.csv
kept names log.csv featurize 'clicked ~ user'
standard=records
kept rejects records topk
kept log records pretrain -b 8 -o made
t 'what is no file may be both' 0 '' '' topk --rejects /dev/null /dev/null

# There is one stdin.
once() { # program, arguments...
	t "stdin twice: $*" 2 '' "^$1: stdin \\(-\\) can be read only once, and is named twice$" "$@" <"$standard"
}
once topk -x - -k 1
once topk -k 1 - -
once candidates --catalogue - -
once candidates --catalogue items --history - -k 1
once pretrain -b 8 --valid - -o made
once pretrain -b 8 --valid - -e 2 --optimizer sgd -o made -
once sessions --catalogue -
once negatives -x - --catalogue items -
once metrics --qrels -
once verdict -M auc -
once score -m model - records -
standard=scored
once metrics -M novelty --popularity -
t 'and once it may be read with -j' 0 - '' ctr -j 2 - <records

# Columns are looked for in a header without rows, too.
echo user,item,y,p >header.csv
for command in 'holdout -f 1 -g zz' 'holdout --last 1 -g zz' 'negatives -g zz -i item -y y' 'negatives -g user -i item -y zz' \
	'sessions -g zz -i item' 'sessions -g user -i zz' 'sessions -g user -i item --carry zz' 'ope -g zz -y y -p p --target p' \
	'featurize -k zz y' 'ctr -y zz' 'ctr -y y -g zz' 'feedback -y y -g zz' 'revenue -y zz'; do
	# shellcheck disable=SC2086
	t "a header alone: $command" 2 '' '^[a-z]*: --[a-z]*: no column "zz" in the header$' $command -C header.csv
done
echo thing >things.csv
t 'a header alone: a catalogue' 2 '' '^candidates: --item: no column "zz" in the header$' \
	candidates -C --catalogue things.csv -i zz --history records -k 1 header.csv
t 'a header alone: contexts' 2 '' '^candidates: --group: no column "zz" in the header$' \
	candidates -C --catalogue things.csv -i thing --history records -k 1 --co-occur -g zz header.csv
for command in 'holdout -f .5' 'holdout --last 1' 'negatives -i item -y y' 'sessions -i item'; do
	# shellcheck disable=SC2086
	t "-C without a group: $command" 2 '' '^[a-z]*: -C: --group must name a column$' $command -C log.csv
done

# ---- options ----

for level in 0x1p-1 ' 0.5' '0.5 ' inf nan 0.5x ''; do
	t "--level '$level'" 2 '' '^ctr: --level: not a number: ' ctr --level "$level" records
done
for n in ' 5' '5 ' 0x5 5.0 '' 5-; do
	t "-k '$n'" 2 '' '^topk: --top: not a whole number: ' topk -k "$n" scored
	t "-y '$n', of a field" 2 '' '^ctr: --label: not a field number: ' ctr -y "$n" records
done
t 'bounds are written in full' 2 '' '^pretrain: --epochs: not within 1 and 1048576: "1048577"$' pretrain -e 1048577 -o made records
t 'a flag with a value' 2 '' '^ctr: --help: takes no argument$' ctr --help=1
t 'a flag with a value, of a program' 2 '' '^ctr: --partial: takes no argument$' ctr --partial=1
t 'a flag in short, with a value' 2 '' '^ctr: --part: takes no argument$' ctr --part=1
t 'no such option, with a value' 2 '' '^ctr: --zz: no such option$' ctr --zz=4
t 'the beginning of several' 2 '' '^topk: --c: more than one option begins so$' topk --c=4
t 'the beginning of several, without a value' 2 '' '^topk: --c: more than one option begins so$' topk --c
t 'the beginning of one' 0 "records" '' sh -c "topk --to=1 scored >out && echo records"
t 'a letter among others' 2 '' '^ctr: -Z: no such option$' ctr --header -HZH
t 'options after operands, whatever POSIXLY_CORRECT is' 0 - '' env POSIXLY_CORRECT=1 topk scored -k 1
done_testing
