/// What computations read while they run: how it is noted, how it is looked at again, and in which words a change is told.
///
///     variant ::= XXH3-128(noted*)                 the digests sorted: the order in which things were read does not count
///     noted   ::= XXH3-128(kind:u8 content:digest name)
///     listing ::= XXH3-128((name_length:u32 name)*)            the content of a pattern: what matches it, sorted
///
/// Little-endian. These digests are compared and never read; entries with others are misses.
#pragma once

#include <memo/key/path_digest.hpp>
#include <memo/run/key_places.hpp>
#include <memo/store/entry.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memo::detail {

/// The path under which a file is noted: as it is spelled, without what says nothing.
inline std::string noted_name(std::filesystem::path const& path) {
  std::string const& text = path.native();
  if (text.find("//") == text.npos && !text.starts_with("./") && text.find("/.") == text.npos) return text;
  // Behind a link, `..` is not where the text says.
  for (std::filesystem::path const& part : path)
    if (part.native() == "..") return text;
  return path.lexically_normal().string();
}

inline digest digest_of_names(std::span<std::string const> names, std::uint64_t seed) {
  byte_hasher hasher(seed);
  for (std::string const& name : names) add_name(hasher, name);
  return hasher.finish();
}

/// A file as it is noted with this content.
inline dependency noted_file(std::string name, digest const& content) {
  return {dependency::kind::file, std::move(name), content};
}

inline dependency noted_presence(std::string name, bool is_there) {
  return {is_there ? dependency::kind::present : dependency::kind::absent, std::move(name), {}};
}

inline dependency noted_variable(std::string name, char const* value, std::uint64_t seed) {
  return {dependency::kind::variable, std::move(name),
          value == nullptr ? digest{} : hash_bytes(as_byte_view(std::string_view(value)), seed)};
}

/// A thing as it would be noted now. Throws unhashable where that cannot be told.
inline dependency look_at(dependency::kind what, std::string const& name, std::uint64_t seed) {
  switch (what) {
    case dependency::kind::file:
      return noted_file(name, path_digest(name, seed));
    case dependency::kind::absent:
    case dependency::kind::present:
      return noted_presence(name, static_cast<bool>(status_of_path(name, true)));
    case dependency::kind::listing:
      return {what, name, digest_of_names(paths_matching(name), seed)};
    case dependency::kind::variable:
      return noted_variable(name, std::getenv(name.c_str()), seed);
  }
  return {what, name, {}};
}

/// Tells things apart: whether a path is there is one of them, whatever the answer.
inline digest thing_of(dependency const& noted, std::uint64_t seed) {
  auto const what = noted.what == dependency::kind::present ? dependency::kind::absent : noted.what;
  return hash_bytes(as_byte_view(noted.name), seed + static_cast<std::uint64_t>(what));
}

/// What tells the results of one key apart; zero where nothing was noted.
inline digest variant_of(std::span<dependency const> noted, std::uint64_t seed) {
  if (noted.empty()) return {};
  std::vector<digest> all;
  all.reserve(noted.size());
  for (dependency const& one : noted) {
    byte_hasher hasher(seed);
    std::byte const kind[1] = {static_cast<std::byte>(one.what)};
    hasher.update(kind);
    add_numbers(hasher, one.content.high, one.content.low);
    hasher.update(as_byte_view(one.name));
    all.push_back(hasher.finish());
  }
  std::sort(all.begin(), all.end());
  byte_hasher hasher(seed);
  for (digest const& one : all) add_numbers(hasher, one.high, one.low);
  return hasher.finish();
}

/// How a thing is now.
struct present_answer {
  dependency::kind what = dependency::kind::file;
  digest content{};
  bool is_known = false;  ///< false: it cannot be told

  bool is(dependency const& noted) const {
    return is_known && what == noted.what && content == noted.content;
  }
};

/// "file `b.txt` changed", for a thing that is not as it was noted. `while_it_ran`: since it was noted in this very run.
inline std::string change_clause(dependency const& noted, present_answer const& now, bool while_it_ran) {
  using kind = dependency::kind;
  std::string const later = while_it_ran ? " while it ran" : "";
  std::string const name = "`" + noted.name + "`";
  bool const is_gone = while_it_ran ? false : noted.content && !now.content;
  switch (noted.what) {
    case kind::file:
      if (!now.is_known) return "file " + name + " cannot be read" + (while_it_ran ? "" : " now");
      if (is_gone) return "file " + name + " is gone";
      return "file " + name + (noted.content || while_it_ran ? " changed" + later : " is there now");
    case kind::present:
      if (!now.is_known) return name + " cannot be looked at" + (while_it_ran ? "" : " now");
      return name + (while_it_ran ? " went while it ran" : " is gone");
    case kind::absent:
      if (!now.is_known) return name + " cannot be looked at" + (while_it_ran ? "" : " now");
      return name + (while_it_ran ? " came while it ran" : " is there now");
    case kind::listing:
      if (!now.is_known)
        return "the files matching " + name + " cannot be listed" + (while_it_ran ? "" : " now");
      return "the files matching " + name + " changed" + later;
    case kind::variable:
      if (is_gone) return "environment variable " + noted.name + " is not set now";
      if (!noted.content && !while_it_ran) return "environment variable " + noted.name + " is set now";
      return "environment variable " + noted.name + " changed" + later;
  }
  return name + " changed" + later;
}

