#pragma once
// Deeper than the code version goes.
inline char const* beyond() { return "2"; }
