/* Arrow's values as Python's. SPDX-License-Identifier: Apache-2.0
 *
 * A column's format is looked at once; then its values are made column by column. What the limited
 * API has no type for (decimals, dates, rows) is made by functions of gnomon.spark._values. */
#include "spark_extension.h"

#include <stdlib.h>
#include <string.h>

typedef struct column column;

/* Makes the value at a place, counted from the array's own offset. */
typedef PyObject *(*maker)(const column *self, const struct ArrowArray *array, int64_t at);

struct column {
  maker make;
  const struct ArrowSchema *schema;
  const char *factory; /* of gnomon.spark._values; NULL: none */
  long scale;
  column *children;
  PyObject *names; /* of a struct's fields */
};

enum { COLUMN_LEVELS_MAX = 100 };

/* ---- buffers --------------------------------------------------------------------------------- */

static bool is_null(const struct ArrowArray *array, int64_t at)
{
  const uint8_t *bits = array->n_buffers ? array->buffers[0] : NULL;
  int64_t i = at + array->offset;
  return bits && array->null_count != 0 && !(bits[i / 8] >> (i % 8) & 1);
}

#define VALUE_AT(type, array, at) (((const type *)(array)->buffers[1])[(at) + (array)->offset])

static int64_t offset_at(const column *self, const struct ArrowArray *array, int64_t at)
{
  const char *format = self->schema->format;
  bool large = strcmp(format, "U") == 0 || strcmp(format, "Z") == 0 || strcmp(format, "+L") == 0;
  return large ? VALUE_AT(int64_t, array, at) : VALUE_AT(int32_t, array, at);
}

static PyObject *value_at(const column *self, const struct ArrowArray *array, int64_t at)
{
  if (!is_null(array, at)) return self->make(self, array, at);
  Py_INCREF(Py_None);
  return Py_None;
}

/* ---- plain values ---------------------------------------------------------------------------- */

static PyObject *make_null(const column *self, const struct ArrowArray *array, int64_t at)
{
  (void)self;
  (void)array;
  (void)at;
  Py_INCREF(Py_None);
  return Py_None;
}

static PyObject *make_bool(const column *self, const struct ArrowArray *array, int64_t at)
{
  int64_t i = at + array->offset;
  (void)self;
  return PyBool_FromLong(((const uint8_t *)array->buffers[1])[i / 8] >> (i % 8) & 1);
}

static PyObject *make_int8(const column *self, const struct ArrowArray *array, int64_t at)
{
  (void)self;
  return PyLong_FromLong(VALUE_AT(int8_t, array, at));
}

static PyObject *make_int16(const column *self, const struct ArrowArray *array, int64_t at)
{
  (void)self;
  return PyLong_FromLong(VALUE_AT(int16_t, array, at));
}

static PyObject *make_int32(const column *self, const struct ArrowArray *array, int64_t at)
{
  (void)self;
  return PyLong_FromLong(VALUE_AT(int32_t, array, at));
}

static PyObject *make_int64(const column *self, const struct ArrowArray *array, int64_t at)
{
  (void)self;
  return PyLong_FromLongLong(VALUE_AT(int64_t, array, at));
}

static PyObject *make_float(const column *self, const struct ArrowArray *array, int64_t at)
{
  (void)self;
  return PyFloat_FromDouble((double)VALUE_AT(float, array, at));
}

static PyObject *make_double(const column *self, const struct ArrowArray *array, int64_t at)
{
  (void)self;
  return PyFloat_FromDouble(VALUE_AT(double, array, at));
}

static PyObject *make_text(const column *self, const struct ArrowArray *array, int64_t at)
{
  int64_t from = offset_at(self, array, at), to = offset_at(self, array, at + 1);
  const char *bytes = array->buffers[2];
  return PyUnicode_DecodeUTF8(to > from ? bytes + from : "", (Py_ssize_t)(to - from), "replace");
}

static PyObject *make_bytes(const column *self, const struct ArrowArray *array, int64_t at)
{
  int64_t from = offset_at(self, array, at), to = offset_at(self, array, at + 1);
  const char *bytes = array->buffers[2];
  return PyBytes_FromStringAndSize(to > from ? bytes + from : "", (Py_ssize_t)(to - from));
}

