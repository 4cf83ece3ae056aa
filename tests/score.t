#!/bin/sh
# score.t - predictions against the formulas over printed weights; every head; draws and optimism; what is refused

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit
tab=$(printf '\t')

awk 'BEGIN {
	for (i = 0; i < 2000; i++) {
		a = i * 7919 % 13
		b = i * 104729 % 11
		printf "g%d\tp%d\t%d\tq%d\t%d\t%d %d:%.4f %d\n", i / 4, i % 50, i, i % 3, (a > b || i % 7 == 0), a, 16 + b, (i * 31 % 97) / 50 - 1, i % 10 ? 40 + i * 17 % 200 : a
	}
}' >log
awk -F '\t' -v OFS='\t' '{ $5 = ($5 + NR) % 4; print }' log >classes
awk -F '\t' -v OFS='\t' '{ $5 = NR % 4 == int((NR - 1) / 4) % 4; print }' log >choices
pretrain -b 8 -o model log
pretrain -a 'hash 8, dense 4 softmax' -o soft classes
pretrain -a 'hash 8, dense 1 choice' -o choice choices

# The scores as awk has them from the model in words: probability and standard deviation of each record and class.
by_hand() { # head, model; records on stdin
	weights --all -m "$2" | awk -F '\t' -v head="$1" -v pi=3.141592653589793 '
	FILENAME == "-" && $1 == "0.weight" { mean[$2] = $3; variance[$2] = $4 * $4; next }
	FILENAME == "-" { bias[$2] = $3; bias_variance[$2] = $4 * $4; K = $2 + 1; next }
	FNR == 1 { if (head == "choice") K = 1 }
	function finish(   i) {
		for (i = 1; i <= waiting; i++) print e[i] / Z, sd[i]
		waiting = Z = 0
	}
	{
		if (head != "choice" || $1 != group) finish()
		group = $1
		n = split($NF, feature, " ")
		for (k = 0; k < K; k++) {
			s = bias[k] + 0
			S = bias_variance[k] + 0
			split("", x)
			for (i = 1; i <= n; i++) {
				split(feature[i], part, ":")
				x[part[1]] += feature[i] ~ /:/ ? part[2] : 1
			}
			for (i in x) {
				key = head == "softmax" ? i "," k : i
				s += mean[key] * x[i]
				S += variance[key] * x[i] * x[i]
			}
			e[++waiting] = exp(s / sqrt(1 + pi * S / 8))
			sd[waiting] = sqrt(S)
			Z += e[waiting]
		}
		if (head == "sigmoid") Z += 1
	}
	END { finish() }' - "$3"
}

# Whether two columns of numbers are the same to a millionth.
near() { # what, file, file
	is "$1" "$(paste "$2" "$3" | awk '{ d = $1 - $2; if (d > 1e-6 || d < -1e-6 || NF != 2) n++ } END { print NR + 0, n + 0 }')" \
		"$(wc -l <"$3" | tr -d ' ') 0"
}

# ---- each head ----

is 'there are records' "$(cat log classes choices | wc -l | tr -d ' ')" 6000
t 'a sigmoid head' 0 - '' score -m model log
cp .out scores
is 'all but the features stays' "$(cut -f 1-5 log | cmp - /dev/stdin <<END
$(cut -f 1-5 scores)
END
)" ''
by_hand sigmoid model log >expected
cut -f 6 scores >got
cut -d ' ' -f 1 expected >p
near 'P(1 | x) as the formula has it' got p
t '--std' 0 - '' score --std -m model log
is 'a field more, before the label' "$(cut -f 1-4,6- .out | cmp - scores)" ''
cut -f 5 .out >got
cut -d ' ' -f 2 expected >sd
near 'the standard deviation of the logit' got sd

t 'a softmax head: a line for each class' 0 - '' score --std -m soft classes
cp .out scores
by_hand softmax soft classes >expected
awk '{ print int((NR - 1) / 4), (NR - 1) % 4, $0 }' expected | sort -k 1n,1 -k 3gr,3 | cut -d ' ' -f 3 >p
cut -f 8 scores >got
near 'P(k | x) as the formula has it, best first' got p
is 'four lines a record; the class is a field more; its label is 1 where it is the record'"'"'s' \
	"$(awk -F '\t' 'NR == FNR { label[NR] = $5; next }
		NF != 8 || $7 != ($5 == label[int((FNR - 1) / 4) + 1]) { n++ } END { print FNR, n + 0 }' classes scores)" '8000 0'
