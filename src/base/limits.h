/* Every ceiling of the library: a name, a number, a unit and a reason. Past one it is GN_E_LIMIT,
 * never death. SPDX-License-Identifier: Apache-2.0 */
#ifndef GNOMON_SRC_LIMITS_H
#define GNOMON_SRC_LIMITS_H

#define GN_DEF_FILE_BYTES_MAX                                                                      \
  (64u << 20) /* bytes; the largest compiled conf seen is under 1 MiB                              \
               */
#define GN_DEF_ARENA_BYTES_MAX (256u << 20) /* bytes; a definition with all its nested parts */
#define GN_DEF_DEPTH_MAX 64                 /* levels of nesting in a definition's JSON */
#define GN_PROBLEMS_MAX 200             /* problems reported of one file; the rest are counted */
#define GN_EXPR_BYTES_MAX (1u << 20)    /* bytes of one SQL expression */
#define GN_SQL_BYTES_MAX (64u << 20)    /* bytes of one statement; a scan may list many files */
#define GN_EXPR_DEPTH_MAX 200           /* levels of nesting in an expression; bounds the stack */
#define GN_TYPE_DEPTH_MAX 32            /* levels of list, map and struct in a type */
#define GN_COLUMNS_MAX 10000            /* columns of one table or GroupBy output */
#define GN_PLAN_STEPS_MAX 4096          /* steps; ten years of days in one plan */
#define GN_STATE_BYTES_MAX (64u << 20)  /* bytes of one key's running states while folding */
#define GN_VALUE_BYTES_MAX (256u << 20) /* bytes of one online value */
#define GN_PUT_BYTES_MAX ((size_t)4 << 30) /* bytes of what one put keeps until it is written */
#define GN_REQUEST_BYTES_MAX (64u << 20)   /* bytes of arena for one fetch */
#define GN_FETCH_KEYS_MAX 10000 /* keys in one fetch; 100 doubles each stay under 8 MiB */
#define GN_TEXT_FILE_BYTES_MAX (256u << 20) /* bytes of a request, event or configuration file */

#endif
