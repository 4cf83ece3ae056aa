/*
 * loss.h - heads: from logits to probabilities, and the loss of a label with its gradient.
 *
 * P(y | x; theta) = exp(theta' f(x, y)) / Z(theta). Z runs over {0, 1} for a sigmoid, over the K classes for a
 * softmax, over the candidates of a group for a choice: there the B records are one group.
 *
 * Legend: B records, K logits of each; label[B], weight[B].
 */
#ifndef WEIR_LOSS_H
#define WEIR_LOSS_H

#include "layer.h"

/* p[B][K]: the probabilities of logits z[B][K]; a linear head's are the logits themselves. p may be z. */
static inline void
head_probability(enum activation head, size_t B, size_t K, double *p, const double *z)
{
	if (head == CHOICE)
		softmax(B, p, z);
	else
		for (size_t b = 0; b < B; b++)
			if (head == SOFTMAX)
				softmax(K, p + b * K, z + b * K);
			else
				p[b] = head == SIGMOID ? math_sigmoid(z[b]) : z[b];
}

/*
 * Loss of one record, in nats; squared for a linear head. z[K] are its logits, p[K] their probabilities. For a
 * choice head the loss of a group is that of its chosen record, and 0 for the others.
 */
static inline double
head_loss(enum activation head, size_t K, const double *z, const double *p, float label)
{
	const double least = 1e-300; /* a probability that underflowed still has a finite loss */
	double q;

	switch (head) {
	case SIGMOID:
		if (fabs(z[0]) > 16) /* 1 - p has lost too many digits */
			return math_softplus(label > 0 ? -z[0] : z[0]);
		return -math_log(label > 0 ? p[0] : 1 - p[0]);
	case SOFTMAX:
		q = p[(size_t)label < K ? (size_t)label : 0];
		return -math_log(q > least ? q : least);
	case CHOICE:
		return label > 0 ? -math_log(p[0] > least ? p[0] : least) : 0;
	default:
		return (z[0] - (double)label) * (z[0] - (double)label);
	}
}

/* Loss of B records by weight: logits z[B][K], their probabilities p[B][K]. */
static inline double
head_losses(enum activation head, size_t B, size_t K, const double *z, const double *p, const float *label,
            const float *weight)
{
	double sum = 0;

	for (size_t b = 0; b < B; b++)
		sum += (double)weight[b] * head_loss(head, K, z + b * K, p + b * K, label[b]);
	return sum;
}

/* What the label says of output k: 1 or 0; a linear head's target is the label. */
static inline double
head_target(enum activation head, size_t k, float label)
{
	return head == SOFTMAX ? (double)((size_t)label == k) : (double)label;
}

/* The likeliest of n probabilities; the first of equals. */
static inline size_t
head_likeliest(size_t n, const double *p)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++)
		best = p[i] > p[best] ? i : best;
	return best;
}

#endif
