/* Steps over a text: depth first, with a stack of the choices not yet taken and of what to put
 * back. SPDX-License-Identifier: Apache-2.0 */
#include "expr/regex.h"
#include "expr/unicode.h"

#define STACK_MAX (1u << 20) /* entries; 24 MiB */

/* A choice: go on at `step` from `at`. Or a value to put back into a slot or register. */
typedef struct entry {
  uint32_t step;
  uint32_t slot; /* CHOICE: none */
  size_t at;
} entry;

#define CHOICE UINT32_MAX

typedef struct machine {
  const gnp_regex *regex;
  gn_str text;
  gn_arena *arena;
  size_t *slots; /* groups' ends, then registers */
  entry *stack;
  size_t depth, capacity;
  uint32_t steps;
  int inner; /* looks and atoms inside each other */
  int rc;
} machine;

static bool push(machine *m, uint32_t step, uint32_t slot, size_t at)
{
  if (m->depth == m->capacity) {
    size_t capacity = m->capacity ? 2 * m->capacity : 64;
    void *grown = capacity > STACK_MAX
                      ? NULL
                      : gni_arena_grow(m->arena, m->stack, m->capacity * sizeof *m->stack,
                                       capacity * sizeof *m->stack);
    if (!grown) {
      m->rc = capacity > STACK_MAX ? GN_E_LIMIT : GN_E_NOMEM;
      return false;
    }
    m->stack = grown;
    m->capacity = capacity;
  }
  m->stack[m->depth++] = (entry){step, slot, at};
  return true;
}

static bool set_slot(machine *m, uint32_t slot, size_t value)
{
  if (!push(m, 0, slot, m->slots[slot])) return false;
  m->slots[slot] = value;
  return true;
}

/* Back to the last choice above `floor`; false when there is none. */
static bool pop_choice(machine *m, size_t floor, uint32_t *step, size_t *at)
{
  while (m->depth > floor) {
    const entry *top = &m->stack[--m->depth];
    if (top->slot != CHOICE) {
      m->slots[top->slot] = top->at;
      continue;
    }
    *step = top->step;
    *at = top->at;
    return true;
  }
  return false;
}

/* ---- characters ------------------------------------------------------------------------------ */

