import { beforeAll, describe, expect, test } from "vitest";
import { WorkloadBuckets } from "../../../src/components/aws/workload-buckets";
import { only, type Registered } from "../record";
import { pipeline, recordPipeline, rolePolicies } from "./pipeline-stack";
import { policyOf, statement } from "./reading";
import { recordTypes, type Statement } from "./samples";

let all: Registered[];
beforeAll(async () => {
  all = await recordPipeline();
});

/** Where the identity of a service may do an action in S3. */
function reach(service: string, action: string): string[] {
  const own = all.filter(r => r.type === "aws:iam/rolePolicy:RolePolicy" && r.name === `pipeline-dev-${service}`);
  return own
    .flatMap(r => policyOf(r))
    .filter(s => s.Effect === "Allow" && [s.Action].flat().includes(action))
    .flatMap(s => [s.Resource ?? []].flat());
}
const below = (...prefixes: string[]) => prefixes.map(p => `arn:aws:s3:::pipeline-dev-artifacts/${p}*`);

describe("each identity reaches just its prefixes (CP-3)", () => {
  test("who writes audio and scripts cannot write video, and the other way round", () => {
    expect(reach("editorbot", "s3:PutObject")).toEqual(below("audio/raw/", "audio/cleaned/", "scripts/"));
    expect(reach("renderer", "s3:PutObject")).toEqual(below("subtitles/", "video/short/", "video/long/"));
  });

  test("raw audio is the bot's alone", () => {
    expect(reach("renderer", "s3:GetObject")).toEqual(below("audio/cleaned/", "scripts/", "subtitles/"));
  });

  test("nobody deletes, and nobody but who waits for an approval reads by version", () => {
    for (const policy of rolePolicies(all).values()) expect(policy).not.toMatch(/s3:DeleteObject|s3:\*/);
    expect(reach("editorbot", "s3:GetObjectVersion")).toEqual([]);
    expect(reach("renderer", "s3:GetObjectVersion")).toEqual(below("scripts/"));
  });

  test("the key is used through S3 only (SA-7)", () => {
    const uses = (name: string) =>
      all
        .filter(r => r.type === "aws:iam/rolePolicy:RolePolicy" && r.name === name)
        .flatMap(r => policyOf(r))
        .filter(s => [s.Action].flat().some(a => a.startsWith("kms:")));
    for (const s of [...uses("pipeline-dev-editorbot"), ...uses("pipeline-dev-renderer")])
      expect(Object.values(s.Condition ?? {})).toEqual([
        { "kms:ViaService": expect.stringMatching(/^(s3|sqs|secretsmanager)\./) },
      ]);
  });
});

test("nothing is written outside the prefixes, by anybody (CP-2)", () => {
  const policy = only(all, "aws:s3/bucketPolicy:BucketPolicy", "pipeline-dev-artifacts");
  const denial = statement(policy, "DenyWritesOutsidePrefixes") as Statement & { NotResource: string[] };
  expect(denial).toMatchObject({ Effect: "Deny", Principal: "*", Action: "s3:PutObject" });
  expect(denial.NotResource).toEqual(below(...Object.keys(pipeline.state.buckets.artifacts?.prefixes ?? {})));
});

test("a variable that asks for a bucket gets its name", () => {
  const task = only(all, "aws:ecs/taskDefinition:TaskDefinition", "pipeline-dev-renderer");
  expect(String(task.inputs.containerDefinitions)).toContain(
    '{"name":"ARTIFACTS_BUCKET","value":"pipeline-dev-artifacts"}',
  );
});

describe("the copy in the second region (CP-12)", () => {
  const replication = () => only(all, "aws:s3/bucketReplicationConfig:BucketReplicationConfig");

  test("takes every new version and delete marker, encrypted with the key there", () => {
    expect(replication().inputs).toMatchObject({
      bucket: "pipeline-dev-artifacts",
      rules: [
        {
          filter: {},
          deleteMarkerReplication: { status: "Enabled" },
          sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
          destination: {
            bucket: "arn:aws:s3:::pipeline-dev-artifacts-replica",
            encryptionConfiguration: { replicaKmsKeyId: "arn:aws:mock:::palisade-dev-second-artifacts" },
          },
        },
      ],
    });
  });

  test("copy, keys and the alarm on latency stand there; the source and everything else does not", () => {
    const there = all.filter(r => r.provider?.includes("aws-second") && !r.type.startsWith("pulumi:"));
    expect(there.every(r => /-(second|replica|replication-latency)/.test(r.name))).toBe(true);
    expect(there.map(r => r.name)).toContain("pipeline-dev-artifacts-replica");
    expect(there.map(r => r.name)).toContain("pipeline-dev-artifacts-replication-latency");
    expect(only(all, "aws:s3/bucketVersioning:BucketVersioning", "pipeline-dev-artifacts-replica").provider).toContain(
      "aws-second",
    );
  });

  test("S3 reads here and writes there, and can do neither the other way round", () => {
    const policy = policyOf(only(all, "aws:iam/rolePolicy:RolePolicy", "pipeline-dev-artifacts-replication"));
    const on = (action: string) => policy.filter(s => [s.Action].flat().includes(action)).map(s => s.Resource);
    expect(on("s3:GetObjectVersionForReplication")).toEqual(["arn:aws:s3:::pipeline-dev-artifacts/*"]);
    expect(on("s3:ReplicateObject")).toEqual(["arn:aws:s3:::pipeline-dev-artifacts-replica/*"]);
    expect(on("kms:Decrypt")).toEqual(["arn:aws:mock:::palisade-dev-artifacts"]);
    expect(on("kms:Encrypt")).toEqual(["arn:aws:mock:::palisade-dev-second-artifacts"]);
    expect(JSON.stringify(policy)).not.toContain("s3:DeleteObject");
  });

  test("an alarm of each region calls a topic of its own region", () => {
    const actions = (name: string) => only(all, "aws:cloudwatch/metricAlarm:MetricAlarm", name).inputs.alarmActions;
    expect(actions("pipeline-dev-artifacts-replication-latency")).toEqual([
      "arn:aws:mock:::palisade-dev-second-alarms",
    ]);
    expect(actions("pipeline-dev-artifacts-replication-failed")).toEqual(["arn:aws:mock:::palisade-dev-alarms"]);
  });
});

test("a replicated bucket without a second region is refused", async () => {
  await expect(recordPipeline({ secondRegion: undefined })).rejects.toThrow(
    /`secondRegion` is missing; bucket `artifacts` is `replicated`/,
  );
});

test("a bucket that is not there is named", async () => {
  const build = () => {
    const buckets = new WorkloadBuckets("x", { buckets: {} } as unknown as ConstructorParameters<
      typeof WorkloadBuckets
    >[1]);
    buckets.find("files");
  };
  await expect(recordTypes([], build)).rejects.toThrow("no bucket `files`; there are none");
});
