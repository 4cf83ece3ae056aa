/*
 * systems.h - the values that several systems have on the same groups: their files read, their groups paired.
 *
 * A unit is what systems are paired by: a group, in a block. Blocks are compared apart: the metrics of files that
 * hold values, the slices of files that hold scored records. Blocks, and the units in them, stand in the order of
 * their bytes, so the order of the files' lines does not matter.
 */
#ifndef WEIR_SYSTEMS_H
#define WEIR_SYSTEMS_H

#include "../io/keys.h"
#include "../num/random.h"
#include "scored.h"

/* What a system's file has of a unit. */
struct systems_cell {
	uint64_t n;      /* records, or 1 for a value */
	uint64_t labels; /* a sum over the records that tells other labels apart, and other numbers of them */
	double value;
};

struct system {
	const char *name;
	struct systems_cell *cell;    /* owned: by id of unit */
	size_t n_cells;
	struct metric_record *record; /* owned: group is the id of its unit, then the unit's place */
	size_t n_records, capacity;
	double *value;                /* owned: of metric m and the unit at a place at value[m n_units + place] */
};

struct systems_block {
	struct view name;
	size_t from, to; /* places of its units */
};

static const int64_t SYSTEMS_NO_FIELD = -1000000; /* never one: records are not that wide */

struct systems {
	/* set by the options table */
	struct scored scored; /* without a list of metrics files hold lines of group, metric and value */
	int64_t slice_field;  /* of scored records; SYSTEMS_NO_FIELD: they are one slice */
	bool common;          /* units that are not in all files are left out, else an error */

	struct system *system; /* owned */
	size_t n;
	struct keys units;     /* block and group, with a TAB between */
	char *unit;            /* owned: one of them */
	size_t unit_capacity;
	uint32_t *place;       /* owned: of units by id; UINT32_MAX: left out */
	size_t n_units;        /* that are not */
	struct systems_block *block; /* owned */
	size_t n_blocks, block_capacity;
	char *standard[2];     /* operands, where stdin is one of them */
};

#define SYSTEMS_DEFAULTS {.scored = SCORED_DEFAULTS, .slice_field = SYSTEMS_NO_FIELD}

/* ---- reading ---- */

/* Starts to read the systems, which are the operands; one alone is held against stdin. */
static inline void
systems_open(struct systems *s, struct input *in, int n, char **file, struct writer *out)
{
	static char standard_input[] = "-";

	if (n < 1)
		die_usage("no file is named");
	if (n == 1) {
		s->standard[0] = *file;
		s->standard[1] = standard_input;
		file = s->standard;
		n = 2;
	}
	s->n = (size_t)n;
	s->system = allocate_zero(s->n, sizeof *s->system);
	for (size_t i = 0; i < s->n; i++)
		s->system[i].name = input_name(file[i]);
	input_open(in, n, file, 0, out);
}

/* The system whose file is open. */
static inline struct system *
systems_reading(struct systems *s, const struct input *in)
{
	return &s->system[s->n - in->n_files - 1];
}

/* The id of the unit of a group in a block. */
static inline uint32_t
systems_unit(struct systems *s, struct view block, struct view group)
{
	s->unit = grow(s->unit, &s->unit_capacity, block.n + group.n + 1, 1);
	memcpy(s->unit, block.at, block.n);
	s->unit[block.n] = '\t';
	memcpy(s->unit + block.n + 1, group.at, group.n);
	return keys_id(&s->units, (struct view){s->unit, block.n + 1 + group.n}, NULL);
}

static inline struct systems_cell *
systems_cell(struct system *s, uint32_t unit)
{
	size_t n = s->n_cells;

	s->cell = grow(s->cell, &s->n_cells, (size_t)unit + 1, sizeof *s->cell);
	memset(s->cell + n, 0, (s->n_cells - n) * sizeof *s->cell);
	return &s->cell[unit];
}

/* Takes in a line of group, metric and value; false, and *fault says why, where it is none. */
static inline bool
systems_take_value(struct systems *s, struct system *system, const struct record *line, struct fault *fault)
{
	struct systems_cell *cell;
	double value;

	*fault = (struct fault){.value = line->line};
	if (line->n != 3) {
		fault->rule = "not group, metric and value";
		fault->hint = "-M names metrics of scored records";
		return false;
	}
	if (!number_parse(line->field[2], &value)) {
		*fault = (struct fault){3, "value", "not a number", line->field[2], number_hint(line->field[2])};
		return false;
	}
	cell = systems_cell(system, systems_unit(s, line->field[1], line->field[0]));
	if (cell->n) {
		fault->rule = "a second value of this group and metric";
		return false;
	}
	*cell = (struct systems_cell){.n = 1, .value = value};
	return true;
}

