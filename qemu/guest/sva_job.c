/* SPDX-License-Identifier: MIT */
/*
 * sva_job WQ TEST... - jobs of a process for the accelerator, with its own
 * pointers, through a user work queue of Linux's idxd driver, or sva_guest.ko's.
 *
 * Says "sva: NAME ok DETAIL" or "sva: NAME FAIL DETAIL" for each test; exits
 * with the number of those that failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "job.h"

static const char *queue_path;
static bool open_queue(struct queue *q)
{
	void *portal;

	q->fd = open(queue_path, O_RDWR | O_CLOEXEC);
	if (q->fd < 0)
		return false;
	portal = mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED | MAP_POPULATE, q->fd,
		      0);
	if (portal == MAP_FAILED) {
		close(q->fd);
		return false;
	}
	q->portal = portal;
	return true;
}

/* A queue is given back when the device has drained it. */
static bool reopen_queue(struct queue *q)
{
	unsigned int tries;

	for (tries = 0; tries < 200; tries++) {
		if (open_queue(q))
			return true;
		usleep(50000);
	}
	return false;
}

static void close_queue(struct queue *q)
{
	munmap((void *)q->portal, PAGE);
	close(q->fd);
}

static struct dsa_hw_desc copy_job(struct dsa_completion_record *record,
				   const void *src, void *dst, uint32_t size)
{
	struct dsa_hw_desc desc = { 0 };

	memset(record, 0, sizeof(*record));
	desc.opcode = DSA_OPCODE_MEMMOVE;
	desc.flags = IDXD_OP_FLAG_CRAV | IDXD_OP_FLAG_RCR | IDXD_OP_FLAG_BOF;
	desc.completion_addr = (uintptr_t)record;
	desc.src_addr = (uintptr_t)src;
	desc.dst_addr = (uintptr_t)dst;
	desc.xfer_size = size;
	return desc;
}

