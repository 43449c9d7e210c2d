// Platform: is the local AWS there? Asked before anything is registered; the provider would go on trying for minutes.
import { connect } from "node:net";
import * as pulumi from "@pulumi/pulumi";

const TIMEOUT_MS = 2000;

/** @throws RunError naming the address and the way out, if nobody listens there. */
export async function requireLocalAws(endpoint: string): Promise<void> {
  if (await listens(new URL(endpoint))) return;
  throw new pulumi.RunError(
    `Nothing was registered: the local AWS at ${endpoint} does not answer.\nStart it: npx palisade sandbox up`,
  );
}

function listens({ hostname, port }: URL): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80), timeout: TIMEOUT_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });
}
