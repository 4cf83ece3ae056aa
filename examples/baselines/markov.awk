# markov.awk - what followed this item most often follows it again

function learn() {
	if (n > 1)
		followed[seq[n - 1], seq[n]]++
}

function guess(s,  item) {
	for (item in s)
		s[item] += followed[seq[n], item]
}
