#!/bin/sh
# pool.t - models that learnt apart become one: in any order, less their own evidence, in further rounds; what is refused

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit
tab=$(printf '\t')

# Makes n records: group, label, features below 256.
records() { # n, seed
	awk -v n="$1" -v seed="$2" 'BEGIN {
		for (i = 0; i < n; i++) {
			a = (i * 7919 + seed) % 13
			b = (i * 104729 + 3 * seed) % 11
			printf "g%d\t%d\t%d %d:%.4f %d\n", i / 4, (a > b || i % 7 == 0), a, 16 + b, (i * 31 % 97) / 50 - 1, 40 + i * 17 % 200
		}
	}'
}
for k in 1 2 3 4; do
	records $((500 * k)) $k >log$k
	pretrain -b 8 -o shard$k log$k
done
: >empty
pretrain -b 8 -o shard0 empty 2>/dev/null
info() { # key, model
	weights --info -m "$2" | sed -n "s/^$1$tab//p"
}

# ---- one round ----

t 'four models of beliefs' 0 '' '' pool -o pooled shard1 shard2 shard3 shard4
t '-v says how many' 0 '' '^pool: 4 models, 5000 records$' pool -v -o again shard1 shard2 shard3 shard4
is 'counts add up' "$(info examples pooled) $(info right_sum pooled) $(info ones_sum pooled)" \
	"5000 $(for sum in right ones; do for k in 1 2 3 4; do info ${sum}_sum shard$k; done | awk '{ s += $1 } END { print s }'; done | paste -s -d ' ' -)"
is 'so does what tells noise' "$(for sum in spread skill; do info ${sum}_sum pooled; done | awk '{ printf "%.6f ", $1 }')" \
	"$(for sum in spread skill; do for k in 1 2 3 4; do info ${sum}_sum shard$k; done | awk '{ s += $1 } END { printf "%.6f ", s }'; done)"
for order in '4 3 2 1' '2 4 1 3' '3 1 4 2'; do
	# shellcheck disable=SC2046
	pool -o again $(for k in $order; do echo shard$k; done)
	is "in the order $order" "$(cmp pooled again)" ''
done
t 'one model' 0 '' '' pool -o again shard3
is 'gives its own bytes' "$(cmp again shard3)" ''
pool -o again shard0 shard3 shard0
is 'an empty shard adds nothing' "$(cmp again shard3)" ''
pool -o again shard1 shard1
weights -m shard1 >once
weights -m again >twice
is 'the same evidence twice: every precision gains it again' \
	"$(paste once twice | awk '{
		prior = $1 == "0.bias" ? 100 : 0.3; p = 2 / $4 ^ 2 - 1 / prior; q = 1 / $8 ^ 2
		if ((p - q) ^ 2 > 1e-10 * p ^ 2) print }')" ''
score -m pooled log1 | metrics -M logloss | cut -f 2 >after
score -m shard4 log1 | metrics -M logloss | cut -f 2 >before
is 'the pooled model knows more of the first log than that of another' "$(paste before after | awk '{ print ($2 < $1) }')" 1

# ---- evidence taken out and mixed ----

pool -o three shard1 shard2 shard3
pool -o less --without shard4 pooled
weights -m three | awk '{ printf "%s %s %.4f %.4f\n", $1, $2, $3, $4 }' >want
weights -m less | awk '{ printf "%s %s %.4f %.4f\n", $1, $2, $3, $4 }' >got
is '--without: what the others know' "$(diff want got)" ''
is 'and what they have seen' "$(info examples less)" 3000
t '--without again: nothing is left' 0 '' '' pool -o none --without shard1 --without shard2 --without shard3 three
is 'but a fresh model' "$(weights -m none | awk '$3 ^ 2 > 1e-12')$(info examples none)" 0

finetune --shift 0 -m less -o tilted log4
t 'the evidence of a second look' 0 '' '' pool -o site --without less tilted
is 'is of the records of that look' "$(info examples site)" 2000
is 'and a shard again: it started afresh' "$(info parent site)$(info transfer site)" ''
pool -o again less site
weights -m tilted | awk '{ printf "%s %s %.4f %.4f\n", $1, $2, $3, $4 }' >want
weights -m again | awk '{ printf "%s %s %.4f %.4f\n", $1, $2, $3, $4 }' >got
is 'added to what it was taken from it is what was learnt' "$(diff want got)" ''
pool -o again --without less --damp shard4 --damping 0 tilted
is '--damping 0 keeps none of the old evidence' "$(weights -m site)" "$(weights -m again)"
pool -o again --without less --damp shard4 --damping 1 tilted
is '--damping 1 keeps all' "$(weights -m shard4 | awk '{ printf "%s %s %.4f %.4f\n", $1, $2, $3, $4 }')" \
	"$(weights -m again | awk '{ printf "%s %s %.4f %.4f\n", $1, $2, $3, $4 }')"
