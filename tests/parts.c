/* parts.c - parts have each line once, whole groups where that is asked for, and none is done where one is not. */
#include <poll.h>

#include "../common/io/parts.h"
#include "tap.h"

enum { FILES = 3, MADE = 7 }; /* as many parts have a megabyte each */

static char path[FILES][32], *operand[FILES];

/* Three files of 6, 0.1 and 3 MB: lines of any length, some longer than what is read at once; the last has no end.
 * Each begins like a byte order mark, which the first line of a file loses. */
static void
make_files(void)
{
	static const int lines[FILES] = {60000, 1000, 30000};
	unsigned seed = 1;

	for (size_t f = 0; f < FILES; f++) {
		FILE *to;
		int fd;

		snprintf(path[f], sizeof path[f], "parts.XXXXXX");
		operand[f] = path[f];
		fd = mkstemp(path[f]);
		to = fd < 0 ? NULL : fdopen(fd, "w");
		if (!to)
			die_system("%s", path[f]);
		for (int i = 0; i < lines[f]; i++) {
			seed = seed * 1103515245 + 12345;
			fprintf(to, "\xEF\xBB\xBF" "g%d\t%zu.%d%*s%s", i / 7, f, i, seed >> 8 & 1023 ? (int)(seed >> 16 & 127) : 9000, "",
			        i + 1 < lines[f] || f < FILES - 1 ? "\n" : "");
		}
		if (fclose(to) != 0)
			die_system("%s", path[f]);
	}
}

static struct input
open_files(struct view *line)
{
	struct input in = INPUT_DEFAULTS;

	input_open(&in, FILES, operand, 0, NULL);
	input_line(&in, line);
	return in;
}

/* A sum and a number of lines that tell whether others were read: in any order, each once. */
struct digest {
	uint64_t sum, n;
};

static void
digest_add(struct digest *d, struct view line)
{
	d->sum += XXH3_64bits(line.at, line.n);
	d->n++;
}

static struct digest
digest_of_all(void)
{
	struct digest d = {0, 0};
	struct view line;
	struct input in = open_files(&line);

	do
		digest_add(&d, line);
	while (input_line(&in, &line));
	input_close(&in);
	return d;
}

/* What a part does: writes its digest. It never returns. */
_Noreturn static void
do_part(struct input *in)
{
	struct digest d = {0, 0};
	struct view line;

	while (input_line(in, &line))
		digest_add(&d, line);
	_exit(write(STDOUT_FILENO, &d, sizeof d) != sizeof d);
}

static struct view
group_of(void *context, struct view line)
{
	const char *tab = memchr(line.at, '\t', line.n);

	(void)context;
	return (struct view){line.at, (size_t)(tab - line.at)};
}

/* Where groups are whole, none begins in the part before: the line before is of another, or of another file. */
static bool
cuts_no_group(const struct parts *p)
{
	for (size_t i = 1; i < p->n; i++) {
		struct input in = INPUT_DEFAULTS;
		struct view line = {"", 0};
		char before[64] = "";
		uint64_t at = p->from[i].at;

		if (!at)
			continue;
		input_open(&in, 1, operand + p->from[i].operand, 0, NULL);
		while (input_line(&in, &line) && input_offset(&in) < at)
			snprintf(before, sizeof before, "%.*s", (int)group_of(NULL, line).n, line.at);
		if (input_offset(&in) != at || view_equal(group_of(NULL, line), view_of(before)))
			return false;
		close(in.fd);
		input_close(&in);
	}
	return true;
}

