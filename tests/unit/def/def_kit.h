/* What the tests of definitions share. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_TESTS_DEF_KIT_H
#define GNOMON_TESTS_DEF_KIT_H

#include "def/def.h"
#include "kit/kit.h"

/* The case's arena; goes away with it. */
gn_arena *def_arena(void);
/* A buffer that goes away with the case. */
gn_buf *def_buf(void);
/* The content of a file; the case fails without it. */
gn_str def_file(const char *path);
/* Reads a definition that has nothing wrong; the case fails with its problems otherwise. */
const gni_def *def_read(gn_str text, const char *file);
const gni_def *def_golden(const char *name); /* "group_bys/fleet/daily.derived" */
/* The codes of the problems found, "GD102 GD103", in the order of the file. */
gn_str def_codes(const gni_problems *problems);
/* Reads and checks; what is wrong in the order of the file. */
gni_problems *def_problems(gn_str text, const char *file);

#endif
