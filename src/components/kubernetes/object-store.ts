// Kubernetes components: the object store of a workload: buckets as hand-off boundary, each service held to its prefixes (CP-2, CP-3).
// The bundled one is Versity's S3 gateway over a file system with extended attributes. Data layout: the claim
// `data-object-store-0` holds `buckets`, the newest version of each object, and `versions`, the older ones. It has one place:
// a bucket's `replicated` is for backups to fulfil (CP-12).
import { createHash } from "node:crypto";
import { bucketSetup, objectStoreClients } from "./bucket-policy";
import { certificateMount, certificatePlan, certificateVolume, readByGroup, tlsPaths } from "./certificates";
import { type ClusterHome, helperImage } from "./cluster-home";
import { container } from "./container";
import { addressWays, claimTemplate, type Helper, helperObjects, wayOf } from "./helper";
import { bucketName, objectName, serviceHost } from "./names";
import { policyOf } from "./network-policies";
import { type KubernetesObject, labelsOf } from "./object";
import type { PodParts, Way, WorkloadPart } from "./pod-parts";
import type { SecretPlan } from "./secret-plan";
import { podSecurityContext } from "./security-context";
import { accountObjects } from "./service-account";

const objectStoreName = "object-store";
const setupName = "object-store-setup";
const storePort = 7070;
const storeUser = 1000;
/** Account that makes buckets and may do all; no service has it. */
const rootAccount = "palisade-root";
const rootSecret = "object-store-root";
const accountsSecret = "object-store-accounts";
const region = "us-east-1";
/** Account of the approval gate. */
export const gateAccount = "approval-gate";

export function objectStorePart(home: ClusterHome): WorkloadPart {
  const { workload, externalObjectStore } = home;
  if (Object.keys(workload.state.buckets).length === 0) return {};
  const accounts = accountsOf(home);
  return {
    partsFor: serviceName => (accounts.includes(serviceName) ? objectStoreParts(home, serviceName) : {}),
    objects: externalObjectStore ? [] : bundledObjects(home),
    secrets: [
      ...accounts.map(account => accountSecret(home, account)),
      ...(externalObjectStore ? [] : bundledSecrets(home, accounts)),
    ],
  };
}

/** What a client of the store is told, and the way there: a service, or the approval gate. */
export function objectStoreParts(home: ClusterHome, account: string): PodParts {
  const external = home.externalObjectStore;
  return {
    environment: {
      AWS_ENDPOINT_URL_S3: external?.endpoint ?? `https://${serviceHost(objectStoreName, home.namespace)}:${storePort}`,
      ...(!external && { AWS_CA_BUNDLE: tlsPaths.authority, AWS_ACCESS_KEY_ID: account }),
    },
    secretEnvironment: {
      ...(external && { AWS_ACCESS_KEY_ID: { secret: secretOf(account), key: "access-key-id" } }),
      AWS_SECRET_ACCESS_KEY: { secret: secretOf(account), key: "secret-access-key" },
    },
    egress: external ? externalWays(external) : [wayOf(home, objectStoreName, storePort)],
  };
}

function accountsOf({ workload }: ClusterHome): string[] {
  return [...objectStoreClients(workload), ...(workload.approvals.length > 0 ? [gateAccount] : [])];
}

function secretOf(account: string): string {
  return objectName(`object-store-${account}-key`);
}

function accountSecret({ workload, namespace, externalObjectStore }: ClusterHome, account: string): SecretPlan {
  const variable = account.toUpperCase().replaceAll("-", "_");
  const supplied = (name: string, what: string) => ({
    kind: "supplied" as const,
    variable: `OBJECT_STORE_${name}_${variable}`,
    description: `${what} of \`${account}\` in the customer's object store.`,
  });
  return {
    name: secretOf(account),
    namespace,
    labels: labelsOf(workload.name, objectStoreName),
    keys: externalObjectStore
      ? {
          "access-key-id": supplied("ACCESS_KEY_ID", "Access key id"),
          "secret-access-key": supplied("SECRET_ACCESS_KEY", "Secret access key"),
        }
      : { "secret-access-key": { kind: "generated", length: 40 } },
  };
}

function externalWays({ endpoint, ranges }: NonNullable<ClusterHome["externalObjectStore"]>): Way[] {
  const url = new URL(endpoint);
  if (url.protocol !== "https:")
    throw new Error(`\`externalObjectStore.endpoint\` is \`${endpoint}\`; allowed is an https URL (SA-6)`);
  return addressWays("object-store", ranges, Number(url.port || 443));
}

function bundledSecrets({ workload, namespace }: ClusterHome, accounts: readonly string[]): SecretPlan[] {
  const labels = labelsOf(workload.name, objectStoreName);
  const entries = accounts.map(access => [access, { access, secret: `{${access}}`, role: "user" }]);
  return [
    certificatePlan({ workload: workload.name, part: objectStoreName, namespace, usages: ["server"] }),
    certificatePlan({ workload: workload.name, part: setupName, namespace, usages: ["client"] }),
    { name: rootSecret, namespace, labels, keys: { "secret-access-key": { kind: "generated", length: 40 } } },
    {
      name: accountsSecret,
      namespace,
      labels,
      keys: {
        "users.json": {
          kind: "composed",
          text: JSON.stringify({ accessAccounts: Object.fromEntries(entries) }),
          values: Object.fromEntries(
            accounts.map(account => [account, { secret: secretOf(account), key: "secret-access-key" }]),
          ),
        },
      },
    },
  ];
}

