/* JSON as Jackson reads it for Spark: token by token, with single quotes and raw control characters
 * allowed, and nothing said of what stands behind the part that was asked for.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_EXPR_JSON_READ_H
#define GNOMON_SRC_EXPR_JSON_READ_H

#include "expr/text.h"

#define GNP_JSON_DEPTH_MAX 1000 /* nested lists and objects, as Jackson limits them */

enum gnp_json_token {
  GNP_JSON_NOTHING, /* the end of the text */
  GNP_JSON_BAD,     /* no JSON, or no memory (then `failed`); stays so */
  GNP_JSON_OBJECT,
  GNP_JSON_OBJECT_END,
  GNP_JSON_LIST,
  GNP_JSON_LIST_END,
  GNP_JSON_NAME, /* of a member; `text` */
  GNP_JSON_TEXT, /* `text` */
  GNP_JSON_INTEGER,
  GNP_JSON_REAL,
  GNP_JSON_TRUE,
  GNP_JSON_FALSE,
  GNP_JSON_NULL
};

typedef struct gnp_json {
  gn_str in;
  gn_arena *arena;
  bool not_numbers; /* NaN and Infinity are numbers */
  bool failed;      /* no memory */
  uint8_t token, expects;
  uint32_t depth;
  size_t at, begin; /* behind the token; where it began */
  gn_str text;      /* of a name or text, its escapes read; of a number, its spelling */
  uint8_t objects[GNP_JSON_DEPTH_MAX / 8 + 1]; /* a bit a level: an object, not a list */
} gnp_json;

void gnp_json_start(gnp_json *json, gn_str in, gn_arena *arena);
/* The next token, which is `json->token` too. */
enum gnp_json_token gnp_json_next(gnp_json *json);
/* From the beginning of a list or object to its end; other tokens stay. */
void gnp_json_skip(gnp_json *json);

/* ---- writing --------------------------------------------------------------------------------- */

/* With its quotes, and a comma in front where one belongs. */
void gnp_json_put_text(gnp_text *out, gn_str text);
/* The same with characters beyond the first plane as two \\u escapes, as Jackson writes bytes. */
void gnp_json_put_escaped(gnp_text *out, gn_str text);
void gnp_json_put_name(gnp_text *out, gn_str name);
void gnp_json_put_real(gnp_text *out, double value, bool is_float);
void gnp_json_put_raw(gnp_text *out, gn_str text);
void gnp_json_open(gnp_text *out, char bracket);
void gnp_json_close(gnp_text *out, char bracket);
/* The token and, of a list or object, all that it holds; the last token read is its end. */
void gnp_json_put_copy(gnp_text *out, gnp_json *json, bool escaped);

#endif
