# examples - on real data: figures against what is promised, sums against awk's, metrics the long way; without data, a word
. "$(dirname "$0")/tap.sh"

BIN=$bin
export BIN
tab=$(printf '\t')

plain() { # folder, file: the table as it is, from beside the project or in it; fails where there is none
	for f in "$here/../../shared/data/$1/$2" "$here/../data/$1/$2"; do
		if [ -e "$f" ]; then
			tr -d '\r' <"$f"
			return
		elif [ -e "$f.gz" ]; then
			gzip -dc "$f.gz" | tr -d '\r'
			return
		fi
	done
	return 1
}

# Whether the row of 1000 records fulfils a condition on target only (t), source only (s), shift 0.01 (f), auto (a) and
# prior (p): AUC, and log-loss with an l before.
row() { # what, table, condition
	is "$1" "$(awk "
	function near(a, b) { return a - b <= 0.001 && b - a <= 0.001 }
	\$1 == 1000 {
		t = \$2; lt = \$4; s = \$6; ls = \$8; f = \$10; lf = \$12; a = \$15; la = \$17; p = \$20; lp = \$22
		print ($3) ? \"yes\" : \"no: \" \$0
	}" "$2")" yes
}

# Whether auto ended at 1000 records, for each of its samples, where target only does, and said so.
scratch() { # what, table, samples
	row "$1: auto ends where target only does" "$2" 't == a && lt == la'
	is "$1: every sample, and it says so" "$(grep -c "^# n = 1000: .* keeps scratch ($3)\$\|^# n = 1000: negative transfer $3 times; $3 times auto" "$2")" 2
}

# Whether auto is, at every size, not behind the better of the two alone by more than the standard error.
near_better() { # what, table
	is "$1: auto is at most a standard error behind the better of the two alone" \
		"$(awk '/ against / { gsub(/[()]/, ""); n++; behind += $6 < -$7 } END { print n, behind + 0 }' "$2")" '2 0'
}

# Under the sanitizers, where torch.t and training.t have nets learn, those of the examples would for minutes.
sanitized() {
	case $BIN in *sanitize) true ;; *) false ;; esac
}

mkdir "$tmp/project"
cp -R "$here/../examples" "$tmp/project/examples"
t 'email without data' 0 - '' "$tmp/project/examples/email/run"
is 'email says where they come from' "$(grep -c '^skipped: .*blog.minethatdata.com' "$tmp/.out")" 1
t 'movies without data' 0 - '' "$tmp/project/examples/movies/run"
is 'movies says where they come from' "$(grep -c '^skipped: .*grouplens.org' "$tmp/.out")" 1
t 'books without data' 0 - '' "$tmp/project/examples/books/run"
is 'books says where they come from' "$(grep -c '^skipped: .*github.com/fengzhu1' "$tmp/.out")" 1
t 'negative-transfer without data' 0 - '' "$tmp/project/examples/negative-transfer/run"
is 'negative-transfer says where they come from' "$(grep -c '^skipped: .*blog.minethatdata.com\|^skipped: .*grouplens.org' "$tmp/.out")" 2
t 'verdict without data' 0 - '' "$tmp/project/examples/verdict/run"
is 'verdict says where they come from' "$(grep -c '^skipped: .*grouplens.org' "$tmp/.out")" 1
t 'sessions without data' 0 - '' "$tmp/project/examples/sessions/run"
is 'sessions says where they come from' "$(grep -c '^skipped: .*archive.ics.uci.edu' "$tmp/.out")" 1
if [ -e /usr/share/datasets/fashion-mnist ]; then
	skip 'images without data' 'Debian has them'
else
	t 'images without data' 0 - '' "$tmp/project/examples/images/run"
	is 'images says where they come from' "$(grep -c '^skipped: .*dataset-fashion-mnist' "$tmp/.out")" 1
fi
t 'a folder without the data of images' 2 '' '^run: no train-images-idx3-ubyte in .*dataset-fashion-mnist' \
	"$tmp/project/examples/images/run" "$tmp"
t 'a folder without the data of email' 2 '' '^run: no hillstrom.csv in .*minethatdata' "$tmp/project/examples/email/run" "$tmp"
t 'a folder without the data of movies' 2 '' '^run: no ratings.csv in .*grouplens' "$tmp/project/examples/movies/run" "$tmp"
t 'a folder without the data of books' 2 '' '^run: no douban_book.tsv in .*fengzhu1' "$tmp/project/examples/books/run" "$tmp"
t 'a folder without the data of negative-transfer' 2 '' '^run: no hillstrom.csv in .*minethatdata' \
	"$tmp/project/examples/negative-transfer/run" "$tmp"
