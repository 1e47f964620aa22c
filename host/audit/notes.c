/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/notes.h"

#include "audit/record.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "metrics.h"

/* One block of memory: the texts stand behind it. */
struct note {
	struct list link;
	uint32_t hash; /* 0: does not fold */
	size_t size;
	struct audit_event event;
	struct actor who;
	json_t *more;
	char body[RECORD_BODY]; /* "": none */
	int64_t at, last_at;
	long long count;
	char last_request_id[80];
	bool again;
	char text[];
};

#define EVENT(name) offsetof(struct note, event.name)
#define WHO(name) offsetof(struct note, who.name)

/* The texts of a note; what makes two notes alike comes first. */
static const size_t texts[] = {
	EVENT(action),	  EVENT(outcome),	 EVENT(reason),
	EVENT(workspace), EVENT(target),	 EVENT(provider),
	WHO(user_id),	  WHO(session_id),	 WHO(token_id),
	WHO(workspace),	  WHO(source),		 WHO(agent),
	WHO(peer),
#define ALIKE 13
	EVENT(driver),	  EVENT(driver_version), EVENT(driver_digest),
	EVENT(operation), EVENT(effect),	 WHO(name),
	WHO(role),	  WHO(request_id),	 WHO(trace),
};

static const char **text_at(struct note *note, size_t i)
{
	return (const char **)((char *)note + texts[i]);
}

/* ---- copies -------------------------------------------------------------------- */

static size_t size_of(struct note *from)
{
	size_t size = sizeof(*from);

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *text = *text_at(from, i);

		size += text ? strnlen(text, RECORD_TEXT + 4) + 1 : 0;
	}
	return size;
}

static void copy_texts(struct note *note)
{
	char *at = note->text;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char **text = text_at(note, i);
		size_t n;

		if (!*text)
			continue;
		n = strnlen(*text, RECORD_TEXT + 4);
		memcpy(at, *text, n);
		at[n] = '\0';
		*text = at;
		at += n + 1;
	}
}

/* A note on the stack that borrows all texts of @event. */
static struct note borrow(const struct audit_event *event)
{
	struct note note = {
		.event = *event,
		.who = event->who ? *event->who
				  : (struct actor){ .kind = ACTOR_HOST },
		.at = clock_wall_ms(),
		.count = 1,
	};

	note.event.who = NULL;
	note.event.body = NULL;
	note.event.more = NULL;
	note.who.arena = NULL;
	note.who.audited = NULL;
	return note;
}

static struct note *keep(struct note *from, const struct audit_event *event)
{
	struct note *note = mem_alloc(from->size);

	*note = *from;
	copy_texts(note);
	record_body(event, note->body);
	note->more = event->more ? json_deep_copy(event->more) : NULL;
	note->event.who = event->who ? &note->who : NULL;
	note->event.more = note->more;
	list_init(&note->link);
	return note;
}

static void note_free(struct note *note)
{
	list_del(&note->link);
	json_decref(note->more);
	mem_free(note);
}

/* ---- folding ------------------------------------------------------------------- */

/* A decision on a read, about which there is nothing more to say. */
static bool folds(const struct audit_event *event)
{
	return event->who && event->action && !event->body && !event->more &&
	       !event->operation && !event->driver &&
	       (text_ends(event->action, ".list") ||
		text_ends(event->action, ".get"));
}

static uint32_t hash_of(struct note *note)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < ALIKE; i++) {
		const char *p = *text_at(note, i);

		for (; p && *p; p++)
			hash = (hash ^ (unsigned char)*p) * 16777619u;
		hash = (hash ^ 0xff) * 16777619u;
	}
	return hash | 1;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool alike(struct note *a, struct note *b)
{
	if (a->hash != b->hash || a->who.kind != b->who.kind)
		return false;
	for (size_t i = 0; i < ALIKE; i++)
		if (!same(*text_at(a, i), *text_at(b, i)))
			return false;
	return true;
}

static struct note **slot_of(struct notes *notes, uint32_t hash)
{
	return &notes->recent[(hash >> 1) & (NOTES_SLOTS - 1)];
}

