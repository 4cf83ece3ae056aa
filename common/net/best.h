/*
 * best.h - the likeliest of many classes.
 *
 * Legend: B records, K classes, I inputs of the head, k how many are wanted.
 */
#ifndef WEIR_BEST_H
#define WEIR_BEST_H

#include "../num/softmax.h"
#include "net_pass.h"

struct best_class {
	double value; /* a logit or a probability: the greatest is best, of equals the class with the smaller number */
	uint32_t class;
};

/* The best of a record: a heap whose root is the worst of them. */
struct best {
	struct best_class *list; /* [k] */
	size_t n, k;
};

static inline bool
best_worse(const struct best_class *a, const struct best_class *b)
{
	return a->value != b->value ? a->value < b->value : a->class > b->class;
}

/* Lets the class at place i of the heap sink to where it belongs. */
static inline void
best_sink(struct best *b, size_t i)
{
	for (size_t child; (child = 2 * i + 1) < b->n; i = child) {
		struct best_class moving = b->list[i];

		child += child + 1 < b->n && best_worse(&b->list[child + 1], &b->list[child]);
		if (!best_worse(&b->list[child], &moving))
			return;
		b->list[i] = b->list[child];
		b->list[child] = moving;
	}
}

/* Takes a class in, if it is among the best; classes come in order. */
static inline void
best_offer(struct best *b, double value, uint32_t class)
{
	struct best_class new = {value, class};

	if (b->n < b->k) {
		b->list[b->n++] = new;
		for (size_t i = b->n / 2; b->n == b->k && i--;)
			best_sink(b, i);
	} else if (best_worse(&b->list[0], &new)) {
		b->list[0] = new;
		best_sink(b, 0);
	}
}

static inline int
best_compare(const void *a, const void *b)
{
	return best_worse(a, b) ? 1 : -1;
}

/* All are in: the best first. */
static inline void
best_sort(struct best *b)
{
	qsort(b->list, b->n, sizeof *b->list, best_compare);
}

/*
 * Classes whose logits are near at once, and are looked at. Records go BEST_WIDE at a time, the last one again and again where
 * they are no multiple of that.
 */
enum { BEST_LOOK = 96, BEST_WIDE = 16 };

/* What is known of the records of a piece. */
struct best_piece {
	size_t B, wide;              /* records, and with the last one again and again */
	struct best *best;           /* [B], empty; of logits */
	const float *label;          /* [B]: classes whose logits are wanted too */
	double *own;                 /* [B]: those */
	float most[NET_SEQUENCES];   /* the greatest logit so far */
	double sum[NET_SEQUENCES];   /* of e^(z - most) */
};

/* Takes in n classes from `class` on, at most BEST_LOOK, whose logits are z[n][wide]. */
static inline void
best_look(struct best_piece *p, size_t n, size_t class, const float *z)
{
	const size_t wide = p->wide;
	float greatest[NET_SEQUENCES];

	wide_most(n, wide, greatest, z);
	for (size_t b = 0; b < p->B; b++) {
		struct best *best = &p->best[b];

		if (best->n < best->k || (double)greatest[b] > best->list[0].value)
			for (size_t j = 0; j < n; j++)
				if (best->n < best->k || (double)z[j * wide + b] > best->list[0].value)
					best_offer(best, (double)z[j * wide + b], (uint32_t)(class + j));
		if ((size_t)p->label[b] - class < n)
			p->own[b] = (double)z[((size_t)p->label[b] - class) * wide + b];
	}
	softmax_count(n, wide, z, p->most, p->sum, greatest);
}

/* Asks for the weights w[K][I] of so many classes from `class` on. always_inline as net_fetch is. */
__attribute__((always_inline))
static inline void
best_fetch(size_t I, const float *w, size_t class, size_t n, size_t K)
{
	enum { LINE = 16, NEAR = 2 }; /* floats; the second cache */
	size_t end = K - class < n ? K : class + n;

	for (size_t i = class * I; i < end * I; i += LINE)
		__builtin_prefetch(w + i, 0, NEAR);
}

/*
 * The best classes of each record of a piece, by a net whose head is a softmax on vectors: best[B], each with its k and
 * empty, gets them with their probabilities, the best first; own[B] is that of the class label[B]. No more logits are kept
 * than are looked at: they lie class by class, for records to share an instruction. Bits do not depend on the piece.
 */
static inline void
best_classes(const struct net *net, struct net_pass *pass, struct piece piece, struct best *best, const float *label,
             double *own)
{
	size_t last = net->n_layers - 1, I = net->layer[last].I, K = net->layer[last].O, B = piece.B;
	const float *w = net_data(net, net->layer[last].weight), *bias = net_data(net, net->layer[last].bias);
	const float *x = net_forward(net, pass, piece, last);
	size_t wide = (B + BEST_WIDE - 1) / BEST_WIDE * BEST_WIDE;
	float z[BEST_LOOK * NET_SEQUENCES], *across = pass->scratch;
	size_t *at = (size_t *)(void *)(across + I * NET_SEQUENCES); /* rows of across */
	struct best_piece p = {.best = best, .label = label, .own = own, .B = B, .wide = wide};
	const size_t tile = gemm_best()->rows; /* classes of a product, while the weights of the next come nearer */

	gemm_pack(B, wide, I, across, (struct gemm_side){.from = x, .ld = I});
	for (size_t i = 0; i < I; i++)
		at[i] = i * wide;
	for (size_t b = 0; b < wide; b++)
		p.most[b] = -INFINITY;
	for (size_t class = 0, n; class < K; class += n) {
		n = K - class < BEST_LOOK ? K - class : BEST_LOOK;
		for (size_t j = 0; j < n; j += tile) {
			size_t step = n - j < tile ? n - j : tile;

			best_fetch(I, w, class + j + step, tile, K);
			gemm_slide(step, wide, I, z + j * wide, w + (class + j) * I, bias + class + j, false, across, at);
		}
		best_look(&p, n, class, z);
	}
	for (size_t b = 0; b < B; b++) {
		best_sort(&best[b]);
		for (size_t i = 0; i < best[b].n; i++)
			best[b].list[i].value = math_exp(best[b].list[i].value - (double)p.most[b]) / p.sum[b];
		own[b] = math_exp(own[b] - (double)p.most[b]) / p.sum[b];
	}
}

#endif
