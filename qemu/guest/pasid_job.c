/* SPDX-License-Identifier: MIT */
/*
 * pasid_job KIND TEST... - jobs for the accelerator with addresses of domains
 * that sva_guest.ko attaches to PASIDs. KIND is ats or plain: the queue's
 * accesses are translated ahead, or by the IOMMU on their way.
 *
 * Says "sva: NAME ok DETAIL" or "sva: NAME FAIL DETAIL" for each test; exits
 * with the number of those that failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "job.h"
#include "module/uapi.h"

/* Where no address of the process is. */
#define SRC    UINT64_C(0x100000000)
#define DST    UINT64_C(0x200000000)
#define RECORD UINT64_C(0x300000000)

/* With more PASIDs than this the last one is far away. */
#define FEW 1024u

/**
 * struct own - a file of the module with a domain of its own
 * @record: at RECORD.
 */
struct own {
	struct queue q;
	struct sva_guest_info info;
	struct dsa_completion_record *record;
};

static const char *kind;

static int change(struct own *o, unsigned long how, uint64_t iova, void *at,
		  size_t size, bool writable)
{
	struct sva_guest_map map = {
		.iova = iova,
		.addr = (uintptr_t)at,
		.bytes = size,
		.writable = writable,
	};

	return ioctl(o->q.fd, how, &map) ? -errno : 0;
}

static int map(struct own *o, uint64_t iova, void *at, size_t size)
{
	return change(o, SVA_GUEST_MAP, iova, at, size, true);
}

static int unmap(struct own *o, uint64_t iova, size_t size)
{
	return change(o, SVA_GUEST_UNMAP, iova, NULL, size, false);
}

static bool open_own(struct own *o)
{
	off_t page = strcmp(kind, "ats") ? SVA_GUEST_PORTAL_NO_ATS :
					   SVA_GUEST_PORTAL;
	void *portal;

	o->q.fd = open("/dev/sva-pasid", O_RDWR | O_CLOEXEC);
	if (o->q.fd < 0)
		return false;
	portal = mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		      o->q.fd, page * PAGE);
	o->record = untouched(PAGE);
	if (portal == MAP_FAILED || map(o, RECORD, o->record, PAGE) ||
	    ioctl(o->q.fd, SVA_GUEST_INFO, &o->info)) {
		close(o->q.fd);
		return false;
	}
	o->q.portal = portal;
	return true;
}

static void close_own(struct own *o)
{
	munmap((void *)o->q.portal, PAGE);
	close(o->q.fd);
	munmap(o->record, PAGE);
}

static void start(struct own *o, uint64_t src, uint64_t dst, uint32_t size,
		  uint32_t flags)
{
	struct dsa_hw_desc desc = { 0 };

	memset(o->record, 0, sizeof(*o->record));
	desc.opcode = DSA_OPCODE_MEMMOVE;
	desc.flags = IDXD_OP_FLAG_CRAV | IDXD_OP_FLAG_RCR | flags;
	desc.completion_addr = RECORD;
	desc.src_addr = src;
	desc.dst_addr = dst;
	desc.xfer_size = size;
	submit(&o->q, &desc);
}

static unsigned int copy(struct own *o, uint32_t size)
{
	start(o, SRC, DST, size, 0);
	return wait_record(o->record);
}

static struct sva_guest_error drain(struct own *o)
{
	struct sva_guest_error e = { { 0 } };

	if (ioctl(o->q.fd, SVA_GUEST_DRAIN, &e))
		e.swerr[0] = 0;
	return e;
}

/* Pages at addresses that the process does not have them at. */
static void test_map(struct own *o)
{
	char *src = untouched(JOB_BYTES), *dst = untouched(JOB_BYTES);
	unsigned int status;
	int err = map(o, SRC, src, JOB_BYTES) | map(o, DST, dst, JOB_BYTES);

	fill(src, JOB_BYTES, 1);
	status = copy(o, JOB_BYTES);
	result("pasid-map", !err && status == 1 && same(src, dst, JOB_BYTES),
	       "%s pasid %u of %u status %u", kind, o->info.pasid,
	       o->info.width, status);
	err = unmap(o, SRC, JOB_BYTES) | unmap(o, DST, JOB_BYTES);
	fill(src, JOB_BYTES, 2);
	status = copy(o, JOB_BYTES);
	result("pasid-unmap",
	       !err && faulted(status) && !same(src, dst, JOB_BYTES),
	       "%s status %u", kind, status);
	munmap(src, JOB_BYTES);
	munmap(dst, JOB_BYTES);
}

