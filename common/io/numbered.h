/*
 * numbered.h - a file whose lines name things: the number of a line, from 1, is an id for ever.
 */
#ifndef WEIR_NUMBERED_H
#define WEIR_NUMBERED_H

#include "keys.h"
#include "line.h"

/* Line i of a file becomes key i - 1; a line that comes twice is an error. */
static inline void
numbered_read(struct keys *lines, struct view file)
{
	char *path = text_of(file.at, file.n);
	struct input list = INPUT_DEFAULTS;
	struct view line;

	input_open(&list, 1, &path, 0, NULL);
	while (input_line(&list, &line)) {
		bool fresh;
		uint32_t id = keys_id(lines, line, &fresh);

		if (!fresh)
			die_data("%s:%" PRIu64 ": the same as line %" PRIu32, path, list.line, id + 1);
	}
	input_close(&list);
	free(path);
}

#endif
