// Tests: the installer's own run on a small release, as a process that can be killed. Says what it does in JSON lines, and asks before each step.
import { connect } from "../../src/kubernetes/client";
import { discovery } from "../../src/kubernetes/discovery";
import { connection } from "../../src/kubernetes/kubeconfig";
import type { Environment } from "../../src/onprem/install/environment";
import { thisProcess } from "../../src/onprem/install/holder";
import { jsonReport } from "../../src/onprem/install/report";
import { advance, rollback } from "../../src/onprem/install/transition";
import { uninstall } from "../../src/onprem/install/uninstall";
import { answers } from "../../src/onprem/installer/answers";
import { makeSecrets } from "../../src/onprem/secrets/make-secrets";
import { platformOf, releaseOf } from "./small-release";

const [kubeconfig = "", command = "", version = "", place = "", how = ""] = process.argv.slice(2);

const way = connection(
  { kubeconfig, context: "", cluster: "", namespace: "" },
  { given: "the kubeconfig", chooseContext: "choose a context" },
);
const api = connect(way, { userAgent: "palisade-installer-test" });
const report = jsonReport(process.stdout);
const confirmEach = how === "confirm-each";
const asked = answers(
  { confirmEach, yes: true, timeout: 60, keep: 5 },
  question => report.ask(question),
  new AbortController().signal,
);
const environment: Environment = {
  ...{ cluster: { api, discovery: discovery(api) }, report, ...asked },
  parts: {
    preflight: async () => "",
    images: async () => "",
    secrets: (cluster, target, work) => makeSecrets(cluster, target, { environment: {} }, work),
  },
  ...{ cancelled: new AbortController().signal, dryRun: false, timeoutS: 20, keep: 5 },
  ...{ grantCommand: "palisade grant", holder: thisProcess() },
};

async function run(): Promise<string> {
  if (command === "rollback") return (await rollback(environment, platformOf(place), version || undefined)).text;
  if (command === "uninstall") return (await uninstall(environment, platformOf(place), version === "data")).text;
  return (await advance(environment, command === "upgrade" ? "upgrade" : "install", releaseOf(place, version))).text;
}

run()
  .then(
    text => process.stdout.write(`${JSON.stringify({ event: "end", text })}\n`),
    (error: Error) => {
      process.stdout.write(`${JSON.stringify({ event: "end", failed: error.message })}\n`);
      process.exitCode = 1;
    },
  )
  .finally(() => asked.close());
