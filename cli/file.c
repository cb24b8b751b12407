/* SPDX-License-Identifier: MIT */
/*
 * Files as memory. Sources are private read-only mappings: the kernel reports
 * changes of those, while it refuses to watch shared ones of a file that was
 * opened for reading only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/run.h"

static int explain_errno(char *why, size_t why_size, int err)
{
	(void)snprintf(why, why_size, "%s", strerror(err));
	return -1;
}

static int check_regular(struct mapped_file *f, struct stat *ret_st, char *why,
			 size_t why_size)
{
	if (fstat(f->fd, ret_st))
		return explain_errno(why, why_size, errno);
	if (S_ISDIR(ret_st->st_mode))
		return explain_errno(why, why_size, EISDIR);
	if (S_ISREG(ret_st->st_mode))
		return 0;
	(void)snprintf(why, why_size, "Not a regular file");
	return -1;
}

static int map_whole(struct mapped_file *f, int prot, int flags, char *why,
		     size_t why_size)
{
	void *data;

	if (!f->size)
		return 0;
	if (f->size > SIZE_MAX)
		return explain_errno(why, why_size, EFBIG);
	data = mmap(NULL, (size_t)f->size, prot, flags, f->fd, 0);
	if (data == MAP_FAILED)
		return explain_errno(why, why_size, errno);
	f->data = data;
	return 0;
}

/*
 * Files of /proc and the like have content but no size, and nothing to map. A
 * sum over none of it would be a lie.
 */
static int check_empty(struct mapped_file *f, struct stat *st, char *why,
		       size_t why_size)
{
	char byte;
	ssize_t got = pread(f->fd, &byte, 1, 0);

	if (got < 0)
		return explain_errno(why, why_size, errno);
	if (got == 0)
		return 0;
	/* Or it has just been written to. */
	if (fstat(f->fd, st))
		return explain_errno(why, why_size, errno);
	if (st->st_size > 0)
		return 0;
	(void)snprintf(why, why_size,
		       "Has content but no size, "
		       "so it cannot be mapped");
	return -1;
}

int file_map_source(struct mapped_file *f, const char *path, char *why,
		    size_t why_size)
{
	struct stat st;

	memset(f, 0, sizeof(*f));
	f->path = path;
	/* Opening a FIFO must not wait for a writer. */
	f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (f->fd < 0)
		return explain_errno(why, why_size, errno);
	if (check_regular(f, &st, why, why_size))
		goto close;
	if (st.st_size == 0 && check_empty(f, &st, why, why_size))
		goto close;
	f->size = (uint64_t)st.st_size;
	if (map_whole(f, PROT_READ, MAP_PRIVATE, why, why_size))
		goto close;
	return 0;

close:
	file_unmap(f);
	return -1;
}

static bool same_file(const struct mapped_file *a, const struct stat *b)
{
	struct stat st;

	return !fstat(a->fd, &st) && st.st_dev == b->st_dev &&
	       st.st_ino == b->st_ino;
}

/* Only if the name still leads to what we made. */
static void remove_created(const struct mapped_file *f)
{
	struct stat st;

	if (f->created && !lstat(f->path, &st) && same_file(f, &st))
		unlink(f->path);
}

static int open_target(struct mapped_file *f, const struct mapped_file *source)
{
	const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
	mode_t mode = 0666;
	struct stat st;

	if (source && !fstat(source->fd, &st))
		mode = st.st_mode & 0777;
	f->fd = open(f->path, flags | O_EXCL, mode);
	f->created = f->fd >= 0;
	if (f->fd < 0 && errno == EEXIST)
		f->fd = open(f->path, flags, mode);
	return f->fd < 0 ? -errno : 0;
}

/*
 * The blocks are allocated before the device writes: a full disk is an error
 * here and not a page fault later, and costs nothing of a file that was there.
 */
static int allocate(struct mapped_file *f, off_t old_size)
{
	int err = 0;

	if (f->size > INT64_MAX)
		return -EFBIG;
	do {
		if (f->size)
			err = posix_fallocate(f->fd, 0, (off_t)f->size);
	} while (err == EINTR);
	if (err) {
		/* The error to tell is the first one. */
		(void)!ftruncate(f->fd, old_size);
		return -err;
	}
	return ftruncate(f->fd, (off_t)f->size) ? -errno : 0;
}

int file_map_target(struct mapped_file *f, const char *path, uint64_t size,
		    const struct mapped_file *source, char *why,
		    size_t why_size)
{
	struct stat st;
	int err;

	memset(f, 0, sizeof(*f));
	f->path = path;
	f->size = size;
	err = open_target(f, source);
	if (err)
		return explain_errno(why, why_size, -err);
	if (check_regular(f, &st, why, why_size))
		goto discard;
	if (source && same_file(source, &st)) {
		(void)snprintf(why, why_size,
			       "Source and target are the "
			       "same file");
		goto discard;
	}
	err = allocate(f, st.st_size);
	if (err) {
		explain_errno(why, why_size, -err);
		goto discard;
	}
	if (map_whole(f, PROT_READ | PROT_WRITE, MAP_SHARED, why, why_size))
		goto discard;
	return 0;

discard:
	remove_created(f);
	file_unmap(f);
	return -1;
}

void file_unmap(struct mapped_file *f)
{
	if (f->data)
		munmap(f->data, (size_t)f->size);
	f->data = NULL;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

int file_discard(struct mapped_file *f, uint64_t done)
{
	int err = 0;

	remove_created(f);
	if (!f->created && ftruncate(f->fd, (off_t)done))
		err = -errno;
	file_unmap(f);
	return err;
}

uint64_t file_size_left(const struct mapped_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) || (uint64_t)st.st_size > f->size)
		return f->size;
	return (uint64_t)st.st_size;
}

int file_check(const struct mapped_file *f, char *why, size_t why_size)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return explain_errno(why, why_size, errno);
	if ((uint64_t)st.st_size >= f->size)
		return 0;
	(void)snprintf(why, why_size, "Truncated to %lld bytes while mapped",
		       (long long)st.st_size);
	return -1;
}

void file_explain(const struct mapped_file *f, uint64_t offset, int err,
		  char *why, size_t why_size)
{
	const unsigned long long at = offset;
	char truncated[64];

	if (file_check(f, truncated, sizeof(truncated)))
		(void)snprintf(why, why_size, "%s; stopped at offset %llu",
			       truncated, at);
	else if (err == -EFAULT)
		(void)snprintf(why, why_size,
			       "No access to the page at offset %llu", at);
	else
		(void)snprintf(why, why_size, "%s (at offset %llu)",
			       strerror(-err), at);
}
