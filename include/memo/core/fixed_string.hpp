#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace memo {

/// A string that can be a template argument; `N` counts its characters without the closing zero.
template <std::size_t N>
struct fixed_string {
  char text[N + 1]{};

  constexpr fixed_string() = default;
  constexpr fixed_string(char const (&literal)[N + 1]) {  // NOLINT: a literal is meant to convert
    // With the closing zero: clang prints the text of a name only where its last character was written.
    for (std::size_t i = 0; i <= N; ++i) text[i] = literal[i];
  }

  constexpr std::string_view view() const { return {text, N}; }
  constexpr operator std::string_view() const { return view(); }  // NOLINT: as std::string does

  template <std::size_t M>
  constexpr bool operator==(fixed_string<M> const& other) const {
    return view() == other.view();
  }
};

template <std::size_t N>
fixed_string(char const (&)[N]) -> fixed_string<N - 1>;

}  // namespace memo
