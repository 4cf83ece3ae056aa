/*
 * vec.c - sums of vectors against plain loops, bit for bit. Vectors are exactly as long as they need to be, so that a
 * sanitizer sees every step outside.
 */
#include <stdlib.h>
#include <string.h>

#include "../common/num/random.h"
#include "../common/num/vec.h"
#include "tap.h"

enum { MOST = 70 };

static float *
draw(size_t n, uint64_t seed)
{
	float *x = malloc((n + !n) * sizeof *x);

	if (!x)
		exit(1);
	for (size_t i = 0; i < n; i++)
		x[i] = (float)(random_uniform(seed, i) - 0.5);
	return x;
}

static float
sum_by_rule(size_t n, const float *x)
{
	float sum[16] = {0};

	for (size_t i = 0; i < n; i++)
		sum[i % 16] += x[i];
	for (size_t half = 8; half > 0; half /= 2)
		for (size_t l = 0; l < half; l++)
			sum[l] += sum[l + half];
	return sum[0];
}

int
main(void)
{
	bool add = true, axpy = true, multiply = true, sum = true;

	for (size_t n = 0; n <= MOST; n++) {
		float *x = draw(n, 1), *y = draw(n, 2), *plain = draw(n, 2);

		sum = sum && vec_sum(n, x) == sum_by_rule(n, x);
		vec_add(n, y, x);
		for (size_t i = 0; i < n; i++)
			plain[i] += x[i];
		add = add && memcmp(y, plain, n * sizeof *y) == 0;
		vec_axpy(n, y, 0.3f, x);
		for (size_t i = 0; i < n; i++)
			plain[i] += 0.3f * x[i];
		axpy = axpy && memcmp(y, plain, n * sizeof *y) == 0;
		vec_multiply(n, y, x);
		for (size_t i = 0; i < n; i++)
			plain[i] *= x[i];
		multiply = multiply && memcmp(y, plain, n * sizeof *y) == 0;
		free(x);
		free(y);
		free(plain);
	}
	tap_ok(add, "y += x, of 0 to %d", MOST);
	tap_ok(axpy, "y += a x, of 0 to %d", MOST);
	tap_ok(multiply, "y *= x, of 0 to %d", MOST);
	tap_ok(sum, "sums of 0 to %d", MOST);
	return tap_done();
}
