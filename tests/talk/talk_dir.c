/*
 * The folder of a conversation, with all that lies in it: /backup makes files of any name.
 */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "talk.h"

void talk_dir_remove(const char *path)
{
	DIR *d = opendir(path);

	for (struct dirent *e; d && (e = readdir(d));)
		unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(path);
}
