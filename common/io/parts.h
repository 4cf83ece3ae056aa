/*
 * parts.h - a program as several processes, each of which does a part of the same files.
 *
 * The program forks once its first row is in hand, when what can be wrong with the command line was found. A part is a
 * range of the lines, or some of the groups; what it makes of them it writes to a file without a name, and the program
 * puts these together. It waits for them (parts_fork), or does the first range itself meanwhile (parts_lead).
 *
 * Where there can be no parts, as there is no memory or no file for them, say, or one fails or has anything to say on
 * stderr, the program goes on with the row in hand, or behind its range, and does the rest itself: messages, line numbers
 * and statuses are those of one process. Only where all parts are right and their sum is not, it is a line of "a part"
 * that is named.
 */
#ifndef WEIR_PARTS_H
#define WEIR_PARTS_H

#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "line.h"
#include "nameless.h"

enum {
	PARTS_MOST = 64,
	PARTS_BYTES = 1 << 20, /* that a part has at least: fewer are not worth a process */
	PARTS_LINE = 1 << 30   /* the longest line where --max-line does not say it */
};

/* Where a line begins in the operands; behind the last one, `operand` is how many there are. */
struct parts_place {
	size_t operand;
	uint64_t at;
};

struct parts {
	int64_t wanted;            /* set by the options table */

	/* set by the program where parts are whole groups of lines that come one after the other: the group of a line */
	struct view (*group)(void *context, struct view line);
	void *context;

	size_t n;                  /* how many there are; 0: none */
	size_t first;              /* of those that are processes: 1, where the program is part 0 */
	size_t i;                  /* in a part, which it is, from 0 */
	bool part;                 /* this process is one */
	struct parts_place from[PARTS_MOST + 1];
	pid_t process[PARTS_MOST];
	int out[PARTS_MOST];       /* files of what the parts wrote */
	int said;                  /* and of what they have to say */
	char *name[PARTS_MOST];    /* and what messages call them */
	_Atomic uint64_t *claim;   /* [claims] shared by the parts: hashes of groups, the lowest bits being whose they are */
	uint64_t claims;           /* a power of two */
};

#define PARTS_DEFAULTS {.wanted = 1}

/* The row of the options table. */
#define PARTS_OPTIONS(p) \
	{'j', "jobs", "N", "processes that share the work on files", CLI_INT, &(p).wanted, 1, PARTS_MOST}

enum parts_turn {
	PARTS_NONE, /* this process does it all, with the row in hand */
	PARTS_PART, /* this process is a part, whose rows are before it */
	PARTS_DONE  /* this process is the program, and all parts are done */
};

static inline size_t
parts_operands(const struct input *in)
{
	return (size_t)(in->file + in->n_files - in->operand);
}

/* Whether the operand is a file, which several can read, each from where it wants; *bytes has its size. */
static inline bool
parts_file(const char *operand, uint64_t *bytes)
{
	struct stat s;

	if (files_is_standard(operand) || stat(operand, &s) != 0 || !S_ISREG(s.st_mode))
		return false;
	*bytes = (uint64_t)s.st_size;
	return true;
}

/* How many bytes the operands have; 0 where one is no file. */
static inline uint64_t
parts_bytes(const struct input *in)
{
	uint64_t sum = 0, bytes;

	for (size_t i = 0; i < parts_operands(in); sum += bytes, i++)
		if (!parts_file(in->operand[i], &bytes))
			return 0;
	return sum;
}

/* How many parts these bytes are cut into. One process counts and writes refused lines, and a shard is a part already. */
static inline size_t
parts_worth(const struct parts *p, const struct input *in, uint64_t bytes)
{
	uint64_t most = bytes / PARTS_BYTES;

	if (in->max_bad || in->rejects || in->counters || in->shard.text)
		return 0;
	return most < (uint64_t)p->wanted ? (size_t)most : (size_t)p->wanted;
}

/* Where this offset of all operands is. */
static inline struct parts_place
parts_place(const struct input *in, uint64_t at)
{
	uint64_t bytes;

	for (size_t i = 0; i < parts_operands(in) && parts_file(in->operand[i], &bytes); at -= bytes, i++)
		if (at < bytes)
			return (struct parts_place){i, at};
	return (struct parts_place){parts_operands(in), 0};
}

static inline bool
parts_behind(struct parts_place a, struct parts_place b)
{
	return a.operand > b.operand || (a.operand == b.operand && a.at > b.at);
}

enum { PARTS_AHEAD = 1 << 12 };

/* Whether a file has nothing but blank lines before this offset; a byte order mark is nothing. */
static inline bool
parts_blank(int fd, uint64_t until)
{
	char buffer[PARTS_AHEAD];
	ssize_t n;

	for (uint64_t at = 0; at < until && (n = pread(fd, buffer, PARTS_AHEAD, (off_t)at)) > 0; at += (uint64_t)n)
		for (ssize_t i = 0; i < n && at + (uint64_t)i < until; i++)
			if (!memchr("\xEF\xBB\xBF\r\n", buffer[i], 5))
				return false;
	return true;
}

