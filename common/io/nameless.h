/*
 * nameless.h - a temporary file without a name, in TMPDIR or /tmp: it goes with the process.
 */
#ifndef WEIR_NAMELESS_H
#define WEIR_NAMELESS_H

#include "../cli.h"

static inline const char *
nameless_folder(void)
{
	const char *folder = getenv("TMPDIR");

	return folder && *folder ? folder : "/tmp";
}

/* Its descriptor; -1 where there can be none. */
static inline int
nameless_try(void)
{
	const char *folder = nameless_folder(), name[] = "/weir.XXXXXX";
	size_t n = strlen(folder);
	char *path = allocate(n + sizeof name, 1);
	int fd;

	memcpy(path, folder, n);
	memcpy(path + n, name, sizeof name);
	fd = mkstemp(path);
	if (fd >= 0 && unlink(path) < 0) {
		close(fd);
		fd = -1;
	}
	free(path);
	return fd;
}

/* The same; there must be one. */
static inline int
nameless_file(void)
{
	int fd = nameless_try();

	if (fd < 0)
		die_system("a temporary file in %s", nameless_folder());
	return fd;
}

#endif
