#include "CXCB.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

// The functions of libxcb that are called, by the types that its header gives them.
#define FUNCTIONS(each) \
  each(xcb_connect) each(xcb_disconnect) each(xcb_connection_has_error) each(xcb_get_setup) \
  each(xcb_setup_roots_iterator) each(xcb_screen_next) each(xcb_flush) \
  each(xcb_intern_atom) each(xcb_intern_atom_reply) \
  each(xcb_query_tree) each(xcb_query_tree_reply) each(xcb_query_tree_children) each(xcb_query_tree_children_length) \
  each(xcb_get_property) each(xcb_get_property_reply) each(xcb_get_property_value) each(xcb_get_property_value_length) \
  each(xcb_get_geometry) each(xcb_get_geometry_reply) \
  each(xcb_translate_coordinates) each(xcb_translate_coordinates_reply) \
  each(xcb_get_window_attributes) each(xcb_get_window_attributes_reply) \
  each(xcb_change_property)

struct CXCB {
  void *library;
  xcb_connection_t *connection;
  xcb_window_t root;
#define DECLARE(name) __typeof__(name) *name;
  FUNCTIONS(DECLARE)
};

static bool load(CXCB *x) {
  x->library = dlopen("libxcb.so.1", RTLD_NOW | RTLD_LOCAL);
  if (x->library == NULL) return false;
#define LOAD(name) if ((x->name = (__typeof__(name) *)dlsym(x->library, #name)) == NULL) return false;
  FUNCTIONS(LOAD)
  return true;
}

static bool connect_to_server(CXCB *x) {
  int number = 0;
  x->connection = x->xcb_connect(NULL, &number);
  if (x->xcb_connection_has_error(x->connection)) return false;
  xcb_screen_iterator_t screens = x->xcb_setup_roots_iterator(x->xcb_get_setup(x->connection));
  for (; screens.rem > 1 && number > 0; number--) x->xcb_screen_next(&screens);
  if (screens.rem < 1) return false;
  x->root = screens.data->root;
  return true;
}

CXCB *CXCB_open(void) {
  if (getenv("DISPLAY") == NULL) return NULL;
  CXCB *x = calloc(1, sizeof *x);
  if (x == NULL) return NULL;
  if (load(x) && connect_to_server(x)) return x;
  CXCB_close(x);
  return NULL;
}

void CXCB_close(CXCB *x) {
  // A connection that failed is to be given back as well.
  if (x->connection != NULL) x->xcb_disconnect(x->connection);
  if (x->library != NULL) dlclose(x->library);
  free(x);
}

bool CXCB_is_over(const CXCB *x) { return x->xcb_connection_has_error(x->connection) != 0; }

uint32_t CXCB_root(const CXCB *x) { return x->root; }

uint32_t CXCB_atom(const CXCB *x, const char *name) {
  xcb_intern_atom_reply_t *reply = x->xcb_intern_atom_reply(
    x->connection, x->xcb_intern_atom(x->connection, 0, (uint16_t)strlen(name), name), NULL);
  uint32_t atom = reply == NULL ? 0 : reply->atom;
  free(reply);
  return atom;
}

static xcb_query_tree_reply_t *tree(const CXCB *x, uint32_t window) {
  return x->xcb_query_tree_reply(x->connection, x->xcb_query_tree(x->connection, window), NULL);
}

size_t CXCB_children(const CXCB *x, uint32_t window, uint32_t *children, size_t capacity) {
  xcb_query_tree_reply_t *reply = tree(x, window);
  if (reply == NULL) return 0;
  size_t count = (size_t)x->xcb_query_tree_children_length(reply);
  if (count > capacity) count = capacity;
  memcpy(children, x->xcb_query_tree_children(reply), count * sizeof *children);
  free(reply);
  return count;
}

uint32_t CXCB_parent(const CXCB *x, uint32_t window) {
  xcb_query_tree_reply_t *reply = tree(x, window);
  uint32_t parent = reply == NULL ? 0 : reply->parent;
  free(reply);
  return parent;
}

size_t CXCB_numbers(const CXCB *x, uint32_t window, uint32_t property, uint32_t *numbers, size_t capacity) {
  xcb_get_property_reply_t *reply = x->xcb_get_property_reply(
    x->connection,
    x->xcb_get_property(x->connection, 0, window, property, XCB_GET_PROPERTY_TYPE_ANY, 0, (uint32_t)capacity), NULL);
  size_t count = 0;
  if (reply != NULL && reply->format == 32) {
    count = (size_t)x->xcb_get_property_value_length(reply) / sizeof *numbers;
    if (count > capacity) count = capacity;
    memcpy(numbers, x->xcb_get_property_value(reply), count * sizeof *numbers);
  }
  free(reply);
  return count;
}

bool CXCB_place(const CXCB *x, uint32_t window, CXCB_Place *place) {
  xcb_get_geometry_cookie_t size = x->xcb_get_geometry(x->connection, window);
  xcb_translate_coordinates_cookie_t corner = x->xcb_translate_coordinates(x->connection, window, x->root, 0, 0);
  xcb_get_window_attributes_cookie_t state = x->xcb_get_window_attributes(x->connection, window);
  xcb_get_geometry_reply_t *sized = x->xcb_get_geometry_reply(x->connection, size, NULL);
  xcb_translate_coordinates_reply_t *placed = x->xcb_translate_coordinates_reply(x->connection, corner, NULL);
  xcb_get_window_attributes_reply_t *mapped = x->xcb_get_window_attributes_reply(x->connection, state, NULL);
  bool isThere = sized != NULL && placed != NULL && mapped != NULL;
  if (isThere) {
    *place = (CXCB_Place){placed->dst_x, placed->dst_y, sized->width, sized->height,
                          mapped->map_state == XCB_MAP_STATE_VIEWABLE};
  }
  free(sized);
  free(placed);
  free(mapped);
  return isThere;
}

bool CXCB_corner(const CXCB *x, uint32_t window, int32_t *horizontal, int32_t *vertical) {
  xcb_get_geometry_reply_t *reply =
    x->xcb_get_geometry_reply(x->connection, x->xcb_get_geometry(x->connection, window), NULL);
  if (reply == NULL) return false;
  *horizontal = reply->x;
  *vertical = reply->y;
  free(reply);
  return true;
}

void CXCB_set_text(const CXCB *x, uint32_t window, uint32_t property, uint32_t type, const char *text, size_t bytes) {
  x->xcb_change_property(x->connection, XCB_PROP_MODE_REPLACE, window, property, type, 8, (uint32_t)bytes, text);
  x->xcb_flush(x->connection);
}
