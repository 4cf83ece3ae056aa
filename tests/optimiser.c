/*
 * optimiser.c - each optimiser against its paper, in long double; warm starts, exact zeros, what is not touched.
 */
#include "../common/net/train.h"
#include "tap.h"

enum { N = 5, STEPS = 100 };

/* A gradient for weight i at step t: signs, sizes and zeros of all kinds, made of sines. */
static float
gradient_at(size_t t, size_t i)
{
	double scale[N] = {1, 1e-3, 30, 1, 1e-8};

	return i == 3 && t % 3 ? 0 : (float)(scale[i] * (sin((double)(7 * t + 3 * i)) + 0.3));
}

/* A paper's algorithm: steps one weight w by g at step t, with two states that begin at 0. */
typedef void reference_step(const struct optimiser_settings *set, long double *w, long double *a, long double *b,
                            long double g, size_t t);

static void
sgd_reference(const struct optimiser_settings *set, long double *w, long double *a, long double *b, long double g, size_t t)
{
	(void)a, (void)b, (void)t;
	*w -= (long double)set->rate * g;
}

/* Duchi, Hazan and Singer 2011, section 1.1, diagonal. */
static void
adagrad_reference(const struct optimiser_settings *set, long double *w, long double *a, long double *b, long double g,
                  size_t t)
{
	(void)b, (void)t;
	*a += g * g;
	if (g != 0)
		*w -= (long double)set->rate * g / sqrtl(*a);
}

/* McMahan et al. 2013, algorithm 1, lines 8 to 13, then the weight that line 6 gives for the next round; beta 1. */
static void
ftrl_reference(const struct optimiser_settings *set, long double *w, long double *a, long double *b, long double g,
               size_t t)
{
	long double alpha = (long double)set->rate, l1 = (long double)set->l1, l2 = (long double)set->l2;
	long double sigma = (sqrtl(*b + g * g) - sqrtl(*b)) / alpha;

	(void)t;
	*a += g - sigma * *w;
	*b += g * g;
	*w = fabsl(*a) <= l1 ? 0 : -(*a - copysignl(l1, *a)) / ((1 + sqrtl(*b)) / alpha + l2);
}

/* Kingma and Ba 2015, algorithm 1, with the epsilon of the faster order of steps at the end of section 2. */
static void
adam_reference(const struct optimiser_settings *set, long double *w, long double *a, long double *b, long double g,
               size_t t)
{
	*a = 0.9L * *a + 0.1L * g;
	*b = 0.999L * *b + 0.001L * g * g;
	*w -= (long double)set->rate * (*a / (1 - powl(0.9L, t))) /
	      (sqrtl(*b / (1 - powl(0.999L, t))) + 1e-7L / sqrtl(1 - powl(0.999L, t)));
}

/*
 * 100 steps of five weights. The largest difference, by the size of the weight or 1, is what 100 roundings to
 * float may add up to.
 */
static void
test_paper(const char *name, reference_step *reference, struct optimiser_settings set)
{
	const struct optimiser *o = optimiser_find(name);
	float w[N] = {0}, a[N] = {0}, b[N] = {0}, g[N];
	long double rw[N] = {0}, ra[N] = {0}, rb[N] = {0}, worst = 0, moved = 0;

	const double rate = set.rate > 0 ? set.rate : o->rate;

	set.rate = rate;
	for (size_t t = 1; t <= STEPS; t++) {
		for (size_t i = 0; i < N; i++) {
			g[i] = gradient_at(t, i);
			reference(&set, &rw[i], &ra[i], &rb[i], (long double)g[i], t);
		}
		set.rate = rate * optimiser_scale(o, t);
		o->step(&set, N, w, a, b, g);
		set.rate = rate;
		for (size_t i = 0; i < N; i++) {
			worst = fmaxl(worst, fabsl((long double)w[i] - rw[i]) / fmaxl(1, fabsl(rw[i])));
			moved = fmaxl(moved, fabsl(rw[i]));
		}
	}
	if (!tap_ok(worst < 3e-6L && moved > 0.01L, "%s, rate %g, l1 %g, l2 %g: %d steps as in the paper", name, set.rate,
	            set.l1, set.l2, STEPS))
		printf("# off by %Lg; weights up to %Lg\n", worst, moved);
}

