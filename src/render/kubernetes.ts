// Render: a workload as Kubernetes objects in one YAML file (IS-10, PF-9). Its Secrets are a plan in comments: never a value (PF-7).
import { stringify } from "yaml";
import type { SecretPlan, SecretSource } from "../components/kubernetes/secret-plan";
import type { WorkloadObjects } from "../components/kubernetes/workload-objects";

/** The objects in the order they are to be applied, below what whoever applies them has to make beforehand. */
export function kubernetesFile({ objects, secrets }: WorkloadObjects, notes: readonly string[] = []): string {
  const lines = [...notes, ...secretNotes(secrets)].map(line => `# ${oneLine(line)}\n`);
  const documents = objects.map(object => stringify(object, { lineWidth: 0, aliasDuplicateObjects: false }));
  return `${lines.join("")}${documents.join("---\n")}`;
}

/** What each Secret holds and how each value comes about. */
export function secretNotes(secrets: readonly SecretPlan[]): string[] {
  if (secrets.length === 0) return [];
  return [
    "Secrets are not in this file. Make them in its namespace, before its pods start:",
    ...secrets.flatMap(({ namespace, name, type = "Opaque", keys, certificate }) => [
      `  Secret ${namespace}/${name} (${type})`,
      ...(certificate
        ? [
            `    certificate of the ${certificate.authority ?? "workload"}'s own authority: CN=${certificate.commonName}, for ${certificate.dnsNames.join(", ")}; usages ${certificate.usages.join(", ")}`,
          ]
        : []),
      ...Object.entries(keys).map(([key, source]) => `    ${key}: ${wordsOf(source)}`),
    ]),
  ];
}

function wordsOf(source: SecretSource): string {
  switch (source.kind) {
    case "generated":
      return `${source.length} random letters and digits`;
    case "supplied":
      return `given by you as ${source.variable}: ${source.description}`;
    case "copy":
      return `the same as ${source.key} of Secret ${source.secret}`;
    case "composed":
      return `${source.text}, with the value of the key of each name in braces: ${Object.entries(source.values)
        .map(([name, { secret, key }]) => `{${name}} is ${key} of Secret ${secret}`)
        .join(", ")}`;
    case "certificate":
      return "the certificate, PEM";
    case "key":
      return "its private key, PEM";
    case "authority":
      return "the authority's certificate, PEM";
  }
}

/** Whatever a description holds, it stays in its comment. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\u0085\u2028\u2029]+\s*/g, " ");
}
