/*
 * prior.c - a prior centred on a source: the minimum it leads to, rows that are pulled when they are touched, precisions.
 */
#include "../common/net/train.h"
#include "tap.h"

enum { BITS = 3, INPUTS = 1 << BITS, RECORDS = 240, ODD = 5 };

static void
make_net(struct net *net, const char *layers, size_t states)
{
	struct arch arch;
	struct arch_fault fault;

	if (!arch_parse(&arch, layers, &fault))
		abort();
	net_init(net, &arch, false, 0, 7);
	if (states)
		tensors_allocate_states(&net->table, states);
}

/*
 * Log-linear records of three features, none of them ODD. The first 20 have that too, and the others where `present`
 * says so, with value 0: they touch its weight, and say nothing about it.
 */
static void
make_records(struct batch *batch, bool present)
{
	for (size_t i = 0; i < RECORDS; i++) {
		uint64_t bits = random_bits(3, i);
		size_t at = batch->n ? batch->start[batch->n] : 0;

		features_reserve(&batch->features, 4);
		for (uint32_t j = 0; j < 3; j++) {
			uint32_t index = (uint32_t)(bits >> 8 * j) % INPUTS;

			features_add(&batch->features, index == ODD ? 0 : index, j ? 1 : 0.5f);
		}
		if (i < 20 || present)
			features_add(&batch->features, ODD, i < 20 ? 1 : 0);
		features_merge(&batch->features, at);
		batch_close_record(batch, (float)(bits % 3 == 0 || (i < 20 && i % 4)), 1);
	}
}

/* A source with weights of both signs; the target starts there. */
static void
make_source(struct net *source)
{
	make_net(source, "hash 3, dense 1 sigmoid", 0);
	for (size_t i = 0; i < INPUTS; i++)
		tensor_floats(&source->table.tensor[0])[i] = (float)((double)i - 3) / 4;
}

/* Learns `passes` passes in steps of B records, from the source, with a prior; NULL for none. */
static void
learn(struct net *net, const struct optimiser *o, double rate, struct prior *prior, const struct net *source,
      const struct batch *batch, size_t B, size_t passes)
{
	struct trainer t;

	make_net(net, "hash 3, dense 1 sigmoid", o->n_states + PRIOR_STATES);
	transfer_layers(net, source, 1);
	trainer_init(&t, net, 0, o, (struct optimiser_settings){.rate = rate}, 1);
	t.prior = prior;
	for (size_t pass = 0; pass < passes; pass++) {
		if (prior)
			prior->again = pass > 0;
		for (size_t i = 0; i < RECORDS; i += B)
			train(&t, batch, i, B);
	}
	trainer_settle(&t);
	trainer_free(&t);
}

/* The largest derivative of the sum of losses + strength / 2 |w - source|^2 by a weight or, with strength 0, the bias. */
static double
slope(const struct net *net, const struct net *source, const struct batch *batch, double strength)
{
	const float *w = tensor_floats(&net->table.tensor[0]), *c = tensor_floats(&source->table.tensor[0]);
	double derivative[INPUTS + 1] = {0}, largest = 0;

	for (size_t i = 0; i < batch->n; i++) {
		double z = (double)*tensor_floats(&net->table.tensor[1]), off;

		for (size_t j = batch->start[i]; j < batch->start[i + 1]; j++)
			z += (double)w[batch->features.index[j]] * (double)batch->features.value[j];
		off = 1 / (1 + exp(-z)) - (double)batch->label[i];
		for (size_t j = batch->start[i]; j < batch->start[i + 1]; j++)
			derivative[batch->features.index[j]] += off * (double)batch->features.value[j];
		derivative[INPUTS] += off;
	}
	for (size_t i = 0; i <= INPUTS; i++) {
		derivative[i] += i < INPUTS ? strength * ((double)w[i] - (double)c[i]) : 0;
		largest = fmax(largest, fabs(derivative[i]));
	}
	return largest;
}

/* Steps over all records lead to the minimum of what prior.h says. */
static void
test_minimum(const struct optimiser *o, double rate, size_t passes)
{
	struct net source, net;
	struct batch batch = {0};
	struct prior prior;
	double at_source, at_end;

	make_source(&source);
	make_records(&batch, false);
	prior = prior_of(12, &source, 1, o);
	learn(&net, o, rate, &prior, &source, &batch, RECORDS, passes);
	at_source = slope(&source, &source, &batch, 12);
	at_end = slope(&net, &source, &batch, 12);
	tap_ok(at_end < 0.03 * at_source, "%s: the slope falls from %g to %g", o->name, at_source, at_end);
	batch_free(&batch);
	net_free(&net);
	net_free(&source);
}

