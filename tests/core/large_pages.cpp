#include <memo/core/large_pages.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

TEST_CASE("memory of every size and place can be asked for in large pages, and holds what is written") {
  for (std::size_t const size : {std::size_t{0}, std::size_t{1}, memo::detail::large_pages_from - 1,
                                 memo::detail::large_pages_from, memo::detail::large_pages_from + 4097}) {
    std::vector<char> memory;
    memory.reserve(size + 64);
    for (std::size_t const skip : {0u, 1u, 63u}) memo::detail::prefer_large_pages(memory.data() + skip, size);
    memory.assign(size, 'x');
    memo::detail::prefer_large_pages(memory.data(), size);
    CHECK(std::all_of(memory.begin(), memory.end(), [](char c) { return c == 'x'; }));
  }
}
