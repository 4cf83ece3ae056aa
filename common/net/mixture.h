/*
 * mixture.h - adaptive transfer: eight ways to start from a source's beliefs, learnt side by side in one pass.
 *
 * From scratch; with the source's bias and nothing else of it; the source as it is, learning nothing; and the source
 * widened by a shift of variance q, for five q. Where little is shared the weights of features that are the target's own
 * have to carry more: of the second and the last expert the beliefs about those are three times as wide as fresh.
 *
 * Each expert predicts every record before it learns it. Weighted by prior times exp(-its loss so far) they are a
 * Bayesian mixture, so whatever comes the mixture's total loss is at most -ln prior nats above an expert's (the bound is
 * that of Vovk 1990 and of Bayes factors alike). The source alone and a shift of 0.01, which suits most pairs of domains,
 * count three times, as who names a source believes in it: the bound is ln 4 = 1.39 nats for these two, and ln 12 = 2.48
 * for the others.
 *
 * At the end one expert's beliefs are kept, or the mixture's. Is the source of use? To know how frequent a click is saves
 * some nats in the first records and nothing in the last, and it is about all that a source of other people's tastes can
 * give; so who has the bias alone stands beside who has nothing, and where the two are likelier than not scratch is kept.
 * Else it is the median of the others, in the order of their trust: few records hardly tell them apart, and the
 * likeliest of six equals is often the one at the end that luck favours.
 *
 * The means and variances of one weight's eight experts are 16 floats side by side: one cache line. Every expert goes
 * through the very steps it would go through alone, rounding included: the winner's beliefs are those of a pass with
 * its method only.
 *
 * Rows are made when a record first touches their input, one after the other: memory is that of the inputs that came.
 * All others still stand at their priors, which are the source's.
 *
 * Legend: E experts, K classes; w [rows][K][2][E] float, bias [K][2][E] double.
 */
#ifndef WEIR_MIXTURE_H
#define WEIR_MIXTURE_H

#include "mixture_kernel.h"
#include "transfer.h"

struct mixture {
	const struct net *source;         /* beliefs; not owned */
	const struct mixture_kernel *kernel;
	double variance;                  /* of a fresh belief */
	size_t K;
	size_t inputs, rows;
	uint32_t *slot;                   /* [inputs], owned: which row an input has, from 1; 0 for none */
	float *w;                         /* owned; row 0 is not used */
	double *bias;                     /* owned; NULL where the source has none */
	double loss[MIXTURE_EXPERTS];     /* sums, in nats */
	double weight[MIXTURE_EXPERTS];   /* the experts' probabilities after them: prior times e^-loss, adding up to 1 */
	double mixed;                     /* the loss of the mixture */

	/* scratch, owned: of the records of a step, outermost */
	double *s, *S, *p;                /* [B][K][E] */
	float **row;                      /* of all features */
	size_t s_capacity, S_capacity, p_capacity, row_capacity;
	double *gain, *shrink;            /* [K][E] */
};

/* The prior of expert e about a weight of which the source believes N(mean, variance); fresh is a fresh variance. */
static inline void
mixture_prior(size_t e, double mean, double variance, double fresh, double *to_mean, double *to_variance)
{
	*to_mean = e < MIXTURE_SOURCE ? 0 : mean;
	*to_variance = e == MIXTURE_SOURCE                       ? variance
	               : transfer_unknown(mean, variance, fresh) ? mixture_experts[e].fresh * fresh
	               : e < MIXTURE_SOURCE                      ? fresh
	                                                         : belief_widen(variance, mixture_experts[e].shift, fresh);
}

/* The same about the bias of one of K outputs. MIXTURE_BIAS has the prior of MIXTURE_USUAL. */
static inline void
mixture_prior_bias(size_t e, size_t K, double mean, double variance, double *to_mean, double *to_variance)
{
	double shift = mixture_experts[e == MIXTURE_BIAS ? MIXTURE_USUAL : e].shift;

	*to_mean = e == MIXTURE_SCRATCH ? 0 : mean;
	*to_variance = e == MIXTURE_SCRATCH  ? belief_bias_variance(K)
	               : e == MIXTURE_SOURCE ? variance
	                                     : belief_widen(variance, shift, belief_bias_variance(K));
}

