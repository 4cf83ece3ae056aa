#!/bin/sh
# finetune.t - one domain's model to another's: what is taken over, widened, frozen, put on top; resuming; refusals

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit
tab=$(printf '\t')

# The data of a safetensors file: what stands behind its header.
data() { # file
	tail -c +$((9 + $(head -c 8 "$1" | od -An -t u8))) "$1"
}

# Some tensors of a model, as text.
tensors() { # model, extended regular expression of their names
	weights --all -m "$1" | grep -E "^($2)$tab"
}

# Records of a domain: those of the target have other labels for some indexes.
domain() { # n, first, label as an awk expression of a, b and i
	awk -v n="$1" -v from="$2" "BEGIN {
		for (i = from; i < from + n; i++) {
			a = i * 7919 % 13
			b = i * 104729 % 11
			printf \"g%d\t%d\t%d %d:%.4f %d\n\", i / 4, ($3), a, 16 + b, (i * 31 % 97) / 50 - 1, 40 + i * 17 % 200
		}
	}"
}
domain 4000 0 'a > b || i % 7 == 0' >source
domain 1000 9000 'a + 2 > b || i % 5 == 0' >target
domain 1000 9000 '(a + i % 2) % 4' >classes
head -n 400 target >a
tail -n +401 target >b
pretrain -b 8 -o beliefs source
pretrain -b 8 --optimizer adagrad -o plain source
pretrain -a 'hash 8, dense 6 tanh, dense 1 sigmoid' -B 20 -o net source

# ---- the source's posterior is the target's prior ----

t '--shift' 0 '' '' finetune --shift 0.01 -m beliefs -o tuned target
finetune --shift 0.01 -m beliefs -o again target
is 'two runs give the same file' "$(cmp tuned again)" ''
is 'it says whence it came, and how' "$(weights --info -m tuned | grep -E '^(parent|transfer|examples)')" "examples${tab}1000
parent${tab}$(weights --info -m beliefs | sed -n 's/^checksum.//p')
transfer${tab}shift 0.01"
loss() { weights --info -m "$1" | awk '$1 == "loss" { print $2 }'; }
pretrain -b 8 -o scratch target
is 'it predicts better than from scratch' "$(echo "$(loss tuned) $(loss scratch)" | awk '{ print ($1 < $2) }')" 1

t '--shift 0 on no records' 0 '' 'no records' finetune --shift 0 -m beliefs -o same /dev/null
data beliefs >bytes
data same >bytes-same
is 'keeps the tensors byte for byte' "$(cmp bytes bytes-same)" ''
finetune --warm -m beliefs -o again /dev/null 2>/dev/null
data again | cmp - bytes >difference
is '--warm too' "$(cat difference)" ''
finetune --shift 0.01 -m beliefs -o wide /dev/null 2>/dev/null
weights --all -m beliefs >before
weights --all -m wide >after
is '--shift widens every variance by q, to that of a fresh belief at most, and no mean' "$(paste before after | awk -F '\t' '{
	v = $4 * $4 + 0.01
	most = $1 == "0.bias" ? 100 : 0.3
	d = $8 * $8 - (v < most ? v : most)
	if ($1 != $5 || $2 != $6 || $3 != $7 || d > 1e-7 || d < -1e-7) n++
} END { print NR, n + 0 }')" '257 0'
finetune --shift 1000 -m beliefs -o wide /dev/null 2>/dev/null
is 'a large shift forgets all but the means' "$(weights --all -m wide | cut -f 1,4 | sort -u)" "0.bias${tab}10
0.weight${tab}0.547722568"
t '--fresh' 0 '' 'no records' finetune --shift 0.01 --fresh 2.5 -m beliefs -o again /dev/null
finetune --shift 0.01 -m beliefs -o wide /dev/null 2>/dev/null
weights --all -m wide >after
is '--fresh widens what the source never saw, and nothing else' "$(weights --all -m again | paste before after - | awk -F '\t' '{
	new = $1 == "0.weight" && $3 == 0 && $4 == 0.547722568
	n += new
	d = $12 * $12 - (new ? 0.75 : $8 * $8)
	if ($3 != $11 || d > 1e-7 || d < -1e-7) wrong++
} END { print (n > 5), wrong + 0 }')" '1 0'
is '--fresh: it says so' "$(weights --info -m again | grep transfer)" "transfer${tab}shift 0.01 fresh 2.5"
finetune --shift 0.01 --fresh 1 -m beliefs -o again /dev/null 2>/dev/null
is '--fresh 1 is none' "$(cmp wide again)" ''
pretrain -b 8 --variance 0.04 -o narrow source
finetune --shift 1000 -m narrow -o wide /dev/null 2>/dev/null
is 'fresh is what it was to the source' "$(weights --all -m wide | grep weight | cut -f 4 | sort -u)" 0.199999998
finetune --shift 0 -m beliefs -o again target
cat source target | pretrain -b 8 -o both
is '--shift 0 is more of the same stream' "$(score -m again target | cut -f 3 >s1 && score -m both target | cut -f 3 | paste s1 - |
	awk '{ d = $1 - $2; if (d > 1e-3 || d < -1e-3) n++ } END { print NR, n + 0 }')" '1000 0'
