/*
 * wide.c - e^x and its kin, optimisers' steps, the gates of a GRU, of many floats: against double, and by every instruction set with the same bits.
 */
#include <math.h>
#include <stdlib.h>

#include "../common/num/wide.h"
#include "tap.h"

enum { N = 200003 };

/* Units in the last place of a float between what was got and what is right. */
static double
ulps(float got, double right)
{
	int exponent;

	frexp(right, &exponent);
	return fabs((double)got - right) / ldexp(1, exponent - 24);
}

/* Steps of optimisers of every count up to 40, by every instruction set, as number by number. */
static void
test_steps(const struct wide_kernel *kernel)
{
	enum { MOST = 40 };
	bool adam = true, adagrad = true;

	for (size_t n = 0; n <= MOST; n++) {
		float w[MOST + 1], m[MOST + 1], v[MOST + 1], plain[MOST + 1], sum[MOST + 1], g[MOST];

		for (size_t i = 0; i <= MOST; i++) {
			w[i] = plain[i] = (float)i * 0.3f - 2, m[i] = (float)(i % 7) - 3;
			v[i] = sum[i] = (float)(i % 5) * 0.01f;
		}
		for (size_t i = 0; i < n; i++)
			g[i] = (float)((i * 31 + n) % 11) * 0.2f - 1; /* 0 too, where the sum is 0 */
		kernel->adam(n, 0.01f, w, m, v, g);
		kernel->adagrad(n, 0.01f, plain, sum, g);
		for (size_t i = 0; i <= MOST; i++) {
			float weight = (float)i * 0.3f - 2, mean = (float)(i % 7) - 3, square = (float)(i % 5) * 0.01f, other = weight;
			float squares = square;

			if (i < n) {
				mean += 0.1f * (g[i] - mean);
				square += 0.001f * (g[i] * g[i] - square);
				weight -= 0.01f * mean / (sqrtf(square) + 1e-7f);
				squares += g[i] * g[i];
				other -= squares > 0 ? 0.01f * g[i] / sqrtf(squares) : 0;
			}
			adam = adam && w[i] == weight && m[i] == mean && v[i] == square;
			adagrad = adagrad && plain[i] == other && sum[i] == squares;
		}
	}
	tap_ok(adam && adagrad, "%s: steps of Adam and AdaGrad", kernel->name);
}

/* Steps of a GRU of every width up to 40, there and back, by every instruction set, as number by number. */
static void
test_gru(const struct wide_kernel *kernel)
{
	enum { MOST = 40, KEPT = 77 }; /* what stands behind a result, and stays */
	bool there = true, back = true;

	for (size_t H = 1; H <= MOST; H++) {
		float given[3 * MOST], recurrent[3 * MOST], before[MOST], gate[3 * MOST + 1], after[MOST + 1], towards[MOST];
		float dgate[3 * MOST + 1], drecurrent[3 * MOST + 1], dstate[MOST + 1];

		for (size_t i = 0; i < 3 * H; i++) {
			given[i] = gate[i] = (float)((i * 37 + H) % 23) * 0.3f - 3;
			recurrent[i] = (float)((i * 53 + H) % 19) * 0.2f - 2;
		}
		for (size_t i = 0; i < H; i++) {
			before[i] = (float)((i * 29 + H) % 17) * 0.1f - 0.8f;
			towards[i] = dstate[i] = (float)((i * 41 + H) % 13) * 0.4f - 2.5f;
		}
		gate[3 * H] = after[H] = dgate[3 * H] = drecurrent[3 * H] = dstate[H] = KEPT;
		kernel->gru(H, gate, after, before, recurrent);
		kernel->gru_back(H, dgate, drecurrent, dstate, gate, recurrent + 2 * H, before);
		for (size_t i = 0; i < H; i++) {
			float r = given[i] + recurrent[i], z = given[H + i] + recurrent[H + i], n, inner = recurrent[2 * H + i], dn, dr, dz;

			wide_sigmoid(1, &r, &r);
			wide_sigmoid(1, &z, &z);
			n = given[2 * H + i] + r * inner;
			wide_tanh(1, &n, &n);
			there = there && gate[i] == r && gate[H + i] == z && gate[2 * H + i] == n && after[i] == n + z * (before[i] - n);
			dn = towards[i] * (1 - z) * (1 - n * n);
			dr = dn * inner * r * (1 - r);
			dz = towards[i] * (before[i] - n) * z * (1 - z);
			back = back && dgate[i] == dr && dgate[H + i] == dz && dgate[2 * H + i] == dn && drecurrent[i] == dr &&
			       drecurrent[H + i] == dz && drecurrent[2 * H + i] == dn * r && dstate[i] == towards[i] * z;
		}
		there = there && gate[3 * H] == KEPT && after[H] == KEPT;
		back = back && dgate[3 * H] == KEPT && drecurrent[3 * H] == KEPT && dstate[H] == KEPT;
	}
	tap_ok(there && back, "%s: steps of a GRU, there and back", kernel->name);
}

