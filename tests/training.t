#!/bin/sh
# training.t - what goes on around the steps of pretrain and finetune: threads, validation, patience, budgets, clipping,
# schedules, progress, the curve, bodies that are frozen

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit
tab=$(printf '\t')

# Images of 8 by 7 with a bright bar: its place, and now and then chance, is the class of four.
images() { # n, seed
	awk -v n="$1" -v r="$2" 'function uniform() { return (r = r * 16807 % 2147483647) / 2147483647 }
	BEGIN {
		for (i = 0; i < n; i++) {
			k = int(uniform() * 4)
			line = ""
			for (p = 0; p < 56; p++)
				line = line sprintf(" %.3f", uniform() * 0.5 + (p % 7 == k + 1 || int(p / 7) == 2 * k))
			printf "g%d\t%d\t=%s\n", i, uniform() < 0.2 ? int(uniform() * 4) : k, substr(line, 2)
		}
	}'
}
images 700 11 >pictures
images 200 12 >judges
sparse() { # n, first
	awk -v n="$1" -v from="$2" 'BEGIN {
		for (i = from; i < from + n; i++) {
			a = i * 7919 % 13
			b = i * 104729 % 11
			printf "g%d\t%d\t%d %d:%.4f %d\n", i / 4, (a > b || i % 7 == 0), a, 16 + b, (i * 31 % 97) / 50 - 1, 40 + i * 17 % 200
		}
	}'
}
sparse 1500 0 >log
sparse 400 9000 >valid
awk -F '\t' -v OFS='\t' '{ $2 = NR % 4 == int((NR - 1) / 4) % 4; print }' log >choices
conv='image 8 7 1, conv 6 3 relu, pool 2, flatten, dense 4 softmax'
deep='hash 8, embed 5 mean, dense 40 relu, dense 1 sigmoid'

# ---- threads ----

threads() { # what, input, options...
	way=$1 input=$2
	shift 2
	pretrain "$@" -j 1 -o one "$input"
	for j in 2 3; do
		t "-j $j: $way" 0 '' '' pretrain "$@" -j $j -o many "$input"
		is "-j $j: $way: the model of one thread" "$(cmp one many 2>&1)" ''
		score -m one "$input" >scores
		score -j $j -m one "$input" | cmp - scores >difference 2>&1
		is "score -j $j: $way: the scores of one thread" "$(cat difference)" ''
	done
}
threads 'images' pictures -a "$conv" -B 90 -e 2
threads 'images, strides and edges' pictures -a 'image 8 7 1, conv 5 3 same tanh, conv 3 3 stride 2, flatten, dropout 20, dense 4 softmax' -B 64
threads 'embeddings' log -a "$deep" -B 100 -e 2
threads 'wide layers' log -a 'hash 8, dense 300 relu, dense 200 relu, dense 1 sigmoid' -B 100
threads 'choices' choices -a 'hash 8, dense 30 tanh, dense 1 choice'
threads 'clipped' pictures -a "$conv" -B 90 --clip 0.1
t '-j of none' 2 '' '--jobs: not within 1 and 64' pretrain -j 0 -o one log

# ---- validation ----

curve() { # line from the end, column
	tail -n "$1" curve | head -n 1 | cut -f "$2"
}
figures() { # model, records, metrics: as the curve has them
	score -m "$1" "$2" | metrics -M "$3" | cut -f 2 | paste -s -d ' ' - | awk '{ for (i = 1; i <= NF; i++) printf "%.6f ", $i; print "" }'
}
class_figures() { # model, records: the same, of a model of classes
	score -m "$1" "$2" | awk -F '\t' '
	{ likeliest = $1 != group; group = $1 }
	$(NF - 1) == 1 { s -= log($NF); n++; right += likeliest }
	END { printf "%.6f %.6f \n", s / n, right / n }'
}
shown() { # columns 5 and 6 of the last line of the curve, alike
	curve 1 5,6 | awk '{ printf "%.6f %.6f \n", $1, $2 }'
}
t '--valid' 0 '' '' pretrain --valid valid --log curve -b 8 --optimizer adagrad -o model log
is '--valid: the curve ends with loss and accuracy of the model on those records' "$(shown)" "$(figures model valid logloss,accuracy)"
is '--valid: lines within a pass have no such figures' "$(head -n 1 curve | cut -f 5,6)" "-$tab-"
pretrain -b 8 --optimizer adagrad -o again log
is '--valid: nothing of them is learnt' "$(cmp model again 2>&1)" ''
pretrain --valid valid --log curve -b 8 -o model log
is '--valid: beliefs' "$(shown)" "$(figures model valid logloss,accuracy)"
t '--valid, more passes' 0 '' '^pretrain: pass 3: mean loss .*; valid: mean loss [0-9.]*, accuracy' \
	pretrain -v -e 3 --valid judges --log curve -a "$conv" -o model pictures
