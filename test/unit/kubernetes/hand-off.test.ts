// Hand-off in a cluster: each service has its prefixes and its queues, and only the gate sends what a person has approved (CP-2, CP-3, CP-11, CP-12).
import { expect, test } from "vitest";
import { bucketSetup } from "../../../src/components/kubernetes/bucket-policy";
import { at, listAt } from "../../../src/components/kubernetes/fields";
import { allowedMap, frontConfig, queueConfig } from "../../../src/components/kubernetes/queue-config";
import { workloadObjects } from "../../../src/components/kubernetes/workload-objects";
import { system, systemHome } from "./helper-homes";
import { containersOf, objectOf } from "./samples";

const pipeline = () => workloadObjects(systemHome("content-pipeline"));
const workload = () => system("content-pipeline");

test("a queue that an approval releases to takes messages of the gate, and of nobody else", () => {
  const lines = allowedMap(workload(), "approval-gate").trim().split("\n");
  const senders = lines.filter(line => line.includes("/SendMessage/")).map(line => line.split("/")[0]);
  expect(senders).toEqual(["approval-gate"]);
  expect(lines).toContain("renderer/ReceiveMessage/render 1");
  expect(lines.filter(line => line.includes("Purge") || line.includes("render-dead"))).toEqual([]);
});

test("a queue without approval takes those of its producers", () => {
  const state = {
    ...workload().state,
    queues: {
      jobs: {
        dataClass: "artifacts" as const,
        producers: ["editorbot"],
        consumers: ["renderer"],
        visibilitySeconds: 60,
      },
    },
  };
  const lines = allowedMap({ state, approvals: [] }, "approval-gate").trim().split("\n");
  expect(lines).toContain("editorbot/SendMessage/jobs 1");
  expect(lines.join()).not.toContain("approval-gate");
});

test("a message is hidden for as long as the specification says, and set aside after five failures", () => {
  const text = queueConfig("queue.content-pipeline-prod.svc", workload().state.queues);
  const queues = JSON.parse(
    text
      .split("\n")
      .find(line => line.startsWith("queues = "))
      ?.slice(9) ?? "{}",
  );
  expect(queues.render).toMatchObject({
    defaultVisibilityTimeout: "1800 seconds",
    deadLettersQueue: { name: "render-dead", maxReceiveCount: 5 },
  });
  expect(queues).toHaveProperty("render-dead");
  expect(text).toContain('"bind-hostname":"127.0.0.1"');
});