/// Things as they are now; each is looked at once.
class present_things {
 public:
  explicit present_things(std::uint64_t seed) : seed_(seed) {}

  /// How many things were looked at.
  std::size_t looks() const { return answers_.size(); }

  present_answer const& now(dependency const& noted) {
    std::uint32_t const place = places_.add(thing_of(noted, seed_));
    if (place < answers_.size()) return answers_[place];
    present_answer found;
    try {
      dependency const there = look_at(noted.what, noted.name, seed_);
      found = {there.what, there.content, true};
    } catch (unhashable const&) {
      // It stays unknown: what was noted is not there.
    }
    answers_.push_back(found);
    return answers_.back();
  }

  /// The first thing that is not as it was noted, or null.
  ///
  /// A deterministic function that finds the same answers asks for the same thing next. So of results of one function,
  /// tried one after the other, all those that go the way of the right one for a while ask for what that asks, and where
  /// they part, its answer refutes them: nothing is looked at but what the right one wants, and where none is right, one
  /// thing more for each result that goes a way of its own.
  dependency const* find_difference(std::span<dependency const> noted) {
    if (!answers_.empty())
      for (dependency const& one : noted) {
        std::uint32_t const place = places_.find(thing_of(one, seed_));
        if (place != key_places::none && !answers_[place].is(one)) return &one;
      }
    for (dependency const& one : noted)
      if (!now(one).is(one)) return &one;
    return nullptr;
  }

  /// The clause for that thing; empty where all are as they were noted.
  std::string difference(std::span<dependency const> noted, bool while_it_ran = false) {
    dependency const* const first = find_difference(noted);
    return first == nullptr ? std::string() : change_clause(*first, now(*first), while_it_ran);
  }

 private:
  std::uint64_t seed_;
  key_places places_;
  std::vector<present_answer> answers_;
};

/// What a computation has read so far, each thing once. Used by one thread at a time.
class dependency_notes {
 public:
  explicit dependency_notes(std::uint64_t seed) : seed_(seed) {}

  std::uint64_t seed() const { return seed_; }

  /// From here on nothing is noted: the result is not kept anyway.
  void stop() { is_off_ = true; }
  bool is_off() const { return is_off_; }

  /// `edits` is the number of the last edit of any file that may have been seen, where a file was not read by memo itself.
  void add(dependency noted, std::uint64_t edits = any_edits) {
    if (is_off_) return;
    std::uint32_t const place = places_.add(thing_of(noted, seed_));
    if (place == all_.size()) {
      all_.push_back(std::move(noted));
      edits_.push_back(edits);
    } else {
      if (!(all_[place] == noted))
        refuse(change_clause(all_[place], {noted.what, noted.content, true}, true));
      edits_[place] = std::min(edits_[place], edits);
    }
  }

  /// Looks at a thing and notes it.
  void look(dependency::kind what, std::string const& name) {
    if (is_off_) return;
    try {
      dependency noted = look_at(what, name, seed_);
      add(std::move(noted), what == dependency::kind::file ? file_table::process().changes() : any_edits);
    } catch (unhashable const&) {
      refuse(change_clause({what, name, {}}, {}, true));
    }
  }

  /// Says why the result must not be kept; what was said first stays.
  void refuse(std::string clause) {
    if (problem_.empty() && !is_off_) problem_ = std::move(clause);
  }

  std::vector<dependency> const& all() const { return all_; }
  std::vector<dependency> take() { return std::move(all_); }
  std::string const& problem() const { return problem_; }

  /// Looks at all things again. Gives the clause for one that changed since it was noted; empty where none did.
  std::string find_change() const {
    if (!problem_.empty()) return problem_;
    present_things present(seed_);
    if (std::string clause = present.difference(all_, true); !clause.empty()) return clause;
    for (std::size_t i = 0; i < all_.size(); ++i)
      if (edits_[i] != any_edits && was_edited(all_[i].name, edits_[i]))
        return change_clause(all_[i], present.now(all_[i]), true);
    return {};
  }

 private:
  static constexpr std::uint64_t any_edits = UINT64_MAX;

  /// True where a file was edited since, though it is what it was: it may have been read in between.
  bool was_edited(std::string const& path, std::uint64_t edits) const {
    known_file const known = file_table::process().find(path_id(path, seed_));
    if (known.path) return known.changes > edits;
    try {
      file_looks looks;
      file_scope const files(&looks);
      path_digest(path, seed_);
      return looks.newest_change() > edits;
    } catch (unhashable const&) {
      return true;
    }
  }

  std::uint64_t seed_;
  bool is_off_ = false;
  key_places places_;
  std::vector<dependency> all_;
  std::vector<std::uint64_t> edits_;  // for each of them
  std::string problem_;
};

}  // namespace memo::detail