pool -o again --without less --damp shard4 tilted
weights --all -m shard4 >old
weights --all -m site >new
is 'half and half: precisions are the mean of both' \
	"$(weights --all -m again | paste - old new | awk '{
		p = 1 / $4 ^ 2; q = (1 / $8 ^ 2 + 1 / $12 ^ 2) / 2
		if ((p - q) ^ 2 > 1e-10 * q ^ 2) print }')" ''

# ---- shards of a source ----

for k in 1 2 3; do
	finetune --shift 0.0123456789 -m shard4 -o tuned$k log$k
done
t 'models fine-tuned from one source' 0 '' '' pool -m shard4 -o tuned tuned1 tuned2 tuned3
pool -m shard4 -o again tuned3 tuned2 tuned1
is 'in another order' "$(cmp tuned again)" ''
is 'it is what was fine-tuned from it' "$(info parent tuned) $(info transfer tuned)" "$(info checksum shard4) shift 0.0123456789"
is 'counts are those of the target' "$(info examples tuned)" 3000
pool -m shard4 -o again tuned2
is 'one model gives its own bytes' "$(cmp again tuned2)" ''
cp shard4 on1 && pretrain --resume -o on1 log1
cp shard4 on2 && pretrain --resume -o on2 log2
t 'models that resumed one' 0 '' '' pool -m shard4 -o on on1 on2
is 'have seen what it had and more' "$(info examples on)" 3500
pool -m shard4 -o again on2
is 'one of them gives its own bytes' "$(cmp again on2)" ''
finetune --shift 0.01 --freeze 0.weight -m shard4 -o frozen1 log1
finetune --shift 0.01 --freeze 0.weight -m shard4 -o frozen2 log2
pool -m shard4 -o frozen frozen1 frozen2
is 'frozen weights stay' "$(weights -m frozen | grep 0.weight)" "$(weights -m shard4 | grep 0.weight)"

# ---- other learners ----

for o in adagrad ftrl sgd adam; do
	for k in 1 2 3; do
		pretrain -b 8 --optimizer $o -o $o$k log$k
	done
	t "$o" 0 '' '' pool -o $o "$o"1 "$o"2 "$o"3
	pool -o again "$o"3 "$o"1 "$o"2
	is "$o: in another order" "$(cmp $o again)" ''
	pool -o again "$o"2
	is "$o: one model gives its own bytes" "$(cmp again "$o"2)" ''
done
for k in 1 2; do
	pretrain -a 'hash 8, dense 3 tanh, dense 1 sigmoid' -o net$k log$k
done
t 'a net' 0 '' '' pool -o net net1 net2
weights --all -m net1 >one
weights --all -m net2 >two
is 'is the mean by records' "$(weights --all -m net | paste - one two | awk '{ d = $3 - ($6 + 2 * $9) / 3; if (d ^ 2 > 1e-14) print }')" ''
for k in 1 2; do
	cp net next$k && pretrain --resume -o next$k log$k
done
t 'its next round' 0 '' '' pool -m net -o next next1 next2
is 'counts what is new' "$(info examples next)" 3000
weights --all -m next1 >one
weights --all -m next2 >two
is 'and weighs by it' "$(weights --all -m next | paste - one two | awk '{ d = $3 - ($6 + 2 * $9) / 3; if (d ^ 2 > 1e-14) print }')" ''

# Nets of every kind, and the states of their optimizer: a mean of one is that one, a further round goes on.
pixels() { # n, seed
	awk -v n="$1" -v seed="$2" 'BEGIN {
		for (i = 0; i < n; i++) {
			printf "g%d\t%d\t=", i, (i * 7919 + seed) % 5 < 2
			for (k = 0; k < 16; k++)
				printf "%s%.2f", k ? " " : "", ((i * 31 + k * 17 + seed) % 23 - ((i * 7919 + seed) % 5 < 2 ? 4 : 12)) / 9
			print ""
		}
	}'
}
for k in 1 2; do
	pixels $((100 * k)) $k >pixels$k
	pretrain -a 'image 4 4 1, conv 2 3 relu, flatten, dense 1 sigmoid' -o conv$k pixels$k
	pretrain -a 'hash 8, fm 3, dense 1 sigmoid' -o fm$k log$k
	pretrain -a 'hash 8, embed 3 mean, dense 2 relu, dense 1 sigmoid' --optimizer adagrad -o embed$k log$k
