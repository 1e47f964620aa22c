/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scanner's grammar: one loop that passes a whole value without
 * recursion, and the pull functions, which share its levels and names.
 */
#include "rpc/scan.h"

#include "rpc/scan_lex.h"
#include "rpc/scan_names.h"

/* What a value can begin with; SCAN_NONE is 0. */
static const unsigned char type_of[256] = {
	/* clang-format off */
	['{'] = SCAN_OBJECT, ['['] = SCAN_ARRAY, ['"'] = SCAN_STRING,
	['-'] = SCAN_NUMBER, ['0' ... '9'] = SCAN_NUMBER,
	['t'] = SCAN_BOOL, ['f'] = SCAN_BOOL, ['n'] = SCAN_NULL,
	/* clang-format on */
};

static inline enum scan_type type_at(const struct scan *s, const char *p)
{
	return p < s->end ? type_of[(unsigned char)*p] : SCAN_NONE;
}

/* ---- levels -------------------------------------------------------------- */

static inline bool in_array(const struct scan *s)
{
	return s->level[s->depth - 1].base == SCAN_IS_ARRAY;
}

/* Pass the '{' or '[' at @p. */
static inline const char *open_level(struct scan *s, const char *p, bool array)
{
	struct scan_level *level = &s->level[s->depth];

	if (UNLIKELY(s->depth == SCAN_MAX_DEPTH))
		return lex_fault(s, p, "nested too deeply");
	level->seen = 0;
	level->base = array ? SCAN_IS_ARRAY : s->names.n;
	s->depth++;
	return p + 1;
}

/* Pass the '}' or ']' at @p. */
static inline const char *close_level(struct scan *s, const char *p)
{
	if (!in_array(s))
		names_close(s);
	s->depth--;
	return p + 1;
}

static inline bool closes(const struct scan *s, const char *p)
{
	return p < s->end && *p == (in_array(s) ? ']' : '}');
}

/* `"name":` from @p to the value. */
static inline const char *member_name(struct scan *s, const char *p,
				      struct slice *name)
{
	const char *inside, *special;
	bool plain;

	p = lex_space(s, p);
	if (UNLIKELY(p == s->end || *p != '"'))
		return lex_fault(s, p, "a member name is missing");
	inside = p + 1;
	special = lex_plain(inside, s->end);
	plain = special < s->end && *special == '"';
	p = plain ? special + 1 : lex_string_rest(s, special);
	if (UNLIKELY(!p))
		return NULL;
	*name = (struct slice){ inside, (size_t)(p - 1 - inside) };
	if (UNLIKELY(!s->known && !names_add(s, *name, !plain)))
		return lex_fault(s, inside - 1, "a member name comes twice");
	p = lex_space(s, p);
	if (UNLIKELY(p == s->end || *p != ':'))
		return lex_fault(s, p, "':' is missing");
	return lex_space(s, p + 1);
}

/* ---- whole values -------------------------------------------------------- */

static inline const char *skip_scalar(struct scan *s, const char *p,
				      enum scan_type type)
{
	switch (type) {
	case SCAN_STRING:
		return lex_string(s, p + 1);
	case SCAN_NUMBER:
		return lex_number(s, p);
	case SCAN_BOOL:
		return *p == 't' ? lex_word(s, p, "true", 4)
				 : lex_word(s, p, "false", 5);
	case SCAN_NULL:
		return lex_word(s, p, "null", 4);
	case SCAN_ARRAY:
	case SCAN_OBJECT:
	case SCAN_NONE:
		break;
	}
	return lex_fault(s, p, "a value is missing");
}

/* Behind a value or an opening bracket: close what closes here, down to level
 * @floor.  Gives the start of the next value, or NULL at @floor with @done
 * behind it, or NULL at a fault. */
static inline const char *next_value(struct scan *s, const char *p,
				     unsigned floor, bool fresh,
				     const char **done)
{
	struct slice name;

	for (; s->depth > floor; fresh = false) {
		p = lex_space(s, p);
		if (closes(s, p)) {
			p = close_level(s, p);
			continue;
		}
		if (!fresh) {
			if (UNLIKELY(p == s->end || *p != ','))
				return lex_fault(s, p,
						 "',' or the end is missing");
			p++;
		}
		return in_array(s) ? lex_space(s, p) : member_name(s, p, &name);
	}
	*done = p;
	return NULL;
}

/* Pass the value at @p. */
static const char *skip_value(struct scan *s, const char *p)
{
	const unsigned floor = s->depth;
	const char *done = NULL;

	do {
		enum scan_type type = type_at(s, p);
		bool opens = type == SCAN_OBJECT || type == SCAN_ARRAY;

		if (opens)
			p = open_level(s, p, type == SCAN_ARRAY);
		else
			p = skip_scalar(s, p, type);
		if (p)
			p = next_value(s, p, floor, opens, &done);
	} while (p);
	return done;
}

/* ---- pulling ------------------------------------------------------------- */

