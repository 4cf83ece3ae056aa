/* formula.c - formulas of any bytes: refused with a reason and a place, or bound and augmented within their limits. */
#include "../../common/io/formula.h"

static void
check(const struct formula *f)
{
	for (size_t i = 0; i < f->n_terms; i++) {
		if (!f->term[i].n || f->term[i].n > FORMULA_FACTORS)
			abort();
		for (size_t j = 0; j < f->term[i].n; j++)
			if (f->term[i].factor[j] >= f->n_factors)
				abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char a[] = "a", b[] = "b", x1[] = "x1", x2[] = "x2", price[] = "price", *names[] = {a, b, x1, x2, price};
	struct formula f = {0};
	char *text = allocate(n + 1, 1);

	memcpy(text, data, n);
	text[n] = '\0';
	if (formula_parse(&f, text)) {
		check(&f);
		if (f.n_terms < 64 && !formula_augment(&f, "b") && !f.rule)
			abort();
		f.rule = NULL;
		if (!formula_bind(&f, names, 5) && !f.rule)
			abort();
		check(&f);
	} else if (!f.rule || f.wrong_at > strlen(text)) {
		abort();
	}
	formula_free(&f);
	free(text);
	return 0;
}
