/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "faults.h"

__attribute__((format(printf, 2, 3))) static bool trouble(struct ledger *l,
							  const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->why, sizeof(l->why), fmt, ap);
	va_end(ap);
	return false;
}

/* A name in a directory is only safe when the directory is synced too. */
static bool sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool make_file(struct ledger *l, const char *dir)
{
	int fd;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return trouble(l, "cannot make %s: %s", dir, strerror(errno));
	fd = open(l->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return trouble(l, "cannot make %s: %s", l->path,
			       strerror(errno));
	close(fd);
	if (!sync_directory(dir))
		return trouble(l, "cannot sync %s: %s", dir, strerror(errno));
	return true;
}

bool ledger_open(struct ledger *l, const char *state_dir, const char *account)
{
	char dir[LEDGER_PATH - 16];
	int n;

	*l = (struct ledger){ 0 };
	if (!state_dir)
		return true;
	n = snprintf(dir, sizeof(dir), "%s/%s", state_dir, account);
	if (n < 0 || (size_t)n >= sizeof(dir))
		return trouble(l,
			       "the path of the state directory is too long");
	snprintf(l->path, sizeof(l->path), "%s/ledger.jsonl", dir);
	return make_file(l, dir);
}

/* ---- reading ------------------------------------------------------------- */

/* One line; NULL at the end of what is whole, with l->why when it is broken. */
static json_t *read_line(struct ledger *l, FILE *f)
{
	json_error_t error;
	json_t *line = json_loadf(f, JSON_DISABLE_EOF_CHECK, &error);

	if (line && fgetc(f) == '\n')
		return line;
	json_decref(line);
	if (!line &&
	    json_error_code(&error) != json_error_premature_end_of_input)
		trouble(l,
			"line %lld of %s is not JSON (%s); move the file "
			"away to begin anew",
			l->lines + 1, l->path, error.text);
	return NULL;
}

static bool read_lines(struct ledger *l, FILE *f,
		       void (*take)(void *arg, json_t *line), void *arg)
{
	json_t *line;

	l->why[0] = '\0';
	while ((line = read_line(l, f))) {
		take(arg, line);
		json_decref(line);
		l->read = ftello(f);
		l->lines++;
	}
	return l->why[0] == '\0';
}

bool ledger_read(struct ledger *l, void (*take)(void *arg, json_t *line),
		 void *arg)
{
	struct stat st;
	FILE *f;
	bool ok;

	if (!l->path[0])
		return true;
	if (stat(l->path, &st) < 0)
		return trouble(l, "cannot read %s: %s", l->path,
			       strerror(errno));
	if (st.st_size == l->read)
		return true;
	f = fopen(l->path, "re");
	if (!f)
		return trouble(l, "cannot read %s: %s", l->path,
			       strerror(errno));
	ok = fseeko(f, l->read, SEEK_SET) == 0 && read_lines(l, f, take, arg);
	fclose(f);
	return ok;
}

/* ---- writing ------------------------------------------------------------- */

bool ledger_lock(struct ledger *l)
{
	if (!l->path[0])
		return true;
	l->file = fopen(l->path, "ae");
	if (!l->file)
		return trouble(l, "cannot open %s: %s", l->path,
			       strerror(errno));
	while (flock(fileno(l->file), LOCK_EX) < 0)
		if (errno != EINTR) {
			trouble(l, "cannot lock %s: %s", l->path,
				strerror(errno));
			ledger_unlock(l);
			return false;
		}
	return true;
}

void ledger_unlock(struct ledger *l)
{
	if (l->file)
		fclose(l->file);
	l->file = NULL;
}

/* Cut off what a process that died has left of its line. */
static bool cut_torn_line(struct ledger *l)
{
	struct stat st;

	if (fstat(fileno(l->file), &st) < 0)
		return false;
	return st.st_size == l->read ||
	       ftruncate(fileno(l->file), l->read) == 0;
}

static bool write_line(struct ledger *l, const json_t *line)
{
	return json_dumpf(line, l->file, JSON_COMPACT) == 0 &&
	       fputc('\n', l->file) == '\n' && fflush(l->file) == 0;
}

static void die_in_the_middle(struct ledger *l)
{
	off_t end = ftello(l->file);

	if (!fault_will_die(DIE_MID_LEDGER))
		return;
	if (ftruncate(fileno(l->file), (l->read + end) / 2) == 0)
		fault_die_now();
}

bool ledger_append(struct ledger *l, const json_t *line)
{
	if (!l->file)
		return true;
	if (!cut_torn_line(l))
		return trouble(l, "cannot repair %s: %s", l->path,
			       strerror(errno));
	if (!write_line(l, line) || fsync(fileno(l->file)) < 0) {
		trouble(l, "cannot write %s: %s", l->path, strerror(errno));
		cut_torn_line(l);
		return false;
	}
	die_in_the_middle(l);
	l->read = ftello(l->file);
	l->lines++;
	return true;
}
