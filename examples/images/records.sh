# records.sh - Fashion-MNIST as records: sourced once real-data.sh has found its files. In tmp it makes
#
#	source      the 60000 pictures to learn from: name, class, 784 greys from 0 to 1
#	seen        the 10000 others
#	pool, test  the first and last 5000 of those; the label is whether a person likes them: classes 0, 3 and 8

# The bytes of a file behind its header, as numbers, 16 a line.
bytes() { # file, header
	if [ -e "$data/$1" ]; then
		cat "$data/$1"
	else
		gzip -dc "$data/$1.gz"
	fi | tail -c +$(($2 + 1)) | od -A n -v -t u1
}

# IDX files as records; a picture of 28 x 28 is 49 lines of 16. Looking each grey up is quicker than printing a number.
image_records() { # train or t10k
	bytes "$1-labels-idx1-ubyte" 8 >"$tmp/labels"
	bytes "$1-images-idx3-ubyte" 16 | awk -v name="$1" '
	BEGIN { for (i = 0; i < 256; i++) grey[i] = sprintf("%.3g", i / 255) }
	NR == FNR { for (i = 1; i <= NF; i++) label[++n_labels] = $i; next }
	FNR % 49 == 1 { n++; printf "%s%d\t%d\t=", name, n, label[n]; gap = "" }
	{ for (i = 1; i <= 16; i++) { printf "%s%s", gap, grey[$i]; gap = " " } }
	FNR % 49 == 0 { print "" }' "$tmp/labels" -
}

image_records train >"$tmp/source"
image_records t10k >"$tmp/seen"
awk -F '\t' -v OFS='\t' -v tmp="$tmp" '
{ $2 = $2 == 0 || $2 == 3 || $2 == 8; print >(tmp (NR <= 5000 ? "/pool" : "/test")) }' "$tmp/seen"
