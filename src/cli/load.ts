// CLI: the modules behind the commands, each loaded when a command asks for it.

interface Modules {
  "../../bench/bundle": typeof import("../../bench/bundle");
  "../../bench/bundle/report": typeof import("../../bench/bundle/report");
  "../../bench/cluster": typeof import("../../bench/cluster");
  "../../bench/preview": typeof import("../../bench/preview");
  "../../test/cluster/local-onprem": typeof import("../../test/cluster/local-onprem");
  "./bench": typeof import("./bench");
  "./bundle-of-stack": typeof import("./bundle-of-stack");
  "./cluster": typeof import("./cluster");
  "./config": typeof import("./config");
  "./graph": typeof import("./graph");
  "./installer": typeof import("./installer");
  "./logs": typeof import("./logs");
  "./onprem": typeof import("./onprem");
  "./render": typeof import("./render");
  "./sandbox": typeof import("./sandbox");
  "./start": typeof import("./start");
  "./test": typeof import("./test");
  "./tools": typeof import("./tools");
  "./verify": typeof import("./verify");
}

/** By `require`: for `import()` of TypeScript a loader would have to run beside the program, with 17 MB and a thread of its own. */
export function load<Path extends keyof Modules>(path: Path): Modules[Path] {
  return require(path);
}
