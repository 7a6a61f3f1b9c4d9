/* upper, lower, initcap. SPDX-License-Identifier: Apache-2.0 */
#include "expr/string.h"
#include "expr/unicode.h"

static void put(gnp_text *out, const uint32_t *characters, size_t count)
{
  char bytes[4];
  for (size_t i = 0; i < count; i++)
    gnp_text_add(out, (gn_str){bytes, gnp_utf8_put(characters[i], bytes)});
}

GNP_APPLY(upper)
{
  gnp_text text = {.arena = frame->arena};
  uint32_t mapped[3];
  for (size_t at = 0; at < args[0].text.len;)
    put(&text, mapped, gnp_upper_full(gnp_utf8_next(args[0].text, &at), mapped));
  return gnp_give_made(&text, frame, out);
}

/* Unicode's rule: a letter before, none behind. */
static bool sigma_is_final(gn_str text, size_t at, bool letter_before)
{
  return letter_before && (at >= text.len || !gnp_is_cased(gnp_utf8_next(text, &at)));
}

static void put_lower(gnp_text *out, gn_str text)
{
  uint32_t mapped[3];
  bool letter = false;
  for (size_t at = 0; at < text.len;) {
    uint32_t c = gnp_utf8_next(text, &at);
    put(out, mapped, gnp_lower_full(c, c == 0x3A3 && sigma_is_final(text, at, letter), mapped));
    letter = gnp_is_cased(c);
  }
}

int gnp_lower_text(gn_str text, gnp_frame *frame, gni_value *out)
{
  gnp_text made = {.arena = frame->arena};
  put_lower(&made, text);
  return gnp_give_made(&made, frame, out);
}

GNP_APPLY(lower)
{
  return gnp_lower_text(args[0].text, frame, out);
}

/* Title forms are the upper ones but for the two-letter characters (Dž, not DŽ), the Greek ones
 * with an iota below, which keep it, and those that become several, of which one is large. */
static size_t title_of(uint32_t c, uint32_t out[3])
{
  if (c >= 0x1C4 && c <= 0x1CC) {
    out[0] = c <= 0x1C6 ? 0x1C5 : c <= 0x1C9 ? 0x1C8 : 0x1CB;
    return 1;
  }
  if (c >= 0x1F1 && c <= 0x1F3) {
    out[0] = 0x1F2;
    return 1;
  }
  if ((c >= 0x1F80 && c <= 0x1FAF) || c == 0x1FBC || c == 0x1FCC || c == 0x1FFC) {
    out[0] = c | 8;
    return 1;
  }
  if (c == 0x1FB3 || c == 0x1FC3 || c == 0x1FF3) {
    out[0] = c + 9;
    return 1;
  }
  size_t count = gnp_upper_full(c, out);
  bool keeps = c == 0x149; /* n with an apostrophe before */
  for (size_t i = 1; i < count && !keeps; i++)
    out[i] = out[i] == 0x399 && c >= 0x1FB2 ? 0x345 : gnp_lower_simple(out[i]);
  return count;
}

/* Words are parted by spaces alone. */
GNP_APPLY(initcap)
{
  gnp_text text = {.arena = frame->arena};
  gn_str in = args[0].text;
  bool start = true, letter = false;
  for (size_t at = 0; at < in.len;) {
    uint32_t mapped[3], c = gnp_utf8_next(in, &at);
    bool final = c == 0x3A3 && sigma_is_final(in, at, letter);
    size_t count = start ? title_of(c, mapped) : gnp_lower_full(c, final, mapped);
    put(&text, mapped, count);
    letter = gnp_is_cased(c);
    start = c == ' ';
  }
  return gnp_give_made(&text, frame, out);
}

static const gnp_function functions[] = {
    {.name = "initcap", .takes = "string", .gives = "string", .apply = initcap},
    {.name = "lcase", .same_as = "lower"},
    {.name = "lower", .takes = "string", .gives = "string", .apply = lower},
    {.name = "ucase", .same_as = "upper"},
    {.name = "upper", .takes = "string", .gives = "string", .apply = upper},
};

const gnp_family gnp_family_string_case = {"string", functions,
                                           sizeof functions / sizeof *functions};