t 'a folder without the data of sessions' 2 '' '^run: no eshop-clothing-2008.csv in .*archive.ics.uci.edu' \
	"$tmp/project/examples/sessions/run" "$tmp"
t 'an option that there is not' 2 '' usage "$tmp/project/examples/email/run" -z

if plain hillstrom hillstrom.csv >"$tmp/hillstrom.csv"; then
	t 'email' 0 - '' "$here/../examples/email/run" -o "$tmp/email" "$tmp" 100 1000
	cp "$tmp/.out" "$tmp/printed"
	curve=$tmp/email/learning-curve.txt
	row 'email, shift 0.01 as the reference' "$curve" 'near(f, 0.6183) && near(lf, 0.4104)'
	row 'email, auto as the reference or better' "$curve" 'a >= 0.6161 && la <= 0.4111'
	near_better 'email' "$curve"
	row 'email, source only as the reference' "$curve" 'near(s, 0.6108) && near(ls, 0.4146)'
	row 'email, target only as the reference' "$curve" 'near(t, 0.6040) && near(lt, 0.4149)'
	row 'email, five passes with a prior: within 0.004 of the optimum' "$curve" 'p > 0.6181 - 0.004 && lp < 0.4103 + 0.004'

	is 'one pass over both: augmented is worse for few records, better for many' \
		"$(awk '$3 == "/" && NF == 7 { n++; print ($2 > $5) }' "$tmp/printed" | paste -s -d ' ' -)" '1 1 0'

	# Textbook: Wilson's interval; the mean and Student's, his quantile by its first terms. Money in cents, which are whole. Columns are counted
	# from the end: history_segment may hold a comma.
	awk -F , -v OFS='\t' -v z=1.959963984540054 '
	NR > 1 {
		arm = $(NF - 3)
		n[arm]++
		clicks[arm] += $(NF - 2)
		cents = int($NF * 100 + 0.5)
		sum[arm] += cents
		squares[arm] += cents * cents
	}
	END {
		for (arm in n) {
			p = clicks[arm] / n[arm]
			middle = (p + z * z / (2 * n[arm])) / (1 + z * z / n[arm])
			half = z * sqrt(p * (1 - p) / n[arm] + z * z / (4 * n[arm] * n[arm])) / (1 + z * z / n[arm])
			print "ctr", arm, n[arm], clicks[arm] sprintf("\t%.7f\t%.7f\t%.7f", p, middle - half, middle + half)
			mean = sum[arm] / n[arm]
			t = z + (z * z * z + z) / (4 * (n[arm] - 1))
			half = t * sqrt((squares[arm] - n[arm] * mean * mean) / (n[arm] - 1) / n[arm])
			print "revenue", arm, n[arm] sprintf("\t%.2f\t%.6f\t%.6f\t%.6f", sum[arm] / 100, mean / 100, \
				(mean - half) / 100, (mean + half) / 100)
		}
	}' "$tmp/hillstrom.csv" | sort >"$tmp/expected"
	awk -F '  +' -v OFS='\t' '
	/^Visits by arm/ { sums = "ctr" }
	/^Revenue by arm/ { sums = "revenue" }
	/^Visit after/ { exit }
	NF == 6 && $2 + 0 { print sums, $1, $2, $3 sprintf(sums == "ctr" ? "\t%.7f\t%.7f\t%.7f" : "\t%.6f\t%.6f\t%.6f", $4, $5, $6) }
	' "$tmp/printed" | sort >"$tmp/got"
	is 'CTR and revenue by arm, and their intervals, are those of awk' "$(cat "$tmp/got")" "$(cat "$tmp/expected")"
	is 'the likeliest thousand visit more than all do' \
		"$(awk '$1 == "all" { all = $4 } $1 == "likeliest" { print $2, ($4 > all ? "more" : "less") }' "$tmp/printed")" \
		'1000 more'

	featurize -C -b 18 -k segment 'visit ~ recency + zip_code + channel + mens' "$tmp/hillstrom.csv" >"$tmp/records"
	grep '^Mens' "$tmp/records" | pretrain -b 18 -o "$tmp/model"
	grep '^Womens' "$tmp/records" | score -m "$tmp/model" >"$tmp/scored"
	# AUC by ranks, where equal scores share the mean of theirs: a few hundred distinct scores, so ties abound.
	sort -t "$tab" -k 3,3g "$tmp/scored" | awk -F '\t' '
	{ p[NR] = $3; y[NR] = $2; loss -= log($2 == 1 ? $3 : 1 - $3) }
	END {
		for (first = 1; first <= NR; first = last + 1) {
			for (last = first; last < NR && p[last + 1] == p[first]; last++)
				;
			for (i = first; i <= last; i++)
				if (y[i]) {
					positive++
					ranks += (first + last) / 2
				}
		}
		auc = (ranks - positive * (positive + 1) / 2) / (positive * (NR - positive))
		printf "auc %.6f logloss %.6f", auc, loss / NR
	}' >"$tmp/expected"
	metrics -M auc,logloss "$tmp/scored" |
		awk '{ printf "%s%s %.6f", (NR > 1 ? " " : ""), $1, $2 }' >"$tmp/got"
	is 'AUC and log-loss are those of ranks and logarithms' "$(cat "$tmp/got")" "$(cat "$tmp/expected")"
	if command -v gnuplot >/dev/null; then
		is 'email draws' "$(head -c 4 "$tmp/email/arms.png" | tail -c 3) $(find "$tmp/email" -name '*.png' -size +10 | wc -l)" 'PNG 2'
	else
		skip 'email draws' 'no gnuplot'
	fi
