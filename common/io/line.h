/*
 * line.h - lines in, as views; refused lines by name.
 *
 * An input is the list of operands read one after the other with read(2) into one buffer. Lines are handed
 * out in place. Before every read the output is flushed: a read may block, and what is known by then should
 * be seen. So `tail -f log | score` is live, and nobody needs a line-buffered mode.
 */
#ifndef WEIR_LINE_H
#define WEIR_LINE_H

#include <inttypes.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "../cli.h"
#include "files.h"
#include "shard.h"
#include "writer.h"

enum { READ_BYTES = 1 << 20 };

struct input {
	/* set by the options table and the program, before input_open */
	int64_t max_bad;      /* lines that may be refused before the program gives up */
	const char *rejects;  /* file for refused lines, byte for byte; NULL for none */
	int64_t max_line;     /* bytes */
	struct shard shard;   /* of the records, which one is taken */
	const char *counters; /* for whom to count on stderr: "hadoop"; NULL for nobody */
	struct writer *out;   /* flushed before a read that may block; NULL for none */
	void (*settle)(void *); /* called with the context before that, and before a refusal ends the program; or NULL */
	void *context;
	bool ending;          /* a refusal ends the program */

	char **operand;       /* "-" for stdin; not owned */
	char **file;          /* those that are left */
	size_t n_files;
	const int *opened;    /* of each operand, where its file is open already; NULL: by name */
	uint64_t last_bytes;  /* of the last file, how many are read; 0: all */
	bool bounded;         /* by input_end_at */
	size_t n_beyond;      /* files behind that end */
	const char *name;     /* of the open file; NULL when none is */
	int fd;
	uint64_t left;        /* bytes that may still be read from fd */
	bool end_of_file;     /* there are none */
	bool said_cr;
	char *buffer;         /* owned */
	size_t capacity, begin, end;
	struct view raw;      /* the line as it stands in the file, newline included */
	uint64_t line;        /* number, from 1, of the (first) physical line of the record in hand */
	uint64_t next_line;
	uint64_t lines;       /* read, in all files */
	uint64_t bad;         /* refused */
	uint64_t skipped;     /* no records: headers, blank lines of CSV, those of another shard */
	struct writer rejected;
};

#define INPUT_DEFAULTS {.max_line = (int64_t)64 << 20}

/* The rows every program that reads lines has in its options table. */
#define INPUT_OPTIONS(in)                                                                                    \
	{'\0', "max-bad", "N", "lines that may be refused before giving up", CLI_INT, &(in).max_bad, 0, 9e15},  \
	{'\0', "max-line", "BYTES", "longest line", CLI_INT, &(in).max_line, 1, 1 << 30},                       \
	{'\0', "rejects", "FILE", "write refused lines here, byte for byte", CLI_TEXT, &(in).rejects, 0, 0}

/* The rows of a program that reads records; record_next and rows_next take those of the shard. */
#define RECORDS_OPTIONS(in)                                                                                  \
	INPUT_OPTIONS(in),                                                                                      \
	{'\0', "counters", "ENGINE", "count records on stderr as it wants it: hadoop", CLI_TEXT, &(in).counters, 0, 0}, \
	{'\0', "shard", "SHARD", "take one of N parts of the groups: I/N, or I/N/COLUMN of the group", CLI_TEXT, &(in).shard.text, 0, 0}

/* Starts to read the operands argv[first..]; none is stdin. */
static inline void
input_open(struct input *in, int argc, char **argv, int first, struct writer *out)
{
	static char *standard[] = {"-"};

	if (in->shard.text && !shard_parse(&in->shard))
		die_usage("--shard: not I/N with I from 0 to N - 1: \"%.40s\"", in->shard.text);
	if (in->counters && strcmp(in->counters, "hadoop") != 0)
		die_usage("--counters: not hadoop: \"%.40s\"", in->counters);
	in->operand = in->file = first < argc ? argv + first : standard;
	in->n_files = first < argc ? (size_t)(argc - first) : 1;
	in->name = NULL;
	in->out = out;
	in->buffer = grow(NULL, &in->capacity, READ_BYTES, 1);
	files_read(in->n_files, in->file);
	if (in->rejects)
		writer_init(&in->rejected, files_create(in->rejects, "rejects"), in->rejects);
}

/* How messages call an operand. */
static inline const char *
input_name(const char *operand)
{
	return files_is_standard(operand) ? "stdin" : operand;
}

