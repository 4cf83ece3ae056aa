/*
 * mixture_step.h - the inner loops of mixture_kernel.h, which includes it once for each instruction set, with what lanes.h
 * wants.
 */
#include "../num/lanes.h"

#define STEP_VECTORS (MIXTURE_EXPERTS / LANES)

/* A mixture_sums: see mixture_kernel.h. */
LANES_TARGET
static void
LANES_NAME(mixture_sums)(size_t K, double *s, double *S, size_t n, float *const *row, const float *x, const double *bias)
{
	for (size_t k = 0; k < K; k++) {
		LANES_NAME(lanes) mean[STEP_VECTORS] = {{0}}, variance[STEP_VECTORS] = {{0}};

		for (size_t v = 0; bias && v < STEP_VECTORS; v++) {
			mean[v] = *(const LANES_NAME(doubles) *)(bias + 2 * k * MIXTURE_EXPERTS + v * LANES);
			variance[v] = *(const LANES_NAME(doubles) *)(bias + (2 * k + 1) * MIXTURE_EXPERTS + v * LANES);
		}
		for (size_t i = 0; i < n; i++) {
			const float *from = row[i] + 2 * k * MIXTURE_EXPERTS;
			const double xi = (double)x[i], square = xi * xi;

			for (size_t v = 0; v < STEP_VECTORS; v++, from += LANES) {
				const LANES_NAME(floats) *means = (const LANES_NAME(floats) *)from;
				const LANES_NAME(floats) *variances = (const LANES_NAME(floats) *)(from + MIXTURE_EXPERTS);

				mean[v] += __builtin_convertvector(*means, LANES_NAME(lanes)) * xi;
				variance[v] += __builtin_convertvector(*variances, LANES_NAME(lanes)) * square;
			}
		}
		for (size_t v = 0; v < STEP_VECTORS; v++) {
			*(LANES_NAME(doubles) *)(s + k * MIXTURE_EXPERTS + v * LANES) = mean[v];
			*(LANES_NAME(doubles) *)(S + k * MIXTURE_EXPERTS + v * LANES) = variance[v];
		}
	}
}

/* A mixture_judge: see mixture_kernel.h. */
LANES_TARGET
static bool
LANES_NAME(mixture_judge)(double y, double weight, struct mixture_view view)
{
	const LANES_NAME(bits) magnitude = (LANES_NAME(bits)){0} + (UINT64_MAX >> 1);
	LANES_NAME(bits) far = {0};
	uint64_t any = 0;

	for (size_t v = 0; v < MIXTURE_EXPERTS; v += LANES) {
		const LANES_NAME(lanes) s = *(const LANES_NAME(doubles) *)(view.s + v);
		const LANES_NAME(lanes) S = *(const LANES_NAME(doubles) *)(view.S + v);
		const LANES_NAME(lanes) w = weight * *(const LANES_NAME(doubles) *)(mixture_learns + v);
		LANES_NAME(lanes) z = s / LANES_SQRT(1 + MATH_PI / 8 * S), p, h, right;

		far |= ~(LANES_NAME(bits))((LANES_NAME(lanes))((LANES_NAME(bits))z & magnitude) <= 16);
		z = -z;
		LANES_NAME(exp)(&p, &z);
		p = 1 / (1 + p);
		right = y > 0 ? p : 1 - p;
		LANES_NAME(log)(&z, &right);
		h = w * p * (1 - p);
		*(LANES_NAME(doubles) *)(view.p + v) = p;
		*(LANES_NAME(doubles) *)(view.loss + v) = weight * -z;
		*(LANES_NAME(doubles) *)(view.gain + v) = w * (y - p) / (1 + h * S);
		*(LANES_NAME(doubles) *)(view.shrink + v) = h / (1 + h * S);
	}
	for (size_t i = 0; i < LANES; i++)
		any |= far[i];
	return !any;
}

/* A mixture_step: see mixture_kernel.h. */
LANES_TARGET
static void
LANES_NAME(mixture_step)(size_t K, const double *gain, const double *shrink, size_t n, float *const *row, const float *x,
                         uint64_t random)
{
	const LANES_NAME(bits) below = (LANES_NAME(bits)){0} + (((uint64_t)1 << 29) - 1);

	for (size_t i = 0; i < n; i++) {
		float *to = row[i];
		const double xi = (double)x[i];

		for (size_t k = 0; k < K; k++, to += MIXTURE_EXPERTS) {
			LANES_NAME(bits) chance_mean, chance_variance;

			random = belief_next(random);
			chance_mean = (LANES_NAME(bits)){0} + (random >> 35);
			chance_variance = ((LANES_NAME(bits)){0} + (random >> 6)) & below;
			for (size_t v = 0; v < MIXTURE_EXPERTS; v += LANES, to += LANES) {
				LANES_NAME(lanes) mean = __builtin_convertvector(*(LANES_NAME(floats) *)to, LANES_NAME(lanes));
				LANES_NAME(lanes) variance =
					__builtin_convertvector(*(LANES_NAME(floats) *)(to + MIXTURE_EXPERTS), LANES_NAME(lanes));
				const LANES_NAME(lanes) step = variance * xi;
				LANES_NAME(bits) enough;

				mean += step * *(const LANES_NAME(doubles) *)(gain + k * MIXTURE_EXPERTS + v);
				variance -= step * step * *(const LANES_NAME(doubles) *)(shrink + k * MIXTURE_EXPERTS + v);
				enough = (LANES_NAME(bits))(variance > BELIEF_LEAST);
				variance = (LANES_NAME(lanes))(((LANES_NAME(bits))variance & enough) |
				                               ((LANES_NAME(bits))((LANES_NAME(lanes)){0} + BELIEF_LEAST) & ~enough));
				mean = (LANES_NAME(lanes))(((LANES_NAME(bits))mean + chance_mean) & ~below);
				variance = (LANES_NAME(lanes))(((LANES_NAME(bits))variance + chance_variance) & ~below);
				*(LANES_NAME(floats) *)to = __builtin_convertvector(mean, LANES_NAME(floats));
				*(LANES_NAME(floats) *)(to + MIXTURE_EXPERTS) = __builtin_convertvector(variance, LANES_NAME(floats));
			}
		}
	}
}

/* A mixture_weigh: see mixture_kernel.h. */
LANES_TARGET
static double
LANES_NAME(mixture_weigh)(double weight[MIXTURE_EXPERTS], const double loss[MIXTURE_EXPERTS])
{
	double best = loss[0], sum = 0;

	for (size_t e = 1; e < MIXTURE_EXPERTS; e++)
		best = loss[e] < best ? loss[e] : best;
	for (size_t v = 0; v < MIXTURE_EXPERTS; v += LANES) {
		LANES_NAME(lanes) behind = best - *(const LANES_NAME(doubles) *)(loss + v), likelihood;

		LANES_NAME(exp)(&likelihood, &behind);
		*(LANES_NAME(doubles) *)(weight + v) = *(const LANES_NAME(doubles) *)(mixture_priors + v) * likelihood;
	}
	for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
		sum += weight[e];
	for (size_t e = 0; e < MIXTURE_EXPERTS; e++)
		weight[e] /= sum;
	return best - math_log(sum);
}

#undef STEP_VECTORS
#undef LANES
#undef LANES_NAME
#undef LANES_TARGET
#undef LANES_SQRT
