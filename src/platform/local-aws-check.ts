// Platform: is the local AWS there? Asked before anything is registered; the provider would go on trying for minutes.
import { spawnSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";

const TIMEOUT_MS = 3000;

/** Connects and ends: 0 if somebody listens, 1 if not. */
const PROBE = `
  const [host, port] = process.argv.slice(1);
  require("node:net").connect({ host, port: Number(port) })
    .once("connect", () => process.exit(0))
    .once("error", () => process.exit(1));
`;

/**
 * Asks from a process of its own, since a program that waits here would already have its stack registered.
 * @throws RunError naming the address and the way out, if nobody listens there.
 */
export function requireLocalAws(endpoint: string): void {
  const { hostname, port } = new URL(endpoint);
  const host = hostname.replace(/^\[|\]$/g, "");
  const probe = spawnSync(process.execPath, ["-e", PROBE, host, port || "80"], { env: {}, timeout: TIMEOUT_MS });
  if (probe.status === 0) return;
  throw new pulumi.RunError(
    `Nothing was registered: the local AWS at ${endpoint} does not answer.\nStart it: npx palisade sandbox up`,
  );
}