for head in 'dense 4 softmax' 'dense 1 choice'; do
	case $head in
	*choice) domain 2000 0 'i % 4 == int(i / 4) % 4' >s && domain 400 8000 'i % 4 == int(i / 4) % 4' >records ;;
	*) domain 2000 0 '(a + i % 3) % 4' >s && cp classes records ;;
	esac
	pretrain -a "hash 8, $head" -o other s
	t "--shift, $head" 0 '' '' finetune --shift 0.01 -m other -o tuned records
	finetune --shift 0 -m other -o again /dev/null 2>/dev/null
	data other >bytes
	data again | cmp - bytes >difference
	is "--shift 0 on no records, $head" "$(cat difference)" ''
done

# ---- other ways ----

t '--warm, plain weights' 0 '' '' finetune --warm -m plain -o tuned target
finetune -m plain -o again target
is 'which is what is done without a word' "$(cmp tuned again)" ''
is 'with the optimizer of the source' "$(weights --info -m tuned | grep -E '^(optimizer|transfer)')" "optimizer${tab}adagrad
transfer${tab}warm"
finetune -m plain -o again /dev/null 2>/dev/null
is 'on no records the weights are the source'"'"'s' "$(weights --all -m again >after; weights --all -m plain | cmp - after)" ''
t 'a net' 0 '' '' finetune -m net -o tuned target
finetune -m net -o again target
is 'two runs give the same file' "$(cmp tuned again)" ''
pretrain -a 'hash 8, dense 6 tanh, dense 1 sigmoid' -B 20 -o scratch target
is 'it predicts better than from scratch' "$(echo "$(loss tuned) $(loss scratch)" | awk '{ print ($1 < $2) }')" 1
t 'ftrl, warm' 0 '' '' sh -c 'pretrain -b 8 --optimizer ftrl -o ftrl source && finetune -m ftrl -o tuned target'
t 'from beliefs to another optimizer: the means' 0 '' 'no records' finetune --optimizer sgd -m beliefs -o again /dev/null
is 'are the weights' "$(weights --all -m beliefs | cut -f 1-3 | awk -F '\t' '{ printf "%s %s %.6g\n", $1, $2, $3 }' >before
	weights --all -m again | awk -F '\t' '{ printf "%s %s %.6g\n", $1, $2, $3 }' | cmp - before)" ''

t '--append' 0 '' '' finetune --append 'dense 5 relu, dense 1 sigmoid' -m net -o tuned target
is 'the architecture grows' "$(weights --info -m tuned | grep -E '^(architecture|transfer)')" \
	"architecture${tab}hash 8, dense 6 tanh, dense 1 sigmoid, dense 5 relu, dense 1 sigmoid
transfer${tab}append"
finetune --append 'dense 5 relu, dense 1 sigmoid' -m net -o again /dev/null 2>/dev/null
is 'the layers below are the source'"'"'s' "$(tensors again '[02].*' >after; tensors net '.*' | cmp - after)" ''
t '--append to beliefs' 0 '' '' finetune --append 'dense 3 tanh, dense 4 softmax' -m beliefs -o tuned classes
t '--head' 0 '' '' finetune --head 'dense 4 softmax' -m net -o tuned classes
is 'the last layer is another' "$(weights --info -m tuned | grep -E '^(architecture|transfer)')" \
	"architecture${tab}hash 8, dense 6 tanh, dense 4 softmax
transfer${tab}head"
finetune --head 'dense 4 softmax' -m net -o again /dev/null 2>/dev/null
is 'the layers below are the source'"'"'s' "$(tensors again '0.*' >after; tensors net '0.*' | cmp - after)" ''
finetune --head 'dense 1 sigmoid' -m net -o again /dev/null 2>/dev/null
is 'a new head alone starts at 0' "$(tensors again 2.weight | awk -F '\t' '{ n += $3 != 0 } END { print NR, n + 0 }')" '6 0'
finetune --append 'dense 4 tanh, dense 1 sigmoid' -m net -o tuned /dev/null 2>/dev/null
is 'one on a new layer does not' "$(tensors tuned '[46].weight' | awk -F '\t' '{ n += $3 != 0 } END { print NR, n + 0 }')" '8 8'
is 'a head of the same shape is a new one' "$(tensors again 2.weight >after; tensors net 2.weight | cmp -s - after; echo $?)" 1

