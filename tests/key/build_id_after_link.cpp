// The system's header first: memo's own declarations must agree with it in this order too.
#include <link.h>

#include <memo/key/build_id.hpp>

#include <catch2/catch.hpp>

namespace {

int count(struct dl_phdr_info*, std::size_t, void* data) {
  ++*static_cast<int*>(data);
  return 0;
}

}  // namespace

TEST_CASE("a program may use <link.h> beside memo") {
  int objects = 0;
  dl_iterate_phdr(&count, &objects);
  CHECK(objects > 0);
  CHECK(memo::build_digest());
}
