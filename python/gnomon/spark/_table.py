"""The library of functions: one row a function, and how its arguments are sent.

A row reads as a Python signature. A parameter is a column, or the name of one; `x!` is a value,
`x%` a dict of options, `*x` any number. `x=None:'X'` sends 'X' where None is given; `seed` there
is a random one, `zero` a decimal 0. Otherwise the first None ends the arguments. `-> name` is
Spark's own name where it differs, `distinct` asks for distinct values.

What does not fit a row is written out in functions.py.
"""

from __future__ import annotations

import inspect
import random
import re
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from gnomon.spark.column import Column, call, decimal_literal, literal, to_column, to_literal
from gnomon.spark.types import DataType

TABLE = """
abs(col)
acos(col)
acosh(col)
add_months(start, months)
aes_decrypt(input, key, mode=None:'GCM', padding=None:'DEFAULT', aad=None:'')
aes_encrypt(input, key, mode=None:'GCM', padding=None:'DEFAULT', iv=None:'', aad=None:'')
any_value(col, ignoreNulls=None)
approx_count_distinct(col, rsd!=None)
approx_percentile(col, percentage!, accuracy!=10000)
array(*cols)
array_agg(col)
array_append(col, value!)
array_compact(col)
array_contains(col, value!)
array_distinct(col)
array_except(col1, col2)
array_insert(arr, pos, value!)
array_intersect(col1, col2)
array_join(col, delimiter!, null_replacement!=None)
array_max(col)
array_min(col)
array_position(col, value!)
array_prepend(col, value!)
array_remove(col, element!)
array_repeat(col, count)
array_size(col)
array_union(col1, col2)
arrays_overlap(a1, a2)
arrays_zip(*cols)
ascii(col)
asin(col)
asinh(col)
assert_true(col, errMsg!=None)
atan(col)
atan2(col1, col2)
atanh(col)
avg(col)
base64(col)
bin(col)
bit_and(col)
bit_count(col)
bit_get(col, pos)
bit_length(col)
bit_or(col)
bit_xor(col)
bitmap_and_agg(col)
bitmap_bit_position(col)
bitmap_bucket_number(col)
bitmap_construct_agg(col)
bitmap_count(col)
bitmap_or_agg(col)
bitwise_not(col) -> ~
bool_and(col)
bool_or(col)
bround(col, scale=None)
btrim(str, trim=None)
bucket(numBuckets!, col)
cardinality(col)
cbrt(col)
ceil(col, scale=None)
ceiling(col, scale=None)
char(col)
char_length(str)
character_length(str)
coalesce(*cols)
collate(col, collation!)
collation(col)
collect_list(col)
collect_set(col)
concat(*cols)
concat_ws(sep!, *cols)
contains(left, right)
conv(col, fromBase!, toBase!)
convert_timezone(sourceTz, targetTz, sourceTs)
corr(col1, col2)
cos(col)
cosh(col)
cot(col)
count(col)
count_distinct(col, *cols) -> count distinct
count_if(col)
count_min_sketch(col, eps!, confidence!, seed!=None:seed)
covar_pop(col1, col2)
covar_samp(col1, col2)
crc32(col)
create_map(*cols) -> map
csc(col)
cume_dist()
curdate()
current_catalog()
current_database()
current_date()
current_schema()
current_time(precision!=None)
current_timestamp()
current_timezone()
current_user()
date_add(start, days)
date_diff(end, start)
date_format(date, format!)
date_from_unix_date(days)
date_part(field, source)
date_sub(start, days)
date_trunc(format!, timestamp)
dateadd(start, days)
datediff(end, start)
datepart(field, source)
day(col)
dayname(col)
dayofmonth(col)
dayofweek(col)
dayofyear(col)
days(col)
decode(col, charset!)
degrees(col)
dense_rank()
e()
element_at(col, extraction!)
elt(*inputs)
encode(col, charset!)
endswith(str, suffix)
equal_null(col1, col2)
every(col)
exp(col)
explode(col)
explode_outer(col)
expm1(col)
extract(field, source)
factorial(col)
find_in_set(str, str_array)
first(col, ignorenulls!=False)
first_value(col, ignoreNulls=None)
flatten(col)
floor(col, scale=None)
format_number(col, d!)
format_string(format!, *cols)
from_csv(col, schema!, options%=None)
from_json(col, schema!, options%=None)
from_unixtime(timestamp, format!='yyyy-MM-dd HH:mm:ss')
from_utc_timestamp(timestamp, tz!)
from_xml(col, schema!, options%=None)
get(col, index)
get_json_object(col, path!)
getbit(col, pos)
greatest(*cols)
grouping(col)
grouping_id(*cols)
hash(*cols)
hex(col)
histogram_numeric(col, nBins)
hll_sketch_agg(col, lgConfigK!=None)
hll_sketch_estimate(col)
hll_union(col1, col2, allowDifferentLgConfigK!=None)
hll_union_agg(col, allowDifferentLgConfigK!=None)
hour(col)
hours(col)
hypot(col1, col2)
ifnull(col1, col2)
ilike(str, pattern, escapeChar=None)
initcap(col)
inline(col)
inline_outer(col)
input_file_block_length()
input_file_block_start()
input_file_name()
instr(str, substr!)
is_valid_utf8(str)
is_variant_null(v)
isnan(col)
isnotnull(col)
isnull(col)
java_method(*cols)
json_array_length(col)
json_object_keys(col)
json_tuple(col, *fields!)
kll_sketch_agg_bigint(col, k!=None)
kll_sketch_agg_double(col, k!=None)
kll_sketch_agg_float(col, k!=None)
kll_sketch_get_n_bigint(col)
kll_sketch_get_n_double(col)
kll_sketch_get_n_float(col)
kll_sketch_get_quantile_bigint(sketch, rank)
kll_sketch_get_quantile_double(sketch, rank)
kll_sketch_get_quantile_float(sketch, rank)
kll_sketch_get_rank_bigint(sketch, quantile)
kll_sketch_get_rank_double(sketch, quantile)
kll_sketch_get_rank_float(sketch, quantile)
kll_sketch_merge_bigint(left, right)
kll_sketch_merge_double(left, right)
kll_sketch_merge_float(left, right)
kll_sketch_to_string_bigint(col)
kll_sketch_to_string_double(col)
kll_sketch_to_string_float(col)
kurtosis(col)
lag(col, offset!=1, default!=None)
last(col, ignorenulls!=False)
last_day(date)
last_value(col, ignoreNulls=None)
lcase(str)
lead(col, offset!=1, default!=None)
least(*cols)
left(str, len)
length(col)
levenshtein(left, right, threshold!=None)
like(str, pattern, escapeChar=None)
listagg(col, delimiter!=None)
listagg_distinct(col, delimiter!=None) -> listagg distinct
ln(col)
localtimestamp()
locate(substr!, str, pos!=1)
log10(col)
log1p(col)
log2(col)
lower(col)
lpad(col, len!, pad!)
make_date(year, month, day)
make_dt_interval(days=None:0, hours=None:0, mins=None:0, secs=None:zero)
make_interval(years=None:0, months=None:0, weeks=None:0, days=None:0, hours=None:0, mins=None:0, secs=None:zero)
make_time(hour, minute, second)
make_timestamp_ltz(years, months, days, hours, mins, secs, timezone=None)
make_valid_utf8(str)
make_ym_interval(years=None:0, months=None:0)
map_concat(*cols)
map_contains_key(col, value!)
map_entries(col)
map_from_arrays(col1, col2)
map_from_entries(col)
map_keys(col)
map_values(col)
mask(col, upperChar=None:'X', lowerChar=None:'x', digitChar=None:'n', otherChar=None:null)
max(col)
max_by(col, ord)
md5(col)
mean(col) -> avg
median(col)
min(col)
min_by(col, ord)
minute(col)
mode(col, deterministic!=False)
monotonically_increasing_id()
month(col)
monthname(col)
months(col)
months_between(date1, date2, roundOff!=True)
named_struct(*cols)
nanvl(col1, col2)
negate(col) -> negative
negative(col)
next_day(date, dayOfWeek!)
now()
nth_value(col, offset!, ignoreNulls!=False)
ntile(n!)
nullif(col1, col2)
nullifzero(col)
nvl(col1, col2)
nvl2(col1, col2, col3)
octet_length(col)
overlay(src, replace, pos, len=-1)
parse_json(col)
parse_url(url, partToExtract, key=None)
percent_rank()
percentile(col, percentage!, frequency!=1)
percentile_approx(col, percentage!, accuracy!=10000)
pi()
pmod(dividend, divisor)
posexplode(col)
posexplode_outer(col)
position(substr, str, start=None)
positive(col)
pow(col1, col2) -> power
power(col1, col2)
printf(format, *cols)
product(col)
quarter(col)
quote(col)
radians(col)
raise_error(errMsg!)
rand(seed!=None:seed)
randn(seed!=None:seed)
randstr(length!, seed!=None:seed)
rank()
reflect(*cols)
regexp(str, regexp)
regexp_count(str, regexp)
regexp_extract(str, pattern!, idx!)
regexp_extract_all(str, regexp, idx!=None)
regexp_instr(str, regexp, idx!=None)
regexp_like(str, regexp)
regexp_replace(string, pattern!, replacement!)
regexp_substr(str, regexp)
regr_avgx(y, x)
regr_avgy(y, x)
regr_count(y, x)
regr_intercept(y, x)
regr_r2(y, x)
regr_slope(y, x)
regr_sxx(y, x)
regr_sxy(y, x)
regr_syy(y, x)
repeat(col, n)
replace(src, search, replace=None)
reverse(col)
right(str, len)
rint(col)
rlike(str, regexp)
round(col, scale=None)
row_number()
rpad(col, len!, pad!)
schema_of_csv(csv!, options%=None)
schema_of_json(json!, options%=None)
schema_of_variant(v)
schema_of_variant_agg(v)
schema_of_xml(xml!, options%=None)
sec(col)
second(col)
sentences(string, language=None:'', country=None:'')
sequence(start, stop, step=None)
session_user()
session_window(timeColumn, gapDuration!)
sha(col)
sha1(col)
sha2(col, numBits!)
shiftleft(col, numBits!)
shiftright(col, numBits!)
shiftrightunsigned(col, numBits!)
shuffle(col, seed!=None:seed)
sign(col)
signum(col)
sin(col)
sinh(col)
size(col)
skewness(col)
slice(x, start, length)
some(col)
sort_array(col, asc!=True)
soundex(col)
spark_partition_id()
split(str, pattern!, limit=-1)
split_part(src, delimiter, partNum)
sqrt(col)
st_asbinary(geo)
st_geogfromwkb(wkb)
st_geomfromwkb(wkb)
st_setsrid(geo, srid)
st_srid(geo)
stack(*cols)
startswith(str, prefix)
std(col)
stddev(col)
stddev_pop(col)
stddev_samp(col)
str_to_map(text, pairDelim=None:',', keyValueDelim=None:':')
string_agg(col, delimiter!=None)
string_agg_distinct(col, delimiter!=None) -> string_agg distinct
struct(*cols)
substr(str, pos, len=None)
substring(str, pos, len)
substring_index(str, delim!, count!)
sum(col)
sum_distinct(col) -> sum distinct
tan(col)
tanh(col)
theta_difference(col1, col2)
theta_intersection(col1, col2)
theta_intersection_agg(col)
theta_sketch_agg(col, lgNomEntries!=None)
theta_sketch_estimate(col)
theta_union(col1, col2, lgNomEntries!=None)
theta_union_agg(col, lgNomEntries!=None)
time_diff(unit, start, end)
time_trunc(unit, time)
timestamp_add(unit!, quantity, ts) -> timestampadd
timestamp_diff(unit!, start, end) -> timestampdiff
timestamp_micros(col)
timestamp_millis(col)
timestamp_seconds(col)
to_binary(col, format=None)
to_char(col, format)
to_csv(col, options%=None)
to_date(col, format!=None)
to_json(col, options%=None)
to_number(col, format)
to_time(str, format=None)
to_timestamp(col, format!=None)
to_timestamp_ltz(timestamp, format=None)
to_timestamp_ntz(timestamp, format=None)
to_unix_timestamp(timestamp, format=None)
to_utc_timestamp(timestamp, tz!)
to_varchar(col, format)
to_variant_object(col)
to_xml(col, options%=None)
translate(srcCol, matching!, replace!)
trunc(date, format!)
try_add(left, right)
try_aes_decrypt(input, key, mode=None:'GCM', padding=None:'DEFAULT', aad=None:'')
try_avg(col)
try_divide(left, right)
try_element_at(col, extraction)
try_make_interval(years=None:0, months=None:0, weeks=None:0, days=None:0, hours=None:0, mins=None:0, secs=None:zero)
try_make_timestamp_ltz(years, months, days, hours, mins, secs, timezone=None)
try_mod(left, right)
try_multiply(left, right)
try_parse_json(col)
try_parse_url(url, partToExtract, key=None)
try_reflect(*cols)
try_subtract(left, right)
try_sum(col)
try_to_binary(col, format=None)
try_to_date(col, format!=None)
try_to_number(col, format)
try_to_time(str, format=None)
try_to_timestamp(col, format=None)
try_url_decode(str)
try_validate_utf8(str)
try_variant_get(v, path!, targetType!)
typeof(col)
ucase(str)
unbase64(col)
unhex(col)
uniform(min!, max!, seed!=None:seed)
unix_date(col)
unix_micros(col)
unix_millis(col)
unix_seconds(col)
unix_timestamp(timestamp=None, format!='yyyy-MM-dd HH:mm:ss')
unwrap_udt(col)
upper(col)
url_decode(str)
url_encode(str)
user()
validate_utf8(str)
var_pop(col)
var_samp(col)
variance(col)
variant_get(v, path!, targetType!)
version()
weekday(col)
weekofyear(col)
width_bucket(v, min, max, numBucket)
window_time(windowColumn)
xpath(xml, path)
xpath_boolean(xml, path)
xpath_double(xml, path)
xpath_float(xml, path)
xpath_int(xml, path)
xpath_long(xml, path)
xpath_number(xml, path)
xpath_short(xml, path)
xpath_string(xml, path)
xxhash64(*cols)
year(col)
years(col)
zeroifnull(col)
"""  # noqa: E501