/* What the source believes of input `index` and class k, as (mean, variance). */
static inline const float *
mixture_source(const struct mixture *m, size_t index, size_t k)
{
	return tensor_floats(&m->source->table.tensor[m->source->layer[0].weight]) + 2 * (index * m->K + k);
}

/* Floats of a row. */
static inline size_t
mixture_row_size(const struct mixture *m)
{
	return m->K * 2 * MIXTURE_EXPERTS;
}

/* A row for an input that has none yet. */
static inline float *
mixture_add_row(struct mixture *m, size_t index)
{
	m->slot[index] = (uint32_t)++m->rows;
	return m->w + m->rows * mixture_row_size(m);
}

/* The row of an input, [K][2][E]; the first to touch it sets it to its priors. */
static inline float *
mixture_row(struct mixture *m, size_t index)
{
	float *row;

	if (m->slot[index])
		return m->w + m->slot[index] * mixture_row_size(m);
	row = mixture_add_row(m, index);
	for (size_t k = 0; k < m->K; k++)
		for (size_t e = 0; e < MIXTURE_EXPERTS; e++) {
			const float *source = mixture_source(m, index, k);
			double mean, variance;

			mixture_prior(e, (double)source[0], (double)source[1], m->variance, &mean, &variance);
			row[k * 2 * MIXTURE_EXPERTS + e] = (float)mean;
			row[(k * 2 + 1) * MIXTURE_EXPERTS + e] = (float)variance;
		}
	return row;
}

/* Starts from a source of beliefs, which stays open as long as the mixture lives. */
static inline void
mixture_init(struct mixture *m, const struct net *source, double variance)
{
	size_t K = net_outputs(source), inputs = (size_t)source->table.tensor[source->layer[0].weight].shape[0];
	const double *bias = net_data(source, source->layer[0].bias);

	*m = (struct mixture){.source = source, .kernel = mixture_kernels, .variance = variance, .K = K, .inputs = inputs};
	while (!mixture_runs(m->kernel))
		m->kernel++;
	m->slot = tensors_lazy_block(inputs * sizeof *m->slot);
	m->w = tensors_lazy_block((inputs + 1) * mixture_row_size(m) * sizeof *m->w);
	m->gain = allocate(K * MIXTURE_EXPERTS, sizeof *m->gain);
	m->shrink = allocate(K * MIXTURE_EXPERTS, sizeof *m->shrink);
	m->bias = bias ? allocate(K * 2 * MIXTURE_EXPERTS, sizeof *m->bias) : NULL;
	for (size_t k = 0; bias && k < K; k++)
		for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
			mixture_prior_bias(e, K, bias[2 * k], bias[2 * k + 1], &m->bias[k * 2 * MIXTURE_EXPERTS + e],
			                   &m->bias[(k * 2 + 1) * MIXTURE_EXPERTS + e]);
	m->mixed = m->kernel->weigh(m->weight, m->loss);
}

static inline void
mixture_free(struct mixture *m)
{
	if (m->slot) {
		munmap(m->slot, m->inputs * sizeof *m->slot);
		munmap(m->w, (m->inputs + 1) * mixture_row_size(m) * sizeof *m->w);
	}
	free(m->bias);
	free(m->s);
	free(m->S);
	free(m->p);
	free(m->row);
	free(m->gain);
	free(m->shrink);
	*m = (struct mixture){0};
}

/* Room for the B records of a step, which have n features. */
static inline void
mixture_reserve(struct mixture *m, size_t B, size_t n)
{
	size_t outputs = B * m->K * MIXTURE_EXPERTS;

	m->s = grow(m->s, &m->s_capacity, outputs, sizeof *m->s);
	m->S = grow(m->S, &m->S_capacity, outputs, sizeof *m->S);
	m->p = grow(m->p, &m->p_capacity, outputs + B * m->K, sizeof *m->p);
	m->row = grow(m->row, &m->row_capacity, n, sizeof *m->row);
}

/*
 * Asks for the rows that record i of a batch needs, and for the slots of a later one. gcc takes what only fetches for
 * what does nothing, and drops a call of it: hence always_inline.
 */
