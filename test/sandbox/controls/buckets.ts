// Sandbox tests: controls over buckets: the log archives, the hand-off boundary of the content pipeline and its copy (SA-6, SA-7, SP-14, CP-2, CP-12).
import { type AwsApi, find, texts } from "../aws-api";
import {
  type Control,
  control,
  customerKey,
  denies,
  dev,
  first,
  many,
  same,
  statements,
  type Texts,
  those,
} from "./control";

async function buckets(api: AwsApi): Promise<[string, Texts][]> {
  const names = find(await api.rest("s3", "/"), "Buckets/Bucket/Name").map(String);
  return Promise.all(
    names.map(async (name): Promise<[string, Texts]> => {
      const parts = ["encryption", "versioning", "publicAccessBlock", "ownershipControls"];
      const answers = await Promise.all(parts.map(part => api.rest("s3", `/${name}?${part}`)));
      return [name, first(Object.fromEntries(parts.map((part, i) => [part, [answers[i] ?? ""]])))];
    }),
  );
}

const archives = those(buckets, name => /-(logs|compliance)-archive-/.test(name));
const handOff = those(buckets, name => /^content-pipeline-dev-artifacts-[0-9a-f]+$/.test(name));

interface Guarded {
  at: Texts;
  policy: string;
}

const guarded = (of: typeof buckets) => async (api: AwsApi) =>
  Promise.all(
    (await of(api)).map(
      async ([name, at]): Promise<[string, Guarded]> => [
        name,
        { at, policy: JSON.stringify(await api.restJson("s3", `/${name}?policy`)) },
      ],
    ),
  );

/** What the content pipeline's seed names. */
const prefixes = ["audio/raw/", "audio/cleaned/", "scripts/", "subtitles/", "video/short/", "video/long/"];

interface Replica {
  at: Texts;
  /** Where the copy is. */
  region?: string;
  /** What encrypts the copy, by the word of the second region. */
  key?: { KeyManager: string; KeyRotationEnabled: boolean };
}

async function replicas(api: AwsApi): Promise<[string, Replica][]> {
  const second = api.in(dev.secondRegion);
  return Promise.all(
    (await handOff(api)).map(async ([name]): Promise<[string, Replica]> => {
      const answer = await api.rest("s3", `/${name}?replication`);
      const at = first(answer);
      const copy = at("Destination/Bucket")?.split(":").at(-1);
      const KeyId = at("ReplicaKmsKeyID");
      if (!copy || !KeyId) return [name, { at }];
      const region = texts(await second.rest("s3", `/${copy}?location`), "LocationConstraint")[0];
      const { KeyMetadata } = await second.json<{ KeyMetadata: { KeyManager: string } }>("kms", "DescribeKey", {
        KeyId,
      });
      const rotation = await second.json<{ KeyRotationEnabled: boolean }>("kms", "GetKeyRotationStatus", { KeyId });
      return [name, { at, region, key: { ...KeyMetadata, ...rotation } }];
    }),
  );
}

export const bucketControls: readonly Control[] = [
  control("SA-7", "every bucket is encrypted, versioned and closed to the public", buckets, {
    "is encrypted": at => ["aws:kms", "AES256"].includes(at("SSEAlgorithm") ?? ""),
    "keeps earlier versions": at => at("versioning/GetBucketVersioningResponse/Status") === "Enabled",
    "ignores and blocks public lists and policies": at =>
      ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"].every(
        part => at(part) === "true",
      ),
    "has no access lists": at => at("ObjectOwnership") === "BucketOwnerEnforced",
  }),
  control("SA-6", "buckets refuse connections without TLS 1.2", guarded(buckets), {
    "refuses plain HTTP": ({ policy }) => denies(policy, "s3:GetObject", { Bool: { "aws:SecureTransport": "false" } }),
    "refuses TLS before 1.2": ({ policy }) =>
      denies(policy, "s3:GetObject", { NumericLessThan: { "s3:TlsVersion": "1.2" } }),
  }),
  control(
    "SP-14",
    "archives of logs and of compliance records are locked, and encrypted with a key of the customer's",
    async api =>
      Promise.all(
        (await archives(api)).map(
          async ([name, at]): Promise<[string, { at: Texts; lock: Texts }]> => [
            name,
            { at, lock: first(await api.rest("s3", `/${name}?object-lock`)) },
          ],
        ),
      ),
    {
      "has a customer's key": ({ at }) => customerKey(at("KMSMasterKeyID")),
      "is locked": ({ lock }) => lock("Mode") === "GOVERNANCE" && lock("Days") === dev.objectLockDays,
    },
  ),
  control("CP-2", "the hand-off boundary is its prefixes, versioned, private and encrypted", guarded(handOff), {
    "keeps earlier versions": ({ at }) => at("versioning/GetBucketVersioningResponse/Status") === "Enabled",
    "has a customer's key": ({ at }) => customerKey(at("KMSMasterKeyID")),
    "takes nothing outside its prefixes": ({ policy }) =>
      statements(policy).some(
        ({ Effect, Principal, Action, NotResource, Condition }) =>
          Effect === "Deny" &&
          Principal === "*" &&
          Action === "s3:PutObject" &&
          Condition === undefined &&
          same(
            many(NotResource).map(arn => arn.replace(/^[^/]*\//, "")),
            prefixes.map(prefix => `${prefix}*`),
          ),
      ),
  }),
  control("CP-12", "the hand-off boundary has a copy in the second region", replicas, {
    "copies all objects and deletions": ({ at }) =>
      at("Rule/Status") === "Enabled" &&
      (at("Rule/Filter/Prefix") ?? "") === "" &&
      at("DeleteMarkerReplication/Status") === "Enabled" &&
      at("SseKmsEncryptedObjects/Status") === "Enabled",
    "copies within a quarter of an hour": ({ at }) =>
      at("ReplicationTime/Status") === "Enabled" && at("ReplicationTime/Time/Minutes") === "15",
    "lies in the second region": ({ region }) => region === dev.secondRegion,
    "has a customer's key there, which rotates": ({ key }) =>
      key?.KeyManager === "CUSTOMER" && key.KeyRotationEnabled === true,
  }),
];
