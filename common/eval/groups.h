/*
 * groups.h - scored records or lines of a TREC run, group by group: as each one ends, or all once all is read.
 */
#ifndef WEIR_GROUPS_H
#define WEIR_GROUPS_H

#include "../io/parts.h"
#include "lists.h"
#include "scored.h"

static const int64_t GROUPS_NO_FIELD = -1000000; /* below every option's bounds: not given */

struct groups {
	/* set by the options table */
	struct scored scored;
	int64_t item_field, category_field;
	const char *qrels_file; /* what is read is a run, and its topics are judged here; NULL: records */
	bool contiguous;        /* groups come one after the other */
	struct parts parts;     /* one only, where a metric is not a mean over groups */

	/* set by the program: does with a group what is asked for; topics that the run lacks have an empty list */
	void (*each)(struct view name, const struct metric_list *list);

	struct lists lists;
	enum parts_turn turn;         /* PARTS_DONE: there are no groups here, the parts have measured them */
	bool begun;                   /* the first record was read */
	struct keys categories;
	struct qrels qrels;
	struct origin last;           /* with contiguous: of the record before */
	struct origin *ended;         /* owned: and of the last one of each group that has ended, by its id */
	size_t ended_capacity;
	uint32_t n_ended;             /* that it tells of */
	uint64_t n_records;           /* read */
	uint64_t n_unjudged;          /* lines of topics that are not judged, which are left out */
};

#define GROUPS_DEFAULTS \
	{.scored = SCORED_DEFAULTS, .parts = PARTS_DEFAULTS, .item_field = 2, .category_field = GROUPS_NO_FIELD}

/* ---- metrics ---- */

/* Whether a metric needs all groups at once. */
static inline bool
groups_together(const struct groups *g, const struct metric *m)
{
	return m->catalogue || ((m->flags & METRIC_INFORMATION) && !g->lists.popularity_file);
}

/* Whether a metric can be measured of what is read as it is; partial: in a part of it, that others are added to. */
static inline void
groups_check(const struct groups *g, const struct metric *m, bool partial)
{
	if (g->qrels_file && !(m->flags & (METRIC_RANKED | METRIC_ITEM)))
		die_usage("--qrels: %s does not measure rankings", m->name);
	if ((partial || g->contiguous) && groups_together(g, m))
		die_usage("--%s: %s needs all groups at once", partial ? "partial" : "contiguous", m->name);
	if (g->contiguous && m->overall)
		die_usage("--contiguous: %s is of all records", m->name);
	if ((m->flags & METRIC_CATEGORY) && (g->category_field == GROUPS_NO_FIELD || g->qrels_file))
		die_usage("--category: names no field, and %s needs one", m->name);
}

/* The metrics that are asked for are chosen, as is the rule for ties: what do they need? */
static inline void
groups_prepare(struct groups *g, bool partial)
{
	uint64_t bytes;

	if (g->lists.popularity_file && !parts_file(g->lists.popularity_file, &bytes))
		g->parts.wanted = 1; /* each part would read it */
	for (size_t i = 0; i < g->scored.n_metrics; i++) {
		const struct metric *m = g->scored.metric[i].metric;

		groups_check(g, m, partial);
		g->lists.with_whole |= m->overall != NULL;
		if (m->overall || groups_together(g, m))
			g->parts.wanted = 1;
	}
	g->lists.catalogued = g->scored.needs & METRIC_ITEM;
	g->lists.with_items = g->lists.catalogued || strcmp(g->lists.rule->name, "trec") == 0;
}

/* ---- groups ---- */

/* The group in hand is done. */
static inline void
groups_end(struct groups *g)
{
	uint32_t id = g->lists.n ? g->lists.all->group : 0;
	struct metric_list list;

	if (!g->lists.n)
		return;
	list = lists_take(&g->lists, id);
	g->ended[id] = g->last;
	g->each(keys_text(&g->lists.names, id), &list);
}

/* A record of another group than that in hand comes: it must be new. */
static inline void
groups_enter(struct groups *g, const struct input *in, uint32_t id)
{
	groups_end(g);
	g->ended = grow(g->ended, &g->ended_capacity, g->lists.names.n, sizeof *g->ended);
	while (g->n_ended < g->lists.names.n)
		g->ended[g->n_ended++] = (struct origin){NULL, 0, 0};
	if (g->ended[id].file)
		die_data("%s:%" PRIu64 ": its group ended at %s:%" PRIu64 " (sort first, or leave out --contiguous)", in->name,
		         in->line, g->ended[id].file, g->ended[id].line);
}

/* The last group, and topics that the run lacks. */
static inline void
groups_finish_contiguous(struct groups *g)
{
	groups_end(g);
	for (uint32_t id = 0; g->lists.judged && id < g->lists.names.n; id++)
		if (id >= g->n_ended || !g->ended[id].file) {
			struct metric_list list = lists_take(&g->lists, id);

			g->each(keys_text(&g->lists.names, id), &list);
		}
}

