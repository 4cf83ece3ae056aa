/*
 * mixture_kernel.h - the experts of mixture.h, and the steps that all of them take at once, in vectors of 2, 4 or 8
 * doubles: to the bits of belief.h and loss.h, which take them one by one.
 *
 * Legend: E experts, K classes, n features of a record; row[n] are their rows, [K][2][E] float each, x[n] the features.
 */
#ifndef WEIR_MIXTURE_KERNEL_H
#define WEIR_MIXTURE_KERNEL_H

#ifdef __x86_64__
#include <immintrin.h>
#endif
#ifdef __aarch64__
#include <arm_neon.h>
#endif

#include "belief.h"

/* The first two take nothing of the source but, the second, its bias; the others use it, and trust it less and less. */
enum { MIXTURE_EXPERTS = 8, MIXTURE_SCRATCH = 0, MIXTURE_BIAS = 1, MIXTURE_SOURCE = 2, MIXTURE_USUAL = 5 };

/*
 * The experts: names, as messages and metadata have them; shifts in variance, unused for the first three; and how many
 * times as wide as fresh the belief is about a weight that the source never saw.
 */
static const struct {
	const char *name;
	double shift, fresh;
} mixture_experts[MIXTURE_EXPERTS] = {
	{"scratch", 0, 1},         {"bias", 0, 3},          {"source", 0, 1},        {"shift 0", 0, 1},
	{"shift 0.003", 0.003, 1}, {"shift 0.01", 0.01, 1}, {"shift 0.03", 0.03, 1}, {"shift 0.1 fresh 3", 0.1, 3},
};

/* How probable each is before the first record; and does it learn? */
static const double mixture_priors[MIXTURE_EXPERTS] = {1.0 / 12, 1.0 / 12, 3.0 / 12, 1.0 / 12,
                                                       1.0 / 12, 3.0 / 12, 1.0 / 12, 1.0 / 12};
static const double mixture_learns[MIXTURE_EXPERTS] = {1, 1, 0, 1, 1, 1, 1, 1};

/* What the experts make of one record of a sigmoid head, [E] each. */
struct mixture_view {
	const double *s, *S;  /* mean and variance of the logit */
	double *p, *loss;     /* the probability of 1; by the record's weight */
	double *gain, *shrink; /* as for belief_step; of who does not learn, 0 */
};

/* s[K][E] and S[K][E]: what each expert makes of a record. */
typedef void mixture_sums(size_t K, double *s, double *S, size_t n, float *const *row, const float *x, const double *bias);

/* Writes what is not const of a view, for a label y. False where a logit is beyond 16, whose loss head_loss knows. */
typedef bool mixture_judge(double y, double weight, struct mixture_view view);

/* Steps the rows of a record, as belief_update with the first of its random numbers; gain and shrink are [K][E]. */
typedef void mixture_step(size_t K, const double *gain, const double *shrink, size_t n, float *const *row, const float *x,
                          uint64_t random);

/* weight[E] = prior times e^-loss, adding up to 1. Returns the mixture's loss, -ln of the sum before that. */
typedef double mixture_weigh(double weight[MIXTURE_EXPERTS], const double loss[MIXTURE_EXPERTS]);

#ifdef __x86_64__
#define LANES_NAME(part) part##_avx512
#define LANES_TARGET __attribute__((target("avx512f")))
#define LANES 8
#define LANES_SQRT(x) _mm512_sqrt_pd(x)
#include "mixture_step.h"

#define LANES_NAME(part) part##_avx2
#define LANES_TARGET __attribute__((target("avx2")))
#define LANES 4
#define LANES_SQRT(x) _mm256_sqrt_pd(x)
#include "mixture_step.h"
#endif

#define LANES_NAME(part) part##_plain
#define LANES_TARGET
#define LANES 2
#if defined(__x86_64__)
#define LANES_SQRT(x) _mm_sqrt_pd(x)
#elif defined(__aarch64__)
#define LANES_SQRT(x) vsqrtq_f64(x)
#else
#define LANES_SQRT(x) ((lanes_plain){sqrt((x)[0]), sqrt((x)[1])})
#endif
#include "mixture_step.h"

struct mixture_kernel {
	const char *name;
	mixture_sums *sums;
	mixture_judge *judge;
	mixture_step *step;
	mixture_weigh *weigh;
};

/* The best first. */
static const struct mixture_kernel mixture_kernels[] = {
#ifdef __x86_64__
	{"avx512f", mixture_sums_avx512, mixture_judge_avx512, mixture_step_avx512, mixture_weigh_avx512},
	{"avx2", mixture_sums_avx2, mixture_judge_avx2, mixture_step_avx2, mixture_weigh_avx2},
#endif
	{"plain", mixture_sums_plain, mixture_judge_plain, mixture_step_plain, mixture_weigh_plain},
};

/* Has this machine what a kernel needs? */
static inline bool
mixture_runs(const struct mixture_kernel *kernel)
{
#ifdef __x86_64__
	if (kernel == &mixture_kernels[0])
		return __builtin_cpu_supports("avx512f");
	if (kernel == &mixture_kernels[1])
		return __builtin_cpu_supports("avx2");
#endif
	return kernel != NULL;
}

#endif
