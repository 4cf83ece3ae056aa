/*
 * relay.h - a ring of slots that one thread fills and another empties, in order.
 *
 * The slots themselves are the caller's array of RELAY_SLOTS; the relay says which one is whose. Results do not
 * depend on who is faster: there is one order.
 */
#ifndef WEIR_RELAY_H
#define WEIR_RELAY_H

#include <pthread.h>

#include "../cli.h"

enum { RELAY_SLOTS = 4 };

struct relay {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	pthread_t filler;
	uint64_t filled, emptied; /* slots so far; slot i of all is i mod RELAY_SLOTS of the array */
	bool finished;            /* no more will be filled */
};

/* Starts the thread that fills: fill(argument) calls relay_room and relay_pass, and returns NULL at the end. */
static inline void
relay_start(struct relay *r, void *(*fill)(void *), void *argument)
{
	*r = (struct relay){.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};
	if ((errno = pthread_create(&r->filler, NULL, fill, argument)) != 0)
		die_system("a thread to read");
}

/* The filling thread: waits for an empty slot and returns its place. */
static inline size_t
relay_room(struct relay *r)
{
	pthread_mutex_lock(&r->lock);
	while (r->filled - r->emptied == RELAY_SLOTS)
		pthread_cond_wait(&r->moved, &r->lock);
	pthread_mutex_unlock(&r->lock);
	return r->filled % RELAY_SLOTS;
}

/* The filling thread: the slot of the last relay_room is full; `last` when no other follows. */
static inline void
relay_pass(struct relay *r, bool last)
{
	pthread_mutex_lock(&r->lock);
	r->filled++;
	r->finished = last;
	pthread_cond_signal(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

/* The emptying thread: waits for a full slot and tells its place. False when there is none to come. */
static inline bool
relay_take(struct relay *r, size_t *slot)
{
	bool some;

	pthread_mutex_lock(&r->lock);
	while (r->filled == r->emptied && !r->finished)
		pthread_cond_wait(&r->moved, &r->lock);
	some = r->filled != r->emptied;
	*slot = r->emptied % RELAY_SLOTS;
	pthread_mutex_unlock(&r->lock);
	return some;
}

/* The emptying thread: the slot of the last relay_take is empty again. */
static inline void
relay_return(struct relay *r)
{
	pthread_mutex_lock(&r->lock);
	r->emptied++;
	pthread_cond_signal(&r->moved);
	pthread_mutex_unlock(&r->lock);
}

/* The emptying thread: is another slot full, besides the one it has? */
static inline bool
relay_more(struct relay *r)
{
	bool more;

	pthread_mutex_lock(&r->lock);
	more = r->filled - r->emptied > 1;
	pthread_mutex_unlock(&r->lock);
	return more;
}

/* The filling thread: waits until all that is filled is emptied. */
static inline void
relay_drain(struct relay *r)
{
	pthread_mutex_lock(&r->lock);
	while (r->filled != r->emptied)
		pthread_cond_wait(&r->moved, &r->lock);
	pthread_mutex_unlock(&r->lock);
}

/* After the last slot: waits for the filling thread to end. */
static inline void
relay_finish(struct relay *r)
{
	pthread_join(r->filler, NULL);
}

#endif
