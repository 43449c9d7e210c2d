// Which cluster a command is about, what kind is asked for, and versions that stand in two places. No cluster is started.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { givenCluster } from "../../toolchain/cluster/given";
import { kindDown, kindStatus, kindUp } from "../../toolchain/cluster/kind";
import { layoutOf } from "../../toolchain/cluster/layout";
import { startTime } from "../../toolchain/cluster/record";
import { chooseTarget } from "../../toolchain/cluster/target";
import { KUBERNETES_VERSION } from "../../toolchain/cluster/versions";
import { PROJECT_DIRECTORY } from "../../toolchain/stack";

const given = (kubeconfig: string, named: string) => ({ origin: "given", kubeconfig, named });

test.each([
  [{}, {}, { origin: "local" }],
  [{}, { KUBECONFIG: "/prod" }, { origin: "local" }],
  [{}, { PALISADE_KUBECONFIG: "/a" }, given("/a", "PALISADE_KUBECONFIG")],
  [{ kubeconfig: "/b" }, { PALISADE_KUBECONFIG: "/a" }, given("/b", "--kubeconfig")],
  [{ kind: true }, { PALISADE_KUBECONFIG: "/a" }, { origin: "kind" }],
])("asked for with %j and %j it is %j", (options, env, target) => expect(chooseTarget(options, env)).toEqual(target));

test("two clusters at once are refused", () =>
  expect(() => chooseTarget({ kubeconfig: "/a", kind: true }, {})).toThrow("name two clusters"));

test("a kubeconfig that does not exist is refused by name", () =>
  expect(givenCluster("/nowhere/config", "--kubeconfig")).rejects.toThrow("`--kubeconfig` names /nowhere/config"));

test("the modules build the versions that are spoken of", () => {
  const read = (file: string) => readFileSync(join(PROJECT_DIRECTORY, file), "utf8");
  const module = read("toolchain/go/kubernetes/go.mod");
  expect(module).toContain(`require k8s.io/kubernetes v${KUBERNETES_VERSION}`);
  const staging = [...module.matchAll(/^\tk8s\.io\/\S+ => k8s\.io\/\S+ (\S+)$/gm)].map(([, version]) => version);
  expect(new Set(staging)).toEqual(new Set([KUBERNETES_VERSION.replace(/^1/, "v0")]));
  const page = read("docs/local-cluster.md");
  expect(page).toContain(KUBERNETES_VERSION);
  for (const name of ["network-policies", "coredns", "local-path-provisioner", "metrics-server"]) {
    const [, version = "none"] = /^require \S+ v(\S+)$/m.exec(read(`toolchain/go/${name}/go.mod`)) ?? [];
    expect(page).toContain(`| ${version} |`);
  }
});

test("a process is told from a later one with its number by when it started", () => {
  expect(startTime(process.pid)).toMatch(/^\d+$/);
  expect(startTime(2 ** 30)).toBeUndefined();
});

test("each directory has a control group of its own, the same every time", () => {
  expect(layoutOf("/a").cgroup).toBe(layoutOf("/a/").cgroup);
  expect(layoutOf("/a").cgroup).not.toBe(layoutOf("/b").cgroup);
});

describe("kind, played by a script that keeps its clusters in a file", () => {
  let room: string;
  let path: string | undefined;
  const list = () => readFileSync(join(room, "clusters"), "utf8").trim();

  beforeEach(() => {
    room = mkdtempSync(join(tmpdir(), "palisade-kind-"));
    mkdirSync(join(room, "bin"));
    writeFileSync(join(room, "clusters"), "somebody-elses\n");
    script("docker", '[ "$1" = info ]');
    script(
      "kind",
      `case "$1 $2" in
"get clusters") cat ${room}/clusters ;;
"create cluster") [ "$3" = --name ] && [ "$5" = --kubeconfig ] && echo "$4" >> ${room}/clusters && echo made > "$6" ;;
"export kubeconfig") echo exported > "$6" ;;
"delete cluster") sed -i "/^$4\\$/d" ${room}/clusters ;;
*) echo "unexpected: $*" >&2; exit 9 ;;
esac`,
    );
    path = process.env.PATH;
    process.env.PATH = `${join(room, "bin")}:${path}`;
  });
  afterEach(() => {
    process.env.PATH = path;
    rmSync(room, { recursive: true });
  });
  const script = (name: string, text: string) => {
    writeFileSync(join(room, "bin", name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(room, "bin", name), 0o755);
  };
  const silent = () => ({ done: () => undefined, skipped: () => undefined, failed: () => undefined });

  test("starts one cluster per directory, finds it again, and deletes that one alone", async () => {
    const directory = join(room, "here");
    const { cgroup: name } = layoutOf(directory);
    expect(await kindStatus(directory)).toBeUndefined();
    const kubeconfig = await kindUp(directory, silent);
    expect(await kindUp(directory, silent)).toBe(kubeconfig);
    expect(list()).toBe(`somebody-elses\n${name}`);
    rmSync(kubeconfig);
    expect(readFileSync(await kindUp(directory, silent), "utf8")).toBe("exported\n");
    expect(await kindStatus(directory)).toBe(kubeconfig);
    expect(await kindDown(directory)).toBe(true);
    expect(list()).toBe("somebody-elses");
    expect(existsSync(kubeconfig)).toBe(false);
    expect(await kindDown(directory)).toBe(false);
  });

  test("is refused where its daemon does not answer", async () => {
    script("docker", "echo no daemon >&2; exit 1");
    await expect(kindUp(join(room, "here"), silent)).rejects.toThrow("its container daemon does not answer: no daemon");
    expect(list()).toBe("somebody-elses");
  });
});
