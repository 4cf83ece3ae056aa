/*
 * belief.c - beliefs against a transcription of their formulas in long double; 10^8 updates; draws; extremes.
 */
#include "../common/net/train.h"
#include "tap.h"

enum { BITS = 8, INPUTS = 1 << BITS, MAX_K = 5, MAX_GROUP = 7, MAX_FEATURES = 16 };

/* The formulas of belief.h, word for word, over a dictionary of weights. */
struct reference {
	enum activation head;
	size_t K;
	long double mean[INPUTS][MAX_K], variance[INPUTS][MAX_K]; /* of weights */
	long double bias_mean[MAX_K], bias_variance[MAX_K];
	long double loss;
};

/* A record as it is written: indexes may come twice. */
struct written {
	size_t n;
	uint32_t index[MAX_FEATURES];
	double value[MAX_FEATURES];
	float label;
	float weight;
};

/* x[INPUTS]: the values of a record; equal indexes add up. */
static void
reference_values(long double *x, const struct written *r)
{
	for (size_t i = 0; i < INPUTS; i++)
		x[i] = 0;
	for (size_t i = 0; i < r->n; i++)
		x[r->index[i]] += (long double)(float)r->value[i];
}

static void
reference_predict(const struct reference *m, const long double *x, long double *s, long double *S)
{
	for (size_t k = 0; k < m->K; k++) {
		s[k] = m->head == CHOICE ? 0 : m->bias_mean[k];
		S[k] = m->head == CHOICE ? 0 : m->bias_variance[k];
		for (size_t i = 0; i < INPUTS; i++) {
			s[k] += m->mean[i][k] * x[i];
			S[k] += m->variance[i][k] * x[i] * x[i];
		}
	}
}

/* One step of output k: of a record with probability p and target y. */
static void
reference_update(struct reference *m, size_t k, const long double *x, long double p, long double y, long double S,
                 long double weight)
{
	long double h = p * (1 - p) * weight, g = (y - p) * weight;

	for (size_t i = 0; i < INPUTS; i++) {
		long double v = m->variance[i][k];

		m->mean[i][k] += v * x[i] * g / (1 + h * S);
		m->variance[i][k] -= v * v * x[i] * x[i] * h / (1 + h * S);
	}
	if (m->head == CHOICE)
		return;
	m->bias_mean[k] += m->bias_variance[k] * g / (1 + h * S);
	m->bias_variance[k] -= m->bias_variance[k] * m->bias_variance[k] * h / (1 + h * S);
}

/* Learns a record, or the n candidates of a group. */
static void
reference_learn(struct reference *m, const struct written *r, size_t n)
{
	static long double x[MAX_GROUP][INPUTS];
	long double s[MAX_GROUP][MAX_K], S[MAX_GROUP][MAX_K], p[MAX_GROUP][MAX_K], Z = 0;

	for (size_t b = 0; b < n; b++) {
		reference_values(x[b], &r[b]);
		reference_predict(m, x[b], s[b], S[b]);
		for (size_t k = 0; k < m->K; k++) {
			p[b][k] = expl(s[b][k] / sqrtl(1 + 3.14159265358979323846264L * S[b][k] / 8));
			Z += p[b][k];
		}
	}
	for (size_t b = 0; b < n; b++)
		for (size_t k = 0; k < m->K; k++) {
			long double y = m->head == SOFTMAX ? (long double)((size_t)r[b].label == k) : (long double)r[b].label;

			p[b][k] /= m->head == SIGMOID ? Z + 1 : Z;
			if (y == 1)
				m->loss -= (long double)r[b].weight * logl(p[b][k]);
			else if (m->head == SIGMOID)
				m->loss -= (long double)r[b].weight * logl(1 - p[b][k]);
			reference_update(m, k, x[b], p[b][k], y, S[b][k], (long double)r[b].weight);
		}
}

