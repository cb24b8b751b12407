/* SPDX-License-Identifier: MIT */
/*
 * A little around json-c: errors that cannot be forgotten, text that is UTF-8.
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

/*
 * Add @value to the object, which owns it then; NULL is a failure to make the
 * value. 0 or -ENOMEM, with @value gone.
 */
int json_add(struct json_object *to, const char *name,
	     struct json_object *value);

/* The same for values of these kinds. */
int json_add_text(struct json_object *to, const char *name, const char *text);
int json_add_count(struct json_object *to, const char *name, uint64_t value);
int json_add_bool(struct json_object *to, const char *name, bool value);

/* The same for an array. */
int json_append(struct json_object *to, struct json_object *value);

/*
 * JSON text is UTF-8, while a file's name is any bytes: those that are not part
 * of a valid character become U+FFFD. NULL when out of memory.
 */
struct json_object *json_text(const char *text);

/* One line on standard output. 0 or -ENOMEM. */
int json_print(struct json_object *value);

#endif
