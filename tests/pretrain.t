#!/bin/sh
# pretrain.t - records to a model: what is learnt, resuming, several passes, what is refused and leaves the old file

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit
tab=$(printf '\t')

# Makes n records: group, item, weight, label, features. Of indexes below 256; a tenth of them twice in a record.
records() { # n, labels as an awk expression of a, b and i
	awk -v n="$1" "BEGIN {
		for (i = 0; i < n; i++) {
			a = i * 7919 % 13
			b = i * 104729 % 11
			printf \"g%d\tp%d\t%.1f\t%d\t%d %d:%.4f %d\n\", i / 4, i % 50, 0.5 + i % 3, ($2), a, 16 + b, (i * 31 % 97) / 50 - 1, i % 10 ? 40 + i * 17 % 200 : a
		}
	}"
}
records 2000 'a > b || i % 7 == 0' | cut -f 1,2,4,5 >log
records 2000 '(a + i % 2) % 4' | cut -f 1,2,4,5 >classes
records 2000 'i % 4 == int(i / 4) % 4' | cut -f 1,2,4,5 >choices
records 2000 'a > b || i % 7 == 0' >weighted

# ---- normal ----

t 'a model of beliefs' 0 '' '' pretrain -b 8 -o model log
t '-v says what was learnt' 0 '' '^pretrain: 2000 records, mean loss 0\.[0-9]+, accuracy 0\.[0-9]+$' pretrain -v -b 8 -o again log
is 'two runs give the same file' "$(cmp model again)" ''
pretrain -b 8 -o again <log
is 'from stdin too' "$(cmp model again)" ''
head -n 700 log >a
tail -n +701 log >b
pretrain -b 8 -o again a b
is 'and from two files' "$(cmp model again)" ''
printf '%s' "$(cat log)" | pretrain -b 8 -o again
is 'without a final newline' "$(cmp model again)" ''
is 'it predicts better than the mean: fewer nats than ln 2' \
	"$(weights --info -m model | awk '$1 == "loss" { print ($2 > 0.3 && $2 < 0.6) }')" 1
awk -F '\t' -v OFS='\t' '{ print $4, $3, $1, $2, $4 }' log | pretrain -b 8 -y 2 -o again
is '-y names the label' "$(cmp model again)" ''
t 'no records: a fresh model, and a word' 0 '' '^pretrain: no records: nothing was learnt$' pretrain -b 8 -o fresh /dev/null
is 'nothing was learnt' "$(weights -m fresh)" ''
pretrain -b 8 -o again --variance 0.01 log
is '--variance: a narrower prior learns less' "$(cmp -s model again; echo $?)$(weights --info -m again | grep variance)" "1variance${tab}0.01"
awk 'BEGIN { for (i = 0; i < 6000; i++) {
	a = i * 7919 % 13
	print "g\t" ((a < 6) != (i >= 4000) || i % 10 == 0) "\t" a " " 16 + i % 7
} }' >drift
late() { # the loss of the last 1000 records of a world that changed, learnt with this forgetting
	pretrain -b 5 --forget "$1" -o again drift
	head -n 5000 drift | pretrain -b 5 --forget "$1" -o part
	{ weights --info -m again && weights --info -m part; } | awk '$1 == "loss_sum" { if (n++) print (sum - $2) / 1000; sum = $2 }'
}
is '--forget: after a change of truth it recovers sooner' \
	"$(echo "$(late 0) $(late 0.003)" | awk '{ print ($1 > 0.6 && $2 < 0.4) }')" 1
