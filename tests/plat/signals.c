/* SPDX-License-Identifier: MIT */
/*
 * cmocka takes SIGSEGV and SIGBUS with signal() around each test and each
 * fixture, and gives them back to what it found. A platform that is made in a
 * fixture would be without its handler in the test. Here signal() leaves these
 * two alone; a crash then ends the program, as it should.
 */
#include <errno.h>
#include <signal.h>

typedef void (*handler_fn)(int sig);

handler_fn signal(int sig, handler_fn handler)
{
	struct sigaction act = { .sa_handler = handler };
	struct sigaction old;

	if (sig == SIGSEGV || sig == SIGBUS)
		return SIG_DFL;
	sigemptyset(&act.sa_mask);
	act.sa_flags = SA_RESTART;
	if (sigaction(sig, &act, &old))
		return SIG_ERR;
	return old.sa_handler;
}
