/*
 * reliability.h - scores against rates: bins of records with nearly the same score, and how many of each are positive.
 */
#ifndef WEIR_RELIABILITY_H
#define WEIR_RELIABILITY_H

#include "interval.h"
#include "measured.h"

/*
 * Writes a line a bin, lowest scores first: its number, the mean score, the share of positives with its interval that
 * covers with probability `level`, and the records. Levels must have been measured.
 */
static inline void
reliability_write(const struct measured *m, size_t n_bins, double level, struct writer *out)
{
	struct metric_bins bins;
	size_t i_printed = 0;

	if (!m->n_levels)
		die_data("the lines hold no scores: were they made with --reliability?");
	metric_bins_of_levels(&bins, n_bins, m->n_levels, m->level);
	for (size_t i = bins.n; i--;) {
		const struct metric_bin *bin = &bins.bin[i];
		struct interval rate;

		if (!bin->n)
			continue;
		rate = wilson_interval(bin->n, bin->positive, normal_quantile((1 + level) / 2));
		writer_whole(out, ++i_printed);
		writer_figure(out, bin->score / (double)bin->n);
		writer_figure(out, (double)bin->positive / (double)bin->n);
		writer_figure(out, rate.lower);
		writer_figure(out, rate.upper);
		writer_char(out, '\t');
		writer_whole(out, bin->n);
		writer_char(out, '\n');
	}
}

#endif