else
	skip 'email' 'no hillstrom.csv'
fi

if plain movielens-small ratings.csv >"$tmp/ratings.csv" && plain movielens-small movies.csv >"$tmp/movies.csv"; then
	t 'movies' 0 - '' "$here/../examples/movies/run" -o "$tmp/movies" "$tmp" 1000
	cp "$tmp/.out" "$tmp/printed"
	curve=$tmp/movies/learning-curve.txt
	row 'movies, shift 0.01 as the reference' "$curve" 'near(f, 0.7320) && near(lf, 0.6070)'
	row 'movies, auto as the reference' "$curve" 'near(a, 0.7320) && near(la, 0.6070)'
	row 'movies, source only as the reference' "$curve" 'near(s, 0.6857) && near(ls, 0.6404)'
	row 'movies, target only as the reference' "$curve" 'near(t, 0.6713) && near(lt, 0.6482)'
	row 'movies, five passes with a prior: within 0.004 of the optimum' "$curve" 'p > 0.734 - 0.004 && lp < 0.608 + 0.004'
	is 'feedback on all the films to test on is that of awk' \
		"$(awk '$1 == "all" { print $2, $3 }' "$tmp/printed")" \
		"$(awk -F , 'NR > 1 && $1 % 10 < 3 && n++ % 3 == 0 { total++; positive += $3 >= 4 } END { print total, positive }' \
			"$tmp/ratings.csv")"
	is 'what the fine-tuned model ranks first pleases most' \
		"$(awk '$1 == "all" { all = $4 } $1 == "five" { rate[$3] = $6 } END {
			print (rate["target"] > all) (rate["tuned"] > rate["target"]) (rate["tuned"] > rate["source"]) }' "$tmp/printed")" 111
	t 'verdict' 0 - 'finetune: .* is kept' "$here/../examples/verdict/run" -o "$tmp/verdict" "$tmp" 3000
	cp "$tmp/.out" "$tmp/said"
	is 'transfer gains AUC and log-loss from the target alone' \
		"$(awk '$1 == "tuned" { print $2, $NF; if (++n == 2) exit }' "$tmp/said")" 'auc gain
logloss gain'
	is 'the source alone is found worse than 3000 ratings' \
		"$(awk '$1 == "source" && $2 == "logloss" { print $(NF - 1), $NF }' "$tmp/said")" 'negative transfer'
	is 'the figures are those of metrics' "$(awk '$1 == "tuned" && $2 == "auc" { print $4, $5; exit }' "$tmp/said")" \
		"$(for model in target tuned; do metrics -M auc "$tmp/verdict/$model.scored"; done |
			awk '{ printf "%s%.4f", sep, $2; sep = " " }')"
	# The title of a recommended film, as movies.csv has it, and the ratings of its user.
	awk -F , '
	FILENAME ~ /ratings/ { rated[$1, $2]; next }
	FILENAME ~ /movies/ { line[$1] = $0; next }
	/^user/ {
		user = $1
		sub(/^user /, "", user)
		sub(/ .*/, "", user)
		title = substr($0, 17)
		n[user]++
		known = 0
		for (id in line)
			if (index(line[id], title)) {
				known = 1
				seen += (user, id) in rated
			}
		unknown += !known
	}
	END { print n[20] + 0, n[21] + 0, n[30] + 0, unknown + 0, seen + 0 }' \
		"$tmp/ratings.csv" "$tmp/movies.csv" "$tmp/printed" >"$tmp/got"
	is 'five films for each of three users, all known, none that they rated' "$(cat "$tmp/got")" '5 5 5 0 0'
