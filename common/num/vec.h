/*
 * vec.h - vectors of floats.
 */
#ifndef WEIR_VEC_H
#define WEIR_VEC_H

#include <stddef.h>

/* y[n] += x[n] */
static inline void
vec_add(size_t n, float *y, const float *x)
{
	for (size_t i = 0; i < n; i++)
		y[i] += x[i];
}

#endif
