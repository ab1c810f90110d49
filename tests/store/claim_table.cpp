#include <memo/store/claim_table.hpp>

#include <catch2/catch.hpp>
#include <vector>

using memo::detail::claim_link;
using memo::detail::claim_place;
using memo::detail::claim_table;

TEST_CASE("a ring of places keeps its order") {
  claim_link first, a, b, c, other;
  CHECK(first.is_alone());
  a.join(first);
  b.join(first);
  c.join(first);
  b.leave();
  CHECK(b.is_alone());
  first.give_all(other);
  CHECK(first.is_alone());
  CHECK(other.next == &a);
  CHECK(a.next == &c);
  CHECK(c.next == &other);
  CHECK(other.previous == &c);
  first.give_all(b);
  CHECK(b.is_alone());
  a.leave();
  c.leave();
}

TEST_CASE("waiters are told in the order in which they came") {
  auto const table = std::make_shared<claim_table>();
  std::vector<std::uint64_t> order;
  memo::claim_request request{.key = {1, 1}};
  memo::claim_result busy;
  auto holder = std::make_unique<claim_place>(table, request);
  REQUIRE(table->take(*holder, busy));
  std::vector<std::unique_ptr<claim_place>> places;
  for (std::uint64_t i = 0; i < 5; ++i) {
    request.waiter = {[](void* all, std::uint64_t number) noexcept {
                        static_cast<std::vector<std::uint64_t>*>(all)->push_back(number);
                      },
                      &order, i};
    places.push_back(std::make_unique<claim_place>(table, request));
    CHECK_FALSE(table->take(*places.back(), busy));
    CHECK(busy.what == memo::claim_result::status::busy);
  }
  places[2].reset();
  holder.reset();
  CHECK(order == std::vector<std::uint64_t>{0, 1, 3, 4});
}
