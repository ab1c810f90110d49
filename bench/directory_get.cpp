// A hit of a directory store, against open, fstat, read, close and XXH3-128 of the same file, which is found from an open
// folder and read into one buffer. The ratio in one run is to be at most 1.3, for an entry with its value inside (64 B, 1 KiB)
// and for the object of a larger value.
#include <memo/store/directory_store.hpp>

#include <benchmark/benchmark.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

enum class what { entry, object };

memo::digest numbered(std::size_t number) {
  return memo::hash_bytes(std::as_bytes(std::span<std::size_t const>(&number, 1)));
}

/// A store with records of one size, the first of which are asked for in turn.
struct stored {
  stored(what kind, std::size_t value_size) : store{root()} {
    // As many as are still in the processor's caches, so that what is compared is work and not memory.
    std::size_t const count = value_size > 65'536 ? 4 : 64;
    std::string const bytes(value_size, 'x');
    for (std::size_t i = 0; i < count; ++i) {
      memo::digest const id = numbered(i);
      memo::byte_view const piece = memo::as_byte_view(bytes);
      memo::object_source source{.object = id, .checksum = memo::hash_bytes(piece), .size = value_size};
      source.pieces = {&piece, 1};
      memo::entry made;
      made.project = "bench";
      made.pipeline = "get";
      made.step = "value";
      made.outputs.push_back({.object = id, .size = value_size});
      if (kind == what::entry) {
        made.outputs[0].is_inline = true;
        made.outputs[0].bytes = {nullptr, piece};
      }
      memo::put_request request{.key = id, .value = &made};
      if (kind == what::object) request.objects = {&source, 1};
      if (!store.put({&request, 1}).stored) std::abort();
      names.push_back(memo::to_hex(id).insert(2, "/"));
      ids.push_back(id);
    }
    folder = ::open((root() / (kind == what::entry ? "v1/e" : "v1/o")).c_str(),
                    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  ~stored() {
    ::close(folder);
    std::filesystem::remove_all(root());
  }
  static std::filesystem::path root() { return std::filesystem::current_path() / "memo-bench-get"; }

  memo::directory_store store;
  std::vector<std::string> names;
  std::vector<memo::digest> ids;
  int folder = -1;
};

void raw(benchmark::State& state, what kind) {
  stored const made(kind, static_cast<std::size_t>(state.range(0)));
  std::vector<char> buffer(static_cast<std::size_t>(state.range(0)) + 4096);
  std::size_t next = 0;
  for (auto _ : state) {
    int const fd = ::openat(made.folder, made.names[next++ % made.names.size()].c_str(),
                            O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    ::fstat(fd, &status);
    ssize_t const got = ::read(fd, buffer.data(), static_cast<std::size_t>(status.st_size));
    ::close(fd);
    auto digest = memo::hash_bytes(memo::as_byte_view({buffer.data(), static_cast<std::size_t>(got)}));
    benchmark::DoNotOptimize(digest);
  }
}

template <class Ask>
void ask(benchmark::State& state, what kind, Ask one) {
  stored const made(kind, static_cast<std::size_t>(state.range(0)));
  std::size_t next = 0;
  for (auto _ : state) {
    auto found = one(made.store, made.ids[next++ % made.ids.size()]);
    if (found.status != memo::lookup::hit) state.SkipWithError("no hit");
    benchmark::DoNotOptimize(found);
  }
}

void raw_entry(benchmark::State& state) { raw(state, what::entry); }
void find_entry(benchmark::State& state) {
  ask(state, what::entry,
      [](memo::directory_store const& store, memo::digest const& id) { return store.find(id); });
}
void raw_object(benchmark::State& state) { raw(state, what::object); }
void read_object(benchmark::State& state) {
  ask(state, what::object,
      [](memo::directory_store const& store, memo::digest const& id) { return store.read(id); });
}
void view_object(benchmark::State& state) {
  ask(state, what::object,
      [](memo::directory_store const& store, memo::digest const& id) { return store.view(id); });
}

BENCHMARK(raw_entry)->Arg(64)->Arg(1024)->UseRealTime();
BENCHMARK(find_entry)->Arg(64)->Arg(1024)->UseRealTime();
BENCHMARK(raw_object)->Arg(64)->Arg(1024)->Arg(65'536)->Arg(4 << 20)->UseRealTime();
BENCHMARK(read_object)->Arg(64)->Arg(1024)->Arg(65'536)->Arg(4 << 20)->UseRealTime();
BENCHMARK(view_object)->Arg(64)->Arg(1024)->Arg(65'536)->Arg(4 << 20)->UseRealTime();

}  // namespace
