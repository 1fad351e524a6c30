/*
 * Runs a fuzzer's target on each file of its corpus, as a test of its own.
 */
#ifndef CHATD_TESTS_CORPUS_HELP_H
#define CHATD_TESTS_CORPUS_HELP_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FUZZ_CORPUS /* the target alone, without a main */

enum { CORPUS_FILE_BYTES_MAX = 16 << 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline int corpus_run(const char *folder)
{
	static uint8_t in[CORPUS_FILE_BYTES_MAX + 1];
	DIR *d = opendir(folder);
	size_t files = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		char path[512];
		uint8_t *copy;
		size_t n;
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		f = fopen(path, "re");
		assert_non_null(f);
		n = fread(in, 1, sizeof in, f);
		fclose(f);
		if (n > CORPUS_FILE_BYTES_MAX)
			fail_msg("%s is larger than a file of a corpus may be", path);
		/* Shown where it ends the program. */
		print_message("# %s\n", path);
		copy = malloc(n + !n);
		memcpy(copy, in, n);
		LLVMFuzzerTestOneInput(copy, n);
		free(copy);
		files++;
	}
	closedir(d);
	assert_true(files > 0);
	return 0;
}

#endif
