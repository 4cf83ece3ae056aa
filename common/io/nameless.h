/*
 * nameless.h - a temporary file without a name, in TMPDIR or /tmp: it goes with the process.
 */
#ifndef WEIR_NAMELESS_H
#define WEIR_NAMELESS_H

#include "../cli.h"

static inline int
nameless_file(void)
{
	const char *folder = getenv("TMPDIR"), name[] = "/weir.XXXXXX";
	char *path;
	size_t n;
	int fd;

	if (!folder || !*folder)
		folder = "/tmp";
	n = strlen(folder);
	path = allocate(n + sizeof name, 1);
	memcpy(path, folder, n);
	memcpy(path + n, name, sizeof name);
	if ((fd = mkstemp(path)) < 0 || unlink(path) < 0)
		die_system("a temporary file in %s", folder);
	free(path);
	return fd;
}

#endif
