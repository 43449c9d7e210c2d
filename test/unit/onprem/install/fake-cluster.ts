// Tests: an API server in memory that keeps what the installer relies on: applies with owners, versions, selectors, and namespaces that take
// all with them. It can end a process at any request, before or after the request took effect.
import type { Api, ApiRequest } from "../../../../src/kubernetes/client";
import { discovery } from "../../../../src/kubernetes/discovery";
import { ApiError } from "../../../../src/kubernetes/errors";
import { isObject, type JsonObject, listAt, objectAt, textAt } from "../../../../src/kubernetes/json";
import type { Cluster } from "../../../../src/kubernetes/objects";

const resources: Record<string, [plural: string, kind: string, namespaced: boolean][]> = {
  "/api/v1": [
    ["namespaces", "Namespace", false],
    ["configmaps", "ConfigMap", true],
    ["secrets", "Secret", true],
    ["services", "Service", true],
    ["serviceaccounts", "ServiceAccount", true],
    ["persistentvolumeclaims", "PersistentVolumeClaim", true],
    ["events", "Event", true],
    ["pods", "Pod", true],
  ],
  "/apis/apps/v1": [
    ["deployments", "Deployment", true],
    ["statefulsets", "StatefulSet", true],
    ["replicasets", "ReplicaSet", true],
  ],
  "/apis/coordination.k8s.io/v1": [["leases", "Lease", true]],
  "/apis/discovery.k8s.io/v1": [["endpointslices", "EndpointSlice", true]],
  "/apis/rbac.authorization.k8s.io/v1": [
    ["clusterroles", "ClusterRole", false],
    ["roles", "Role", true],
  ],
  "/apis/batch/v1": [["jobs", "Job", true]],
  "/apis/autoscaling/v2": [["horizontalpodautoscalers", "HorizontalPodAutoscaler", true]],
  "/apis/networking.k8s.io/v1": [["networkpolicies", "NetworkPolicy", true]],
};

/** The process was ended by SIGKILL: nothing of it runs on. */
export class Killed extends Error {}

/** One process's way to the cluster. */
export interface Line {
  cluster: Cluster;
  /** Requests sent so far. */
  sent: () => number;
}

export class FakeCluster {
  readonly objects = new Map<string, JsonObject>();
  /** Every request that changed something, as `METHOD path`. */
  readonly writes: string[] = [];
  /** Names of Deployments that never become ready. */
  readonly broken = new Set<string>();
  /** Services that answer with an error of their own. */
  readonly unwell = new Set<string>();
  /** Requests that an account may not send. */
  forbidden: (request: ApiRequest) => boolean = () => false;
  private version = 1;

  /** @param kill the number of the request at which the process ends, from 1; `after`: once it took effect */
  line(kill?: { at: number; after: boolean }): Line {
    let sent = 0;
    const api: Api = {
      server: "https://fake",
      namespace: "default",
      send: async request => {
        await request.permit?.asked(request.signal);
        sent++;
        if (kill && (sent > kill.at || (sent === kill.at && !kill.after))) throw new Killed();
        const answer = this.answer(request);
        if (kill && sent === kill.at) throw new Killed();
        return structuredClone(answer);
      },
    };
    return { cluster: { api, discovery: discovery(api) }, sent: () => sent };
  }

  private answer(request: ApiRequest): JsonObject {
    const { method, path, query = {}, body = {} } = request;
    const refuse = (status: number, reason: string, message = reason, causes: JsonObject[] = []): never => {
      throw new ApiError(status, { kind: "Status", reason, message, details: { causes } }, method, path);
    };
    if (this.forbidden(request)) refuse(403, "Forbidden");
    const known = resources[path];
    if (known) return { resources: known.map(([name, kind, namespaced]) => ({ name, kind, namespaced })) };
    const proxied = /\/services\/(?:https:)?([^:]+):\d+\/proxy/.exec(path);
    if (proxied) {
      if (this.unwell.has(proxied[1] ?? "")) throw new ApiError(500, { message: "database is gone" }, method, path);
      return {};
    }
    if (method === "GET") {
      if (this.objects.has(path)) return this.objects.get(path) as JsonObject;
      if (this.isCollection(path)) return { items: this.list(path, query.labelSelector) };
      return refuse(404, "NotFound");
    }
    if (path.startsWith("/api/v1/namespaces/") && method !== "DELETE") this.requireNamespace(path, refuse);
    this.writes.push(`${method} ${path}`);
    if (method === "DELETE") return this.remove(path) ?? refuse(404, "NotFound");
    if (method === "POST") {
      const at = `${path}/${textAt(body, "metadata", "name")}`;
      if (this.objects.has(at)) refuse(409, "AlreadyExists");
      return this.put(at, body, query.fieldManager ?? "installer");
    }
    const before = this.objects.get(path);
    if (method === "PUT") {
      if (!before) return refuse(404, "NotFound");
      if (textAt(before, "metadata", "resourceVersion") !== textAt(body, "metadata", "resourceVersion"))
        refuse(409, "Conflict");
      return this.put(path, body, "installer");
    }
    return this.apply(path, before, body, request, refuse);
  }