/* All groups in the order of the bytes of their names. */
static inline void
groups_finish_all(struct groups *g)
{
	struct keys_entry *sorted = keys_sorted(&g->lists.names);

	lists_make(&g->lists);
	for (uint32_t i = 0; i < g->lists.names.n; i++)
		g->each(sorted[i].text, &g->lists.list[sorted[i].id]);
	free(sorted);
}

/* ---- records ---- */

/* The group of a line of a run, or of records. */
static inline struct view
groups_topic_of(void *groups, struct view line)
{
	struct view topic = {"", 0};

	(void)groups;
	trec_cut(line, 1, &topic);
	return topic;
}

static inline struct view
groups_group_of(void *groups, struct view line)
{
	struct groups *g = groups;
	struct view *field = NULL, group = {"", 0};
	size_t capacity = 0, n = line_cut(line, '\t', &field, &capacity);

	if (g->scored.group_place < n)
		group = field[g->scored.group_place];
	free(field);
	return group;
}

/* With -j, of the first record: parts measure groups of theirs. Whether the record in hand is none any more. */
static inline bool
groups_share(struct groups *g, struct input *in)
{
	if (g->begun)
		return false;
	g->begun = true;
	g->parts.group = g->qrels_file ? groups_topic_of : groups_group_of;
	g->parts.context = g;
	g->turn = parts_fork(&g->parts, in);
	if (g->turn == PARTS_PART)
		parts_read_range(&g->parts, in);
	return g->turn != PARTS_NONE;
}

/* A part has a record of the group: then no other may. */
static inline void
groups_claim(struct groups *g, uint32_t id)
{
	struct view name;

	if (g->lists.n && g->lists.all[g->lists.n - 1].group == id)
		return;
	name = keys_text(&g->lists.names, id);
	if (!parts_claim(&g->parts, XXH3_64bits(name.at, name.n)))
		die_data("a group is not in one part");
}

static inline void
groups_take(struct groups *g, const struct input *in, const struct metric_record *r, struct view item)
{
	if (g->parts.part)
		groups_claim(g, r->group);
	if (g->contiguous && !(g->lists.n && g->lists.all->group == r->group))
		groups_enter(g, in, r->group);
	lists_add(&g->lists, r, item);
	g->last = input_origin(in);
	g->n_records++;
}

/* The item of the record in hand: neither its label nor its score, as field 2 of three would be. */
static inline struct view
groups_item(const struct groups *g)
{
	const struct record *r = &g->scored.record;
	size_t place = record_place(r, g->item_field, "item");

	record_apart(r, place, "item", g->scored.label_place, "label");
	record_apart(r, place, "item", g->scored.score_place, "score");
	return r->field[place];
}

static inline void
groups_read_records(struct groups *g, struct input *in)
{
	const struct record *line = &g->scored.record;
	struct metric_record r = {0};

	while (g->turn != PARTS_DONE && scored_next(&g->scored, in, &r)) {
		struct view group = line->field[g->scored.group_place], item = {"", 0};

		if (groups_share(g, in))
			continue;
		if (!lists_find(&g->lists, group, &r.group))
			r.group = keys_id(&g->lists.names, group, NULL);
		if (g->lists.with_items)
			item = groups_item(g);
		if (g->category_field != GROUPS_NO_FIELD)
			r.category = keys_id(&g->categories, line->field[record_place(line, g->category_field, "category")], NULL);
		groups_take(g, in, &r, item);
	}
}

static inline void
groups_read_run(struct groups *g, struct input *in)
{
	struct view word[TREC_RUN_WORDS];
	struct metric_record r = {0};

	while (g->turn != PARTS_DONE && trec_next(in, TREC_RUN_WORDS, TREC_SCORE, word, &r.score)) {
		struct view topic = word[TREC_TOPIC], document = word[TREC_DOCUMENT];
		struct judgement *judgement;

		if (groups_share(g, in))
			continue;
		if (!lists_find(&g->lists, topic, &r.group)) {
			g->n_unjudged++;
			continue;
		}
		judgement = qrels_find(&g->qrels, r.group, document);
		if (judgement && judgement->ranked)
			die_data("%s:%" PRIu64 ": document \"%.*s\" is there twice in topic \"%.*s\"", in->name, in->line,
			         (int)document.n, document.at, (int)topic.n, topic.at);
		if (judgement)
			judgement->ranked = true;
		r.label = judgement ? judgement->relevance : -1;
		groups_take(g, in, &r, document);
	}
}

/* Reads all there is. */
static inline void
groups_read(struct groups *g, struct input *in)
{
	if (g->qrels_file) {
		qrels_read(&g->qrels, &g->lists.names, g->qrels_file);
		lists_judge(&g->lists, &g->qrels);
		groups_read_run(g, in);
	} else {
		groups_read_records(g, in);
	}
}

/* Then does with the groups what is asked for, unless it is done. */
static inline void
groups_finish(struct groups *g)
{
	if (g->contiguous)
		groups_finish_contiguous(g);
	else
		groups_finish_all(g);
}

static inline void
groups_free(struct groups *g)
{
	lists_free(&g->lists);
	keys_free(&g->categories);
	qrels_free(&g->qrels);
	free(g->ended);
	scored_free(&g->scored);
}

#endif