else
	skip 'movies' 'no ratings.csv'
fi

if plain douban-book-music douban_book.tsv >"$tmp/douban_book.tsv" && plain douban-book-music douban_music.tsv >"$tmp/douban_music.tsv"; then
	t 'books' 0 - '' "$here/../examples/books/run" -o "$tmp/books" "$tmp" 300 1000
	curve=$tmp/books/learning-curve.txt
	row 'books, target only as the reference' "$curve" 'near(t, 0.5996) && near(lt, 0.5589)'
	row 'books, source only as the reference' "$curve" 'near(s, 0.6146) && near(ls, 0.5530)'
	row 'books, shift 0.01 as the reference' "$curve" 'near(f, 0.6321) && near(lf, 0.5470)'
	row 'books, auto as the reference' "$curve" 'near(a, 0.6329) && near(la, 0.5470)'
	near_better 'books' "$curve"
	curve=$tmp/books/shuffled.txt
	row 'shuffled readers, target only is the same' "$curve" 'near(t, 0.5996) && near(lt, 0.5589)'
	row 'shuffled readers, shift 0.01 is far worse' "$curve" 'f < t - 0.04 && lf > lt + 0.01'
	scratch 'shuffled readers' "$curve" 3
	is 'shuffled readers, 300 records: every sample, and it says so' \
		"$(grep -c '^# n = 300: .* keeps scratch (3)$\|^# n = 300: negative transfer 3 times; 3 times auto' "$curve")" 2
	is 'vectors start better with the books, but not with those that others read' \
		"$(awk '$1 == 1 { n += $3 > $2 + 0.045 } $1 == 3 { n += $5 > $2 + 0.028 } $1 == 10 { n += $5 > $2 + 0.012 }
			/^ *[0-9]/ { n += $4 < $2 && $6 < $2 } END { print n + 0 }' "$tmp/books/vectors.txt")" 6
	is 'mapped vectors tell of those new to music, where the books are theirs' \
		"$(awk '!/#/ { n += $8 > $7 + 0.02 && $9 < $7 + 0.005 } END { print n + 0 }' "$tmp/books/vectors.txt")" 4
else
	skip 'books' 'no douban_book.tsv'
fi

# The first pictures of each kind: 3000 to learn from, 6000 others.
mnist=/usr/share/datasets/fashion-mnist
if sanitized; then
	skip 'images' 'minutes under the sanitizers'
