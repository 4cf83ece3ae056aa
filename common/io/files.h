/*
 * files.h - the files that a program reads: none is written over, and stdin is read once.
 */
#ifndef WEIR_FILES_H
#define WEIR_FILES_H

#include <fcntl.h>
#include <sys/stat.h>

#include "../cli.h"

struct files_id {
	dev_t device;
	ino_t node;
};

/* Those that have been named so far. */
static struct {
	struct files_id *id; /* owned for ever: regular files */
	size_t n, capacity;
	bool standard;       /* stdin is read */
} files;

static inline bool
files_is_standard(const char *operand)
{
	return strcmp(operand, "-") == 0;
}

/* Operands that are read now or later: to be known before a file is created. One that is not there is none. */
static inline void
files_note(size_t n, char *const *operand)
{
	struct stat s;

	for (size_t i = 0; i < n; i++) {
		if ((files_is_standard(operand[i]) ? fstat(STDIN_FILENO, &s) : stat(operand[i], &s)) != 0 || !S_ISREG(s.st_mode))
			continue;
		files.id = grow(files.id, &files.capacity, files.n + 1, sizeof *files.id);
		files.id[files.n++] = (struct files_id){s.st_dev, s.st_ino};
	}
}

/* Operands that are read now. */
static inline void
files_read(size_t n, char *const *operand)
{
	files_note(n, operand);
	for (size_t i = 0; i < n; i++) {
		if (files_is_standard(operand[i]) && files.standard)
			die_usage("stdin (-) can be read only once, and is named twice");
		files.standard |= files_is_standard(operand[i]);
	}
}

/*
 * Creates the file that an option names, or empties it; it must be none that is read, nor what stdin is. Returns its
 * descriptor.
 */
static inline int
files_create(const char *path, const char *option)
{
	static char *const standard[] = {"-"};
	struct stat s;
	int fd;

	files_note(1, standard);
	for (size_t i = stat(path, &s) == 0 ? 0 : files.n; i < files.n; i++)
		if (files.id[i].device == s.st_dev && files.id[i].node == s.st_ino)
			die_usage("--%s: this file is read, too: \"%.40s\"", option, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		die_system("%s", path);
	return fd;
}

#endif
