/*
 * sampled.h - a softmax over many classes, learnt by some of them: sampled softmax.
 *
 * All records of a step share a sample of classes. A record's classes are the sample and its own label; each has its
 * logit less ln P(the sample has it), so that the gradient is that of the full softmax but for chance (Bengio and Senecal
 * 2008; Jean et al. 2015; GRU4Rec's cross-entropy with logq 1). With a sample of all classes it is the full softmax.
 *
 * Classes are drawn by popularity^0.75, as GRU4Rec does: a class that was seen c times has the weight (c + 1)^0.75.
 * Draws are systematic: marks at equal distances on the line of all weights, from a random beginning. So a class is in the
 * sample with probability min(1, weight / distance), exactly, and no class twice.
 *
 * Legend: B records, n classes of a step, I inputs. Logits are [n][B], for records to share an instruction.
 */
#ifndef WEIR_SAMPLED_H
#define WEIR_SAMPLED_H

#include <float.h>

#include "../cli.h"
#include "../num/gemm.h"
#include "../num/random.h"
#include "../num/softmax.h"
#include "../num/vec.h"

struct popularity {
	size_t K, marks;
	double distance;   /* between marks */
	uint64_t *end;     /* [K], owned as is surprise: where each class ends on the line */
	float *surprise;   /* [K]: -ln P(the sample has it) */
};

/* The weight of a class that was seen c times: whole, so that sums are exact. */
static inline uint64_t
popularity_weight(double c)
{
	return (uint64_t)(1024 * sqrt(c + 1) * sqrt(sqrt(c + 1)) + 0.5);
}

/* From how often each of K classes was seen. */
static inline void
popularity_init(struct popularity *p, size_t K, size_t marks, const uint64_t *seen)
{
	uint64_t end = 0;

	*p = (struct popularity){.K = K, .marks = marks, .end = allocate(K, sizeof *p->end),
	                         .surprise = allocate(K, sizeof *p->surprise)};
	for (size_t k = 0; k < K; k++)
		p->end[k] = end += popularity_weight((double)seen[k]);
	p->distance = (double)end / (double)marks;
	for (size_t k = 0; k < K; k++) {
		double share = (double)(p->end[k] - (k ? p->end[k - 1] : 0)) / p->distance;

		p->surprise[k] = share < 1 ? (float)-math_log(share) : 0;
	}
}

static inline void
popularity_free(struct popularity *p)
{
	free(p->end);
	free(p->surprise);
	*p = (struct popularity){0};
}

/* The classes of a step. */
struct sampled {
	size_t n, drawn;  /* classes; of these the first are the sample, in their order, the others labels that are not in it */
	uint32_t *class;  /* [n], owned as all is */
	uint32_t *slot;   /* [B]: where a record's label is among them */
	float *weight;    /* [n][I] */
	float *base;      /* [n]: what is added to a logit: the bias, and the surprise */
	size_t class_capacity, slot_capacity, weight_capacity, base_capacity;
};

static inline void
sampled_free(struct sampled *s)
{
	free(s->class);
	free(s->slot);
	free(s->weight);
	free(s->base);
	*s = (struct sampled){0};
}

/* Where a class is among those drawn; n when it is not there. */
static inline size_t
sampled_find(const struct sampled *s, uint32_t class)
{
	size_t low = 0, high = s->drawn;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (s->class[middle] < class)
			low = middle + 1;
		else
			high = middle;
	}
	for (low = low < s->drawn && s->class[low] == class ? low : s->drawn; low < s->n && s->class[low] != class;)
		low++;
	return low;
}

/* Draws the classes of a step with these labels; a seed draws always the same. */
static inline void
sampled_draw(struct sampled *s, const struct popularity *p, size_t B, const float *label, uint64_t seed)
{
	double begin = random_uniform(seed, 0) * p->distance;
	size_t k = 0;

	s->class = grow(s->class, &s->class_capacity, p->marks + B, sizeof *s->class);
	s->slot = grow(s->slot, &s->slot_capacity, B, sizeof *s->slot);
	s->n = 0;
	for (size_t i = 0; i < p->marks; i++) {
		double mark = begin + (double)i * p->distance;

		while (k + 1 < p->K && (double)p->end[k] <= mark)
			k++;
		if (s->n == 0 || s->class[s->n - 1] != k)
			s->class[s->n++] = (uint32_t)k;
	}
	s->drawn = s->n;
	for (size_t b = 0; b < B; b++) {
		size_t at = sampled_find(s, (uint32_t)label[b]);

		if (at == s->n)
			s->class[s->n++] = (uint32_t)label[b];
		s->slot[b] = (uint32_t)at;
	}
}