done
for kind in conv fm embed; do
	log=log
	[ $kind != conv ] || log=pixels
	t "$kind" 0 '' '' pool -o $kind "$kind"1 "$kind"2
	pool -o again "$kind"2 "$kind"1
	is "$kind: in another order" "$(cmp $kind again)" ''
	pool -o again "$kind"1 "$kind"1
	is "$kind: the mean of one and the same is that, but for its counts" \
		"$(weights --all -m "$kind"1)" "$(weights --all -m again)"
	weights --all -m "$kind"1 >one
	weights --all -m "$kind"2 >two
	is "$kind: the mean by records" "$(weights --all -m $kind | paste - one two | awk '{ d = $3 - ($6 + 2 * $9) / 3; if (d ^ 2 > 1e-14) print }')" ''
	# Who goes on from the pooled model goes on from its states too: not as from the same weights with fresh ones.
	for k in 1 2; do
		cp $kind next$k && pretrain --resume -o next$k "$log$k"
	done
	finetune --warm -m $kind -o fresh "$log"1
	is "$kind: states are part of what is resumed" \
		"$([ "$(weights --all -m next1)" != "$(weights --all -m fresh)" ] && info steps next1)" \
		"$(($(info steps $kind) + $(info steps "$kind"1)))"
	t "$kind: the next round" 0 '' '' pool -m $kind -o next next1 next2
	is "$kind: counts what is new" "$(info examples next)" $(($(info examples $kind) * 2))
done

# ---- what is refused ----

cp pooled kept
pretrain -b 9 -o bits log1
t 'other bits' 4 '' '^pool: (bits|shard1): its architecture is "hash [89], dense 1 sigmoid"; that of ' pool -o kept shard1 bits
is 'in one line, the same in any order' "$(pool -o kept shard1 bits 2>&1)" "$(pool -o kept bits shard1 2>&1)"
pretrain -b 8 --variance 0.1 -o narrow log1
t 'another prior' 4 '' '^pool: .*: its variance is ' pool -o kept shard1 narrow
t 'another optimizer' 4 '' '^pool: .*: its optimizer is ' pool -o kept shard1 adagrad1
pretrain -b 8 --optimizer adagrad -r 0.2 -o faster log1
t 'another rate' 4 '' '^pool: .*: its rate is ' pool -o kept adagrad1 faster
pretrain -a 'hash 8, dense 3 tanh, dense 1 sigmoid' --seed 2 -o seed log1
t 'nets that began elsewhere' 4 '' '^pool: .*: its seed is ' pool -o kept net1 seed
t 'the source is not named' 4 '' '^pool: tuned[12]: it started from another model; -m names that$' pool -o kept tuned1 tuned2
t 'the source is another' 4 '' 'it did not start from shard1$' pool -m shard1 -o kept tuned1 tuned2
t 'not all from one source' 4 '' 'it did not start from what .* started from$' pool -m shard4 -o kept tuned1 shard1
finetune --shift 0.01 -m shard4 -o other log1
t 'not all by one shift' 4 '' 'it did not start from what .* started from$' pool -m shard4 -o kept tuned1 other
finetune --auto -m shard4 -o auto log1 2>/dev/null
t 'a prior that is not known' 4 '' '^pool: auto: its prior is not known: it was fine-tuned by "auto, ' pool -m shard4 -o kept auto
for k in 1 2; do
	finetune --prior 3 -m adagrad3 -o pulled$k log$k
	pretrain -b 8 --forget 0.001 -o drifts$k log$k
done
t 'weights that a prior pulls' 4 '' '^pool: pulled[12]: it was fine-tuned with --prior' pool -m adagrad3 -o kept pulled1 pulled2
t 'another --forget' 4 '' '^pool: .*: its forget is ' pool -o kept drifts1 shard2
pool -o drifts drifts1 drifts2
is 'the same stays' "$(info forget drifts)" 0.001
t 'nets of another architecture' 4 '' '^pool: .*: its architecture is "hash 8, ' pool -o kept fm1 embed1
t 'not resumed from it' 4 '' '^pool: shard1: it did not go on from shard4: it has seen fewer records$' pool -m shard4 -o kept shard1
finetune --shift 0.01 -m less -o wide log4
t 'evidence of a widened source' 4 '' '^pool: wide: it took less than all from its source' pool -o kept --without less wide
t 'more is taken out than there is' 4 '' 'more records are taken out than there are|it has seen more records' pool -o kept --without shard4 shard1
t 'evidence of plain weights' 2 '' '^pool: --without: for beliefs' pool -o kept --without adagrad1 adagrad2
t 'no such model' 4 '' '^pool: nowhere: No such file' pool -o kept shard1 nowhere
t 'no model at all' 4 '' '^pool: log1: not a safetensors file' pool -o kept shard1 log1
t 'no operands' 2 '' '^pool: operands are the models' pool -o kept
t 'no output' 2 '' '^pool: operands are the models' pool shard1
t 'a folder that is not there' 4 '' '^pool: nowhere/model: No such file' pool -o nowhere/model shard1
is 'and the old file is whole' "$(cmp kept pooled)" ''
done_testing
