/* SPDX-License-Identifier: MIT */
/*
 * sva run: options, one session with the accelerator, tasks and their results.
 *
 * A task is one result: a file to sum, a copy, a comparison, a fill. Tasks run
 * side by side, one per thread; the pieces of one task run one after the other.
 */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sva/fault.h>
#include <sva/machine.h>

enum run_op {
	RUN_CRC32C,
	RUN_COPY,
	RUN_COMPARE,
	RUN_FILL,
};

/*
 * What becomes of absent pages: requested by the device, waited for by the
 * transaction, or populated first.
 */
enum run_faults {
	RUN_FAULTS_PRI,
	RUN_FAULTS_STALL,
	RUN_FAULTS_NONE,
};

struct run_options {
	enum sva_iommu iommu;
	enum run_faults faults;
	enum hw_personality personality;
	unsigned int threads;
	bool trace_faults;
	bool json;
	enum run_op op;
	char **paths;
	size_t path_count;
	uint64_t fill_size;
	uint64_t fill_pattern; /* as the bytes lie in memory */
};

/* trace.c: prints a line for each fault that has come to its end. */
extern const struct iommu_fault_tracer trace_to_stderr;

const char *run_op_name(enum run_op op);
const char *run_faults_name(enum run_faults faults);

/* Fills @options from the command line; exits with usage on an error. */
void run_parse(int argc, char **argv, struct run_options *options);

/**
 * struct run_result - what came of a task
 * @path:    the file the result is about. Borrowed from the command line.
 * @bytes:   done.
 * @has_crc: @crc is valid.
 * @failed:  counts for exit status 1.
 * @status:  "ok", or what is wrong in words.
 */
struct run_result {
	const char *path;
	uint64_t bytes;
	bool has_crc;
	uint32_t crc;
	bool failed;
	char status[320];
};

/* Session: a machine, a bind of this process, a shared work queue. */
struct session {
	const struct run_options *options;
	struct sva_machine *machine;
	struct iommu_sva *sva;
	struct dsa_wq *wq;
	_Atomic uint64_t done; /* bytes, for the progress bar */
	_Atomic uint64_t total;
	bool terminal;  /* standard error is one, and no dumb one */
	double seconds; /* of the work, without setting up */
	struct sva_machine_stats stats;
};

/* 0, or a negative errno after a message. */
int session_open(const struct run_options *options, struct session *s);
/* The same; what could be given back was. */
int session_close(struct session *s);

/**
 * session_job() - run a prepared job to its end
 *
 * Return: 0 and *@ret_result, or a negative errno of the submission.
 */
int session_job(struct session *s, struct dsa_job *job,
		struct dsa_result *ret_result);

/* A file mapped whole; an empty one has no mapping. */
struct mapped_file {
	const char *path;
	int fd;
	unsigned char *data;
	uint64_t size;
	bool created;
};

/* 0, or -1 with the reason in @why. */
int file_map_source(struct mapped_file *f, const char *path, char *why,
		    size_t why_size);
int file_map_target(struct mapped_file *f, const char *path, uint64_t size,
		    const struct mapped_file *source, char *why,
		    size_t why_size);
void file_unmap(struct mapped_file *f);

/**
 * file_discard() - the work on a target failed
 * @done: bytes of it that are right.
 *
 * A file that we made is removed; one that was there ends after what is right,
 * so that it does not pass for a whole one. Unmaps and closes it either way.
 *
 * Return: 0, or a negative errno: it could not be cut.
 */
int file_discard(struct mapped_file *f, uint64_t done);

/**
 * file_check() - is it still as long as its mapping?
 *
 * Up to the end of the last page, the kernel shows zeros in place of what was
 * cut off, and no access fails.
 *
 * Return: 0, or -1 with the reason in @why.
 */
int file_check(const struct mapped_file *f, char *why, size_t why_size);

/* How much of the mapping the file still has. */
uint64_t file_size_left(const struct mapped_file *f);

/**
 * file_explain() - why an access to a mapped file failed
 * @offset: where.
 * @err:    with what.
 */
void file_explain(const struct mapped_file *f, uint64_t offset, int err,
		  char *why, size_t why_size);

/* Run task number @index; @job is the thread's own. */
void task_run(struct session *s, size_t index, struct dsa_job *job,
	      struct run_result *result);

/* How many tasks the options make. */
size_t task_count(const struct run_options *options);

/* Run all of them; the progress bar is drawn meanwhile. 0 or -errno. */
int pool_run(struct session *s, struct run_result *results);

void report_table(const struct session *s, const struct run_result *results,
		  size_t count);
/* 0 or -ENOMEM. */
int report_json(const struct session *s, const struct run_result *results,
		size_t count);

#endif