/*
 * The place of the first line that begins behind this one; the start of a file is one itself. In the blank lines at the
 * start of a file it is that start: a place within a file is behind its header, if it has one.
 */
static inline struct parts_place
parts_line(const struct input *in, struct parts_place place)
{
	char buffer[PARTS_AHEAD], *newline = NULL;
	ssize_t n;
	int fd;

	if (!place.at)
		return place;
	fd = open(in->operand[place.operand], O_RDONLY | O_CLOEXEC);
	for (; !newline && (n = pread(fd, buffer, PARTS_AHEAD, (off_t)place.at)) > 0; place.at += (uint64_t)n)
		if ((newline = memchr(buffer, '\n', (size_t)n)))
			n = newline + 1 - buffer;
	if (!newline || pread(fd, buffer, 1, (off_t)place.at) != 1)
		place = (struct parts_place){place.operand + 1, 0};
	else if (parts_blank(fd, place.at))
		place.at = 0;
	close(fd);
	return place;
}

/* Where the group ends, whose line begins there. */
static inline struct parts_place
parts_behind_group(const struct parts *p, const struct input *in, struct parts_place place)
{
	struct input ahead = {.max_line = in->max_line, .said_cr = true};
	struct view line, group;
	char *first = NULL;
	size_t n = 0;

	if (place.operand == parts_operands(in))
		return place;
	input_open(&ahead, (int)(parts_operands(in) - place.operand), in->operand + place.operand, 0, NULL);
	input_start_at(&ahead, place.at);
	place.operand = parts_operands(in);
	place.at = 0;
	while (input_line(&ahead, &line)) {
		group = p->group(p->context, line);
		if (first && !view_equal(group, (struct view){first, n})) {
			place.operand = (size_t)(ahead.file - in->operand) - 1;
			place.at = input_offset(&ahead);
			close(ahead.fd);
			break;
		}
		if (!first)
			first = text_of(group.at, n = group.n);
	}
	free(first);
	free(ahead.buffer);
	return place;
}

/* Nothing is claimed yet. There is room for a group in each 128 bytes. False where there is no memory for it. */
static inline bool
parts_make_claims(struct parts *p, uint64_t bytes)
{
	void *map;

	for (p->claims = 1; p->claims < bytes / 64; p->claims *= 2)
		;
	map = mmap(NULL, p->claims * sizeof *p->claim, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	p->claim = map == MAP_FAILED ? NULL : map;
	return p->claim != NULL;
}

/* Once the parts have ended. There may be none. */
static inline void
parts_free_claims(struct parts *p)
{
	if (p->claim)
		munmap((void *)(uintptr_t)p->claim, p->claims * sizeof *p->claim);
	p->claim = NULL;
}

/*
 * In a part: it has a line of the group with this hash. False where another part has one, too, or where that cannot be
 * told as there are too many groups: then it has to fail.
 */
static inline bool
parts_claim(const struct parts *p, uint64_t hash)
{
	uint64_t mine = (hash & ~(uint64_t)(2 * PARTS_MOST - 1)) | (p->i + 1), mask = p->claims - 1;

	for (uint64_t i = hash >> 32, end = i + p->claims / 2; i < end; i++) {
		uint64_t there = 0;

		if (atomic_compare_exchange_strong(&p->claim[i & mask], &there, mine) || there == mine)
			return true;
		if ((there ^ mine) < 2 * PARTS_MOST)
			return false;
	}
	return false;
}

/* Whether processes first..n - 1 did what they had to, and had nothing to say; unless wanted, they are killed. They have ended. */
static inline bool
parts_wait(struct parts *p, size_t n, bool wanted)
{
	struct stat s;
	bool done = wanted;

	for (size_t i = p->first; i < n; i++) {
		int status;

		if (!done && p->process[i] > 0)
			kill(p->process[i], SIGKILL);
		done &= p->process[i] > 0 && waitpid(p->process[i], &status, 0) > 0 && status == 0;
	}
	return done && fstat(p->said, &s) == 0 && s.st_size == 0;
}

/* The parts are done: what they wrote is the input, and there are none any more. */
static inline void
parts_gather(struct parts *p, struct input *in)
{
	static char name[] = "a part";

	for (size_t i = p->first; i < p->n; i++) {
		p->name[i] = name;
		if (lseek(p->out[i], 0, SEEK_SET) < 0)
			die_system("%s", name);
	}
	close(in->fd);
	in->name = NULL;
	in->bounded = false;
	in->last_bytes = 0;
	in->operand = in->file = p->name + p->first;
	in->n_files = p->n - p->first;
	in->opened = p->out + p->first;
	in->max_line = PARTS_LINE;
	p->n = 0;
}

/*
 * Forks. True in process i, which writes to its file, says what it says to another, and ends when the program does, where
 * the system can do that.
 */
static inline bool
parts_start(struct parts *p, size_t i)
{
#ifdef PR_SET_PDEATHSIG
	pid_t program = getpid();
#endif

	p->process[i] = fork();
	if (p->process[i] != 0)
		return false;
	if (dup2(p->out[i], STDOUT_FILENO) < 0 || dup2(p->said, STDERR_FILENO) < 0)
		_exit(STATUS_SYSTEM);
#ifdef PR_SET_PDEATHSIG
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != program) /* it ended before that */
		_exit(STATUS_SYSTEM);
#endif
	return true;
}

