/*
 * progress.h - what came of a model's predictions, each made before its record was learnt; and whether they show that
 * its weights know anything.
 *
 * How much better than a constant is a model? Its loss does not say: where records are few it is the worse one, as its
 * weights are bold while they are young, and it is all the same of use. What tells is whether labels went where the
 * predictions p pointed, however far. Beside them stands a constant, c, the part of ones so far:
 *
 *     skill = sum w (y - c) (p - c),   spread = sum w c (1 - c) (p - c)^2,   z = skill / sqrt(spread)
 *
 * If the labels have nothing to do with the features, c is all that can be known. Then z is about N(0, 1), whatever the
 * model, and however its predictions hang together, as p and c were there before y (Seillier-Moiseiwitsch and Dawid 1993,
 * On testing the validity of sequential probability forecasts).
 *
 * Who knows log-odds that lie b apart (a standard deviation) has a mean z of b sqrt(n c (1 - c)), and less as long as they
 * are not learnt: by their z, b is 0.41 in examples/email, 0.79 in examples/books and 0.98 in examples/movies. To know all
 * of b = 0.1 is an AUC of 0.53.
 */
#ifndef WEIR_PROGRESS_H
#define WEIR_PROGRESS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define PROGRESS_CHANCE 3.0 /* no z of noise is above this, but one of a thousand */
#define PROGRESS_LEAST 0.1  /* the least b that is worth anything; */
#define PROGRESS_DOUBT 2.0  /* no z is further below its mean, but one of forty */

struct progress {
	uint64_t records;  /* learnt */
	double weight;     /* predictions, by weight: of records, or of groups for a choice head */
	double loss;       /* sum of their losses, in nats (squares for a linear head) */
	double right;      /* weight of those whose likeliest answer was right; 0 for a linear head */
	double ones;       /* weight of those whose label is 1; this and what follows are 0 but for a sigmoid head */
	double spread;
	double skill;      /* alone may be below 0 */
};

/* Adds a prediction of a sigmoid head, p, to all but the first three. */
static inline void
progress_note(struct progress *progress, double p, bool one, double weight)
{
	double constant = (progress->ones + 0.5) / (progress->weight + 1), apart = p - constant;

	progress->right += (p > 0.5) == one ? weight : 0;
	progress->skill += weight * ((double)one - constant) * apart;
	progress->spread += weight * constant * (1 - constant) * apart * apart;
	progress->ones += one ? weight : 0;
}

/* z of the above; 0 where nothing was predicted but the constant. */
static inline double
progress_z(const struct progress *p)
{
	return p->spread > 0 ? p->skill / sqrt(p->spread) : 0;
}

/*
 * Do the weights know nothing? That z is small is not enough, as it is so of all that learnt few records: these must also
 * have been enough to show it, had there been anything worth showing. Of fair labels it takes 1600 records where z is 0,
 * 10,000 where it is 3. False where nothing of this is known.
 */
static inline bool
progress_is_noise(const struct progress *p)
{
	double z = progress_z(p), variance = p->ones * (1 - p->ones / p->weight);

	return z < PROGRESS_CHANCE && fmax(z, 0) + PROGRESS_DOUBT < PROGRESS_LEAST * sqrt(variance);
}

#endif
