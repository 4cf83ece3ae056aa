/*
 * lessons.h - records on their way to who learns or predicts them: read and parsed on a thread of their own.
 *
 * A step is what is learnt or predicted at once: so many records, or all of a group. A lesson is a batch of whole
 * steps. Who writes records again has their lines kept, up to the features.
 */
#ifndef WEIR_LESSONS_H
#define WEIR_LESSONS_H

#include <sched.h>

#include "batch.h"
#include "ended.h"
#include "relay.h"

/* A line up to its features: three parts, one behind the other. */
struct lesson_line {
	size_t at;                         /* in the lesson's text */
	size_t n_before, n_label, n_after; /* bytes before the label, of it, and behind it; TABs included but its own */
	size_t group, n_group;             /* where its group stands in the line */
	struct origin origin;
	bool labelled;                     /* not ? */
};

/* A cache line, and the one that is fetched with it: what two threads write at a time stays so far apart. */
enum { LESSON_APART = 128 };

struct lesson {
	_Alignas(LESSON_APART)
	struct batch batch;
	size_t *end;              /* owned: step i is the records end[i - 1] .. end[i] of the batch, from 0 */
	size_t n, capacity;       /* steps */
	struct lesson_line *line; /* owned: of each record, where lines are kept */
	size_t line_capacity;
	char *text;               /* owned */
	size_t n_text, text_capacity;
};

struct lessons {
	/* set by the options table */
	int64_t group, label, weight; /* fields; weight 0 for none */
	struct input in;

	/* set by the program */
	uint32_t limit;     /* indexes of features are below it */
	uint32_t classes;   /* as label_parse takes them */
	size_t step;        /* records of a step; 0 for the groups of a choice */
	bool rows;          /* features are rows of all values */
	bool ordered;       /* features are sequences */
	bool keep;          /* records are predicted: lines are kept, labels may be ?, a group need have no choice */
	bool unlabelled;    /* labels may be anything: nobody looks at them */

	struct relay relay;
	bool taken;         /* the slot in hand is to be returned */
	struct lesson slot[RELAY_SLOTS];

	/* the reading thread's */
	struct record record; /* that is being read */
	struct lesson *open; /* the slot that is being filled */
	struct view name;   /* owned bytes: the group that is being read */
	size_t name_capacity;
	struct origin first, last; /* lines of it */
	struct ended before; /* groups */
	size_t chosen;      /* records of the group with label 1 */
	bool broken;        /* a line of it was refused */
	uint64_t bad;       /* lines that were refused until the last one of it */
	char *raw;          /* owned: its lines, where refused ones are written */
	size_t n_raw, raw_capacity;
	uint64_t records;   /* read */
};

/*
 * A lesson is full with so many records, or with fewer once they have so many features: long enough that the threads
 * seldom wait for each other, short enough for a cache.
 */
enum { LESSON_MOST = 4096, LESSON_FEW = 512, LESSON_FEATURES = 40960 };

/* So many features are read until a thread that waits for the core may have it: others may be waiting for what that one does. */
enum { LESSON_TURN = 8192 };

/* A group is learnt as often as the weight of its chosen record says: it is one choice. */
static inline void
lessons_weigh_group(struct batch *b, size_t from)
{
	float weight = 1;

	for (size_t i = from; i < b->n; i++)
		weight = b->label[i] > 0 ? b->weight[i] : weight;
	for (size_t i = from; i < b->n; i++)
		b->weight[i] = weight;
}

/* The group that was read is refused whole: its records from place `begin` on are as if they had not come. */
static inline void
lessons_refuse_group(struct lessons *l, size_t begin, const char *rule)
{
	struct input *in = &l->in;
	struct lesson *to = l->open;
	const char *name = in->name;
	uint64_t line = in->line, n = to->batch.n - begin;
	struct view raw = in->raw;

	in->name = l->first.file;
	in->line = l->first.line;
	in->raw = (struct view){l->raw, l->n_raw};
	in->bad += n - 1; /* of these lines the first is named */
	l->records -= n;
	if (l->keep)
		to->n_text = to->line[begin].at;
	batch_cut(&to->batch, begin);
	input_refuse(in, (struct fault){.rule = rule, .value = l->name, .hint = "a choice is one record of a whole group"});
	in->name = name;
	in->line = line;
	in->raw = raw;
}

/* Is the group that was read, its records from place `begin` on, a choice? Else it is refused. */
static inline void
lessons_check_group(struct lessons *l, size_t begin)
{
	char rule[80];

	if (l->broken)
		snprintf(rule, sizeof rule, "its group has a line that is refused");
	else if (!l->keep && l->chosen != 1)
		snprintf(rule, sizeof rule, "its group has %zu records with label 1", l->chosen);
	if (l->open->batch.n > begin && (l->broken || (!l->keep && l->chosen != 1)))
		lessons_refuse_group(l, begin, rule);
	else if (!l->keep)
		lessons_weigh_group(&l->open->batch, begin);
	l->chosen = 0;
	l->broken = false;
	l->n_raw = 0;
}

