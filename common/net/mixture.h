/*
 * mixture.h - adaptive transfer: eight ways to start from a source's beliefs, learnt side by side in one pass.
 *
 * From scratch; the source as it is, learning nothing; and the source widened by a shift of variance q, for six q.
 * Each expert predicts every record before it learns it. Weighted by prior times exp(-its loss so far) they are a
 * Bayesian mixture, so whatever comes the mixture's total loss is at most -ln prior nats above an expert's (the bound
 * is that of Vovk 1990 and of Bayes factors alike). At the end the most probable expert's beliefs are kept, or the
 * mixture's.
 *
 * Few records hardly tell the experts apart, and the luckiest of eight equals is often a bad one. So scratch, which
 * is right where there is nothing to transfer, and a shift of 0.01, which suits most pairs of domains, count twice:
 * the bound is ln 5 = 1.61 nats for these two, and ln 10 = 2.30 for the others.
 *
 * The means and variances of one weight's eight experts are 16 floats side by side: one cache line. A row nobody
 * has touched is all 0 (no variance is) and stands for its prior. Every expert goes through the very steps it would
 * go through alone, rounding included: the winner's beliefs are those of a pass with its method only.
 *
 * Legend: E experts, K classes; w [inputs][K][2][E] float, bias [K][2][E] double.
 */
#ifndef WEIR_MIXTURE_H
#define WEIR_MIXTURE_H

#include "transfer.h"

enum { MIXTURE_EXPERTS = 8, MIXTURE_SCRATCH = 0, MIXTURE_SOURCE = 1 };

/*
 * Names of the experts, as messages and metadata have them; priors, which add up to 1; shifts in variance, unused for
 * the first two.
 */
static const struct {
	const char *name;
	double prior, shift;
} mixture_experts[MIXTURE_EXPERTS] = {
	{"scratch", 0.2, 0},         {"source", 0.1, 0},        {"shift 0", 0.1, 0},       {"shift 0.001", 0.1, 0.001},
	{"shift 0.003", 0.1, 0.003}, {"shift 0.01", 0.2, 0.01}, {"shift 0.03", 0.1, 0.03}, {"shift 0.1", 0.1, 0.1},
};

struct mixture {
	const struct net *source;         /* beliefs; not owned */
	double variance;                  /* of a fresh belief */
	size_t K;
	float *w;                         /* owned */
	double *bias;                     /* owned; NULL where the source has none */
	double loss[MIXTURE_EXPERTS];     /* sums, in nats */
	double mixed;                     /* that of the mixture */
	size_t w_bytes;

	/* scratch, owned: of the records of a step, outermost */
	double *s, *S, *p;                /* [B][K][E] */
	size_t s_capacity, S_capacity, p_capacity;
	double *gain, *shrink;            /* [K][E] */
};

/* The prior of expert e about a weight of which the source believes N(mean, variance); fresh is a fresh variance. */
static inline void
mixture_prior(size_t e, double mean, double variance, double fresh, double *to_mean, double *to_variance)
{
	*to_mean = e == MIXTURE_SCRATCH ? 0 : mean;
	*to_variance = e == MIXTURE_SCRATCH  ? fresh
	               : e == MIXTURE_SOURCE ? variance
	                                     : belief_widen(variance, mixture_experts[e].shift, fresh);
}

/* What the source believes of input `index` and class k, as (mean, variance). */
static inline const float *
mixture_source(const struct mixture *m, size_t index, size_t k)
{
	return tensor_floats(&m->source->table.tensor[m->source->layer[0].weight]) + 2 * (index * m->K + k);
}