ROW = re.compile(r"(\w+)\((.*)\)(?: -> (\S+))?( distinct)?")
PARAMETER = re.compile(r"(\*?)(\w+)([!%]?)(?:=('[^']*'|[^:,]*))?(?::('[^']*'|\w+))?(?:, |$)")
CONSTANTS: dict[str, Any] = {"None": None, "True": True, "False": False}
FALLBACKS: dict[str, Callable[[], Column]] = {
    "seed": lambda: literal(random.randint(0, sys.maxsize)),
    "zero": lambda: decimal_literal("0", 10, 0),
    "null": lambda: literal(None),
}


class Parameter(NamedTuple):
    name: str
    many: bool
    mark: str  # "" a column, "!" a value, "%" options
    default: Any
    fallback: Callable[[], Column] | None


def _constant(text: str) -> Any:
    if text.startswith("'"):
        return text[1:-1]
    return CONSTANTS[text] if text in CONSTANTS else int(text)


def _fallback(text: str) -> Callable[[], Column]:
    if text in FALLBACKS:
        return FALLBACKS[text]
    value = _constant(text)
    return lambda: literal(value)


def _parameters(text: str) -> list[Parameter]:
    out = []
    for star, name, mark, default, fallback in PARAMETER.findall(text):
        value = _constant(default) if default else inspect.Parameter.empty
        out.append(
            Parameter(name, bool(star), mark, value, _fallback(fallback) if fallback else None)
        )
    return out


