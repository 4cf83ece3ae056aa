# records.sh - the e-mail challenge as records: sourced once real-data.sh has found hillstrom.csv. In tmp it makes
#
#	log.csv   with the number of the customer, which is that of the line
#	records   segment, customer, spend, visit, features; and its parts source, pool and test
#
# and defines email_records, which makes the last four with more options of featurize.

unpack hillstrom.csv
awk '{ print $0 "," (NR == 1 ? "customer" : NR - 1) }' "$tmp/hillstrom.csv" >"$tmp/log.csv"

# Source: the men's e-mail. Target: the women's; 7 of 15 customers to test on.
email_records() { # folder, options
	to=$1
	shift
	featurize -C -b 18 -k segment,customer,spend "$@" \
		'visit ~ recency + zip_code + channel + newbie + mens:womens + scale(log1p(history), 5, 1)' \
		"$tmp/log.csv" >"$to/records"
	awk -F '\t' -v to="$to" '
	$1 == "Mens E-Mail" { print >(to "/source") }
	$1 == "Womens E-Mail" { print >(to (n++ % 15 < 7 ? "/test" : "/pool")) }' "$to/records"
}

email_records "$tmp"
