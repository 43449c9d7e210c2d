// Cluster: the few questions that are put to its API while it starts and when somebody asks how it is.
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";

const TIMEOUT_MS = 3000;

/** Asks as the administrator of a cluster. */
export class Api {
  private readonly credentials: { ca: Buffer; cert: Buffer; key: Buffer };

  /**
   * @param port of the API on the machine's loopback
   * @param pki directory of the cluster's certificates
   */
  constructor(
    private readonly port: number,
    pki: string,
  ) {
    const file = (name: string) => readFileSync(join(pki, name));
    this.credentials = { ca: file("ca.crt"), cert: file("admin.crt"), key: file("admin.key") };
  }

  /** The answer's body, or undefined if there is none or it is not a success. */
  get(path: string): Promise<string | undefined> {
    return new Promise(resolve => {
      const question = request(
        { host: "127.0.0.1", port: this.port, path, ...this.credentials, timeout: TIMEOUT_MS, agent: false },
        answer => {
          let body = "";
          answer.setEncoding("utf8").on("data", (chunk: string) => {
            body += chunk;
          });
          answer.on("error", () => resolve(undefined));
          answer.on("end", () => resolve(answer.statusCode === 200 ? body : undefined));
        },
      );
      question.on("timeout", () => question.destroy());
      question.on("error", () => resolve(undefined));
      question.on("close", () => resolve(undefined));
      question.end();
    });
  }

  async ready(): Promise<boolean> {
    return (await this.get("/readyz")) === "ok";
  }

  /** Whether the node takes pods. */
  async nodeReady(): Promise<boolean> {
    const { items = [] } = await this.list<{ status?: { conditions?: Condition[] } }>("/api/v1/nodes");
    return items.some(node => isTrue(node.status?.conditions, "Ready"));
  }

  /** Deployments of kube-system that are not available yet. */
  async pendingDeployments(): Promise<string[]> {
    const { items } = await this.list<{ metadata: { name: string }; status?: { conditions?: Condition[] } }>(
      "/apis/apps/v1/namespaces/kube-system/deployments",
    );
    if (!items) return ["the list of deployments"];
    return items.filter(item => !isTrue(item.status?.conditions, "Available")).map(item => item.metadata.name);
  }

  private async list<Item>(path: string): Promise<{ items?: Item[] }> {
    const body = await this.get(path);
    return body === undefined ? {} : (JSON.parse(body) as { items?: Item[] });
  }
}

interface Condition {
  type: string;
  status: string;
}

const isTrue = (conditions: Condition[] | undefined, type: string) =>
  conditions?.some(condition => condition.type === type && condition.status === "True") ?? false;
