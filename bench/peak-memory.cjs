// Benchmarks: loaded into Node by `--require`; notes down the peak memory of the process that runs a Pulumi program, and of no other.
"use strict";
const { writeFileSync } = require("node:fs");
const { join } = require("node:path");

const directory = process.env.PALISADE_BENCH_NOTES;
// The language host also starts Node to ask where modules lie; this script is what its last process runs.
if (directory && /[\\/]@pulumi[\\/]pulumi[\\/]cmd[\\/]run[\\/]index\.js$/.test(process.argv[1] ?? "")) {
  process.on("exit", () => {
    const note = {
      // `maxRSS` is in KiB.
      peakMiB: process.resourceUsage().maxRSS / 1024,
      // The SDK loads a checking compiler if and only if this is set.
      typeCheck: process.env.PULUMI_NODEJS_TYPESCRIPT === "true",
    };
    writeFileSync(join(directory, `${process.pid}.json`), JSON.stringify(note));
  });
}
