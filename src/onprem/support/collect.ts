// Support bundle: gathers what support needs, each part cleaned before it is kept; what cannot be had is said (RT-23, SA-8).
import { stringify } from "yaml";
import { ApiError } from "../../kubernetes/errors";
import { isObject, type Json, type JsonObject, listAt, nameOf, objectAt, textAt } from "../../kubernetes/json";
import { get, placeOf } from "../../kubernetes/objects";
import { archiveName, type SupportFile } from "./archive";
import { cleanLog, cleanTexts } from "./clean";
import type { LeftOut, SupportInputs } from "./inputs";
import { safeLine } from "./log-line";
import { eventView, nodeView, objectView } from "./object-view";
import { type Redactor, redactor } from "./redactor";
import { secretValues } from "./secret-values";

/** Bytes read of one container's log; it is read from its last lines. */
const largestLog = 4 * 1024 * 1024;
/** Bytes of all logs together, as they are kept. */
const largestLogs = 64 * 1024 * 1024;
/** Pods whose logs are read, of one namespace. */
const mostPods = 100;

export interface Collected {
  files: SupportFile[];
  leftOut: LeftOut[];
}

/** Reads only. Fails only if the cluster does not answer at all. */
export async function collect(inputs: SupportInputs): Promise<Collected> {
  const { values, unknown, leftOut } = await secretValues(inputs);
  const collection = new Collection(inputs, redactor(values), leftOut);
  await collection.versions();
  await collection.records();
  await collection.objects();
  await collection.nodes();
  for (const namespace of inputs.namespaces) {
    if (unknown.has(namespace)) continue;
    await collection.events(namespace);
    await collection.pods(namespace);
  }
  return { files: collection.files, leftOut };
}

class Collection {
  readonly files: SupportFile[] = [];
  private logBytes = 0;

  constructor(
    private readonly inputs: SupportInputs,
    private readonly redact: Redactor,
    private readonly leftOut: LeftOut[],
  ) {}

  async versions(): Promise<void> {
    const { versions, now } = this.inputs;
    const kubernetes = await this.tried("the version of Kubernetes", { method: "GET", path: "/version" });
    this.keep(["versions.yaml"], {
      collectedAt: now,
      ...versions,
      kubernetes: textAt(kubernetes, "gitVersion") || null,
    });
  }

  /** The journal, and of each release what it is; what it consists of is in the bundle it came from. */
  async records(): Promise<void> {
    const { platformNamespace } = this.inputs;
    const path = `/api/v1/namespaces/${encodeURIComponent(platformNamespace)}/configmaps`;
    const found = await this.tried("the installer's records", {
      method: "GET",
      path,
      query: { labelSelector: "palisade.dev/record" },
    });
    for (const record of listAt(found, "items").filter(isObject)) {
      const texts = [textAt(record, "data", "operation"), textAt(record, "data", "release")].filter(
        text => text !== "",
      );
      this.keep(
        ["records", `${nameOf(record)}.yaml`],
        texts.map(text => this.withoutReason(parsed(text))),
      );
    }
  }

  /** Why a release went back quotes what containers and probes said: of that, only known phrases are kept. */
  private withoutReason(record: Json): Json {
    const back = objectAt(record, "back");
    if (!isObject(record) || Object.keys(back).length === 0) return record;
    const lines = textAt(back, "reason").split("\n");
    const reason = lines.map(line => safeLine(line, this.redact));
    return { ...record, back: { step: textAt(back, "step"), reason } };
  }

