#include "dialect/native/native.h"
const struct dialect_docs docs_native = {.title = ""};
