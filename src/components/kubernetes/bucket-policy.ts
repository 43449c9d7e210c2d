// Kubernetes components: what each account of the object store may do, as the policies of its buckets (CP-2, CP-3, CP-11). Pure.
// An account may do nothing of itself; what no statement allows is refused, writing outside the prefixes included.
import type { Workload } from "../../workload/workload";

/** A bucket as `object-store-setup` of the image reads it. */
export interface BucketSetup {
  name: string;
  versioning: boolean;
  policy: object;
}

/** What fits into the extended attributes of a file on ext4, which are one block, beside the store's own. */
const mostCharacters = 3500;

type Parts = Pick<Workload, "state" | "approvals">;

/** Services with a prefix to read or write, each an account of its own name. */
export function objectStoreClients({ state }: Pick<Workload, "state">): string[] {
  const all = Object.values(state.buckets).flatMap(({ prefixes }) =>
    Object.values(prefixes).flatMap(({ readers, writers }) => [...readers, ...writers]),
  );
  return [...new Set(all)].sort();
}

/**
 * One statement for each account and kind of right: the store keeps a policy beside its bucket, where there is little room.
 * @param gate Account that reads what is to be approved.
 * @throws Error if the policy is larger than a file system keeps beside a file.
 */
export function bucketSetup(workload: Parts, bucket: string, name: string, gate: string): BucketSetup {
  const prefixes = Object.entries(workload.state.buckets[bucket]?.prefixes ?? {});
  const approvals = workload.approvals.filter(approval => approval.of.bucket === bucket);
  const accounts = [...new Set(prefixes.flatMap(([, { readers, writers }]) => [...readers, ...writers]))].sort();
  const arn = `arn:aws:s3:::${name}`;
  const waitsFor = (account: string) =>
    approvals.filter(({ service }) => service === account).map(({ of }) => of.prefix);
  const statements = [
    ...accounts.flatMap(account => {
      const reads = prefixes.filter(([, { readers }]) => readers.includes(account)).map(([prefix]) => prefix);
      const writes = prefixes.filter(([, { writers }]) => writers.includes(account)).map(([prefix]) => prefix);
      return [
        ...below(arn, account, ["s3:GetObject"], reads),
        ...listing(arn, account, "s3:ListBucket", reads),
        ...below(arn, account, ["s3:PutObject", "s3:AbortMultipartUpload"], writes),
        // Who waits for an approval reads the very version that was approved, not what the key holds by then.
        ...below(arn, account, ["s3:GetObjectVersion"], waitsFor(account)),
      ];
    }),
    ...below(
      arn,
      gate,
      ["s3:GetObject", "s3:GetObjectVersion"],
      approvals.map(({ of }) => of.prefix),
    ),
    ...listing(
      arn,
      gate,
      "s3:ListBucketVersions",
      approvals.map(({ of }) => of.prefix),
    ),
  ];
  const policy = { Version: "2012-10-17", Statement: statements };
  const size = JSON.stringify(policy).length;
  if (size > mostCharacters)
    throw new Error(
      `the policy of bucket \`${bucket}\` has ${size} characters; allowed are ${mostCharacters}: ` +
        "give it fewer prefixes, readers or writers, or make two buckets of it (CP-3)",
    );
  return { name, versioning: true, policy };
}

function below(arn: string, account: string, actions: string[], prefixes: readonly string[]) {
  if (prefixes.length === 0) return [];
  return [
    allow(
      account,
      actions,
      prefixes.map(prefix => `${arn}/${prefix}*`),
    ),
  ];
}

function listing(arn: string, account: string, action: string, prefixes: readonly string[]) {
  if (prefixes.length === 0) return [];
  const Condition = { StringLike: { "s3:prefix": prefixes.map(prefix => `${prefix}*`) } };
  return [{ ...allow(account, [action], [arn]), Condition }];
}

function allow(account: string, actions: string[], resources: string[]) {
  return { Effect: "Allow", Principal: { AWS: [account] }, Action: actions, Resource: resources };
}