/* ---- values that Python makes ---------------------------------------------------------------- */

static PyObject *call(const column *self, const char *format, long long a, long long b, long long c)
{
  return PyObject_CallMethod(pys_module_get()->values, self->factory, format, a, b, c);
}

static PyObject *make_of32(const column *self, const struct ArrowArray *array, int64_t at)
{
  return call(self, "L", VALUE_AT(int32_t, array, at), 0, 0);
}

static PyObject *make_of64(const column *self, const struct ArrowArray *array, int64_t at)
{
  return call(self, "L", VALUE_AT(int64_t, array, at), 0, 0);
}

static PyObject *make_calendar(const column *self, const struct ArrowArray *array, int64_t at)
{
  struct {
    int32_t months, days;
    int64_t ns;
  } value;
  memcpy(&value, (const char *)array->buffers[1] + (at + array->offset) * (int64_t)sizeof value,
         sizeof value);
  return call(self, "LLL", value.months, value.days, value.ns);
}

static PyObject *make_decimal(const column *self, const struct ArrowArray *array, int64_t at)
{
  const char *bytes = (const char *)array->buffers[1] + (at + array->offset) * 16;
  return PyObject_CallMethod(pys_module_get()->values, self->factory, "y#l", bytes, (Py_ssize_t)16,
                             self->scale);
}

/* ---- values that have parts ------------------------------------------------------------------ */

static PyObject *make_list(const column *self, const struct ArrowArray *array, int64_t at)
{
  int64_t from = offset_at(self, array, at), to = offset_at(self, array, at + 1);
  PyObject *out = PyList_New((Py_ssize_t)(to - from));
  for (int64_t i = from; out && i < to; i++) {
    PyObject *item = value_at(&self->children[0], array->children[0], i);
    if (!item || PyList_SetItem(out, (Py_ssize_t)(i - from), item) < 0) Py_CLEAR(out);
  }
  return out;
}

static PyObject *make_map(const column *self, const struct ArrowArray *array, int64_t at)
{
  const struct ArrowArray *entries = array->children[0];
  const column *entry = &self->children[0];
  int64_t from = VALUE_AT(int32_t, array, at), to = VALUE_AT(int32_t, array, at + 1);
  PyObject *out = PyDict_New();
  for (int64_t i = from; out && i < to; i++) {
    int64_t inner = i + entries->offset;
    PyObject *key = value_at(&entry->children[0], entries->children[0], inner);
    PyObject *value = key ? value_at(&entry->children[1], entries->children[1], inner) : NULL;
    if (!value || PyDict_SetItem(out, key, value) < 0) Py_CLEAR(out);
    Py_XDECREF(key);
    Py_XDECREF(value);
  }
  return out;
}

static PyObject *make_struct(const column *self, const struct ArrowArray *array, int64_t at)
{
  Py_ssize_t count = (Py_ssize_t)self->schema->n_children;
  PyObject *values = PyTuple_New(count);
  for (Py_ssize_t i = 0; values && i < count; i++) {
    PyObject *value = value_at(&self->children[i], array->children[i], at + array->offset);
    if (!value || PyTuple_SetItem(values, i, value) < 0) Py_CLEAR(values);
  }
  if (!values) return NULL;
  return PyObject_CallMethod(pys_module_get()->values, self->factory, "ON", self->names, values);
}

/* ---- formats --------------------------------------------------------------------------------- */

typedef struct format_row {
  const char *format; /* the whole of it, or its beginning where it ends in ':' */
  maker make;
  const char *factory;
} format_row;