static void
test_ftrl(void)
{
	struct optimiser_settings set = {.rate = 0.1, .l1 = 2, .l2 = 0.5};
	float w[4] = {1.5f, -0.7f, 0, 1e-3f}, start[4], a[4] = {0}, b[4] = {0}, g[4] = {0};
	bool same = true, zeros = true;

	memcpy(start, w, sizeof w);
	for (int t = 0; t < 10; t++)
		ftrl_step(&set, 4, w, a, b, g);
	for (size_t i = 0; i < 4; i++)
		same &= fabs((double)(w[i] - start[i])) <= 1e-7 * (fabs((double)start[i]) + set.l1 * set.rate);
	tap_ok(same, "ftrl starts from warm weights: gradients of 0 leave them, but for the rounding of z");

	/* weights without cause: the gradient is noise that adds up to less than l1 */
	memset(w, 0, sizeof w);
	memset(a, 0, sizeof a);
	for (int t = 0; t < 100; t++) {
		g[0] = t % 2 ? 0.5f : -0.5f;
		g[1] = t % 2 ? -1.5f : 1.5f;
		g[2] = 0.01f;
		g[3] = 0.5f; /* this one has a cause */
		ftrl_step(&set, 4, w, a, b, g);
		zeros &= w[0] == 0 && w[1] == 0 && w[2] == 0;
	}
	tap_ok(zeros && w[3] < 0, "ftrl with l1: weights without cause are 0 exactly, others are not");
}

/* Gradients whose square no float holds leave finite weights. */
static void
test_tiny_gradients(void)
{
	for (size_t i = 0; i < OPTIMISERS; i++) {
		struct optimiser_settings set = {0};
		float w[2] = {0.5f, -0.5f}, a[2] = {0}, b[2] = {0}, g[2] = {1e-25f, -1e-30f};

		for (uint64_t step = 1; step <= 3; step++) {
			set.rate = optimisers[i].rate * optimiser_scale(&optimisers[i], step);
			optimisers[i].step(&set, 2, w, a, b, g);
		}
		tap_ok(fabsf(w[0] - 0.5f) < 1e-3f && fabsf(w[1] + 0.5f) < 1e-3f, "%s: tiny gradients", optimisers[i].name);
	}
}

/* A net learns records that touch rows 1 and 2 of the first layer: other rows and their states stay, bit for bit. */
static void
test_untouched(const struct optimiser *o)
{
	struct arch arch;
	struct arch_fault fault;
	struct net net, start;
	struct trainer t;
	struct batch batch = {0};
	bool still = true, moved = true;

	arch_parse(&arch, "hash 3, dense 3 tanh, dense 1 sigmoid", &fault);
	net_init(&net, &arch, false, 0, 7);
	net_init(&start, &arch, false, 0, 7);
	tensors_allocate_states(&net.table, o->n_states);
	tensors_allocate_states(&start.table, o->n_states);
	trainer_init(&t, &net, 0, o, (struct optimiser_settings){.rate = o->rate}, 1);
	for (uint32_t i = 0; i < 40; i++) {
		features_reserve(&batch.features, 1);
		features_add(&batch.features, 1 + i % 2, 1);
		batch_close_record(&batch, (float)(i % 3 == 0), 1);
	}
	for (size_t i = 0; i < 40; i += 4)
		train(&t, &batch, i, 4);
	for (size_t i = 0; i < 8 * 3; i++) {
		const struct tensor *a = &net.table.tensor[0], *b = &start.table.tensor[0];
		bool touched = i / 3 == 1 || i / 3 == 2;

		if (touched)
			moved &= tensor_floats(a)[i] != tensor_floats(b)[i];
		else
			still &= tensor_floats(a)[i] == tensor_floats(b)[i];
		for (size_t s = 0; s < o->n_states && !touched; s++)
			still &= a->state[s][i] == b->state[s][i];
	}
	tap_ok(still && moved, "%s: rows that no record touches do not move, nor do their states", o->name);
	trainer_free(&t);
	batch_free(&batch);
	net_free(&net);
	net_free(&start);
}

int
main(void)
{
	test_paper("sgd", sgd_reference, (struct optimiser_settings){0});
	test_paper("adagrad", adagrad_reference, (struct optimiser_settings){0});
	test_paper("adagrad", adagrad_reference, (struct optimiser_settings){.rate = 1});
	test_paper("ftrl", ftrl_reference, (struct optimiser_settings){0});
	test_paper("ftrl", ftrl_reference, (struct optimiser_settings){.rate = 0.5, .l1 = 0.5, .l2 = 0.1});
	test_paper("adam", adam_reference, (struct optimiser_settings){.rate = 0.01});
	test_ftrl();
	test_tiny_gradients();
	for (size_t i = 0; i < OPTIMISERS; i++)
		test_untouched(&optimisers[i]);
	tap_ok(!optimiser_find("adamw") && optimiser_find("adam")->step == adam_step, "optimisers are found by name");
	return tap_done();
}
