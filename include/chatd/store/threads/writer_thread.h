/*
 * The thread that writes.
 */
#ifndef CHATD_STORE_THREADS_WRITER_THREAD_H
#define CHATD_STORE_THREADS_WRITER_THREAD_H

/* The thread's function; arg is the struct writer. It ends once writer->thread_stop is true and
 * everything is saved, or could not be by writer->stop_by_ms. */
void *writer_thread_main(void *arg);

#endif