pretrain -b 5 --forget 0 -o again drift
pretrain -b 5 -o whole drift
is '--forget 0 is none' "$(cmp whole again)" ''
pretrain -b 5 --forget 100 -o again drift
is '--forget: a belief is never wider than a fresh one' "$(weights -m again | awk '$1 == "0.weight" && $4 > 0.55' | wc -l | tr -d ' ')" 0
head -n 3000 drift | pretrain -b 5 --forget 0.003 -o part
pretrain -b 5 --forget 0.003 -o whole drift
tail -n +3001 drift | pretrain -o part --resume
is '--forget resumes' "$(cmp whole part)" ''
t '--forget without beliefs' 2 '' '--forget: for beliefs' pretrain -b 5 --optimizer sgd --forget 0.1 -o again drift
printf 'u\t1\t3 3 5:2\n' | pretrain -b 4 -o one
printf 'u\t1\t3:2 5:2\n' | pretrain -b 4 -o two
is 'equal indexes add up' "$(cmp one two)" ''
printf 'u\t1\t=0 0 2 0 -1\n' | pretrain -b 4 -o one
printf 'u\t1\t2:2 4:-1\n' | pretrain -b 4 -o two
is 'dense features' "$(cmp one two)" ''
printf 'u\t1\t\nv\t1\t\n' | pretrain -b 4 -o one
is 'without features only the bias learns' "$(weights -m one | cut -f 1)" 0.bias
printf 'u\t2\t1\t3\n' | pretrain -b 4 -w 2 -o one
printf 'u\t1\t1\t3\n' | pretrain -b 4 -w 2 -o two
is '-w: a record may count for more' "$(cmp -s one two; echo $?)" 1
printf 'u\t2\t1\t3\n' | pretrain -b 4 --optimizer sgd -w 2 -r 0.1 -o one
printf 'u\t1\t1\t3\n' | pretrain -b 4 --optimizer sgd -w 2 -r 0.2 -o two
is '-w: to sgd, twice the weight is twice the rate' "$(weights -m one)" "$(weights -m two)"
for o in beliefs adagrad; do
	records 8 'i % 4 == 1' | awk -F '\t' -v OFS='\t' '{ $3 = $4 ? 2.5 : NR; print }' | pretrain -a 'hash 8, dense 1 choice' --optimizer $o -w 3 -o one
	records 8 'i % 4 == 1' | awk -F '\t' -v OFS='\t' '{ $3 = 2.5; print }' | pretrain -a 'hash 8, dense 1 choice' --optimizer $o -w 3 -o two
	is "$o: a group counts for what its chosen record says" "$(cmp one two)" ''
done

pretrain -a 'hash 8, fm 4, dense 1 sigmoid' -o fresh /dev/null 2>/dev/null
is 'an fm starts from weights of 0 and small factors, which its head adds up' "$(weights --all -m fresh | awk -F '\t' '
	$1 == "0.weight" { split($2, at, ","); if (at[2] == 0) wrong += $3 != 0; else { n++; sum += $3 * $3; wrong += $3 * $3 > 0.0301 } }
	$1 == "1.weight" { wrong += $3 != 1; n++ }
	END { print n, wrong + 0, (sum > 9 && sum < 11.5) }')" '1029 0 1'

# ---- resume ----

# A model of log in one run, and in two, in place and from another file.
resumed() { # what, records before the cut, input, options...
	what=$1 cut=$2 input=$3
	shift 3
	pretrain "$@" -o whole "$input"
	head -n "$cut" "$input" >a
	tail -n +$((cut + 1)) "$input" >b
	pretrain "$@" -o part a
	cp part first
	t "$what: resumes" 0 '' '' pretrain --resume -o part b
	is "$what: as one run" "$(cmp whole part)" ''
	t "$what: resumes from another file" 0 '' '' pretrain --resume -m first -o part b
	is "$what: as one run" "$(cmp whole part)" ''
}
resumed beliefs 777 log -b 8
resumed 'beliefs, another variance' 777 log -b 8 --variance 0.1
resumed 'beliefs, softmax' 777 classes -a 'hash 8, dense 4 softmax'
resumed 'beliefs, choice' 800 choices -a 'hash 8, dense 1 choice'
for o in adagrad ftrl sgd adam; do
	resumed $o 777 log -b 8 --optimizer $o
done
resumed 'ftrl with penalties' 777 log -b 8 --optimizer ftrl --l1 0.5 --l2 0.1 -r 0.2
resumed 'a net, whole batches' 800 classes -B 40 -a 'hash 8, dense 5 relu, dense 4 softmax'
resumed 'a net on choices' 800 choices -a 'hash 8, dense 5 tanh, dense 1 choice'
cp part first
t 'resumed on nothing' 0 '' 'no records' pretrain --resume -o part /dev/null
is 'is the same file' "$(cmp first part)" ''

# ---- several passes ----