  async objects(): Promise<void> {
    const { cluster, objects, secrets, progress } = this.inputs;
    const all = [
      ...objects,
      ...secrets.map(({ namespace, name }) => ({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace } })),
    ];
    for (const [i, { apiVersion, kind, metadata }] of all.entries()) {
      progress(`object ${i + 1} of ${all.length}`);
      const { name, namespace = "" } = metadata;
      const title = `${kind} ${namespace && `${namespace}/`}${name}`;
      const view = await this.orSaid(title, async () => {
        const place = await placeOf(
          cluster,
          { apiVersion, kind },
          { metadata: { name, ...(namespace && { namespace }) } },
        );
        const live = place && (await get(cluster, place));
        return live
          ? objectView({ ...live, apiVersion, kind })
          : { apiVersion, kind, metadata: { name, namespace }, found: false };
      });
      if (view) this.keep(["objects", namespace || "cluster", `${kind.toLowerCase()}-${name}.yaml`], view);
    }
  }

  async nodes(): Promise<void> {
    const found = await this.tried("nodes", { method: "GET", path: "/api/v1/nodes", query: { limit: "500" } });
    if (found) this.keep(["nodes.yaml"], listAt(found, "items").filter(isObject).map(nodeView));
  }

  async events(namespace: string): Promise<void> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/events`;
    const found = await this.tried(`events of ${namespace}`, { method: "GET", path, query: { limit: "1000" } });
    if (found) this.keep(["events", `${namespace}.yaml`], listAt(found, "items").filter(isObject).map(eventView));
  }

  async pods(namespace: string): Promise<void> {
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
    const found = await this.tried(`pods of ${namespace}`, { method: "GET", path });
    const pods = listAt(found, "items").filter(isObject);
    for (const pod of pods.slice(0, mostPods)) {
      this.keep(["pods", namespace, `${nameOf(pod)}.yaml`], objectView({ ...pod, apiVersion: "v1", kind: "Pod" }));
      await this.logs(namespace, pod);
    }
    if (pods.length > mostPods)
      this.leftOut.push({
        what: `${pods.length - mostPods} pods of ${namespace}`,
        why: `of ${mostPods} at most the logs are read`,
      });
  }

  private async logs(namespace: string, pod: JsonObject): Promise<void> {
    const containers = [...listAt(pod, "spec", "initContainers"), ...listAt(pod, "spec", "containers")];
    for (const container of containers) {
      const name = textAt(container, "name");
      await this.log(namespace, nameOf(pod), name, false);
      const restarts = listAt(pod, "status", "containerStatuses").find(status => textAt(status, "name") === name);
      if (isObject(restarts) && Number(restarts.restartCount) > 0) await this.log(namespace, nameOf(pod), name, true);
    }
  }

  private async log(namespace: string, pod: string, container: string, previous: boolean): Promise<void> {
    const { plain, lines } = this.inputs;
    const what = `log of ${namespace}/${pod}, ${container}${previous ? ", before its last start" : ""}`;
    if (!plain) return void this.leftOut.push({ what, why: "logs were not asked for" });
    if (this.logBytes > largestLogs)
      return void this.leftOut.push({ what, why: `all logs together are larger than ${largestLogs} bytes` });
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/log`;
    const query = { container, tailLines: String(lines), ...(previous && { previous: "true" }) };
    const answer = await plain(path, query, largestLog).catch((error: unknown) => String((error as Error).message));
    if (typeof answer === "string" || answer.status !== 200)
      return void this.leftOut.push({
        what,
        why: typeof answer === "string" ? this.redact(answer) : `answered ${answer.status}`,
      });
    const all = answer.text.split("\n");
    // A line that was cut in the middle may hold half a secret, which nothing would find.
    if (answer.isCut) all.pop();
    const text = cleanLog(all, this.redact);
    if (answer.isCut) this.leftOut.push({ what: `end of the ${what}`, why: `more than ${largestLog} bytes` });
    this.logBytes += text.length;
    this.files.push({
      name: archiveName("logs", namespace, pod, `${container}${previous ? "-previous" : ""}.log`),
      text,
    });
  }

  private tried(what: string, request: { method: "GET"; path: string; query?: Record<string, string> }) {
    return this.orSaid(what, () => this.inputs.cluster.api.send(request));
  }

  private async orSaid<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.leftOut.push({ what, why: `the cluster answered ${error.status}` });
      return undefined;
    }
  }

  private keep(path: readonly string[], content: Json): void {
    this.files.push({ name: archiveName(...path), text: stringify(cleanTexts(content, this.redact)) });
  }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return "not what an installer writes";
  }
}
