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
	bool catalogued; /* number items */
	const char *popularity_file; /* of the catalogue; NULL: it is what the records have */

	struct metric_record *all;     /* owned: as they came, item being the number of its text; then lists_whole's */
	size_t n, capacity;            /* of the group in hand, where lists are taken one by one */
	bool out_of_order;             /* they did not come in the order of their groups' ids */
	struct keys names;             /* of the groups */
	struct texts items;            /* of the records */
	struct keys catalogue;         /* of items */
	struct metric_list *list;      /* owned: of each group */
	struct metric_list *judged;    /* owned: what is judged of each topic; NULL: the records are */
	float *judged_ideal;           /* owned */
	struct metric_record *grouped; /* owned, or all where that will do: the records of the lists */
	float *ideal;                  /* owned: their labels */
	double *information;           /* owned: of items of the catalogue, in bits */
	struct metric_record *scratch; /* owned, as are these, for lists that are taken one by one */
	struct lists_tied *tied;
	size_t scratch_capacity, tied_capacity, ideal_capacity;
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

static inline const struct lists_rule *
lists_rule(const char *name)
{
	for (size_t i = 0; i < sizeof lists_rules / sizeof *lists_rules; i++)
		if (strcmp(name, lists_rules[i].name) == 0)
			return &lists_rules[i];
	die_usage("--ties: neither expected, trec, pessimistic nor optimistic: \"%.40s\"", name);
}

/* Ranks the equal scores of a list, whose records these are. */
static inline void
lists_rank(struct lists *l, struct metric_list *list, struct metric_record *record)
{
	for (size_t from = 0, to; from < list->n; from = to) {
		size_t n;

		to = metric_level_end(list, from);
		n = to - from;
		if (n < 2)
			continue;
		l->tied = grow(l->tied, &l->tied_capacity, n, sizeof *l->tied);
		for (size_t i = 0; i < n; i++) {
			struct metric_record r = record[from + i];

			l->tied[i] = (struct lists_tied){r, l->with_items ? texts_at(&l->items, r.item) : (struct view){"", 0}};
		}
		qsort(l->tied, n, sizeof *l->tied, l->rule->compare);
		for (size_t i = 0; i < n; i++)
			record[from + i] = l->tied[i].record;
	}
	list->ordered = l->rule->ordered;
}

/* ---- the catalogue ---- */

/* Lines of item and count. Returns the counts. */
static inline double *
lists_read_popularity(struct lists *l)
{
	struct input in = INPUT_DEFAULTS;
	struct record line = {0};
	char *operand = text_copy(l->popularity_file);
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
		die_data("%s: no items", l->popularity_file);
	record_free(&line);
	input_close(&in);
	free(operand);
	return count;
}

/* How many records each item has. */
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

/* Makes the catalogue. An item's information is -log2 of its share of the popularity. */
static inline void
lists_make_catalogue(struct lists *l)
{
	double *count = l->popularity_file ? lists_read_popularity(l) : lists_count_items(l), sum = 0;

	for (uint32_t i = 0; i < l->catalogue.n; i++)
		sum += count[i];
	for (uint32_t i = 0; i < l->catalogue.n; i++)
		count[i] = -math_log(count[i] / sum) / 0.69314718055994530942;
	l->information = count;
}