elif [ -e $mnist ]; then
	mkdir "$tmp/mnist"
	cp $mnist/*-labels-* "$tmp/mnist"
	gzip -dc $mnist/train-images-idx3-ubyte.gz | head -c $((16 + 3000 * 784)) >"$tmp/mnist/train-images-idx3-ubyte"
	gzip -dc $mnist/t10k-images-idx3-ubyte.gz | head -c $((16 + 6000 * 784)) >"$tmp/mnist/t10k-images-idx3-ubyte"
	(
		# shellcheck disable=SC2034
		data=$tmp/mnist tmp=$tmp/mnist examples=$here/../examples
		. "$examples/images/records.sh"
	)
	is 'records of pictures, and of a taste' "$(cd "$tmp/mnist" && wc -l source seen pool test | awk '{ printf "%d ", $1 }')" \
		'3000 6000 5000 1000 15000 '
	is 'a picture is as its bytes, white on black from 0 to 1' \
		"$(tail -n 1 "$tmp/mnist/seen" | cut -f 3 | tr -d = | tr ' ' '\n' | awk '{ print int($1 * 255 + 0.5) }' | cksum)" \
		"$(tail -c 784 "$tmp/mnist/t10k-images-idx3-ubyte" | od -A n -v -t u1 | tr -s ' ' '\n' | grep . | cksum)"
	is 'classes are as their bytes, likes are 0, 3 and 8' \
		"$(paste "$tmp/mnist/seen" "$tmp/mnist/pool" | head -n 5000 | cut -f 2,5 | tr '\t' ' ' | cksum)" \
		"$(gzip -dc $mnist/t10k-labels-idx1-ubyte.gz | tail -c +9 | head -c 5000 | od -A n -v -t u1 | tr -s ' ' '\n' | grep . |
			awk '{ print $1, ($1 ~ /[038]/) }' | cksum)"
	t 'images' 0 - '' "$here/../examples/images/run" -o "$tmp/images" "$tmp/mnist" 500
	is 'classes are told apart' "$(awk '/^mean of/ { print ($NF > 0.8) }' "$tmp/.out")" 1
	is 'a head on top gains from the source, a head in place of its own does not, auto finds it out' \
		"$(awk '$1 == 500 { print ($6 > $2 + 0.02 && $8 > $4), ($10 < $2 + 0.02), ($14 >= $6 && $16 >= $8) }' "$tmp/images/taste.txt")" '1 1 1'
	is 'in each sample' "$(grep -c 'auto keeps frozen-body-30-times-the-rate (2)$' "$tmp/images/taste.txt")" 1
	is 'the curve has all passes' "$(awk '$6 > 0 { printf "%d ", $1 }' "$tmp/images/training.tsv")" '1 2 3 '
else
	skip 'images' 'no dataset-fashion-mnist'
fi

if mkdir "$tmp/hillstrom" "$tmp/movielens-small" && mv "$tmp/hillstrom.csv" "$tmp/hillstrom" && [ -s "$tmp/hillstrom/hillstrom.csv" ] &&
	mv "$tmp/ratings.csv" "$tmp/movies.csv" "$tmp/movielens-small" && [ -s "$tmp/movielens-small/movies.csv" ]; then
	t 'negative-transfer' 0 - '' "$here/../examples/negative-transfer/run" -o "$tmp/negative" "$tmp"
	curve=$tmp/negative/email-turned.txt
	row 'men turned round, shift 0.01 as the reference' "$curve" 'near(f, 0.478) && near(lf, 0.427)'
	scratch 'men turned round' "$curve" 20
	curve=$tmp/negative/movies-turned.txt
	row 'users turned round, shift 0.01 as the reference' "$curve" 'near(f, 0.491) && near(lf, 0.761)'
	scratch 'users turned round' "$curve" 5
	scratch 'noise for men' "$tmp/negative/email-tossed.txt" 20
	scratch 'noise for users' "$tmp/negative/movies-tossed.txt" 5
else
	skip 'negative-transfer' 'no hillstrom.csv or no ratings.csv'
fi

# Every twelfth session: what is learnt from few depends on the source all the more.
mkdir "$tmp/eshop"
plain eshop-clickstream eshop-clothing-2008.csv | awk -F ';' 'NR == 1 || $6 % 12 == 0' >"$tmp/eshop/eshop-clothing-2008.csv"
if sanitized; then
	skip 'sessions' 'minutes under the sanitizers'
elif [ -s "$tmp/eshop/eshop-clothing-2008.csv" ]; then
	t 'sessions' 0 - '' "$here/../examples/sessions/run" -o "$tmp/sessions" "$tmp/eshop" 50
	cp "$tmp/.out" "$tmp/printed"
	is 'what counts least, and what looks at the last click, at all items and at other countries' "$(awk '
	$1 == "popularity" { popular = $2 }
	$1 == "markov" { markov = $2 }
	/^GRU, source/ { source = $3; mrr = $4 }
	/^GRU, 50 sessions: target/ { target = $5; target_mrr = $6 }
	/^GRU, 50 sessions: fine-tuned/ { tuned = $5; tuned_mrr = $6 }
	END { print (markov > popular + 0.2), (source > popular + 0.2), (tuned > target + 0.1), (tuned_mrr > target_mrr + 0.02), \
		(tuned > source - 0.03), (tuned_mrr > mrr - 0.03) }' "$tmp/printed")" '1 1 1 1 1 1'
	is 'auto of beliefs, and of nets twice, says what it keeps: never scratch' \
		"$(awk '/auto keeps/ { n += $1; scratch += $4 == "scratch" } END { print n, scratch }' "$tmp/printed")" '3 0'
	is 'verdicts by session' "$(grep -c '^source  *tuned  *\(mrr\|recall\)@20 .* [a-z]*$' "$tmp/printed")" 2
	is 'every month of every model' "$(awk '!/^#/ { n++; fields += NF } END { print n, fields }' "$tmp/sessions/months.txt")" '7 70'
	is 'a model that goes on learning is ahead of one that does not, in July and August' "$(awk '
	/stale/ { stale[$1] = $7 + $9 }
	/tuned/ { tuned[$1] = $7 + $9 }
	END { print (tuned["GRU"] > stale["GRU"] + 0.03), (tuned["beliefs"] > stale["beliefs"] + 0.03) }' "$tmp/sessions/months.txt")" '1 1'
	is 'the models of April are one in May' "$(awk '/^GRU/ { print $3, $4 }' "$tmp/sessions/months.txt" | uniq | wc -l | tr -d ' ')" 1
else
	skip 'sessions' 'no eshop-clothing-2008.csv'
fi
done_testing
