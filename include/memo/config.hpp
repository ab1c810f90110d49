/// The version of the library and the platforms that it is written for.
#pragma once

#include <bit>
#include <climits>

#define MEMO_VERSION_MAJOR 0
#define MEMO_VERSION_MINOR 1
#define MEMO_VERSION_PATCH 0
/// major * 10000 + minor * 100 + patch
#define MEMO_VERSION 100

static_assert(std::endian::native == std::endian::little,
              "memo: stored values and keys are little-endian; a big-endian machine is not supported");
static_assert(CHAR_BIT == 8 && sizeof(float) == 4 && sizeof(double) == 8,
              "memo: bytes of 8 bits and IEEE 754 float and double are needed");
