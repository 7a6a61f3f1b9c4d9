/* Between the files of src/def only. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_DEF_PRIVATE_H
#define GNOMON_SRC_DEF_PRIVATE_H

#include "def/def.h"

/* NULL when the struct has no such member. */
const gni_member *gnp_member_find(const gni_struct *type, gn_str name);

/* The shape of every GNI_LIST_OF and of gni_texts, for code that follows the tables. */
typedef struct gnp_list {
  const void *items;
  size_t count;
} gnp_list;

static inline const void *gnp_at(const gni_node *node, size_t offset)
{
  return (const char *)node + offset;
}

/* The member is there; a number, boolean or enum by its `has_`. */
bool gnp_is_present(const gni_node *node, const gni_member *member);
const gni_node *gnp_struct_of(const gni_node *node, const gni_member *member);
/* The nth struct of a list member; NULL past the end. */
const gni_node *gnp_element_of(const gni_node *node, const gni_member *member, size_t index);
gnp_list gnp_list_of(const gni_node *node, const gni_member *member);

/* A file being looked at, and one thing found in it. */
typedef struct gnp_source {
  gn_str file, text;
} gnp_source;

typedef struct gnp_finding {
  const char *code;
  int severity;
  gni_place place;
  uint32_t width; /* of what the carets underline; 0: of the token there */
  gn_str message, label, hint;
} gnp_finding;

gni_place gnp_place_of_spot(const gni_spot *spot);

/* Adds the finding with the line it stands in and the width of the token there. */
void gnp_report(const gnp_source *source, gni_problems *problems, const gnp_finding *finding);
/* Parses a file's text; what is wrong is reported with the code given. NULL on failure, with the
 * code of the failure in *rc. */
const gni_json *gnp_parse(const gnp_source *source, const char *code, gn_arena *arena,
                          gni_problems *problems, int *rc);

bool gnp_texts_have(const gni_texts *texts, gn_str text);
/* "did you mean `x`?" for the nearest of the names; {NULL, 0} when none is near. */
gn_str gnp_did_you_mean(gn_arena *arena, gn_str wrong, const gn_str *names, size_t count);
const gni_struct *gnp_kind_struct(int kind); /* gni_def_kind */

/* How hashes want a struct: on one line, without some members, its maps in a HashMap's order. */
typedef struct gnp_write_options {
  bool java_maps;
  bool without_metadata; /* of the outermost struct */
  bool without_topics;   /* anywhere */
} gnp_write_options;
int gnp_node_write(const gni_node *node, const gnp_write_options *options, gn_buf *out);
uint32_t gnp_java_hash(gn_str text); /* String.hashCode */

#endif