static struct dsa_completion_record *new_record(void)
{
	/* Aligned to 32 bytes, and a page nobody has touched yet. */
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

static unsigned int copy(struct queue *q, const void *src, void *dst,
			 uint32_t size)
{
	struct dsa_completion_record *record = new_record();
	struct dsa_hw_desc desc = copy_job(record, src, dst, size);
	unsigned int status;

	submit(q, &desc);
	status = wait_record(record);
	munmap(record, PAGE);
	return status;
}

/* Memory of malloc(), to memory nobody has touched. */
static void test_malloc(struct queue *q)
{
	char *src = malloc(JOB_BYTES), *dst = untouched(JOB_BYTES);
	unsigned int status;

	fill(src, JOB_BYTES, 1);
	status = copy(q, src, dst, JOB_BYTES);
	result("malloc", status == 1 && same(src, dst, JOB_BYTES), "status %u",
	       status);
	free(src);
	munmap(dst, JOB_BYTES);
}

/* Nobody ever wrote the source: it reads as zero. */
static void test_untouched(struct queue *q)
{
	char *src = untouched(JOB_BYTES), *dst = malloc(JOB_BYTES);
	unsigned int status, i, bad = 0;

	memset(dst, 0xa5, JOB_BYTES);
	status = copy(q, src, dst, JOB_BYTES);
	for (i = 0; i < JOB_BYTES; i++)
		bad += dst[i] != 0;
	result("untouched", status == 1 && !bad, "status %u, %u bad bytes",
	       status, bad);
	munmap(src, JOB_BYTES);
	free(dst);
}

/* A mapped file, private and shared. */
static void test_file(struct queue *q)
{
	char *content = malloc(JOB_BYTES), *src, *dst;
	int fd = open("/tmp/file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	unsigned int status, back;

	fill(content, JOB_BYTES, 2);
	if (write(fd, content, JOB_BYTES) != JOB_BYTES) {
		result("file", false, "no file");
		return;
	}
	src = mmap(NULL, JOB_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
	dst = untouched(JOB_BYTES);
	status = copy(q, src, dst, JOB_BYTES);
	munmap(src, JOB_BYTES);
	result("file-read", status == 1 && same(content, dst, JOB_BYTES),
	       "status %u", status);

	fill(dst, JOB_BYTES, 3);
	src = mmap(NULL, JOB_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	status = copy(q, dst, src, JOB_BYTES);
	munmap(src, JOB_BYTES);
	back = pread(fd, content, JOB_BYTES, 0) == JOB_BYTES;
	result("file-write",
	       status == 1 && back && same(content, dst, JOB_BYTES),
	       "status %u", status);
	munmap(dst, JOB_BYTES);
	free(content);
	close(fd);
	unlink("/tmp/file");
}

/* A page that must not be written, and one that is not there. */
static void test_denied(struct queue *q)
{
	char *src = malloc(PAGE), *dst = untouched(2 * PAGE);
	unsigned int status;

	fill(src, PAGE, 4);
	memset(dst, 0x11, 2 * PAGE);
	mprotect(dst, PAGE, PROT_READ);
	status = copy(q, src, dst, PAGE);
	result("read-only", faulted(status) && dst[0] == 0x11,
	       "status %u, byte %#x", status, (unsigned char)dst[0]);
	/* Not unmapped: the record could come to where it was. */
	mprotect(dst, PAGE, PROT_NONE);
	status = copy(q, src, dst, PAGE);
	result("no-access", faulted(status), "status %u", status);
	munmap(dst, 2 * PAGE);
	free(src);
}

/*
 * Memory that goes away and comes back under the same address. Somebody else
 * gets the page that was there, or it would come back, too.
 */
static void test_remap(struct queue *q)
{
	char *src = malloc(PAGE), *dst = untouched(PAGE), *other, *last = NULL;
	unsigned int i, bad = 0, status = 1;

	for (i = 0; i < 64 && status == 1; i++) {
		fill(src, PAGE, 100 + i);
		status = copy(q, src, dst, PAGE);
		bad += status != 1 || !same(src, dst, PAGE);
		other = untouched(PAGE); /* at another address */
		munmap(dst, PAGE);
		memset(other, 0x5a, PAGE);
		if (mmap(dst, PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != dst)
			bad++;
		bad += dst[0] != 0 || dst[PAGE - 1] != 0;
		if (last) {
			bad += last[0] != 0x5a ||
			       !same(last, last + 1, PAGE - 1);
			munmap(last, PAGE);
		}
		last = other;
	}
	result("remap", status == 1 && !bad, "status %u, %u bad of %u", status,
	       bad, i);
	munmap(last, PAGE);
	munmap(dst, PAGE);
	free(src);
}

/* The destination goes while the device writes it. */
static void test_munmap(struct queue *q)
{
	enum { JOBS = 8 };
	size_t size = 2 * JOB_BYTES; /* a queue takes no more */
	char *src = malloc(size), *dst[JOBS];
	struct dsa_completion_record *record[JOBS];
	unsigned int i, done = 0, refused = 0, other = 0;

	fill(src, size, 5);
	for (i = 0; i < JOBS; i++) {
		struct dsa_hw_desc desc;

		dst[i] = untouched(size);
		record[i] = new_record();
		record[i]->status = 0;
		desc = copy_job(record[i], src, dst[i], (uint32_t)size);
		submit(q, &desc);
	}
	for (i = 0; i < JOBS; i++)
		munmap(dst[i], size);
	for (i = 0; i < JOBS; i++) {
		unsigned int status = wait_record(record[i]);

		done += status == 1;
		refused += faulted(status);
		other += status != 1 && !faulted(status);
		munmap(record[i], PAGE);
	}
	result("munmap", !other, "%u done, %u faulted, %u other", done, refused,
	       other);
	free(src);
}

/* What the parent writes after the fork is what the device sees. */
static void test_fork(struct queue *q)
{
	char *src = malloc(JOB_BYTES), *dst = untouched(JOB_BYTES);
	unsigned int status;
	int state = 0;
	pid_t child;

	fill(src, JOB_BYTES, 6);
	status = copy(q, src, dst, JOB_BYTES);
	child = fork();
	if (!child) {
		/* A child has neither the portal nor the PASID. */
		char seen = 0;

		signal(SIGSEGV, SIG_DFL);
		seen = (char)q->portal[0];
		_exit(seen ? 2 : 3);
	}
	fill(src, JOB_BYTES, 7);
	if (status == 1)
		status = copy(q, src, dst, JOB_BYTES);
	waitpid(child, &state, 0);
	result("fork", status == 1 && same(src, dst, JOB_BYTES), "status %u",
	       status);
	result("fork-child", WIFSIGNALED(state) && WTERMSIG(state) == SIGSEGV,
	       "state %#x", (unsigned int)state);
	munmap(dst, JOB_BYTES);
	free(src);
}

static void submit_many(struct queue *q)
{
	size_t size = 2 * JOB_BYTES;
	char *src = untouched(size);
	unsigned int i;

	for (i = 0; i < 8; i++) {
		struct dsa_completion_record *record = new_record();
		struct dsa_hw_desc desc =
			copy_job(record, src, untouched(size), (uint32_t)size);

		submit(q, &desc);
	}
}

/* Somebody is killed with jobs under way; the queue is good for the next. */
static void test_kill(struct queue *q)
{
	unsigned int i, opened = 0, died = 0;

	close_queue(q);
	for (i = 0; i < 4; i++) {
		int state;
		pid_t child = fork();

		if (!child) {
			struct queue mine;

			if (!reopen_queue(&mine))
				_exit(1);
			submit_many(&mine);
			raise(SIGKILL);
		}
		waitpid(child, &state, 0);
		died += WIFSIGNALED(state);
	}
	opened = reopen_queue(q);
	result("kill", died == 4 && opened, "%u died, reopened %u", died,
	       opened);
	if (!opened)
		exit((int)failures);
	test_malloc(q);
}

/* A new image of the same process: nothing of the old one's is left to it. */
static void test_exec(struct queue *q)
{
	int state;
	pid_t child;

	close_queue(q);
	child = fork();
	if (!child) {
		struct queue mine;
		char *args[] = { "sva_job", (char *)queue_path, "malloc",
				 NULL };

		if (!reopen_queue(&mine))
			_exit(9);
		submit_many(&mine);
		execv("/proc/self/exe", args);
		_exit(8);
	}
	waitpid(child, &state, 0);
	result("exec", WIFEXITED(state) && !WEXITSTATUS(state), "state %#x",
	       (unsigned int)state);
	if (!reopen_queue(q)) {
		result("exec-after", false, "%s", strerror(errno));
		exit((int)failures);
	}
}

static const struct {
	const char *name;
	void (*run)(struct queue *q);
} tests[] = {
	{ "malloc", test_malloc }, { "untouched", test_untouched },
	{ "file", test_file },     { "denied", test_denied },
	{ "remap", test_remap },   { "munmap", test_munmap },
	{ "fork", test_fork },     { "kill", test_kill },
	{ "exec", test_exec },
};

#define TESTS (sizeof(tests) / sizeof(tests[0]))

int main(int argc, char **argv)
{
	struct queue q;
	size_t t;
	int i;

	if (argc < 3)
		return 100;
	queue_path = argv[1];
	if (!reopen_queue(&q)) {
		result("open", false, "%s: %s", queue_path, strerror(errno));
		return 1;
	}
	for (i = 2; i < argc; i++)
		for (t = 0; t < TESTS; t++)
			if (!strcmp(argv[i], tests[t].name) ||
			    !strcmp(argv[i], "all"))
				tests[t].run(&q);
	close_queue(&q);
	return (int)failures;
}
