#!/bin/sh
# sequences.t - models of sequences from end to end: learnt, resumed, sampled, scored, fine-tuned, pooled; what is refused

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit
tab=$(printf '\t')
net='ids 21, embed 5, gru 7, dense 21 softmax'

# Sessions of 2 to 7 events: what comes next is often the last item and the one before it added up.
sessions_of() { # n, from, times
	awk -v n="$1" -v from="$2" -v by="$3" 'BEGIN {
		for (i = from; i < from + n; i++) {
			a = i * 7919 % 20; b = i * 104729 % 20
			print "s" i "\t" a + 1
			for (j = 0; j < 1 + i % 6; j++) {
				print "s" i "\t" b + 1
				c = (i + j) % 5 ? (a + by * b) % 20 : (i * 31 + j * 17) % 20
				a = b; b = c
			}
		}
	}' | sessions
}
sessions_of 400 0 1 >log
sessions_of 100 400 1 >test
sessions_of 60 1000 1 >new
loss() { # model, file: mean loss of the labels
	score -m "$1" -k 1 "$2" | awk -F '\t' '$(NF - 1) == 1 { n++; s -= log($NF) } END { printf "%.3f\n", s / n }'
}

# ---- learnt and predicted ----

t 'a net of sequences' 0 '' 'pass 3' pretrain -v -a "$net" -e 3 -B 20 -r 0.01 -o model log
t 'two runs, and four threads, give the same file' 0 '' '' pretrain -j 4 -a "$net" -e 3 -B 20 -r 0.01 -o again log
is 'byte for byte' "$(cmp model again)" ''
is 'it learns' "$(pretrain -a "$net" -e 30 -B 20 -r 0.01 -o good log; awk -v a="$(loss model test)" -v b="$(loss good test)" 'BEGIN { print (a < 3.1 && b < 0.8 * a) ? "yes" : a " " b }')" yes
is 'tensors have the names that PyTorch gives them' "$(weights -m model | cut -f 1 | uniq | paste -s -d ' ' -)" \
	'0.weight 1.weight_ih_l0 1.weight_hh_l0 1.bias_ih_l0 1.bias_hh_l0 2.weight 2.bias'
head -n 400 log >a
tail -n +401 log >b
pretrain -a "$net" -B 20 -o whole log
pretrain -a "$net" -B 20 -o part a
t 'resumed' 0 '' '' pretrain --resume -o part b
is 'it is as if it had not stopped' "$(cmp whole part)" ''
score -m model test >scored
is 'scores add up to 1' "$(awk -F '\t' '{ s[$1 " " $2] += $NF } END { for (i in s) { n++; if (s[i] < 0.999999 || s[i] > 1.000001) bad++ } print n, bad + 0 }' scored)" \
	"$(wc -l <test | tr -d ' ') 0"
t 'records one by one have the scores that they have together' 0 "$(cat scored)" '' sh -c 'while IFS= read -r line; do printf "%s\n" "$line" | score -m model; done <test'
t 'by four threads too' 0 "$(cat scored)" '' score -j 4 -m model test
t 'and in any order' 0 "$(sort scored)" '' sh -c 'sort -k 4 test | score -m model | sort'
is '-k 3: the three best and the labelled one' "$(score -m model -k 3 test | cut -f 1-5)" "$(awk -F '\t' '
	$1 " " $2 != at { at = $1 " " $2; n = 0 }
	++n <= 3 || $(NF - 1) == 1' scored | cut -f 1-5)"