/* Opens the next file. False when there is none, or none before the end that was set: then the last one stays open. */
static inline bool
input_next_file(struct input *in)
{
	if (in->bounded && !in->n_files)
		return false;
	if (in->name && in->fd != STDIN_FILENO)
		close(in->fd);
	in->name = NULL;
	if (!in->n_files)
		return false;
	in->name = input_name(*in->file);
	if (in->opened)
		in->fd = in->opened[in->file - in->operand];
	else
		in->fd = files_is_standard(*in->file) ? STDIN_FILENO : open(in->name, O_RDONLY | O_CLOEXEC);
	if (in->fd < 0)
		die_system("%s", in->name);
	in->file++;
	in->n_files--;
	in->left = in->last_bytes && !in->n_files ? in->last_bytes : UINT64_MAX;
	in->end_of_file = false;
	in->begin = in->end = 0;
	in->next_line = 1;
	return true;
}

/* Opens the next file, and goes on in it at this offset, where a line begins. False when all is read. */
static inline bool
input_start_at(struct input *in, uint64_t offset)
{
	if (!input_next_file(in) || !offset)
		return in->name != NULL;
	if (lseek(in->fd, (off_t)offset, SEEK_SET) < 0)
		die_system("%s", in->name);
	in->left -= offset;
	in->next_line = 2; /* the first may begin with a byte order mark */
	return true;
}

/* Where the line in hand begins in its file, which is a regular one. */
static inline uint64_t
input_offset(const struct input *in)
{
	return (uint64_t)lseek(in->fd, 0, SEEK_CUR) - (in->end - in->begin) - in->raw.n;
}

/* What is read ends at this offset of an operand, a line behind that in hand. Both files are regular ones. */
static inline void
input_end_at(struct input *in, size_t operand, uint64_t at)
{
	size_t open = (size_t)(in->file - in->operand) - 1, n = operand + (at > 0) - open - 1;
	uint64_t read = (uint64_t)lseek(in->fd, 0, SEEK_CUR);

	in->bounded = true;
	in->n_beyond = in->n_files - n;
	in->n_files = n;
	in->last_bytes = at;
	if (operand != open)
		return;
	in->left = at > read ? at - read : 0;
	if (read > at) {
		in->end -= read - at;
		if (lseek(in->fd, (off_t)at, SEEK_SET) < 0)
			die_system("%s", in->name);
	}
}

/* The end that input_end_at set, and that was reached, is none: there is more to read. False where there was no such end. */
static inline bool
input_lift(struct input *in)
{
	if (!in->bounded || in->n_files)
		return false;
	in->bounded = false;
	in->n_files = in->n_beyond;
	in->last_bytes = 0;
	in->left = UINT64_MAX;
	in->end_of_file = false;
	return true;
}

/* Before a read that may block, or the end: what can be known by now is written. */
static inline void
input_settle(struct input *in)
{
	if (in->settle)
		in->settle(in->context);
	if (in->out)
		writer_flush(in->out);
}

