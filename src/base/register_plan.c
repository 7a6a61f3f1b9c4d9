/* GP: days, ranges and written plans. SPDX-License-Identifier: Apache-2.0 */
#include "base/register.h"

static const gni_diagnostic rows[] = {
    {.code = "GP001",
     .title = "not a day",
     .meaning = "Days on the command line and in calls are days of the calendar, written "
                "yyyy-MM-dd or yyyyMMdd.",
     .example = "gnomon backfill my_team.purchases.v1 --ds 2023-02-30",
     .mend = "--ds 2023-02-28"},
    {.code = "GP002",
     .title = "the range ends before it starts",
     .meaning = "The first day of a range is not after its last. The first is --start-ds, else "
                "backfillStartDate; the last is --end-ds, else yesterday.",
     .example = "--start-ds 2023-12-07 --end-ds 2023-12-01",
     .mend = "--start-ds 2023-12-01 --end-ds 2023-12-07"},
    {.code = "GP003",
     .title = "no day to start from",
     .meaning = "Neither the command, nor the definition, nor the partitions of the sources say "
                "where to begin.",
     .example = "a GroupBy without backfill_start_date over an empty table",
     .mend = "Give --start-ds, or backfill_start_date in the definition."},
    {.code = "GP004",
     .title = "too many steps",
     .meaning = "The range is cut into steps of --step-days, and one run has a ceiling of them.",
     .example = "--step-days 1 over thirty years",
     .mend = "Use larger steps, or a shorter range."},
    {.code = "GP005",
     .title = "more parts than days",
     .meaning = "Work that is split by days has at least one day a part.",
     .example = "run.py --parallelism 10 --start-ds 2023-12-01 --end-ds 2023-12-03",
     .mend = "--parallelism 3"},
    {.code = "GP006",
     .title = "nothing to do",
     .meaning = "Every day of the range is in the output table already, or has no input. This is "
                "no failure.",
     .example = "the same backfill twice",
     .mend = "Nothing; to compute a day again, remove its partition first."},
    {.code = "GP007",
     .title = "earlier days are left alone",
     .meaning = "Days before the first partition of the output table are not filled unless that "
                "is asked for, as upstream does: the table may have been begun there on purpose.",
     .example = "--start-ds 2023-01-01, while the table begins on 2023-06-01",
     .mend = "--run-first-hole fills them."},
    {.code = "GP008",
     .title = "days without input are left out",
     .meaning = "No source has a partition that these days could be computed from.",
     .example = "--end-ds of tomorrow",
     .mend = "Load the missing partitions and run it again; only these days are computed then."},
    {.code = "GP009",
     .title = "a written plan that cannot be read",
     .meaning = "The file given to --plan is not what `gnomon plan --out` writes, or is of "
                "another version.",
     .example = "gnomon backfill --plan notes.txt",
     .mend = "gnomon plan CONF --out FILE, then gnomon backfill --plan FILE"},
    {.code = "GP010",
     .title = "the world has changed since the plan",
     .meaning = "A written plan is applied exactly or not at all. Since it was written the "
                "definition, the tables or the partitions changed, so a new plan would say "
                "something else.",
     .example = "a partition that landed between plan and backfill",
     .mend = "Write the plan again and look at it."},
    {.code = "GP011",
     .title = "a kind that is not computed",
     .meaning = "This version computes GroupBys. Other kinds are read, checked and compiled.",
     .example = "gnomon backfill of a Join",
     .mend = "Backfill the GroupBys of the Join."},
};

const gnp_family gnp_plan_codes = {"Plans", rows, sizeof rows / sizeof *rows};
