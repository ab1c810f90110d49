#include <memo/store/any_store.hpp>

#include "../laws/store_laws.hpp"

#include <memo/store/directory_store.hpp>
#include <memo/store/memory_store.hpp>

TEST_CASE("any_store of a memory store keeps the promises of a store") {
  laws::hold([]() -> memo::any_store { return memo::memory_store{}; });
}

TEST_CASE("any_store of a directory store keeps the promises of a store") {
  scratch_folder const folder;
  laws::hold([&]() -> memo::any_store { return memo::directory_store{folder / "cache"}; });
}

TEST_CASE("any_store converts from every store and shares it") {
  memo::memory_store const inner;
  memo::any_store const outer = inner;
  memo::any_store const again = outer;
  samples::sample(1).put_into(again);
  CHECK(samples::look_up(inner, 1) == samples::got::right);
  CHECK(outer.capabilities().live);
}