test("the front asks for a certificate and refuses what is not on its list", () => {
  expect(frontConfig).toContain("verify required");
  expect(frontConfig).toContain("ssl-min-ver TLSv1.2");
  expect(frontConfig).toMatch(/deny deny_status 403 unless \{ var\(txn\.asked\)/);
});

interface Statement {
  Principal: { AWS: string[] };
  Action: string[];
  Resource: string[];
  Condition?: object;
}

const statements = (): Statement[] =>
  Object(bucketSetup(workload(), "artifacts", "b", "approval-gate").policy).Statement;
const mayDo = (account: string, action: string) =>
  statements()
    .filter(({ Principal, Action }) => Principal.AWS.includes(account) && Action.includes(action))
    .flatMap(({ Resource }) => Resource);

test("each account writes below its own prefixes and nowhere else, and deletes nothing", () => {
  expect(mayDo("renderer", "s3:PutObject")).toEqual([
    "arn:aws:s3:::b/subtitles/*",
    "arn:aws:s3:::b/video/short/*",
    "arn:aws:s3:::b/video/long/*",
  ]);
  expect(mayDo("editorbot", "s3:PutObject")).toEqual([
    "arn:aws:s3:::b/audio/raw/*",
    "arn:aws:s3:::b/audio/cleaned/*",
    "arn:aws:s3:::b/scripts/*",
  ]);
  expect(JSON.stringify(statements())).not.toMatch(/Delete|PutBucket|"s3:\*"/);
});

test("a policy that no file system would keep is refused by name", () => {
  const many = Array.from({ length: 60 }, (_, i) => [
    `part-${i}-with-a-long-name/`,
    { readers: ["a"], writers: ["b"] },
  ]);
  const state = {
    ...workload().state,
    buckets: { wide: { dataClass: "artifacts", prefixes: Object.fromEntries(many), replicated: false } },
  };
  expect(() => bucketSetup({ state: Object(state), approvals: [] }, "wide", "b", "approval-gate")).toThrow(
    /the policy of bucket `wide` has \d+ characters; allowed are 3500/,
  );
});

test("who waits for an approval reads the version that was approved; the gate reads and writes nothing", () => {
  expect(mayDo("renderer", "s3:GetObjectVersion")).toEqual(["arn:aws:s3:::b/scripts/*"]);
  expect(mayDo("approval-gate", "s3:GetObjectVersion")).toEqual(["arn:aws:s3:::b/scripts/*"]);
  expect(mayDo("approval-gate", "s3:PutObject")).toEqual([]);
});

test("a change of the buckets makes another Job; the same specification makes the same", () => {
  const job = () => pipeline().objects.find(({ kind }) => kind === "Job")?.metadata.name;
  expect(job()).toMatch(/^object-store-setup-[0-9a-f]{10}$/);
  expect(job()).toBe(job());
});

test("no service has the root account, and each Secret of an account goes to its own pod", () => {
  const { objects } = pipeline();
  const users = objects.flatMap(object => {
    const spec = at(object, "spec", "template", "spec");
    return containersOf(spec).flatMap(container =>
      listAt(container, "env").flatMap(variable => {
        const secret = at(variable, "valueFrom", "secretKeyRef", "name");
        return String(secret).startsWith("object-store-") ? [`${object.metadata.name}: ${secret}`] : [];
      }),
    );
  });
  expect(users.map(user => user.replace(/setup-[0-9a-f]{10}/, "setup")).sort()).toEqual([
    "approval-gate: object-store-approval-gate-key",
    "editorbot: object-store-editorbot-key",
    "object-store-setup: object-store-root",
    "object-store: object-store-root",
    "renderer: object-store-renderer-key",
  ]);
});

test("approvers may ask for these approvals and reach the gate's one pod, by name", () => {
  const rules = listAt(objectOf(pipeline().objects, "Role", "approvers"), "rules");
  expect(rules.every(rule => listAt(rule, "resourceNames").length > 0)).toBe(true);
  expect(rules[0]).toEqual({
    apiGroups: ["approvals.palisade.dev"],
    resources: ["approvals"],
    resourceNames: ["release"],
    verbs: ["get", "create"],
  });
  expect(objectOf(pipeline().objects, "StatefulSet", "approval-gate").spec).toMatchObject({ replicas: 1 });
});

test("what the gate may write is held to decisions by the API server", () => {
  const policy = objectOf(pipeline().objects, "ValidatingAdmissionPolicy", "content-pipeline-prod-approval-gate");
  expect(JSON.stringify(policy)).toContain("system:serviceaccount:content-pipeline-prod:approval-gate");
  expect(listAt(policy, "spec", "validations").map(rule => at(rule, "expression"))).toEqual([
    'request.name.startsWith("approval-")',
  ]);
});

test("the one right beyond the namespace is to ask who somebody is", () => {
  const cluster = pipeline().objects.filter(({ kind }) => kind === "ClusterRoleBinding" || kind === "ClusterRole");
  expect(cluster.map(object => at(object, "roleRef", "name"))).toEqual(["system:auth-delegator"]);
});

test("approvals without an approver are refused", () => {
  const approvers = { users: [], groups: [] };
  expect(() => workloadObjects(systemHome("content-pipeline", { approvers }))).toThrow(
    /`approvers` has no user and no group/,
  );
});

test("a store of the customer's own has no pod here, and its key pairs are supplied", () => {
  const externalObjectStore = { endpoint: "https://s3.example.com", ranges: ["198.51.100.9/32"] };
  const { objects, secrets } = workloadObjects(systemHome("content-pipeline", { externalObjectStore }));
  expect(objects.filter(({ metadata }) => metadata.name.startsWith("object-store"))).toEqual([]);
  expect(secrets.find(({ name }) => name === "object-store-renderer-key")?.keys["access-key-id"]).toMatchObject({
    kind: "supplied",
    variable: "OBJECT_STORE_ACCESS_KEY_ID_RENDERER",
  });
  expect(() =>
    workloadObjects(
      systemHome("content-pipeline", { externalObjectStore: { ...externalObjectStore, endpoint: "http://s3" } }),
    ),
  ).toThrow(/allowed is an https URL/);
});
