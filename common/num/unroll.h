/*
 * unroll.h - kernels of several vectors at once.
 *
 * UNROLL: the loop that follows, of a constant number of steps, is unrolled whole, so that arrays of vectors become registers.
 * UNROLL_FOUR: the loop that follows takes four steps at a time, for fewer instructions that are none of its arithmetic. Dot
 * products and convolutions on their way back are slower by it.
 * UNROLL_INLINE: a function is compiled anew for each of the constants that it is called with. The address sanitizer looks at
 * every access and would take a minute to compile all of that: it has one copy, with loops.
 */
#ifndef WEIR_UNROLL_H
#define WEIR_UNROLL_H

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define UNROLL_NOTHING
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(UNROLL_NOTHING)
#define UNROLL_INLINE __attribute__((noinline))
#define UNROLL
#define UNROLL_FOUR
#elif defined(__clang__)
#define UNROLL_INLINE __attribute__((always_inline)) inline
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL_FOUR _Pragma("clang loop unroll_count(4)")
#else
#define UNROLL_INLINE __attribute__((always_inline)) inline
#define UNROLL _Pragma("GCC unroll 16")
#define UNROLL_FOUR _Pragma("GCC unroll 4")
#endif

#endif