static void
ranges_have_each_line_once(int64_t wanted, bool groups)
{
	struct parts p = {.wanted = wanted, .group = groups ? group_of : NULL};
	struct digest all = digest_of_all(), sum = {0, 0}, one;
	struct view line;
	struct input in = open_files(&line);
	enum parts_turn turn = parts_fork(&p, &in);
	const char *what = groups ? "of whole groups" : "of lines";

	if (turn == PARTS_PART) {
		parts_read_range(&p, &in);
		do_part(&in);
	}
	tap_ok(turn == PARTS_DONE && p.n == (size_t)(wanted < MADE ? wanted : MADE) && !p.part, "%d parts %s are made",
	       (int)p.n, what);
	for (size_t i = 0; i < p.n; i++)
		if (pread(p.out[i], &one, sizeof one, 0) == sizeof one) {
			sum.sum += one.sum;
			sum.n += one.n;
		}
	tap_ok(sum.n == all.n && sum.sum == all.sum, "they have each line once");
	tap_ok(!groups || cuts_no_group(&p), "and cut no group");
	tap_ok(!p.claim, "and what was claimed takes no memory any more");
	input_close(&in);
}

/* The program reads the first range itself, and where a part fails all that is behind it, under the right numbers. */
static void
program_leads(bool fails)
{
	struct parts p = {.wanted = MADE};
	struct digest all = digest_of_all(), d = {0, 0}, one;
	struct view line;
	struct input in = open_files(&line);
	uint64_t led;
	bool done;

	if (parts_lead(&p, &in)) {
		parts_read_range(&p, &in);
		if (fails && p.i == 3)
			die_data("a word");
		do_part(&in);
	}
	do
		digest_add(&d, line);
	while (input_line(&in, &line));
	led = d.n;
	done = parts_end(&p, true);
	tap_ok(done == !fails && led > 0 && led < all.n / 2, "the program reads the first of %d parts: %d lines", (int)MADE, (int)led);
	for (size_t i = p.first; i < p.n; i++)
		if (pread(p.out[i], &one, sizeof one, 0) == sizeof one) {
			d.sum += one.sum;
			d.n += one.n;
		}
	if (!done)
		tap_ok(input_lift(&in) && input_line(&in, &line) && in.line == led + 1, "one fails: the next line is the next");
	for (bool more = !done; more; more = input_line(&in, &line))
		digest_add(&d, line);
	tap_ok(d.n == all.n && d.sum == all.sum, "each line was read once");
	tap_ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "and no process is left");
	input_close(&in);
}

/* What was done to look for cuts, wherever that is done. */
struct looks {
	_Atomic uint64_t lines, longest;
};

/* All lines are of one group. */
static struct view
look(void *context, struct view line)
{
	struct looks *l = context;

	l->lines++;
	if (line.n > l->longest)
		l->longest = line.n;
	return (struct view){"g", 1};
}