awk 'BEGIN { for (i = 0; i < 400; i++) { a = i % 2; b = int(i / 2) % 2; printf "g\t%d\t%d %d\n", a != b, a, 2 + b } }' >xor
t '-e: a net learns exclusive or' 0 '' '' pretrain -e 60 -r 0.03 -B 20 --log curve -a 'hash 4, dense 8 tanh, dense 1 sigmoid' -o net xor
is 'all records right' "$(head -n 4 xor | score -m net | awk '{ print ($3 > 0.5) == $2 }' | paste -s -d ' ' -)" '1 1 1 1'
is 'the curve ends at a small loss, after all passes' "$(tail -n 1 curve | awk '{ print $1, $2, ($3 < 0.05), $4 }')" '60 24000 1 1'
is 'the model counts all passes, its loss is that of the first' \
	"$(weights --info -m net | awk '$1 == "examples" { print $2 } $1 == "loss" { print ($2 > 0.5) }' | paste -s -d ' ' -)" '24000 1'
pretrain -e 3 -r 0.03 -B 20 -a 'hash 4, dense 8 tanh, dense 1 sigmoid' -o net xor
pretrain -e 3 -r 0.03 -B 20 -a 'hash 4, dense 8 tanh, dense 1 sigmoid' -o again xor
is 'two runs give the same file' "$(cmp net again)" ''
pretrain -e 3 -r 0.03 -B 20 --seed 2 -a 'hash 4, dense 8 tanh, dense 1 sigmoid' -o again xor
is '--seed: another start, another order' "$(cmp -s net again; echo $?)" 1
t '-v after passes: whose loss it is' 0 '' '^pretrain: 240 records, those of the first pass: mean loss 0\.[0-9]+, accuracy 0\.[0-9]+$' \
	sh -c "head -n 80 log | pretrain -v -e 3 --optimizer adagrad -b 8 -o again"
t '-e on choices' 0 '' '' pretrain -e 3 --optimizer adagrad -a 'hash 8, dense 1 choice' --log curve -o net choices
is 'a pass is a line of the curve; losses fall' \
	"$(awk '$1 == 1 { first = $3 } $1 > 1 { n++; last = $3 } END { print n, (last < first) }' curve)" '2 1'
t '-e without a place for the records' 4 '' 'a temporary file in nowhere: No such file' env TMPDIR=nowhere pretrain -e 2 --optimizer sgd -b 4 -o net log
t '-e with no records' 0 '' 'no records' pretrain -e 2 --optimizer sgd -b 4 -o net /dev/null

# ---- heads ----

t 'softmax' 0 '' '' pretrain -a 'hash 8, dense 4 softmax' -o soft classes
awk 'BEGIN { for (i = 0; i < 4000; i++) printf "g\t%d\t%d %d\n", i * i % 211 * 7 % 211, i * i % 211, 211 + i % 40 }' >many
pretrain -a 'hash 8, dense 211 softmax' -v -o soft many 2>said
is 'beliefs of many classes: no class runs away at its first record' "$(awk '{ print ($6 + 0 < 5.35) }' said)" 1
t 'squared loss' 0 '' '' pretrain -a 'hash 8, dense 1' --optimizer sgd -o linear log
awk 'BEGIN { for (i = 0; i < 3000; i++) printf "g\t%.3f\t%d\n", i % 2 ? 2.5 : -1, i % 2 }' | pretrain -a 'hash 1, dense 1' --optimizer sgd -o linear
is 'fits numbers' "$(printf 'g\t?\t0\ng\t?\t1\n' | score -m linear | awk '{ printf "%.2f ", $3 }')" '-1.00 2.50 '

# ---- what is refused leaves the old file ----