static void
reference_init(struct reference *m, enum activation head, size_t K)
{
	*m = (struct reference){.head = head, .K = K};
	for (size_t k = 0; k < K; k++) {
		m->bias_variance[k] = m->K > 2 ? 1 : 100;
		for (size_t i = 0; i < INPUTS; i++)
			m->variance[i][k] = 0.3L;
	}
}

/*
 * Record number i: 1 to 12 features, few of 256 indexes often, so many come twice in a record; values of 1 and
 * others; a label that depends on the first feature.
 */
static struct written
make_record(uint64_t i, enum activation head, size_t K)
{
	struct written r = {.n = 1 + random_bits(1, i) % 12, .weight = i % 10 == 3 ? 2.5f : 1};
	double u = random_uniform(2, i);

	for (size_t j = 0; j < r.n; j++) {
		uint64_t bits = random_bits(3, i * MAX_FEATURES + j);

		r.index[j] = (uint32_t)(bits % 3 ? bits >> 8 & 15 : bits >> 8 & 255);
		r.value[j] = bits >> 20 & 1 ? 1 : random_normal(4, bits);
	}
	if (head == SOFTMAX)
		r.label = (float)(u < 0.5 ? r.index[0] % K : (uint64_t)(u * 1e6) % K);
	else
		r.label = (float)(u < 0.1 + 0.8 * (r.index[0] & 1));
	return r;
}

/* Puts a record into the batch through its text, as the programs do. */
static void
put_record(struct batch *batch, const struct written *r)
{
	char text[MAX_FEATURES * 40];
	size_t n = 0;
	struct fault fault;

	for (size_t j = 0; j < r->n; j++) {
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%u", j ? " " : "", r->index[j]);
		if (r->value[j] != 1)
			n += (size_t)snprintf(text + n, sizeof text - n, ":%.17g", r->value[j]);
	}
	if (!features_parse(&batch->features, (struct view){text, n}, INPUTS, &fault))
		printf("# refused: %s\n", text);
	batch_close_record(batch, r->label, r->weight);
}

/* Largest difference of a mean or a variance. */
static long double
difference(const struct reference *m, const struct net *net)
{
	const float *w = net->table.tensor[0].data;
	const double *bias = net_data(net, net->layer[0].bias);
	long double worst = 0;

	for (size_t k = 0; k < m->K; k++) {
		for (size_t i = 0; i < INPUTS; i++) {
			worst = fmaxl(worst, fabsl((long double)w[2 * (i * m->K + k)] - m->mean[i][k]));
			worst = fmaxl(worst, fabsl((long double)w[2 * (i * m->K + k) + 1] - m->variance[i][k]));
		}
		if (bias) {
			worst = fmaxl(worst, fabsl((long double)bias[2 * k] - m->bias_mean[k]));
			worst = fmaxl(worst, fabsl((long double)bias[2 * k + 1] - m->bias_variance[k]));
		}
	}
	return worst;
}

/* A net of beliefs in memory. */
static void
make_net(struct net *net, const char *head, size_t K)
{
	struct arch arch;
	struct arch_fault fault;
	char text[64];

	snprintf(text, sizeof text, "hash %d, dense %zu %s", BITS, K, head);
	if (!arch_parse(&arch, text, &fault))
		printf("# %s\n", fault.rule);
	net_init(net, &arch, true, BELIEF_VARIANCE, 1);
}

