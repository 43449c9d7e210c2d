// Toolchain tests: one installer in a process of its own, to be frozen. Arguments: kubeconfig, command, version; says what it does in JSON.
import { connect } from "../../src/kubernetes/client";
import { discovery } from "../../src/kubernetes/discovery";
import { connection } from "../../src/kubernetes/kubeconfig";
import { jsonReport } from "../../src/onprem/install/report";
import { advance, rollback } from "../../src/onprem/install/transition";
import { configMap, environment, platform, target } from "../unit/onprem/install/samples";

const [, , kubeconfig = "", command = "", version = ""] = process.argv;
const way = connection(
  { kubeconfig, context: "", cluster: "", namespace: "" },
  { given: "the kubeconfig", chooseContext: "" },
);
const api = connect(way, { userAgent: "palisade-test" });
const release = target(
  version,
  Array.from({ length: 150 }, (_, i) => configMap(`c${i}`, version)),
  { endpoints: [] },
);
const line = { cluster: { api, discovery: discovery(api) }, sent: () => 0 };
const here = environment(line, {
  report: jsonReport(process.stdout),
  leaseTimes: { duration: 4, renewal: 1 },
  timeoutS: 60,
});
const run = command === "rollback" ? rollback(here, platform) : advance(here, command as "install", release);
void run.then(
  ({ text }) => process.stdout.write(`${JSON.stringify({ event: "end", text })}\n`),
  (error: Error) => process.stdout.write(`${JSON.stringify({ event: "end", failed: error.message })}\n`),
);
