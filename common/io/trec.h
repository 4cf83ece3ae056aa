/*
 * trec.h - the lines of the Text Retrieval Conference: words with any number of blanks between.
 *
 * A run's are topic, Q0, document, rank, score and tag; those of judgements (qrels) topic, 0, document and relevance.
 */
#ifndef WEIR_TREC_H
#define WEIR_TREC_H

#include "keys.h"
#include "line.h"

enum { TREC_TOPIC = 0, TREC_DOCUMENT = 2, TREC_RELEVANCE = 3, TREC_SCORE = 4, TREC_JUDGEMENT_WORDS = 4, TREC_RUN_WORDS = 6 };

static inline bool
trec_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The first n words of a line; what follows does not matter. word: n, written. Whether there are as many. */
static inline bool
trec_cut(struct view line, size_t n, struct view *word)
{
	const char *p = line.at, *end = line.at + line.n;

	for (size_t i = 0; i < n; i++) {
		while (p < end && trec_blank(*p))
			p++;
		word[i].at = p;
		while (p < end && !trec_blank(*p))
			p++;
		word[i].n = (size_t)(p - word[i].at);
		if (!word[i].n)
			return false;
	}
	return true;
}

/* The next line of n words at least, of which word i_number is a number; others are refused. False when all is read. */
static inline bool
trec_next(struct input *in, size_t n, size_t i_number, struct view *word, double *number)
{
	struct view line;

	while (input_line(in, &line)) {
		if (!trec_cut(line, n, word))
			input_refuse(in, (struct fault){.rule = n == TREC_RUN_WORDS ? "not topic, Q0, document, rank, score and tag"
			                                                            : "not topic, 0, document and relevance",
			                                .value = line});
		else if (!number_parse(word[i_number], number))
			input_refuse(in, (struct fault){(int)i_number + 1, n == TREC_RUN_WORDS ? "score" : "relevance", "not a number",
			                                word[i_number], number_hint(word[i_number])});
		else
			return true;
	}
	return false;
}

/* What is known of a document of a topic. All 0 is no judgements. */
struct qrels {
	struct keys pairs;   /* the four bytes of the topic's id, and the document */
	float *relevance;    /* owned: of pair id */
	bool *ranked;        /* owned: the run has had it */
	uint32_t *topic;     /* owned: its id */
	size_t relevance_capacity, ranked_capacity, topic_capacity;
	char *key;           /* owned: the pair in hand */
	size_t key_capacity;
};

static inline struct view
qrels_key(struct qrels *q, uint32_t topic, struct view document)
{
	q->key = grow(q->key, &q->key_capacity, sizeof topic + document.n, 1);
	memcpy(q->key, &topic, sizeof topic);
	memcpy(q->key + sizeof topic, document.at, document.n);
	return (struct view){q->key, sizeof topic + document.n};
}

static inline void
qrels_add(struct qrels *q, struct input *in, struct keys *topics, const struct view *word, double relevance)
{
	uint32_t topic = keys_id(topics, word[TREC_TOPIC], NULL), id;
	bool fresh;

	if (fabs(relevance) > 0x1p100) {
		input_refuse(in, (struct fault){TREC_RELEVANCE + 1, "relevance", "too large", word[TREC_RELEVANCE], NULL});
		return;
	}
	id = keys_id(&q->pairs, qrels_key(q, topic, word[TREC_DOCUMENT]), &fresh);
	if (!fresh) {
		input_refuse(in, (struct fault){TREC_DOCUMENT + 1, "document", "a second judgement in this topic",
		                                word[TREC_DOCUMENT], NULL});
		return;
	}
	q->relevance = grow(q->relevance, &q->relevance_capacity, (size_t)id + 1, sizeof *q->relevance);
	q->ranked = grow(q->ranked, &q->ranked_capacity, (size_t)id + 1, sizeof *q->ranked);
	q->topic = grow(q->topic, &q->topic_capacity, (size_t)id + 1, sizeof *q->topic);
	q->relevance[id] = (float)relevance;
	q->ranked[id] = false;
	q->topic[id] = topic;
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
	while (trec_next(&in, TREC_JUDGEMENT_WORDS, TREC_RELEVANCE, word, &relevance))
		qrels_add(q, &in, topics, word, relevance);
	if (!q->pairs.n)
		die_data("%s: no judgements", file);
	input_close(&in);
	free(operand);
}

/* Whether the document of a topic is judged; then *id is that of the judgement. */
static inline bool
qrels_find(struct qrels *q, uint32_t topic, struct view document, uint32_t *id)
{
	return keys_find(&q->pairs, qrels_key(q, topic, document), id);
}

static inline void
qrels_free(struct qrels *q)
{
	keys_free(&q->pairs);
	free(q->relevance);
	free(q->ranked);
	free(q->topic);
	free(q->key);
	*q = (struct qrels){0};
}

#endif
