/*
 * int128.h - whole numbers of 128 bits: gcc and clang have them on every 64-bit machine, C11 has no name for them.
 */
#ifndef WEIR_INT128_H
#define WEIR_INT128_H

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

#endif
