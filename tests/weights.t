#!/bin/sh
# weights.t - models as text and back: what is printed, every kind of tensor there and back bit for bit, refusals

# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
cd "$tmp" || exit
tab=$(printf '\t')

# The data of a safetensors file: what stands behind its header.
data() { # file
	tail -c +$((9 + $(head -c 8 "$1" | od -An -t u8))) "$1"
}

# The names of its tensors.
tensors() { # file
	head -c $((8 + $(head -c 8 "$1" | od -An -t u8))) "$1" | tr '{}' '\n\n' | sed -n 's/^,*"\([^"]*\)":$/\1/p' | grep -v __metadata__
}

awk 'BEGIN {
	for (i = 0; i < 3000; i++) {
		a = i * 7919 % 13
		b = i * 104729 % 11
		printf "g%d\t%d\t%d %d:%.4f %d\n", i / 3, i % 3 == a % 3, a, 16 + b, (i * 31 % 97) / 50 - 1, 40 + i * 17 % 200
	}
}' >records
awk -F '\t' -v OFS='\t' '{ $2 = ($2 + NR) % 4; print }' records >classes
awk -F '\t' -v OFS='\t' '{ $2 = NR % 3 == 1; print }' records >choices

# ---- what is printed ----

printf 'u\t1\t3 5:2\nv\t0\t5\n' | pretrain -b 4 -o small
t 'what was learnt, in the order of the tensors' 0 - '' weights -m small
cp .out printed
is 'tensors and indexes' "$(cut -f 1,2 printed)" "0.weight${tab}3
0.weight${tab}5
0.bias${tab}0"
t '--all prints every weight; fresh ones are N(0, 0.3), bias last' 0 - '' weights -m small --all
is 'sixteen weights and a bias' "$(awk -F '\t' '{ n[$1]++; fresh += $3 == 0 && $4 == "0.547722568" } END { print n["0.weight"], n["0.bias"], fresh }' .out)" '16 1 14'
grep -v "^0.weight${tab}[0-9]*${tab}0${tab}0.547722568" .out >some
is 'without --all, those that are not fresh' "$(cat some)" "$(cat printed)"
t '-H' 0 "tensor${tab}index${tab}mean${tab}sd
$(cat printed)" '' weights -H -m small

# the very numbers: sigmoid of one feature, by hand. s = 0, S = 0.3 + 100, p = 1/2, h = 1/4; 1 + h S = 26.075
printf 'u\t1\t0\n' | pretrain -b 1 -o one
weights -m one | awk -F '\t' '
	function near(x, y) { return x - y < 1e-6 && y - x < 1e-6 }
	$1 == "0.weight" { good += near($3, 0.3 / 2 / 26.075) && near($4 ^ 2, 0.3 - 0.09 / 4 / 26.075) }
	$1 == "0.bias" { good += near($3, 100 / 2 / 26.075) && near($4 ^ 2, 100 - 1e4 / 4 / 26.075) }
	END { print good }' >good
is 'mean and standard deviation by hand' "$(cat good)" 2

printf '5\tuser=b\n3\tuser=a\n0\tnever\n5\tuser=c d\n' >names
t '--names: tokens of each index; of the bias none' 0 - '' weights -H -m small --names names
is 'names, those that share an index together' "$(cut -f 1,2,5 .out)" "tensor${tab}index${tab}name
0.weight${tab}3${tab}user=a
0.weight${tab}5${tab}user=b | user=c d
0.bias${tab}0${tab}"
printf 'item,clicked\nx,1\ny,0\nx,1\n' >log.csv
featurize -C -b 10 --names tokens 'clicked ~ item' log.csv | pretrain -b 10 -o named
weights -m named --names tokens | cut -f 5 | sort >got
is 'from featurize --names to weights --names' "$(cat got)" '
item=x
item=y'
printf 'x\tuser=a\n' >bad
t '--names: a line that is none' 3 '' '^weights: bad:1: not an index, TAB and token: "x' weights -m small --names bad
t '--names: no such file' 4 '' 'nowhere: No such file' weights -m small --names nowhere

