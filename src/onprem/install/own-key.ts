// Installer: its key in a cluster, of the sums of Secrets and of the seals of its records.
import { randomBytes } from "node:crypto";
import { Failure } from "../../../toolchain/failure";
import { textAt } from "../../kubernetes/json";
import { type Cluster, get } from "../../kubernetes/objects";
import { writeOver } from "../../kubernetes/write-over";
import { keySecret, manager } from "../secrets/own";
import { secretPlace } from "../secrets/place";

const keyBytes = 32;

/**
 * The key, or undefined where there is none.
 * @throws Failure if the Secret holds no key
 */
export async function ownKey(cluster: Cluster, namespace: string): Promise<Buffer | undefined> {
  const found = await get(cluster, secretPlace(namespace, keySecret));
  if (!found) return undefined;
  const key = Buffer.from(textAt(found, "data", "key"), "base64");
  if (key.length === keyBytes) return key;
  throw new Failure(
    `Secret ${namespace}/${keySecret} has no key of ${keyBytes} bytes under \`key\`, so it is not what an installer wrote`,
    `Bring it back from a backup. See: kubectl describe secret ${keySecret} -n ${namespace}`,
  );
}

/** The key, which is made if it is not there. */
export async function ensureOwnKey(cluster: Cluster, namespace: string): Promise<Buffer> {
  const found = await ownKey(cluster, namespace);
  if (found) return found;
  const secret = {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: keySecret, namespace, labels: { "app.kubernetes.io/managed-by": "palisade" } },
    data: { key: randomBytes(keyBytes).toString("base64") },
  };
  // Sent twice, it was there the second time: whichever stands is the key.
  await writeOver(cluster, secretPlace(namespace, keySecret), secret, undefined, { query: { fieldManager: manager } });
  return ensureOwnKey(cluster, namespace);
}