is 'probabilities of a record add up to 1' \
	"$(awk '{ sum += $8 } NR % 4 == 0 { if (sum < 1 - 1e-8 || sum > 1 + 1e-8) n++; sum = 0 } END { print n + 0 }' scores)" 0
t '-k 1: the best class and the labelled one' 0 - '' score -k 1 --std -m soft classes
awk -F '\t' '(NR - 1) % 4 == 0 || $7 == 1' scores >expected
is 'with the scores they have among all' "$(cmp .out expected)" ''
t '-k 9 of four is all' 0 "$(cat scores)" '' score -k 9 --std -m soft classes
printf 'g\tx\t?\t1 20\n' >unknown
t 'a label that is unknown stays so, for each class' 0 - '' score -k 2 -m soft unknown
is 'two lines' "$(cut -f 1,2,4 .out)" "g${tab}x${tab}?
g${tab}x${tab}?"
t 'and for a sigmoid' 0 - '' score -m model unknown
is 'one line' "$(cut -f 1-3 .out)" "g${tab}x${tab}?"

t 'a choice head' 0 - '' score -m choice choices
cp .out scores
by_hand choice choice choices | cut -d ' ' -f 1 >p
cut -f 6 scores >got
near 'P(candidate | group) as the formula has it' got p
is 'adds up to 1 in each group' \
	"$(awk '{ sum[$1] += $6 } END { for (g in sum) n += sum[g] < 1 - 1e-8 || sum[g] > 1 + 1e-8; print n + 0 }' scores)" 0
is 'all but the features stays' "$(cut -f 1-5 choices | cmp - /dev/stdin <<END
$(cut -f 1-5 scores)
END
)" ''
printf '\tx\t?\t1\n\ty\t?\t2\ng\tx\t0\t1\n' >line
t 'a group may have no name, and no choice' 0 - '' score -m choice line
is 'a group of two, a group of one' "$(awk -F '\t' '{ sum[$1] += $4 } END { printf "%.6f %.6f", sum[""], sum["g"] }' .out)" '1.000000 1.000000'
printf 'g\t?\t1\nh\t?\t1\nh\t?\t3\ng\t?\t2\ni\t?\t2\n' >line
t 'a group that comes again after it ended' 3 - '^score: line:4: its group ended at line:1 \(sort first\)$' score -m choice line
is 'and what was before it is there' "$(cut -f 1,2 .out)" "g${tab}?
h${tab}?
h${tab}?"
printf 'f\t?\t1\nf\t?\t2\ng\t?\t1\ng\t?\tx\ng\t?\t3\nh\t?\t1\nh\t?\n\nh\t?\t2\ni\t?\t1\n\nj\t?\t2\nj\t?\tx' >line
t 'a group with a refused line is refused whole' 0 - 'line:3: its group has a line that is refused: "g" \(a choice' \
	score --max-bad 10 --rejects rejected -m choice line
is 'the others are scored' "$(cat .out)" "$(printf 'f\t?\t1\nf\t?\t2\ni\t?\t1\n' | score -m choice)"
is 'and its lines are kept' "$(sort rejected)" "$(grep -v '^[fi]' line | sort)"
is 'and counted' "$(tail -n 1 .err)" 'score: 10 of 13 lines refused'
t 'one less is too few' 3 - 'line:12: its group has' score --max-bad 9 -m choice line
is 'what was before it is written' "$(cat .out)" "$(printf 'f\t?\t1\nf\t?\t2\ni\t?\t1\n' | score -m choice)"
awk -F '\t' -v OFS='\t' '{ $2 = $1; $1 = "g" }1' choices >line
score -g 2 -m choice line | awk -F '\t' '{ if ($2 != last) groups++; last = $2; sum += $6 } END { d = sum - groups; print (d < 1e-4 && d > -1e-4) }' >got
is '-g names the group' "$(cat got)" 1
awk -F '\t' -v OFS='\t' '{ print $5, $1, $6 }' log | score -y 1 -m model | cut -f 3 >got
score -m model log | cut -f 6 | cmp - got >difference
is '-y names the label' "$(cat difference)" ''

# ---- what no float holds ----

