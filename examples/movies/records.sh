# records.sh - MovieLens as records: sourced once real-data.sh has found ratings.csv and movies.csv. In tmp it makes
#
#	films     film, title, period, genres
#	ratings.csv
#	records   user, film, period, whether rated 4 or more, features; and its parts source, pool and test
#
# and sets features, their formula.

features='film + user + period + split(genres, "|") + user:split(genres, "|")'

# A title may hold commas; it ends in the year, and a period is five years.
unpack movies.csv
awk -F , -v OFS='\t' 'NR > 1 {
	title = substr($0, length($1) + 2, length($0) - length($1) - length($NF) - 2)
	if (title ~ /^".*"$/) {
		title = substr(title, 2, length(title) - 2)
		gsub(/""/, "\"", title)
	}
	sub(/ +$/, "", title)
	year = title ~ /[0-9][0-9][0-9][0-9]\)$/ ? substr(title, length(title) - 4, 4) : 0
	print $1, title, int(year / 5), $NF
}' "$tmp/movies.csv" >"$tmp/films"

# Source: users whose number ends in 3 to 9. Target: the others, who are new; every third rating to test on.
unpack ratings.csv
awk -F '[\t,]' -v OFS=, '
NR == FNR { about[$1] = $(NF - 1) OFS $NF; next }
FNR == 1 { print "user,film,rating,period,genres"; next }
{ print $1, $2, $3, about[$2] }' "$tmp/films" "$tmp/ratings.csv" >"$tmp/log.csv"
featurize -C -b 20 -k user,film,period "(rating >= 4) ~ $features" "$tmp/log.csv" >"$tmp/records"
awk -F '\t' -v tmp="$tmp" '{
	part = $1 % 10 > 2 ? "/source" : n++ % 3 == 0 ? "/test" : "/pool"
	print >(tmp part)
}' "$tmp/records"