static bool fold(struct notes *notes, struct note *note)
{
	struct note *other = *slot_of(notes, note->hash);

	if (!other || !alike(other, note))
		return false;
	other->count++;
	other->last_at = note->at;
	text_copy(other->last_request_id, sizeof(other->last_request_id),
		  note->who.request_id ? note->who.request_id : "");
	metric_add("skyclust_audit_folded_total", NULL, NULL, NULL, NULL, 1);
	return true;
}

/* ---- the queue ----------------------------------------------------------------- */

void notes_init(struct notes *notes)
{
	*notes = (struct notes){ 0 };
	list_init(&notes->waiting);
}

void notes_done(struct notes *notes)
{
	struct note *note, *next;

	list_each_safe (note, next, &notes->waiting, struct note, link)
		note_free(note);
}

static bool lose(struct notes *notes)
{
	if (!notes->lost++)
		notes->lost_since = clock_wall_ms();
	metric_add("skyclust_audit_lost_total", NULL, NULL, NULL, NULL, 1);
	return false;
}

bool notes_add(struct notes *notes, const struct audit_event *event)
{
	struct note from = borrow(event), *note;

	if (folds(event)) {
		from.hash = hash_of(&from);
		if (fold(notes, &from))
			return true;
	}
	from.size = size_of(&from);
	if (notes->n >= NOTES_MAX || notes->bytes + from.size > NOTES_BYTES)
		return lose(notes);
	note = keep(&from, event);
	list_add_tail(&notes->waiting, &note->link);
	notes->n++;
	notes->bytes += note->size;
	if (note->hash)
		*slot_of(notes, note->hash) = note;
	return true;
}

/* ---- writing ------------------------------------------------------------------- */

/* Move up to NOTES_BATCH notes from @notes to @batch. */
static size_t take(struct notes *notes, struct list *batch)
{
	size_t n = 0;

	while (n < NOTES_BATCH && !list_empty(&notes->waiting)) {
		struct note *note =
			list_first(&notes->waiting, struct note, link);

		list_del(&note->link);
		list_add_tail(batch, &note->link);
		notes->bytes -= note->size;
		n++;
	}
	notes->n -= n;
	memset(notes->recent, 0, sizeof(notes->recent));
	return n;
}

static void put_back(struct notes *notes, struct list *batch, bool again)
{
	while (!list_empty(batch)) {
		struct note *note =
			container_of(batch->prev, struct note, link);

		list_del(&note->link);
		list_add_head(&notes->waiting, &note->link);
		note->again |= again;
		notes->n++;
		notes->bytes += note->size;
	}
}

static void put(struct note *note, struct tx *tx)
{
	record_put(&(struct record){ .event = &note->event,
				     .at = note->at,
				     .body = *note->body ? note->body : NULL,
				     .count = note->count,
				     .last_at = note->last_at,
				     .last_request_id = note->last_request_id,
				     .again = note->again },
		   tx);
}

/* That some were lost is told as soon as there is room. */
static void put_losses(struct notes *notes, struct tx *tx)
{
	json_t *more = json_pack("{s:I, s:o}", "count", (json_int_t)notes->lost,
				 "since", trust_time(notes->lost_since));

	record_put(
		&(struct record){
			.event =
				&(struct audit_event){
					.action = "audit.lost",
					.outcome = "failed",
					.reason = "no room",
					.more = more,
				},
			.at = clock_wall_ms(),
		},
		tx);
	json_decref(more);
}

WAITS bool notes_write(struct notes *notes, struct store *store,
		       struct error *err)
{
	struct tx *tx = tx_begin(store, NULL);
	struct list batch = LIST_INIT(batch);
	long long lost = notes->lost;
	struct note *note, *next;
	size_t n = take(notes, &batch);
	struct error why = { 0 };

	if (lost)
		put_losses(notes, tx);
	list_each (note, &batch, struct note, link)
		put(note, tx);
	if (!tx_commit(tx, &why)) {
		put_back(notes, &batch, why.effect == EFFECT_UNKNOWN);
		*err = why;
		return false;
	}
	notes->lost -= lost;
	list_each_safe (note, next, &batch, struct note, link)
		note_free(note);
	metric_add("skyclust_audit_records_total", NULL, NULL, NULL, NULL,
		   (double)(n + (lost != 0)));
	return true;
}
