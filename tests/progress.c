/*
 * progress.c - whether a model's predictions of its own records show that its weights know anything.
 */
#include "../common/net/start.h"
#include "tap.h"

enum { FEATURES = 64 };

/*
 * The progress of a model of beliefs after n records of a coin's labels, part of them 1, or of labels whose log-odds the
 * features move by a standard deviation of b.
 */
static struct progress
learn_records(uint64_t seed, size_t n, double part, double b)
{
	struct arch arch;
	struct arch_fault fault;
	struct net net;
	struct trainer t;
	struct batch batch = {0};
	struct progress progress;
	double logit = math_log(part / (1 - part));

	if (!arch_parse(&arch, "hash 6, dense 1 sigmoid", &fault))
		abort();
	for (size_t i = 0; i < n; i++) {
		double z = logit;

		for (uint32_t group = 0; group < 4; group++) {
			uint32_t feature = group * (FEATURES / 4) + (uint32_t)(random_bits(seed, 5 * i + group) % (FEATURES / 4));

			features_reserve(&batch.features, 1);
			features_add(&batch.features, feature, 1);
			z += feature % 2 ? b / 2 : -b / 2;
		}
		batch_close_record(&batch, (float)(random_uniform(seed, 5 * i + 4) < 1 / (1 + math_exp(-z))), 1);
	}
	net_init(&net, &arch, true, BELIEF_VARIANCE, 1);
	trainer_init(&t, &net, 0, NULL, (struct optimiser_settings){0}, 1);
	for (size_t i = 0; i < n; i++)
		train(&t, &batch, i, 1);
	progress = t.progress;
	trainer_free(&t);
	net_free(&net);
	batch_free(&batch);
	return progress;
}

/* By hand: the constant is 1/2, then 3/4, then 1/4, of records of weight 1, 4 and 1. */
static void
test_sums(void)
{
	struct progress p = {0};

	progress_note(&p, 0.5, true, 1);
	p.weight += 1;
	tap_ok(p.ones == 1 && p.skill == 0 && p.spread == 0 && p.right == 0 && progress_z(&p) == 0,
	       "what is said first is the constant");
	progress_note(&p, 0.5, false, 4);
	p.weight += 4;
	tap_ok(p.ones == 1 && fabs(p.skill - 0.75) < 1e-12 && fabs(p.spread - 0.046875) < 1e-12 && p.right == 4,
	       "a 0 of weight 4, and the model is a quarter nearer to it than the constant");
	progress_note(&p, 0.75, true, 1);
	tap_ok(p.ones == 2 && fabs(p.skill - 1.125) < 1e-12 && fabs(p.spread - 0.09375) < 1e-12 && p.right == 5,
	       "a 1, and it is on the right side of the constant by a half");
	tap_ok(fabs(progress_z(&p) - 1.125 / sqrt(0.09375)) < 1e-12, "z is the skill by its standard deviation");
}

/* The edges of what counts as noise: n records, half of them ones, whose z is known. */
static void
test_edges(void)
{
	static const struct {
		double n, z;
		bool noise;
	} edge[] = {{0, 0, false},      {1599, -5, false},   {1599, 0, false},    {1601, 0, true},      {6399, 2, false},
	            {6401, 2, true},    {1e6, 2.99, true},   {1e6, 3.01, false},  {3600, 0.99, true},   {3600, 1.01, false},
	            {1e6, -5, true}};
	struct progress none = {.records = 5000, .weight = 5000};

	for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
		struct progress p = {.weight = edge[i].n, .ones = edge[i].n / 2, .spread = 4, .skill = 2 * edge[i].z};

		tap_ok(progress_is_noise(&p) == edge[i].noise, "%g records, z of %g: %s", edge[i].n, edge[i].z,
		       edge[i].noise ? "noise" : "it may know something");
	}
	tap_ok(!progress_is_noise(&none), "nothing is said of a head that is no sigmoid");
}

/* z of coins has mean 0 and deviation 1, also of coins that rarely fall on 1; and none of 100 passes for a source. */
static void
test_coins(double part, size_t n)
{
	enum { COINS = 100 };
	double sum = 0, squares = 0;
	size_t told = 0;

	for (uint64_t i = 0; i < COINS; i++) {
		struct progress p = learn_records(i + 1, n, part, 0);
		double z = progress_z(&p);

		sum += z;
		squares += z * z;
		told += progress_is_noise(&p);
	}
	if (!tap_ok(fabs(sum / COINS) < 0.35 && squares / COINS > 0.6 && squares / COINS < 1.4, "coins, a part of %g ones: z is about N(0, 1)", part))
		printf("# mean %g, mean square %g\n", sum / COINS, squares / COINS);
	if (!tap_ok(told >= 97, "and nearly all are told"))
		printf("# %zu\n", told);
}

/* Sources that know something are not taken for noise, however few records they are of or little it is. */
static void
test_sources(size_t n, double b)
{
	enum { SOURCES = 50 };
	size_t told = 0;

	for (uint64_t i = 0; i < SOURCES; i++) {
		struct progress p = learn_records(1000 + i, n, 0.2, b);

		told += progress_is_noise(&p);
	}
	if (!tap_ok(told == 0, "%zu records of effects of %g are no noise", n, b))
		printf("# %zu of %d are\n", told, SOURCES);
}

int
main(void)
{
	test_sums();
	test_edges();
	test_coins(0.5, 8000);
	test_coins(0.1, 20000);
	test_sources(200, 0.4);
	test_sources(1000, 0.4);
	test_sources(5000, 0.4);
	test_sources(20000, 0.2);
	return tap_done();
}
