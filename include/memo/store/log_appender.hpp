#pragma once

#include <memo/core/file.hpp>
#include <memo/store/log_format.hpp>

#include <array>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace memo::detail {

/// A record that was appended, and where.
struct appended_record {
  record_header header;
  std::uint64_t offset = 0;
};

/// Records on their way into a log: gathered, and written together behind what is there.
class log_appender {
 public:
  /// To the open log `fd`, from `at` on.
  log_appender(int fd, digest const& uuid, std::uint64_t at) : fd_(fd), uuid_(uuid), at_(at), end_(at) {}

  /// Begins anew, with the memory that there is.
  void restart(int fd, digest const& uuid, std::uint64_t at) {
    fd_ = fd;
    uuid_ = uuid;
    at_ = end_ = at;
    forget_gathered();
    records_.clear();
  }

  /// Adds a record. Its pieces are used until the next `flush`. An errno where what came before could not be written.
  int add(record_header const& header, std::span<byte_view const> pieces) {
    note(header);
    for (byte_view const piece : pieces) pieces_.push_back(piece);
    std::uint64_t const size = log_record_size(header.size);
    pieces_.push_back(
        byte_view(zeros()).first(static_cast<std::size_t>(size - record_header_size - header.size)));
    end_ += size;
    bool const has_room = headers_.size() < most_records && pieces_.size() < most_pieces;
    return has_room && end_ - at_ < most_bytes ? 0 : flush();
  }

  /// As `add`, of a payload that is kept here.
  int add(record_header const& header, byte_writer payload) {
    // Full once it holds as many as there can be headers: it never moves what it holds.
    kept_.reserve(most_records);
    kept_.push_back(std::move(payload));
    byte_view const bytes = kept_.back().view();
    return add(header, std::span(&bytes, 1));
  }

  /// As `add`, of what a user's file holds; EIO where that is not what the header says.
  int add_file(record_header const& header, std::string const& path) {
    if (int const error = flush()) return error;
    auto const from = os::open_user_file(path.c_str());
    if (!from) return from.error;
    // The header last: until then it is no record.
    std::uint64_t const start = at_ + record_header_size;
    aligned_block const block(std::size_t{1} << 20);
    byte_hasher hasher;
    std::uint64_t done = 0;
    while (done <= header.size) {
      auto const got = os::read_up_to(from.value.get(), block.data(), block.size());
      if (!got) return got.error;
      if (got.value == 0) break;
      byte_view const piece = block.view().first(got.value);
      hasher.update(piece);
      if (int const error = os::write_at(fd_, piece, start + done)) return error;
      done += got.value;
    }
    if (done != header.size || hasher.finish() != header.checksum) return EIO;
    std::uint64_t const size = log_record_size(header.size);
    auto const padding = static_cast<std::size_t>(size - record_header_size - header.size);
    if (int const error = os::write_at(fd_, byte_view(zeros()).first(padding), start + done)) return error;
    note(header);
    end_ += size;
    int const error = write_gathered();
    at_ = end_;
    return error;
  }

  /// Writes what was gathered; 0 or an errno.
  int flush() {
    if (int const error = write_gathered()) return error;
    at_ = end_;
    return 0;
  }

  std::vector<appended_record> const& records() const { return records_; }
  /// Where the next record goes.
  std::uint64_t end() const { return end_; }

 private:
  // A system call takes 64 pieces and costs as much as copying some kilobytes; beyond that there is nothing to gain.
  static constexpr std::size_t most_records = 64;
  static constexpr std::size_t most_pieces = 192;
  static constexpr std::uint64_t most_bytes = std::uint64_t{4} << 20;

  static std::array<std::byte, payload_alignment> const& zeros() {
    static constexpr std::array<std::byte, payload_alignment> bytes{};
    return bytes;
  }

  void note(record_header const& header) {
    records_.push_back({header, end_});
    headers_.reserve(most_records);
    headers_.push_back(encode_header(header, record_seed(uuid_, end_)));
    pieces_.push_back(headers_.back());
  }

  /// Writes the pieces at `at_`, and moves it to where a payload follows that is not among them.
  int write_gathered() {
    int const error = os::write_all_at(fd_, pieces_, at_);
    for (byte_view const piece : pieces_) at_ += piece.size();
    forget_gathered();
    return error;
  }

  void forget_gathered() {
    pieces_.clear();
    headers_.clear();
    kept_.clear();
  }

  int fd_;
  digest uuid_;
  std::uint64_t at_;   ///< what is gathered goes here
  std::uint64_t end_;  ///< behind what is gathered
  std::vector<byte_view> pieces_;
  std::vector<header_bytes> headers_;
  std::vector<byte_writer> kept_;
  std::vector<appended_record> records_;
};

}  // namespace memo::detail
