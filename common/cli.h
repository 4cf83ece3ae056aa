/*
 * cli.h - options, usage, errors by class, allocation that checks.
 *
 * A program describes its options in one table. Parsing, the usage line, --help and shell completion are
 * made from it, and the man page is checked against it. Values land where the table points; what a variable
 * holds before parsing is the default that --help prints, unless it is NULL, NaN or below the option's bounds.
 *
 * Statuses: 0 every byte was read, understood and written; 1 a check that was asked for failed; 2 the
 * command line is wrong; 3 a record or a group is wrong; 4 the system or a model file failed. The function
 * names the class: no call site spells a number.
 */
#ifndef WEIR_CLI_H
#define WEIR_CLI_H

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WEIR_VERSION "0.1.0"

enum cli_kind {
	CLI_FLAG,   /* bool: true when given */
	CLI_INT,    /* int64_t within [least, most] */
	CLI_REAL,   /* double within [least, most] */
	CLI_TEXT,   /* const char * */
	CLI_TEXTS   /* struct cli_texts: repeatable, in the order given */
};

struct cli_texts {
	const char **text; /* owned */
	size_t n;
};

struct cli_option {
	char letter;          /* '\0': the long name only */
	const char *name;     /* long name */
	const char *argument; /* what the usage calls its argument; NULL for a flag */
	const char *help;     /* one line */
	enum cli_kind kind;
	void *value;          /* where it goes, of the type its kind names */
	double least, most;   /* bounds of a number, inclusive */
};

struct cli {
	const char *name;     /* of the program */
	const char *purpose;  /* one line, as in the man page's NAME */
	const char *operands; /* as in the SYNOPSIS: "[file ...]" or "" */
	const struct cli_option *options;
	size_t n_options;
};

enum { STATUS_CHECK = 1, STATUS_USAGE = 2, STATUS_DATA = 3, STATUS_SYSTEM = 4 };

static const char *cli_program = "weir";

#define CLI_PRINTF(f, a) __attribute__((format(printf, f, a)))

static inline void
cli_say(const char *format, va_list arguments)
{
	fprintf(stderr, "%s: ", cli_program);
	vfprintf(stderr, format, arguments);
}

/* A line on stderr: worth knowing, and no error. */
CLI_PRINTF(1, 2)
static inline void
warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	cli_say(format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/*
 * A program that dies leaves what it has to the system and ends at once, by _exit: stdout is a writer's, stderr has no
 * buffer, and nothing is asked of threads at work.
 */

/* The command line is wrong; nothing was read. */
CLI_PRINTF(1, 2)
_Noreturn static inline void
die_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	cli_say(format, arguments);
	va_end(arguments);
	fprintf(stderr, "\n%s: try '%s --help'\n", cli_program, cli_program);
	_exit(STATUS_USAGE);
}

/* A record or a group is wrong. */
CLI_PRINTF(1, 2)
_Noreturn static inline void
die_data(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	cli_say(format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	_exit(STATUS_DATA);
}

/* Open, read, write or memory failed, or a model file cannot be used; errno, where it is set, says why. */
CLI_PRINTF(1, 2)
_Noreturn static inline void
die_system(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	cli_say(format, arguments);
	va_end(arguments);
	if (error)
		fprintf(stderr, ": %s", strerror(error));
	fputc('\n', stderr);
	_exit(STATUS_SYSTEM);
}

/* n objects of the given size, uninitialised; the product is checked. Never NULL; free() releases it. */
static inline void *
allocate(size_t n, size_t size)
{
	void *p = size && n > SIZE_MAX / size ? NULL : malloc(n && size ? n * size : 1);

	if (!p) {
		errno = ENOMEM;
		die_system("%zu objects of %zu bytes", n, size);
	}
	return p;
}

/* As allocate, all bytes 0. */
static inline void *
allocate_zero(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p) {
		errno = ENOMEM;
		die_system("%zu objects of %zu bytes", n, size);
	}
	return p;
}

/* As allocate, from a boundary of 64 bytes on: a line of the cache, the widest vector. */
static inline void *
allocate_aligned(size_t n, size_t size)
{
	const size_t line = 64;
	void *p = size && n > (SIZE_MAX - line) / size ? NULL : aligned_alloc(line, n * size / line * line + line);

	if (!p) {
		errno = ENOMEM;
		die_system("%zu objects of %zu bytes", n, size);
	}
	return p;
}

/*
 * So many bytes, from a boundary of 64 on, that are read here and there. A large block asks for huge pages, where there
 * are some: else most of the time of a short look is a search for the page.
 */
