# explore - the loop of examples/explore closes: Thompson loses fewer clicks than greedy, and learns the new item
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"

cd "$tmp" || exit
BIN=$bin
export BIN
example=$here/../examples/explore

t 'four worlds of fifteen rounds' 0 - '' "$example/run" -o made 4 15
is 'a line for every five rounds, and for the one in which the item comes' "$(awk '$1 + 0 { print $1 }' .out | xargs)" '5 6 10 15'
is 'the table has every round' "$(awk '!/^#/ && NF == 13' made/explore.txt | wc -l | xargs)" 15
is 'Thompson loses less than 0.7 of what greedy does' \
	"$(awk 'END { print ($10 < 0.7 * $2) ? "yes" : "no: " $10 " and " $2 }' made/explore.txt)" yes
is 'before the item comes nobody shows it' "$(awk '!/^#/ && $1 < 6 { n += $3 + $7 + $11 } END { print n + 0 }' made/explore.txt)" 0
is 'Thompson knows its CTR within 0.04, twice as well as greedy' \
	"$(awk 'function off(x) { return x > 0.35 ? x - 0.35 : 0.35 - x }
	END { print (off($12) < 0.04 && off($4) > 2 * off($12)) ? "yes" : "no: " $12 " and " $4 }' made/explore.txt)" yes
is 'and is surer of it' "$(awk 'END { print ($13 < 0.7 * $5) ? "yes" : "no: " $13 " and " $5 }' made/explore.txt)" yes
t 'an option that there is not' 2 '' '^usage: run' "$example/run" -z
if command -v gnuplot >/dev/null; then
	is 'a picture is drawn' "$(head -c 4 made/explore.png | tail -c 3)" PNG
else
	skip 'a picture is drawn' 'no gnuplot'
fi
done_testing