# ---- a source that another program made ----

header='{"0.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"0.bias":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}  '
# shellcheck disable=SC2059
printf "\\$(printf '%03o' ${#header})\\0\\0\\0\\0\\0\\0\\0%s\\0\\0\\200\\077\\0\\0\\0\\300\\0\\0\\0\\077" "$header" >theirs
theirs='vector 2, dense 1 sigmoid'
awk 'BEGIN { for (i = 0; i < 200; i++) print "g\t" (i % 7 < 3) "\t=" i % 5 " " i % 3 }' >pairs
t '-a: its layers; no records' 0 '' 'no records' finetune -a "$theirs" -m theirs -o tuned /dev/null
is '-a: the weights are those of the source' "$(weights --all -m tuned | cut -f 1,3 | paste -s -d ' ' -)" \
	"0.weight${tab}1 0.weight$tab-2 0.bias${tab}0.5"
is '-a: it says what it came from' "$(weights --info -m tuned | grep -cE '^(optimizer.adam|transfer.warm|parent.[0-9a-f]{16})$')" 3
t '-a: it learns' 0 '' '' finetune -a "$theirs" -e 5 -r 0.1 -m theirs -o tuned pairs
finetune -a "$theirs" -e 5 -r 0.1 --append 'dense 1 sigmoid' --freeze 0 -m theirs -o tuned pairs
is '-a: with a layer on top, frozen below' "$(weights --all -m tuned | grep '^0.*' | cut -f 3 | paste -s -d ' ' -)" '1 -2 0.5'
t '-a: and by itself' 0 '' 'is best' finetune --auto -a "$theirs" -m theirs -o tuned pairs

# ---- frozen ----

frozen() { # what, names, regular expression of those that stay, of those that learn, options and model...
	what=$1 names=$2 stay=$3 learn=$4
	shift 4
	finetune "$@" -o start /dev/null 2>/dev/null
	t "--freeze: $what" 0 '' '' finetune --freeze "$names" "$@" -o tuned target
	is "$what: stay as they were" "$(tensors tuned "$stay" >after; tensors start "$stay" | cmp - after)" ''
	is "$what: others learn" "$(tensors tuned "$learn" >after; tensors start "$learn" | cmp -s - after; echo $?)" 1
}
frozen 'a layer' 0 '0.weight|0.bias' '2.weight|2.bias' -m net
frozen 'a tensor' 2.weight 2.weight '0.weight|0.bias|2.bias' -m net
frozen 'two tensors' 0.weight,2.bias '0.weight|2.bias' '0.bias|2.weight' -m net
frozen 'the source, under a new layer' 0,2 '[02].*' '4.*' --append 'dense 1 sigmoid' -m net
frozen 'the weights of beliefs' 0.weight 0.weight 0.bias --shift 0 -m beliefs
frozen 'the bias of beliefs' 0.bias 0.bias 0.weight --shift 0 -m beliefs
finetune --freeze 0.weight,0.bias --shift 0.1 -m beliefs -o tuned target
data beliefs >bytes
data tuned | cmp - bytes >difference
is 'all of it: byte for byte, and nothing is widened' "$(cat difference)" ''

# ---- a prior on the source's weights ----

