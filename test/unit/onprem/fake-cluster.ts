// Tests: a cluster that keeps objects in memory and answers as an API server does, as far as Secrets and reads go.
import type { ApiRequest } from "../../../src/kubernetes/client";
import { ApiError } from "../../../src/kubernetes/errors";
import type { JsonObject } from "../../../src/kubernetes/json";
import type { Cluster } from "../../../src/kubernetes/objects";

export interface FakeCluster extends Cluster {
  /** By path. */
  objects: Map<string, JsonObject>;
  requests: ApiRequest[];
  /** Called before each write; throws to end the writer there. */
  beforeWrite: (path: string) => void;
  /** Answers of paths that are no objects. */
  answers: Map<string, JsonObject | number>;
}

export function fakeCluster(): FakeCluster {
  const objects = new Map<string, JsonObject>();
  const requests: ApiRequest[] = [];
  const answers: FakeCluster["answers"] = new Map();
  const cluster: FakeCluster = {
    objects,
    requests,
    answers,
    beforeWrite: () => undefined,
    discovery: {
      find: async ({ kind }) => ({ plural: `${kind.toLowerCase()}s`, namespaced: true }),
      forget: () => undefined,
    },
    api: {
      server: "https://fake.invalid",
      namespace: "default",
      send: async request => {
        requests.push(request);
        const { method, path, body = {} } = request;
        const answer = answers.get(path);
        if (typeof answer === "number") throw new ApiError(answer, { message: `answered ${answer}` }, method, path);
        if (answer) return answer;
        if (method === "GET") {
          const found = objects.get(path);
          if (!found) throw new ApiError(404, { message: "not found" }, method, path);
          return found;
        }
        if (method !== "PATCH") throw new Error(`${method} ${path} was not announced`);
        cluster.beforeWrite(path);
        const metadata = body.metadata as JsonObject;
        const made = {
          ...body,
          metadata: { ...metadata, managedFields: [{ manager: "palisade", operation: "Apply" }] },
        };
        objects.set(path, made);
        return made;
      },
    },
  };
  return cluster;
}
