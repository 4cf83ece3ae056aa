/*
 * belief.h - weights as Gaussian beliefs: learnt in one pass, with nothing to tune.
 *
 * Each weight of a log-linear model is N(mu, v). A record is learnt once, by assumed-density filtering
 * (Spiegelhalter and Lauritzen 1990; the moderated output is MacKay 1992; Graepel et al. 2010 do the probit):
 *
 *     s = sum mu_i x_i,  S = sum v_i x_i^2,  p = sigmoid(s / sqrt(1 + pi S / 8)),  h = p (1 - p)
 *     mu_i += v_i x_i (y - p) / (1 + h S),   v_i -= v_i^2 x_i^2 h / (1 + h S)
 *
 * A softmax head has a belief per class, a choice head shares its beliefs among the candidates of a group; both
 * take the same step with their own p, h and S. A record of weight w counts as w of them: w h and w (y - p).
 *
 * Legend: K classes (1 for sigmoid and choice), n features of a record, index[n] and x[n] the features, no index
 * twice. w is [inputs][K][2] float, mean and variance side by side; bias is [K][2] double, or NULL.
 */
#ifndef WEIR_BELIEF_H
#define WEIR_BELIEF_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "../num/random.h"

/* A fresh belief is N(0, BELIEF_VARIANCE), a fresh bias N(0, BELIEF_BIAS_VARIANCE): it owes nothing to zero. */
#define BELIEF_VARIANCE 0.3
#define BELIEF_BIAS_VARIANCE 100.0

/*
 * That of the biases of a softmax over K > 2 classes. A step goes S (1 - p) / (1 + h S) far, and with p near 1 / K there
 * is little h to hold it: of variance 100, it would jump by 68 at the first record of one of 218 classes, and no later
 * record would bring it back. Logarithms of how frequent classes are lie within a few deviations of 1.
 */
#define BELIEF_CLASS_BIAS_VARIANCE 1.0

/* No variance falls below this: it would be as good as fixed long before. */
#define BELIEF_LEAST 0x1p-100

/* The variance of each of K fresh biases. */
static inline double
belief_bias_variance(size_t K)
{
	return K > 2 ? BELIEF_CLASS_BIAS_VARIANCE : BELIEF_BIAS_VARIANCE;
}

/* Adds to *s and *S what n features say of one output. */
static inline void
belief_sum(double *s, double *S, size_t n, const uint32_t *index, const float *x, const float *w)
{
#ifdef __SSE2__ /* both in one register, added up in the same order */
	__m128d sum = _mm_set_pd(*S, *s);

	for (size_t i = 0; i < n; i++) {
		__m128i belief = _mm_loadl_epi64((const __m128i *)(const void *)(w + 2 * (size_t)index[i]));
		double xi = (double)x[i];

		sum = _mm_add_pd(sum, _mm_mul_pd(_mm_cvtps_pd(_mm_castsi128_ps(belief)), _mm_set_pd(xi * xi, xi)));
	}
	*s = _mm_cvtsd_f64(sum);
	*S = _mm_cvtsd_f64(_mm_unpackhi_pd(sum, sum));
#else
	for (size_t i = 0; i < n; i++) {
		double xi = (double)x[i];

		*s += (double)w[2 * (size_t)index[i]] * xi;
		*S += (double)w[2 * (size_t)index[i] + 1] * (xi * xi);
	}
#endif
}

/* s[K] and S[K]: mean and variance of the logit. Both written. */
static inline void
belief_sums(size_t K, double *s, double *S, size_t n, const uint32_t *index, const float *x, const float *w,
            const double *bias)
{
	for (size_t k = 0; k < K; k++) {
		s[k] = bias ? bias[2 * k] : 0;
		S[k] = bias ? bias[2 * k + 1] : 0;
	}
	if (K == 1) {
		belief_sum(s, S, n, index, x, w);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const float *row = w + 2 * K * index[i];
		double xi = (double)x[i], square = xi * xi;

		for (size_t k = 0; k < K; k++) {
			s[k] += (double)row[2 * k] * xi;
			S[k] += (double)row[2 * k + 1] * square;
		}
	}
}

/* The logit whose sigmoid is the mean of sigmoid over N(s, S), nearly (MacKay 1992, eq. 10). */
static inline double
belief_moderate(double s, double S)
{
	return s / sqrt(1 + MATH_PI / 8 * S);
}

/*
 * z[K]: the logits of one draw of all weights. The draw of a weight depends on (seed, key, its place) alone, so
 * the candidates of a group, which share the key, are ranked by one draw: Thompson sampling. Written.
 */
static inline void
belief_draw(size_t K, double *z, size_t n, const uint32_t *index, const float *x, const float *w, const double *bias,
            uint64_t seed, uint64_t key)
{
	uint64_t stream = random_bits(seed, key);

	for (size_t k = 0; k < K; k++)
		z[k] = bias ? bias[2 * k] + sqrt(bias[2 * k + 1]) * random_normal(~stream, k) : 0;
	for (size_t i = 0; i < n; i++) {
		const float *row = w + 2 * K * index[i];

		for (size_t k = 0; k < K; k++)
			z[k] += (double)x[i] * ((double)row[2 * k] +
			                        sqrt((double)row[2 * k + 1]) * random_normal(stream, (uint64_t)index[i] * K + k));
	}
}

/*
 * Rounds to float, up or down by chance with the mean kept: 29 random bits are added below the last bit of the
 * result. To the nearest, the steps of a weight seen 10^8 times would be lost, and those of the rarer label
 * alone would not. Exact in the normal range of float.
 */
