#include "check.h"
void check_life(struct checker *c) { (void)c; }
