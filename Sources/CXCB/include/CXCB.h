// A few questions to the X server and one order, over libxcb, which is loaded when it is first needed: programs that use
// this start where there is no X at all. Windows, properties and types are the server's numbers for them; 0 is none.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A connection to the X server. Each question waits for its answer.
typedef struct CXCB CXCB;

/// A window's upper left corner, within its border, as seen from the root window, and its size without the border.
typedef struct {
  int32_t x, y;
  uint32_t width, height;
  /// Whether it and all that it is in are mapped.
  bool isViewable;
} CXCB_Place;

/// Connects to the server that DISPLAY names; NULL where there is no library, no name, or no server.
CXCB *CXCB_open(void);
void CXCB_close(CXCB *);

/// Whether the connection has ended.
bool CXCB_is_over(const CXCB *);

/// The root window of the screen that DISPLAY names.
uint32_t CXCB_root(const CXCB *);

/// A name's number; 0 when it cannot be had.
uint32_t CXCB_atom(const CXCB *, const char *name);

/// The windows right within a window, as many as there is room for.
size_t CXCB_children(const CXCB *, uint32_t window, uint32_t *children, size_t capacity);

/// The window that a window is right within; 0 when there is none.
uint32_t CXCB_parent(const CXCB *, uint32_t window);

/// A property of 32-bit numbers, whatever their type, as many as there is room for.
size_t CXCB_numbers(const CXCB *, uint32_t window, uint32_t property, uint32_t *numbers, size_t capacity);

/// Where a window is; false when it is gone.
bool CXCB_place(const CXCB *, uint32_t window, CXCB_Place *place);

/// A window's outer corner, with its border, as seen from the window that it is right within; false when it is gone.
bool CXCB_corner(const CXCB *, uint32_t window, int32_t *x, int32_t *y);

/// Sets a property to a text of a type.
void CXCB_set_text(
  const CXCB *, uint32_t window, uint32_t property, uint32_t type, const char *text, size_t bytes);
