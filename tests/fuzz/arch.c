/* arch.c - architectures of any bytes: refused with a reason, or the same again when printed and parsed. */
#include "../../common/net/arch.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arch first, again;
	struct arch_fault fault = {0};
	char *text = malloc(n + 1), printed[ARCH_TEXT], reprinted[ARCH_TEXT];

	memcpy(text, data, n);
	text[n] = '\0';
	if (arch_parse(&first, text, &fault)) {
		arch_print(&first, printed);
		if (!arch_parse(&again, printed, &fault) || again.n != first.n)
			abort();
		arch_print(&again, reprinted);
		if (strcmp(printed, reprinted) != 0)
			abort();
	} else if (!fault.rule || fault.word.at < text || fault.word.at + fault.word.n > text + strlen(text)) {
		abort();
	}
	free(text);
	return 0;
}
