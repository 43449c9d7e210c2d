// SA-13, RT-16: what was granted is taken as it is, rights of others are never overwritten, and an administrator's command is named.
import { describe, expect, test } from "vitest";
import type { ApiRequest } from "../../../../src/kubernetes/client";
import { apply, placeOf } from "../../../../src/kubernetes/objects";
import { ensureGranted, takeGrantAway } from "../../../../src/onprem/install/grant-check";
import { asJson } from "../../../../src/onprem/install/identity";
import { permissions } from "../../../../src/onprem/preflight/permissions";
import { FakeCluster } from "./fake-cluster";
import { configMap, namespace, place, target } from "./samples";

const command = "palisade grant B --key K | kubectl apply -f -";
const role = (verb: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "Role",
  metadata: { name: "reader", namespace: place },
  rules: [{ apiGroups: [""], resources: ["pods"], verbs: [verb] }],
});
const path = `/apis/rbac.authorization.k8s.io/v1/namespaces/${place}/roles/reader`;

async function standing(by: string, verb: string) {
  const fake = new FakeCluster();
  const { cluster } = fake.line();
  for (const object of [namespace(place), role(verb)]) {
    const at = await placeOf(cluster, object, asJson(object));
    if (at) await apply(cluster, at, asJson(object), { manager: by, dryRun: false, force: false });
  }
  fake.writes.length = 0;
  return fake;
}
const refuseRights = (fake: FakeCluster) => {
  fake.forbidden = ({ method, path: at }) => method === "PATCH" && at.includes("/roles/");
};
function ensure(fake: FakeCluster, verb: string, isBack = false, said: string[] = []) {
  const work = {
    progress: () => undefined,
    say: (text: string) => said.push(text),
    cancelled: new AbortController().signal,
  };
  return ensureGranted(fake.line().cluster, [role(verb)], { command, isBack }, work);
}

describe("a right", () => {
  test("of an administrator that fits is not written, whoever asks", async () => {
    const fake = await standing("kubectl", "get");
    expect(await ensure(fake, "get")).toBe(0);
    expect(fake.writes).toEqual([]);
  });

  test("of somebody else that does not fit is refused, and stays", async () => {
    const fake = await standing("kubectl", "list");
    await expect(ensure(fake, "get")).rejects.toThrow(/Role shop-test\/reader[\s\S]*once: palisade grant B/);
    expect(fake.writes).toEqual([]);
  });

  test("of ours is changed where that is allowed, and otherwise an administrator is asked for it", async () => {
    const fake = await standing("palisade", "list");
    refuseRights(fake);
    await expect(ensure(fake, "get")).rejects.toThrow(/once: palisade grant B/);
    fake.forbidden = () => false;
    expect(await ensure(fake, "get")).toBe(1);
    refuseRights(fake);
    expect(await ensure(fake, "get")).toBe(0);
  });

  test("that is not there is asked for, on a way back too", async () => {
    const fake = await standing("kubectl", "get");
    fake.objects.delete(path);
    refuseRights(fake);
    for (const isBack of [false, true]) await expect(ensure(fake, "get", isBack)).rejects.toThrow("palisade grant B");
    fake.forbidden = () => false;
    expect(await ensure(fake, "get")).toBe(1);
  });

  test("that a later grant changed stays on a way back, and is named", async () => {
    const fake = await standing("kubectl", "list");
    const said: string[] = [];
    expect(await ensure(fake, "get", true, said)).toBe(0);
    expect(said).toEqual([
      expect.stringContaining("Role shop-test/reader stays as it was granted for another release"),
    ]);
    expect(fake.writes).toEqual([]);
  });
});

test("the way to take a grant away is made of the one that gave it", () =>
  expect(takeGrantAway(command)).toBe("palisade grant B --key K > grant.yaml, then: kubectl delete -f grant.yaml"));

test("a right of somebody else that does not fit is found by the preflight, also where the account may apply all of it", async () => {
  const fake = await standing("kubectl", "list");
  const { cluster } = fake.line();
  const { send } = cluster.api;
  const api = {
    ...cluster.api,
    send: async (request: ApiRequest) =>
      request.path.endsWith("selfsubjectaccessreviews") ? { status: { allowed: true } } : send(request),
  };
  const look = (verb: string) => {
    const release = target("1.1.0", [configMap("a", "1"), role(verb)]);
    const given = { minimumKubernetes: "1.30", images: { size: 0 }, registry: "", grantCommand: command };
    return permissions({ cluster: { ...cluster, api }, release, ...given });
  };
  expect((await look("get")).map(({ level }) => level)).toEqual(["ok", "failed"]);
  expect((await look("get"))[1]?.found).toContain("Role shop-test/reader (other)");
  expect((await look("list")).map(({ level }) => level)).toEqual(["ok", "ok"]);
});