__attribute__((always_inline))
static inline void
mixture_fetch(const struct mixture *m, const struct batch *batch, size_t i, size_t later)
{
	const uint32_t *index = batch->features.index;

	for (size_t j = later < batch->n ? batch->start[later] : 0; later < batch->n && j < batch->start[later + 1]; j++)
		__builtin_prefetch(m->slot + index[j]);
	for (size_t j = i < batch->n ? batch->start[i] : 0; i < batch->n && j < batch->start[i + 1]; j++)
		if (m->slot[index[j]])
			__builtin_prefetch(m->w + m->slot[index[j]] * mixture_row_size(m));
		else
			__builtin_prefetch(mixture_source(m, index[j], 0));
}

/*
 * Expert e's loss on records from .. from + B. Its moderated logits are gathered from s into z[B][K], scratch, and
 * their probabilities go to p[B][K].
 */
static inline double
mixture_predict(const struct mixture *m, size_t e, enum activation head, const struct batch *batch, size_t from,
                size_t B, double *p, double *z)
{
	for (size_t i = 0; i < B * m->K; i++)
		z[i] = belief_moderate(m->s[i * MIXTURE_EXPERTS + e], m->S[i * MIXTURE_EXPERTS + e]);
	head_probability(head, B, m->K, p, z);
	return head_losses(head, B, m->K, z, p, batch->label + from, batch->weight + from);
}

/* The step of record b of those in hand, whose gain and shrink are known. `number` as for belief_update. */
static inline void
mixture_update(struct mixture *m, const struct batch *batch, size_t from, size_t b, uint64_t number)
{
	enum { E = MIXTURE_EXPERTS };
	size_t first = batch->start[from], at = batch->start[from + b], n = batch->start[from + b + 1] - at;

	m->kernel->step(m->K, m->gain, m->shrink, n, m->row + at - first, batch->features.value + at, random_mix(number + 1));
	for (size_t k = 0; m->bias && k < m->K; k++)
		for (size_t e = 0; e < E; e++)
			belief_step(&m->bias[2 * k * E + e], &m->bias[(2 * k + 1) * E + e], 1, m->gain[k * E + e],
			            m->shrink[k * E + e]);
}

/* A step of any head: loss[E] is written, and p[B][K]. */
static inline void
mixture_learn_plain(struct mixture *m, enum activation head, const struct batch *batch, size_t from, size_t B,
                    uint64_t number, double *p, double *loss)
{
	enum { E = MIXTURE_EXPERTS };
	size_t n = B * m->K;
	double *z = m->p + n * E;

	memset(p, 0, n * sizeof *p);
	for (size_t e = 0; e < E; e++) {
		loss[e] = mixture_predict(m, e, head, batch, from, B, m->p + e * n, z);
		for (size_t i = 0; i < n; i++)
			p[i] += m->weight[e] * m->p[e * n + i];
	}
	for (size_t b = 0; b < B; b++) {
		for (size_t k = 0; k < m->K; k++)
			for (size_t e = 0; e < E; e++)
				belief_gain(m->p[e * n + b * m->K + k], head_target(head, k, batch->label[from + b]),
				            m->S[(b * m->K + k) * E + e], mixture_learns[e] * (double)batch->weight[from + b],
				            &m->gain[k * E + e], &m->shrink[k * E + e]);
		mixture_update(m, batch, from, b, number + b);
	}
}

/* A step of a sigmoid head, one record, all experts at once: loss[E] and *p are written. False where that cannot be. */
static inline bool
mixture_learn_fast(struct mixture *m, const struct batch *batch, size_t from, uint64_t number, double *p, double *loss)
{
	struct mixture_view view = {m->s, m->S, m->p, loss, m->gain, m->shrink};

	if (!m->kernel->judge((double)batch->label[from], (double)batch->weight[from], view))
		return false;
	*p = 0;
	for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
		*p += m->weight[e] * m->p[e];
	mixture_update(m, batch, from, 0, number);
	return true;
}

/*
 * Learns one step, records from .. from + B of a batch: one record, or the group of a choice head. p[B][K] becomes
 * what the mixture predicted. Returns the mixture's loss. `number` as for belief_update.
 */
