/*
 * lists.h - records as they come, dealt out as the lists of their groups: ties ranked, topics judged, items numbered.
 */
#ifndef WEIR_LISTS_H
#define WEIR_LISTS_H

#include "../io/keys.h"
#include "../io/texts.h"
#include "../io/trec.h"
#include "metric.h"

/* A record among others of the same score. */
struct lists_tied {
	struct metric_record record;
	struct view item;
};

/* How equal scores are ranked. */
struct lists_rule {
	const char *name;
	bool ordered; /* they are; else only where a list must have some order */
	int (*compare)(const void *, const void *);
};

struct lists {
	/* set by the program */
	const struct lists_rule *rule;
	bool with_items; /* keep the texts of items */
	bool with_whole; /* keep all records beside the lists, to be sorted as one */

	struct metric_record *all;     /* owned: as they came, item being the number of its text; then lists_whole's */
	size_t n, capacity;
	bool out_of_order;             /* they did not come in the order of their groups' ids */
	struct keys names;             /* of the groups */
	struct texts items;            /* of the records */
	struct keys catalogue;         /* once lists_number_items has made it: items by id */
	struct metric_list *list;      /* owned: of each group */
	struct metric_record *grouped; /* owned, or all where that will do: the records of the lists */
	float *ideal;                  /* owned: their labels */
	double *information;           /* owned: of items of the catalogue, in bits */
};

/* ---- records ---- */

/* Whether there is such a group; then *id is its id. Most often it is that of the record before. */
static inline bool
lists_find(const struct lists *l, struct view name, uint32_t *id)
{
	if (l->n && view_equal(keys_text(&l->names, l->all[l->n - 1].group), name)) {
		*id = l->all[l->n - 1].group;
		return true;
	}
	return keys_find(&l->names, name, id);
}

/* Keeps a record; its group is one of the names. */
static inline void
lists_add(struct lists *l, const struct metric_record *r, struct view item)
{
	if (l->n == UINT32_MAX)
		die_data("more than %" PRIu32 " records", UINT32_MAX);
	l->all = grow(l->all, &l->capacity, l->n + 1, sizeof *l->all);
	l->all[l->n] = *r;
	l->all[l->n].item = (uint32_t)l->n;
	l->out_of_order |= l->n && l->all[l->n - 1].group > r->group;
	l->n++;
	if (l->with_items)
		texts_add(&l->items, item);
}

/* ---- ties ---- */

/* The greatest bytes first, as trec_eval has it. */
static inline int
lists_compare_items(const void *a, const void *b)
{
	const struct lists_tied *x = a, *y = b;
	int order = view_compare(y->item, x->item);

	return order ? order : metric_compare(&x->record, &y->record);
}

static inline int
lists_compare_worst(const void *a, const void *b)
{
	float x = ((const struct lists_tied *)a)->record.label, y = ((const struct lists_tied *)b)->record.label;

	return x != y ? (x < y ? -1 : 1) : lists_compare_items(a, b);
}

static inline int
lists_compare_best(const void *a, const void *b)
{
	float x = ((const struct lists_tied *)a)->record.label, y = ((const struct lists_tied *)b)->record.label;

	return x != y ? (x > y ? -1 : 1) : lists_compare_items(a, b);
}

static const struct lists_rule lists_rules[] = {
	{"expected", false, lists_compare_items},
	{"trec", true, lists_compare_items},
	{"pessimistic", true, lists_compare_worst},
	{"optimistic", true, lists_compare_best},
};

/* Ranks records that have one score. tied: n, scratch. */
static inline void
lists_rank(const struct lists *l, size_t n, struct metric_record *record, struct lists_tied *tied)
{
	for (size_t i = 0; i < n; i++)
		tied[i] = (struct lists_tied){record[i], l->with_items ? texts_at(&l->items, record[i].item) : (struct view){"", 0}};
	qsort(tied, n, sizeof *tied, l->rule->compare);
	for (size_t i = 0; i < n; i++)
		record[i] = tied[i].record;
}

static inline void
lists_rank_all(struct lists *l)
{
	struct lists_tied *tied = NULL;
	size_t capacity = 0;

	for (uint32_t g = 0; g < l->names.n; g++) {
		struct metric_list *list = &l->list[g];

		for (size_t from = 0, to; from < list->n; from = to) {
			to = metric_level_end(list, from);
			if (to - from < 2)
				continue;
			tied = grow(tied, &capacity, to - from, sizeof *tied);
			lists_rank(l, to - from, l->grouped + (list->record - l->grouped) + from, tied);
		}
		list->ordered = l->rule->ordered;
	}
	free(tied);
}

/* ---- lists ---- */

/* The lists of all groups from n records; see metric_deal. */
static inline void
lists_deal(const struct lists *l, size_t n, const struct metric_record *record, struct metric_list *list,
           struct metric_record *grouped, float *ideal)
{
	size_t *end = allocate(l->names.n, sizeof *end);
	struct metric_record *scratch = allocate(n, sizeof *scratch);