/* A page that may be read, and is not written. */
static void test_readonly(struct own *o)
{
	char *src = untouched(PAGE), *dst = untouched(PAGE);
	unsigned int status;
	int err = map(o, SRC, src, PAGE) |
		  change(o, SVA_GUEST_MAP, DST, dst, PAGE, false);
	bool clean;

	fill(src, PAGE, 3);
	status = copy(o, PAGE);
	clean = !dst[0] && same(dst, dst + 1, PAGE - 1);
	result("pasid-readonly", !err && faulted(status) && clean,
	       "%s status %u", kind, status);
	unmap(o, SRC, PAGE);
	unmap(o, DST, PAGE);
	munmap(src, PAGE);
	munmap(dst, PAGE);
}

/* One address, one page after the other: none gets what is another's. */
static void test_remap(struct own *o)
{
	enum { ROUNDS = 64 };
	char *src = untouched(PAGE), *dst = untouched(ROUNDS * PAGE);
	unsigned int i, bad = 0, status = 1;

	map(o, SRC, src, PAGE);
	for (i = 0; i < ROUNDS && status == 1; i++) {
		fill(src, PAGE, 100 + i);
		bad += map(o, DST, dst + i * PAGE, PAGE) != 0;
		status = copy(o, PAGE);
		bad += unmap(o, DST, PAGE) != 0;
		bad += !same(src, dst + i * PAGE, PAGE);
	}
	for (i = 0; i < ROUNDS; i++) {
		fill(src, PAGE, 100 + i);
		bad += !same(src, dst + i * PAGE, PAGE);
	}
	unmap(o, SRC, PAGE);
	result("pasid-remap", status == 1 && !bad, "%s status %u, %u bad", kind,
	       status, bad);
	munmap(src, PAGE);
	munmap(dst, ROUNDS * PAGE);
}

/* The same addresses with another PASID are other pages. */
static void test_two(struct own *o)
{
	char *src[2], *dst[2];
	unsigned int i, bad = 0, status[2] = { 0 };
	struct own other, *both[2] = { o, &other };

	if (!open_own(&other)) {
		result("pasid-two", false, "%s", strerror(errno));
		return;
	}
	for (i = 0; i < 2; i++) {
		src[i] = untouched(JOB_BYTES);
		dst[i] = untouched(JOB_BYTES);
		fill(src[i], JOB_BYTES, 200 + i);
		bad += map(both[i], SRC, src[i], JOB_BYTES) != 0;
		bad += map(both[i], DST, dst[i], JOB_BYTES) != 0;
		start(both[i], SRC, DST, JOB_BYTES, 0);
	}
	for (i = 0; i < 2; i++) {
		status[i] = wait_record(both[i]->record);
		bad += status[i] != 1 || !same(src[i], dst[i], JOB_BYTES);
		unmap(both[i], SRC, JOB_BYTES);
		unmap(both[i], DST, JOB_BYTES);
	}
	result("pasid-two", !bad && other.info.pasid != o->info.pasid,
	       "%s pasids %u and %u status %u and %u", kind, o->info.pasid,
	       other.info.pasid, status[0], status[1]);
	close_own(&other);
}

/*
 * At a PASID without a domain not even the completion record gets through: the
 * device's register has the error. With the domain back all is as before.
 */
static void test_detach(struct own *o)
{
	char *src = untouched(PAGE), *dst = untouched(PAGE);
	struct sva_guest_error e;
	unsigned int status;
	int err = map(o, SRC, src, PAGE) | map(o, DST, dst, PAGE);
	bool clean;

	fill(src, PAGE, 5);
	status = copy(o, PAGE);
	memset(dst, 0, PAGE);
	drain(o);
	err |= ioctl(o->q.fd, SVA_GUEST_DETACH);
	start(o, SRC, DST, PAGE, 0);
	e = drain(o);
	clean = !dst[0] && same(dst, dst + 1, PAGE - 1);
	result("pasid-detach",
	       !err && status == 1 && clean && !o->record->status &&
		       (e.swerr[0] & 1) &&
		       (e.swerr[0] >> 40 & 0xfffff) == o->info.pasid,
	       "%s pasid %u register %#llx", kind, o->info.pasid,
	       (unsigned long long)e.swerr[0]);
	err = ioctl(o->q.fd, SVA_GUEST_ATTACH);
	status = copy(o, PAGE);
	result("pasid-attach", !err && status == 1 && same(src, dst, PAGE),
	       "%s status %u", kind, status);
	unmap(o, SRC, PAGE);
	unmap(o, DST, PAGE);
	munmap(src, PAGE);
	munmap(dst, PAGE);
}

/*
 * Page requests that nobody handles are refused. An IOMMU that answers with a
 * failure has the device stop asking, until it is told to begin again.
 */
