#include <memo/key/file_codec.hpp>

#include <memo/key/encoding.hpp>
#include <memo/key/value_type.hpp>

#include "../laws/scratch.hpp"
#include "../support/behaviour.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace fs = std::filesystem;
using test::contains;

namespace {

fs::path last_path;  // that a codec was given
mode_t folder_mode = 0;

// A type as libraries have them: no default constructor, nothing to see, only files.
class mesh {
 public:
  explicit mesh(std::string points) : points_(std::move(points)) {}
  void write(fs::path const& path) const { write_content(path, points_); }
  static mesh read(fs::path const& path) { return mesh(content_of(path)); }
  std::string const& points() const { return points_; }

 private:
  std::string points_;
};

// Its files differ each time; what counts is said by hash_of.
struct stamped {
  explicit stamped(int v) : value(v) {}
  int value;
};

struct plain {
  int value = 0;
};

struct failing {
  int how = 0;
};

struct model {
  int id = 0;
  mesh shape{""};
  std::vector<mesh> parts;
};

}  // namespace

template <>
struct memo::file_codec<mesh> {
  static constexpr std::string_view schema = "mesh:1";
  static constexpr std::string_view extension = ".msh";
  static void save(mesh const& m, fs::path const& path) {
    struct stat status{};
    if (::stat(path.parent_path().c_str(), &status) == 0) folder_mode = status.st_mode & 0777;
    last_path = path;
    m.write(path);
  }
  static mesh load(fs::path const& path) {
    last_path = path;
    return mesh::read(path);
  }
};

template <>
struct memo::file_codec<stamped> {
  static constexpr std::string_view schema = "stamped:1";
  static void save(stamped const& s, fs::path const& path) {
    static int count = 0;
    write_content(path, std::to_string(s.value) + " written as number " + std::to_string(++count));
  }
  static stamped load(fs::path const& path) { return stamped(std::stoi(content_of(path))); }
};
template <>
struct memo::hash_of<stamped> {
  static int of(stamped const& s) { return s.value; }
};

template <>
struct memo::file_codec<plain> {
  static constexpr std::string_view schema = "plain:1";
  static void save(plain const& p, fs::path const& path) { write_content(path, std::to_string(p.value)); }
  static plain load(fs::path const& path) { return {std::stoi(content_of(path))}; }
};

template <>
struct memo::file_codec<failing> {
  static constexpr std::string_view schema = "failing:1";
  static void save(failing const& f, fs::path const& path) {
    last_path = path;
    if (f.how == 0) throw std::runtime_error("the library cannot write");
    if (f.how == 2) fs::create_directory(path);
    if (f.how == 3) write_content(path, "fine");
  }
  static failing load(fs::path const& path) {
    last_path = path;
    throw std::runtime_error("the library cannot read");
  }
};

static_assert(memo::storable<mesh> && memo::hashable<mesh>);
static_assert(memo::storable<std::vector<std::pair<int, mesh>>>);
static_assert(memo::storable<model>);

TEST_CASE("a type with a file codec is stored as the bytes of its file") {
  for (std::size_t const size : {0u, 1u, 5000u, 262'144u, 600'000u}) {
    mesh const made(std::string(size, 'p'));
    memo::encoding const form = memo::encode(made);
    CHECK(form.size() == size + 8);
    CHECK(form.value() == memo::fingerprint_of(made));
    CHECK(memo::decode<mesh>(form.join().view).points() == made.points());
  }
  CHECK(memo::schema_of<mesh>() == "mesh:1");
  CHECK(memo::digest_of(mesh("a")) == memo::digest_of(mesh("a")));
  CHECK(memo::digest_of(mesh("a")) != memo::digest_of(mesh("b")));
}

TEST_CASE("a file codec counts inside other types") {
  model const made{7, mesh("outer"), {mesh("a"), mesh("")}};
  CHECK(memo::schema_of<model>() == "{id:i32,shape:mesh:1,parts:vec<mesh:1>}");
  memo::encoding const form = memo::encode(made);
  model const loaded = memo::decode<model>(form.join().view);
  CHECK(loaded.id == 7);
  CHECK(loaded.shape.points() == "outer");
  REQUIRE(loaded.parts.size() == 2);
  CHECK(loaded.parts[0].points() == "a");
  CHECK(loaded.parts[1].points().empty());
  auto const optional = memo::decode<std::optional<mesh>>(memo::encode(std::optional(mesh("x"))).join().view);
  CHECK(optional->points() == "x");
}

TEST_CASE("the files of a file codec lie in private folders that are gone afterwards") {
  scratch_folder const temporary;
  test::variable const place("TMPDIR", temporary.path().c_str());
  memo::encoding const form = memo::encode(mesh("x"));
  CHECK(last_path.extension() == ".msh");
  CHECK(last_path.parent_path().parent_path() == temporary.path());
  CHECK(folder_mode == 0700);
  fs::path const saved_at = last_path;
  CHECK(memo::decode<mesh>(form.join().view).points() == "x");
  CHECK(last_path.extension() == ".msh");
  CHECK(last_path != saved_at);
  CHECK_THROWS_WITH(memo::encode(failing{0}), "the library cannot write");
  CHECK(last_path.parent_path().parent_path() == temporary.path());
  memo::encoding const unreadable = memo::encode(failing{3});
  CHECK_THROWS_AS(memo::decode<failing>(unreadable.join().view), memo::decode_error);
  CHECK(fs::is_empty(temporary.path()));
}

TEST_CASE("a function that saves nothing, or no file, is an error with a hint") {
  std::string const nothing = test::error_of([] { memo::encode(failing{1}); });
  CHECK(contains(nothing, "what memo::file_codec saved cannot be read: No such file"));
  CHECK(contains(nothing, "failing:1"));
  CHECK(contains(nothing, "hint:"));
  CHECK(contains(test::error_of([] { memo::encode(failing{2}); }), "it is no regular file"));
}

TEST_CASE("a folder for temporary files that is not there is an error with a hint") {
  test::variable const place("TMPDIR", "/nowhere/at/all");
  CHECK(contains(test::error_of([] { memo::encode(mesh("x")); }), "a temporary folder cannot be made"));
}

TEST_CASE("hash_of counts beside a file codec") {
  CHECK(memo::digest_of(stamped(5)) == memo::digest_of(5));
  memo::encoding const one = memo::encode(stamped(5)), other = memo::encode(stamped(5));
  CHECK(one.value() == other.value());
  CHECK(one.object() != other.object());
  CHECK(memo::decode<stamped>(one.join().view).value == 5);
}

TEST_CASE("damaged bytes of a file codec are no value") {
  memo::shared_bytes const form = memo::encode(mesh("points")).join();
  for (std::size_t size = 0; size < form.view.size(); ++size)
    CHECK_THROWS_AS(memo::decode<mesh>(form.view.first(size)), memo::decode_error);
}

TEST_CASE("threads may save and load by file at the same time") {
  std::vector<std::thread> threads;
  std::vector<int> loaded(8);
  for (std::size_t i = 0; i < loaded.size(); ++i)
    threads.emplace_back([&, i] {
      for (int round = 0; round < 10; ++round) {
        auto const form = memo::encode(plain{static_cast<int>(i)});
        loaded[i] = memo::decode<plain>(form.join().view).value;
      }
    });
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < loaded.size(); ++i) CHECK(loaded[i] == static_cast<int>(i));
}
