/* SPDX-License-Identifier: Apache-2.0 */
#include "supervise/image.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/sys.h"
#include "base/text.h"

#define PIECE (256 * 1024)
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U /* Linux 6.3; older kernels say EINVAL */
#endif

/* What was read, by the file it was read from. */
struct cached {
	struct list link;
	char *path;
	struct stat st;
	struct image *image;
};

static struct list cache = LIST_INIT(cache);

static bool bad(struct error *err, const char *path, const char *what)
{
	return fail(err, ERR_DRIVER_UNAVAILABLE, "driver program %s: %s", path,
		    what);
}

/* ---- reading, digesting, sealing ------------------------------------------
 */

static int memfd_new(void)
{
	int fd =
		sys_memfd("driver", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (fd < 0 && errno == EINVAL)
		fd = sys_memfd("driver", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

static bool copy_pieces(int from, int to, EVP_MD_CTX *sum, char *piece)
{
	long long size = 0;
	ssize_t n;

	while ((n = sys_read(from, piece, PIECE)) > 0) {
		size += n;
		if (size > IMAGE_MAX) {
			errno = EFBIG;
			return false;
		}
		if (!EVP_DigestUpdate(sum, piece, (size_t)n) ||
		    !sys_write_all(to, piece, (size_t)n))
			return false;
	}
	return n == 0;
}

/* Copy @from to @to, and the hex SHA-256 of what was copied to @digest. */
static bool copy_and_digest(int from, int to, char digest[IMAGE_DIGEST])
{
	EVP_MD_CTX *sum = EVP_MD_CTX_new();
	AUTO_FREE char *piece = mem_alloc(PIECE);
	unsigned char raw[EVP_MAX_MD_SIZE];
	bool ok;

	errno = ENOMEM; /* what a failure of libcrypto means here */
	ok = sum && EVP_DigestInit_ex(sum, EVP_sha256(), NULL) &&
	     copy_pieces(from, to, sum, piece) &&
	     EVP_DigestFinal_ex(sum, raw, NULL);
	EVP_MD_CTX_free(sum);
	if (ok)
		text_hex(raw, 32, digest);
	return ok;
}

static bool seal(struct image *image, int from, const char *path,
		 struct error *err)
{
	image->fd = memfd_new();
	if (image->fd < 0 || !copy_and_digest(from, image->fd, image->digest) ||
	    fcntl(image->fd, F_ADD_SEALS, SEALS) < 0)
		return bad(err, path, strerror(errno));
	return true;
}

/* ---- what kind of program --------------------------------------------------
 */

#if defined(__SANITIZE_ADDRESS__)
static bool names_sanitizer(int fd)
{
	AUTO_FREE char *path = mem_printf("/proc/self/fd/%d", fd);
	struct buf bytes = { 0 };
	bool found = sys_read_file(path, IMAGE_MAX, &bytes) == 0 &&
		     memmem(bytes.p, bytes.n, "__asan_init", 11);

	buf_done(&bytes);
	return found;
}
#else
static bool names_sanitizer(int fd UNUSED)
{
	return false;
}
#endif

/* The path in the PT_INTERP header; new, NULL when there is none. */
static char *elf_loader(int fd, const Elf64_Ehdr *elf)
{
	Elf64_Phdr header;
	char path[256];

	if (elf->e_phentsize != sizeof(header))
		return NULL;
	for (unsigned i = 0; i < elf->e_phnum; i++) {
		off_t at = (off_t)(elf->e_phoff + i * sizeof(header));

		if (pread(fd, &header, sizeof(header), at) != sizeof(header))
			return NULL;
		if (header.p_type != PT_INTERP)
			continue;
		if (header.p_filesz < 2 || header.p_filesz > sizeof(path) ||
		    pread(fd, path, header.p_filesz, (off_t)header.p_offset) !=
			    (ssize_t)header.p_filesz ||
		    path[header.p_filesz - 1] != 0)
			return NULL;
		return mem_strdup(path);
	}
	return NULL;
}

/* Where `#!/usr/bin/env NAME` finds NAME, in the PATH that drivers get. */
static char *find_in_path(const char *name)
{
	static const char *const folders[] = { "/usr/local/bin", "/usr/bin",
					       "/bin" };

	if (strchr(name, '/'))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char *path = mem_printf("%s/%s", folders[i], name);

		if (access(path, X_OK) == 0)
			return path;
		mem_free(path);
	}
	return NULL;
}

/* Split "#!/interpreter argument" as the kernel does: one argument at most. */
static bool parse_first_line(struct image *image, char *line)
{
	char *word = line + 2 + strspn(line + 2, " \t"), *rest;
	size_t n = strcspn(word, " \t");

	rest = word + n + strspn(word + n, " \t");
	word[n] = 0;
	for (n = strlen(rest); n && strchr(" \t\r", rest[n - 1]); n--)
		rest[n - 1] = 0;
	if (!strcmp(word, "/usr/bin/env")) {
		image->args[0] = find_in_path(rest);
		return image->args[0] != NULL;
	}
	if (*word != '/')
		return false;
	image->args[0] = mem_strdup(word);
	image->args[1] = *rest ? mem_strdup(rest) : NULL;
	return true;
}

/* Put the script's bytes where its interpreter may read them by name. */
static bool copy_script(struct image *image, const char *path,
			const char *copies, struct error *err)
{
	AUTO_FREE char *sealed = mem_printf("/proc/self/fd/%d", image->fd);
	struct buf text = { 0 };
	bool ok;

	image->script = mem_printf("%s/%s", copies, image->digest);
	ok = (sys_mkdir(copies, 0700) == 0 || errno == EEXIST) &&
	     sys_read_file(sealed, IMAGE_SCRIPT_MAX, &text) == 0 &&
	     sys_replace_file(image->script, text.p, text.n, 0400) == 0;
	if (!ok)
		fail(err, ERR_DRIVER_UNAVAILABLE,
		     "driver program %s: no copy in %s: %s", path, copies,
		     strerror(errno));
	buf_done(&text);
	return ok;
}

static bool look_at_script(struct image *image, char *line, const char *path,
			   const char *copies, struct error *err)
{
	size_t i = 0;

	if (!parse_first_line(image, line))
		return bad(err, path,
			   "its first line names no interpreter: "
			   "write #!/path/to/interpreter or "
			   "#!/usr/bin/env NAME");
	if (!copy_script(image, path, copies, err))
		return false;
	close(image->fd);
	image->fd = -1;
	image->interpreter = image_get(image->args[0], NULL, err);
	if (!image->interpreter)
		return fail_within(err, "driver program %s: interpreter", path);
	while (image->args[i])
		i++;
	image->args[i] = mem_strdup(image->script);
	return true;
}

static bool look_inside(struct image *image, const char *path,
			const char *copies, struct error *err)
{
	char head[256] = { 0 };
	ssize_t n = pread(image->fd, head, sizeof(head) - 1, 0);

	if (n >= (ssize_t)sizeof(Elf64_Ehdr) &&
	    !memcmp(head, ELFMAG, SELFMAG)) {
		Elf64_Ehdr elf;

		memcpy(&elf, head, sizeof(elf));
		image->loader = elf_loader(image->fd, &elf);
		image->sanitized = names_sanitizer(image->fd);
		return true;
	}
	if (n > 2 && head[0] == '#' && head[1] == '!' && strchr(head, '\n')) {
		*strchr(head, '\n') = 0;
		if (copies)
			return look_at_script(image, head, path, copies, err);
		return bad(err, path, "a script cannot be an interpreter");
	}
	return bad(err, path,
		   "neither an ELF program nor a script that begins "
		   "with #!");
}

/* ---- the cache -------------------------------------------------------------
 */

static bool same_time(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       same_time(&a->st_mtim, &b->st_mtim) &&
	       same_time(&a->st_ctim, &b->st_ctim);
}

static struct cached *cache_find(const char *path)
{
	struct cached *c;

	list_each (c, &cache, struct cached, link)
		if (!strcmp(c->path, path))
			return c;
	return NULL;
}

static void cache_drop(struct cached *c)
{
	list_del(&c->link);
	image_put(c->image);
	mem_free(c->path);
	mem_free(c);
}

static void cache_add(const char *path, const struct stat *st,
		      struct image *image)
{
	struct cached *c = cache_find(path);

	if (c)
		cache_drop(c);
	c = mem_alloc(sizeof(*c));
	c->path = mem_strdup(path);
	c->st = *st;
	c->image = image;
	image->refs++;
	list_add_tail(&cache, &c->link);
}

void image_cache_done(void)
{
	struct cached *c, *tmp;

	list_each_safe (c, tmp, &cache, struct cached, link)
		cache_drop(c);
}

/* ---- public ----------------------------------------------------------------
 */

static struct image *read_image(int fd, const char *path, const char *copies,
				struct error *err)
{
	struct image *image = mem_alloc(sizeof(*image));

	image->refs = 1;
	image->fd = -1;
	if (seal(image, fd, path, err) && look_inside(image, path, copies, err))
		return image;
	image_put(image);
	return NULL;
}

static bool check_file(int fd, const char *path, struct stat *st,
		       struct error *err)
{
	if (fd < 0 || fstat(fd, st) < 0)
		return bad(err, path, strerror(errno));
	if (!S_ISREG(st->st_mode))
		return bad(err, path, "not a file");
	if (!(st->st_mode & 0111))
		return bad(err, path, "not executable (chmod +x it)");
	return true;
}

struct image *image_get(const char *path, const char *copies, struct error *err)
{
	AUTO_FD int fd = sys_open(path, O_RDONLY | O_NONBLOCK, 0);
	struct cached *c = cache_find(path);
	struct image *image;
	struct stat st;

	if (!check_file(fd, path, &st, err))
		return NULL;
	if (c && same_file(&c->st, &st) &&
	    (!c->image->script || access(c->image->script, R_OK) == 0)) {
		c->image->refs++;
		return c->image;
	}
	image = read_image(fd, path, copies, err);
	if (image)
		cache_add(path, &st, image);
	return image;
}

void image_put(struct image *image)
{
	if (!image || --image->refs)
		return;
	if (image->fd >= 0)
		close(image->fd);
	image_put(image->interpreter);
	for (size_t i = 0; i < IMAGE_ARGS; i++)
		mem_free(image->args[i]);
	mem_free(image->script);
	mem_free(image->loader);
	mem_free(image);
}

int image_exec_fd(const struct image *image)
{
	return image->interpreter ? image->interpreter->fd : image->fd;
}

const char *image_loader(const struct image *image)
{
	return image->interpreter ? image->interpreter->loader : image->loader;
}

bool image_sanitized(const struct image *image)
{
	return image->interpreter ? image->interpreter->sanitized
				  : image->sanitized;
}