all() { # what, file, file: the same tensors?
	tensors "$2" '.*' >before
	is "$1" "$(tensors "$3" '.*' | cmp before - 2>&1)" ''
}
far() { # how far the weights of a model are from those of a source: the sum of squares
	tensors "$1" '.*weight' >before
	tensors "$2" '.*weight' | paste before - | awk -F '\t' '{ d += ($3 - $6) ^ 2 } END { printf "%.9g\n", d }'
}
for way in 'adagrad plain' 'sgd plain' 'ftrl plain' 'adam plain' 'adam net'; do
	optimizer=${way% *} model=${way#* }
	finetune --optimizer "$optimizer" -m "$model" -o warm target
	finetune --prior 0 --optimizer "$optimizer" -m "$model" -o none target
	all "--prior 0 is --warm: $way" warm none
	t "--prior: $way" 0 '' '' finetune --prior 10 --optimizer "$optimizer" -m "$model" -o tuned target
	is "--prior holds the weights near: $way" \
		"$(echo "$(far tuned "$model") $(far warm "$model")" | awk '{ print ($1 > 1e-6 && $1 < 0.9 * $2) }')" 1
	finetune --prior 1e15 --optimizer "$optimizer" -m "$model" -o tied target
	is "a huge --prior is the source: $way" "$(far tied "$model" | awk '{ print ($1 < 1e-20) }')" 1
	tensors tied '.*bias' >before
	is "but for the bias: $way" "$(tensors "$model" '.*bias' | cmp -s before -; echo $?)" 1
done
is 'it says so' "$(weights --info -m tied | grep transfer)" "transfer${tab}warm, prior 1e+15"
finetune --prior 1e15 --head 'dense 4 softmax' -m net -o tuned classes
finetune --head 'dense 4 softmax' -m net -o start /dev/null 2>/dev/null
tensors net 0.weight >before
is '--prior with --head: the body is held' "$(tensors tuned 0.weight | cmp before -)" ''
tensors start 2.weight >before
is 'and the new head is free' "$(tensors tuned 2.weight | cmp -s before -; echo $?)" 1

# The source knows the first of two features well, the second little: so is the second freer to move.
awk 'BEGIN { for (i = 0; i < 2000; i++) print "g\t" (i % 5 < 2) "\t" (i % 50 == 7 ? 2 : 1) }' >known
awk 'BEGIN { for (i = 0; i < 200; i++) print "g\t" (i % 5 > 1) "\t" i % 2 + 1 }' >both
moves() { # of the two weights, from a model to another
	tensors "$1" 0.weight | cut -f 1-3 >before
	tensors "$2" 0.weight | paste before - | awk -F '\t' '$2 == 1 || $2 == 2 { printf "%.6g ", ($3 - $6) ^ 2 }'
}
for optimizer in beliefs adagrad ftrl; do
	pretrain -b 2 --optimizer "$optimizer" -o knowing known
	finetune --optimizer adagrad --prior 20 -m knowing -o alike both
	t "--fisher: $optimizer" 0 '' '' finetune --optimizer adagrad --prior 1 --fisher -m knowing -o tuned both
	is "--fisher holds what the source knows, and lets go of the other: $optimizer" \
		"$(echo "$(moves knowing alike) $(moves knowing tuned)" | awk '{ print ($3 < 0.1 * $1 && $4 > 1.5 * $2) }')" 1
done

# ---- layers at their own rates and times ----

finetune -m net -o warm target
t '--layer-rate 1' 0 '' '' finetune --layer-rate 1 -m net -o tuned target
is '--layer-rate 1 is none' "$(cmp warm tuned)" ''
t '--layer-rate 0' 0 '' '' finetune --layer-rate 0 -m net -o tuned target
finetune --freeze 0 -m net -o frozen target
is '--layer-rate 0 freezes all but the top' "$(cmp frozen tuned)" ''
finetune --layer-rate 0.1 -m net -o tuned target
tensors net '0.*' >before
slow=$(tensors tuned '0.*' | paste before - | awk -F '\t' '{ d += ($3 - $6) ^ 2 } END { print d }')
fast=$(tensors warm '0.*' | paste before - | awk -F '\t' '{ d += ($3 - $6) ^ 2 } END { print d }')
is '--layer-rate 0.1 slows the layer below' "$(echo "$slow $fast" | awk '{ print ($1 > 0.001 * $2 && $1 < 0.1 * $2) }')" 1
t '--unfreeze 0' 0 '' '' finetune --unfreeze 0 -m net -o tuned target
is '--unfreeze 0 is none' "$(cmp warm tuned)" ''
t '--unfreeze beyond the records' 0 '' '' finetune --unfreeze 1000 -m net -o tuned target
is 'all but the top stay frozen' "$(cmp frozen tuned)" ''
finetune -B 20 --unfreeze 400 -m net -o tuned target
finetune -B 20 --freeze 0 -m net -o part a
finetune --resume -m part -o whole b
all '--unfreeze: frozen, and then not' whole tuned
finetune --append 'dense 4 tanh, dense 1 sigmoid' --unfreeze 400 -m net -o tuned target
tensors net '0.*' >before
is '--unfreeze: one layer is awake, one not yet' "$(tensors tuned '0.*' | cmp before -)" ''
tensors net '2.*' >before
is '--unfreeze: the one that woke has moved' "$(tensors tuned '2.*' | cmp -s before -; echo $?)" 1

# ---- beliefs that forget ----

awk 'BEGIN { for (i = 0; i < 2000; i++) print "u" i "\t" (i * 31 % 100 < i % 7 * 12) "\t" i % 7 }' >much
awk 'BEGIN { for (i = 0; i < 5; i++) print "u" i "\t" (i * 37 % 100 < i % 7 * 12) "\t" i % 7 }' >few
pretrain -b 4 -o nearly much
finetune -m nearly -o again few 2>said
is 'nothing less is 0.0, not -0.0' "$(grep -c 'from scratch, .* than the source alone' said) $(grep -c -e '-0\.0' said)" '1 0'
t '--forget' 0 '' '' finetune --shift 0.01 --forget 0.001 -m beliefs -o tuned target
is 'it says so' "$(weights --info -m tuned | grep forget)" "forget${tab}0.001"
finetune --forget 0.001 -m beliefs -o again target
is 'with --forget the shift is 0.01 where nothing is said' "$(cmp tuned again)" ''
finetune --shift 0.01 --forget 0 -m beliefs -o again target
finetune --shift 0.01 -m beliefs -o whole target
is '--forget 0 is none' "$(cmp whole again)" ''
is '--forget widens: it is less sure of all that the records touched' "$(tensors whole 0.weight >before; tensors tuned 0.weight |
	paste before - | awk -F '\t' '$3 != $7 { n++; if (!($8 > $4)) wrong++ } END { print (n > 100), wrong + 0 }')" '1 0'