static inline float
belief_round(double value, uint64_t random)
{
	const uint64_t below = ((uint64_t)1 << 29) - 1;
	uint64_t bits;

	memcpy(&bits, &value, sizeof bits);
	bits = (bits + (random & below)) & ~below;
	memcpy(&value, &bits, sizeof value);
	return (float)value;
}

/* The next of the random numbers by which the weights of a record are rounded; the first is random_mix(number + 1). */
static inline uint64_t
belief_next(uint64_t random)
{
	return random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
}

/*
 * The step of one weight: mean and variance after a record where it has value x.
 * gain is w (y - p) / (1 + w h S), shrink is w h / (1 + w h S).
 */
static inline void
belief_step(double *mean, double *variance, double x, double gain, double shrink)
{
	double v = *variance, left = v - v * x * (v * x) * shrink;

	*mean += v * x * gain;
	*variance = left > BELIEF_LEAST ? left : BELIEF_LEAST;
}

/*
 * The step of one weight as it is stored, mean and variance side by side, rounded: belief_step and belief_round on
 * both at once, to the same bits. Two of the bits below a float come from one random number.
 */
#ifdef __SSE2__
static inline void
belief_learn(float *belief, double x, double gain, double shrink, uint64_t random)
{
	const __m128i below = _mm_set1_epi64x((1 << 29) - 1);
	const __m128i chance = _mm_set_epi64x((int64_t)(random >> 6), (int64_t)(random >> 35));
	__m128i bits = _mm_loadl_epi64((const __m128i *)(const void *)belief);
	__m128d pair = _mm_cvtps_pd(_mm_castsi128_ps(bits)), step = _mm_mul_pd(_mm_unpackhi_pd(pair, pair), _mm_set1_pd(x));

	step = _mm_mul_pd(step, _mm_move_sd(step, _mm_set1_pd(1)));
	pair = _mm_add_pd(pair, _mm_mul_pd(step, _mm_set_pd(-shrink, gain)));
	pair = _mm_max_pd(pair, _mm_set_pd(BELIEF_LEAST, -INFINITY));
	bits = _mm_add_epi64(_mm_castpd_si128(pair), _mm_and_si128(chance, below));
	pair = _mm_castsi128_pd(_mm_andnot_si128(below, bits));
	_mm_storel_epi64((__m128i *)(void *)belief, _mm_castps_si128(_mm_cvtpd_ps(pair)));
}
#else
static inline void
belief_learn(float *belief, double x, double gain, double shrink, uint64_t random)
{
	double mean = (double)belief[0], variance = (double)belief[1];

	belief_step(&mean, &variance, x, gain, shrink);
	belief[0] = belief_round(mean, random >> 35);
	belief[1] = belief_round(variance, random >> 6);
}
#endif

/*
 * Learns one record: steps all its weights and the bias. gain[K] and shrink[K] as for belief_step. `number` tells
 * records apart, for rounding: the count of records before this one. frozen_w and frozen_bias leave theirs alone.
 */
static inline void
belief_update(size_t K, const double *gain, const double *shrink, size_t n, const uint32_t *index, const float *x,
              float *w, double *bias, uint64_t number)
{
	uint64_t random = random_mix(number + 1);

	if (w && K == 1) { /* the same, without a loop in the loop */
		const double only_gain = *gain, only_shrink = *shrink;

		for (size_t i = 0; i < n; i++) {
			random = belief_next(random);
			belief_learn(w + 2 * (size_t)index[i], (double)x[i], only_gain, only_shrink, random);
		}
	} else if (w) {
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; k < K; k++) {
				random = belief_next(random);
				belief_learn(w + 2 * (K * index[i] + k), (double)x[i], gain[k], shrink[k], random);
			}
	}
	for (size_t k = 0; bias && k < K; k++)
		belief_step(&bias[2 * k], &bias[2 * k + 1], 1, gain[k], shrink[k]);
}

/* A variance widened by the shift between domains, q, to no more than a fresh prior's, where it is not wider already. */
static inline double
belief_widen(double variance, double q, double prior)
{
	return variance + q < prior ? variance + q : variance > prior ? variance : prior;
}

/*
 * The truth has drifted since the weights of a record met their last one: each variance widens by `drift`, a random
 * walk in steps of the weight's own records (the prediction step of a Kalman filter), to no more than a fresh one,
 * `variance`. In the long run that of a weight whose records tell h is about sqrt(drift / h). w, bias and number as
 * for belief_update.
 */
static inline void
belief_drift(size_t K, double drift, double variance, size_t n, const uint32_t *index, float *w, double *bias,
             uint64_t number)
{
	uint64_t random = random_mix(~number);

	for (size_t i = 0; w && i < n; i++)
		for (size_t k = 0; k < K; k++) {
			float *v = &w[2 * (K * index[i] + k) + 1];

			random = belief_next(random);
			*v = belief_round(belief_widen((double)*v, drift, variance), random >> 35);
		}
	for (size_t k = 0; bias && k < K; k++)
		bias[2 * k + 1] = belief_widen(bias[2 * k + 1], drift, belief_bias_variance(K));
}

/*
 * gain and shrink of one output: p the probability it was given, y what came (0 or 1), S the variance of its
 * logit, weight how many records this one counts for.
 */
static inline void
belief_gain(double p, double y, double S, double weight, double *gain, double *shrink)
{
	double h = weight * p * (1 - p);

	*gain = weight * (y - p) / (1 + h * S);
	*shrink = h / (1 + h * S);
}


#endif