is '--valid: images, after the last pass' "$(curve 1 1) $(shown)" "3 $(class_figures model judges)"
is '--valid: a line for each pass after the first' "$(cut -f 1 curve | uniq | paste -s -d ' ' -)" '1 2 3'
head -n 400 choices >some
pretrain --valid some --log curve -a 'hash 8, dense 1 choice' --optimizer adagrad -o model choices
is '--valid: a group is one choice' "$(curve 1 5 | awk '{ printf "%.5f", $1 }')" \
	"$(score -m model some | awk -F '\t' '$2 == 1 { s -= log($3); n++ } END { printf "%.5f", s / n }')"
pretrain -b 8 --optimizer adagrad -o source log
finetune --prior 500 --valid valid --log curve -e 2 -m source -o model log
is '--valid: what a prior has still to pull is pulled before' "$(shown)" "$(figures model valid logloss,accuracy)"
finetune --prior 500 -e 2 -m source -o again log
is '--valid: and training goes on as if nothing had been' "$(cmp model again 2>&1)" ''
t '--valid with nothing' 3 '' '^pretrain: --valid: no records: /dev/null' pretrain --valid /dev/null -b 8 -o model log
t '--valid with a bad record' 3 '' '^pretrain: pictures:[0-9]*: field [23]' pretrain --valid pictures -b 8 -o model log
t '--valid with no file' 4 '' 'nowhere: No such file' pretrain --valid nowhere -b 8 -o model log
t '--valid with --auto' 2 '' '--valid: not with --auto' sh -c 'pretrain -b 8 -o b log && finetune --valid valid -m b -o model log'

# ---- patience ----

head -n 60 pictures >few
t '--patience' 0 '' '' pretrain -e 40 --patience 3 --valid judges --log curve -r 0.02 -a "$conv" -o model few
best=$(grep -v -e - curve | sort -k 5g,5 -s | head -n 1 | cut -f 1)
last=$(curve 1 1)
is '--patience: it stops three passes after the best' "$((last - best)) $((best > 1 && last < 40))" '3 1'
pretrain -e "$best" --valid judges -r 0.02 -a "$conv" -o again few
is '--patience: the best is kept, as if no more had been' "$(cmp model again 2>&1)" ''
pretrain --resume -m model -o more.model judges
pretrain --resume -m again -o again.model judges
is '--patience: and goes on like that' "$(cmp more.model again.model 2>&1)" ''
t '--patience without --valid' 2 '' '--patience: --valid names the records' pretrain --patience 1 -b 8 -o model log

# ---- budget ----

t '--budget: enough' 0 '' '' pretrain --budget 1e6 -e 2 -a "$deep" -o model log
pretrain -e 2 -a "$deep" -o again log
is '--budget: enough changes nothing' "$(cmp model again 2>&1)" ''
t '--budget: spent' 0 '' '^pretrain: stopped after 1e-09 seconds: the first 32 records were learnt' \
	pretrain --budget 1e-9 -e 5 -a "$deep" -o model log
head -n 32 log | pretrain -a "$deep" -o again
is '--budget: what was learnt till then is kept' "$(cmp model again 2>&1)" ''
t '--budget: spent, though records do not end' 0 '' 'stopped after' \
	sh -c 'while cat log; do :; done 2>/dev/null | timeout 60 pretrain --budget 1e-9 -b 8 -o model'
t '--budget with --auto' 0 '' 'stopped after 1e-09 seconds: the first 1 records were learnt' finetune --budget 1e-9 -m b -o model log
head -n 1 log >part
finetune -m b -o again part 2>/dev/null
is '--budget with --auto: what was learnt till then is kept' "$(cmp model again 2>&1)" ''

# ---- clipping and schedules, by hand: records without features, so that the bias alone learns ----

