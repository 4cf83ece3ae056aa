# feedback - positive over total feedback: exact counts, Wilson's interval, any split the same bytes
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
# shellcheck source=tests/sums.sh
. "$(dirname "$0")/sums.sh"

cd "$tmp" || exit
awk 'BEGIN { for (i = 0; i < 997; i++) printf "u%d\ti%d\t%s\tf\n", i * 31 % 13, i % 7, i % 5 ? i * i % 11 / 2 : "?" }' >log

cat >thumbs <<END
a${tab}1${tab}f
a${tab}-1${tab}f
b${tab}?${tab}f
a${tab}0${tab}f
a${tab}?${tab}f
a${tab}0.5${tab}f
END
t 'above 0 is positive, ? is no feedback, a key without any has no line' 0 \
	"a${tab}4${tab}2${tab}0.5${tab}0.150038989${tab}0.849961011" '' feedback -g 1 thumbs
t '--positive X: from X on' 0 "4${tab}1${tab}0.25" '' sh -c 'feedback --positive 0.6 | cut -f 1-3' <<END
0.6${tab}f
0.59${tab}f
-3${tab}f
?${tab}f
0.5${tab}f
END
t '--positive compares as a number' 0 "2${tab}2${tab}1" '' sh -c 'feedback --positive 4.1 | cut -f 1-3' <<END
4.1${tab}f
4.10e0${tab}f
END
t '--positive 0: 0 too' 0 "4${tab}3${tab}0.75" '' sh -c 'feedback --positive 0 thumbs | cut -f 1-3'
t '--positive below 0' 0 "4${tab}4${tab}1" '' sh -c 'feedback --positive -1 thumbs | cut -f 1-3'
t '--positive that is no number' 2 '' '--positive: not a number: "many"' feedback --positive many thumbs
t '--merge takes no --positive' 2 '' '--merge: reads lines of --partial: no --positive' feedback --merge --positive 4 thumbs
t 'nothing but ?: no records' 3 '' 'no records' feedback - <<END
?${tab}f
END
t 'CSV by name' 0 "2${tab}2${tab}2${tab}1
9${tab}1${tab}0${tab}0" '' sh -c 'feedback -C -g film -y stars --positive 4 | cut -f 1-4' <<END
film,stars
9,3.5
2,4
2,5.0
9,?
END
t '--interval exact' 0 "a${tab}4${tab}2${tab}0.5${tab}0.0675859865${tab}0.932414014" '' feedback --interval exact -g 1 thumbs
is '--against' "$(feedback -g 1 --positive 3 --against i2 - <<END | cut -f 4,7
i1${tab}3${tab}f
i2${tab}1${tab}f
i1${tab}2${tab}f
i2${tab}?${tab}f
END
)" "0.5${tab}0.5
0${tab}?"
is 'counts are those of awk' "$(feedback -g 1,2 --positive 3 log | cut -f 1-5)" \
	"$(awk '$3 != "?" { k = $1 "\t" $2; n[k]++; c[k] += $3 >= 3 }
	END { for (k in n) printf "%s\t%d\t%d\t%.9g\n", k, n[k], c[k], c[k] / n[k] }' log | sort)"
feedback -g 1 log >once
is 'two runs are equal' "$(feedback -g 1 log | cmp - once)" ''
any_split feedback
any_split feedback -g 2 --positive 2.5
any_split feedback -g 1,2

# ---- the bootstrap ----

rates_draw_units feedback

bad() { # label, rule
	printf 'k\t1\tf\nk\t%s\tf\n' "$1" >bad
	t "label $1" 3 '' "^feedback: bad:2: field 2 \(label\): $2$" feedback bad
}
bad '' 'not a number: "" \(it is empty\)'
bad '??' 'not a number: "\?\?"'
bad like 'not a number: "like"'
bad '4,5' 'not a number: "4,5" \(decimal comma\?\)'
bad nan 'not a number: "nan"'
bad inf 'not a number: "inf"'
bad -1e999 'not a number: "-1e999".*'
bad 0x4 'not a number: "0x4" \(hexadecimal\?\)'
sums_share feedback

sums_are_strict feedback "total${tab}positive${tab}rate${tab}lower${tab}upper"
t '--partial lines' 0 "feedback/1${tab}a${tab}4${tab}2" '' feedback --partial -g 1 thumbs
t '--merge refuses more positive than the total' 3 '' 'field 3 \(positive\): more than the total: "2"' feedback --merge - <<END
feedback/1${tab}1${tab}2
END
t '--merge refuses a key without feedback' 3 '' 'field 2 \(total\): not a count: "0"' feedback --merge - <<END
feedback/1${tab}0${tab}0
END
t 'counts beyond 2^64 are an error' 3 '' 'stdin:2: the sum overflows' feedback --merge - <<END
feedback/1${tab}9999999999999999999${tab}1
feedback/1${tab}9999999999999999999${tab}1
END

ratings=$here/../../shared/data/movielens-small/ratings.csv.gz
if [ -e "$ratings" ]; then
	gzip -dc "$ratings" | tr -d '\r' >ratings.csv
	is "MovieLens: four stars and more by film are awk's" "$(feedback -C -g movieId -y rating --positive 4 ratings.csv | cut -f 1-4)" \
		"$(awk -F, 'NR > 1 { n[$2]++; c[$2] += $3 >= 4 }
		END { for (k in n) printf "%s\t%d\t%d\t%.9g\n", k, n[k], c[k], c[k] / n[k] }' ratings.csv | sort -t "$tab" -k 1,1)"
else
	skip "MovieLens: four stars and more by film are awk's" 'the data are not beside the project'
fi
done_testing