/* Classes whose logits are near at once; ranges of classes, for several threads to take those of the same records. */
enum { SAMPLED_BLOCK = 128, SAMPLED_RANGES = 4 };

/* How many ranges there are: it depends on the classes alone, so threads do not change a bit. */
static inline size_t
sampled_ranges(const struct sampled *s)
{
	size_t blocks = (s->n + SAMPLED_BLOCK - 1) / SAMPLED_BLOCK;

	return blocks < SAMPLED_RANGES ? blocks : SAMPLED_RANGES;
}

/* The first class of a range; n of the range behind the last. */
static inline size_t
sampled_first(const struct sampled *s, size_t range)
{
	size_t blocks = (s->n + SAMPLED_BLOCK - 1) / SAMPLED_BLOCK, first = blocks * range / sampled_ranges(s) * SAMPLED_BLOCK;

	return first < s->n ? first : s->n;
}

/* Room for the rows of the classes. */
static inline void
sampled_reserve(struct sampled *s, size_t I)
{
	s->weight = grow(s->weight, &s->weight_capacity, s->n * I, sizeof *s->weight);
	s->base = grow(s->base, &s->base_capacity, s->n, sizeof *s->base);
}

/* Copies the rows of the classes of a range from w[K][I], and makes their bases from bias[K]. */
static inline void
sampled_gather(const struct sampled *s, const struct popularity *p, size_t range, size_t I, const float *w, const float *bias)
{
	enum { AHEAD = 8 };
	const size_t end = sampled_first(s, range + 1);

	for (size_t j = sampled_first(s, range); j < end; j++) {
		for (size_t i = 0; j + AHEAD < end && i < I; i += 16)
			__builtin_prefetch(w + s->class[j + AHEAD] * I + i);
		vec_copy(I, s->weight + j * I, w + s->class[j] * I);
		s->base[j] = bias[s->class[j]] + p->surprise[s->class[j]];
	}
}

/* Records from .. from + B of a step, on their way to the classes and back. */
struct sampled_records {
	size_t from, B;
	float *z;            /* [n][B], viewed: e^(logit - known), then the gradient of the loss by the logit */
	float *across;       /* [I][B], owned as all else is: what goes in */
	float *known;        /* [blocks][B]: the greatest logit of the range when a block was taken in */
	float *most;         /* [ranges][B]: the greatest logit of a range; then [B] of all */
	float *dx;           /* [ranges][B][I]: the gradient by what goes in, of the classes of a range */
	double *sum;         /* [ranges][B]: of e^(logit - most); then [B] of all */
	double *own;         /* [B]: the label's logit */
	size_t across_capacity, known_capacity, most_capacity, dx_capacity, sum_capacity, own_capacity;
};

static inline void
sampled_records_free(struct sampled_records *r)
{
	free(r->across);
	free(r->known);
	free(r->most);
	free(r->dx);
	free(r->sum);
	free(r->own);
	*r = (struct sampled_records){0};
}

/* Records from .. from + B of a step are about to go forward, from their inputs x[B][I]; z has room for [n][B]. */
static inline void
sampled_enter(const struct sampled *s, struct sampled_records *r, size_t from, size_t B, size_t I, float *z, const float *x)
{
	size_t ranges = sampled_ranges(s);

	r->from = from;
	r->B = B;
	r->z = z;
	r->across = grow(r->across, &r->across_capacity, I * B, sizeof *r->across);
	r->known = grow(r->known, &r->known_capacity, (s->n / SAMPLED_BLOCK + 1) * B, sizeof *r->known);
	r->most = grow(r->most, &r->most_capacity, (ranges + 1) * B, sizeof *r->most);
	r->dx = grow(r->dx, &r->dx_capacity, ranges * B * I, sizeof *r->dx);
	r->sum = grow(r->sum, &r->sum_capacity, (ranges + 1) * B, sizeof *r->sum);
	r->own = grow(r->own, &r->own_capacity, B, sizeof *r->own);
	gemm_transpose(I, B, r->across, x);
}

/*
 * The logits z[n][B] of n classes from j on. A label that is not in the sample counts for its own records alone. own[b] is
 * written where the label is among the classes.
 */
static inline void
sampled_logits(const struct sampled *s, const struct sampled_records *r, size_t j, size_t n, size_t I, float *z, float *scratch)
{
	const uint32_t *slot = s->slot + r->from;
	const size_t B = r->B;

	for (size_t i = 0; i < n; i++)
		vec_fill(B, z + i * B, j + i < s->drawn ? s->base[j + i] : -INFINITY);
	for (size_t b = 0; b < B; b++)
		if (slot[b] - j < n)
			z[(slot[b] - j) * B + b] = s->base[slot[b]];
	gemm(n, B, I, z, B, true, s->weight + j * I, I, false, r->across, B, false, scratch);
	for (size_t b = 0; b < B; b++)
		if (slot[b] - j < n)
			r->own[b] = (double)z[(slot[b] - j) * B + b];
}

