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
 * Legend: B records, n classes of a step, I inputs. Logits are [n][B], for records to share an instruction. What is added
 * to the logit of a class is the weight of an input more, I, which is always 1.
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
	uint64_t *end;     /* [K], owned as all else is: where each class ends on the line */
	float *surprise;   /* [K]: -ln P(the sample has it) */
	uint32_t *guide;   /* [marks][POPULARITY_GUIDE]: the class at each of so many places between marks, near enough */
};

enum { POPULARITY_GUIDE = 8 };

/* The class at a place on the line, from one that is near. */
static inline size_t
popularity_at(const struct popularity *p, uint64_t place, size_t near)
{
	while (near > 0 && p->end[near - 1] > place)
		near--;
	while (near + 1 < p->K && p->end[near] <= place)
		near++;
	return near;
}

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
	                         .surprise = allocate(K, sizeof *p->surprise),
	                         .guide = allocate(marks * POPULARITY_GUIDE, sizeof *p->guide)};
	for (size_t k = 0; k < K; k++)
		p->end[k] = end += popularity_weight((double)seen[k]);
	p->distance = (double)end / (double)marks;
	for (size_t k = 0; k < K; k++) {
		double share = (double)(p->end[k] - (k ? p->end[k - 1] : 0)) / p->distance;

		p->surprise[k] = share < 1 ? (float)-math_log(share) : 0;
	}
	for (size_t i = 0, k = 0; i < marks * POPULARITY_GUIDE; i++)
		p->guide[i] = (uint32_t)(k = popularity_at(p, (uint64_t)((double)i * p->distance / POPULARITY_GUIDE), k));
}

static inline void
popularity_free(struct popularity *p)
{
	free(p->end);
	free(p->surprise);
	free(p->guide);
	*p = (struct popularity){0};
}

/* The classes of a step. */
struct sampled {
	size_t n, drawn;  /* classes; of these the first are the sample, in their order, the others labels that are not in it */
	uint32_t *class;  /* [n], owned as slot is */
	uint32_t *slot;   /* [B]: where a record's label is among them */
	float *near;      /* [n][sampled_row(I)]: their weights, brought together */
	size_t class_capacity, slot_capacity, near_capacity;
};

