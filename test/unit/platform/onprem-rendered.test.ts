// PF-3, PF-7: the example of an on-prem stack as a bundle carries it: objects alone, written to a directory, against mocks that refuse all else.
import { expect, test } from "vitest";
import { catalog } from "../../../src/catalog/catalog";
import { type KubernetesObject, describe as keyOf } from "../../../src/components/kubernetes/object";
import type { OnpremStackConfig } from "../../../src/config/load";
import { renderRelease } from "../../../src/onprem/render/rendered-release";
import { onpremRendered, type RenderedOutputs } from "../../../src/platform/onprem-rendered";
import { exampleInputs } from "../onprem/example";
import { type Registered, record } from "../record";

const { config, objects } = renderRelease(exampleInputs());
/** No Secret, nothing random, no certificate: mocks throw on what is not here. */
const types = [
  ...new Set(objects.map(({ apiVersion, kind }) => token(apiVersion, kind))),
  "pulumi:providers:kubernetes",
];

function token(apiVersion: string, kind: string): string {
  return `kubernetes:${apiVersion.includes("/") ? apiVersion : `core/${apiVersion}`}:${kind}`;
}

async function rendered(
  changes: Partial<OnpremStackConfig> = {},
): Promise<{ all: Registered[]; outputs: RenderedOutputs }> {
  const made: RenderedOutputs[] = [];
  const all = await record({ types }, () => {
    made.push(onpremRendered({ ...config, secrets: {}, siem: undefined, ...changes }, catalog));
  });
  const [outputs] = made;
  if (!outputs) throw new Error("no outputs");
  return { all, outputs };
}

test("exactly the objects of the release, as they are, each once", async () => {
  const { all } = await rendered();
  const made = all.filter(({ type }) => type.startsWith("kubernetes:"));
  const plain = (list: unknown[]) => list.map(each => JSON.parse(JSON.stringify(each)) as KubernetesObject);
  const byKey = (list: KubernetesObject[]) =>
    new Map(list.map(object => [`${object.apiVersion} ${keyOf(object)}`, object]));
  const inputs = made.map(({ inputs }) => inputs);
  expect(byKey(plain(inputs))).toEqual(byKey(plain(objects)));
  expect(made).toHaveLength(objects.length);
  expect(new Set(made.map(({ name }) => name)).size).toBe(made.length);
});

test("by a provider that writes below the project and knows no cluster, whatever the environment names", async () => {
  const before = process.env.KUBECONFIG;
  process.env.KUBECONFIG = "/somebody/kubeconfig";
  try {
    const { all, outputs } = await rendered();
    const [provider, ...others] = all.filter(({ type }) => type.startsWith("pulumi:providers:"));
    expect(others).toEqual([]);
    expect(provider?.inputs).toMatchObject({ renderYamlToDirectory: ".palisade/rendered/unit", kubeconfig: "" });
    for (const { type, provider } of all.filter(({ type }) => type.startsWith("kubernetes:")))
      expect(provider, type).toMatch(/::pulumi:providers:kubernetes::manifests::/);
    expect(outputs).toMatchObject({
      manifests: ".palisade/rendered/unit",
      next: expect.stringMatching(/^npx palisade bundle --stack unit /),
      workloads: { sanctum: { namespace: "sanctum-prod", url: "https://sanctum.apps.example.com" } },
    });
  } finally {
    if (before === undefined) delete process.env.KUBECONFIG;
    else process.env.KUBECONFIG = before;
  }
});

test("what Kubernetes does not make is refused before anything is registered", async () => {
  const ingress = { className: "nobody's", namespace: "ingress", podLabels: {} };
  await expect(rendered({ cluster: { ...config.cluster, ingress } })).rejects.toThrow(
    /^Nothing was registered: Kubernetes does not make \d+ parts? /,
  );
});