# ---- vectors mapped from one domain to another ----

# 300 users of two shops, whose tastes have two sides; the shops have other articles. 200 of them are known to both.
awk 'function uniform() { return (r = r * 16807 % 2147483647) / 2147483647 }
BEGIN {
	r = 42
	for (i = 0; i < 380; i++) { a[i] = 2 * uniform() - 1; b[i] = 2 * uniform() - 1 }
	for (user = 0; user < 300; user++)
		for (i = 0; i < 60; i++) {
			article = 300 + int(uniform() * 40) + i % 2 * 40
			likes = uniform() < 1 / (1 + exp(-5 * (a[user] * a[article] + b[user] * b[article])))
			print "u" user "\t" likes "\t" user " " 100 + article >(i % 2 == 0 ? "shop1" : user < 200 ? "shop2" : "new")
		}
}'
fm='hash 9, fm 4, dense 1 sigmoid'
pretrain -a "$fm" -B 8 -e 5 -r 0.02 -o shop shop1
pretrain -a "$fm" -B 8 -e 5 -r 0.02 -o scratch shop2
t '--map' 0 '' '140 vectors mapped by 200 that both have; of the variance of those, held out, the map explains [2-9][0-9]' \
	finetune --map -B 8 -e 5 -r 0.02 -m shop -o tuned shop2
auc() { score -m "$1" new | metrics -M auc | cut -f 2; }
is '--map: users whom only the source knows are known' "$(echo "$(auc scratch) $(auc tuned)" | awk '{ print ($1 < 0.6 && $2 > 0.75) }')" 1
# The indexes whose vectors differ: those of new users, and of the source's articles.
is '--map: what the target has learnt stays, and what neither has' "$(tensors scratch '.*' >before; tensors tuned '.*' |
	paste before - | awk -F '\t' '$3 != $6 { row = $2 + 0; if ($1 != "0.weight" || (row < 200 || row >= 300) && (row < 400 || row >= 440)) n++ }
		END { print n + 0 }')" 0
awk -F '\t' -v OFS='\t' '{ split($3, f, " "); print $1, $2, f[1] * 7 % 300 " " f[2] }' shop1 | pretrain -a "$fm" -B 8 -e 5 -r 0.02 -o others
awk -F '\t' 'substr($1, 2) + 0 < 30' shop2 >some
t '--map of what has nothing to do with it explains nothing' 0 '' 'by 30 that .* explains (-|0|[0-9](\.| ))' \
	finetune --map -B 8 -e 5 -r 0.02 -m others -o again some
finetune --map -B 8 -m shop -o again /dev/null 2>/dev/null
pretrain -a "$fm" -B 8 -o whole /dev/null 2>/dev/null
all '--map without a pair maps nothing' whole again

# ---- adaptive, nets ----

