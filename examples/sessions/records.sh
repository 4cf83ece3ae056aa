# records.sh - the shop's clicks as records: sourced once real-data.sh has found eshop-clothing-2008.csv. In tmp it makes
#
#	items     the catalogue; the id of an item is the number of its line
#	clicks    session, item, month, day, country: what the baselines read
#	records   session, clicks before, month, day, country, the next item, the items before it
#	crossed   the same for log-linear models: features are the last items, their pairs, and the page they were seen on
#
# and defines how both kinds of model learn, and how they are judged. The settings are those that predict best the last two
# weeks of June from what came before; README.md has them.

unpack eshop-clothing-2008.csv
awk -F ';' 'NR > 1 { print $8 }' "$tmp/eshop-clothing-2008.csv" | sort -u >"$tmp/items"
awk -F ';' -v OFS='\t' 'NR > 1 { print $6, $8, $2, $3, $5 }' "$tmp/eshop-clothing-2008.csv" >"$tmp/clicks"
sessions -k 1000 --contiguous -C -d ';' -g 'session ID' -i 'page 2 (clothing model)' --carry month,day,country \
	--catalogue "$tmp/items" "$tmp/eshop-clothing-2008.csv" >"$tmp/records"

# What a click came from: category and page of the shop, as known when the next item is asked for.
awk -v OFS=, '
BEGIN { print "session,before,month,day,country,next,last,second,third,category,page" }
NR == FNR { split($0, c, ";"); category[c[6], c[4]] = c[7]; page[c[6], c[4]] = c[14]; next }
{
	split($0, field, "\t")
	n = split(field[7], item, " ")
	print field[1], field[2], field[3], field[4], field[5], field[6], item[n], (n > 1 ? item[n - 1] : 0), \
		(n > 2 ? item[n - 2] : 0), category[field[1], field[2]], page[field[1], field[2]]
}' "$tmp/eshop-clothing-2008.csv" "$tmp/records" |
	featurize -C -b 14 -k session,before,month,day,country 'next ~ last + second + third + last:second +
		category + page + category:page + page:last' >"$tmp/crossed"

classes=$(awk 'END { print NR + 1 }' "$tmp/items") # ids begin at 1

gru() { # seed, model, records
	pretrain -a "ids $classes, embed 128 seq, gru 100, dropout 50, dense $classes softmax" -e 8 -B 64 -r 0.003 \
		--schedule linear --seed "$1" -o "$2" "$3"
}

tune() { # seed, source, model, records, options
	from=$2 to=$3 with=$4 seed=$1
	shift 4
	finetune -e 5 -B 64 -r 0.0005 --schedule linear --seed "$seed" -m "$from" -o "$to" "$@" "$with"
}

beliefs() { # model, records
	pretrain --variance 0.1 -a "hash 14, dense $classes softmax" -o "$1" "$2"
}

# Scored records as the baselines print them: session:position, item, label, score. All items are ranked, 20 are kept.
guess() { # model, records
	score -k 20 -m "$1" "$2" | awk -F '\t' -v OFS='\t' '{ print $1 ":" $2, $(NF - 2), $(NF - 1), $NF }'
}

# Recall and MRR at 20 of what guess or a baseline prints, in a line.
judge() {
	metrics --contiguous -k 20 -M recall,mrr | awk '{ value[NR] = $2 } END { printf "%.4f %.4f\n", value[1], value[2] }'
}

# Lines of name TAB recall and MRR of one seed; the mean of each name, and where there are several Student's interval.
means() {
	awk -F '\t' '
	function shown(k, i,   mean, variance) {
		mean = sum[k, i] / n[k]
		if (n[k] == 1)
			return sprintf("%.4f", mean)
		variance = (squares[k, i] - n[k] * mean * mean) / (n[k] - 1)
		return sprintf("%.4f ± %.4f", mean, t[n[k] <= n_t ? n[k] - 1 : n_t] * sqrt((variance > 0 ? variance : 0) / n[k]))
	}
	BEGIN { n_t = split("12.706 4.303 3.182 2.776 2.571 2.447 2.365 2.306 2.262", t, " ") }
	!($1 in n) { name[++names] = $1 }
	{
		split($2, value, " ")
		for (i = 1; i <= 2; i++) {
			sum[$1, i] += value[i]
			squares[$1, i] += value[i] * value[i]
		}
		n[$1]++
	}
	END {
		for (j = 1; j <= names; j++)
			printf "%-34s %s  %s\n", name[j], shown(name[j], 1), shown(name[j], 2)
	}'
}
