// Cluster: the OCI registry, Debian's docker-registry.
import { get } from "node:http";

/**
 * Deletion is enabled: removing images is part of what is tried here.
 * @param storage directory
 * @param address host:port to listen on
 */
export function registryConfig(storage: string, address: string): object {
  return {
    version: "0.1",
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: storage }, delete: { enabled: true } },
    http: { addr: address, relativeurls: true },
  };
}

const TIMEOUT_MS = 1000;

/** Whether a registry answers on this address, over http. */
export function registryAnswers(address: string): Promise<boolean> {
  return new Promise(resolve => {
    // Not `fetch`: a connection that is closed while nobody answers yet leaves it waiting with nothing to wait for.
    const question = get(`http://${address}/v2/`, { agent: false, timeout: TIMEOUT_MS }, answer => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    question.on("timeout", () => question.destroy());
    question.on("error", () => resolve(false));
    question.on("close", () => resolve(false));
  });
}