/* Reads more behind in->end, after moving what is unread to the front where that makes room. */
static inline void
input_fill(struct input *in)
{
	size_t room;
	ssize_t n;

	input_settle(in);
	if (in->begin && (in->begin == in->end || in->end == in->capacity)) {
		memmove(in->buffer, in->buffer + in->begin, in->end - in->begin);
		in->end -= in->begin;
		in->begin = 0;
	}
	if (in->end == in->capacity) {
		if (in->capacity >= (size_t)in->max_line + READ_BYTES)
			die_data("%s:%" PRIu64 ": line is longer than %" PRId64 " bytes", in->name,
			         in->next_line, in->max_line);
		in->buffer = grow(in->buffer, &in->capacity, in->capacity + 1, 1);
	}
	room = in->capacity - in->end < in->left ? in->capacity - in->end : (size_t)in->left;
	do
		n = read(in->fd, in->buffer + in->end, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		die_system("%s", in->name);
	in->end_of_file = n == 0;
	in->end += (size_t)n;
	in->left -= (uint64_t)n;
}

/* Length of the next physical line from in->begin + from on, newline included; 0 at the end of the file. */
static inline size_t
input_scan(struct input *in, size_t from)
{
	for (;;) {
		const char *start = in->buffer + in->begin;
		size_t unread = in->end - in->begin;
		const char *newline = unread > from ? memchr(start + from, '\n', unread - from) : NULL;

		if (newline)
			return (size_t)(newline + 1 - start);
		if (in->end_of_file)
			return unread;
		from = unread;
		input_fill(in);
	}
}

/* The line without its end: LF, or CR LF, which is said once. What is left must not be too long. */
static inline struct view
input_trim(struct input *in, struct view line)
{
	if (line.n && line.at[line.n - 1] == '\n')
		line.n--;
	if (line.n && line.at[line.n - 1] == '\r') {
		line.n--;
		if (!in->said_cr)
			warn("%s:%" PRIu64 ": line ends in CR LF; the CR is dropped here and below", in->name, in->line);
		in->said_cr = true;
	}
	if (line.n > (size_t)in->max_line)
		die_data("%s:%" PRIu64 ": line is longer than %" PRId64 " bytes", in->name, in->line, in->max_line);
	return line;
}

/*
 * The next line of the operands, without its end, valid until the next call. A missing final newline is
 * forgiven; a byte order mark at the start of a file is dropped. False when all is read.
 */
static inline bool
input_line(struct input *in, struct view *line)
{
	size_t n = 0;

	while (!in->name || (n = input_scan(in, 0)) == 0)
		if (!input_next_file(in))
			return false;
	in->raw = (struct view){in->buffer + in->begin, n};
	in->begin += n;
	in->line = in->next_line++;
	in->lines++;
	*line = in->raw;
	if (in->line == 1 && n >= 3 && memcmp(line->at, "\xEF\xBB\xBF", 3) == 0)
		*line = (struct view){line->at + 3, n - 3};
	*line = input_trim(in, *line);
	return true;
}

/*
 * The line in hand goes on in the next physical line (a newline inside quotes): both as one, inner line ends
 * as they are in the file. An end that was set is none then. False, and nothing changed, when the file ends here.
 */
static inline bool
input_extend(struct input *in, struct view *line)
{
	size_t skipped = (size_t)(line->at - in->raw.at), n;

	in->begin -= in->raw.n;
	n = input_scan(in, in->raw.n);
	if (n == in->raw.n && input_lift(in))
		n = input_scan(in, n);
	if (n == in->raw.n) {
		in->begin += n;
		return false;
	}
	in->raw = (struct view){in->buffer + in->begin, n};
	in->begin += n;
	in->next_line++;
	*line = input_trim(in, (struct view){in->raw.at + skipped, n - skipped});
	return true;
}

/* Where a line stands. */
struct origin {
	const char *file; /* not owned */
	uint64_t line;    /* in the file */
	uint32_t operand; /* which the file is, counted from 0 */
};

/* Where the line in hand does. */
static inline struct origin
input_origin(const struct input *in)
{
	return (struct origin){in->name, in->line, (uint32_t)(in->file - in->operand - 1)};
}

/* Prints bytes of a message so that a terminal survives them: controls escaped, cut at 40 bytes. */
static inline void
say_value(FILE *to, struct view v)
{
	size_t n = v.n < 40 ? v.n : 40;

	fputc('"', to);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)v.at[i];

		if (c == '\t' || c == '"' || c == '\\')
			fprintf(to, "\\%c", c == '\t' ? 't' : c);
		else if (c < ' ' || c == 127)
			fprintf(to, "\\x%02x", c);
		else
			fputc(c, to);
	}
	fputs(v.n > n ? "...\"" : "\"", to);
}

/* Why a line was refused. Unset members are 0 or NULL and are left out of the message. */
struct fault {
	int field;          /* number of the field, from 1 */
	const char *name;   /* what the field is: "label", or a column of the header */
	const char *rule;   /* what it is not; NULL: no fault */
	struct view value;  /* the offending bytes; .at NULL for none */
	const char *hint;   /* for a person; NULL or "" for none */
};

/*
 * Refuses the line in hand: `prog: file:line: field 3 (price): not a number: "1,5" (decimal comma?)`.
 * Once more lines than max_bad are refused the program ends with status 3. The first 20 are named, then counted.
 */