/* The records go forward to the classes of a range. scratch: gemm_scratch(SAMPLED_BLOCK, B, I). */
static inline void
sampled_forward(const struct sampled *s, const struct sampled_records *r, size_t range, size_t I, float *scratch)
{
	const size_t B = r->B, end = sampled_first(s, range + 1);
	float *most = r->most + range * B;
	double *sum = r->sum + range * B;

	for (size_t b = 0; b < B; b++) {
		most[b] = -FLT_MAX; /* not -INFINITY, which the logits of a label may be for all records but its own */
		sum[b] = 0;
	}
	for (size_t j = sampled_first(s, range), n; j < end; j += n) {
		float *z = r->z + j * B, *known = r->known + j / SAMPLED_BLOCK * B;

		n = end - j < SAMPLED_BLOCK ? end - j : SAMPLED_BLOCK;
		sampled_logits(s, r, j, n, I, z, scratch);
		wide_most(n, B, known, z);
		softmax_take(n, B, z, most, sum, known);
		memcpy(known, most, B * sizeof *most);
	}
}

/* When they have been to all ranges: the loss of each record, and whether its label is the likeliest. */
static inline void
sampled_meet(const struct sampled *s, struct sampled_records *r, double *loss, double *right)
{
	const size_t ranges = sampled_ranges(s);
	float *most = r->most + ranges * r->B;
	double *sum = r->sum + ranges * r->B;

	for (size_t b = 0; b < r->B; b++) {
		most[b] = r->most[b];
		sum[b] = 0;
		for (size_t i = 1; i < ranges; i++)
			most[b] = most[b] > r->most[i * r->B + b] ? most[b] : r->most[i * r->B + b];
		for (size_t i = 0; i < ranges; i++)
			sum[b] += r->sum[i * r->B + b] * math_exp((double)r->most[i * r->B + b] - (double)most[b]);
		loss[b] = (double)most[b] - r->own[b] + math_log(sum[b]);
		right[b] = r->own[b] >= (double)most[b];
	}
}

/*
 * And back from the classes of a range: z[n][B] becomes the gradient of share[b] times the loss of each record by its
 * logits; dx is written where it is wanted. scratch: gemm_scratch(B, I, SAMPLED_BLOCK).
 */
static inline void
sampled_backward(const struct sampled *s, const struct sampled_records *r, size_t range, size_t I, const double *share,
                 bool down, float *scratch)
{
	const uint32_t *slot = s->slot + r->from;
	const size_t B = r->B, first = sampled_first(s, range), end = sampled_first(s, range + 1), ranges = sampled_ranges(s);
	const float *most = r->most + ranges * B;
	const double *sum = r->sum + ranges * B;

	for (size_t j = first, n; j < end; j += n) {
		float *z = r->z + j * B, *by = r->known + j / SAMPLED_BLOCK * B;

		n = end - j < SAMPLED_BLOCK ? end - j : SAMPLED_BLOCK;
		for (size_t b = 0; b < B; b++)
			by[b] -= most[b];
		wide_exp(B, by, by);
		for (size_t b = 0; b < B; b++)
			by[b] *= (float)(share[b] / sum[b]);
		for (size_t i = 0; i < n; i++)
			vec_multiply(B, z + i * B, by);
		for (size_t b = 0; b < B; b++)
			if (slot[b] - j < n)
				z[(slot[b] - j) * B + b] -= (float)share[b];
		if (down)
			gemm(B, I, n, r->dx + range * B * I, I, j > first, z, B, true, s->weight + j * I, I, false, scratch);
	}
}

/* dx[B][I] = the gradient by what went in, of all ranges. */
static inline void
sampled_leave(const struct sampled *s, const struct sampled_records *r, size_t I, float *dx)
{
	vec_copy(r->B * I, dx, r->dx);
	for (size_t i = 1; i < sampled_ranges(s); i++)
		vec_add(r->B * I, dx, r->dx + i * r->B * I);
}

/*
 * The gradients of the classes from .. from + n: dw[n][I] = or += dz x, dbias[n] likewise. scratch: gemm_scratch(n, I, B).
 */
static inline void
sampled_backward_weights(size_t from, size_t n, size_t B, size_t I, float *dw, float *dbias, bool accumulate,
                         const float *dz, const float *x, float *scratch)
{
	gemm(n, I, B, dw, I, accumulate, dz + from * B, B, false, x, I, false, scratch);
	for (size_t j = 0; j < n; j++)
		dbias[j] = (accumulate ? dbias[j] : 0) + vec_sum(B, dz + (from + j) * B);
}

#endif