static const format_row formats[] = {
    {"n", make_null, NULL},
    {"b", make_bool, NULL},
    {"c", make_int8, NULL},
    {"s", make_int16, NULL},
    {"i", make_int32, NULL},
    {"l", make_int64, NULL},
    {"f", make_float, NULL},
    {"g", make_double, NULL},
    {"u", make_text, NULL},
    {"U", make_text, NULL},
    {"z", make_bytes, NULL},
    {"Z", make_bytes, NULL},
    {"tdD", make_of32, "date"},
    {"tsu:", make_of64, "timestamp"},
    {"ttn", make_of64, "time"},
    {"tiM", make_of32, "months"},
    {"tDu", make_of64, "duration"},
    {"tin", make_calendar, "calendar"},
    {"d:", make_decimal, "decimal_of"},
    {"+l", make_list, NULL},
    {"+L", make_list, NULL},
    {"+m", make_map, NULL},
    {"+s", make_struct, "row"},
};

static const format_row *find_format(const char *format)
{
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
    size_t len = strlen(formats[i].format);
    bool open = formats[i].format[len - 1] == ':';
    if (strncmp(format, formats[i].format, len) == 0 && (open || format[len] == '\0'))
      return &formats[i];
  }
  PyErr_Format(PyExc_NotImplementedError, "a column of Arrow's type %s has no Python values",
               format);
  return NULL;
}

static bool has_child(const struct ArrowSchema *schema, const char *name)
{
  for (int64_t i = 0; i < schema->n_children; i++)
    if (strcmp(schema->children[i]->name, name) == 0) return true;
  return false;
}

static void column_end(column *self)
{
  for (int64_t i = 0; self->children && i < self->schema->n_children; i++)
    if (self->children[i].schema) column_end(&self->children[i]);
  PyMem_Free(self->children);
  Py_CLEAR(self->names);
}

static bool column_begin(column *self, const struct ArrowSchema *schema, int level)
{
  const format_row *row = level < COLUMN_LEVELS_MAX ? find_format(schema->format) : NULL;
  *self = (column){.schema = schema};
  if (!row) return false;
  self->make = row->make;
  self->factory = row->factory;
  if (strcmp(schema->format, "tsu:") == 0) self->factory = "timestamp_ntz";
  if (row->make == make_decimal) self->scale = strtol(strchr(schema->format, ',') + 1, NULL, 10);
  if (schema->n_children == 0) return true;
  self->children = PyMem_Calloc((size_t)schema->n_children, sizeof *self->children);
  self->names = PyTuple_New((Py_ssize_t)schema->n_children);
  bool ok = self->children && self->names;
  for (int64_t i = 0; ok && i < schema->n_children; i++) {
    PyObject *name = PyUnicode_FromString(schema->children[i]->name);
    ok = name && PyTuple_SetItem(self->names, (Py_ssize_t)i, name) == 0 &&
         column_begin(&self->children[i], schema->children[i], level + 1);
  }
  if (schema->n_children == 2 && has_child(schema, "metadata") && has_child(schema, "value") &&
      row->make == make_struct)
    for (int i = 0; i < 2; i++)
      if (schema->children[i]->metadata && strcmp(schema->children[i]->name, "metadata") == 0)
        self->factory = "variant";
  return ok;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static bool fill_column(const column *self, const struct ArrowArray *array, int64_t offset,
                        PyObject *rows, Py_ssize_t at)
{
  for (Py_ssize_t i = 0; i < PyList_Size(rows); i++) {
    PyObject *value = value_at(self, array, offset + i);
    if (!value || PyTuple_SetItem(PyList_GetItem(rows, i), at, value) < 0) return false;
  }
  return true;
}

PyObject *pys_rows(const struct ArrowSchema *schema, const struct ArrowArray *batch)
{
  column root;
  Py_ssize_t count = (Py_ssize_t)batch->length, width = (Py_ssize_t)schema->n_children;
  PyObject *rows = PyList_New(count);
  bool ok = rows != NULL;
  for (Py_ssize_t i = 0; ok && i < count; i++) {
    PyObject *row = PyTuple_New(width);
    ok = row && PyList_SetItem(rows, i, row) == 0;
  }
  if (ok) {
    ok = column_begin(&root, schema, 0);
    for (Py_ssize_t i = 0; ok && i < width; i++)
      ok = fill_column(&root.children[i], batch->children[i], batch->offset, rows, i);
    column_end(&root);
  }
  if (!ok) Py_CLEAR(rows);
  return rows;
}