/* The row of an input, [K][2][E]; the first to touch it sets it to its priors. */
static inline float *
mixture_row(const struct mixture *m, size_t index)
{
	float *row = m->w + index * m->K * 2 * MIXTURE_EXPERTS;

	if (row[MIXTURE_EXPERTS] > 0)
		return row;
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

	*m = (struct mixture){.source = source, .variance = variance, .K = K};
	m->w_bytes = inputs * K * 2 * MIXTURE_EXPERTS * sizeof *m->w;
	m->w = tensors_lazy_block(m->w_bytes);
	m->gain = allocate(K * MIXTURE_EXPERTS, sizeof *m->gain);
	m->shrink = allocate(K * MIXTURE_EXPERTS, sizeof *m->shrink);
	m->bias = bias ? allocate(K * 2 * MIXTURE_EXPERTS, sizeof *m->bias) : NULL;
	for (size_t k = 0; bias && k < K; k++)
		for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
			mixture_prior(e, bias[2 * k], bias[2 * k + 1], BELIEF_BIAS_VARIANCE,
			              &m->bias[k * 2 * MIXTURE_EXPERTS + e], &m->bias[(k * 2 + 1) * MIXTURE_EXPERTS + e]);
}

static inline void
mixture_free(struct mixture *m)
{
	if (m->w)
		munmap(m->w, m->w_bytes);
	free(m->bias);
	free(m->s);
	free(m->S);
	free(m->p);
	free(m->gain);
	free(m->shrink);
	*m = (struct mixture){0};
}

/* s[K][E] and S[K][E]: what each expert makes of record i of a batch. */
static inline void
mixture_sums(const struct mixture *m, double *s, double *S, const struct batch *batch, size_t i)
{
	enum { E = MIXTURE_EXPERTS };
	const struct features *f = &batch->features;

	for (size_t k = 0; k < m->K; k++)
		for (size_t e = 0; e < E; e++) {
			s[k * E + e] = m->bias ? m->bias[2 * k * E + e] : 0;
			S[k * E + e] = m->bias ? m->bias[(2 * k + 1) * E + e] : 0;
		}
	for (size_t j = batch->start[i]; j < batch->start[i + 1]; j++) {
		const float *row = mixture_row(m, f->index[j]);
		double x = (double)f->value[j], square = x * x;

		for (size_t k = 0; k < m->K; k++, row += 2 * E)
			for (size_t e = 0; e < E; e++) {
				s[k * E + e] += (double)row[e] * x;
				S[k * E + e] += (double)row[E + e] * square;
			}
	}
}

/* One expert's step for record i: as belief_update, with the same random numbers, for all experts at once. */
static inline void
mixture_update(struct mixture *m, const struct batch *batch, size_t i, uint64_t number)
{
	enum { E = MIXTURE_EXPERTS };
	const struct features *f = &batch->features;
	uint64_t random = random_mix(number + 1);

	for (size_t j = batch->start[i]; j < batch->start[i + 1]; j++) {
		float *row = mixture_row(m, f->index[j]);

		for (size_t k = 0; k < m->K; k++, row += 2 * E) {
			random = belief_next(random);
			for (size_t e = 0; e < E; e++) {
				double mean = (double)row[e], variance = (double)row[E + e];

				belief_step(&mean, &variance, (double)f->value[j], m->gain[k * E + e], m->shrink[k * E + e]);
				row[e] = belief_round(mean, random >> 35);
				row[E + e] = belief_round(variance, random >> 6);
			}
		}
	}
	for (size_t k = 0; m->bias && k < m->K; k++)
		for (size_t e = 0; e < E; e++)
			belief_step(&m->bias[2 * k * E + e], &m->bias[(2 * k + 1) * E + e], 1, m->gain[k * E + e],
			            m->shrink[k * E + e]);
}

/* The experts' weights are their probabilities: prior times e^-loss, adding up to 1. */
static inline void
mixture_weights(const struct mixture *m, double weight[MIXTURE_EXPERTS])
{
	double sum = 0;

	for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
		weight[e] = -m->loss[e];
	softmax(MIXTURE_EXPERTS, weight, weight);
	for (size_t e = 0; e < MIXTURE_EXPERTS; e++) {
		weight[e] *= mixture_experts[e].prior;
		sum += weight[e];
	}
	for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
		weight[e] /= sum;
}

