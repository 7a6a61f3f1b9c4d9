/* GO: the online store, what is fetched from it and put into it. SPDX-License-Identifier:
 * Apache-2.0 */
#include "base/register.h"

static const gni_diagnostic rows[] = {
    {.code = "GO001",
     .title = "no address of a store",
     .meaning = "A store is named by a scheme and a place: lmdb:FOLDER, or memory: for what ends "
                "with the process.",
     .example = "gnomon fetch my_team/purchases.v1 -k '{}' --store ldmb:store",
     .mend = "--store lmdb:store"},
    {.code = "GO002",
     .title = "the store cannot be reached",
     .meaning = "The store's folder or service cannot be opened, for reading or for writing. The "
                "message has the reason.",
     .example = "--store lmdb:/mnt/features, while nothing is mounted there",
     .mend = "Look at the path and its rights; `gnomon doctor` tries it."},
    {.code = "GO003",
     .title = "not a store, or a damaged one",
     .meaning = "A file in the store's folder is not what gnomon writes there.",
     .example = "--store lmdb:photos",
     .mend = "Name the right folder, or upload again into an empty one."},
    {.code = "GO004",
     .title = "a store of another version",
     .meaning = "The store was written in a format that this version does not read.",
     .example = "a store of a later gnomon",
     .mend = "Upload again with this version, or update gnomon."},
    {.code = "GO005",
     .title = "another upload is running",
     .meaning = "One upload of a GroupBy at a time: the other one holds the lock until it ends. "
                "Readers are not disturbed.",
     .example = "two schedulers that upload one GroupBy",
     .mend = "Try again when the other one has ended."},
    {.code = "GO006",
     .title = "the GroupBy is not in the store",
     .meaning = "Nothing of this name was uploaded to this store. The names there are uploads', "
                "not compiled files'.",
     .example = "gnomon fetch before the first gnomon upload",
     .mend = "gnomon upload NAME --ds DAY, or correct the name."},
    {.code = "GO007",
     .title = "a key is missing",
     .meaning = "A request names every key column of the GroupBy.",
     .example = "-k '{\"user_id\": \"user_1\"}' for keys user_id and country",
     .mend = "-k '{\"user_id\": \"user_1\", \"country\": \"de\"}'"},
    {.code = "GO008",
     .title = "an unknown key",
     .meaning = "A request names a key that the GroupBy does not have, and lacks one that it "
                "has. The hint names the nearest.",
     .example = "-k '{\"user\": \"user_1\"}'",
     .mend = "-k '{\"user_id\": \"user_1\"}'"},
    {.code = "GO009",
     .title = "a key of another type",
     .meaning = "A key has the type of its column in the sources. A number in quotes is a text.",
     .example = "-k '{\"user_id\": 17}' where user_id is a string",
     .mend = "-k '{\"user_id\": \"17\"}'"},
    {.code = "GO010",
     .title = "a request that cannot be read",
     .meaning = "A request is a JSON object with \"keys\", and optionally \"name\" and \"at_ms\". "
                "With -k the keys alone are given.",
     .example = "-k '{user_id: user_1}'",
     .mend = "-k '{\"user_id\": \"user_1\"}'"},
    {.code = "GO011",
     .title = "a time before the upload's end",
     .meaning = "The batch part of a TEMPORAL GroupBy is a state as of its end; rows that came "
                "later are added to it. Earlier answers cannot be made of it.",
     .example = "--at-ms of last month, after an upload of yesterday",
     .mend = "Ask for a later time, or upload an earlier day."},
    {.code = "GO012",
     .title = "uploaded with other keys or features",
     .meaning = "An open fetcher promises its columns; the newest upload has others.",
     .example = "a feature added while a service runs",
     .mend = "Close the fetcher and open it again."},
    {.code = "GO013",
     .title = "no live rows are taken",
     .meaning = "A SNAPSHOT GroupBy answers as of midnight, so live rows have no place in it.",
     .example = "gnomon put for a GroupBy without a topic",
     .mend = "Give its source a topic, or accuracy=Accuracy.TEMPORAL, and upload again."},
    {.code = "GO014",
     .title = "an event that cannot be used",
     .meaning = "A live row is a JSON object with \"ts\", in milliseconds, and \"row\", whose "
                "members are the columns that the sources' queries select.",
     .example = "{\"time\": 1700000000, \"row\": {\"user_id\": \"user_1\"}}",
     .mend = "{\"ts\": 1700000000000, \"row\": {\"user_id\": \"user_1\", \"price\": 2.5}}"},
    {.code = "GO015",
     .title = "too many keys in one call",
     .meaning = "One call answers a bounded number of keys, so that one caller does not hold the "
                "memory of all.",
     .example = "gn_fetch with a million keys",
     .mend = "Split the request."},
    {.code = "GO016",
     .title = "nothing to load again",
     .meaning = "upload --from-table loads a partition that an upload wrote to the `_upload` "
                "table. There is none for the day, or something else wrote it.",
     .example = "gnomon upload my_team.purchases.v1 --ds 2023-12-01 --from-table, before any "
                "upload of that day",
     .mend = "Upload without --from-table: that computes and writes it."},
};

const gnp_family gnp_online_codes = {"Online", rows, sizeof rows / sizeof *rows};
