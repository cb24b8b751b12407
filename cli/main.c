/* SPDX-License-Identifier: MIT */
/*
 * sva - share this process's memory with an accelerator through an IOMMU
 */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

const char *argp_program_version = "sva " SVA_VERSION;

static const struct command {
	const char *name;
	int (*fn)(int argc, char **argv);
} commands[] = {
	{ "run", cmd_run },   { "info", cmd_info },   { "sim", cmd_sim },
	{ "acpi", cmd_acpi }, { "guest", cmd_guest },
};

struct top_args {
	const struct command *command;
	int first; /* index of the command's name in argv */
};

static const char top_doc[] =
	"Share this process's memory with an emulated accelerator through an "
	"emulated IOMMU, both driven by libsva's own drivers."
	"\v"
	"Commands:\n"
	"  run OP ARGS...   let the accelerator work on files\n"
	"  info             show IOMMUs, devices and what the kernel offers\n"
	"  sim              run the whole system under a seeded scheduler\n"
	"  acpi             write the table that tells a guest of an IOMMU\n"
	"  guest            run guests that share their processes' memory\n"
	"\n"
	"`sva COMMAND --help' tells more. Exit status: 0 done, 1 the work "
	"failed or files differ, 2 wrong usage.";

static error_t parse_top(int key, char *arg, struct argp_state *state)
{
	struct top_args *args = state->input;
	size_t i;

	switch (key) {
	case ARGP_KEY_ARG:
		for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			if (!strcmp(arg, commands[i].name))
				args->command = &commands[i];
		if (!args->command)
			argp_error(state, "unknown command '%s'", arg);
		args->first = state->next - 1;
		/* The rest is the command's own. */
		state->next = state->argc;
		return 0;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which command?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/*
 * A descriptor that was closed would be the next file's, and messages would
 * go into it. What is written to these fails.
 */
static void open_standard_files(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null",
			 fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			_exit(CLI_FAILED);
}

/* Also after --help, where argp calls exit(). */
static void close_stdout(void)
{
	int err = ferror(stdout) ? EIO : 0;

	if (fclose(stdout))
		err = errno;
	if (!err)
		return;
	fprintf(stderr, "sva: standard output: %s\n", strerror(err));
	_exit(CLI_FAILED);
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.parser = parse_top,
		.args_doc = "COMMAND [ARGS...]",
		.doc = top_doc,
	};
	struct top_args args = { 0 };
	char name[32];

	open_standard_files();
	if (atexit(close_stdout))
		return CLI_FAILED;
	/* A file beyond the limit is an error with a name, not a signal. */
	(void)signal(SIGXFSZ, SIG_IGN);
	argp_err_exit_status = CLI_USAGE;
	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &args);

	/* "sva run" in its messages. */
	(void)snprintf(name, sizeof(name), "sva %s", args.command->name);
	argv[args.first] = name;
	return args.command->fn(argc - args.first, argv + args.first);
}