t '--auto, a net' 0 '' 'full: mean loss .* on 200 records held out' finetune --auto -r 0.003 -m net -o adapted target
finetune -r 0.003 -m net -o again target
all 'the best is as if its way alone had been taken' again adapted
is 'it says which' "$(weights --info -m adapted | grep transfer)" "transfer${tab}auto, full"
t '--auto, more passes' 0 '' 'full is best' finetune --auto -r 0.003 -e 3 -m net -o adapted target
finetune -r 0.003 -e 3 -m net -o again target
all 'more passes, too' again adapted
awk -F '\t' -v OFS='\t' '{ $(NF - 1) = NR * 7919 % 1009 % 2 } 1' source >noise
pretrain -a 'hash 8, dense 6 tanh, dense 1 sigmoid' -B 20 -r 0.03 -e 3 -o noisy noise
t '--auto, a source of noise' 0 '' 'negative transfer' finetune --auto -r 0.01 -e 3 -m noisy -o adapted target
pretrain -a 'hash 8, dense 6 tanh, dense 1 sigmoid' -r 0.01 -e 3 -o scratch target
all 'a net of noise is from scratch' scratch adapted
awk -F '\t' -v OFS='\t' '{ $(NF - 1) = 1 - $(NF - 1) } 1' source >turned.records
pretrain -a 'hash 8, dense 6 tanh, dense 1 sigmoid' -B 20 -r 0.01 -e 3 -o turned turned.records
t '--auto, a source turned round: its body serves a head that learns fast' 0 '' 'frozen body, 30 times the rate is best' \
	finetune --auto -r 0.01 -e 3 -m turned -o adapted target
finetune --freeze 0 -r 0.3 -e 3 -m turned -o frozen target
all 'it is as with --freeze and such a rate' frozen adapted
head -n 200 target >few
pretrain -a 'hash 8, dense 30 tanh, dense 1 sigmoid' -B 20 -e 5 -o wide source
t '--auto, few records: several fifths' 0 '' 'scratch: .* on 120 records held out' finetune --auto -e 20 -r 0.01 -m wide -o adapted few
finetune --freeze 0 -e 20 -r 0.01 -m wide -o frozen few
all 'a frozen body is as with --freeze' frozen adapted
awk -F '\t' -v OFS='\t' '{ $2 = NR % 4 == 1; print }' few >offers
pretrain -a 'hash 8, dense 6 tanh, dense 1 choice' -o chooser offers
t '--auto, groups stay whole' 0 '' 'rate: mean loss 1.* on 100 records held out' sh -c 'head -n 100 offers | finetune --auto -e 3 -m chooser -o adapted'
t '--auto with --append' 0 '' 'is best' finetune --auto --append 'dense 1 sigmoid' -m net -o adapted few
is 'it says so' "$(weights --info -m adapted | grep -c 'transfer.auto, append, ')" 1
t '--auto, plain weights: two ways' 0 '' 'full is best' finetune --auto -m plain -o adapted target

# ---- adaptive ----

numbers() { # a checksum of all of a model
	weights --all -m "$1" | cksum
}

t 'what is done if nothing is said' 0 '' 'is kept: the source is of use with probability .* nats better' finetune -m beliefs -o adapted target
cp adapted named
t '--auto' 0 '' 'shift .* is kept' finetune --auto -m beliefs -o adapted target
finetune --auto -j 3 -m beliefs -o again target 2>/dev/null
is 'two runs give the same file, whatever -j says' "$(cmp adapted again 2>&1)" ''
is '--auto is what is done if nothing is said' "$(cmp adapted named 2>&1)" ''
best=$(weights --info -m adapted | sed -n 's/^transfer.auto, //p')
case $best in
shift*)
	# shellcheck disable=SC2046
	t "$best by itself" 0 '' '' finetune $(echo "$best" | sed 's/\([a-z]\)/--\1/; s/ fresh/ --fresh/') -m beliefs -o alone target ;;
*) not_ok 'a shift is kept' "$best" ;;
esac
is 'what is kept is as if its way alone had been taken' "$(numbers adapted)" "$(numbers alone)"
finetune --shift 0.01 -m beliefs -o alone /dev/null 2>/dev/null
t '--auto on no records' 0 '' 'shift 0.01 is kept' finetune -m beliefs -o adapted /dev/null
is 'does not reject the source' "$(grep -c 'negative transfer' "$tmp/.err") $(numbers adapted)" "0 $(numbers alone)"
t '--mixture' 0 '' 'shift .* is kept' finetune --mixture -m beliefs -o mixed target
if [ "$(numbers mixed)" = "$(numbers adapted)" ]; then not_ok '--mixture keeps more than the best' ''; else
	ok '--mixture keeps more than the best'
fi
awk -F '\t' -v OFS='\t' '{ $(NF - 1) = 1 - $(NF - 1) } 1' source | pretrain -b 8 -o turned
t 'a source turned round' 0 '' 'negative transfer' finetune -m turned -o adapted target
pretrain -b 8 -o scratch target
is 'of a source turned round nothing is kept' "$(numbers adapted)" "$(numbers scratch)"
# The labels of a coin: Park and Miller's random numbers, 1988.
domain 20000 0 0 | awk -F '\t' -v OFS='\t' -v r=7 '{ r = r * 16807 % 2147483647; $(NF - 1) = r % 2; print }' >coins
pretrain -b 8 -o coin coins
head -n 1 target >part
pretrain -b 8 -o scratch part
for way in --auto --mixture; do
	t "$way: a source of coins" 0 '' "scratch is kept: the source's weights are no more than noise; of its own 20000 records" \
		finetune $way -m coin -o adapted part
	is "$way: of a source of coins nothing is kept, however few the records" "$(numbers adapted)" "$(numbers scratch)"
	is "$way: it is as from scratch" "$(weights --info -m adapted | grep transfer)" "transfer${tab}auto, scratch"
