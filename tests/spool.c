/* spool.c - records come back as they went in, unit by unit, in order or in a random one: each once. */
#include "../common/io/spool.h"
#include "tap.h"

enum { MOST = 100 };

/* Appends unit i: one record or two, of up to three features, which say whose they are. */
static void
put_unit(struct spool *s, uint32_t i)
{
	struct batch b = {0};

	features_reserve(&b.features, MOST);
	for (uint32_t record = 0; record <= i % 2; record++) {
		for (uint32_t j = 0; j < i % 4; j++) {
			b.features.index[b.features.n] = 10 * i + record;
			b.features.value[b.features.n++] = (float)j;
		}
		batch_close_record(&b, (float)i, 2);
		spool_add(s, &b, record, record > 0);
	}
	batch_free(&b);
}

/* Is a batch what put_unit put? */
static bool
is_unit(const struct batch *b, uint32_t i)
{
	bool good = b->n == 1 + i % 2;

	for (uint32_t record = 0; good && record < b->n; record++) {
		good = b->label[record] == (float)i && b->weight[record] == 2 &&
		       b->start[record + 1] - b->start[record] == i % 4;
		for (size_t j = b->start[record]; good && j < b->start[record + 1]; j++)
			good = b->features.index[j] == 10 * i + record && b->features.value[j] == (float)(j - b->start[record]);
	}
	return good;
}

/* A walk through all units of a spool: does it give those of the order, each as it was put, and then no more? */
static bool
walks(const struct spool *s, uint64_t order)
{
	struct spool_walk walk;
	struct batch batch = {0};
	uint64_t n = 0, place;
	bool good = true;

	spool_walk(&walk, s, order);
	for (; spool_next(&walk, &place); n++) {
		good &= place == (order ? random_place(order, n, s->n) : n);
		batch_clear(&batch);
		spool_read(s, place, &batch);
		good &= is_unit(&batch, (uint32_t)place);
	}
	batch_free(&batch);
	return good && n == s->n;
}

int
main(void)
{
	bool ordered = true, random = true;

	for (uint32_t n = 0; n <= MOST; n++) {
		struct spool s;

		spool_init(&s);
		for (uint32_t i = 0; i < n; i++)
			put_unit(&s, i);
		spool_rewind(&s);
		ordered &= walks(&s, 0);
		random &= walks(&s, 1) && walks(&s, n + 2);
		spool_free(&s);
	}
	tap_ok(ordered, "0 to %d units come back as they went in, in their order", MOST);
	tap_ok(random, "and in a random one");
	return tap_done();
}
