// Installer's commands: `support-bundle`: what support needs of all releases that are recorded here, cleaned of secrets and content (RT-23, SA-8).
import { Failure } from "../../../toolchain/failure";
import { plainReader } from "../../kubernetes/plain-request";
import { identityOf, keyOf } from "../install/identity";
import { currentOf } from "../install/journal";
import { wholeOf } from "../install/kept-data";
import { jsonLine, jsonReport, textReport } from "../install/report";
import { findNamespace, store as storeOf } from "../install/store";
import { namespacesOf } from "../install/target";
import { supportBundle } from "../support/support-bundle";
import { connected } from "./connect";
import type { ClusterOptions } from "./options";

export interface SupportOptions extends ClusterOptions {
  /** File to write. */
  out: string;
  /** Lines from the end of each container's log. */
  lines: number;
  namespace?: string;
}

const userAgent = "palisade-installer";

/** Collects of the release that runs and of one that failed alike: that is when support is asked. */
export async function runSupportBundle(options: SupportOptions, installer: string): Promise<void> {
  const { cluster, connection } = await connected(options);
  const namespace = await findNamespace(cluster, options.namespace ?? "");
  const report = options.json ? jsonReport(process.stdout) : textReport(process.stdout);
  const store = storeOf(cluster, namespace ?? "", why => report.say(why));
  const records = namespace === undefined ? [] : await store.records();
  if (namespace === undefined || records.length === 0)
    throw new Failure("nothing is installed in this cluster", "Type: palisade install BUNDLE --key KEY");
  const targets = records.map(wholeOf);
  const objects = new Map(targets.flatMap(target => target.objects).map(each => [keyOf(identityOf(each)), each]));
  const secrets = new Map(
    targets.flatMap(target => target.secrets).map(each => [`${each.namespace}/${each.name}`, each]),
  );
  const current = currentOf(records.map(({ head }) => head));
  report.say("Collecting what support needs; nothing is changed.");
  try {
    const line = await supportBundle(
      {
        cluster,
        plain: plainReader(connection, userAgent),
        platformNamespace: namespace,
        namespaces: [...new Set([namespace, ...targets.flatMap(namespacesOf)])],
        objects: [...objects.values()],
        secrets: [...secrets.values()],
        versions: { installer, release: current?.version ?? "none runs" },
        lines: options.lines,
        now: new Date().toISOString(),
        progress: report.progress,
      },
      options.out,
    );
    report.close();
    process.stdout.write(options.json ? jsonLine("end", { file: options.out, text: line }) : `${line}\n`);
  } finally {
    report.close();
  }
}
