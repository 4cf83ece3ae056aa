# world.awk - visitors, items, and the truth that no model sees: how likely each visitor clicks on each item
#
#	awk -v seed=1 -v rounds=30 -v new=11 -f world.awk
#
# Writes CSV: a row for each visitor and each item there is, in round 0, which is there to begin with, and those that
# follow; item `new` comes in the round of that name. truth is the probability of a click, best the greatest of the
# visitor's. He clicks where truth is above luck: what one policy shows changes nothing for another.

# Uniform on (0, 1): Lehmer's generator with the constant of Lewis, Goodman and Miller 1969, the same in every awk.
function uniform() {
	state = state * 16807 % 2147483647
	return state / 2147483647
}

# A draw of N(0, 1) (Box and Muller 1958).
function normal() {
	return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform())
}

function logistic(x) {
	return 1 / (1 + exp(-x))
}

BEGIN {
	OFS = ","
	segments = 4
	items = 12
	visits = 200
	state = 1000003 * seed % 2147483647
	for (i = 1; i <= items; i++) {
		appeal = 0.5 * normal()
		for (s = 1; s <= segments; s++)
			truth[s, i] = logistic(-2.5 + appeal + 0.7 * normal())
	}
	for (s = 1; s <= segments; s++)
		truth[s, 0] = 0.35 # the new item, to everybody's taste
	print "round", "visit", "segment", "item", "truth", "best", "luck"
	for (round = 0; round <= rounds; round++)
		for (v = 1; v <= visits; v++) {
			s = 1 + int(segments * uniform())
			luck = uniform()
			first = round < new # item 0 is the new one
			best = 0
			for (i = first; i <= items; i++)
				if (truth[s, i] > best)
					best = truth[s, i]
			for (i = first; i <= items; i++)
				print round, round * visits + v, s, i ? i : "new", truth[s, i], best, luck
		}
}
