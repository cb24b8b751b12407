/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the sva command share.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* Exit codes of the command. */
enum {
	CLI_OK = 0,
	CLI_FAILED = 1, /* work failed, or files differ */
	CLI_USAGE = 2,
};

int cmd_run(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_acpi(int argc, char **argv);
int cmd_guest(int argc, char **argv);

#endif
