/*
 * trec.h - the lines of the Text Retrieval Conference: words with any number of blanks between.
 *
 * A run's are topic, Q0, document, rank, score and tag; those of judgements (qrels) topic, 0, document and relevance.
 */
#ifndef WEIR_TREC_H
#define WEIR_TREC_H

#include "keys.h"
#include "record.h"
#include "texts.h"

enum { TREC_TOPIC = 0, TREC_DOCUMENT = 2, TREC_RELEVANCE = 3, TREC_SCORE = 4, TREC_JUDGEMENT_WORDS = 4, TREC_RUN_WORDS = 6 };

/* Which of the 64 bytes from `at` on are blanks, or behind the line: a bit of each, the first byte lowest. */
static inline uint64_t
trec_blanks(struct view line, size_t at)
{
	const char *p = line.at + at;
	const size_t left = line.n - at;

	return line_many(line, p, ' ') | line_many(line, p, '\t') | (left < 64 ? UINT64_MAX << left : 0);
}

/*
 * The first n > 0 words of a line; what follows does not matter. word: n, written. Whether there are as many. 64 bytes
 * are looked at together: words begin and end where blanks and other bytes meet.
 */
static inline bool
trec_cut(struct view line, size_t n, struct view *word)
{
	const char *start = NULL; /* of the word that has begun */
	uint64_t blank = 1;       /* the byte before is one, or there is none */
	size_t found = 0;

	for (size_t at = 0; at <= line.n; at += 64) {
		uint64_t blanks = trec_blanks(line, at), edges = blanks ^ (blanks << 1 | blank);
		const char *p = line.at + at;

		for (; edges; edges &= edges - 1) {
			if (!start) {
				start = p + __builtin_ctzll(edges);
				if (!(edges &= edges - 1))
					break;
			}
			word[found++] = (struct view){start, (size_t)(p + __builtin_ctzll(edges) - start)};
			if (found == n)
				return true;
			start = NULL;
		}
		blank = blanks >> 63;
	}
	return false;
}

/* The next line of n words at least, of which word i_number is a number; others are refused. False when all is read. */
static inline bool
trec_next(struct input *in, size_t n, size_t i_number, struct view *word, double *number)
{
	bool run = n == TREC_RUN_WORDS;
	struct view line;

	while (input_line(in, &line)) {
		if (!trec_cut(line, n, word))
			input_refuse(in, (struct fault){.rule = run ? "not topic, Q0, document, rank, score and tag"
			                                            : "not topic, 0, document and relevance",
			                                .value = line});
		else if (!number_parse(word[i_number], number))
			input_refuse(in, (struct fault){(int)i_number + 1, run ? "score" : "relevance", "not a number",
			                                word[i_number], number_hint(word[i_number])});
		else
			return true;
	}
	return false;
}

struct judgement {
	uint32_t topic;  /* its id */
	uint32_t hash;   /* of the document */
	float relevance;
	bool ranked;     /* the run has had it */
};

/*
 * What is known of the documents of topics. All 0 is nothing. Each topic has cells of its own, which lie together: a
 * run, topic by topic, finds them in the cache.
 */
struct qrels {
	size_t n;                    /* judgements */
	struct judgement *judgement; /* owned */
	size_t capacity;
	struct texts documents;      /* of judgements */
	uint32_t *cell;              /* owned: 1 + number of a judgement; 0: free */
	size_t *start;               /* owned: topic t has the cells start[t]..start[t + 1] - 1, a power of two */
};

static inline uint32_t
qrels_hash(struct view document)
{
	return (uint32_t)XXH3_64bits(document.at, document.n);
}

/* The cell that holds a document of a topic, or the free one where it belongs. */
static inline uint32_t *
qrels_cell(const struct qrels *q, uint32_t topic, struct view document, uint32_t hash)
{
	uint32_t *cell = q->cell + q->start[topic];
	size_t mask = q->start[topic + 1] - q->start[topic] - 1, at = hash & mask;

	while (cell[at] && !(q->judgement[cell[at] - 1].hash == hash &&
	                     view_equal(texts_at(&q->documents, cell[at] - 1), document)))
		at = (at + 1) & mask;
	return &cell[at];
}

/* Gives each topic cells, at most half of them full, and each judgement one. */
static inline void
qrels_index(struct qrels *q, const struct keys *topics, const char *file)
{
	size_t *n = allocate_zero(topics->n, sizeof *n);

	for (size_t i = 0; i < q->n; i++)
		n[q->judgement[i].topic]++;
	q->start = allocate_zero((size_t)topics->n + 1, sizeof *q->start);
	for (uint32_t t = 0; t < topics->n; t++) {
		size_t cells = 2;

		while (cells < 2 * n[t])
			cells *= 2;
		q->start[t + 1] = q->start[t] + cells;
	}
	q->cell = allocate_zero(q->start[topics->n], sizeof *q->cell);
	for (size_t i = 0; i < q->n; i++) {
		struct view document = texts_at(&q->documents, i), topic = keys_text(topics, q->judgement[i].topic);
		uint32_t *cell = qrels_cell(q, q->judgement[i].topic, document, q->judgement[i].hash);

		if (*cell)
			die_data("%s:%zu: document \"%.*s\" is judged in topic \"%.*s\" at %s:%" PRIu32 " too", file, i + 1,
			         (int)document.n, document.at, (int)topic.n, topic.at, file, *cell); /* a line is a judgement */
		*cell = (uint32_t)i + 1;
	}
	free(n);
}

/* Reads a file of judgements; its topics go into `topics`. */
static inline void
qrels_read(struct qrels *q, struct keys *topics, const char *file)
{
	struct input in = INPUT_DEFAULTS;
	char *operand = text_copy(file);
	struct view word[TREC_JUDGEMENT_WORDS];
	double relevance;

	input_open(&in, 1, &operand, 0, NULL);
	while (trec_next(&in, TREC_JUDGEMENT_WORDS, TREC_RELEVANCE, word, &relevance)) {
		if (fabs(relevance) > RECORD_MOST || q->n == UINT32_MAX - 1)
			die_data("%s:%" PRIu64 ": %s", file, in.line,
			         q->n < UINT32_MAX - 1 ? "relevance is too large" : "too many judgements");
		q->judgement = grow(q->judgement, &q->capacity, q->n + 1, sizeof *q->judgement);
		q->judgement[q->n++] = (struct judgement){keys_id(topics, word[TREC_TOPIC], NULL),
		                                          qrels_hash(word[TREC_DOCUMENT]), (float)relevance, false};
		texts_add(&q->documents, word[TREC_DOCUMENT]);
	}
	if (!q->n)
		die_data("%s: no judgements", file);
	qrels_index(q, topics, file);
	input_close(&in);
	free(operand);
}

/* What is known of a document of a topic; NULL: nothing. */
static inline struct judgement *
qrels_find(const struct qrels *q, uint32_t topic, struct view document)
{
	uint32_t cell = *qrels_cell(q, topic, document, qrels_hash(document));

	return cell ? &q->judgement[cell - 1] : NULL;
}

static inline void
qrels_free(struct qrels *q)
{
	free(q->judgement);
	texts_free(&q->documents);
	free(q->cell);
	free(q->start);
	*q = (struct qrels){0};
}

#endif