static inline void
systems_read_values(struct systems *s, struct input *in)
{
	struct record record = {0};
	struct fault fault;

	while (record_next(in, &record, 3))
		if (!systems_take_value(s, systems_reading(s, in), &record, &fault))
			input_refuse(in, fault);
	record_free(&record);
}

static inline void
systems_read_records(struct systems *s, struct input *in)
{
	const struct record *record = &s->scored.record;
	bool sliced = s->slice_field != SYSTEMS_NO_FIELD;
	struct metric_record r;

	while (scored_next(&s->scored, in, &r)) {
		struct system *system = systems_reading(s, in);
		struct systems_cell *cell;
		struct view slice = {"", 0};
		uint32_t bits;

		if (sliced)
			slice = record->field[record_place(record, s->slice_field, "by")];
		r.group = systems_unit(s, slice, record->field[s->scored.group_place]);
		system->record = grow(system->record, &system->capacity, system->n_records + 1, sizeof *system->record);
		system->record[system->n_records++] = r;
		memcpy(&bits, &r.label, sizeof bits);
		cell = systems_cell(system, r.group);
		cell->n++;
		cell->labels += random_bits(0, bits);
	}
}

/* ---- pairing ---- */

static inline struct view
systems_block_name(struct view unit)
{
	return (struct view){unit.at, (size_t)((const char *)memchr(unit.at, '\t', unit.n) - unit.at)};
}

/* Whether every system has the unit. Where one does not, unless they may, or where it has other labels: an error. */
static inline bool
systems_have(const struct systems *s, struct keys_entry unit)
{
	struct view name = systems_block_name(unit.text);
	const char *group = unit.text.at + name.n + 1;
	int group_n = (int)(unit.text.n - name.n - 1), name_n = (int)name.n;
	const struct systems_cell *first = &s->system[0].cell[unit.id];

	for (size_t i = 0; i < s->n; i++) {
		const struct systems_cell *cell = &s->system[i].cell[unit.id];

		if (!cell->n && s->common)
			return false;
		if (!cell->n)
			die_data("%s: no %.*s%sgroup \"%.*s\", which other files have (--common leaves it out)", s->system[i].name,
			         name_n, name.at, name_n ? " of " : "", group_n, group);
		if (first->n && cell->labels != first->labels)
			die_data("%s: group \"%.*s\" has other labels than in %s", s->system[i].name, group_n, group,
			         s->system[0].name);
	}
	return true;
}

/* Gives a place to each unit that all systems have, and its block to it. */
static inline void
systems_pair(struct systems *s)
{
	struct keys_entry *sorted;

	for (size_t i = 0; i < s->n; i++)
		if (!s->system[i].cell)
			die_data("no records in %s", s->system[i].name);
	for (size_t i = 0; i < s->n; i++)
		systems_cell(&s->system[i], s->units.n - 1);
	sorted = keys_sorted(&s->units);
	s->place = allocate(s->units.n, sizeof *s->place);
	for (uint32_t i = 0; i < s->units.n; i++) {
		struct view name = systems_block_name(sorted[i].text);

		s->place[sorted[i].id] = UINT32_MAX;
		if (!systems_have(s, sorted[i]))
			continue;
		if (!s->n_blocks || !view_equal(name, s->block[s->n_blocks - 1].name)) {
			s->block = grow(s->block, &s->block_capacity, s->n_blocks + 1, sizeof *s->block);
			s->block[s->n_blocks++] = (struct systems_block){name, s->n_units, s->n_units};
		}
		s->place[sorted[i].id] = (uint32_t)s->n_units++;
		s->block[s->n_blocks - 1].to = s->n_units;
	}
	free(sorted);
	if (s->n_units < s->units.n)
		warn("%zu of %" PRIu32 " groups are not in all files and are left out", s->units.n - s->n_units, s->units.n);
	if (!s->n_units)
		die_data("no group is in all files");
}

/* ---- values ---- */