static uint32_t fold(uint32_t c)
{
  return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static bool is_line_end(uint32_t c)
{
  return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static size_t before(gn_str text, size_t at)
{
  do at--;
  while (at > 0 && ((unsigned char)text.ptr[at] & 0xC0) == 0x80);
  return at;
}

/* Letters and digits of any script; those that this library has no class of are an error. */
static bool is_word(machine *m, size_t at)
{
  uint32_t c = gnp_utf8_next(m->text, &at);
  if (c < 0x80) return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
  if (gnp_is_cased(c) || gnp_digit_of(c) >= 0) return true;
  bool known_other = (c >= 0x80 && c <= 0xBF && c != 0xAA && c != 0xB5 && c != 0xBA) || c == 0xD7 ||
                     c == 0xF7 || (c >= 0x2000 && c <= 0x206F) || (c >= 0x1F300 && c <= 0x1FAFF);
  bool ideograph = (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FA) ||
                   (c >= 0x4E00 && c <= 0x9FFC) || (c >= 0xAC00 && c <= 0xD7A3);
  if (!known_other && !ideograph) m->rc = GN_E_UNSUPPORTED;
  return ideograph;
}

static bool at_edge(machine *m, size_t at)
{
  bool left = at > 0 && is_word(m, before(m->text, at));
  bool right = at < m->text.len && is_word(m, at);
  return left != right;
}

/* Before the last line's end too, where that ends the text. */
static bool at_text_end(gn_str text, size_t at)
{
  if (at == text.len) return true;
  size_t next = at;
  uint32_t c = gnp_utf8_next(text, &next);
  if (c == '\r' && next < text.len && text.ptr[next] == '\n') next++;
  bool inside = c == '\n' && at > 0 && text.ptr[at - 1] == '\r';
  return is_line_end(c) && next == text.len && !inside;
}

static bool at_line_begin(gn_str text, size_t at)
{
  if (at == 0) return true;
  if (at == text.len) return false;
  size_t previous = before(text, at), next = previous;
  uint32_t c = gnp_utf8_next(text, &next);
  return is_line_end(c) && !(c == '\r' && text.ptr[at] == '\n');
}

static bool at_line_end(gn_str text, size_t at)
{
  if (at == text.len) return true;
  size_t next = at;
  uint32_t c = gnp_utf8_next(text, &next);
  return is_line_end(c) && !(c == '\n' && at > 0 && text.ptr[at - 1] == '\r');
}

static bool holds(machine *m, uint8_t operation, size_t at)
{
  switch (operation) {
  case RX_LINE_BEGIN:
    return at_line_begin(m->text, at);
  case RX_LINE_END:
    return at_line_end(m->text, at);
  case RX_TEXT_BEGIN:
    return at == 0;
  case RX_TEXT_END:
    return at_text_end(m->text, at);
  case RX_TEXT_LAST:
    return at == m->text.len;
  case RX_EDGE:
    return at_edge(m, at);
  default:
    return !at_edge(m, at);
  }
}

/* One character by one step. */
static bool takes(const machine *m, const gnp_regex_step *s, size_t *at)
{
  if (*at == m->text.len) return false;
  uint32_t c = gnp_utf8_next(m->text, at);
  if (s->operation == RX_ANY) return s->x || !is_line_end(c);
  if (s->operation == RX_CLASS) return gnp_regex_set_has(m->regex->sets[s->x], c);
  return c == s->x || (s->y && fold(c) == fold(s->x));
}

static bool takes_group(const machine *m, const gnp_regex_step *s, size_t *at)
{
  size_t begin = m->slots[2 * s->x], end = m->slots[2 * s->x + 1];
  if (begin == SIZE_MAX || end == SIZE_MAX || end < begin) return false;
  size_t len = end - begin;
  if (*at + len > m->text.len) return false;
  for (size_t i = 0; i < len; i++) {
    unsigned char x = (unsigned char)m->text.ptr[begin + i],
                  y = (unsigned char)m->text.ptr[*at + i];
    if (x != y && !(s->y && fold(x) == fold(y))) return false;
  }
  *at += len;
  return true;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static bool run(machine *m, uint32_t step, size_t at, size_t must_end, size_t *end);

/* A part with an end of its own, then on behind it. */
static bool run_inner(machine *m, const gnp_regex_step *s, uint32_t step, size_t *at)
{
  size_t end = *at, depth = m->depth;
  bool matched = false;
  if (m->inner++ > GNP_REGEX_DEPTH_MAX) m->rc = GN_E_LIMIT;
  if (s->operation == RX_LOOK_BACK) {
    for (size_t from = *at;; from = before(m->text, from)) {
      matched = run(m, step + 1, from, *at, &end);
      if (matched || from == 0 || m->rc != GN_OK) break;
    }
  } else {
    matched = run(m, step + 1, *at, SIZE_MAX, &end);
  }
  m->inner--;
  if (s->operation == RX_ATOMIC) {
    *at = end;
    return matched;
  }
  if (s->y) { /* what a negative look found is forgotten */
    uint32_t ignored_step;
    size_t ignored_at;
    while (pop_choice(m, depth, &ignored_step, &ignored_at)) continue;
  }
  return matched != (s->y != 0);
}

/* One step; false when it fails. Moves `step` and `at`. */
static bool advance(machine *m, uint32_t *step, size_t *at)
{
  const gnp_regex_step *s = &m->regex->steps[*step];
  uint32_t registers = 2 * m->regex->group_count;
  switch (s->operation) {
  case RX_CHAR:
  case RX_ANY:
  case RX_CLASS:
    ++*step;
    return takes(m, s, at);
  case RX_SPLIT:
    *step = s->x;
    return push(m, s->y, CHOICE, *at);
  case RX_JUMP:
    *step = s->x;
    return true;
  case RX_SAVE:
    ++*step;
    return set_slot(m, s->x, *at);
  case RX_MARK:
    ++*step;
    return set_slot(m, registers + s->x, *at);
  case RX_PROGRESS:
    ++*step;
    return m->slots[registers + s->x] != *at;
  case RX_BACK:
    ++*step;
    return takes_group(m, s, at);
  case RX_LOOK:
  case RX_LOOK_BACK:
  case RX_ATOMIC: {
    bool matched = run_inner(m, s, *step, at);
    *step = s->x;
    return matched;
  }
  default:
    ++*step;
    return holds(m, s->operation, *at);
  }
}

/* From `step` to its DONE. On success the choices above are given up, what was set stays to be put
 * back by the caller's failure. */
static bool run(machine *m, uint32_t step, size_t at, size_t must_end, size_t *end)
{
  size_t floor = m->depth;
  for (;;) {
    bool good = true;
    while (good && m->rc == GN_OK) {
      if (++m->steps > GNP_REGEX_STEPS_MAX) m->rc = GN_E_LIMIT;
      if (m->regex->steps[step].operation == RX_DONE && (must_end == SIZE_MAX || at == must_end))
        break;
      good = m->regex->steps[step].operation != RX_DONE && advance(m, &step, &at);
    }
    if (m->rc != GN_OK) return false;
    if (good) break;
    if (!pop_choice(m, floor, &step, &at)) return false;
  }
  /* Keep what puts slots back, drop the choices. */
  size_t kept = floor;
  for (size_t i = floor; i < m->depth; i++)
    if (m->stack[i].slot != CHOICE) m->stack[kept++] = m->stack[i];
  m->depth = kept;
  *end = at;
  return true;
}

int gnp_regex_find(const gnp_regex *regex, gn_str text, size_t from, gn_arena *arena,
                   gnp_regex_match *match)
{
  machine m = {.regex = regex, .text = text, .arena = arena};
  size_t slots = 2 * regex->group_count + regex->register_count;
  m.slots = GN_TAKE(arena, size_t, slots);
  if (!m.slots) return GN_E_NOMEM;
  for (size_t at = from; at <= text.len;) {
    size_t end;
    for (size_t i = 0; i < slots; i++) m.slots[i] = SIZE_MAX;
    m.depth = 0;
    if (run(&m, 0, at, SIZE_MAX, &end)) {
      m.slots[0] = at;
      m.slots[1] = end;
      for (size_t i = 0; i < regex->group_count; i++) {
        bool whole = m.slots[2 * i + 1] != SIZE_MAX;
        match->begin[i] = whole ? m.slots[2 * i] : SIZE_MAX;
        match->end[i] = m.slots[2 * i + 1];
      }
      return GN_OK;
    }
    if (m.rc != GN_OK) return m.rc;
    if (at == text.len) break;
    (void)gnp_utf8_next(text, &at);
  }
  return GN_ABSENT;
}
