/* SPDX-License-Identifier: GPL-2.0-only */
/* Walking an iovec byte by byte: packets are short here. */
#ifndef _HUNT_LINUX_UIO_H
#define _HUNT_LINUX_UIO_H

#include_next <linux/uio.h>
#include <linux/hunt.h>

enum { ITER_SOURCE, ITER_DEST };

struct kvec {
	void *iov_base;
	size_t iov_len;
};

struct iov_iter {
	const struct iovec *iov;
	size_t nr;
	size_t offset;
	size_t count;
};

static inline void iov_iter_init(struct iov_iter *iter, int direction, const struct iovec *iov,
				 size_t nr, size_t count)
{
	(void)direction;
	iter->iov = iov;
	iter->nr = nr;
	iter->offset = 0;
	iter->count = count;
}

/* Memory of the kernel's is memory, too. */
static inline void iov_iter_kvec(struct iov_iter *iter, int direction, const struct kvec *kvec,
				 size_t nr, size_t count)
{
	iov_iter_init(iter, direction, (const struct iovec *)kvec, nr, count);
}

static inline size_t iov_iter_count(const struct iov_iter *iter)
{
	return iter->count;
}

static inline void iov_iter_truncate(struct iov_iter *iter, size_t count)
{
	iter->count = min(iter->count, count);
}

static inline void iov_iter_advance(struct iov_iter *iter, size_t n)
{
	n = min(n, iter->count);
	iter->count -= n;
	iter->offset += n;
	while (iter->nr && iter->offset >= iter->iov->iov_len) {
		iter->offset -= iter->iov->iov_len;
		iter->iov++;
		iter->nr--;
	}
}

/* Where the next bytes are, all in one piece; NULL at the end. */
static inline void *hunt_iov_piece(const struct iov_iter *iter, size_t *n)
{
	*n = min(*n, iter->count);
	if (!*n || !iter->nr)
		return NULL;
	*n = min(*n, iter->iov->iov_len - iter->offset);
	return (char *)iter->iov->iov_base + iter->offset;
}

static inline size_t copy_to_iter(const void *from, size_t n, struct iov_iter *iter)
{
	size_t done = 0, part;
	void *to;

	while (part = n - done, (to = hunt_iov_piece(iter, &part))) {
		memcpy(to, (const char *)from + done, part);
		iov_iter_advance(iter, part);
		done += part;
	}
	return done;
}

static inline size_t iov_iter_zero(size_t n, struct iov_iter *iter)
{
	size_t done = 0, part;
	void *to;

	while (part = n - done, (to = hunt_iov_piece(iter, &part))) {
		memset(to, 0, part);
		iov_iter_advance(iter, part);
		done += part;
	}
	return done;
}

static inline bool copy_from_iter_full(void *to, size_t n, struct iov_iter *iter)
{
	size_t done = 0, part;
	void *from;

	while (part = n - done, (from = hunt_iov_piece(iter, &part))) {
		memcpy((char *)to + done, from, part);
		iov_iter_advance(iter, part);
		done += part;
	}
	return done == n;
}

#endif
