// Sweeps the 2-D Ising model over sizes and temperatures. Only points that were never simulated run.
#include "study.hpp"

#include <memo/cli.hpp>

#include <filesystem>
#include <fstream>
#include <iostream>

void write_files(memo::result_of<ising::study> const& run) {
  std::filesystem::path const& folder = run.get<"folder">();
  std::filesystem::create_directories(folder);
  memo::write_csv(folder / "ising.csv", run.get<"points">(), run.get<"results">());
  std::ofstream(folder / "ising.svg") << run.get<"picture">();
  std::cout << "wrote ising.csv and ising.svg to " << folder.string() << '\n';
}

int main(int argc, char** argv) { return memo::cli(argc, argv, ising::study, write_files); }
