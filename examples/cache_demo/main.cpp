// A small pipeline to try a cache on: what runs again after which edit, and why.
//
//   seed_users  -> stg_users  -+
//                              +-> mart_user_orders
//   seed_orders -> stg_orders -+
//   py_constants
//
#include "cache_demo.hpp"

#include <memo/memo.hpp>

#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace memo::literals;

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
      memo::input<"seed_users", memo::file>, memo::input<"seed_orders", memo::file>, users,
      memo::step<"stg_orders">(stg_orders).from<"seed_orders">().version<1>(),
      memo::step<"mart_user_orders">(cache_demo::join).from<"stg_users", "stg_orders">().version<1>(),
      constants);
}

constexpr char const* usage =
    "usage: cache_demo [--seeds FOLDER] [--edit STEP] [--force STEP] [--plan]\n"
    "  --seeds FOLDER  has seed_users.csv and seed_orders.csv (examples/cache_demo/seeds)\n"
    "  --edit STEP     runs with another version of the code of stg_users or py_constants\n"
    "  --force STEP    runs this step whatever is stored\n"
    "  --plan          says what would run, and runs nothing\n"
    "Variables DEMO_... of the environment count for all steps. MEMO_MODE is off, read_write, read_only, "
    "write_only or\n"
    "verify. The cache lies in the directory MEMO_DIR or, without one, in the user's cache directory.\n";

struct settings {
  std::filesystem::path seeds = "examples/cache_demo/seeds";
  std::string edit;
  memo::options options{.env = {"DEMO_*"}};
  bool is_plan = false;
};

template <class Pipeline>
void run(Pipeline const& pipeline, settings const& s) {
  memo::runner const runner{memo::directory_store{}, s.options};
  auto const users = "seed_users"_in = s.seeds / "seed_users.csv";
  auto const orders = "seed_orders"_in = s.seeds / "seed_orders.csv";
  if (s.is_plan) {
    std::cout << runner.plan(pipeline, users, orders);
    return;
  }
  auto const result = runner.run(pipeline, users, orders);
  std::cout << result.report() << std::flush;
  auto const& constants = result.template get<"py_constants">();
  for (auto const& line : result.template get<"mart_user_orders">())
    std::printf("  %-8s %-20s %d orders, %.2f %s\n", line.name.c_str(), line.email.c_str(), line.orders,
                line.total * (1 + constants.tax), constants.currency.c_str());
}

int main(int count, char** words) try {
  settings s;
  for (int i = 1; i < count; ++i) {
    std::string const word = words[i];
    if (word == "--help") {
      std::cout << usage;
      return 0;
    }
    bool const has_value = i + 1 < count;
    if (word == "--plan")
      s.is_plan = true;
    else if (word == "--seeds" && has_value)
      s.seeds = words[++i];
    else if (word == "--edit" && has_value)
      s.edit = words[++i];
    else if (word == "--force" && has_value)
      s.options.force.push_back(words[++i]);
    else
      throw std::invalid_argument("there is no option " + word + ", or it lacks its value");
  }
  if (s.edit.empty())
    run(demo_of(users_1, constants_1), s);
  else if (s.edit == "stg_users")
    run(demo_of(users_2, constants_1), s);
  else if (s.edit == "py_constants")
    run(demo_of(users_1, constants_2), s);
  else
    throw std::invalid_argument("--edit takes stg_users or py_constants");
} catch (std::invalid_argument const& e) {
  std::cerr << "cache_demo: " << e.what() << '\n' << usage;
  return 2;
} catch (std::exception const& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