t 'a label may be unknown' 0 - '' sh -c 'awk -F "\t" -v OFS="\t" "{ \$3 = \"?\" } 1" test | score -k 1 -m model'
is 'then the best alone is written' "$(wc -l <.out | tr -d ' ')" "$(wc -l <test | tr -d ' ')"
pretrain -a 'ids 21, embed 4 mean, dense 1 sigmoid' -o mean - <<END
g${tab}1${tab}3 3 4
END
t 'without the order: equal ones count twice' 0 "$(printf 'g\t?\t4 3 3\n' | score -m mean)" '' score -m mean - <<END
g${tab}?${tab}3 4 3
END
pretrain -a 'hash 5, embed 5 seq, gru 7, dense 21 softmax' -e 3 -B 20 -r 0.01 -o hashed log
is 'a hash may be a sequence' "$(awk -v a="$(loss hashed test)" 'BEGIN { print a < 3.1 }')" 1
sed 's/ /:1 /g' test | score -m hashed >.out
is 'with values' "$(score -m hashed test | cmp - .out)" ''

# ---- sampled ----

t '--negatives' 0 '' 'pass 3' pretrain -v -a "$net" --negatives 8 -e 3 -B 20 -r 0.01 -o sampled log
pretrain -j 3 -a "$net" --negatives 8 -e 3 -B 20 -r 0.01 -o again log
is 'three threads give the same file' "$(cmp sampled again)" ''
pretrain -a "$net" -e 10 -B 20 -r 0.01 -o full log
pretrain -a "$net" --negatives 8 -e 10 -B 20 -r 0.01 -o sampled log
is 'it learns what the full softmax does' "$(awk -v a="$(loss full test)" -v b="$(loss sampled test)" 'BEGIN { print (a < 1 && b < a + 0.3) ? "yes" : a " " b }')" yes
pretrain -a "$net" --negatives 1000 -e 3 -B 20 -r 0.01 -o again log
is 'a sample of all is the full softmax' "$(awk -v a="$(loss again test)" -v b="$(loss model test)" 'BEGIN { print (a < b + 0.02 && b < a + 0.02) ? "yes" : a " " b }')" yes
t '--valid judges among all classes' 0 '' 'pass 1: .*; valid: mean loss [23]\.' pretrain -v -a "$net" --negatives 8 --valid test -o again log
t '--negatives without a softmax' 2 '' '--negatives: for a softmax head with a layer before it' pretrain --negatives 8 -o again log
t 'without a layer' 2 '' '--negatives: for a softmax head' pretrain -a 'hash 5, dense 21 softmax' --optimizer sgd --negatives 8 -o again log
t 'with a prior' 2 '' '--negatives: without --prior' finetune --prior 1 --negatives 8 -m model -o again new

# ---- transfer ----

