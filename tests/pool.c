/*
 * pool.c - evidence added up, and means of weights, against their formulas in long double.
 */
#include "../common/net/pool.h"
#include "tap.h"

enum { BITS = 6, CLASSES = 3, MOST = 64 };

static struct net prior, pooled, shard[MOST];
static struct pool_part part[MOST];
static uint64_t draws;

static double
uniform(double least, double most)
{
	return least + (most - least) * random_uniform(7, draws++);
}

static void
set_belief(struct tensor *t, size_t i, double mean, double variance)
{
	if (t->width == sizeof(double)) {
		((double *)t->data)[2 * i] = mean;
		((double *)t->data)[2 * i + 1] = variance;
	} else {
		tensor_floats(t)[2 * i] = (float)mean;
		tensor_floats(t)[2 * i + 1] = (float)variance;
	}
}

static void
copy_net(struct net *to, const struct net *from)
{
	for (size_t p = 0; p < from->table.n; p++)
		memcpy(to->table.tensor[p].data, from->table.tensor[p].data,
		       from->table.tensor[p].n * from->table.tensor[p].width);
}

/* A prior that varies, and shards of which each has learnt a part of the weights. */
static void
make_beliefs(size_t n)
{
	for (size_t p = 0; p < prior.table.n; p++)
		for (size_t i = 0; i < prior.table.tensor[p].n / 2; i++)
			set_belief(&prior.table.tensor[p], i, uniform(-1, 1), uniform(0.01, 0.3));
	for (size_t k = 0; k < n; k++) {
		copy_net(&shard[k], &prior);
		part[k] = (struct pool_part){&shard[k], 1};
		for (size_t p = 0; p < prior.table.n; p++)
			for (size_t i = 0; i < prior.table.tensor[p].n / 2; i++)
				if (uniform(0, 1) < 0.5)
					set_belief(&shard[k].table.tensor[p], i, uniform(-2, 2),
					           pool_belief_at(&prior.table.tensor[p], i).variance * uniform(1e-4, 1));
	}
	copy_net(&pooled, &prior);
}

/* The formula, word for word. */
static void
reference(size_t n, size_t p, size_t i, long double *mean, long double *variance)
{
	struct pool_belief from = pool_belief_at(&prior.table.tensor[p], i);
	long double before = 1 / (long double)from.variance, precision = before;
	long double moment = (long double)from.mean / (long double)from.variance;

	for (size_t k = 0; k < n; k++) {
		struct pool_belief b = pool_belief_at(&shard[k].table.tensor[p], i);

		precision += (long double)part[k].factor * (1 / (long double)b.variance - before);
		moment += (long double)part[k].factor *
		          ((long double)b.mean / (long double)b.variance - (long double)from.mean / (long double)from.variance);
	}
	*mean = moment / precision;
	*variance = 1 / precision;
}

/* Equal, of doubles up to the last bit of a mean near 0 and of a long double's own sums. */
static bool
agrees(const struct tensor *t, double got, long double want)
{
	if (t->width == sizeof(float))
		return (float)got == (float)want;
	return fabsl((long double)got - want) <= fabsl(want) * 0x1p-52L + 0x1p-60L;
}

static void
test_beliefs(size_t n, const char *what)
{
	size_t wrong = 0;

	if (!tap_ok(pool_beliefs(n, part, &pooled), "%s: %zu shards are pooled", what, n))
		return;
	for (size_t p = 0; p < prior.table.n; p++)
		for (size_t i = 0; i < prior.table.tensor[p].n / 2; i++) {
			const struct tensor *t = &pooled.table.tensor[p];
			struct pool_belief got = pool_belief_at(t, i);
			long double mean, variance;

			reference(n, p, i, &mean, &variance);
			wrong += !agrees(t, got.mean, mean) || !agrees(t, got.variance, variance);
		}
	tap_ok(wrong == 0, "%s: %zu shards: the formula, to the last bit: %zu differ", what, n, wrong);
}

static bool
same_bytes(const struct net *a, const struct net *b)
{
	bool same = true;

	for (size_t p = 0; p < a->table.n; p++)
		same &= memcmp(a->table.tensor[p].data, b->table.tensor[p].data,
		               a->table.tensor[p].n * a->table.tensor[p].width) == 0;
	return same;
}