	metric_deal(n, l->names.n, list, grouped, ideal, end, scratch, record);
	free(end);
	free(scratch);
}

/* Makes the lists, once all records are there. */
static inline void
lists_make(struct lists *l)
{
	l->grouped = l->out_of_order || l->with_whole ? allocate(l->n, sizeof *l->grouped) : l->all;
	l->ideal = allocate(l->n, sizeof *l->ideal);
	l->list = allocate(l->names.n, sizeof *l->list);
	lists_deal(l, l->n, l->all, l->list, l->grouped, l->ideal);
	if (l->rule->ordered || l->with_items)
		lists_rank_all(l);
}

/* Lists have the positives and negatives that are judged, in the run or not. Groups are topics. */
static inline void
lists_judge(struct lists *l, const struct qrels *q)
{
	struct metric_record *judgement = allocate_zero(q->n, sizeof *judgement), *grouped = allocate(q->n, sizeof *grouped);
	struct metric_list *judged = allocate(l->names.n, sizeof *judged);

	for (size_t i = 0; i < q->n; i++) {
		judgement[i].label = q->judgement[i].relevance;
		judgement[i].group = q->judgement[i].topic;
	}
	free(l->ideal);
	l->ideal = allocate(q->n, sizeof *l->ideal);
	lists_deal(l, q->n, judgement, judged, grouped, l->ideal);
	for (uint32_t g = 0; g < l->names.n; g++) {
		l->list[g].ideal = judged[g].ideal;
		l->list[g].n_positive = judged[g].n_positive;
		l->list[g].n_negative = judged[g].n_negative;
	}
	free(judgement);
	free(grouped);
	free(judged);
}

/* All records as one list, sorted. */
static inline struct metric_list
lists_whole(struct lists *l)
{
	struct metric_record *scratch = allocate(l->n, sizeof *scratch);

	metric_sort(l->n, l->all, scratch);
	free(scratch);
	return (struct metric_list){.record = l->all, .n = l->n};
}

/* ---- the catalogue ---- */

/* Lines of item and count: the catalogue. Returns the counts. */
static inline double *
lists_read_popularity(struct lists *l, const char *file)
{
	struct input in = INPUT_DEFAULTS;
	struct record line = {0};
	char *operand = text_copy(file);
	double *count = NULL, number;
	size_t capacity = 0;

	input_open(&in, 1, &operand, 0, NULL);
	while (record_next(&in, &line, 2)) {
		struct view item = line.field[0];
		bool fresh;
		uint32_t id;

		if (!number_parse(line.field[1], &number) || !(number > 0)) {
			input_refuse(&in, (struct fault){2, "count", "not a number above 0", line.field[1], NULL});
			continue;
		}
		id = keys_id(&l->catalogue, item, &fresh);
		if (!fresh)
			die_data("%s:%" PRIu64 ": item \"%.*s\" is there twice", in.name, in.line, (int)item.n, item.at);
		count = grow(count, &capacity, (size_t)id + 1, sizeof *count);
		count[id] = number;
	}
	if (!count)
		die_data("%s: no items", file);
	record_free(&line);
	input_close(&in);
	free(operand);
	return count;
}

/* How many records each item has; they make the catalogue. */
static inline double *
lists_count_items(struct lists *l)
{
	double *count = NULL;
	size_t capacity = 0;

	for (size_t i = 0; i < l->n; i++) {
		bool fresh;
		uint32_t id = keys_id(&l->catalogue, texts_at(&l->items, i), &fresh);

		count = grow(count, &capacity, (size_t)id + 1, sizeof *count);
		count[id] = fresh ? 1 : count[id] + 1;
	}
	return count;
}

/*
 * The records of the lists have the ids of their items in the catalogue, which is that of a file, or NULL: what the
 * records have. An item's information is -log2 of its share of the popularity.
 */
static inline void
lists_number_items(struct lists *l, const char *popularity_file)
{
	double *count = popularity_file ? lists_read_popularity(l, popularity_file) : lists_count_items(l), sum = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct view item = texts_at(&l->items, l->grouped[i].item);

		if (!keys_find(&l->catalogue, item, &l->grouped[i].item))
			die_data("item \"%.*s\" is not in %s", (int)item.n, item.at, popularity_file);
	}
	for (uint32_t i = 0; i < l->catalogue.n; i++)
		sum += count[i];
	for (uint32_t i = 0; i < l->catalogue.n; i++)
		count[i] = -math_log(count[i] / sum) / 0.69314718055994530942;
	l->information = count;
	for (uint32_t g = 0; g < l->names.n; g++)
		l->list[g].information = count;
}

static inline void
lists_free(struct lists *l)
{
	if (l->grouped != l->all)
		free(l->grouped);
	free(l->all);
	free(l->list);
	free(l->ideal);
	free(l->information);
	keys_free(&l->names);
	keys_free(&l->catalogue);
	texts_free(&l->items);
}

#endif
