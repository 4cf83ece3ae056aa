/*
 * random.h - random numbers as a function of (seed, key).
 *
 * There is no state: what a key draws does not depend on order, threads or shards. Keys are counters or hashes;
 * both are mixed well, so 0, 1, 2... are as good as any.
 */
#ifndef WEIR_RANDOM_H
#define WEIR_RANDOM_H

#include "math.h"
#include "normal.h"

/* The finaliser of SplitMix64 (Steele, Lea and Flood 2014; constants: Stafford's Mix13): a bijection. */
static inline uint64_t
random_mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 64 random bits. */
static inline uint64_t
random_bits(uint64_t seed, uint64_t key)
{
	return random_mix(random_mix(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ random_mix(key + UINT64_C(0xd1b54a32d192ed03)));
}

/* Uniform on (0, 1), both ends left out. */
static inline double
random_uniform(uint64_t seed, uint64_t key)
{
	return ((double)(random_bits(seed, key) >> 12) + 0.5) * 0x1p-52;
}

/* A draw of N(0, 1). */
static inline double
random_normal(uint64_t seed, uint64_t key)
{
	return normal_quantile(random_uniform(seed, key));
}

/*
 * The place of 0..n-1 on which u in (0, 1) falls, n above 0: upto[i] is the weight of places 0 to i, and place i has a
 * share of upto[n - 1] as its weight says.
 */
static inline size_t
random_weighted(size_t n, const double *upto, double u)
{
	size_t low = 0, high = n - 1;

	u *= upto[high];
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (upto[middle] > u)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/*
 * Where place i of 0..n-1 goes in a random order: a permutation without a table. A Feistel network permutes the
 * smallest power of four that holds n; places that fall outside go round again (cycle walking: Black and Rogaway
 * 2002). Of eight rounds no bias is seen, even for a handful of places; of four it is.
 */
static inline uint64_t
random_place(uint64_t seed, uint64_t i, uint64_t n)
{
	unsigned half = 1;
	uint64_t mask;

	while (half < 32 && (uint64_t)1 << 2 * half < n)
		half++;
	mask = ((uint64_t)1 << half) - 1;
	do {
		uint64_t left = i >> half, right = i & mask;

		for (uint64_t round = 0; round < 8; round++) {
			uint64_t next = left ^ (random_bits(seed + round, right) & mask);

			left = right;
			right = next;
		}
		i = left << half | right;
	} while (i >= n);
	return i;
}

#endif