printf 'g\t1\t3 5:-2 9:4\n' >one.record
norm() { weights -m "$1" | awk '{ s += $3 * $3 } END { printf "%.6f\n", sqrt(s) }'; }
t '--clip' 0 '' '' pretrain --clip 0.1 --optimizer sgd -r 2 -b 4 -o model one.record
is '--clip: a step is as long as the rate times the clip' "$(norm model)" 0.200000
pretrain --optimizer sgd -r 2 -b 4 -o model one.record
pretrain --clip 100 --optimizer sgd -r 2 -b 4 -o again one.record
is '--clip: what is shorter is left alone' "$(cmp model again 2>&1)" ''
t '--clip with beliefs' 2 '' '--clip: beliefs have no rate' pretrain --clip 1 -b 8 -o model log

printf 'g\t1\t\ng\t0\t\ng\t1\t\ng\t1\t\n' >four
for schedule in constant linear cosine; do
	t "--schedule $schedule" 0 '' '' pretrain --schedule $schedule -e 2 --optimizer sgd -r 0.5 -b 4 --log curve -o model four
	# A pass may take the four in any order, but for the first.
	weights -m model | awk -v s=$schedule '{ got = $3 } END {
		for (zero = 0; zero < 4; zero++) {
			b = 0
			for (i = 0; i < 8; i++) {
				pace = s == "linear" ? 1 - i / 8 : s == "cosine" ? (1 + cos(3.141592653589793 * i / 8)) / 2 : 1
				b += 0.5 * pace * ((i < 4 ? i != 1 : i - 4 != zero) - 1 / (1 + exp(-b)))
			}
			if (got - b < 1e-6 && b - got < 1e-6) n++
		}
		print n
	}' >found
	is "--schedule $schedule: the bias by hand" "$(cat found)" 1
done
t '--schedule of no such name' 2 '' '--schedule: constant, linear or cosine, not "step"' pretrain --schedule step --optimizer sgd -b 8 -o model log
t '--schedule with beliefs' 2 '' '--schedule: beliefs have no rate' pretrain --schedule linear -b 8 -o model log

# ---- progress and the curve ----

mkfifo pipe
{ head -n 700 log; sleep 1.2; tail -n +701 log; } >pipe &
t '--progress' 0 '' '^pretrain: [0-9]+ records, [0-9]+/s, rate 0.1, loss 0\.[0-9]+$' pretrain --progress --optimizer sgd -b 8 -o model pipe
wait
pretrain --optimizer sgd -b 8 -o again log
is '--progress changes nothing' "$(cmp model again 2>&1)" ''
pretrain -e 3 --log curve -a "$conv" -o model pictures
is '--log: pass, records, and figures that are numbers' \
	"$(awk -F '\t' 'NF != 4 || $3 !~ /^[0-9.]+$/ || !($4 >= 0 && $4 <= 1) || $2 <= last { n++ } { last = $2 } END { print n + 0, last }' curve)" '0 2100'
is '--log: within the first pass at twice the records each time' "$(awk -F '\t' '$1 == 1 { print $2 }' curve | paste -s -d ' ' -)" \
	'32 64 128 256 512 700'
is '--log: the last line is the mean of the last pass' \
	"$(pretrain -v -e 3 -a "$conv" -o again pictures 2>&1 | awk '/pass 3/ { printf "%.4f", $6 }')" "$(curve 1 3 | awk '{ printf "%.4f", $1 }')"

# ---- a frozen body is passed once: as if it went forward each time ----

# Layers that never wake go forward with every record; those that are frozen do not.
images 300 13 >other
pretrain -a "$conv" -e 2 -o net pictures
asleep() { # what, names, options...
	way=$1 names=$2
	shift 2
	t "--freeze: $way" 0 '' '' finetune --freeze "$names" "$@" -o frozen other
	finetune --unfreeze 1000000 "$@" -o asleep other
	is "--freeze: $way: as if it went forward each time" "$(cmp frozen asleep 2>&1)" ''
	finetune -j 3 --freeze "$names" "$@" -o again other
	is "--freeze: $way: by three threads" "$(cmp frozen again 2>&1)" ''
}
asleep 'images' 0 -e 3 -m net
asleep 'images, a new head' 0 -e 3 --head 'dense 4 softmax' -m net
asleep 'images, a layer on top' 0,4 -e 3 --append 'dense 4 softmax' -m net
asleep 'images, schedule and validation' 0 -e 3 --schedule cosine --valid judges --patience 1 -m net
cp net start
t 'all frozen' 0 '' '' finetune --freeze 0,4 -e 2 -m net -o frozen other
is 'all frozen: nothing moves' "$(weights --all -m frozen >after; weights --all -m start | cmp - after 2>&1)" ''
done_testing