static inline double
mixture_learn(struct mixture *m, enum activation head, const struct batch *batch, size_t from, size_t B,
              uint64_t number, double *p)
{
	const struct features *f = &batch->features;
	size_t first = batch->start[from], n = batch->start[from + B] - first;
	double loss[MIXTURE_EXPERTS], before = m->mixed;

	mixture_reserve(m, B, n);
	for (size_t j = 0; j < n; j++)
		m->row[j] = mixture_row(m, f->index[first + j]);
	for (size_t b = 0; b < B; b++) {
		size_t at = batch->start[from + b], outputs = b * m->K * MIXTURE_EXPERTS;

		m->kernel->sums(m->K, m->s + outputs, m->S + outputs, batch->start[from + b + 1] - at, m->row + at - first,
		                f->value + at, m->bias);
	}
	if (head != SIGMOID || !mixture_learn_fast(m, batch, from, number, p, loss))
		mixture_learn_plain(m, head, batch, from, B, number, p, loss);
	for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
		m->loss[e] += loss[e];
	m->mixed = m->kernel->weigh(m->weight, m->loss);
	return m->mixed - before;
}

/* The most probable of the experts; of equals the last. */
static inline size_t
mixture_likeliest(const struct mixture *m)
{
	size_t best = 0;

	for (size_t e = 1; e < MIXTURE_EXPERTS; e++)
		best = m->weight[e] >= m->weight[best] ? e : best;
	return best;
}

/* How probable it is that the source, but for its bias, is of use. */
static inline double
mixture_use(const struct mixture *m)
{
	double sum = 0;

	for (size_t e = MIXTURE_SOURCE; e < MIXTURE_EXPERTS; e++)
		sum += m->weight[e];
	return sum;
}

/* Who is kept: scratch where the source is likelier of no use than of use, else the median of those that use it. */
static inline size_t
mixture_winner(const struct mixture *m)
{
	const double use = mixture_use(m);
	size_t e = MIXTURE_SOURCE;

	if (use < 0.5)
		return MIXTURE_SCRATCH;
	for (double below = m->weight[e]; below <= use / 2 + 1e-12 && e < MIXTURE_EXPERTS - 1; below += m->weight[e])
		e++;
	return e;
}

/*
 * One belief out of the experts', by weight: the mixture's mean and variance (moments matched); where one expert has
 * all the weight, its own.
 */
static inline void
mixture_match(const double weight[MIXTURE_EXPERTS], const double *mean, const double *variance, double *to_mean,
              double *to_variance)
{
	double spread = 0;

	*to_mean = *to_variance = 0;
	for (size_t e = 0; e < MIXTURE_EXPERTS; e++) {
		*to_mean += weight[e] * mean[e];
		*to_variance += weight[e] * variance[e];
	}
	for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
		spread += weight[e] * (mean[e] - *to_mean) * (mean[e] - *to_mean);
	*to_variance += spread;
}

/*
 * The beliefs of a net of the source's architecture become those of the experts, matched by weight. Most often one has
 * all of it, and most inputs have no row.
 */
static inline void
mixture_keep(const struct mixture *m, const double weight[MIXTURE_EXPERTS], struct net *net)
{
	enum { E = MIXTURE_EXPERTS };
	float *w = tensor_floats(&net->table.tensor[net->layer[0].weight]);
	double *bias = net_data(net, net->layer[0].bias);
	double mean[E] = {0}, variance[E] = {0}, matched[2];
	size_t expert[E], n = 0;

	for (size_t e = 0; e < E; e++)
		if (weight[e] > 0)
			expert[n++] = e;
	for (size_t i = 0; i < m->inputs * m->K; i++) {
		const uint32_t slot = m->slot[i / m->K];
		const float *row = m->w + slot * mixture_row_size(m) + i % m->K * 2 * E, *source = mixture_source(m, 0, i);

		for (size_t j = 0, e; j < n; j++)
			if (e = expert[j], slot)
				mean[e] = (double)row[e], variance[e] = (double)row[E + e];
			else
				mixture_prior(e, (double)source[0], (double)source[1], m->variance, &mean[e], &variance[e]);
		if (n == 1)
			matched[0] = mean[expert[0]], matched[1] = variance[expert[0]];
		else
			mixture_match(weight, mean, variance, &matched[0], &matched[1]);
		w[2 * i] = (float)matched[0];
		w[2 * i + 1] = (float)matched[1];
	}
	for (size_t k = 0; bias && k < m->K; k++)
		mixture_match(weight, m->bias + 2 * k * E, m->bias + (2 * k + 1) * E, &bias[2 * k], &bias[2 * k + 1]);
}

#endif