/* The records since the last step become a step. */
static inline void
lessons_close_step(struct lessons *l)
{
	struct lesson *to = l->open;
	size_t begin = to->n ? to->end[to->n - 1] : 0;

	if (l->step == 0)
		lessons_check_group(l, begin);
	if (to->batch.n == begin)
		return;
	to->end = grow(to->end, &to->capacity, to->n + 1, sizeof *to->end);
	to->end[to->n++] = to->batch.n;
}

/* Hands the lesson over, whose steps are whole, and opens another unless it is the last. */
static inline void
lessons_pass(struct lessons *l, bool last)
{
	relay_pass(&l->relay, last);
	if (last)
		return;
	l->open = &l->slot[relay_room(&l->relay)];
	batch_clear(&l->open->batch);
	l->open->n = 0;
	l->open->n_text = 0;
}

/* A step is whole: is the lesson? A group that is predicted is not kept waiting for others. */
static inline void
lessons_pass_whole(struct lessons *l)
{
	const struct batch *b = &l->open->batch;

	if (b->n >= LESSON_MOST || (b->n >= LESSON_FEW && b->features.n >= LESSON_FEATURES) ||
	    (b->n >= 1 && l->keep && l->step == 0))
		lessons_pass(l, false);
}

/*
 * Before a read that may block: what is to be written again goes its way, but for the group that is being read.
 * Before a refusal ends the program all of that has been written.
 */
static inline void
lessons_settle(void *lessons)
{
	struct lessons *l = lessons;

	if (l->keep && l->step && l->open && l->open->batch.n) {
		lessons_close_step(l);
		lessons_pass(l, false);
	}
	if (l->keep && l->in.ending)
		relay_drain(&l->relay);
}

/* Another group begins, with the record in hand: it must be new. What was predicted until then is written. */
static inline void
lessons_enter(struct lessons *l, struct view group)
{
	const struct origin *again = ended_find(&l->before, group);

	if (!again)
		return;
	l->in.ending = true;
	input_settle(&l->in);
	die_data("%s:%" PRIu64 ": its group ended at %s:%" PRIu64 " (sort first)", l->in.name, l->in.line, again->file,
	         again->line);
}

/*
 * A record of this group comes: another group's step ends before it. A line that has not the fields of a record is of
 * the group around it.
 */
static inline void
lessons_group(struct lessons *l, struct view group)
{
	char *bytes = (char *)(uintptr_t)l->name.at;
	struct origin here = input_origin(&l->in);

	if (bytes && view_equal(group, l->name)) {
		l->broken |= l->in.bad > l->bad;
	} else {
		lessons_close_step(l);
		lessons_pass_whole(l);
		if (bytes)
			ended_add(&l->before, l->name, l->last);
		lessons_enter(l, group);
		bytes = grow(bytes, &l->name_capacity, group.n + 1, 1);
		memcpy(bytes, group.at, group.n);
		l->name = (struct view){bytes, group.n};
		l->first = here;
	}
	l->last = here;
	l->bad = l->in.bad;
}

/* Keeps the line of the record that was just closed. */
static inline void
lessons_keep(struct lesson *to, const struct record *record, struct origin origin, size_t group, size_t label,
             bool labelled)
{
	const char *line = record->line.at;
	const struct view *field = record->field;
	size_t n = (size_t)(field[record->n - 1].at - line), place = to->batch.n - 1;
	struct lesson_line kept = {.at = to->n_text, .n_label = field[label].n, .origin = origin,
	                           .labelled = labelled};

	kept.n_before = (size_t)(field[label].at - line);
	kept.n_after = n - kept.n_before - kept.n_label;
	kept.group = (size_t)(field[group].at - line);
	kept.n_group = field[group].n;
	to->line = grow(to->line, &to->line_capacity, place + 1, sizeof *to->line);
	to->line[place] = kept;
	to->text = grow(to->text, &to->text_capacity, to->n_text + n, 1);
	memcpy(to->text + to->n_text, line, n);
	to->n_text += n;
}

/* Takes one record in; places are those of its fields. False, and *fault says why, when it is refused. */
static inline bool
lessons_record(struct lessons *l, const struct record *record, size_t group, size_t label, size_t weight,
               struct fault *fault)
{
	const struct view text = record->field[label], raw = l->in.raw;
	bool labelled = !l->unlabelled && !(l->keep && text.n == 1 && *text.at == '?');
	struct batch *batch;
	float y = 0, w = 1;