def _signature(parameters: list[Parameter]) -> inspect.Signature:
    return inspect.Signature(
        [
            inspect.Parameter(
                p.name,
                inspect.Parameter.VAR_POSITIONAL
                if p.many
                else inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=p.default,
            )
            for p in parameters
        ]
    )


def options_of(options: dict[str, Any]) -> Column:
    return call("map", *(str(item) for pair in options.items() for item in pair))


def _argument(parameter: Parameter, value: Any) -> Column:
    if parameter.mark == "%":
        return options_of(value)
    if isinstance(value, DataType):
        value = value.json()
    if isinstance(value, tuple):
        value = list(value)
    return to_literal(value) if parameter.mark else to_column(value)


def _arguments(parameters: list[Parameter], bound: dict[str, Any]) -> list[Column]:
    out: list[Column] = []
    for parameter in parameters:
        value = bound.get(parameter.name)
        if parameter.many:
            many: tuple[Any, ...] = value or ()
            if len(many) == 1 and isinstance(many[0], (list, tuple, set)):
                many = tuple(many[0])
            out.extend(_argument(parameter, item) for item in many)
        elif value is None and parameter.fallback:
            out.append(parameter.fallback())
        elif value is None and parameter.default is None:
            break
        else:
            out.append(_argument(parameter, value))
    return out


def _function(row: str) -> Callable[..., Column]:
    match = ROW.fullmatch(row)
    if match is None:
        raise ValueError(f"the table of functions has a row that is none: {row}")
    name, listed, spark_name, distinct = match.groups()
    parameters = _parameters(listed)
    signature = _signature(parameters)

    def function(*args: Any, **kwargs: Any) -> Column:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return call(
            spark_name or name, *_arguments(parameters, bound.arguments), distinct=bool(distinct)
        )

    function.__name__ = function.__qualname__ = name
    function.__signature__ = signature  # type: ignore[attr-defined]
    function.__doc__ = f"Spark's {spark_name or name}{distinct or ''}, as PySpark calls it."
    return function


FUNCTIONS: dict[str, Callable[..., Column]] = {
    row.partition("(")[0]: _function(row) for row in TABLE.split("\n") if row
}