/* A strength of 0 is no prior, a huge one is the source; the bias is free in both. */
static void
test_ends(const struct optimiser *o)
{
	struct net source, net, plain, tied;
	struct batch batch = {0};
	struct prior none, huge;
	const float *a, *b, *c;
	size_t n = INPUTS * sizeof(float);
	float off = 0;

	make_source(&source);
	make_records(&batch, false);
	none = prior_of(0, &source, 1, o);
	huge = prior_of(1e15, &source, 1, o);
	learn(&plain, o, o->rate, NULL, &source, &batch, 4, 2);
	learn(&net, o, o->rate, &none, &source, &batch, 4, 2);
	learn(&tied, o, o->rate, &huge, &source, &batch, 4, 2);
	a = tensor_floats(&net.table.tensor[0]);
	b = tensor_floats(&tied.table.tensor[0]);
	c = tensor_floats(&source.table.tensor[0]);
	tap_ok(memcmp(a, plain.table.tensor[0].data, n) == 0 && memcmp(a, c, n) != 0, "%s: a strength of 0 is no prior", o->name);
	for (size_t i = 0; i < INPUTS; i++)
		off = fmaxf(off, fabsf(b[i] - c[i]));
	tap_ok(o->step == ftrl_step ? off < 1e-13f : off == 0, "%s: a huge strength is the source", o->name);
	tap_ok(fabsf(*tensor_floats(&tied.table.tensor[1])) > 1e-3f, "%s: but for the bias", o->name);
	batch_free(&batch);
	net_free(&net);
	net_free(&plain);
	net_free(&tied);
	net_free(&source);
}

/* A weight that records left alone is where it would be had each of them touched it. */
static void
test_lazy(const struct optimiser *o)
{
	struct net source, lazy, eager;
	struct batch with = {0}, without = {0};
	struct prior prior;
	float a, b, left;

	make_source(&source);
	make_records(&with, true);
	make_records(&without, false);
	prior = prior_of(20, &source, 1, o);
	learn(&eager, o, o->rate, &prior, &source, &with, 1, 1);
	prior = prior_of(20, &source, 1, o);
	learn(&lazy, o, o->rate, &prior, &source, &without, 1, 1);
	a = tensor_floats(&lazy.table.tensor[0])[ODD];
	b = tensor_floats(&eager.table.tensor[0])[ODD];
	left = lazy.table.tensor[0].state[o->n_states + PRIOR_LEFT][ODD];
	tap_ok(fabsf(a - b) < 2e-6f, "%s: left alone %.8g, touched each time %.8g", o->name, (double)a, (double)b);
	if (o->step != ftrl_step)
		tap_ok(fabsf(a - left) > 1e-3f, "%s: it was pulled from %.8g", o->name, (double)left);
	batch_free(&with);
	batch_free(&without);
	net_free(&lazy);
	net_free(&eager);
	net_free(&source);
}

/* Of adam the v of the last touch holds: the way from there is as the formula has it. */
static void
test_lazy_adam(void)
{
	const struct optimiser *o = optimiser_find("adam");
	const struct optimiser_settings set = {.rate = 0.001};
	struct pull once = {.centre = 0.5, .strength = 20, .time = 0.3}, part = once;
	double w = 2, whole = o->pull(&set, w, 0, 0.04, &once), expected = 0.5 + 1.5 * exp(-0.001 / 0.2000001 * 20 * 0.3);

	part.time = 0.1;
	for (int i = 0; i < 3; i++)
		w = o->pull(&set, w, 0, 0.04, &part);
	tap_ok(fabs(whole - expected) < 1e-9, "adam: %.9g is %.9g", whole, expected);
	tap_ok(fabs(whole - w) < 1e-12, "adam: three pulls are one");
}

/* What the source knows, by its kind. */
static void
test_precision(void)
{
	const struct optimiser *o = optimiser_find("adagrad");
	struct net source, beliefs;
	struct arch arch = arch_logistic(BITS);
	struct prior p;

	make_source(&source);
	tensors_allocate_states(&source.table, 1);
	source.table.tensor[0].state[0][2] = 3;
	p = prior_of(1, &source, 1, o);
	tap_ok(prior_precision(&p, 0, 2) == 1 && prior_centre(&p, 0, 4) == 0.25, "weights count alike until told otherwise");
	p.precision = PRIOR_SQUARES;
	p.batch = 2;
	tap_ok(prior_precision(&p, 0, 2) == 12 && prior_precision(&p, 0, 1) == 0, "sums of squared gradients, by batch");
	net_init(&beliefs, &arch, true, 0.5, 1);
	tensor_floats(&beliefs.table.tensor[0])[4] = -1;
	tensor_floats(&beliefs.table.tensor[0])[5] = 0.125f;
	p = prior_of(1, &beliefs, 1, o);
	p.precision = PRIOR_BELIEFS;
	p.fresh = 0.5;
	tap_ok(prior_precision(&p, 0, 2) == 6 && prior_precision(&p, 0, 1) == 0, "what records added to a belief");
	tap_ok(prior_centre(&p, 0, 2) == -1, "whose mean is the centre");
	tap_ok(p.centred[0] && !p.centred[1], "a bias has no prior");
	net_free(&source);
	net_free(&beliefs);
}

int
main(void)
{
	test_minimum(optimiser_find("sgd"), 0.1, 2000);
	test_minimum(optimiser_find("adagrad"), 0.1, 2000);
	test_minimum(optimiser_find("adam"), 0.01, 2000);
	test_minimum(optimiser_find("ftrl"), 0.5, 4000);
	for (size_t i = 0; i < OPTIMISERS; i++)
		test_ends(&optimisers[i]);
	test_lazy(optimiser_find("sgd"));
	test_lazy(optimiser_find("adagrad"));
	test_lazy(optimiser_find("ftrl"));
	test_lazy_adam();
	test_precision();
	return tap_done();
}