static void
test_evidence(void)
{
	struct arch arch;
	struct arch_fault fault;
	const size_t counts[] = {1, 2, 7, MOST};

	arch_parse(&arch, "hash 6, dense 3 softmax", &fault);
	net_init(&prior, &arch, true, BELIEF_VARIANCE, 1);
	net_init(&pooled, &arch, true, BELIEF_VARIANCE, 1);
	for (size_t k = 0; k < MOST; k++)
		net_init(&shard[k], &arch, true, BELIEF_VARIANCE, 1);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		make_beliefs(counts[i]);
		test_beliefs(counts[i], "evidence");
	}
	make_beliefs(1);
	tap_ok(pool_beliefs(1, part, &pooled) && same_bytes(&pooled, &shard[0]), "one model gives its own bytes");

	make_beliefs(3);
	pool_beliefs(3, part, &pooled);
	copy_net(&shard[0], &pooled);
	part[1].factor = -1;
	copy_net(&pooled, &prior);
	test_beliefs(2, "evidence taken out");
	make_beliefs(3);
	part[0].factor = 0.7;
	part[1].factor = -0.7;
	part[2].factor = 0.3;
	copy_net(&shard[1], &prior);
	test_beliefs(3, "evidence mixed");

	make_beliefs(2);
	part[2] = (struct pool_part){&shard[1], -1};
	tap_ok(pool_beliefs(3, part, &pooled) && same_bytes(&pooled, &shard[0]), "what is taken out again leaves no trace");

	for (size_t p = 0; p < prior.table.n; p++) {
		make_beliefs(1);
		copy_net(&shard[0], &prior);
		part[0].factor = -1;
		set_belief(&shard[0].table.tensor[p], 1, 0, 1e-3);
		tap_ok(!pool_beliefs(1, part, &pooled), "tensor %zu: no precision is left: refused", p);
	}
	net_free(&prior);
	net_free(&pooled);
	for (size_t k = 0; k < MOST; k++)
		net_free(&shard[k]);
}

static void
test_means(void)
{
	struct arch arch;
	struct arch_fault fault;
	const float *numbers[MOST];
	size_t wrong = 0;

	arch_parse(&arch, "hash 5, dense 4 relu, dense 1 sigmoid", &fault);
	net_init(&pooled, &arch, false, 0, 1);
	tensors_allocate_states(&pooled.table, 1);
	for (size_t k = 0; k < 5; k++) {
		net_init(&shard[k], &arch, false, 0, 1);
		tensors_allocate_states(&shard[k].table, 1);
		part[k] = (struct pool_part){&shard[k], (double)(k * 1000003)};
		for (size_t p = 0; p < pooled.table.n; p++)
			for (size_t i = 0; i < pooled.table.tensor[p].n; i++) {
				shard[k].table.tensor[p].state[0][i] = (float)uniform(0, 9);
				if (i % 3)
					tensor_floats(&shard[k].table.tensor[p])[i] = (float)uniform(-1, 1);
			}
	}
	pool_means(5, part, 1, &pooled, numbers);
	for (size_t p = 0; p < pooled.table.n; p++)
		for (size_t s = 0; s <= 1; s++)
			for (size_t i = 0; i < pooled.table.tensor[p].n; i++) {
				long double sum = 0;

				for (size_t k = 0; k < 5; k++)
					sum += (long double)part[k].factor * (long double)pool_numbers(&shard[k], p, s)[i];
				wrong += pool_numbers(&pooled, p, s)[i] != (float)(sum / 10000030);
			}
	tap_ok(wrong == 0, "weights and states: the mean by records, to the last bit: %zu differ", wrong);
	pool_means(1, part + 3, 1, &pooled, numbers);
	tap_ok(same_bytes(&pooled, &shard[3]), "one net gives its own bytes");
	net_free(&pooled);
	for (size_t k = 0; k < 5; k++)
		net_free(&shard[k]);
}

int
main(void)
{
	test_evidence();
	test_means();
	return tap_done();
}
