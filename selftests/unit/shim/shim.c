// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "shim.h"

static void die(const char *why)
{
	fprintf(stderr, "shim: %s\n", why);
	abort();
}

/* --- random numbers --- */

static struct {
	u8 bytes[32];
	size_t len;
} waiting[4];
static unsigned int waiting_count;

void shim_random_next(const void *bytes, size_t len)
{
	if (waiting_count == ARRAY_SIZE(waiting) || len > sizeof(waiting[0].bytes))
		die("too many random bytes are waiting");
	memcpy(waiting[waiting_count].bytes, bytes, len);
	waiting[waiting_count++].len = len;
}

unsigned int shim_random_waiting(void)
{
	return waiting_count;
}

void get_random_bytes(void *buffer, size_t len)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static u8 seed[randombytes_SEEDBYTES];
	u8 mine[sizeof(seed)];

	if (waiting_count) {
		if (waiting[0].len != len)
			die("random bytes of another length are waiting");
		memcpy(buffer, waiting[0].bytes, len);
		memmove(&waiting[0], &waiting[1], --waiting_count * sizeof(waiting[0]));
		return;
	}
	pthread_mutex_lock(&lock);
	sodium_increment(seed, sizeof(seed));
	memcpy(mine, seed, sizeof(mine));
	pthread_mutex_unlock(&lock);
	randombytes_buf_deterministic(buffer, len, mine);
}

u64 siphash_1u64(u64 first, const siphash_key_t *key)
{
	u64 hash;

	first = htole64(first);
	crypto_shorthash((u8 *)&hash, (const u8 *)&first, sizeof(first), (const u8 *)key);
	return le64toh(hash);
}

/* --- memory --- */

static int countdown = -1;
static size_t objects, bytes;

void shim_fail_allocation(int after)
{
	countdown = after;
}

size_t shim_objects(void)
{
	return __atomic_load_n(&objects, __ATOMIC_RELAXED);
}

size_t shim_bytes(void)
{
	return __atomic_load_n(&bytes, __ATOMIC_RELAXED);
}

static void count(long number, long size)
{
	__atomic_add_fetch(&objects, number, __ATOMIC_RELAXED);
	__atomic_add_fetch(&bytes, number * size, __ATOMIC_RELAXED);
}

static void *allocate(size_t size)
{
	if (countdown >= 0 && countdown-- == 0)
		return NULL;
	return calloc(1, size);
}

struct kmem_cache {
	size_t size, packed, used;
};

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size, unsigned int align,
				     unsigned int flags, void (*constructor)(void *))
{
	struct kmem_cache *cache = allocate(sizeof(*cache));

	(void)name, (void)flags;
	if (constructor)
		die("no constructors here");
	if (!cache)
		return NULL;
	if (align < sizeof(void *))
		align = sizeof(void *);
	cache->size = size;
	cache->packed = DIV_ROUND_UP(size, align) * align;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (cache && cache->used)
		die("a cache is destroyed with objects in it");
	free(cache);
}

void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t flags)
{
	void *object = allocate(cache->size);

	(void)flags;
	if (object) {
		__atomic_add_fetch(&cache->used, 1, __ATOMIC_RELAXED);
		count(1, cache->packed);
	}
	return object;
}

void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	__atomic_sub_fetch(&cache->used, 1, __ATOMIC_RELAXED);
	count(-1, cache->packed);
	free(object);
}

void kmem_cache_free_bulk(struct kmem_cache *cache, size_t number, void **objects)
{
	for (size_t i = 0; i < number; i++)
		kmem_cache_free(cache, objects[i]);
}

void *kvcalloc(size_t number, size_t size, gfp_t flags)
{
	void *object = allocate(number * size);

	(void)flags;
	if (object)
		count(1, 0);
	return object;
}

void kvfree(const void *object)
{
	if (object)
		count(-1, 0);
	free((void *)object);
}

/* --- RCU --- */

/* Readers who never pause must not keep a grace period from ending. */
static pthread_rwlock_t readers = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static pthread_mutex_t callbacks_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rcu_head *callbacks;

void rcu_read_lock(void)
{
	pthread_rwlock_rdlock(&readers);
}

void rcu_read_unlock(void)
{
	pthread_rwlock_unlock(&readers);
}

void call_rcu(struct rcu_head *head, void (*function)(struct rcu_head *head))
{
	head->function = function;
	pthread_mutex_lock(&callbacks_lock);
	head->next = callbacks;
	callbacks = head;
	pthread_mutex_unlock(&callbacks_lock);
}

void synchronize_rcu(void)
{
	pthread_rwlock_wrlock(&readers);
	pthread_rwlock_unlock(&readers);
}

void rcu_barrier(void)
{
	struct rcu_head *head, *next;

	pthread_mutex_lock(&callbacks_lock);
	head = callbacks;
	callbacks = NULL;
	pthread_mutex_unlock(&callbacks_lock);

	synchronize_rcu();
	for (; head; head = next) {
		next = head->next;
		head->function(head);
	}
}

/* --- work, which one thread queues and does --- */

struct workqueue_struct {
	struct work_struct *first;
	struct workqueue_struct *next;
};

static struct workqueue_struct *workqueues;

struct workqueue_struct *alloc_workqueue(const char *format, unsigned int flags, int most, ...)
{
	struct workqueue_struct *queue = allocate(sizeof(*queue));

	(void)format, (void)flags, (void)most;
	if (!queue)
		return NULL;
	queue->next = workqueues;
	workqueues = queue;
	return queue;
}

bool queue_work(struct workqueue_struct *queue, struct work_struct *work)
{
	if (work->queued)
		return false;
	work->queued = true;
	work->next = queue->first;
	queue->first = work;
	return true;
}

static void do_work(struct workqueue_struct *queue)
{
	struct work_struct *work;

	while ((work = queue->first)) {
		queue->first = work->next;
		work->queued = false;
		work->function(work);
	}
}

void shim_work(void)
{
	for (struct workqueue_struct *queue = workqueues; queue; queue = queue->next)
		do_work(queue);
}

void destroy_workqueue(struct workqueue_struct *queue)
{
	struct workqueue_struct **place = &workqueues;

	do_work(queue);
	while (*place != queue)
		place = &(*place)->next;
	*place = queue->next;
	free(queue);
}