static inline void
sampled_free(struct sampled *s)
{
	free(s->class);
	free(s->slot);
	free(s->near);
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
	const double u = random_uniform(seed, 0), begin = u * p->distance;
	const uint32_t *guide = p->guide + (size_t)(u * POPULARITY_GUIDE);

	s->class = grow(s->class, &s->class_capacity, p->marks + B, sizeof *s->class);
	s->slot = grow(s->slot, &s->slot_capacity, B, sizeof *s->slot);
	s->n = 0;
	for (size_t i = 0; i < p->marks; i++) {
		size_t k = popularity_at(p, (uint64_t)(begin + (double)i * p->distance), guide[i * POPULARITY_GUIDE]);

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

/* Classes whose weights and logits are near at once; ranges of classes, for several threads to take those of the same records. */
enum { SAMPLED_BLOCK = 128, SAMPLED_RANGES = 4 };

/* Blocks of classes. */
static inline size_t
sampled_blocks(const struct sampled *s)
{
	return (s->n + SAMPLED_BLOCK - 1) / SAMPLED_BLOCK;
}

/* Classes of a block, the first of which is block SAMPLED_BLOCK. */
static inline size_t
sampled_block(const struct sampled *s, size_t block)
{
	size_t left = s->n - block * SAMPLED_BLOCK;

	return left < SAMPLED_BLOCK ? left : SAMPLED_BLOCK;
}

/* How many ranges there are: it depends on the classes alone, so threads do not change a bit. */
static inline size_t
sampled_ranges(const struct sampled *s)
{
	return sampled_blocks(s) < SAMPLED_RANGES ? sampled_blocks(s) : SAMPLED_RANGES;
}

/* The first block of a range. */
static inline size_t
sampled_first(const struct sampled *s, size_t range)
{
	return sampled_blocks(s) * range / sampled_ranges(s);
}

/* Floats of what belongs to a class in a block: I weights, the bias, and 0 up to whole vectors, for none to be cut. */
static inline size_t
sampled_row(size_t I)
{
	enum { VECTOR = 8 };

	return (I + 1 + VECTOR - 1) / VECTOR * VECTOR;
}

/* Room for the weights of the classes that were drawn. */
static inline void
sampled_reserve(struct sampled *s, size_t I)
{
	if (s->n * sampled_row(I) <= s->near_capacity)
		return;
	free(s->near);
	s->near_capacity = 2 * s->n * sampled_row(I);
	s->near = allocate_aligned(s->near_capacity, sizeof *s->near);
}

/*
 * Brings the weights of a block together, from w[K][I] and bias[K]; what is added to a logit is the bias and the surprise.
 */
static inline void
sampled_gather(const struct sampled *s, const struct popularity *p, size_t block, size_t I, const float *w,
               const float *bias)
{
	enum { AHEAD = 8 };
	const uint32_t *class = s->class + block * SAMPLED_BLOCK;
	const size_t n = sampled_block(s, block), N = sampled_row(I);
	float *to = s->near + block * SAMPLED_BLOCK * N;

	for (size_t j = 0; j < n; j++, to += N) {
		for (size_t i = 0; j + AHEAD < n && i < I; i += 16)
			__builtin_prefetch(w + class[j + AHEAD] * I + i);
		vec_copy(I, to, w + class[j] * I);
		to[I] = bias[class[j]] + p->surprise[class[j]];
		vec_fill(N - I - 1, to + I + 1, 0);
	}
}

/*
 * Records from .. from + B of a step, on their way to the classes and back. They go through each block once: what a class
 * is worth is known up to a factor, the sum over all classes, and all that follows is linear in it.
 */
struct sampled_records {
	size_t from, B;
	float *z;            /* viewed: sampled_kept numbers. [n][B]: e^(logit - known) */
	float *known;        /* [blocks][B], behind them: the greatest logit of the range when a block was taken in; at the end
	                        what its e^ times this is: the gradient of the loss by the logit, but for the label's own */
	float *across;       /* [I + 1][B], owned as all else is: what goes in */
	float *most;         /* [ranges][B]: the greatest logit of a range; then [B] of all */
	float *dx;           /* [ranges][B][sampled_row(I)]: the sum of e^(logit - most) times the weights of a class */
	double *sum;         /* [ranges][B]: of e^(logit - most) */
	double *own;         /* [B]: the label's logit */
	float *worth;        /* [B]: of e^(logit - most of all), in the gradient */
	size_t across_capacity, most_capacity, dx_capacity, sum_capacity, own_capacity, worth_capacity;
};

static inline void
sampled_records_free(struct sampled_records *r)
{
	free(r->across);
	free(r->most);
	free(r->dx);
	free(r->sum);
	free(r->own);
	free(r->worth);
	*r = (struct sampled_records){0};
}

/* Floats that are kept of each record, until the classes are stepped. */
static inline size_t
sampled_kept(const struct sampled *s)
{
	return s->n + sampled_blocks(s);
}

/* Records from .. from + B of a step are about to go to the classes, from x[B][I]; z has room for what is kept of them. */
static inline void
sampled_enter(const struct sampled *s, struct sampled_records *r, size_t from, size_t B, size_t I, float *z, const float *x)
{
	const size_t ranges = sampled_ranges(s), N = sampled_row(I);

	r->from = from;
	r->B = B;
	r->z = z;
	r->known = z + s->n * B;
	r->across = grow(r->across, &r->across_capacity, (I + 1) * B, sizeof *r->across);
	r->most = grow(r->most, &r->most_capacity, (ranges + 1) * B, sizeof *r->most);
	r->dx = grow(r->dx, &r->dx_capacity, ranges * B * N, sizeof *r->dx);
	r->sum = grow(r->sum, &r->sum_capacity, ranges * B, sizeof *r->sum);
	r->own = grow(r->own, &r->own_capacity, B, sizeof *r->own);
	r->worth = grow(r->worth, &r->worth_capacity, B, sizeof *r->worth);
	gemm_transpose(I, B, r->across, x);
	vec_fill(B, r->across + I * B, 1);
	memset(r->dx, 0, ranges * B * N * sizeof *r->dx);
	for (size_t i = 0; i < ranges * B; i++) {
		r->most[i] = -FLT_MAX; /* not -INFINITY, which the logits of a label may be for all records but its own */
		r->sum[i] = 0;
	}
}

/* Where the label of record b of the step is in a block of n classes from j on; n where it is not. */
static inline size_t
sampled_label(const struct sampled *s, size_t b, size_t j, size_t n)
{
	size_t at = s->slot[b] - j;

	return at < n ? at : n;
}

/*
 * Labels among the n classes from j on, whose logits are z[n][B]: own[b] is written, and a label that is not in the sample
 * counts for its own records alone.
 */
static inline void
sampled_labels(const struct sampled *s, const struct sampled_records *r, size_t j, size_t n, float *z)
{
	const size_t B = r->B;

	for (size_t b = 0, at; b < B; b++)
		if ((at = sampled_label(s, r->from + b, j, n)) < n)
			r->own[b] = (double)z[at * B + b];
	for (size_t i = s->drawn > j ? s->drawn - j : 0; i < n; i++)
		vec_fill(B, z + i * B, -INFINITY);
	for (size_t b = 0, at; b < B; b++)
		if ((at = sampled_label(s, r->from + b, j, n)) < n)
			z[at * B + b] = (float)r->own[b];
}

/*
 * The records go to a block of a range, and with down back from it. scratch: gemm_scratch(SAMPLED_BLOCK, GEMM_WIDTH,
 * GEMM_DEPTH).
 */
static inline void
sampled_take(const struct sampled *s, const struct sampled_records *r, size_t range, size_t block, size_t I, bool down,
             float *scratch)
{
	const size_t B = r->B, j = block * SAMPLED_BLOCK, n = sampled_block(s, block), N = sampled_row(I);
	const float *w = s->near + j * N;
	float *z = r->z + j * B, *known = r->known + block * B, *most = r->most + range * B, *dx = r->dx + range * B * N;

	gemm(n, B, I + 1, z, B, false, w, N, false, r->across, B, false, scratch);
	sampled_labels(s, r, j, n, z);
	wide_most(n, B, known, z);
	softmax_take(n, B, z, most, r->sum + range * B, known, N, down ? dx : NULL);
	memcpy(known, most, B * sizeof *most);
	if (down)
		gemm(B, N, n, dx, N, true, z, B, true, w, N, false, scratch);
}

/* When they have been to all ranges: the loss of each record, and whether its label is the likeliest. */
static inline void
sampled_meet(const struct sampled *s, struct sampled_records *r, const double *share, double *loss, double *right)
{
	const size_t ranges = sampled_ranges(s);
	float *most = r->most + ranges * r->B;

	for (size_t b = 0; b < r->B; b++) {
		double sum = 0;

		most[b] = r->most[b];
		for (size_t i = 1; i < ranges; i++)
			most[b] = most[b] > r->most[i * r->B + b] ? most[b] : r->most[i * r->B + b];
		for (size_t i = 0; i < ranges; i++)
			sum += r->sum[i * r->B + b] * math_exp((double)r->most[i * r->B + b] - (double)most[b]);
		loss[b] = (double)most[b] - r->own[b] + math_log(sum);
		right[b] = r->own[b] >= (double)most[b];
		r->worth[b] = (float)(share[b] / sum);
	}
}

/*
 * The way back of n records from `first` on, for the gradient of share[n] times the loss of each: what is known of blocks
 * becomes what they are multiplied by, and dx[n][I], unless it is NULL, the gradient by what went in. w[K][I] are the
 * weights of all classes.
 */
static inline void
sampled_leave(const struct sampled *s, const struct sampled_records *r, size_t first, size_t n, size_t I, const double *share,
              const float *w, float *dx)
{
	const size_t ranges = sampled_ranges(s);
	const float *most = r->most + ranges * r->B + first, *worth = r->worth + first;

	for (size_t block = 0; block < sampled_blocks(s); block++) {
		float *by = r->known + block * r->B + first;

		for (size_t b = 0; b < n; b++)
			by[b] -= most[b];
		wide_exp(n, by, by);
		vec_multiply(n, by, worth);
	}
	for (size_t b = 0; dx && b < n; b++) {
		vec_scale(I, dx + b * I, (float)-share[b], w + s->class[s->slot[r->from + first + b]] * I);
		for (size_t i = 0; i < ranges; i++) {
			size_t at = i * r->B + first + b;
			float by = worth[b] * (float)math_exp((double)r->most[at] - (double)most[b]);

			vec_axpy(I, dx + b * I, by, r->dx + at * sampled_row(I));
		}
	}
}

/* Floats of scratch for sampled_backward_weights, of at most so many records at once. */
static inline size_t
sampled_scratch(size_t B, size_t I)
{
	return B * sampled_row(I) + gemm_scratch(SAMPLED_BLOCK, GEMM_WIDTH, GEMM_DEPTH);
}

/*
 * The gradient by a block of classes, once records from .. from + B have left z: dw[n][sampled_row(I)] = or +=, of which
 * I + 1 count, the last by the bias; x[B][I] is what went in.
 */
static inline void
sampled_backward_weights(const struct sampled *s, size_t from, size_t B, const float *z, size_t block, size_t I, float *dw,
                         bool accumulate, const double *share, const float *x, float *scratch)
{
	const size_t j = block * SAMPLED_BLOCK, n = sampled_block(s, block), N = sampled_row(I);
	const float *by = z + (s->n + block) * B;

	for (size_t b = 0; b < B; b++) {
		vec_scale(I, scratch + b * N, by[b], x + b * I);
		scratch[b * N + I] = by[b];
		vec_fill(N - I - 1, scratch + b * N + I + 1, 0);
	}
	gemm(n, N, B, dw, N, accumulate, z + j * B, B, false, scratch, N, false, scratch + B * N);
	for (size_t b = 0, at; b < B; b++)
		if ((at = sampled_label(s, from + b, j, n)) < n) {
			vec_axpy(I, dw + at * N, (float)-share[b], x + b * I);
			dw[at * N + I] -= (float)share[b];
		}
}

#endif
