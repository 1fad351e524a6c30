/*
 * The TLS process: what the parent starts it with, and what it sends it later.
 */
#ifndef CHATD_PROGRAM_TLS_PROCESS_H
#define CHATD_PROGRAM_TLS_PROCESS_H

#include "chatd/net/handover.h"
#include "chatd/net/listener.h"
#include "chatd/program/certificate.h"

struct tls_process {
	const struct conf *conf;     /* as of its start; borrowed */
	struct listener *listeners;  /* borrowed, open; nlisteners of them. Their descriptors change (sandbox_enter_tls) */
	uint32_t nlisteners;
	int handover;                /* the socket to the chat */
	int control;                 /* the socket to the parent */
	struct board *board;
};

/* How many places the board needs. */
uint32_t tls_process_slots(const struct conf *c);

/* Runs until the control socket is closed at its other end; waits there for a first tls_process_configure. To be called
 * in a process of its own. Returns an exit status. */
int tls_process_run(struct tls_process *p);

/* Sends what c says, and the files, to the process at the other end of control. False: errno says why. */
bool tls_process_configure(int control, const struct conf *c, const struct certificate_files *files);

#endif