/* 10,000 records, in groups of `group` (1 where the head is no choice). */
static void
test_reference(const char *name, enum activation head, size_t K, size_t group)
{
	static struct reference m;
	struct net net;
	struct trainer t;
	struct batch batch = {0};
	struct written r[MAX_GROUP];
	long double worst;

	reference_init(&m, head, K);
	make_net(&net, name, K);
	trainer_init(&t, &net, 0, NULL, (struct optimiser_settings){0}, 1);
	for (uint64_t i = 0; i + group <= 10000; i += group) {
		for (size_t b = 0; b < group; b++) {
			r[b] = make_record(i + b, head, K);
			if (head == CHOICE) {
				r[b].weight = i % 4 ? 1 : 1.5f;
				r[b].label = b == i / group % 5; /* what is chosen most often comes first */
			}
			put_record(&batch, &r[b]);
		}
		reference_learn(&m, r, group);
		train(&t, &batch, 0, group);
		batch_clear(&batch);
	}
	worst = difference(&m, &net);
	if (!tap_ok(worst < 1e-5L, "%s: means and variances as the formulas have them after 10,000 records", name))
		printf("# off by %Lg\n", worst);
	tap_ok(fabsl((long double)t.progress.loss / m.loss - 1) < 1e-6L && m.loss > 0, "%s: so is the loss of its predictions", name);
	trainer_free(&t);
	batch_free(&batch);
	net_free(&net);
}

/*
 * A weight alone sees 10^8 records, 8 in 100 with label 1. It must end near the logit of 0.08: rounded to the
 * nearest float, its small steps would be lost, and only those of the rarer label would move it.
 */
static void
test_many_updates(void)
{
	const uint64_t n = 100000000;
	double right = log(0.08 / 0.92), p = 0, expected;
	float mean = 0, variance = (float)BELIEF_VARIANCE;
	bool positive = true;

	for (uint64_t t = 0; t < n; t++) {
		double m = (double)mean, v = (double)variance, gain, shrink, y = t % 25 == 7 || t % 25 == 20;
		uint64_t random = random_mix(t + 1);

		if (t < 100000 || t % 8 == 0) /* by then eight steps change p by less than a millionth */
			p = math_sigmoid(belief_moderate(m, v));
		belief_gain(p, y, v, 1, &gain, &shrink);
		belief_step(&m, &v, 1, gain, shrink);
		mean = belief_round(m, random >> 35);
		variance = belief_round(v, random >> 6);
		positive &= variance > 0;
	}
	expected = 1 / ((double)n * 0.08 * 0.92);
	tap_ok(positive, "a variance stays above 0 over 10^8 updates");
	if (!tap_ok(fabs((double)mean - right) < 0.02, "the mean ends at the logit of 0.08"))
		printf("# %.6f, not %.6f\n", (double)mean, right);
	if (!tap_ok(fabs((double)variance / expected - 1) < 0.05, "and the variance at what 10^8 records leave"))
		printf("# %g, not %g\n", (double)variance, expected);
}

/* The same through the training loop, which must round every record by numbers of its own. */
static void
test_rounding_of_records(void)
{
	const uint64_t n = 2000000;
	double right = log(0.08 / 0.92), mean;
	struct net net;
	struct trainer t;
	struct batch batch = {0};
	struct written r = {.n = 1, .index = {3}, .value = {1}, .weight = 1};

	make_net(&net, "sigmoid", 1);
	((double *)net.table.tensor[1].data)[1] = 1e-12; /* the bias stays out of it */
	trainer_init(&t, &net, 0, NULL, (struct optimiser_settings){0}, 1);
	put_record(&batch, &r);
	for (uint64_t i = 0; i < n; i++) {
		batch.label[0] = i % 25 == 7 || i % 25 == 20;
		train(&t, &batch, 0, 1);
	}
	mean = (double)tensor_floats(&net.table.tensor[0])[6];
	if (!tap_ok(fabs(mean - right) < 0.02, "every record is rounded by other random numbers"))
		printf("# %.6f, not %.6f\n", mean, right);
	trainer_free(&t);
	batch_free(&batch);
	net_free(&net);
}

