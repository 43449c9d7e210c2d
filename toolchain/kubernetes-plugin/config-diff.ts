// Kubernetes plugin: whether other settings mean another cluster, so that everything in it is made anew there.
import { connectionOf } from "./connection";

type Given = Readonly<Record<string, string>>;

/** The settings that differ, and those of them that replace the provider and all it has made. */
export function diffConfig(old: Given, next: Given): { changed: string[]; replacing: string[] } {
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  const changed = names.filter(name => (old[name] ?? "") !== (next[name] ?? ""));
  if (next.clusterIdentifier && old.clusterIdentifier)
    return { changed, replacing: changed.filter(name => name === "clusterIdentifier") };
  const moved = server(old) !== server(next) ? ["kubeconfig", "context", "cluster"] : [];
  return { changed, replacing: changed.filter(name => name === "renderYamlToDirectory" || moved.includes(name)) };
}

/** The address of the cluster; the same for settings that lead to none, which is told when one is needed. */
function server(given: Given): string {
  const { kubeconfig = "", context = "", cluster = "" } = given;
  try {
    return connectionOf({ kubeconfig, context, cluster, namespace: "" }).server;
  } catch {
    return "";
  }
}
