#pragma once
#include "beyond.hpp"

// A comment.
inline char const* unit() { return " // m"; }