/* The records of a list have the ids of their items in the catalogue. */
static inline void
lists_number(const struct lists *l, struct metric_list *list, struct metric_record *record)
{
	for (size_t i = 0; i < list->n; i++) {
		struct view item = texts_at(&l->items, record[i].item);

		if (!keys_find(&l->catalogue, item, &record[i].item))
			die_data("item \"%.*s\" is not in %s", (int)item.n, item.at, l->popularity_file);
	}
	list->information = l->information;
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

/* Groups are topics, of which this is known: lists have the positives and negatives that are judged, in the run or not. */
static inline void
lists_judge(struct lists *l, const struct qrels *q)
{
	struct metric_record *judgement = allocate_zero(q->n, sizeof *judgement), *grouped = allocate(q->n, sizeof *grouped);

	for (size_t i = 0; i < q->n; i++) {
		judgement[i].label = q->judgement[i].relevance;
		judgement[i].group = q->judgement[i].topic;
	}
	l->judged = allocate(l->names.n, sizeof *l->judged);
	l->judged_ideal = allocate(q->n, sizeof *l->judged_ideal);
	lists_deal(l, q->n, judgement, l->judged, grouped, l->judged_ideal);
	free(judgement);
	free(grouped);
}

/* What a list of group g, sorted and with its labels, is besides. Its records are these. */
static inline void
lists_finish(struct lists *l, uint32_t g, struct metric_list *list, struct metric_record *record)
{
	if (l->judged) {
		list->ideal = l->judged[g].ideal;
		list->n_positive = l->judged[g].n_positive;
		list->n_negative = l->judged[g].n_negative;
	}
	if (l->rule->ordered || l->with_items)
		lists_rank(l, list, record);
	if (l->catalogued)
		lists_number(l, list, record);
}

/* Makes the lists of all groups, once all records are there. */
static inline void
lists_make(struct lists *l)
{
	if (l->catalogued)
		lists_make_catalogue(l);
	l->grouped = l->out_of_order || l->with_whole ? allocate(l->n, sizeof *l->grouped) : l->all;
	l->ideal = allocate(l->n, sizeof *l->ideal);
	l->list = allocate(l->names.n, sizeof *l->list);
	lists_deal(l, l->n, l->all, l->list, l->grouped, l->ideal);
	for (uint32_t g = 0; g < l->names.n; g++)
		lists_finish(l, g, &l->list[g], l->grouped + (l->list[g].record - l->grouped));
}

/* The list of group g, to which all records in hand belong; they are forgotten when others are added. */
static inline struct metric_list
lists_take(struct lists *l, uint32_t g)
{
	struct metric_list list;

	l->scratch = grow(l->scratch, &l->scratch_capacity, l->n, sizeof *l->scratch);
	l->ideal = grow(l->ideal, &l->ideal_capacity, l->n, sizeof *l->ideal);
	if (l->catalogued && !l->information)
		lists_make_catalogue(l);
	metric_sort(l->n, l->all, l->scratch);
	list = (struct metric_list){.record = l->all, .n = l->n};
	metric_idealise(&list, l->ideal);
	lists_finish(l, g, &list, l->all);
	l->n = l->items.n = 0;
	return list;
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

/* A metric of all records, which are `whole`. */
static inline struct metric_estimate
lists_overall(const struct lists *l, const struct metric_list *whole, const struct metric *m, double at)
{
	struct metric_cluster *cluster = allocate_zero(l->names.n, sizeof *cluster);
	struct metric_estimate e = m->overall(whole, at, l->names.n, cluster);

	free(cluster);
	return e;
}

/* A metric of the whole catalogue. */
static inline struct metric_estimate
lists_catalogue(const struct lists *l, const struct metric *m, double at)
{
	uint64_t *shown = allocate_zero(l->catalogue.n, sizeof *shown);
	struct metric_estimate e = {NAN, INFINITY, INFINITY, l->catalogue.n};

	metric_count_shown(l->names.n, l->list, at, shown);
	e.value = m->catalogue(l->catalogue.n, shown);
	free(shown);
	return e;
}

static inline void
lists_free(struct lists *l)
{
	if (l->grouped != l->all)
		free(l->grouped);
	free(l->all);
	free(l->list);
	free(l->judged);
	free(l->judged_ideal);
	free(l->ideal);
	free(l->scratch);
	free(l->tied);
	free(l->information);
	keys_free(&l->names);
	keys_free(&l->catalogue);
	texts_free(&l->items);
}

#endif