awk '{ print "g\t" NR % 2 "\t" NR % 4 " 60" }' log >pairs
printf 'g\t?\t1\nh\t?\t2\nh\t?\t1:1e20 60:1e20\nh\t?\t3\n' >huge
for head in '1 sigmoid' '1 linear' '3 softmax' '200 softmax' '1 choice'; do
	case $head in
	*choice) awk '{ print "g" int((NR - 1) / 2) "\t" NR % 2 "\t" NR % 4 " 60" }' log >line ;;
	*) cp pairs line ;;
	esac
	pretrain -a "hash 8, fm 4, dense $head" -o fm line
	t "a score that is not finite, dense $head" 3 - '^score: huge:3: features: the score is not finite' score -k 1 -m fm huge
	is "and what was before it is there, dense $head" "$(cut -f 1 .out)" "$(case $head in *choice) echo g ;; *) printf 'g\nh\n' ;; esac)"
	is "it is not learnt either, dense $head" "$(sed 's/?/1/; 2s/1/0/; 4s/1/0/' huge |
		pretrain -a "hash 8, fm 4, dense $head" -o fm - line 2>&1 | sed 's/tensor ".*"/a tensor/')" \
		'pretrain: fm: not saved: a tensor: has NaN or infinite values'
done

# ---- draws and optimism ----

t '--ucb 0 is the logit itself, not moderated' 0 - '' score --ucb 0 --std -m model log
cut -f 7 .out >mean
score --ucb 2 -m model log | cut -f 6 >got
paste mean sd | awk '{ print 1 / (1 + exp(-(log($1 / (1 - $1)) + 2 * $2))) }' >p
near '--ucb C adds C standard deviations to it' got p
t '--sample' 0 - '' score --sample -m model log
cp .out drawn
score --sample -m model log | cmp - drawn >difference
is 'two runs draw the same' "$(cat difference)" ''
score --sample --seed 2 -m model log | cmp -s - drawn
is '--seed draws others' $? 1
sort -r log | score --sample -m model | sort >got
is 'the order of the records does not matter' "$(sort drawn | cmp - got)" ''
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "g%d\t?\t3 16:0.5 20\n", i }' >many
score --sample --std -m model many | awk -F '\t' '{
	z = log($4 / (1 - $4))
	sum += z
	squares += z * z
	sd = $2
} END { mean = sum / NR; print mean, sqrt(squares / NR - mean * mean), sd }' >drawn
score --ucb 0 -m model many | awk -F '\t' 'NR == 1 { print log($3 / (1 - $3)) }' >mean
is 'drawn logits have the mean and the standard deviation that the model states' \
	"$(paste drawn mean | awk '{ e = ($1 - $4) / $3 * sqrt(20000); r = $2 / $3; print (e < 5 && e > -5 && r < 1.025 && r > 0.975) }')" 1
printf 'g\t?\t3 16\ng\t?\t3 16\nh\t?\t3 16\n' | score --sample -m model | cut -f 3 >got
is 'records of a group share their draw, others do not' "$(uniq got | wc -l | tr -d ' ') $(head -n 2 got | uniq | wc -l | tr -d ' ')" '2 1'
for m in soft choice; do
	for o in --sample '--ucb 1'; do
		# shellcheck disable=SC2086
		t "$o, $m" 0 - '' score $o -m $m choices
	done
done

# ---- a model that another program made ----

# Bytes of a safetensors file: a header, its length below 256 in front of it, and numbers as printf has them.
foreign() { # header, numbers
	# shellcheck disable=SC2059
	printf "\\$(printf '%03o' ${#1})\\0\\0\\0\\0\\0\\0\\0%s$2" "$1"
}
header='{"0.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"0.bias":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}  '
foreign "$header" '\0\0\200\077\0\0\0\300\0\0\0\077' >theirs # 1 and -2, 0.5
printf 'g\t?\t=3 1\n' >line
t '-a: its layers' 0 "g$tab?${tab}0.817574476" '' score -a 'vector 2, dense 1 sigmoid' -m theirs line
t 'without -a' 4 '' '^score: theirs: no "format" in its metadata: not a model of weir$' score -m theirs line
t '-a: other shapes' 4 '' 'theirs: tensor "0.weight" has not the shape' score -a 'vector 3, dense 1 sigmoid' -m theirs line
t '-a: a tensor too few' 4 '' 'theirs: tensor "2.weight" is missing' score -a 'vector 2, dense 1 relu, dense 1 sigmoid' -m theirs line
t '-a: a tensor too many' 4 '' 'theirs: it has tensors that are not of its architecture' score -a 'vector 2, dense 1 choice' -m theirs line
t '-a of no architecture' 2 '' '--architecture: no such layer: .*: "vectr"' score -a 'vectr 2' -m theirs line
t '-a with a model that has its own' 2 '' '--architecture: the model has its own: model' score -a 'vector 2, dense 1 sigmoid' -m model line

# ---- streams ----

