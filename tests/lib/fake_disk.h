/*
 * A disk that fails, for SQLite: a VFS of its own before the system's.
 *
 * What is written goes to real files, so that a program which is killed leaves
 * what it had written. Beside them it keeps what a power cut would leave: what
 * was synced, and of what was written since then some sectors, in any order,
 * the last one perhaps in part. At a chosen operation the disk stops: nothing
 * is written any more, and every operation fails, which is how the rest of a
 * program that is dead looks from outside.
 *
 * One disk for the whole process, as SQLite's VFS are; not for threads.
 */
#ifndef CHATD_TESTS_FAKE_DISK_H
#define CHATD_TESTS_FAKE_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum disk_end {
	DISK_KILLED,    /* the program ends; the system writes what it was given */
	DISK_POWER_CUT, /* what was not synced may be lost */
	DISK_ENDS,
};

/* What can be done to a file. */
enum disk_op {
	DISK_OPEN, DISK_READ, DISK_WRITE, DISK_TRUNCATE, DISK_SYNC, DISK_SIZE, DISK_LOCK, DISK_DELETE,
	DISK_ACCESS, DISK_SHM, DISK_SHM_LOCK, DISK_RENAME,
	DISK_OPS,
};

/* Which fault a disk has for a while. */
enum disk_fault {
	DISK_WELL,
	DISK_FULL,      /* every write */
	DISK_BROKEN,    /* EIO of every write and sync; a sync that failed may have lost what it
	                 * was to bring to the disk, for good (as Linux does) */
	DISK_FLAKY,     /* any operation, now and then */
};

/* Becomes SQLite's default. Once in a process. */
void disk_install(void);
/* Forgets all files and counts; chance is drawn from seed. */
void disk_begin(uint64_t seed);

/* An operation that SQLite knows nothing of begins, and fails. */
bool disk_call_fails(enum disk_op op);

/* Operations so far, and those of a kind. */
uint64_t disk_ops(void);
uint64_t disk_count(enum disk_op op);
/* Operations that failed because of a fault. */
uint64_t disk_faults(void);

void disk_set_fault(enum disk_fault fault);
/* Operation number n (from 1) alone fails; 0: none. */
void disk_fail_at(uint64_t n);

/* The n-th operation from now on is the one amid which it stops; 0: none is. */
void disk_stop_at(uint64_t n, enum disk_end end);
/* It stops now, if it has not. */
void disk_stop(enum disk_end end);
bool disk_stopped(void);
enum disk_end disk_stopped_how(void);
/* The disk is back, with what is left on it. All files must be closed. */
void disk_recover(void);

#endif