done
head -n 500 coins | pretrain -b 8 -o coin
t '--auto: few coins may yet know something' 0 '' 'is kept: the source is of use' finetune -m coin -o adapted target
head -n 1 target >part1
t 'a record is too few to tell' 0 '' 'few records to tell from: they speak against the source' finetune -m turned -o adapted part1
is 'and the source is not given up' "$(grep -c 'shift 0.01 is kept\|negative transfer' "$tmp/.err")" 1
t '--experts' 0 '' 'shift .* is kept' finetune --experts whole.experts -m beliefs -o whole target
head -n 20 target >part1
tail -n +21 target >part2
finetune --experts part.experts -m beliefs -o part part1 2>/dev/null
t '--experts with --resume' 0 '' 'shift .* is kept' finetune --resume --experts part.experts -m beliefs -o part part2
is '--experts with --resume is one run' "$(cmp whole part 2>&1; cmp whole.experts part.experts 2>&1)" ''
t '--resume from the experts of another source' 4 '' 'not the experts of a pass that began from this source' \
	finetune --resume --experts part.experts -m turned -o part part2
# ---- resume ----

resumed() { # what, options and source...
	what=$1
	shift
	finetune "$@" -o whole target
	finetune "$@" -o part a
	t "$what: resumes" 0 '' '' finetune --resume -m part -o part b
	is "$what: as one run" "$(cmp whole part)" ''
}
resumed beliefs --shift 0.01 -m beliefs
resumed adagrad -m plain
resumed 'a net, whole batches' -B 40 -m net
resumed 'beliefs that forget' --shift 0.01 --forget 0.001 -m beliefs
for optimizer in adagrad sgd ftrl adam; do
	for way in '--prior 10' '--prior 0.5 --fisher'; do
		# shellcheck disable=SC2086
		finetune --optimizer "$optimizer" $way -m plain -o whole target
		# shellcheck disable=SC2086
		finetune --optimizer "$optimizer" $way -m plain -o part a
		# shellcheck disable=SC2086
		t "$optimizer $way: resumes" 0 '' '' finetune --resume --source plain $way -m part -o part b
		is "$optimizer $way: as one run" "$(cmp whole part)" ''
	done
done
finetune --unfreeze 200 -B 40 -m net -o whole target
finetune --unfreeze 200 -B 40 -m net -o part a
t '--resume with --unfreeze' 0 '' '' finetune --resume --unfreeze 200 -m part -o part b
is 'as one run' "$(cmp whole part)" ''
finetune --prior 10 -m plain -o pulled a
finetune --freeze 0 -B 40 -m net -o whole target
finetune --freeze 0 -B 40 -m net -o part a
t '--resume with --freeze' 0 '' '' finetune --resume --freeze 0 -m part -o part b
is 'as one run' "$(cmp whole part)" ''

# ---- what is refused leaves the old file ----