printf 'a\t2\t1\n' | pretrain -a 'hash 2, dense 3 softmax' -o soft
t 'several columns: row,column' 0 - '' weights -m soft
is 'the row of input 1, and a bias for each class' "$(cut -f 1,2 .out | paste -s -d ' ' -)" \
	"0.weight${tab}1,0 0.weight${tab}1,1 0.weight${tab}1,2 0.bias${tab}0 0.bias${tab}1 0.bias${tab}2"
t '--info' 0 - '' weights --info -m soft
is 'it says what the model is' "$(grep -E '^(format|architecture|optimizer|examples|parent)' .out)" "format${tab}weir 1
architecture${tab}hash 2, dense 3 softmax
optimizer${tab}beliefs
examples${tab}1
parent${tab}"
is 'and its checksum, as a child calls its parent' "$(sed -n 's/^checksum.//p' .out)" \
	"$(finetune --shift 0 -m soft -o child </dev/null 2>/dev/null && weights --info -m child | sed -n 's/^parent.//p')"
printf 'u\t1\t0\n' | pretrain -b 20 -o large
t 'a large model with one weight' 0 - '' weights -m large
is 'prints two lines' "$(wc -l <.out | tr -d ' ')" 2

# ---- there and back ----

there_and_back() { # what, architecture, optimizer, records
	pretrain -a "$2" --optimizer "$3" -o model "$4"
	weights -m model >text
	t "$1: read back" 0 '' '' weights --load -a "$2" --optimizer "$3" -o again text
	weights --all -m model >all
	weights --all -m again >all-again
	is "$1: the same text" "$(cmp all all-again)" ''
	score -m model "$4" >scores
	score -m again "$4" >scores-again
	is "$1: the same scores" "$(cmp scores scores-again)" ''
}

there_and_back 'beliefs, sigmoid' 'hash 8, dense 1 sigmoid' beliefs records
data model >bytes
data again >bytes-again
is 'bit for bit, but for the last bit of the variance of the bias' "$(cmp -l bytes bytes-again | awk '$1 != 9')" ''
there_and_back 'beliefs, softmax' 'hash 8, dense 4 softmax' beliefs classes
there_and_back 'beliefs, choice' 'hash 8, dense 1 choice' beliefs choices
data model >bytes
data again >bytes-again
is 'no bias: bit for bit' "$(cmp bytes bytes-again)" ''
there_and_back 'sgd' 'hash 8, dense 1 sigmoid' sgd records
is 'plain weights without states: bit for bit' "$(data model >bytes && data again | cmp - bytes)" ''
there_and_back 'a net' 'hash 8, dense 5 tanh, dense 4 softmax' adam classes
weights -H -m model >text
t '-H: the header is read over' 0 '' '' weights --load -H -a 'hash 8, dense 5 tanh, dense 4 softmax' -o again text
weights --all -m again | cmp - all >difference
is 'with the same weights' "$(cat difference)" ''
weights -m small | sort -r | weights --load -b 4 -o shuffled
is 'in any order' "$(weights -m shuffled)" "$(cat printed)"
weights -m small --names names | weights --load -b 4 -o shuffled
is 'names are read over' "$(weights -m shuffled)" "$(cat printed)"
t 'no weights: a fresh model' 0 '' '' weights --load -b 4 -o fresh /dev/null
pretrain -b 4 -o untrained /dev/null 2>/dev/null
is 'as pretrain of nothing leaves it' "$(cmp fresh untrained)" ''
t '--variance of fresh beliefs' 0 '' '' weights --load -b 4 --variance 0.09 -o fresh /dev/null
is 'is in the model' "$(weights --all -m fresh | head -n 1)" "0.weight${tab}0${tab}0${tab}0.300000006"
printf 'u\t1\t3\n' | pretrain --resume -o fresh
is 'which can be trained on' "$(weights -m fresh | wc -l | tr -d ' ')" 2
t 'written by hand, without a final newline' 0 '' '' sh -c 'printf "0.weight\t3\t1.5\t0.1\n0.bias\t0\t-1e-3\t2" | weights --load -b 4 -o hand'
is 'as it was written, to nine digits of a float' "$(weights -m hand)" "0.weight${tab}3${tab}1.5${tab}0.0999999989
0.bias${tab}0${tab}-0.001${tab}2"

# ---- what is refused ----

