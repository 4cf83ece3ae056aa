/*
 * pool.h - models that learnt apart from one prior become one.
 *
 * Beliefs add their evidence: what they are more precise than the prior N(m, v) they started from (Vehtari et al. 2020,
 * Expectation propagation as a way of life):
 *
 *     1/v' = 1/v + sum f_k (1/v_k - 1/v),   m'/v' = m/v + sum f_k (m_k/v_k - m/v)
 *
 * f_k is how often the evidence of model k counts: 1, or -1 where it is taken out. Plain weights and the optimiser's
 * states become their mean, weighted by f_k, a number of records. Sums have twice the digits of a double, so what is
 * rounded once, to the model's floats, is the formula; what all models agree on, or only one of them has learnt, is
 * taken over bit for bit. Who gives the models in an order of their own gets the same bytes from any.
 */
#ifndef WEIR_POOL_H
#define WEIR_POOL_H

#include "net.h"

struct pool_part {
	const struct net *net;  /* of the architecture of the pooled one */
	double factor;          /* f_k */
};

/* A sum as high + low, low below the last bit of high. All 0 is the empty sum. */
struct pool_sum {
	double high, low;
};

/* Adds x; the rounding error goes to low (Knuth 1969; Ogita, Rump and Oishi 2005, algorithm 4.4). */
static inline void
pool_add(struct pool_sum *s, double x)
{
	double sum = s->high + x, part = sum - s->high;

	s->low += (s->high - (sum - part)) + (x - part);
	s->high = sum;
}

/* Adds a b. */
static inline void
pool_add_product(struct pool_sum *s, double a, double b)
{
	double product = a * b;

	pool_add(s, product);
	pool_add(s, fma(a, b, -product));
}

/* Adds f a / b. */
static inline void
pool_add_ratio(struct pool_sum *s, double a, double b, double f)
{
	double ratio = a / b;

	pool_add_product(s, ratio, f);
	pool_add(s, fma(-ratio, b, a) / b * f);
}

/* The same sum, low below the last bit of high again. */
static inline struct pool_sum
pool_settle(struct pool_sum s)
{
	double high = s.high + s.low;

	return (struct pool_sum){high, s.low - (high - s.high)};
}

/* a / b, rounded once. */
static inline double
pool_ratio(struct pool_sum a, struct pool_sum b)
{
	double ratio, rest;

	a = pool_settle(a);
	b = pool_settle(b);
	ratio = a.high / b.high;
	rest = fma(-ratio, b.high, a.high) + a.low - ratio * b.low;
	return ratio + rest / b.high;
}

/* A belief, as wide as any tensor has it. */
struct pool_belief {
	double mean, variance;
};

static inline struct pool_belief
pool_belief_at(const struct tensor *t, size_t i)
{
	if (t->width == sizeof(double)) {
		const double *belief = (const double *)t->data + 2 * i;

		return (struct pool_belief){belief[0], belief[1]};
	}
	return (struct pool_belief){(double)tensor_floats(t)[2 * i], (double)tensor_floats(t)[2 * i + 1]};
}

/* Whether two models have the same bytes at belief i of the tensor at `place`. */
static inline bool
pool_equal_beliefs(const struct tensor *a, const struct tensor *b, size_t i)
{
	size_t bytes = 2 * a->width;

	return memcmp((const char *)a->data + i * bytes, (const char *)b->data + i * bytes, bytes) == 0;
}

/* The sums of the formula: precision 1/v', moment m'/v'. Adds f times a belief's. */
static inline void
pool_add_belief(struct pool_sum *precision, struct pool_sum *moment, struct pool_belief b, double f)
{
	pool_add_ratio(precision, 1, b.variance, f);
	pool_add_ratio(moment, b.mean, b.variance, f);
}

/* Belief i of the tensor at `place`: prior becomes pooled. False where the precision would not be above 0. */
static inline bool
pool_one_belief(size_t n, const struct pool_part *part, size_t place, struct tensor *pooled, size_t i)
{
	struct pool_belief prior = pool_belief_at(pooled, i), result;
	struct pool_sum precision = {0}, moment = {0};
	const struct tensor *learnt = NULL; /* the last that differs from the prior */
	size_t learners = 0;

	for (size_t k = 0; k < n; k++) {
		const struct tensor *t = &part[k].net->table.tensor[place];

		if (pool_equal_beliefs(t, pooled, i))
			continue;
		if (!learners++)
			pool_add_belief(&precision, &moment, prior, 1);
		pool_add_belief(&precision, &moment, pool_belief_at(t, i), part[k].factor);
		pool_add_belief(&precision, &moment, prior, -part[k].factor);
		learnt = part[k].factor == 1 ? t : NULL;
	}
	if (learners == 0)
		return true;
	if (learners == 1 && learnt) {
		memcpy((char *)pooled->data + i * 2 * pooled->width, (const char *)learnt->data + i * 2 * pooled->width,
		       2 * pooled->width);
		return true;
	}
	result.mean = pool_ratio(moment, precision);
	result.variance = pool_ratio((struct pool_sum){1, 0}, precision);
	if (pooled->width == sizeof(double)) {
		((double *)pooled->data)[2 * i] = result.mean;
		((double *)pooled->data)[2 * i + 1] = result.variance;
		return result.variance > 0;
	}
	tensor_floats(pooled)[2 * i] = (float)result.mean;
	tensor_floats(pooled)[2 * i + 1] = (float)result.variance;
	return tensor_floats(pooled)[2 * i + 1] > 0;
}

/*
 * Beliefs: `pooled`, which is the prior, takes the evidence of n models. False where one knows less than the prior, so
 * that no precision would be left: it did not start from it.
 */
static inline bool
pool_beliefs(size_t n, const struct pool_part *part, struct net *pooled)
{
	for (size_t place = 0; place < pooled->table.n; place++) {
		struct tensor *t = &pooled->table.tensor[place];

		for (size_t i = 0; i < t->n / 2; i++)
			if (!pool_one_belief(n, part, place, t, i))
				return false;
	}
	return true;
}

/* The numbers of a tensor: its weights, or state s - 1 of the optimiser. */
static inline float *
pool_numbers(const struct net *net, size_t place, size_t s)
{
	const struct tensor *t = &net->table.tensor[place];

	return s ? t->state[s - 1] : tensor_floats(t);
}

/*
 * Plain weights and `states` optimiser states of each: `pooled`, whatever it is, becomes the mean of n models, at
 * least one, weighted by their factors, of which one is above 0 and none below. O(n) scratch: numbers[n].
 */
static inline void
pool_means(size_t n, const struct pool_part *part, size_t states, struct net *pooled, const float **numbers)
{
	struct pool_sum weights = {0};

	for (size_t k = 0; k < n; k++)
		pool_add(&weights, part[k].factor);
	for (size_t place = 0; place < pooled->table.n; place++)
		for (size_t s = 0; s <= states; s++) {
			float *mean = pool_numbers(pooled, place, s);

			for (size_t k = 0; k < n; k++)
				numbers[k] = pool_numbers(part[k].net, place, s);
			for (size_t i = 0; i < pooled->table.tensor[place].n; i++) {
				struct pool_sum sum = {0};
				bool differ = false;

				for (size_t k = 0; k < n; k++) {
					pool_add_product(&sum, (double)numbers[k][i], part[k].factor);
					differ |= memcmp(&numbers[k][i], &numbers[0][i], sizeof **numbers) != 0;
				}
				mean[i] = differ ? (float)pool_ratio(sum, weights) : numbers[0][i];
			}
		}
}

#endif