t 'empty input' 0 '' '' score -m model /dev/null
t 'empty input, choices' 0 '' '' score -m choice /dev/null
printf 'g\tx\t1\t3' >line
t 'no final newline' 0 - '' score -m model line
is 'is a line all the same' "$(cut -f 1-3 .out)" "g${tab}x${tab}1"
head -n 777 log >a
tail -n +778 log >b
score -m model a b >got
score -m model log >scores
is 'two files' "$(cmp got scores)" ''
{ score -m model a && score -m model b; } | cmp - scores >difference
is 'out(a + b) = out(a) + out(b)' "$(cat difference)" ''
printf 'g\t1\t\ng\t1\t=\ng\t1\t=1 2\ng\t1\t0 1:2\n' | score -m model | cut -f 3 >got
is 'no features, and dense ones' "$(uniq got | wc -l | tr -d ' ')" 2
printf '\377\001g\tx y\t?\t3\r\n' | score -m model 2>/dev/null | od -An -c | tr -d ' \n' | sed 's/0\..*//' >got
is 'any bytes pass; CR LF becomes LF' "$(cat got)" '377001g\txy\t?\t'
is 'none of it is CR' "$(printf 'g\t?\t3\r\n' | score -m model 2>/dev/null | tr -d -c '\r')" ''

# ---- what is refused ----

refused() { # what, record, pattern, model
	printf 'g\t1\t1\n%s\n' "$2" >line
	t "$1" 3 - "^score: line:2: $3" score -m "${4-model}" line
	is "$1: what stands before is written" "$(cut -f 1,2 .out)" "g${tab}1"
}
refused 'a short record' "g${tab}1" 'too few fields'
refused 'a longer record' "g${tab}x${tab}1${tab}1" 'more fields'
refused 'a blank line' '' 'blank line'
for label in 9 4.5 x 1,5 nan ''; do
	printf 'g\t%s\t1\n' "$label" >line
	t "a label of \"$label\" is no class" 3 '' 'line:1: field 2 \(label\): not a (class of the model|number)' score -m soft line
	for m in model choice; do
		t "a label of \"$label\" passes a model of one unit" 0 - '' score -m $m line
		is 'as it is' "$(cut -f 1,2 .out)" "g${tab}$label"
	done
done
for bad in 256 x 1:x 1:nan '1  2'; do
	refused "features \"$bad\"" "g${tab}1${tab}$bad" 'field 3 \(features\): '
done
printf 'g\t3\t1\ng\t4\t1\n' >line
t 'a class beyond the model' 3 - '^score: line:2: field 2 \(label\): not a class of the model: "4"' score -m soft line
printf 'g\tx\t1\t1\ng\t1\t1\n' >line
t 'a record shorter than the first' 3 - '^score: line:2: fewer fields' score -m model line
printf 'g\t1\t1\ng\t1\t1:1,5\ng\t0\t2' >line
t '--max-bad goes on, --rejects keeps' 0 - '1 of 3 lines refused' score --max-bad 1 --rejects rejects -m model line
is 'two lines' "$(cut -f 2 .out | paste -s -d ' ' -) $(cat rejects)" "1 0 g${tab}1${tab}1:1,5"

# ---- options and system ----

t 'no model' 2 '' '-m names the model' score log
t 'no such option' 2 '' 'no such option' score -Z
t 'no such field' 2 '' '--label: no field 9' score -y 9 -m model log
t 'the features are no label' 2 '' '--label: the last field holds the features' score -y -1 -m model log
t '--sample with --ucb' 2 '' '--sample and --ucb exclude each other' score --sample --ucb 1 -m model log
pretrain -b 8 --optimizer sgd -o plain log
for o in --sample --std '--ucb 1'; do
	# shellcheck disable=SC2086
	t "$o without beliefs" 2 '' "${o% 1}: the model holds no beliefs" score $o -m plain log
done
t 'no such model' 4 '' 'nowhere: No such file' score -m nowhere log
t 'not a model' 4 '' 'log: not a safetensors file' score -m log log
t 'no such input' 4 '' 'nowhere: No such file' score -m model nowhere
if [ -w /dev/full ]; then
	t 'a full disk' 4 '' 'No space left' sh -c 'score -m model log >/dev/full'
else
	skip 'a full disk' 'no /dev/full'
fi
flat 'probabilities' log score -m model
# What is known is written before a read that may block, and before a refusal ends the program.
mkfifo to from
score -m model <to >from &
exec 3>to 4<from
head -n 1 log >&3
is 'a record is scored before the next one comes' "$(timeout 10 head -n 1 <&4)" "$(head -n 1 log | score -m model)"
exec 3>&- 4<&-
wait
{ head -n 3 log; echo bad; head -n 3 log; } >broken
t 'what comes before a refused record' 3 "$(head -n 3 log | score -m model)" ':4: ' score -m model broken
done_testing
