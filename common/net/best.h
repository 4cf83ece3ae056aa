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
 * Classes whose logits are near at once, and are looked at; records that come to them one part after the other, so that
 * their weights come from memory once for all. A part is BEST_WIDE records, the last one again and again where it has fewer.
 */
enum { BEST_LOOK = 64, BEST_RECORDS = 256, BEST_WIDE = 32 };

/* Room for what goes into the head, of a thread. */
struct best_inputs {
	float *across; /* [parts][I][BEST_WIDE], owned as at is */
	size_t *at;    /* [I]: the rows of a part */
};

static inline void
best_inputs_init(struct best_inputs *x, const struct net *net)
{
	size_t I = net->layer[net->n_layers - 1].I;

	x->across = allocate_aligned(I * BEST_RECORDS, sizeof *x->across);
	x->at = allocate(I, sizeof *x->at);
	for (size_t i = 0; i < I; i++)
		x->at[i] = i * BEST_WIDE;
}

static inline void
best_inputs_free(struct best_inputs *x)
{
	free(x->across);
	free(x->at);
	*x = (struct best_inputs){0};
}

/* What is known of the records of a part. */
struct best_part {
	size_t n;
	struct best *best;          /* [n], empty; of logits */
	const float *label;         /* [n]: classes whose logits are wanted too */
	double *own;                /* [n]: those */
	float most[BEST_WIDE];      /* the greatest logit so far */
	double sum[BEST_WIDE];      /* of e^(z - most) */
};

/* Takes in n classes from `class` on, at most BEST_LOOK, whose logits are z[n][BEST_WIDE]. */
static inline void
best_look(struct best_part *p, size_t n, size_t class, const float *z)
{
	float greatest[BEST_WIDE];

	wide_most(n, BEST_WIDE, greatest, z);
	for (size_t b = 0; b < p->n; b++) {
		struct best *best = &p->best[b];

		if (best->n < best->k || (double)greatest[b] > best->list[0].value)
			for (size_t j = 0; j < n; j++)
				if (best->n < best->k || (double)z[j * BEST_WIDE + b] > best->list[0].value)
					best_offer(best, (double)z[j * BEST_WIDE + b], (uint32_t)(class + j));
		if ((size_t)p->label[b] - class < n)
			p->own[b] = (double)z[((size_t)p->label[b] - class) * BEST_WIDE + b];
	}
	softmax_count(n, BEST_WIDE, z, p->most, p->sum, greatest);
}

/*
 * The best classes of each record of a piece, at most BEST_RECORDS, by a net whose head is a softmax on vectors: best[B],
 * each with its k and empty, gets them with their probabilities, the best first; own[B] is that of the class label[B]. No
 * more logits are kept than are looked at: they lie class by class, for records to share an instruction. Bits do not depend
 * on the piece.
 */
static inline void
best_classes(const struct net *net, struct net_pass *pass, const struct best_inputs *x, struct piece piece, struct best *best,
             const float *label, double *own)
{
	size_t last = net->n_layers - 1, I = net->layer[last].I, K = net->layer[last].O, B = piece.B;
	const float *w = net_data(net, net->layer[last].weight), *bias = net_data(net, net->layer[last].bias);
	float z[BEST_LOOK * BEST_WIDE];
	struct best_part part[BEST_RECORDS / BEST_WIDE];

	net_pass_begin(pass, net, piece.at + B, false);
	for (size_t b = 0; b < B; b += net_piece(net))
		net_forward(net, pass, net_part(net, piece, b), last);
	for (size_t b = 0; b < B; b += BEST_WIDE) {
		struct best_part *p = &part[b / BEST_WIDE];

		*p = (struct best_part){.n = B - b < BEST_WIDE ? B - b : BEST_WIDE, .best = best + b, .label = label + b, .own = own + b};
		for (size_t i = 0; i < BEST_WIDE; i++)
			p->most[i] = -INFINITY;
		gemm_pack(p->n, BEST_WIDE, I, x->across + b * I,
		          (struct gemm_side){.from = net_input(net, pass, last) + (piece.at + b) * I, .ld = I});
	}
	for (size_t class = 0, n; class < K; class += n) {
		n = K - class < BEST_LOOK ? K - class : BEST_LOOK;
		for (size_t b = 0; b < B; b += BEST_WIDE) {
			gemm_slide(n, BEST_WIDE, I, z, BEST_WIDE, w + class * I, bias + class, false, x->across + b * I, x->at);
			best_look(&part[b / BEST_WIDE], n, class, z);
		}
	}
	for (size_t b = 0; b < B; b++) {
		const struct best_part *p = &part[b / BEST_WIDE];
		const double most = (double)p->most[b % BEST_WIDE], sum = p->sum[b % BEST_WIDE];

		best_sort(&best[b]);
		for (size_t i = 0; i < best[b].n; i++)
			best[b].list[i].value = math_exp(best[b].list[i].value - most) / sum;
		own[b] = math_exp(own[b] - most) / sum;
	}
}

#endif