t 'fine-tuned' 0 '' '' finetune -m good -e 3 -B 20 -o tuned new
is 'it is better than from scratch' "$(pretrain -a "$net" -e 3 -B 20 -r 0.01 -o scratch new; awk -v a="$(loss scratch test)" -v b="$(loss tuned test)" 'BEGIN { print b < a - 0.3 }')" 1
frozen() { # tensors by pattern: how many of their weights differ between good and tuned
	weights -m good | grep "^$1" >.good
	weights -m tuned | grep "^$1" | diff .good - | grep -c '^>'
}
finetune -m good --freeze 0,1 -e 2 -o tuned new
is '--freeze: embedding and gru stay' "$(frozen '[01]\.') $(frozen '2\.' | sed 's/[1-9][0-9]*/some/')" '0 some'
finetune -m good --freeze 1.weight_hh_l0 -e 2 -o tuned new
is '--freeze: one tensor of the gru' "$(frozen '1.weight_hh') $(frozen '1.weight_ih' | sed 's/[1-9][0-9]*/some/')" '0 some'
finetune -m good --freeze 0 -e 2 -o tuned new
is '--freeze: the embedding alone' "$(frozen '0\.') $(frozen '1\.' | sed 's/[1-9][0-9]*/some/')" '0 some'
finetune -m good --freeze 0,1 --negatives 8 -e 2 -o tuned new
is '--freeze with --negatives' "$(frozen '[01]\.') $(frozen '2\.' | sed 's/[1-9][0-9]*/some/')" '0 some'
t '--head' 0 '' '' finetune -m good --head 'dense 9 tanh, dense 21 softmax' --freeze 0,1 -e 2 -o tuned new
is 'the body is the source'"'"'s' "$(frozen '[01]\.')" 0
awk -F '\t' -v OFS='\t' '{ $3 = $3 > 10 } 1' new >binary
t '--append' 0 '' '' finetune -m good --append 'dense 1 sigmoid' --freeze 0,1,2 -e 2 -o tuned binary
t 'and scored' 0 - '' score -m tuned binary
t '--auto' 0 '' 'full: mean loss|frozen body: mean loss|scratch: mean loss' finetune -m good --auto -e 3 -B 20 -o tuned new
t '--layer-rate, --unfreeze' 0 '' '' finetune -m good --layer-rate 0.5 --unfreeze 50 -o tuned new
t '--prior' 0 '' '' finetune -m good --prior 100000 -e 2 -o tuned new
is 'a strong one holds the gru' "$({ weights -m good; weights -m tuned; } | awk '$1 ~ /weight_[ih]h/ { if (($1 $2) in w) { d = w[$1 $2] - $3; s += d * d } else w[$1 $2] = $3 } END { print (s < 0.001) }')" 1
pretrain -m model --resume -o one a
pretrain -m model --resume -o two b
t 'pooled' 0 '' '' pool -m model -o pooled one two
is 'the pool predicts as they do' "$(awk -v a="$(loss one test)" -v b="$(loss pooled test)" 'BEGIN { print b < a + 0.1 }')" 1
weights -m model >text
t 'weights and back' 0 - '' weights --load -a "$net" -o again text
is 'as it was' "$(weights -m again | cmp - text)" ''

# ---- refused ----

bad() { # features
	printf 's\t1\t3\t4 5\ns\t2\t3\t%s\n' "$1" >bad
}
bad '20 21'
t 'an id out of range' 3 '' 'bad:2: field 4 \(features\): index is beyond the model.s: "21" \(indexes of a sequence are below 21\)$' pretrain -a "$net" -o again bad
t 'in score' 3 - 'bad:2: field 4 \(features\): index is beyond the model.s: "21"' score -m model bad
bad ''
t 'an empty sequence' 3 '' 'bad:2: field 4 \(features\): an empty sequence' pretrain -a "$net" -o again bad
t 'in finetune' 3 '' 'bad:2: field 4 \(features\): an empty sequence' finetune -m model -o again bad
t 'in score, after what is right' 3 - 'bad:2: field 4 \(features\): an empty sequence' score -m model bad
is 'which is written' "$(wc -l <.out | tr -d ' ')" 21
bad '=1 2'
t 'dense values' 3 '' 'bad:2: field 4 \(features\): values, where a sequence has indexes: "=1 2"' pretrain -a "$net" -o again bad
bad '3 x'
t 'an id that is none' 3 '' 'bad:2: field 4 \(features\): not index' pretrain -a "$net" -o again bad
printf 's\t1\t21\t4 5\n' >bad
t 'a label out of range' 3 '' 'bad:1: field 3 \(label\): not a class of the model: "21"' pretrain -a "$net" -o again bad
t '--max-bad: refused records are not learnt' 0 '' 'refused' sh -c 'cat bad log | pretrain --max-bad 1 -a "$1" -e 3 -B 20 -r 0.01 -o again' - "$net"
is 'and the others as ever' "$(cmp model again)" ''
pretrain -b 22 -o other - <<END
g${tab}1${tab}3 400000
END
t 'records of another model' 3 - 'index is beyond the model.s: "400000"' score -m model - <<END
g${tab}1${tab}3 400000
END
t 'a gru on what is no sequence' 2 '' '--architecture: gru takes a sequence: embed UNITS seq: "gru"' pretrain -a 'hash 9, gru 5, dense 1 sigmoid' -o again log
done_testing