static inline void
input_refuse(struct input *in, struct fault fault)
{
	enum { NAMED = 20 };

	in->bad++;
	if (in->rejects)
		writer_view(&in->rejected, in->raw);
	if (in->bad <= NAMED || in->bad > (uint64_t)in->max_bad) {
		fprintf(stderr, "%s: %s:%" PRIu64 ": ", cli_program, in->name, in->line);
		if (fault.field)
			fprintf(stderr, "field %d", fault.field);
		if (fault.name)
			fprintf(stderr, fault.field ? " (%s)" : "%s", fault.name);
		fprintf(stderr, "%s%s", fault.field || fault.name ? ": " : "", fault.rule);
		if (fault.value.at) {
			fputs(": ", stderr);
			say_value(stderr, fault.value);
		}
		if (fault.hint && *fault.hint)
			fprintf(stderr, " (%s)", fault.hint);
		fputc('\n', stderr);
	}
	if (in->bad <= (uint64_t)in->max_bad)
		return;
	in->ending = true;
	input_settle(in);
	if (in->rejects)
		writer_close(&in->rejected);
	_exit(STATUS_DATA);
}

/* After the last line: counts, says how many were refused, closes the rejects. */
static inline void
input_close(struct input *in)
{
	if (in->counters)
		fprintf(stderr, "reporter:counter:weir,records,%" PRIu64 "\nreporter:counter:weir,refused,%" PRIu64 "\n",
		        in->lines - in->skipped - in->bad, in->bad);
	if (in->bad)
		warn("%" PRIu64 " of %" PRIu64 " lines refused", in->bad, in->lines);
	if (in->rejects)
		writer_close(&in->rejected);
	free(in->buffer);
	in->buffer = NULL;
}

/* Whether the record in hand, of this group, is of the shard that is read. */
static inline bool
input_takes(struct input *in, struct view group)
{
	bool taken = !in->shard.n || shard_takes(&in->shard, group);

	in->skipped += !taken;
	return taken;
}

/* Which of the sixteen bytes at p are c: a bit of each, the first byte lowest. */
static inline unsigned
line_sixteen(const char *p, char c)
{
#ifdef __SSE2__
	__m128i sixteen = _mm_loadu_si128((const __m128i *)(const void *)p);

	return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(sixteen, _mm_set1_epi8(c)));
#else
	unsigned found = 0;

	for (unsigned i = 0; i < 16; i++)
		found |= (unsigned)(p[i] == c) << i;
	return found;
#endif
}

/* The same of the bytes from p to the end of a line, up to sixteen, where fewer are left and may not be read. */
static inline unsigned
line_few(struct view line, const char *p, char c)
{
	size_t left = (size_t)(line.at + line.n - p);
	unsigned found = 0;

	if (left >= 16)
		return line_sixteen(p, c);
	if (line.n >= 16)
		return line_sixteen(p + left - 16, c) >> (16 - left);
	for (size_t i = 0; i < left; i++)
		found |= (unsigned)(p[i] == c) << i;
	return found;
}

/* The same of 64 bytes from p on, or of those up to the end of the line, where p may be. */
static inline uint64_t
line_many(struct view line, const char *p, char c)
{
	const size_t left = (size_t)(line.at + line.n - p);
	uint64_t found = 0;
	size_t i;

	for (i = 0; i < 64 && i + 16 <= left; i += 16)
		found |= (uint64_t)line_sixteen(p + i, c) << i;
	if (i < 64 && i < left)
		found |= (uint64_t)line_few(line, p + i, c) << i;
	return found;
}

/*
 * Cuts a line at a delimiter into *field, an array of *capacity views that grows. Returns how many there are, 1 at
 * least. Where fields are short, sixteen bytes are looked at together, else memchr is faster.
 */
static inline size_t
line_cut(struct view line, char delimiter, struct view **field, size_t *capacity)
{
	const char *start = line.at, *p = start, *end = start + line.n, *stop;
	size_t n = 0;

	for (;;) {
		unsigned found = line_few(line, p, delimiter);

		*field = grow(*field, capacity, n + 17, sizeof **field);
		for (; found; found &= found - 1) {
			stop = p + __builtin_ctz(found);
			(*field)[n++] = (struct view){start, (size_t)(stop - start)};
			start = stop + 1;
		}
		p = end - p > 16 ? p + 16 : end;
		if (p < end && p - start < 16)
			continue;
		stop = memchr(p, delimiter, (size_t)(end - p));
		(*field)[n++] = (struct view){start, (size_t)((stop ? stop : end) - start)};
		if (!stop)
			return n;
		start = p = stop + 1;
	}
}

#endif