	if (l->step == 0)
		lessons_group(l, record->field[group]);
	if (labelled && !label_parse(text, l->classes, &y, fault)) {
		fault->field = (int)label + 1;
		return false;
	}
	if (l->weight && (!feature_value(record->field[weight], &w, fault) || !(w > 0))) {
		*fault = (struct fault){.field = (int)weight + 1, .name = "weight", .rule = "not a number above 0",
		                        .value = record->field[weight]};
		return false;
	}
	batch = &l->open->batch;
	if (!features_parse(&batch->features, record->field[record->n - 1], l->limit, fault)) {
		fault->field = (int)record->n;
		return false;
	}
	batch_close_record(batch, y, w);
	if (batch->start[batch->n] / LESSON_TURN != batch->start[batch->n - 1] / LESSON_TURN)
		sched_yield();
	if (l->keep)
		lessons_keep(l->open, record, input_origin(&l->in), group, label, labelled);
	if (l->step == 0 && l->in.rejects) {
		l->raw = grow(l->raw, &l->raw_capacity, l->n_raw + raw.n, 1);
		memcpy(l->raw + l->n_raw, raw.at, raw.n);
		l->n_raw += raw.n;
	}
	l->chosen += y > 0;
	l->records++;
	if (l->step && batch->n - (l->open->n ? l->open->end[l->open->n - 1] : 0) == l->step) {
		lessons_close_step(l);
		lessons_pass_whole(l);
	}
	return true;
}

/* The reading thread; lessons_stop may cancel it wherever it waits. */
static inline void *
lessons_read(void *argument)
{
	struct lessons *l = argument;
	struct record *record = &l->record;
	size_t group = 0, label = 0, weight = 0;
	bool placed = false;

	l->open = &l->slot[relay_room(&l->relay)];
	while (record_next(&l->in, record, 3)) {
		struct fault fault;

		if (!placed) {
			group = record_place(record, l->group, "group");
			label = record_place(record, l->label, "label");
			weight = l->weight ? record_place(record, l->weight, "weight") : 0;
			if (label == record->n - 1 || group == record->n - 1)
				die_usage("--%s: the last field holds the features",
				          label == record->n - 1 ? "label" : "group");
			placed = true;
		}
		if (!lessons_record(l, record, group, label, weight, &fault)) {
			input_refuse(&l->in, fault);
			l->broken = true;
			l->bad = l->in.bad;
			if (l->step == 0 && l->in.rejects && l->in.raw.at[l->in.raw.n - 1] != '\n')
				writer_char(&l->in.rejected, '\n'); /* lines of its group follow */
		}
	}
	lessons_close_step(l);
	lessons_pass(l, true);
	return NULL;
}

/* Starts to read the operands argv[first..]. */
static inline void
lessons_open(struct lessons *l, int argc, char **argv, int first)
{
	for (size_t i = 0; i < RELAY_SLOTS; i++)
		l->slot[i].batch.features.rows = l->rows, l->slot[i].batch.features.ordered = l->ordered;
	l->in.settle = lessons_settle;
	l->in.context = l;
	l->in.shard.field = l->group;
	input_open(&l->in, argc, argv, first, NULL);
	relay_start(&l->relay, lessons_read, l);
}

/* The next lesson, valid until the next call; NULL when all is read. */
static inline struct lesson *
lessons_next(struct lessons *l)
{
	size_t slot;

	if (l->taken)
		relay_return(&l->relay);
	l->taken = relay_take(&l->relay, &slot);
	return l->taken ? &l->slot[slot] : NULL;
}

/* Is the next lesson there already? Else what is known by now should be seen. */
static inline bool
lessons_ready(struct lessons *l)
{
	return relay_more(&l->relay);
}

/* After the last lesson: says how many lines were refused. Others may be opened then. */
static inline void
lessons_close(struct lessons *l)
{
	relay_finish(&l->relay);
	input_close(&l->in);
	record_free(&l->record);
	for (size_t i = 0; i < RELAY_SLOTS; i++) {
		batch_free(&l->slot[i].batch);
		free(l->slot[i].end);
		free(l->slot[i].line);
		free(l->slot[i].text);
		l->slot[i] = (struct lesson){0};
	}
	free((void *)(uintptr_t)l->name.at);
	l->name = (struct view){NULL, 0};
	l->name_capacity = 0;
	free(l->raw);
	l->raw = NULL;
	l->n_raw = l->raw_capacity = 0;
	ended_free(&l->before);
	l->taken = false;
}

/* In the place of lessons_close, before the last lesson: no more is read. */
static inline void
lessons_stop(struct lessons *l)
{
	pthread_cancel(l->relay.filler);
	lessons_close(l);
}

#endif
