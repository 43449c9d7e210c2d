// Cluster tests: what must hold of the running system, shown on it. They run in order: each leaves the system well for the next.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunResult } from "../../../toolchain/run";
import { edge, type Load, podsOf, type RunningStack, stackNamespaces, stranger } from "../running-system";
import { askForMore, lookIntoContainers, writeFromShell } from "./confinement";
import { drainRouter, drainScriptPulse } from "./drain";
import { tryEveryWay, withEverythingOpen, withoutPolicy } from "./network";
import { alterOneLine, writeFromAllReplicas } from "./pulse-chain";
import { alone, beside, lookAt, releaseBadly, releaseWell } from "./restart-budget";
import { rollOutSanctum, rollOutScriptPulse } from "./rollout";
import { freezeActive, killActive } from "./takeover";

/** @param running called once the stack is up */
export function proofs(running: () => RunningStack): void {
  let system: RunningStack;
  let badRelease: Promise<RunResult>;
  beforeAll(() => {
    system = running();
  });
  // Nothing may go on after a proof that failed.
  afterAll(() => badRelease);

  describe("every pod (SA-9, SA-13, RT-27)", () => {
    test("reaches what the specification names and nothing else, names of hosts included", async () => {
      const { pods, attempts, reached, differences } = await tryEveryWay(system);
      process.stderr.write(`  network: ${attempts} attempts from ${pods} pods, ${reached} arrived\n`);
      expect(differences).toEqual([]);
      expect(pods).toBeGreaterThan(25);
      expect(reached).toBeGreaterThan(pods);
      expect(attempts).toBeGreaterThan(10 * reached);
    });

    test("would be seen to miss a policy that somebody deleted, or to profit from one that somebody made", async () => {
      const namespace = "sanctum-dev";
      const policy = { namespace, name: "postgres" };
      const cut = await withoutPolicy(system, policy, () => tryEveryWay(system, [namespace]));
      expect(cut.differences.join("\n")).toMatch(/sanctum-dev\/backend .* did not reach sanctum-dev\/postgres:5432/);
      const opened = await withEverythingOpen(system, namespace, () => tryEveryWay(system, [namespace]));
      const said = opened.differences.join("\n");
      expect(said).toMatch(/sanctum-dev\/ai-core .* reached sanctum-dev\/postgres:5432/);
      expect(said).toMatch(/stranger\/stranger .* reached sanctum-dev\/backend:8443/);
      expect(said).toMatch(/sanctum-dev\/postgres .* reached kube-system\/kube-dns:53/);
      expect((await tryEveryWay(system, [namespace])).differences).toEqual([]);
    });
  });

  describe("every container (RT-12, SP-11, PF-9)", () => {
    test("is nobody special, cannot become root, and writes nothing of its root", async () => {
      const containers = await lookIntoContainers(system);
      const pods = await podsOf(system, stackNamespaces);
      expect(containers.filter(({ faults }) => faults.length > 0)).toEqual([]);
      expect(containers.length).toBeGreaterThanOrEqual(pods.length);
      expect(await writeFromShell(system, "scriptpulse-dev", "api")).toContain("read-only file system");
    });

    test("of somebody else, which nobody holds, is seen to be free", async () => {
      const others = await lookIntoContainers(system, [edge.namespace, stranger.namespace]);
      expect(others).toHaveLength(2);
      for (const { faults } of others) expect(faults).toContain("its root can be written");
    });

    test.each(stackNamespaces.filter(name => !name.endsWith("-nodes")))(
      "that asks for more is refused in %s",
      async namespace => {
        expect(await askForMore(system, namespace)).toEqual([]);
      },
    );
  });

  describe("a rolling update under load (SA-10, RT-21)", () => {
    // It takes its minutes while the following proofs run: none of them touches the two services, or the engine. Those
    // before look at every pod, and would find some that have just ended.
    beforeAll(() => {
      badRelease = releaseBadly(system);
    });

    test.each([
      ["Sanctum's backend", rollOutSanctum],
      ["ScriptPulse", rollOutScriptPulse],
    ])("of %s drops no request", async (name, rollOut) => {
      const { fresh, kept, replaced } = await rollOut(system);
      process.stderr.write(`  update of ${name}: ${told(fresh)} over new connections, ${told(kept)} over kept ones\n`);
      expect(replaced).toBe(true);
      for (const { requests, failures, errors } of [fresh, kept]) {
        expect({ failures, errors }).toEqual({ failures: 0, errors: {} });
        expect(requests).toBeGreaterThan(50);
      }
    });
  });

  describe("SIGTERM (RT-4)", () => {
    test("lets ScriptPulse end the request in hand", async () => {
      const { seconds, exitCode, status } = await drainScriptPulse(system);
      expect({ exitCode, status }).toEqual({ exitCode: 0, status: "200" });
      expect(seconds).toBeLessThan(30);
    });

    test("lets the router empty its queue; what it had not begun another does, each message once", async () => {
      const { seconds, exitCode, underWay, depth, written, answered, twice, waiting, overlaps } =
        await drainRouter(system);
      expect(underWay).toBeGreaterThan(0);
      expect({ exitCode, depth, answered, twice, waiting, overlaps }).toEqual({
        ...{ exitCode: 0, depth: 0, answered: written },
        ...{ twice: 0, waiting: 0, overlaps: 0 },
      });
      expect(seconds).toBeLessThan(30);
    });
  });

  describe("the passive router (RT-30)", () => {
    test.each([
      ["is killed", killActive],
      ["freezes, and wakes up later", freezeActive],
    ])("polls within 15 s if the active one %s, and never beside it", async (what, end) => {
      const { seconds, byTheOther, overlaps, polls } = await end(system);
      process.stderr.write(`  router that ${what}: the other polls after ${seconds.toFixed(1)} s\n`);
      expect({ byTheOther, overlaps }).toEqual({ byTheOther: true, overlaps: 0 });
      expect(polls).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(15);
    });
  });

  describe("ISS (IS-1, IS-4)", () => {
    test("keeps its chain whole with three replicas writing, one of which is killed", async () => {
      const { replicas, survivors, victim, after, integrity, verified } = await writeFromAllReplicas(system);
      expect(replicas).toHaveLength(3);
      expect(after).toMatchObject({ intact: true, faults: [] });
      for (const { acknowledged, written } of survivors) {
        expect(acknowledged).toBeGreaterThan(50);
        expect(written).toBe(acknowledged);
      }
      // All that callers were told of is there; what it wrote last nobody may have been told of.
      expect(victim.written).toBeGreaterThanOrEqual(victim.acknowledged);
      expect(victim.written).toBeLessThanOrEqual(victim.acknowledged + victim.unanswered);
      expect({ integrity, code: verified.code }).toEqual({ integrity: "200", code: 0 });
    });

    test("tells of a line that was altered, in its answer and from the volume alone", async () => {
      const { line, asked, after, verified } = await alterOneLine(system);
      expect({ asked, after, code: verified.code }).toEqual({ asked: "409", after: "200", code: 1 });
      expect(verified.report.faults[0]?.line).toBe(line);
    });
  });

  describe("a release that ends again and again (RT-5)", () => {
    const reason = /more than 5 restarts in 15 minutes; last: container [\w-]+, exit code \d+ \(Error\) at 20/;

    test("is stopped after its budget, and `pulumi up` says why", async () => {
      const { code, stdout, stderr } = await badRelease;
      expect(code).not.toBe(0);
      for (const { namespace, service } of [alone, beside])
        expect(stdout + stderr).toMatch(
          new RegExp(`Deployment ${namespace}/${service} did not become ready: halted: ${reason.source}`),
        );
    });

    test("is stopped whole where nothing else serves, with an annotation and an event", async () => {
      const found = await lookAt(system, alone);
      expect(found).toMatchObject({ replicas: 0, running: 0 });
      expect(found.halted).toMatch(reason);
      expect(found.events.join("\n")).toContain(found.halted);
    });

    test("is stopped alone where the version before it serves, which goes on", async () => {
      const found = await lookAt(system, beside);
      expect(found).toMatchObject({ paused: true, ready: 1, running: 1 });
      expect(found.halted).toMatch(reason);
      expect(found.events.join("\n")).toContain(found.halted);
    });

    test("makes place for a good one", async () => {
      const { code, stdout, stderr } = await releaseWell(system);
      expect(code, stdout + stderr).toBe(0);
      for (const service of [alone, beside])
        expect(await lookAt(system, service)).toMatchObject({ halted: "", paused: false, ready: 1, replicas: 1 });
    });
  });
}

const told = ({ requests, failures }: Load) => `${failures} of ${requests} failed`;