/* Finds where n parts begin, in a process of its own, as that reads lines. A group or line that is long is read once. */
static inline bool
parts_cut(struct parts *p, const struct input *in, uint64_t bytes, size_t n)
{
	const ssize_t size = sizeof p->from;

	if (parts_start(p, 0)) {
		for (size_t i = 1; i < n; i++) {
			struct parts_place place = parts_place(in, bytes / n * i);

			if (!parts_behind(place, p->from[i - 1])) {
				p->from[i] = p->from[i - 1];
				continue;
			}
			place = parts_line(in, place);
			p->from[i] = p->group ? parts_behind_group(p, in, place) : place;
		}
		p->from[n] = (struct parts_place){parts_operands(in), 0};
		_exit(pwrite(STDOUT_FILENO, p->from, sizeof p->from, 0) != size);
	}
	return parts_wait(p, 1, true) && pread(p->out[0], p->from, sizeof p->from, 0) == size && ftruncate(p->out[0], 0) == 0;
}

/* There are no parts any more. */
static inline void
parts_drop(struct parts *p)
{
	for (size_t i = p->first; i < p->n; i++)
		if (p->out[i] >= 0)
			close(p->out[i]);
	if (p->said >= 0)
		close(p->said);
	p->n = 0;
}

/* Whether there can be parts: how many, what each is, and where it writes is known then. */
static inline bool
parts_prepare(struct parts *p, const struct input *in)
{
	uint64_t bytes = p->wanted > 1 ? parts_bytes(in) : 0;
	size_t n = parts_worth(p, in, bytes);
	bool done;

	if (n < 2)
		return false;
	p->n = n;
	p->said = nameless_try();
	done = p->said >= 0;
	for (size_t i = 0; i < n; i++) {
		p->out[i] = nameless_try();
		done &= p->out[i] >= 0;
	}
	signal(SIGCHLD, SIG_DFL);
	done = done && parts_cut(p, in, bytes, n);
	if (!done)
		parts_drop(p);
	return done;
}

/* Makes the processes. Whether this is one. */
static inline bool
parts_run(struct parts *p)
{
	for (size_t i = p->first; i < p->n; i++)
		if (parts_start(p, i)) {
			p->i = i;
			p->part = true;
			return true;
		}
	return false;
}

/* Waits for them. Unless they are wanted, and did what they had to, there are none any more. */
static inline bool
parts_end(struct parts *p, bool wanted)
{
	bool done = parts_wait(p, p->n, wanted);

	close(p->said);
	p->said = -1;
	if (!done)
		parts_drop(p);
	return done;
}

/* Makes the parts, and waits for them. */
static inline enum parts_turn
parts_fork(struct parts *p, const struct input *in)
{
	bool done;

	if (!parts_prepare(p, in))
		return PARTS_NONE;
	if (p->group && !parts_make_claims(p, parts_bytes(in))) {
		parts_drop(p);
		return PARTS_NONE;
	}
	if (parts_run(p))
		return PARTS_PART;
	done = parts_end(p, true);
	parts_free_claims(p);
	return done ? PARTS_DONE : PARTS_NONE;
}

/*
 * Makes the parts but for the first, which is what the program's input is then. Whether this is one of them. The program
 * goes on with the row in hand, and calls parts_end at the end of its input.
 */
static inline bool
parts_lead(struct parts *p, struct input *in)
{
	struct parts_place ahead;

	if (!parts_prepare(p, in))
		return false;
	ahead = (struct parts_place){(size_t)(in->file - in->operand) - 1, input_offset(in) + in->raw.n};
	if (parts_behind(ahead, p->from[1])) {
		parts_drop(p);
		return false;
	}
	close(p->out[0]);
	p->first = 1;
	if (parts_run(p))
		return true;
	input_end_at(in, p->from[1].operand, p->from[1].at);
	return false;
}

/* A part's input is its range of the lines. Whether that begins within a file. */
static inline bool
parts_read_range(const struct parts *p, struct input *in)
{
	struct parts_place from = p->from[p->i], until = p->from[p->i + 1];

	in->file = in->operand + from.operand;
	in->n_files = until.operand - from.operand + (until.at > 0);
	in->last_bytes = until.at;
	return input_start_at(in, from.at) && from.at > 0;
}

/* A part's input is all lines, of which the records are taken whose group, at this place, falls to it. */
static inline void
parts_read_groups(const struct parts *p, struct input *in, size_t place)
{
	in->n_files = parts_operands(in);
	in->file = in->operand;
	in->shard.i = p->i;
	in->shard.n = p->n;
	in->shard.place = place;
	in->lines = 0;
	input_next_file(in);
}

#endif