static inline void *
allocate_huge(size_t bytes)
{
	const size_t huge = (size_t)2 << 20, least = bytes < huge ? 64 : huge;
	const size_t space = bytes ? (bytes + least - 1) / least * least : least;
	void *p = bytes > SIZE_MAX - huge ? NULL : aligned_alloc(least, space);

	if (!p) {
		errno = ENOMEM;
		die_system("%zu bytes", bytes);
	}
#ifdef MADV_HUGEPAGE
	if (least == huge)
		madvise(p, space, MADV_HUGEPAGE); /* a wish: without it all is the same, but slower */
#endif
	return p;
}

/* What grow does where there is no room yet. */
static inline void *
grow_array(void *array, size_t *capacity, size_t want, size_t size)
{
	size_t n = *capacity ? *capacity : 16;

	while (n < want)
		n = n > SIZE_MAX / 2 ? want : n * 2;
	array = n > SIZE_MAX / size ? NULL : realloc(array, n * size);
	if (!array) {
		errno = ENOMEM;
		die_system("%zu objects of %zu bytes", n, size);
	}
	*capacity = n;
	return array;
}

/*
 * Makes room for at least `want` objects in an array that grows by doubling.
 * *capacity is in objects. Returns the array, moved or not; never NULL, whatever `want` is.
 */
static inline void *
grow(void *array, size_t *capacity, size_t want, size_t size)
{
	return array && want <= *capacity ? array : grow_array(array, capacity, want, size);
}

/* n bytes as a NUL-terminated string; free() releases it. */
static inline char *
text_of(const char *bytes, size_t n)
{
	char *text = allocate(n + 1, 1);

	memcpy(text, bytes, n);
	text[n] = '\0';
	return text;
}

/* A copy of a NUL-terminated string; free() releases it. */
static inline char *
text_copy(const char *text)
{
	return text_of(text, strlen(text));
}

static inline void
cli_usage(const struct cli *cli, FILE *to)
{
	fprintf(to, "usage: %s [-", cli->name);
	for (size_t i = 0; i < cli->n_options; i++)
		if (cli->options[i].letter && !cli->options[i].argument)
			fputc(cli->options[i].letter, to);
	fputs("hV]", to);
	for (size_t i = 0; i < cli->n_options; i++)
		if (cli->options[i].letter && cli->options[i].argument)
			fprintf(to, " [-%c %s]", cli->options[i].letter, cli->options[i].argument);
	fprintf(to, "%s%s\n", *cli->operands ? " " : "", cli->operands);
}

static inline void
cli_default(const struct cli_option *o, FILE *to)
{
	if (o->kind == CLI_INT && (double)*(const int64_t *)o->value >= o->least)
		fprintf(to, " (%lld)", (long long)*(const int64_t *)o->value);
	else if (o->kind == CLI_REAL && !isnan(*(const double *)o->value))
		fprintf(to, " (%g)", *(const double *)o->value);
	else if (o->kind == CLI_TEXT && *(const char *const *)o->value)
		fprintf(to, " (%s)", *(const char *const *)o->value);
}

static inline void
cli_help(const struct cli *cli)
{
	printf("%s - %s\n\n", cli->name, cli->purpose);
	cli_usage(cli, stdout);
	putchar('\n');
	for (size_t i = 0; i < cli->n_options; i++) {
		const struct cli_option *o = &cli->options[i];
		int width = 0;

		if (o->letter)
			width += printf("  -%c, --%s", o->letter, o->name);
		else
			width += printf("      --%s", o->name);
		if (o->argument)
			width += printf(" %s", o->argument);
		printf("%*s%s", width < 28 ? 28 - width : 2, "", o->help);
		cli_default(o, stdout);
		putchar('\n');
	}
	puts("  -h, --help                print this and exit\n"
	     "  -V, --version             print the version and exit");
}

/* One line that bash evaluates: complete the long names and the files. */
static inline void
cli_completion(const struct cli *cli)
{
	printf("complete -o default -W '");
	for (size_t i = 0; i < cli->n_options; i++)
		printf("--%s ", cli->options[i].name);
	printf("--help --version' %s\n", cli->name);
}

/* A whole number, in decimal and with nothing around it. False when text is none. */
static inline bool
cli_whole(const char *text, int64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	return end != text && !errno && strspn(text, "+-0123456789") == strlen(text) && !*end;
}

/* A number, likewise: no hexadecimal, infinity or NaN. */
static inline bool
cli_real(const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && isfinite(*value) && strspn(text, "+-.0123456789Ee") == strlen(text) && !*end;
}

