// A stack in which no workload is public, against the mocks: nothing stands open, and nothing is paid for that would.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { readStackFile } from "../../../src/config/file";
import type { StackConfig } from "../../../src/config/load";
import { parseConfig } from "../../../src/config/parse";
import { type SaasOutputs, saas } from "../../../src/platform/saas";
import { PROJECT_DIRECTORY } from "../../../toolchain/stack";
import { pipeline, recordPipeline } from "../components/pipeline-stack";
import { sampleService } from "../components/samples";
import { record } from "../record";
import { stackMocks } from "./mocks";

/** The dev stack with one of its workloads. */
function configOf(workload: string): StackConfig {
  const { raw } = readStackFile(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"));
  const all = raw.get("palisade:workloads") as Record<string, unknown>;
  const changed = new Map(raw).set("palisade:workloads", { [workload]: all[workload] });
  const parsed = parseConfig(changed, { catalog, stack: "dev", preview: true });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.config as unknown as StackConfig;
}

async function register(workload: string) {
  const outputs: SaasOutputs[] = [];
  const all = await record(stackMocks, () => outputs.push(saas(configOf(workload), catalog)));
  return { all, outputs: outputs[0] };
}

describe.each(["router", "content-pipeline"])("%s alone", workload => {
  test("has no edge: no load balancer, firewall, certificate, host name or access log (SA-9, SA-12)", async () => {
    const { all, outputs } = await register(workload);
    const edge = all.filter(
      ({ type, name }) =>
        /^aws:(acm|lb|wafv2|route53\/record)\b/.test(type) || name.includes("edge") || name.includes("access-logs"),
    );
    expect(edge.map(({ type, name }) => `${type} ${name}`)).toEqual([]);
    expect(outputs).toMatchObject({ edge: undefined, workloads: { [workload]: { url: undefined } } });
  });

  test("lets nobody in from outside the network", async () => {
    const { all } = await register(workload);
    const ways = all.filter(r => r.type === "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule");
    expect(ways.length).toBeGreaterThan(0);
    for (const { inputs } of ways) expect(inputs.referencedSecurityGroupId).toEqual(expect.any(String));
  });
});

test("a public service has no way in without an edge, and says so", async () => {
  const editorbot = sampleService({ network: { exposure: "public" } });
  const workload = { ...pipeline, services: { ...pipeline.services, editorbot } };
  await expect(recordPipeline({ workload })).rejects.toThrow(
    "`foundation` has no edge, but service `editorbot` is public",
  );
});
