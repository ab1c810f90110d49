#include "../../examples/cache_demo/cache_demo.hpp"

#include "../laws/scratch.hpp"

#include <catch2/catch.hpp>

using cache_demo::join;
using cache_demo::load_orders;
using cache_demo::load_users;

namespace {

std::filesystem::path const seeds = std::filesystem::path(MEMO_SOURCE_DIR) / "examples/cache_demo/seeds";

}  // namespace

TEST_CASE("seeds are read, and emails are in lower case") {
  auto const users = load_users(seeds / "seed_users.csv");
  REQUIRE(users.size() == 3);
  CHECK(users[0].id == 1);
  CHECK(users[0].name == "Ada");
  CHECK(users[0].email == "ada@example.com");
  auto const orders = load_orders(seeds / "seed_orders.csv");
  REQUIRE(orders.size() == 4);
  CHECK(orders[3].user == 3);
  CHECK(orders[3].amount == 4.25);
}

TEST_CASE("each user gets their orders, also none") {
  auto const joined = join({{1, "a", "a@x"}, {2, "b", "b@x"}}, {{7, 1, 2.5}, {8, 1, 1.5}, {9, 3, 1.0}});
  REQUIRE(joined.size() == 2);
  CHECK(joined[0].orders == 2);
  CHECK(joined[0].total == 4.0);
  CHECK(joined[1].orders == 0);
  CHECK(joined[1].total == 0.0);
}

TEST_CASE("a line with too few cells is an error that names it, as is a file that is not there") {
  scratch_folder const folder;
  write_content(folder / "users.csv", "id,name,email\n1,Ada,a@x\n2,Blaise\n");
  CHECK_THROWS_WITH(load_users(folder / "users.csv"), Catch::Contains("line 3 has 2 cells and not 3"));
  CHECK_THROWS_WITH(load_users(folder / "none.csv"), Catch::Contains("cannot read"));
}