/* Room for the B records of a step. */
static inline void
mixture_reserve(struct mixture *m, size_t B)
{
	size_t n = B * m->K * MIXTURE_EXPERTS;

	m->s = grow(m->s, &m->s_capacity, n, sizeof *m->s);
	m->S = grow(m->S, &m->S_capacity, n, sizeof *m->S);
	m->p = grow(m->p, &m->p_capacity, n + B * m->K, sizeof *m->p);
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

/*
 * Learns one step, records from .. from + B of a batch: one record, or the group of a choice head. p[B][K] becomes
 * what the mixture predicted. Returns the mixture's loss. `number` as for belief_update.
 */
static inline double
mixture_learn(struct mixture *m, enum activation head, const struct batch *batch, size_t from, size_t B,
              uint64_t number, double *p)
{
	enum { E = MIXTURE_EXPERTS };
	double weight[E], loss[E], best = INFINITY, sum = 0, *z;
	size_t n = B * m->K;

	mixture_reserve(m, B);
	mixture_weights(m, weight);
	z = m->p + n * E;
	for (size_t b = 0; b < B; b++)
		mixture_sums(m, m->s + b * m->K * E, m->S + b * m->K * E, batch, from + b);
	memset(p, 0, n * sizeof *p);
	for (size_t e = 0; e < E; e++) {
		loss[e] = mixture_predict(m, e, head, batch, from, B, m->p + e * n, z);
		best = loss[e] < best ? loss[e] : best;
		for (size_t i = 0; i < n; i++)
			p[i] += weight[e] * m->p[e * n + i];
	}
	for (size_t b = 0; b < B; b++) {
		for (size_t k = 0; k < m->K; k++)
			for (size_t e = 0; e < E; e++)
				belief_gain(m->p[e * n + b * m->K + k], head_target(head, k, batch->label[from + b]),
				            m->S[(b * m->K + k) * E + e], e == MIXTURE_SOURCE ? 0 : (double)batch->weight[from + b],
				            &m->gain[k * E + e], &m->shrink[k * E + e]);
		mixture_update(m, batch, from + b, number + b);
	}
	for (size_t e = 0; e < E; e++) {
		sum += weight[e] * math_exp(best - loss[e]);
		m->loss[e] += loss[e];
	}
	m->mixed += best - math_log(sum);
	return best - math_log(sum);
}

/* The most probable expert; of equals the last, as no source is found useless without a record to tell. */
static inline size_t
mixture_winner(const struct mixture *m)
{
	double weight[MIXTURE_EXPERTS];
	size_t best = 0;

	mixture_weights(m, weight);
	for (size_t e = 1; e < MIXTURE_EXPERTS; e++)
		best = weight[e] >= weight[best] ? e : best;
	return best;
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

/* The beliefs of a net of the source's architecture become those of the experts, matched by weight. */
static inline void
mixture_keep(const struct mixture *m, const double weight[MIXTURE_EXPERTS], struct net *net)
{
	enum { E = MIXTURE_EXPERTS };
	float *w = tensor_floats(&net->table.tensor[net->layer[0].weight]);
	double *bias = net_data(net, net->layer[0].bias);
	size_t n = net->table.tensor[net->layer[0].weight].n / 2;
	double mean[E], variance[E], matched[2];

	for (size_t i = 0; i < n; i++) {
		const float *row = m->w + i * 2 * E;
		const float *source = mixture_source(m, i / m->K, i % m->K);
		bool touched = row[E] > 0;

		for (size_t e = 0; e < E; e++) {
			if (touched)
				mean[e] = (double)row[e], variance[e] = (double)row[E + e];
			else
				mixture_prior(e, (double)source[0], (double)source[1], m->variance, &mean[e], &variance[e]);
		}
		mixture_match(weight, mean, variance, &matched[0], &matched[1]);
		w[2 * i] = (float)matched[0];
		w[2 * i + 1] = (float)matched[1];
	}
	for (size_t k = 0; bias && k < m->K; k++)
		mixture_match(weight, m->bias + 2 * k * E, m->bias + (2 * k + 1) * E, &bias[2 * k], &bias[2 * k + 1]);
}

#endif