/* Columns of every count up to 40, by every instruction set: the greatest, and what is below it, as element by element. */
static void
test_columns(const struct wide_kernel *kernel)
{
	enum { ROWS = 13, MOST_COLUMNS = 40 };
	float z[ROWS * MOST_COLUMNS], most[MOST_COLUMNS], sum[MOST_COLUMNS], alone[MOST_COLUMNS];
	bool greatest = true, below = true, alike = true;

	for (size_t B = 1; B <= MOST_COLUMNS; B++) {
		for (size_t i = 0; i < ROWS * B; i++)
			z[i] = (float)((i * 7919 + B * 31) % 101) * 0.37f - 20;
		kernel->most(ROWS, B, most, z);
		for (size_t b = 0; b < B; b++)
			for (size_t i = 0; i < ROWS; i++)
				greatest &= z[i * B + b] <= most[b];
		kernel->sum_below(ROWS, B, z, alone, most);
		kernel->exp_below(ROWS, B, z, sum, most);
		alike &= memcmp(alone, sum, B * sizeof *sum) == 0;
		for (size_t b = 0; b < B; b++) {
			float all = 0;
			bool reached = false;

			for (size_t i = 0; i < ROWS; i++) {
				float e, x = (float)((((i * B + b) * 7919 + B * 31) % 101)) * 0.37f - 20;

				reached |= x == most[b];
				x -= most[b];
				wide_exp(1, &e, &x);
				all += e;
				below &= memcmp(&e, &z[i * B + b], sizeof e) == 0;
			}
			greatest &= reached;
			below &= memcmp(&all, &sum[b], sizeof all) == 0;
		}
	}
	tap_ok(greatest, "%s: the greatest of columns", kernel->name);
	tap_ok(below, "%s: e^x below it, and the sums", kernel->name);
	tap_ok(alike, "%s: the sums alone", kernel->name);
}

int
main(void)
{
	static float x[N], y[N], other[N];
	double worst[3] = {0};
	const float ends[] = {-87.5f, -1e30f, -INFINITY, 0, 88, 1e30f, INFINITY};
	float at[7];

	for (size_t i = 0; i < N; i++)
		x[i] = ((float)i / N - 0.5f) * 174;
	wide_exp(N, y, x);
	for (size_t i = 0; i < N; i++)
		worst[0] = fmax(worst[0], ulps(y[i], exp((double)x[i])));
	for (size_t i = 0; i < N; i++)
		x[i] = ((float)i / N - 0.5f) * 40;
	wide_sigmoid(N, y, x);
	for (size_t i = 0; i < N; i++)
		worst[1] = fmax(worst[1], ulps(y[i], 1 / (1 + exp(-(double)x[i]))));
	wide_tanh(N, y, x);
	for (size_t i = 0; i < N; i++)
		worst[2] = fmax(worst[2], fabs((double)y[i] - tanh((double)x[i])));
	if (!tap_ok(worst[0] < 2 && worst[1] < 3 && worst[2] < 2e-7, "as near as stated"))
		printf("# exp %g ulp, sigmoid %g ulp, tanh %g\n", worst[0], worst[1], worst[2]);
	wide_exp(7, at, ends);
	tap_ok(at[0] == 0 && at[1] == 0 && at[2] == 0 && at[3] == 1 && at[4] == at[5] && at[5] == at[6] && isfinite(at[6]),
	       "far out e^x is 0, or stays finite");
	wide_sigmoid(7, at, ends);
	tap_ok(at[1] >= 0 && at[1] < 1e-37f && at[3] == 0.5f && at[5] == 1, "the sigmoid is between 0 and 1");
	wide_tanh(7, at, ends);
	tap_ok(at[1] == -1 && at[3] == 0 && at[5] == 1, "tanh is between -1 and 1");
	for (size_t k = 0; k < sizeof wide_kernels / sizeof *wide_kernels; k++) {
		if (wide_kernels[k].runs()) {
			test_columns(&wide_kernels[k]);
			test_steps(&wide_kernels[k]);
			test_gru(&wide_kernels[k]);
		}
		for (enum wide_function f = WIDE_EXP; wide_kernels[k].runs() && f <= WIDE_TANH; f++) {
			bool same = true;

			wide_map(f, N, y, x);
			for (size_t from = 0, n = 1; from + n <= N; from += n, n = n % 37 + 1)
				wide_kernels[k].map(f, n, other + from, x + from);
			for (size_t i = 0; i + 40 < N; i++)
				same &= memcmp(&y[i], &other[i], sizeof *y) == 0;
			tap_ok(same, "%s, function %d: the same bits in pieces of any length", wide_kernels[k].name, (int)f);
		}
	}
	return tap_done();
}
