/*
 * keyed.h - what the programs that sum by key share above sums.h: draws of units, with --bootstrap, behind the tally of
 * each key, in their partial lines too; and how a key's line ends.
 */
#ifndef WEIR_KEYED_H
#define WEIR_KEYED_H

#include "../io/sums.h"
#include "bootstrap.h"

/*
 * With --bootstrap, before sums_open: the tag of its partial lines, the size of a tally with draws behind it, and how
 * such are added. The draws' two fields come after the other statistics.
 */
static inline void
keyed_prepare(struct sums *s, const char *tag, size_t size, bool (*add)(void *to, const void *more))
{
	if (!s->unit)
		return;
	s->tag = tag;
	s->n_statistics += 2;
	s->size = size;
	s->add = add;
}

/* With --bootstrap, the draws of the row in hand, whose amount is in units of 10^-places. Written. */
static inline void
keyed_draw(const struct sums *s, struct bootstrap *b, int128 amount, int places)
{
	struct view unit;

	if (!s->unit)
		return;
	unit = s->rows.field[s->unit_place];
	bootstrap_of(b, XXH3_64bits(unit.at, unit.n), amount, places);
}

/* Refuses the partial line in hand for its draws. False. */
static inline bool
keyed_refuse(struct sums *s)
{
	return sums_refuse(s, s->n_statistics - 2, "drawn", (struct fault){.rule = "no draws of so many records"});
}

/* With --bootstrap, the draws of the partial line in hand, of n amounts in units of 10^-places. False when it was refused. */
static inline bool
keyed_parse(struct sums *s, struct bootstrap *b, uint64_t n, int places)
{
	const struct view *end = s->rows.field + s->value_place + s->n_statistics;

	return !s->unit || bootstrap_parse(b, n, places, end[-2], end[-1]) || keyed_refuse(s);
}

/* Ends the partial line of a key, of which all but its draws is written. */
static inline void
keyed_end_partial(struct sums *s, const struct bootstrap *drawn)
{
	if (s->unit)
		bootstrap_write(drawn, &s->out);
	writer_char(&s->out, '\n');
}

/* Ends the line of a key with its figures. */
static inline void
keyed_end(struct sums *s, double value, struct interval i, struct comparison c)
{
	sums_end(s, s->against ? 7 : 3, (double[]){value, i.lower, i.upper, c.difference, c.lower, c.upper, c.p});
}

#endif
