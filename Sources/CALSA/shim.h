// What Swift cannot see of ALSA's library: a handler with a variable number of arguments.
#pragma once
#include <alsa/asoundlib.h>

static inline void calsa_say_nothing(const char *file, int line, const char *function, int code, const char *format, ...) {}

/// Keeps libasound from writing to standard error: what fails is said by whoever called it.
static inline void calsa_hush(void) { snd_lib_error_set_handler(calsa_say_nothing); }
