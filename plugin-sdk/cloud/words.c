/* SPDX-License-Identifier: Apache-2.0 */
#include "cloud/words.h"

#include <fnmatch.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"

bool words_next(struct words *w)
{
	size_t n;

	if (*w->p == '|') {
		w->p++;
	} else {
		w->p += strspn(w->p, " ");
		n = strcspn(w->p, "=| ");
		if (!n || w->p[n] == '|')
			return false;
		w->ours = (struct slice){ w->p, n };
		if (w->p[n] == '=')
			w->p += n + 1;
	}
	w->theirs = (struct slice){ w->p, strcspn(w->p, "| ") };
	w->p += w->theirs.n;
	return true;
}

bool words_fit(struct slice word, const char *text)
{
	AUTO_FREE char *pattern = NULL;

	if (!memchr(word.p, '*', word.n))
		return slice_eq(word, text);
	pattern = mem_strndup(word.p, word.n);
	return !fnmatch(pattern, text, FNM_NOESCAPE);
}

bool words_find(const char *text, const char *theirs, struct slice *ours)
{
	struct words w = { .p = text };

	while (words_next(&w))
		if (words_fit(w.theirs, theirs)) {
			*ours = w.ours;
			return true;
		}
	return false;
}

bool words_may_say_nothing(const char *text)
{
	struct words w = { .p = text };

	while (words_next(&w))
		if (slice_eq(w.ours, "-"))
			return true;
	return false;
}
