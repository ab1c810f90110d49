// A small pipeline to try a cache on: what runs again after which edit, and why.
//
//   seed_users  -> stg_users  -+
//                              +-> mart_user_orders
//   seed_orders -> stg_orders -+
//   py_constants
//
#include "cache_demo.hpp"

#include <memo/cli.hpp>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <vector>

std::vector<cache_demo::user> stg_users(memo::file const& seed) {
  return cache_demo::load_users(seed.path());
}
std::vector<cache_demo::user> edited_stg_users(memo::file const& seed) {
  auto users = cache_demo::load_users(seed.path());
  for (auto& user : users) user.name = "<" + user.name + ">";
  return users;
}
std::vector<cache_demo::order> stg_orders(memo::file const& seed) {
  return cache_demo::load_orders(seed.path());
}
cache_demo::constants py_constants() { return {"EUR", 0.19}; }
cache_demo::constants edited_py_constants() { return {"EUR", 0.21}; }

// An edit of the code is another function with another version.
constexpr auto users_1 = memo::step<"stg_users">(stg_users).from<"seed_users">().version<1>();
constexpr auto users_2 = memo::step<"stg_users">(edited_stg_users).from<"seed_users">().version<2>();
constexpr auto constants_1 = memo::step<"py_constants">(py_constants).version<1>();
constexpr auto constants_2 = memo::step<"py_constants">(edited_py_constants).version<2>();

constexpr auto demo_of(auto users, auto constants) {
  return memo::pipeline<"cache_demo">(
      memo::input<"seed_users", memo::file>.defaults_to("examples/cache_demo/seeds/seed_users.csv"),
      memo::input<"seed_orders", memo::file>.defaults_to("examples/cache_demo/seeds/seed_orders.csv"), users,
      memo::step<"stg_orders">(stg_orders).from<"seed_orders">().version<1>(),
      memo::step<"mart_user_orders">(cache_demo::join).from<"stg_users", "stg_orders">().version<1>(),
      constants);
}

template <class Run>
void print(Run const& run) {
  auto const& constants = run.template get<"py_constants">();
  for (auto const& line : run.template get<"mart_user_orders">())
    std::printf("  %-8s %-20s %d orders, %.2f %s\n", line.name.c_str(), line.email.c_str(), line.orders,
                line.total * (1 + constants.tax), constants.currency.c_str());
}

int main(int argc, char** argv) {
  // Variables DEMO_... of the environment count for all steps.
  memo::runner const runner{memo::directory_store{}, {.env = {"DEMO_*"}}};
  auto const start = [&](auto const& pipeline) {
    return memo::cli(argc, argv, pipeline, runner, [](auto const& run) { print(run); });
  };
  char const* const edit = std::getenv("EDIT");
  std::string_view const edited = edit == nullptr ? "" : edit;
  if (edited == "stg_users") return start(demo_of(users_2, constants_1));
  if (edited == "py_constants") return start(demo_of(users_1, constants_2));
  if (!edited.empty()) std::cerr << "EDIT is stg_users or py_constants\n";
  return edited.empty() ? start(demo_of(users_1, constants_1)) : 2;
}
