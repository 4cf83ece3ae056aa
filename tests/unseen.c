/* unseen.c - draws by weight of what a group has not seen: each as often as its weight says, none twice for an event. */
#include "../common/io/unseen.h"
#include "tap.h"

enum { ITEMS = 5, EVENTS = 100000 };

/* Weights of items 4, 3, 2, 1, which are offered in this order; item 0 is not. */
static void
offer(struct unseen *u)
{
	*u = (struct unseen){0};
	unseen_init(u, ITEMS);
	for (uint32_t item = ITEMS - 1; item > 0; item--)
		unseen_offer(u, item, item);
}

/* Whether shares of first draws are as weights of the items that the group has not seen, within five standard errors. */
static bool
shares(struct unseen *u, uint32_t group, const double *weight)
{
	double n[ITEMS] = {0}, total = 0;
	bool good = true;

	for (size_t i = 0; i < ITEMS; i++)
		total += weight[i];
	for (uint64_t e = 0; e < EVENTS; e++) {
		uint32_t item;

		unseen_begin(u, group, e);
		if (!unseen_draw(u, &item))
			return false;
		n[item]++;
	}
	for (size_t i = 0; i < ITEMS; i++) {
		double p = weight[i] / total, error = n[i] / EVENTS - p;

		good &= error * error <= 25 * p * (1 - p) / EVENTS;
	}
	return good;
}

/* Draws of one event until there is no more: how many, and none of them twice or seen. */
static size_t
exhaust(struct unseen *u, uint32_t group, uint64_t seed, uint32_t *drawn)
{
	size_t n = 0;

	unseen_begin(u, group, seed);
	while (n <= ITEMS && unseen_draw(u, &drawn[n])) {
		for (size_t i = 0; i < n; i++)
			if (drawn[i] == drawn[n])
				return SIZE_MAX;
		if (pairs_has(&u->seen, group, drawn[n]))
			return SIZE_MAX;
		n++;
	}
	return n;
}

int
main(void)
{
	struct unseen u;
	uint32_t drawn[ITEMS + 1], again[ITEMS + 1];
	bool all = true, same = true;

	offer(&u);
	tap_ok(unseen_total(&u) == 10, "the sum of the weights");
	tap_ok(shares(&u, 0, (double[ITEMS]){0, 1, 2, 3, 4}), "all unseen: shares are as the weights");
	pairs_add(&u.seen, 1, 4);
	pairs_add(&u.seen, 1, 2);
	tap_ok(shares(&u, 1, (double[ITEMS]){0, 1, 0, 3, 0}), "two seen: shares of the others are as their weights");
	tap_ok(shares(&u, 0, (double[ITEMS]){0, 1, 2, 3, 4}), "of another group all are");
	for (uint64_t seed = 0; seed < 1000; seed++) {
		all &= exhaust(&u, 0, seed, drawn) == 4;
		same &= exhaust(&u, 0, seed, again) == 4 && memcmp(drawn, again, 4 * sizeof *drawn) == 0;
		all &= exhaust(&u, 1, seed, drawn) == 2;
	}
	tap_ok(all, "an event has each unseen item once, then none");
	tap_ok(same, "the same seed draws the same");
	for (uint32_t item = 1; item < ITEMS; item++)
		pairs_add(&u.seen, 2, item);
	tap_ok(exhaust(&u, 2, 1, drawn) == 0, "a group that has seen all has none");
	unseen_free(&u);

	unseen_init(&u, ITEMS);
	tap_ok(exhaust(&u, 0, 1, drawn) == 0, "where nothing is offered, nothing is drawn");
	unseen_offer(&u, 1, 1e15);
	unseen_offer(&u, 3, 1);
	unseen_offer(&u, 2, 3);
	pairs_add(&u.seen, 0, 1);
	tap_ok(shares(&u, 0, (double[ITEMS]){0, 0, 3, 1, 0}), "what is left is looked through: shares are as the weights");
	unseen_free(&u);
	unseen_free(&u);
	return tap_done();
}