  private apply(
    path: string,
    before: JsonObject | undefined,
    body: JsonObject,
    { query = {} }: ApiRequest,
    refuse: (status: number, reason: string, message: string, causes?: JsonObject[]) => never,
  ): JsonObject {
    const by = query.fieldManager ?? "";
    const others = before && textAt(before, "metadata", "annotations", "test/owned-by");
    if (others && query.force !== "true")
      refuse(409, "Conflict", "conflict", [
        { reason: "FieldManagerConflict", field: ".spec.replicas", message: `conflict with "${others}"` },
      ]);
    const { resourceVersion: _, uid, managedFields, creationTimestamp: __, ...metadata } = objectAt(before, "metadata");
    const owners = listAt({ managedFields: managedFields ?? [] }, "managedFields");
    const isSame =
      before !== undefined &&
      owners.some(owner => textAt(owner, "manager") === by) &&
      JSON.stringify({ ...before, metadata, status: undefined }) === JSON.stringify({ ...body, status: undefined });
    if (isSame) {
      // Its controllers have gone on meanwhile.
      // But for a job's: it ends once.
      const now = { ...before, ...(body.kind !== "Job" && this.statusOf(body)) };
      this.objects.set(path, now);
      return now;
    }
    return this.put(path, body, by, typeof uid === "string" ? uid : undefined);
  }

  private put(path: string, body: JsonObject, by: string, uid?: string): JsonObject {
    const version = String(++this.version);
    const metadata = {
      ...objectAt(body, "metadata"),
      resourceVersion: version,
      uid: uid ?? textAt(this.objects.get(path), "metadata", "uid") ?? `uid-${version}`,
      managedFields: [{ manager: by, operation: "Apply" }],
    };
    if (metadata.uid === "") metadata.uid = `uid-${version}`;
    const stored: JsonObject = { ...body, metadata, ...this.statusOf(body) };
    this.objects.set(path, stored);
    return stored;
  }

  /** What a controller would say, at once. */
  private statusOf(body: JsonObject): JsonObject {
    const name = textAt(body, "metadata", "name");
    const ready = this.broken.has(name) ? 0 : 1;
    if (body.kind === "Deployment")
      return {
        status: {
          ...{ observedGeneration: 0, replicas: 1, updatedReplicas: 1, availableReplicas: ready },
          ...(ready === 0 && {
            conditions: [
              { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "no progress" },
            ],
          }),
        },
      };
    if (body.kind === "StatefulSet") return { status: { readyReplicas: ready, updatedReplicas: 1 } };
    if (body.kind === "Job")
      return { status: { conditions: [{ type: ready ? "Complete" : "Failed", status: "True" }] } };
    if (body.kind === "Namespace") return { status: { phase: "Active" } };
    return {};
  }

  private remove(path: string): JsonObject | undefined {
    const found = this.objects.get(path);
    if (!found) return undefined;
    this.objects.delete(path);
    if (found.kind === "Namespace") {
      const below = `/namespaces/${textAt(found, "metadata", "name")}/`;
      for (const key of [...this.objects.keys()]) if (key.includes(below)) this.objects.delete(key);
    }
    return found;
  }

  private requireNamespace(path: string, refuse: (status: number, reason: string, message: string) => never): void {
    const [, namespace] = /^\/api\/v1\/namespaces\/([^/]+)\/./.exec(path) ?? [];
    if (namespace && !this.objects.has(`/api/v1/namespaces/${namespace}`))
      refuse(404, "NotFound", `namespaces "${namespace}" not found`);
  }

  private isCollection(path: string): boolean {
    return Object.entries(resources).some(([group, kinds]) =>
      kinds.some(
        ([plural]) =>
          path === `${group}/${plural}` ||
          (path.startsWith(`${group}/namespaces/`) &&
            path.endsWith(`/${plural}`) &&
            path.split("/").length === group.split("/").length + 3),
      ),
    );
  }

  private list(path: string, labelSelector = ""): JsonObject[] {
    const plural = path.slice(path.lastIndexOf("/") + 1);
    const [group = ""] = Object.keys(resources).filter(prefix => path.startsWith(prefix));
    const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1];
    return [...this.objects].flatMap(([key, object]) => {
      if (!key.startsWith(group) || !key.includes(`/${plural}/`)) return [];
      if (namespace !== undefined && !key.includes(`/namespaces/${namespace}/`)) return [];
      const labels = objectAt(object, "metadata", "labels");
      const fits = labelSelector
        .split(",")
        .filter(Boolean)
        .every(term => {
          const [name = "", value] = term.split("=");
          return name in labels && (value === undefined || labels[name] === value);
        });
      return fits && isObject(object) ? [object] : [];
    });
  }

  /** What a run leaves, without what differs from run to run. */
  state(): Record<string, unknown> {
    const stable = [...this.objects]
      .filter(([, { kind }]) => kind !== "Lease")
      .map(([path, object]) => {
        const { resourceVersion: _, uid: __, managedFields: ___, ...metadata } = objectAt(object, "metadata");
        const text = JSON.stringify({ ...object, metadata, status: undefined })
          .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
          .replaceAll(/("seal":")[0-9a-f]+/g, "$1SEAL")
          .replaceAll(/("palisade.dev\/secrets":")[0-9a-f]+/g, "$1SUM");
        return [path, object.kind === "Secret" ? "a Secret" : text] as const;
      })
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(stable);
  }
}