static inline void
systems_place_values(const struct systems *s, struct system *system)
{
	system->value = allocate(s->n_units, sizeof *system->value);
	for (uint32_t id = 0; id < s->units.n; id++)
		if (s->place[id] != UINT32_MAX)
			system->value[s->place[id]] = system->cell[id].value;
}

/* A metric over all records of n groups, whose ids begin at `first`. value: n, written. */
static inline void
systems_measure_overall(struct scored_metric m, size_t n, size_t first, double *value, const struct metric_list *list)
{
	struct metric_cluster *cluster = allocate_zero(n, sizeof *cluster);
	struct metric_record *record, *scratch;
	size_t n_records = 0;

	for (size_t g = 0; g < n; g++)
		n_records += list[g].n;
	record = allocate(n_records, sizeof *record);
	scratch = allocate(n_records, sizeof *scratch);
	for (size_t i = 0; i < n_records; i++) {
		record[i] = list->record[i]; /* those of the lists stand one after the other */
		record[i].group -= (uint32_t)first;
	}
	metric_sort(n_records, record, scratch);
	metric_spread(n, value,
	              m.metric->overall(&(struct metric_list){.record = record, .n = n_records}, m.at, n, cluster).value,
	              cluster);
	free(record);
	free(scratch);
	free(cluster);
}

/* A metric of n groups. value: n, written. */
static inline void
systems_measure_groups(struct scored_metric m, size_t n, double *value, const struct metric_list *list)
{
	double *weight = allocate(n, sizeof *weight);

	for (size_t g = 0; g < n; g++) {
		value[g] = metric_value(m.metric, &list[g], m.at);
		weight[g] = metric_weight(m.metric, &list[g], m.at);
	}
	if (m.metric->weight)
		metric_unweigh(value, weight, n);
	if (m.metric->flags & METRIC_ROOT)
		metric_unroot(value, n);
	free(weight);
}

/* Forgets the records of units that are left out; those of the others go by its place. */
static inline void
systems_keep(const struct systems *s, struct system *system)
{
	size_t kept = 0;

	for (size_t i = 0; i < system->n_records; i++) {
		struct metric_record r = system->record[i];

		r.group = s->place[r.group];
		if (r.group != UINT32_MAX)
			system->record[kept++] = r;
	}
	system->n_records = kept;
}

static inline void
systems_measure(const struct systems *s, struct system *system)
{
	size_t *end = allocate(s->n_units, sizeof *end), n;
	struct metric_list *list = allocate(s->n_units, sizeof *list);
	struct metric_record *grouped, *scratch;
	float *ideal;

	systems_keep(s, system);
	n = system->n_records;
	grouped = allocate(n, sizeof *grouped);
	scratch = allocate(n, sizeof *scratch);
	ideal = allocate(n, sizeof *ideal);
	metric_deal(n, s->n_units, list, grouped, ideal, end, scratch, system->record);
	system->value = allocate(s->scored.n_metrics * s->n_units, sizeof *system->value);
	for (size_t m = 0; m < s->scored.n_metrics; m++)
		for (const struct systems_block *b = s->block; b < s->block + s->n_blocks; b++) {
			struct scored_metric metric = s->scored.metric[m];
			double *value = system->value + m * s->n_units + b->from;

			if (metric.metric->overall)
				systems_measure_overall(metric, b->to - b->from, b->from, value, list + b->from);
			else
				systems_measure_groups(metric, b->to - b->from, value, list + b->from);
		}
	free(grouped);
	free(scratch);
	free(ideal);
	free(list);
	free(end);
}

/* Reads all files. Then each system has a value for each metric, 1 without a list of them, and each unit. */
static inline void
systems_read(struct systems *s, struct input *in)
{
	bool records = s->scored.metric_list;

	if (records)
		systems_read_records(s, in);
	else
		systems_read_values(s, in);
	systems_pair(s);
	for (size_t i = 0; i < s->n; i++)
		if (records)
			systems_measure(s, &s->system[i]);
		else
			systems_place_values(s, &s->system[i]);
}

static inline void
systems_free(struct systems *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->system[i].cell);
		free(s->system[i].record);
		free(s->system[i].value);
	}
	free(s->system);
	keys_free(&s->units);
	free(s->unit);
	free(s->place);
	free(s->block);
	scored_free(&s->scored);
}

#endif