refused() { # what, line, pattern, architecture
	printf '%s\n' "$2" >line
	rm -f out
	t "$1" 3 '' "^weights: line:1: $3" weights --load -a "${4-hash 4, dense 1 sigmoid}" -o out line
	is "$1: no model is written" "$(ls out 2>/dev/null)" ''
}
refused 'no such tensor' "2.weight${tab}0${tab}1${tab}1" 'field 1 \(tensor\): none of the architecture.s: "2.weight"'
refused 'an index beyond the tensor' "0.weight${tab}16${tab}1${tab}1" 'field 2 \(index\): not a weight of its tensor: "16"'
refused 'a negative index' "0.weight${tab}-1${tab}1${tab}1" 'field 2 \(index\): not a weight'
refused 'two numbers, where one is meant' "0.weight${tab}1,0${tab}1${tab}1" 'field 2 \(index\): not a weight'
refused 'one number, where two are meant' "0.weight${tab}1${tab}1${tab}1" 'field 2 \(index\): not a weight' 'hash 4, dense 2 softmax'
refused 'a column beyond the tensor' "0.weight${tab}1,2${tab}1${tab}1" 'field 2 \(index\): not a weight' 'hash 4, dense 2 softmax'
refused 'junk behind the index' "0.weight${tab}1,1,1${tab}1${tab}1" 'field 2 \(index\): not a weight' 'hash 4, dense 2 softmax'
for bad in x '' nan inf 1e39 1,5; do
	refused "a mean of \"$bad\"" "0.weight${tab}1${tab}$bad${tab}1" 'field 3 \(mean\): not a number'
done
for bad in x '' 0 -1 nan 1e30; do
	refused "an sd of \"$bad\"" "0.weight${tab}1${tab}1${tab}$bad" 'field 4 \(sd\): not a number above 0'
done
refused 'too few fields' "0.weight${tab}1${tab}1" 'too few fields'
refused 'a blank line' '' 'too few fields: ""'
printf '0.weight\t1\t1\t1\n0.weight\t1\t2\t1\n' >twice
t 'a weight that comes twice' 3 '' '^weights: twice:2: field 2 \(index\): this weight came before: "1"' weights --load -b 4 -o out twice
t '--max-bad goes on' 0 '' '1 of 2 lines refused' weights --load --max-bad 1 -b 4 -o out twice
is 'with the first' "$(weights -m out)" "0.weight${tab}1${tab}1${tab}1"

# ---- the weights alone ----

pretrain -a 'hash 8, dense 5 tanh, dense 4 softmax' -o model classes
t '-m and -o: the weights alone' 0 '' '' weights -m model -o alone
is 'without the states' "$(tensors alone)" "$(tensors model | grep -v '^optim')"
score -m model classes >scores
t 'they are read as those of PyTorch are' 0 "$(cat scores)" '' score -a 'hash 8, dense 5 tanh, dense 4 softmax' -m alone classes
t 'not of beliefs' 2 '' '-o: the weights are beliefs' weights -m small -o alone
t 'nothing is printed then' 2 '' '--info: for what is printed: no -o' weights -m model --info -o alone

# ---- usage ----

t 'no model' 2 '' 'name it with -m' weights
t 'a model to load' 2 '' 'name it with -m' weights --load -m small -o out
t 'names for weights to load' 2 '' '--names: for what is printed' weights --load --names names -o out
t '--load without -o' 2 '' '--load and -o' weights --load
t 'files without --load' 2 '' 'files are read with --load: "x"' weights -m small x
t 'a wrong architecture' 2 '' '--architecture: .*: "hsah"' weights --load -a 'hsah 3' -o out
t 'no such optimizer' 2 '' 'no such optimizer: "x"' weights --load --optimizer x -o out
t 'no such option' 2 '' 'no such option' weights -Z
t 'no such model' 4 '' 'nowhere: No such file' weights -m nowhere
t 'no such file to load' 4 '' 'nowhere: No such file' weights --load -o out nowhere
t 'not a model' 4 '' 'not a safetensors file' weights -m records
if [ -w /dev/full ]; then
	t 'a full disk' 4 '' 'No space left' sh -c 'weights -m small >/dev/full'
else
	skip 'a full disk' 'no /dev/full'
fi
done_testing