function bundledObjects(home: ClusterHome): KubernetesObject[] {
  return [...helperObjects(home, storeHelper(home)), ...setupObjects(home)];
}

function storeHelper(home: ClusterHome): Helper {
  const { workload, storageClasses, objectStorageGiB = 50 } = home;
  const well = { httpGet: { path: "/healthz", port: storePort, scheme: "HTTPS" }, timeoutSeconds: 3 };
  return {
    name: objectStoreName,
    user: storeUser,
    claims: [
      claimTemplate("data", labelsOf(workload.name, objectStoreName), {
        storageClass: storageClasses.replica,
        sizeGiB: objectStorageGiB,
      }),
    ],
    ports: { s3: storePort },
    ingress: [...accountsOf(home), setupName].map(name => wayOf(home, name, storePort)),
    volumes: [
      certificateVolume(objectStoreName),
      { name: "accounts", secret: { secretName: accountsSecret, defaultMode: readByGroup } },
      { name: "tmp", emptyDir: { medium: "Memory", sizeLimit: "64Mi" } },
    ],
    containers: [
      {
        name: objectStoreName,
        image: helperImage(home, "object-store"),
        args: ["posix", "/data/buckets"],
        environment: {
          ROOT_ACCESS_KEY_ID: rootAccount,
          VGW_PORT: `:${storePort}`,
          VGW_REGION: home.region ?? region,
          VGW_CERT: tlsPaths.certificate,
          VGW_KEY: tlsPaths.key,
          VGW_IAM_DIR: "/data/accounts",
          VGW_VERSIONING_DIR: "/data/versions",
          VGW_HEALTH: "/healthz",
          // Keys of objects may be names of people.
          VGW_QUIET: "true",
        },
        secretEnvironment: { ROOT_SECRET_ACCESS_KEY: { secret: rootSecret, key: "secret-access-key" } },
        ports: [{ name: "s3", number: storePort }],
        bounds: { cpuMillicores: 100, memoryMiB: 576 },
        mounts: [
          certificateMount,
          { name: "data", mountPath: "/data/buckets", subPath: "buckets" },
          { name: "data", mountPath: "/data/versions", subPath: "versions" },
          { name: "accounts", mountPath: "/data/accounts", readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
        ],
        more: {
          startupProbe: { ...well, periodSeconds: 3, failureThreshold: 40 },
          readinessProbe: { ...well, periodSeconds: 5 },
          livenessProbe: { ...well, periodSeconds: 15, failureThreshold: 3 },
        },
      },
    ],
  };
}

/** Brings the buckets to what the specification says, once for each change of it: the name of the Job tells which. */
function setupObjects(home: ClusterHome): KubernetesObject[] {
  const { workload, namespace } = home;
  const labels = labelsOf(workload.name, setupName);
  const buckets = Object.keys(workload.state.buckets).map(bucket =>
    bucketSetup(workload, bucket, bucketName(home, bucket), gateAccount),
  );
  const data = { "buckets.json": `${JSON.stringify(buckets)}\n` };
  const digest = createHash("sha256").update(data["buckets.json"]).digest("hex").slice(0, 10);
  const metadata = { name: setupName, namespace, labels };
  const { environment } = objectStoreParts({ ...home, externalObjectStore: undefined }, rootAccount);
  return [
    ...accountObjects({ workload: workload.name, namespace, name: setupName, rules: [] }),
    policyOf(home, setupName, { ingress: [], egress: [wayOf(home, objectStoreName, storePort)] }),
    { apiVersion: "v1", kind: "ConfigMap", metadata, data },
    {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { ...metadata, name: `${setupName}-${digest}` },
      spec: {
        backoffLimit: 10,
        template: {
          metadata: { labels },
          spec: {
            restartPolicy: "OnFailure",
            serviceAccountName: setupName,
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            securityContext: podSecurityContext({ user: storeUser }),
            containers: [
              container({
                name: setupName,
                image: helperImage(home, "object-store"),
                command: ["/usr/local/bin/object-store-setup", "buckets", "/etc/palisade/buckets/buckets.json"],
                environment: { ...environment, AWS_REGION: home.region ?? region },
                secretEnvironment: { AWS_SECRET_ACCESS_KEY: { secret: rootSecret, key: "secret-access-key" } },
                bounds: { cpuMillicores: 50, memoryMiB: 64 },
                mounts: [certificateMount, { name: "buckets", mountPath: "/etc/palisade/buckets", readOnly: true }],
              }),
            ],
            volumes: [
              certificateVolume(setupName),
              { name: "buckets", configMap: { name: setupName, defaultMode: 0o444 } },
            ],
          },
        },
      },
    },
  ];
}