static inline void
cli_set(const struct cli_option *o, const char *argument)
{
	double real;
	struct cli_texts *texts;

	switch (o->kind) {
	case CLI_FLAG:
		*(bool *)o->value = true;
		return;
	case CLI_TEXT:
		*(const char **)o->value = argument;
		return;
	case CLI_TEXTS:
		texts = o->value;
		texts->text = realloc(texts->text, (texts->n + 1) * sizeof *texts->text);
		if (!texts->text)
			die_system("--%s", o->name);
		texts->text[texts->n++] = argument;
		return;
	case CLI_INT:
		if (!cli_whole(argument, o->value))
			die_usage("--%s: not a whole number: \"%.40s\"", o->name, argument);
		real = (double)*(int64_t *)o->value;
		break;
	case CLI_REAL:
	default:
		if (!cli_real(argument, o->value))
			die_usage("--%s: not a number: \"%.40s\"", o->name, argument);
		real = *(double *)o->value;
	}
	if (real < o->least || real > o->most)
		die_usage("--%s: not within %.15g and %.15g: \"%.40s\"", o->name, o->least, o->most, argument);
}

/* Closes stdout; anything that could not be written is an error. For --help; filters write through a writer. */
static inline void
cli_close_stdout(void)
{
	if (ferror(stdout) || fclose(stdout))
		die_system("stdout");
}

/*
 * Where stdin, stdout or stderr is closed, a descriptor on which every read or write fails takes its number:
 * else a file opened later would get it, and the bytes with it.
 */
static inline void
cli_hold_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			die_system("/dev/null");
}

/* Of an argument that getopt does not take for a long option: why not. */
_Noreturn static inline void
cli_die_long(const struct option *longs, const char *argument)
{
	int n = (int)strcspn(argument, "=");
	size_t begin_so = 0;

	for (; longs->name; longs++) {
		if (strncmp(longs->name, argument + 2, (size_t)n - 2) != 0)
			continue;
		if (longs->name[n - 2] == '\0')
			die_usage("%.*s: takes no argument", n, argument);
		begin_so++;
	}
	die_usage("%.*s: %s", n, argument, begin_so == 0 ? "no such option" : begin_so == 1 ? "takes no argument"
	                                                                  : "more than one option begins so");
}

/*
 * Reads the options into the variables of the table; argv[the result] is the first operand.
 * --help, --version and --completion print and exit 0; a wrong option exits 2.
 */
static inline int
cli_parse(const struct cli *cli, int argc, char **argv)
{
	enum { MAX_OPTIONS = 64, LONG_ONLY = 256, COMPLETION = LONG_ONLY + MAX_OPTIONS };
	struct option longs[MAX_OPTIONS + 4] = {{0}};
	char shorts[3 * MAX_OPTIONS] = ":hV";
	size_t n = cli->n_options, at = strlen(shorts);
	int c;

	cli_program = cli->name;
	cli_hold_descriptors();
	if (n > MAX_OPTIONS)
		abort();
	for (size_t i = 0; i < n; i++) {
		const struct cli_option *o = &cli->options[i];

		longs[i] = (struct option){o->name, o->argument ? required_argument : no_argument, NULL,
		                           LONG_ONLY + (int)i};
		if (o->letter) {
			shorts[at++] = o->letter;
			if (o->argument)
				shorts[at++] = ':';
		}
	}
	longs[n] = (struct option){"help", no_argument, NULL, 'h'};
	longs[n + 1] = (struct option){"version", no_argument, NULL, 'V'};
	longs[n + 2] = (struct option){"completion", no_argument, NULL, COMPLETION};
	opterr = 0;
	unsetenv("POSIXLY_CORRECT"); /* it would end the options at the first operand */
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		size_t i = 0;

		if (c == 'h' || c == 'V' || c == COMPLETION) {
			if (c == 'h')
				cli_help(cli);
			else if (c == 'V')
				printf("%s (weir) %s\n", cli->name, WEIR_VERSION);
			else
				cli_completion(cli);
			cli_close_stdout();
			exit(0);
		}
		if (c == ':')
			die_usage("%s: an argument is missing", argv[optind - 1]);
		if (c == '?' && optopt && optopt < LONG_ONLY && optopt != 'h' && optopt != 'V')
			die_usage("-%c: no such option", optopt);
		if (c == '?')
			cli_die_long(longs, argv[optind - 1]);
		if (c >= LONG_ONLY)
			i = (size_t)c - LONG_ONLY;
		else
			while (cli->options[i].letter != c)
				i++;
		cli_set(&cli->options[i], optarg);
	}
	return optind;
}

#endif