cp model old
refused() { # what, record, pattern, options...
	what=$1 pattern=$3
	printf '1\t1\t1\n%s\n' "$2" >line
	shift 3
	[ $# -gt 0 ] || set -- -b 8
	t "$what" 3 '' "^pretrain: line:2: $pattern" pretrain "$@" -o model line
	is "$what: the old file stays" "$(cmp old model)" ''
}
refused 'a short record' "g${tab}1" 'too few fields'
refused 'a longer record' "g${tab}x${tab}1${tab}1" 'more fields'
refused 'a blank line' '' 'blank line'
for bad in 2 -1 0.5 x 1,5 nan inf 1e999 0x1 '' ; do
	refused "a label of \"$bad\"" "g${tab}$bad${tab}1" 'field 2 \(label\): (neither 0 nor 1|not a number)'
done
refused 'an unknown label' "g${tab}?${tab}1" 'field 2 \(label\): unknown, where one is needed: "\?"'
refused 'a class beyond the model' "g${tab}4${tab}1" 'field 2 \(label\): not a class of the model: "4" \(its classes are 0 to 3\)$' -a 'hash 8, dense 4 softmax'
for bad in 256 x 1:x 1:nan 1:1e999 1: 1:1,5 '1  2' ' 1' '1 ' -1 '=1 x'; do
	refused "features \"$bad\"" "g${tab}1${tab}$bad" 'field 3 \(features\): '
done
refused 'an index beyond the model says why' "g${tab}1${tab}256" 'field 3 \(features\): index is beyond the model.s: "256" \(indexes are below 256; were the records made with other bits\?\)$'
refused 'too few values say how many' "g${tab}1${tab}=1 2" 'field 3 \(features\): fewer values than the model has inputs \(2, where it has 3\)$' \
	-a 'vector 3, dense 1 sigmoid'
refused 'too many values too' "g${tab}1${tab}=1 2 3 4" 'field 3 \(features\): more values than the model has inputs \(it has 3\)$' \
	-a 'vector 3, dense 1 sigmoid'
refused 'an index beyond a vector' "g${tab}1${tab}3:1" 'field 3 \(features\): index is beyond the model.s: "3:1" \(its inputs are 0 to 2\)$' \
	-a 'vector 3, dense 1 sigmoid'
for bad in 0 -1 x nan '' 1e31; do
	refused "a weight of \"$bad\"" "$bad${tab}1${tab}1" 'field 1 \(weight\): not a number above 0' -b 8 -w 1
done
printf 'g\tx\t1\t1\ng\t1\t1\n' >line
t 'a record shorter than the first' 3 '' '^pretrain: line:2: fewer fields' pretrain -b 8 -o model line
printf 'g\t1\t1\ng\t1\t1:1,5\ng\t0\t2' >line
t '--max-bad goes on, --rejects keeps' 0 '' '1 of 3 lines refused' pretrain --max-bad 1 --rejects rejects -b 8 -o again line
is 'byte for byte' "$(cat rejects)" "g${tab}1${tab}1:1,5"
grep -v , line | pretrain -b 8 -o one
is 'and learns the others' "$(cmp one again)" ''
printf 'g\t1\t1\r\ng\t0\t2\r\n' | pretrain -b 8 -o again 2>/dev/null
is 'CR LF' "$(cmp one again)" ''
printf '\357\273\277g\t1\t1\ng\t0\t2\n' | pretrain -b 8 -o again
is 'a byte order mark' "$(cmp one again)" ''

choice() { # what, pattern; records on stdin
	cat >line
	t "$1" 3 '' "$2" pretrain -a 'hash 8, dense 1 choice' -o model line
	is "$1: the old file stays" "$(cmp old model)" ''
}
choice 'a choice of none' '^pretrain: line:3: its group has 0 records with label 1: "h" \(a choice is one record of a whole group\)$' <<END
g	1	1
g	0	2
h	0	1
h	0	2
i	1	1
END
choice 'a choice of two' '^pretrain: line:1: its group has 2 records with label 1: "g"' <<END
g	1	1
g	1	2
END
choice 'a choice of none, last' 'line:2: its group has 0 records with label 1: "h"' <<END
g	1	1
h	0	2
END

# Groups that are no choice, or have a line that is refused, are refused whole: what is learnt is the others.
broken() { # what, groups that are learnt, refused lines, pattern; records on stdin
	cat >line
	t "--max-bad and choices: $1" 0 '' "$4" pretrain --max-bad "$3" --rejects rejected -a 'hash 8, dense 1 choice' -o model line
	is "$1: $3 lines are refused" "$(tail -n 1 .err)" "pretrain: $3 of $(wc -l <line | tr -d ' ') lines refused"
	is "$1: and can be mended" "$(sort rejected)" "$(grep -v "^[$2]" line | sort)"
	grep "^[$2]" line | pretrain -a 'hash 8, dense 1 choice' -o again
	is "$1: the others are learnt" "$(cmp model again)" ''
	t "$1: one less is too few" 3 '' 'its group has' pretrain --max-bad $(($3 - 1)) -a 'hash 8, dense 1 choice' -o model line
}
broken 'no positive, several, none at the end' gi 6 'line:3: its group has 0 records with label 1: "h"' <<END
g	1	1
g	0	2
h	0	1
h	0	2
i	1	1
i	0	3
j	1	1
j	1	3
k	0	1
k	0	4
END
broken 'labels and features that are none' gi 10 'line:3: its group has a line that is refused: "h"' <<END
g	1	1
g	0	2
h	1	1
h	0	x
h	0	2
i	1	1
i	0	3
j	x	1
j	1	3
k	1	1
k	0	4
k	0	4
k	0	4:x
l	x	4
END
broken 'short and blank lines' gi 7 'line:3: its group has a line that is refused: "h"' <<END
g	1	1
g	0	2
h	1	1
h	0
h	0	2
i	1	1
i	0	3

j	1	1

j	0	3
END
cp old model
choice 'a group that comes again after it ended' '^pretrain: line:4: its group ended at line:2 \(sort first\)$' <<END
g	0	1
g	1	2
h	1	1
g	1	2
END
printf 'g\t1\t1\nh\t1\t2\ng\t1\t1\n' >line
t 'and with passes' 3 '' 'line:3: its group ended at line:1' pretrain -e 2 --optimizer sgd -a 'hash 8, dense 1 choice' -o model line
t 'and among those to judge by' 3 '' 'line:3: its group ended at line:1' \
	pretrain --valid line --optimizer sgd -a 'hash 8, dense 1 choice' -o model choices
t 'groups of other heads may come again' 0 '' '' pretrain -b 8 -o model line
cp old model

t 'training that diverges is not saved' 4 '' 'model: not saved: tensor "[0-9].[a-z]*": has NaN or infinite values' \
	pretrain -a 'hash 8, dense 1' --optimizer sgd -r 1e6 -o model log
is 'and the old file stays' "$(cmp old model)" ''
t 'a folder that is not there' 4 '' 'nowhere/model: No such file' pretrain -b 8 -o nowhere/model log
t 'not a file' 4 '' '/dev/null: not a regular file' pretrain -b 8 -o /dev/null log
t 'no such input' 4 '' 'nowhere: No such file' pretrain -b 8 -o model nowhere
is 'and the old file stays' "$(cmp old model)" ''
t 'a damaged model is not resumed' 4 '' 'log: not a safetensors file' pretrain --resume -m log -o model log
t 'no model to resume' 4 '' 'nowhere: No such file' pretrain --resume -o nowhere log
is 'no temporary files are left' "$(ls -d model.?????? 2>/dev/null)" ''

# ---- options ----

t 'no -o' 2 '' '-o names the file' pretrain log
t 'no such option' 2 '' 'no such option' pretrain -Z
t 'an architecture that is none' 2 '' '--architecture: no such layer: hash, ids, vector, image; .*: "hsah"' pretrain -a 'hsah 3' -o model log
t 'no such optimizer' 2 '' 'no such optimizer: "x"' pretrain --optimizer x -o model log
t 'beliefs have no rate' 2 '' '--rate: beliefs have none' pretrain -r 1 -o model log
t 'beliefs have no batch' 2 '' '--batch: beliefs have none' pretrain -B 10 -o model log
t 'choices have no batch' 2 '' '--batch: a choice head learns group by group' pretrain -B 10 --optimizer sgd -a 'hash 8, dense 1 choice' -o model choices
t 'beliefs learn once' 2 '' '--epochs: beliefs learn a record once' pretrain -e 2 -o model log
t 'beliefs are for log-linear models' 2 '' 'beliefs are for log-linear models' pretrain -a 'hash 3, dense 1' --optimizer beliefs -o model log
t 'penalties are for ftrl' 2 '' '--l1: for --optimizer ftrl' pretrain --optimizer sgd --l1 1 -o model log
t '-m without --resume' 2 '' '--model: with --resume' pretrain -m old -o model log
t '--resume with a rate' 2 '' '--resume: the model says its optimizer' pretrain --resume -r 1 -o model log
t '--resume with an architecture' 2 '' '--resume: the model says its architecture' pretrain --resume -a 'hash 3, dense 1' -o model log
t '--resume with bits' 2 '' '--resume: the model says its architecture, its bits' pretrain --resume -b 8 -o model log
t '--resume with a variance' 2 '' '--resume: the model says its architecture' pretrain --resume --variance 1 -o model log
t 'bits beside an architecture' 2 '' '--bits: the architecture says' pretrain -b 5 -a 'hash 4, dense 1 sigmoid' -o other log
t 'no such field' 2 '' '--label: no field 9' pretrain -y 9 -b 8 -o model log
t 'the features are no label' 2 '' '--label: the last field holds the features' pretrain -y -1 -b 8 -o model log
t 'bits' 2 '' '--bits: not within 1 and 30' pretrain -b 31 -o model log
is 'the old file stays' "$(cmp old model)" ''

# ---- memory ----

flat 'beliefs' log pretrain -b 8 -o again
done_testing
