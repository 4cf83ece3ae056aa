/*
 * replace.h - a file written whole or not at all.
 *
 * The bytes go to a temporary file beside the target; once they are on the disk it takes the target's name, and
 * the folder is synced. Whoever opens the target, at any moment and after any crash, sees all of the old file or
 * all of the new one. A process killed in between leaves the temporary file, TARGET.XXXXXX, and nothing else.
 */
#ifndef WEIR_REPLACE_H
#define WEIR_REPLACE_H

#include <fcntl.h>
#include <sys/stat.h>

#include "../cli.h"

struct replacement {
	int fd;
	char *path;      /* owned: the target, links followed */
	char *temporary; /* owned */
};

/* Removes the temporary file and dies with errno's reason. */
_Noreturn static inline void
replacement_fail(const struct replacement *r)
{
	int error = errno;

	unlink(r->temporary);
	errno = error;
	die_system("%s", r->path);
}

/* Length of the folder's part of a path, its last slash included; 0 when there is none. */
static inline size_t
replacement_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (size_t)(slash + 1 - path) : 0;
}

/* Where a link leads, or the path itself: a link is kept, and the file it names is replaced. Owned by the caller. */
static inline char *
replacement_follow(const char *path)
{
	enum { LINKS = 40, LONGEST = 4096 };
	char *at = text_copy(path), *next;

	for (int i = 0; i < LINKS; i++) {
		char link[LONGEST];
		ssize_t n = readlink(at, link, sizeof link);
		size_t folder = n > 0 && *link != '/' ? replacement_folder(at) : 0;

		if (n < 0)
			return at;
		if (n == LONGEST)
			break;
		next = allocate(folder + (size_t)n + 1, 1);
		memcpy(next, at, folder);
		memcpy(next + folder, link, (size_t)n);
		next[folder + (size_t)n] = '\0';
		free(at);
		at = next;
	}
	errno = ELOOP;
	die_system("%s", path);
}

/*
 * Starts to replace a file, or to make it. What is there and is no regular file (a folder, /dev/null) is an error.
 */
static inline void
replacement_open(struct replacement *r, const char *path)
{
	static const char suffix[] = ".XXXXXX";
	struct stat status;
	mode_t mask;
	size_t n;

	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		errno = 0;
		die_system("%s: not a regular file, and not replaced by one", path);
	}
	r->path = replacement_follow(path);
	n = strlen(r->path);
	r->temporary = allocate(n + sizeof suffix, 1);
	memcpy(r->temporary, r->path, n);
	memcpy(r->temporary + n, suffix, sizeof suffix);
	if ((r->fd = mkstemp(r->temporary)) < 0)
		die_system("%s", path);
	mask = umask(0);
	umask(mask);
	if (fchmod(r->fd, 0666 & ~mask) < 0)
		replacement_fail(r);
}

/* Dies now where the file at path could not be replaced after the work is done. */
static inline void
replacement_try(const char *path)
{
	struct replacement r;

	replacement_open(&r, path);
	if (close(r.fd) < 0 || unlink(r.temporary) < 0)
		replacement_fail(&r);
	free(r.path);
	free(r.temporary);
}

static inline void
replacement_write(struct replacement *r, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		ssize_t done = write(r->fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			replacement_fail(r);
		p += done;
		n -= (size_t)done;
	}
}

/* All is written: the new file takes the place of the old one. */
static inline void
replacement_commit(struct replacement *r)
{
	size_t folder = replacement_folder(r->path);
	int fd;

	if (fsync(r->fd) < 0 || close(r->fd) < 0 || rename(r->temporary, r->path) < 0)
		replacement_fail(r);
	memcpy(r->temporary, folder ? r->path : "./", folder ? folder : 2);
	r->temporary[folder ? folder : 2] = '\0';
	fd = open(r->temporary, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (fsync(fd) < 0 && errno != EINVAL)) /* EINVAL: this file system cannot sync folders */
		die_system("%s", r->temporary);
	close(fd);
	free(r->path);
	free(r->temporary);
}

#endif
