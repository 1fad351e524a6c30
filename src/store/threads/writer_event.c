/*
 * Releasing an event.
 */
#include "chatd/store/threads/writer_event.h"

#include "chatd/store/db/answer.h"

#include <stdlib.h>

void writer_event_release(struct writer_event *e)
{
	rows_release(e->rows);
	free(e->reason);
	free(e->advice);
	e->rows = NULL;
	e->reason = e->advice = NULL;
}