void scan_init(struct scan *s, const char *text, size_t n)
{
	s->start = s->p = text;
	s->end = text + n;
	s->fault = NULL;
	s->depth = 0;
	s->first = s->known = false;
	names_init(&s->names);
	if (n >= UINT32_MAX)
		lex_fault(s, text, "the text is too long");
}

void scan_init_valid(struct scan *s, const char *text, size_t n)
{
	scan_init(s, text, n);
	s->known = true;
}

enum scan_type scan_peek(struct scan *s)
{
	if (s->fault)
		return SCAN_NONE;
	s->p = lex_space(s, s->p);
	return type_at(s, s->p);
}

/* Go on at @p, unless it is NULL. */
static bool move_to(struct scan *s, const char *p)
{
	if (!p)
		return false;
	s->p = p;
	s->first = false;
	return true;
}

/* The next value is of @type, or that is the fault. */
static bool expect(struct scan *s, enum scan_type type, const char *otherwise)
{
	if (LIKELY(scan_peek(s) == type))
		return true;
	lex_fault(s, s->p, otherwise);
	return false;
}

bool scan_object(struct scan *s)
{
	if (!expect(s, SCAN_OBJECT, "an object is expected") ||
	    !move_to(s, open_level(s, s->p, false)))
		return false;
	s->first = true;
	return true;
}

bool scan_array(struct scan *s)
{
	if (!expect(s, SCAN_ARRAY, "an array is expected") ||
	    !move_to(s, open_level(s, s->p, true)))
		return false;
	s->first = true;
	return true;
}

/* To the next element of the open container: false behind its end. */
static bool advance(struct scan *s, bool array)
{
	const char *p = lex_space(s, s->p);

	if (UNLIKELY(s->depth == 0 || in_array(s) != array)) {
		lex_fault(s, p, "no such container is open");
		return false;
	}
	if (closes(s, p)) {
		move_to(s, close_level(s, p));
		return false;
	}
	if (!s->first && (p == s->end || *p != ',')) {
		lex_fault(s, p, "',' or the end is missing");
		return false;
	}
	return move_to(s, s->first ? p : p + 1);
}

bool scan_member(struct scan *s, struct slice *key)
{
	return !s->fault && advance(s, false) &&
	       move_to(s, member_name(s, s->p, key));
}

bool scan_item(struct scan *s)
{
	return !s->fault && advance(s, true);
}

bool scan_skip(struct scan *s, struct slice *raw)
{
	const char *start;

	if (s->fault)
		return false;
	start = lex_space(s, s->p);
	if (!move_to(s, skip_value(s, start)))
		return false;
	if (raw)
		*raw = (struct slice){ start, (size_t)(s->p - start) };
	return true;
}

bool scan_string(struct scan *s, struct slice *inside)
{
	const char *start;

	if (!expect(s, SCAN_STRING, "a string is expected"))
		return false;
	start = s->p + 1;
	if (!move_to(s, lex_string(s, start)))
		return false;
	*inside = (struct slice){ start, (size_t)(s->p - 1 - start) };
	return true;
}

bool scan_int(struct scan *s, long long *value)
{
	const char *p;
	long long sum = 0;

	if (!expect(s, SCAN_NUMBER, "an integer is expected"))
		return false;
	p = s->p;
	if (!move_to(s, lex_number(s, p)))
		return false;
	for (const char *d = p + (*p == '-'); d < s->p; d++) {
		if (*d < '0' || *d > '9') {
			lex_fault(s, p, "an integer is expected");
			return false;
		}
		sum = sum * 10 + (*d - '0');
	}
	*value = *p == '-' ? -sum : sum;
	return true;
}

bool scan_bool(struct scan *s, bool *value)
{
	bool yes;

	if (!expect(s, SCAN_BOOL, "true or false is expected"))
		return false;
	yes = *s->p == 't';
	if (!move_to(s, skip_scalar(s, s->p, SCAN_BOOL)))
		return false;
	*value = yes;
	return true;
}

bool scan_end(struct scan *s, struct error *err)
{
	if (!s->fault) {
		s->p = lex_space(s, s->p);
		if (s->depth > 0)
			lex_fault(s, s->p, "an object or array does not end");
		else if (s->p != s->end)
			lex_fault(s, s->p, "text behind the value");
	}
	names_done(&s->names);
	if (!s->fault)
		return true;
	return fail(err, ERR_INVALID, "not valid JSON at byte %zu: %s",
		    (size_t)(s->p - s->start), s->fault);
}

bool scan_valid(const char *text, size_t n, struct error *err)
{
	struct scan s;

	scan_init(&s, text, n);
	scan_skip(&s, NULL);
	return scan_end(&s, err);
}

size_t scan_count_items(struct slice raw)
{
	struct scan s;
	size_t n = 0;

	scan_init_valid(&s, raw.p, raw.n);
	scan_array(&s);
	while (scan_item(&s) && scan_skip(&s, NULL))
		n++;
	scan_end(&s, NULL);
	return n;
}