cp beliefs old
cp beliefs out
refused() { # what, status, pattern, arguments...
	what=$1 status=$2 pattern=$3
	shift 3
	t "$what" "$status" '' "$pattern" finetune "$@" -o out
	is "$what: the old file stays" "$(cmp old out)" ''
}
printf 'g\t1\t1\ng\t2\t1\n' >bad-label
printf 'g\t1\t256\n' >bad-index
printf 'g\t1\n' >short
refused 'a bad label' 3 '^finetune: bad-label:2: field 2 \(label\): neither 0 nor 1' --shift 0 -m beliefs bad-label
refused 'an index beyond the model' 3 '^finetune: bad-index:1: field 3 \(features\): index is beyond' --shift 0 -m beliefs bad-index
refused 'a short record' 3 '^finetune: short:1: too few fields' --shift 0 -m beliefs short
refused 'training that diverges' 4 'not saved: tensor .* has NaN or infinite values' --append 'dense 1' --optimizer sgd -r 1e6 -m net target
refused 'no such option' 2 'no such option' -Z
refused 'no source' 2 '-m names the source model' target
refused 'no such source' 4 'nowhere: No such file' -m nowhere target
refused 'no such input' 4 'nowhere: No such file' -m plain nowhere
refused 'a source that is no model' 4 'target: not a safetensors file' -m target target
refused 'two ways at once' 2 'exclude each other' --warm --shift 0 -m beliefs target
refused 'two ways at once' 2 'exclude each other' --append 'dense 1' --head 'dense 1' -m net target
refused '--shift without beliefs' 2 '--shift: for beliefs' --shift 0 -m plain target
refused 'beliefs of plain weights' 2 "the source's weights are no beliefs" --optimizer beliefs -m plain target
refused '--freeze of what is not there' 2 '--freeze: none of the tensors above: "1"' --freeze 0,1 --shift 0 -m beliefs target
refused '--freeze of half a name' 2 '--freeze: none of the tensors above: "0.wei"' --freeze 0.wei --shift 0 -m beliefs target
refused '--head of the only layer' 2 '--head: nothing of the source would be left' --head 'dense 1 sigmoid' -m beliefs target
refused 'layers that are none' 2 '--append: this head has one unit: "3"' --append 'dense 3 sigmoid' -m net target
refused 'a second input' 2 '--append: hash is an input' --append 'hash 3, dense 1' -m net target
refused '--mixture for weights that are no beliefs' 2 '--mixture: for beliefs' --mixture -m plain target
refused '--auto with --freeze' 2 '--freeze: with one way to start' --freeze 0 -m beliefs target
refused '--auto with --prior' 2 '--prior: with one way to start' --auto --prior 1 -m plain target
refused '--auto with --unfreeze' 2 '--unfreeze: with one way to start' --auto --unfreeze 1 -m net target
refused '--prior with beliefs' 2 "--prior: the source's beliefs are the prior" --prior 1 -m beliefs target
refused '--fresh without --shift' 2 '--fresh: with --shift' --fresh 2 --auto -m beliefs target
refused '--fresh with --resume' 2 '--fresh: with --shift' --resume --fresh 2 -m beliefs target
refused '--fisher without --prior' 2 '--fisher: with --prior' --fisher -m plain target
refused '--fisher of adam' 2 '--fisher: .* it was learnt with adam' --fisher --prior 1 -m net target
refused '--layer-rate with one layer' 2 '--layer-rate: the model has one layer' --layer-rate 0.5 -m plain target
refused '--unfreeze with beliefs' 2 '--unfreeze: the model has one layer' --unfreeze 10 --warm -m beliefs target
refused '--forget with --auto' 2 '--forget: with --shift or --warm' --forget 0.1 --auto -m beliefs target
refused '--forget without beliefs' 2 '--forget: for beliefs' --forget 0.1 -m plain target
refused '--map of no vectors' 2 '--map: the first layer is no embed or fm' --map -m net target
refused '-a with a source that has its own' 2 '--architecture: the model has its own: net' -a "$theirs" -m net target
refused '-a with --resume' 2 '--resume: the model says how it started' -a "$theirs" --resume -m tuned pairs
refused 'no -a' 4 'theirs: no "format" in its metadata' -m theirs pairs
refused '--map of beliefs' 2 '--map: adagrad, ftrl and adam know' --map -m beliefs target
refused '--map with --warm' 2 'exclude each other' --map --warm -m net target
refused '--map with --prior' 2 '--map: it starts from scratch' --map --prior 1 -m net target
refused '--source without --resume' 2 '--source: with --resume and --prior' --source plain --prior 1 -m plain target
refused '--resume of a prior without it' 2 'the model has a prior' --resume -m pulled target
refused '--resume with a prior that was not' 2 'the model has no prior' --resume --prior 1 --source plain -m plain target
refused '--resume of a prior without a source' 2 '--source names the source model' --resume --prior 10 -m pulled target
refused '--resume with another source' 2 '--source: not what the model came from' --resume --prior 10 --source net -m pulled target
refused '--auto with --shift' 2 'exclude each other' --auto --shift 1 -m beliefs target
refused '--experts with --shift' 2 '--experts: with --auto' --experts x --shift 1 -m beliefs target
refused '--resume with a rate' 2 '--resume: the model says' --resume -r 1 -m net target
printf '%s' "$(cat target)" >unended
finetune --shift 0.01 -m beliefs -o whole target
finetune --shift 0.01 -m beliefs -o again unended
is 'without a final newline' "$(cmp whole again)" ''
finetune --shift 0.01 -m beliefs -o again <target
is 'from stdin' "$(cmp whole again)" ''
cp beliefs again
t 'in place' 0 '' '' finetune --shift 0.01 -m again -o again target
is 'the source may be replaced' "$(cmp whole again)" ''
done_testing