/* belief_learn and belief_sum have a shape of their own where the processor helps. */
static void
test_learn(void)
{
	uint32_t index[] = {3, 0, 1};
	float x[] = {0.5f, -2, 1e3f}, w[8];
	bool same = true;
	double s = 0.25, S = 100, mean = s, variance = S;

	for (uint64_t i = 0; i < 100000; i++) {
		float belief[2] = {(float)random_normal(1, i), (float)random_uniform(2, i)};
		double m = (double)belief[0], v = (double)belief[1], step_x = random_normal(3, i) * (i % 9 ? 1 : 1e15);
		double gain = random_uniform(4, i) - 0.5, shrink = random_uniform(5, i) * (i % 7 ? 0.1 : 1e9);
		uint64_t random = random_bits(6, i);

		belief_step(&m, &v, step_x, gain, shrink);
		belief_learn(belief, step_x, gain, shrink, random);
		same &= belief[0] == belief_round(m, random >> 35) && belief[1] == belief_round(v, random >> 6);
	}
	tap_ok(same, "a stored weight steps and rounds as belief_step and belief_round say");
	for (size_t i = 0; i < 8; i++)
		w[i] = (float)random_uniform(7, i);
	for (size_t i = 0; i < 3; i++) {
		mean += (double)w[2 * index[i]] * (double)x[i];
		variance += (double)w[2 * index[i] + 1] * ((double)x[i] * (double)x[i]);
	}
	belief_sum(&s, &S, 3, index, x, w);
	tap_ok(s == mean && S == variance, "and features add up one after the other");
}

static void
test_round(void)
{
	static const double values[] = {1.0 / 3, -1.0 / 3, 1e-20, -5e20, 0.3, 1, 0};
	bool kept = true, beside = true;

	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		double value = values[i], sum = 0, gap = fabs(value) * 0x1p-23;

		for (uint64_t t = 0; t < 100000; t++) {
			double rounded = (double)belief_round(value, random_bits(1, t));

			beside &= fabs(rounded - value) <= gap;
			sum += (rounded - value) / (gap > 0 ? gap : 1);
		}
		kept &= fabs(sum / 100000) < 5 * 0.5 / sqrt(100000);
	}
	tap_ok(kept && beside, "rounding goes to a float beside the value, and keeps the mean");
}

/* Learns one record with these values and a label. */
static void
learn_values(struct trainer *t, size_t n, const double *value, float label)
{
	struct batch batch = {0};
	struct written r = {.n = n, .label = label, .weight = 1};

	for (size_t i = 0; i < n; i++) {
		r.index[i] = (uint32_t)i;
		r.value[i] = value[i];
	}
	put_record(&batch, &r);
	train(t, &batch, 0, 1);
	batch_free(&batch);
}

static void
test_extremes(void)
{
	static const double values[][3] = {{1e30, 1e-30, 0}, {-1e30, 1, 1e30}, {1e30, 1e30, 1e30}, {1e-30, 0, 1e-30}, {1, 1e15, 1e-15}};
	struct net net;
	struct trainer t;
	bool good = true;

	make_net(&net, "sigmoid", 1);
	trainer_init(&t, &net, 0, NULL, (struct optimiser_settings){0}, 1);
	for (uint64_t i = 0; i < 20000; i++)
		learn_values(&t, 3, values[random_bits(6, i) % 5], (float)(random_bits(7, i) % 2));
	for (size_t i = 0; i < 2 * INPUTS; i += 2)
		good &= isfinite(tensor_floats(&net.table.tensor[0])[i]) && isfinite(tensor_floats(&net.table.tensor[0])[i + 1]) &&
		        tensor_floats(&net.table.tensor[0])[i + 1] > 0;
	good &= isfinite(((double *)net.table.tensor[1].data)[0]) && ((double *)net.table.tensor[1].data)[1] > 0;
	tap_ok(good && isfinite(t.progress.loss), "values of 1e30, 1e-30 and 0 leave finite beliefs, and a finite loss");
	trainer_free(&t);
	net_free(&net);
}