/* Looks for cuts in one long group. No part does anything. */
static const struct looks *
looks_at(int64_t max_line, enum parts_turn *turn)
{
	struct parts p = {.wanted = MADE, .group = look};
	struct view line;
	struct input in = open_files(&line);

	p.context = mmap(NULL, sizeof(struct looks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p.context == MAP_FAILED)
		die_system("memory that is shared");
	in.max_line = max_line;
	*turn = parts_fork(&p, &in);
	if (*turn == PARTS_PART)
		_exit(0);
	input_close(&in);
	return p.context;
}

static void
looks_are_few(void)
{
	uint64_t lines = digest_of_all().n;
	enum parts_turn turn;
	const struct looks *l = looks_at(PARTS_LINE, &turn);

	tap_ok(turn == PARTS_DONE && l->lines > lines / 2 && l->lines < lines, "a group that is long is looked at once: %d of %d lines",
	       (int)l->lines, (int)lines);
	l = looks_at(5000, &turn);
	tap_ok(turn == PARTS_NONE && l->lines > 0 && l->longest <= 5000, "no line is looked at that is too long");
}

static struct view
die_of(void *context, struct view line)
{
	(void)context;
	die_data("a word of %.5s", line.at);
}

/* A part that fails, or speaks, or is killed, or cannot be made: as if there had been none, and the row is still in hand. */
static void
one_fails(const char *how)
{
	struct parts p = {.wanted = 3, .group = strcmp(how, "is not found") == 0 ? die_of : NULL};
	struct digest all = digest_of_all(), d = {0, 0};
	struct view line;
	struct input in = open_files(&line);
	enum parts_turn turn;

	if (strcmp(how, "has no file") == 0)
		setenv("TMPDIR", "/nowhere", 1);
	turn = parts_fork(&p, &in);
	unsetenv("TMPDIR");
	if (turn == PARTS_PART) {
		parts_read_range(&p, &in);
		if (p.i == 1 && strcmp(how, "speaks") == 0)
			warn("a word");
		if (p.i == 1 && strcmp(how, "fails") == 0)
			die_data("a word");
		if (p.i == 1 && strcmp(how, "is killed") == 0)
			raise(SIGKILL);
		do_part(&in);
	}
	do
		digest_add(&d, line);
	while (turn == PARTS_NONE && input_line(&in, &line));
	tap_ok(turn == PARTS_NONE && p.n == 0, "a part that %s ends all", how);
	tap_ok(d.n == all.n && d.sum == all.sum, "and the program reads on");
	tap_ok(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "and no process is left");
	input_close(&in);
}

/* Parts end when the program is killed. */
static void
parts_end_with_program(void)
{
	enum { PARTS = 3, PATIENCE = 10 }; /* seconds */
	struct pollfd alive = {.events = POLLIN};
	size_t begun = 0;
	char byte = 0;
	int ends[2];
	pid_t program;

	if (pipe(ends) < 0)
		die_system("a pipe");
	program = fork();
	if (program == 0) {
		struct parts p = {.wanted = PARTS};
		struct view line;
		struct input in = open_files(&line);

		if (parts_fork(&p, &in) == PARTS_PART && write(ends[1], &byte, 1) == 1)
			sleep(2 * PATIENCE);
		_exit(0);
	}
	close(ends[1]);
	while (begun < PARTS && read(ends[0], &byte, 1) == 1)
		begun++;
	kill(program, SIGKILL);
	waitpid(program, NULL, 0);
	alive.fd = ends[0];
	tap_ok(begun == PARTS && poll(&alive, 1, 1000 * PATIENCE) == 1 && read(ends[0], &byte, 1) == 0,
	       "parts end with a program that is killed");
	close(ends[0]);
}

/* Of two parts that have lines of one group, one is told. */
static void
claims_are_one_part_s(void)
{
	enum { GROUPS = 10000 };
	struct parts a = {.i = 0}, b;
	size_t first = 0, again = 0, others = 0;

	parts_make_claims(&a, 1 << 20);
	b = a;
	b.i = 1;
	for (uint64_t g = 0; g < GROUPS; g++) {
		first += parts_claim(g % 2 ? &a : &b, XXH3_64bits(&g, sizeof g));
		again += parts_claim(g % 2 ? &a : &b, XXH3_64bits(&g, sizeof g));
	}
	for (uint64_t g = 0; g < GROUPS; g++)
		others += parts_claim(g % 2 ? &b : &a, XXH3_64bits(&g, sizeof g));
	tap_ok(first == GROUPS && again == GROUPS, "a part may claim its groups, more than once");
	tap_ok(others == 0, "what one has claimed no other may");
	for (uint64_t g = 0; g < a.claims; g++)
		first += parts_claim(&a, XXH3_64bits(&g, sizeof g));
	tap_ok(first < GROUPS + a.claims, "where there is no room, a claim fails");
	parts_free_claims(&a);
	tap_ok(!parts_make_claims(&a, UINT64_MAX / 2) && !a.claim, "where there is no memory, there are none");
}

int
main(void)
{
	make_files();
	for (int64_t wanted = 2; wanted < 12; wanted += 3)
		for (int groups = 0; groups < 2; groups++)
			ranges_have_each_line_once(wanted, groups);
	program_leads(false);
	program_leads(true);
	one_fails("speaks");
	one_fails("fails");
	one_fails("is killed");
	one_fails("is not found");
	one_fails("has no file");
	looks_are_few();
#ifdef __linux__
	parts_end_with_program();
#endif
	claims_are_one_part_s();
	for (size_t f = 0; f < FILES; f++)
		unlink(path[f]);
	return tap_done();
}
