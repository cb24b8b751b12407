/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"

int json_add(struct json_object *to, const char *name,
	     struct json_object *value)
{
	if (value && !json_object_object_add(to, name, value))
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

int json_add_text(struct json_object *to, const char *name, const char *text)
{
	return json_add(to, name, json_text(text));
}

int json_add_count(struct json_object *to, const char *name, uint64_t value)
{
	return json_add(to, name, json_object_new_uint64(value));
}

int json_add_bool(struct json_object *to, const char *name, bool value)
{
	return json_add(to, name, json_object_new_boolean(value));
}

int json_append(struct json_object *to, struct json_object *value)
{
	if (value && !json_object_array_add(to, value))
		return 0;
	json_object_put(value);
	return -ENOMEM;
}

/* Unicode 15.0 table 3-7: no surrogates, nothing longer than it need be. */
static size_t utf8_length(const unsigned char *in)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length, i;

	if (in[0] < 0x80)
		return 1;
	if (in[0] < 0xc2 || in[0] > 0xf4)
		return 0;
	length = in[0] < 0xe0 ? 2 : in[0] < 0xf0 ? 3 : 4;
	if (in[0] == 0xe0)
		low = 0xa0;
	else if (in[0] == 0xed)
		high = 0x9f;
	else if (in[0] == 0xf0)
		low = 0x90;
	else if (in[0] == 0xf4)
		high = 0x8f;
	/* The terminating 0 is in no range, so this stops there. */
	for (i = 1; i < length; i++) {
		if (in[i] < low || in[i] > high)
			return 0;
		low = 0x80;
		high = 0xbf;
	}
	return length;
}

struct json_object *json_text(const char *text)
{
	static const char replacement[3] = "\xef\xbf\xbd";
	const unsigned char *in = (const unsigned char *)text;
	struct json_object *value;
	char *copy, *out;

	copy = out = malloc(sizeof(replacement) * strlen(text) + 1);
	if (!copy)
		return NULL;
	while (*in) {
		size_t length = utf8_length(in);

		if (length) {
			memcpy(out, in, length);
			out += length;
			in += length;
		} else {
			memcpy(out, replacement, sizeof(replacement));
			out += sizeof(replacement);
			in++;
		}
	}
	*out = '\0';
	value = json_object_new_string(copy);
	free(copy);
	return value;
}

int json_print(struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(
		value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	if (!text)
		return -ENOMEM;
	puts(text);
	return 0;
}
