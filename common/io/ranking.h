/*
 * ranking.h - the best lines of a group, as copies, best first; and how likely a sampled ranking was.
 *
 * Letters: k lines at most, cap of them of one category.
 */
#ifndef WEIR_RANKING_H
#define WEIR_RANKING_H

#include "../num/math.h"
#include "arena.h"
#include "line.h"

/* A line that asks to be ranked. The views are into it, and of the caller. */
struct candidate {
	struct view line, item, category, label;
	double key;     /* what ranks it: the greatest is best */
	double utility; /* ln of its weight where the ranking is sampled, else -INFINITY */
	struct origin origin;
	uint64_t ordinal; /* of the line among those of all files */
};

/*
 * A line that is among the best so far: a candidate's own bytes, at most 2^30. Its key is with its place. Millions of these
 * are kept: where a field ends and what a file is called are found again from what is here.
 */
struct pick {
	union {
		double utility, propensity; /* the latter once ranking_propensities has set it */
	};
	uint64_t line;                  /* its number in the file */
	uint32_t operand;               /* the file */
	uint32_t item, category, label; /* where these fields begin */
	uint32_t n, capacity;           /* of bytes */
	char bytes[];
};

/* ln(e^a + e^b + ...) = most + ln(sum). */
struct logsum {
	double most, sum;
};

/* A place in the ranking. The key is here, so that picks are not touched to find a place. */
struct place {
	double key;
	struct pick *pick;
};

/* A ranking of fewer places has room for all of them from its first line on, and for no more. */
enum { RANKING_FEW = 16 };

struct ranking {
	struct place *place;  /* owned: the best n, best first, then spare ones */
	size_t n, made, capacity;
	uint64_t ordinal;     /* of the group's first line */
	double least;         /* key that does not suffice any more; -INFINITY while there is room */
	struct logsum others; /* of the utilities of candidates that are not among the best */
};

static const struct ranking ranking_empty = {.least = -INFINITY, .others = {-INFINITY, 0}};

static inline void
logsum_add(struct logsum *s, double x)
{
	if (x == -INFINITY)
		return;
	if (x > s->most) {
		s->sum *= math_exp(s->most - x);
		s->most = x;
	}
	s->sum += math_exp(x - s->most);
}

/* Where a field of the line begins; 0 for one that is not asked for. */
static inline uint32_t
field_start(struct view line, struct view field)
{
	return field.at ? (uint32_t)(field.at - line.at) : 0;
}

/* The field that begins there. */
static inline struct view
pick_field(const struct pick *p, uint32_t start)
{
	const char *at = p->bytes + start, *tab = memchr(at, '\t', p->n - start);

	return (struct view){at, tab ? (size_t)(tab - at) : p->n - start};
}

/* Did the line of a come before that of b? */
static inline bool
pick_before(const struct pick *a, const struct pick *b)
{
	return a->operand != b->operand ? a->operand < b->operand : a->line < b->line;
}

/*
 * A copy of the candidate, in the place of a pick that is not needed any more, or of NULL; with room for lines a bit
 * longer.
 */
static inline struct pick *
pick_make(struct arena *picks, struct pick *p, const struct candidate *c)
{
	enum { ROUND = 16, HEAD = offsetof(struct pick, bytes) };
	struct view line = c->line;

	if (!p || p->capacity < line.n) {
		size_t size = (HEAD + line.n + (p ? line.n : 0) + ROUND - 1) / ROUND * ROUND;

		p = arena_take(picks, size);
		p->capacity = (uint32_t)(size - HEAD);
	}
	memcpy(p->bytes, line.at, line.n);
	p->n = (uint32_t)line.n;
	p->utility = c->utility;
	p->line = c->origin.line;
	p->operand = c->origin.operand;
	p->item = field_start(line, c->item);
	p->category = field_start(line, c->category);
	p->label = field_start(line, c->label);
	return p;
}

/*
 * The place, from 0, of a new key: behind the equal ones, which came before it. A few are counted, not halved: where it is
 * cannot be foretold, and a jump astray costs more.
 */
static inline size_t
ranking_place(const struct ranking *r, double key)
{
	enum { FEW = 16 };
	size_t from = 0, to = r->n, before = 0;

	while (to - from > FEW) {
		size_t middle = from + (to - from) / 2;

		if (r->place[middle].key >= key)
			from = middle + 1;
		else
			to = middle;
	}
	for (size_t i = from; i < to; i++)
		before += r->place[i].key >= key;
	return from + before;
}

/*
 * The place that is lost when a line of the category comes in: its category's last if that is full, else the last;
 * n: none.
 */
static inline size_t
ranking_lost(const struct ranking *r, struct view category, size_t k, size_t cap)
{
	size_t same = 0, lost = 0;

	for (size_t i = 0; cap && i < r->n; i++)
		if (view_equal(pick_field(r->place[i].pick, r->place[i].pick->category), category)) {
			same++;
			lost = i;
		}
	if (cap && same == cap)
		return lost;
	return r->n < k ? r->n : r->n - 1;
}

/*
 * Takes a candidate in if it is among the k best, equal ones in the order they come, at most `cap` of its category
 * (0: any number). What is lost now cannot come back later: each loss has k better lines, or cap of its category,
 * and these are only ever replaced by better ones. Picks are taken from the arena.
 */
static inline void
ranking_add(struct ranking *r, struct arena *picks, const struct candidate *c, size_t k, size_t cap)
{
	size_t to, lost;
	struct pick *spare = NULL;

	if (c->key <= r->least) {
		logsum_add(&r->others, c->utility);
		return;
	}
	to = ranking_place(r, c->key);
	lost = ranking_lost(r, c->category, k, cap);
	if (to > lost) {
		logsum_add(&r->others, c->utility);
		return;
	}
	if (lost < r->n)
		logsum_add(&r->others, r->place[lost].pick->utility);
	else
		r->n++;
	if (lost < r->made) {
		spare = r->place[lost].pick;
	} else {
		if (!r->place)
			r->ordinal = c->ordinal;
		if (!r->place && k < RANKING_FEW)
			r->place = allocate(r->capacity = k, sizeof *r->place);
		r->place = grow(r->place, &r->capacity, r->n, sizeof *r->place);
		r->made++;
	}
	memmove(r->place + to + 1, r->place + to, (lost - to) * sizeof *r->place);
	r->place[to] = (struct place){c->key, pick_make(picks, spare, c)};
	if (r->n == k)
		r->least = r->place[k - 1].key;
}

/*
 * A ranking by utility + a Gumbel draw (-ln -ln U, U uniform) is a draw without replacement with weights e^utility
 * (Yellott 1977): the model of Luce 1959 and Plackett 1975. Sets the propensity of each pick: its weight by the sum
 * of the weights of all that was left when it was picked. The sums grow from the last pick up: nothing cancels.
 */
static inline void
ranking_propensities(struct ranking *r)
{
	struct logsum left = r->others;

	for (size_t i = r->n; i--;) {
		struct pick *p = r->place[i].pick;

		logsum_add(&left, p->utility);
		p->propensity = math_exp(p->utility - left.most) / left.sum;
	}
}

/* Makes room for the next group; the memory is kept. */
static inline void
ranking_clear(struct ranking *r)
{
	r->n = 0;
	r->least = ranking_empty.least;
	r->others = ranking_empty.others;
}

static inline void
ranking_free(struct ranking *r)
{
	free(r->place);
	*r = ranking_empty;
}

#endif
