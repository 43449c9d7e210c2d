// Kubernetes plugin: the provider's settings, as the official one names them. What is not done here is refused by name.

export interface Settings {
  /** Text of a kubeconfig or path of one; unset: the usual places (KUBECONFIG, ~/.kube/config, a pod's account). */
  kubeconfig: string;
  /** Context and cluster of the kubeconfig; its current ones unless set. */
  context: string;
  cluster: string;
  /** Namespace of objects that name none; the context's, else `default`, unless set. */
  namespace: string;
  /** Directory that gets manifests; with it no cluster is changed. */
  renderYamlToDirectory: string;
  /** Change the values of ConfigMaps and Secrets in place; otherwise such objects are replaced. */
  enableConfigMapMutable: boolean;
  enableSecretMutable: boolean;
  /** Take fields from whoever owns them. */
  enablePatchForce: boolean;
  /** Take over objects that exist already. */
  upsertExistingObjects: boolean;
  /** Forget resources of a cluster that does not answer, or leave them as they are. */
  deleteUnreachable: boolean;
  skipUpdateUnreachable: boolean;
}

const TEXTS = ["kubeconfig", "context", "cluster", "namespace", "renderYamlToDirectory"] as const;
/** Switches, and the environment variable that stands in for each. */
const SWITCHES = {
  enableConfigMapMutable: "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
  enableSecretMutable: "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
  enablePatchForce: "PULUMI_K8S_ENABLE_PATCH_FORCE",
  upsertExistingObjects: "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
  deleteUnreachable: "PULUMI_K8S_DELETE_UNREACHABLE",
  skipUpdateUnreachable: "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
} as const;
/** Accepted and without effect: nothing here warns of deprecation or runs hooks; the identifier matters to replacement only. */
const WITHOUT_EFFECT = new Set([
  "suppressDeprecationWarnings",
  "suppressHelmHookWarnings",
  "clusterIdentifier",
  "version",
]);
const NOT_COMPATIBLE_WITH_RENDERING = ["kubeconfig", "context", "cluster"];

export interface Refusal {
  property: string;
  reason: string;
}

/** What of these settings this plugin does not do; each as a refusal with the name and the way out. */
export function refusals(given: Readonly<Record<string, string>>): Refusal[] {
  const found: Refusal[] = [];
  for (const [property, value] of Object.entries(given)) {
    if (isUnset(value) || WITHOUT_EFFECT.has(property) || property in SWITCHES || isText(property)) continue;
    if (property === "enableServerSideApply") {
      if (value === "false")
        found.push({
          property,
          reason:
            "is false; this build of the kubernetes plugin changes objects by server-side apply alone. Leave it out.",
        });
    } else if (!((property === "alwaysRender" || property === "strictMode") && value === "false"))
      found.push({
        property,
        reason: `is not done by this build of the kubernetes plugin. Leave it out, or install the official plugin.`,
      });
  }
  if (!isUnset(given.renderYamlToDirectory))
    for (const property of NOT_COMPATIBLE_WITH_RENDERING)
      if (!isUnset(given[property]))
        found.push({
          property,
          reason: "does not go together with `renderYamlToDirectory`, which reaches no cluster.",
        });
  return found;
}

/** The settings in force; a switch that is not set is taken from the environment. */
export function settings(given: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): Settings {
  const texts = Object.fromEntries(TEXTS.map(name => [name, isUnset(given[name]) ? "" : given[name]]));
  const switches = Object.entries(SWITCHES).map(([name, variable]) => [
    name,
    (isUnset(given[name]) ? env[variable] : given[name]) === "true",
  ]);
  return { ...texts, ...Object.fromEntries(switches) } as Settings;
}

// The SDK writes settings that were left out as the text `undefined` or `null`, or as nothing.
function isUnset(value: string | undefined): boolean {
  return value === undefined || value === "" || value === "null" || value === "undefined";
}

function isText(property: string): boolean {
  return (TEXTS as readonly string[]).includes(property);
}
