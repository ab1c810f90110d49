#include <memo/export/sha256.hpp>

#include <catch2/catch.hpp>

using memo::detail::policy_hash;

TEST_CASE("SHA-256 gives what the standard's examples give") {
  CHECK(policy_hash("") == "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  CHECK(policy_hash("abc") == "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  CHECK(policy_hash("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "sha256-JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE=");
}

TEST_CASE("SHA-256 counts every length around the size of its blocks") {
  CHECK(policy_hash(std::string(55, 'a')) == "sha256-n0OQ+NMMLdkuyfCVtl4rmumwqSWlJY4kHJ8ekQ9zQxg=");
  CHECK(policy_hash(std::string(56, 'a')) == "sha256-s1Q5pKxvCUi21vnjxq8PX1kM4g8b3nCQ73lwaG7Gc4o=");
  CHECK(policy_hash(std::string(63, 'a')) == "sha256-fT50oF19sVvOStnsBljqmOPwbu7PFrTG//LaRX3cLzQ=");
  CHECK(policy_hash(std::string(64, 'a')) == "sha256-/+BU/nrgy23GXDr5th1SCfQ5hR20PQulmXM33xVGaOs=");
  CHECK(policy_hash(std::string(1000, 'a')) == "sha256-Qe3s5C1j6Nm/UVqbppMuHCDLyfWl0TRkWttdsblzfqM=");
}