static void test_refused(struct own *o)
{
	char *src = untouched(PAGE);
	unsigned int i, status[3] = { 0 };
	bool ours = !ioctl(o->q.fd, SVA_GUEST_REQUESTS);

	map(o, SRC, src, PAGE);
	for (i = 0; i < 3; i++) {
		if (ours && i == 2)
			ioctl(o->q.fd, SVA_GUEST_REQUESTS);
		start(o, SRC, DST, PAGE, IDXD_OP_FLAG_BOF);
		status[i] = wait_record(o->record);
	}
	unmap(o, SRC, PAGE);
	if (ours)
		result("pasid-refused",
		       status[0] == DSA_COMP_TRANSLATION_FAIL &&
			       status[1] == DSA_COMP_PAGE_FAULT_IR &&
			       status[2] == DSA_COMP_TRANSLATION_FAIL,
		       "failure: statuses %u, %u when stopped, %u again",
		       status[0], status[1], status[2]);
	else
		result("pasid-refused",
		       status[0] == DSA_COMP_PAGE_FAULT_IR &&
			       status[1] == DSA_COMP_PAGE_FAULT_IR &&
			       status[2] == DSA_COMP_PAGE_FAULT_IR,
		       "invalid: statuses %u, %u, %u", status[0], status[1],
		       status[2]);
	munmap(src, PAGE);
}

/* Every PASID there is, once; and again when they have been given back. */
static void test_exhaust(struct own *o)
{
	unsigned int i, n, round, bad = 0, count[2] = { 0 };
	static int fds[FEW];
	int last = 0;

	if (o->info.width > FEW) {
		result("pasid-exhaust", false, "%u are too many",
		       o->info.width);
		return;
	}
	for (round = 0; round < 2; round++) {
		for (n = 0; n < FEW; n++) {
			fds[n] = open("/dev/sva-pasid", O_RDWR | O_CLOEXEC);
			if (fds[n] < 0)
				break;
		}
		last = errno;
		bad += last != ENOSPC;
		count[round] = n;
		for (i = 0; i < n; i++)
			close(fds[i]);
	}
	/* Without 0, and the one that is ours. */
	result("pasid-exhaust",
	       !bad && count[0] == o->info.width - 2 && count[1] == count[0],
	       "%u and %u of %u, then %s", count[0], count[1], o->info.width,
	       strerror(last));
}

/* The same with processes: one more does not get in until one has left. */
static void test_processes(struct own *o)
{
	static pid_t child[FEW];
	unsigned int n, i;
	int last = 0, fd = -1, pipes[2];

	for (n = 0; n < o->info.width && n < FEW && !last; n++) {
		if (pipe(pipes))
			break;
		child[n] = fork();
		if (!child[n]) {
			fd = open("/dev/sva", O_RDWR);
			last = fd < 0 ? errno : 0;
			if (write(pipes[1], &last, sizeof(last)) < 0)
				_exit(1);
			while (!last)
				pause();
			_exit(0);
		}
		if (read(pipes[0], &last, sizeof(last)) != sizeof(last))
			last = EIO;
		close(pipes[0]);
		close(pipes[1]);
	}
	for (i = 0; i < n; i++) {
		kill(child[i], SIGKILL);
		waitpid(child[i], NULL, 0);
	}
	for (i = 0; i < 200 && fd < 0; i++) {
		fd = open("/dev/sva", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			usleep(10000);
	}
	/* The last one was refused; PASID 0 and the one that is ours. */
	result("sva-exhaust",
	       last == ENOSPC && n - 1 == o->info.width - 2 && fd >= 0,
	       "%u of %u, then %s", n - 1, o->info.width, strerror(last));
	close(fd);
}

static const struct {
	const char *name;
	void (*run)(struct own *o);
} tests[] = {
	{ "map", test_map },         { "readonly", test_readonly },
	{ "remap", test_remap },     { "two", test_two },
	{ "detach", test_detach },   { "refused", test_refused },
	{ "exhaust", test_exhaust }, { "processes", test_processes },
};

#define TESTS (sizeof(tests) / sizeof(tests[0]))

int main(int argc, char **argv)
{
	struct own o;
	size_t t;
	int i;

	if (argc < 3)
		return 100;
	kind = argv[1];
	if (!open_own(&o)) {
		result("pasid-open", false, "%s", strerror(errno));
		return 1;
	}
	for (i = 2; i < argc; i++)
		for (t = 0; t < TESTS; t++)
			if (!strcmp(argv[i], tests[t].name))
				tests[t].run(&o);
	close_own(&o);
	return (int)failures;
}