/* A value of 0 changes nothing but the bias. */
static void
test_zero(void)
{
	static const double values[] = {0, 0, 0};
	struct net net;
	struct trainer t;
	const float *w;

	make_net(&net, "sigmoid", 1);
	trainer_init(&t, &net, 0, NULL, (struct optimiser_settings){0}, 1);
	for (int i = 0; i < 1000; i++)
		learn_values(&t, 3, values, 1);
	w = tensor_floats(&net.table.tensor[0]);
	tap_ok(w[0] == 0 && fabsf(w[1] - 0.3f) < 1e-4f && ((double *)net.table.tensor[1].data)[0] > 1,
	       "a value of 0 moves the bias only");
	trainer_free(&t);
	net_free(&net);
}

static void
test_draw(void)
{
	enum { KEYS = 200000 };
	const uint32_t index[] = {3, 200, 17}, other[] = {3, 17};
	const float x[] = {1, -2, 0.5f}, ones[] = {1, 0.5f};
	struct net net;
	float *w;
	double *bias, s[2], S[2], z[2], again[2], sum = 0, squares = 0, products = 0;
	bool shared = true;

	make_net(&net, "softmax", 2);
	w = net.table.tensor[0].data;
	bias = net.table.tensor[1].data;
	for (size_t i = 0; i < 4 * INPUTS; i += 2) {
		w[i] = (float)random_normal(8, i);
		w[i + 1] = (float)(0.3 * random_uniform(9, i));
	}
	bias[0] = -1, bias[1] = 0.2, bias[2] = 2, bias[3] = 0.5;
	belief_sums(2, s, S, 3, index, x, w, bias);
	for (uint64_t key = 0; key < KEYS; key++) {
		belief_draw(2, z, 3, index, x, w, bias, 1, key);
		sum += (z[0] - s[0]) / sqrt(S[0]);
		squares += (z[0] - s[0]) * (z[0] - s[0]) / S[0];
		products += (z[0] - s[0]) * (z[1] - s[1]) / sqrt(S[0] * S[1]);
	}
	tap_ok(fabs(sum / KEYS) < 5 / sqrt(KEYS) && fabs(squares / KEYS - 1) < 5 * sqrt(2.0 / KEYS) &&
	       fabs(products / KEYS) < 5 / sqrt(KEYS), "draws have mean s and variance S; those of two classes are independent");
	belief_draw(2, z, 3, index, x, w, bias, 1, 42);
	belief_draw(2, again, 3, index, x, w, bias, 1, 42);
	tap_ok(z[0] == again[0] && z[1] == again[1], "the same seed and key, the same draw");
	belief_draw(2, again, 3, index, x, w, bias, 2, 42);
	tap_ok(z[0] != again[0], "another seed, another draw");
	/* records a and b of one key that share weights 3 and 17: a - b is x w of weight 200 alone, for every key */
	w[2 * (200 * 2)] = 0;
	w[2 * (200 * 2) + 1] = 1e-30f;
	for (uint64_t key = 0; key < 100; key++) {
		belief_draw(2, z, 3, index, x, w, bias, 1, key);
		belief_draw(2, again, 2, other, ones, w, bias, 1, key);
		shared &= fabs(z[0] - again[0]) < 1e-12;
	}
	tap_ok(shared, "records of one key share the draws of the weights they share");
	net_free(&net);
}

int
main(void)
{
	test_reference("sigmoid", SIGMOID, 1, 1);
	test_reference("softmax", SOFTMAX, 5, 1);
	test_reference("choice", CHOICE, 1, 7);
	test_many_updates();
	test_rounding_of_records();
	test_round();
	test_learn();
	test_extremes();
	test_zero();
	test_draw();
	tap_ok(belief_widen(0.1, 0.05, 0.3) == 0.1 + 0.05 && belief_widen(0.1, 0, 0.3) == 0.1 && belief_widen(0.1, 9, 0.3) == 0.3,
	       "a variance is widened, to that of a fresh belief at most");
	return tap_done();
}
